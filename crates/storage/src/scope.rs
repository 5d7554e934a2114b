//! The one place that turns a [`Scope`] into SQL.

use sea_orm::sea_query::{
    CommonTableExpression, Expr, ExprTrait, Query, SelectStatement, SimpleExpr, UnionType,
    WithClause,
};
use sea_orm::{ColumnTrait, Condition, EntityTrait, QueryFilter, Select};
use zhipei_domain::{InstitutionId, LearnerId, RegionCode, Scope};

use crate::entity::{institution, training_class};

/// An entity whose rows belong to a learner and a region, and perhaps to a class.
///
/// A supervisor sees the rows of who belongs to its region; of others, who are in a class that is filed
/// there, it sees the person and what belongs to that class. An institution sees who is in its classes, as long
/// as the account is in use: of who closed it, only authorities see what is kept.
pub(crate) trait Scoped: EntityTrait {
    const LEARNER: Self::Column;
    const REGION: Self::Column;
    /// The class that a row belongs to; `None` where rows are about the person.
    const CLASS: Option<Self::Column> = None;

    #[expect(clippy::disallowed_methods, reason = "the scoped door to `find`")]
    fn find_in(scope: &Scope) -> Select<Self> {
        let visible = match scope {
            Scope::Learner(learner) => Condition::all().add(Self::LEARNER.eq(learner.0)),
            Scope::Region(region) => Condition::any()
                .add(Self::REGION.in_subquery(codes_under(region)))
                .add(Self::in_classes(filed_under(region))),
            Scope::Institution(institution) => Condition::all()
                .add(Self::in_classes(run_by(*institution)))
                .add(Self::LEARNER.in_subquery(in_use())),
            Scope::Platform => Condition::all(),
        };
        Self::find().filter(visible)
    }

    /// Rows of who belongs to a region, without what is seen by a class; of an institution: none.
    #[expect(clippy::disallowed_methods, reason = "the scoped door to `find`")]
    fn at_home_in(scope: &Scope) -> Select<Self> {
        match scope {
            Scope::Region(region) => {
                Self::find().filter(Self::REGION.in_subquery(codes_under(region)))
            }
            Scope::Institution(_) => Self::find().filter(Condition::any().add(Expr::value(false))),
            Scope::Learner(_) | Scope::Platform => Self::find_in(scope),
        }
    }

    /// Rows of these classes, or of who has a place in them.
    fn in_classes(classes: SelectStatement) -> SimpleExpr {
        match Self::CLASS {
            Some(class) => class.in_subquery(classes),
            None => Self::LEARNER.in_subquery(
                Query::select()
                    .column("learner_id")
                    .from("enrolment")
                    .and_where(Expr::col("class_id").in_subquery(classes))
                    .and_where(Expr::col("state").ne("withdrawn"))
                    .take(),
            ),
        }
    }
}

/// The training classes of a scope: a supervisor's are filed in its region, a learner's are those the
/// learner has a place in.
#[expect(clippy::disallowed_methods, reason = "the scoped door to `find`")]
pub(crate) fn classes_in(scope: &Scope) -> Select<training_class::Entity> {
    let ids = match scope {
        Scope::Platform => return training_class::Entity::find(),
        Scope::Region(region) => filed_under(region),
        Scope::Institution(institution) => run_by(*institution),
        Scope::Learner(learner) => learnt_in(*learner),
    };
    training_class::Entity::find().filter(training_class::Column::Id.in_subquery(ids))
}

/// The institutions of a scope: a supervisor's are registered in its region or run a class that is filed there;
/// a learner's are those whose classes it has a place in.
#[expect(clippy::disallowed_methods, reason = "the scoped door to `find`")]
pub(crate) fn institutions_in(scope: &Scope) -> Select<institution::Entity> {
    let run = |classes: SelectStatement| {
        let ids = Query::select()
            .column("institution_id")
            .from("training_class")
            .and_where(Expr::col("id").in_subquery(classes))
            .take();
        institution::Column::Id.in_subquery(ids)
    };
    let visible = match scope {
        Scope::Platform => Condition::all(),
        Scope::Region(region) => Condition::any()
            .add(institution::Column::RegionCode.in_subquery(codes_under(region)))
            .add(run(filed_under(region))),
        Scope::Institution(own) => Condition::all().add(institution::Column::Id.eq(own.0)),
        Scope::Learner(learner) => Condition::all().add(run(learnt_in(*learner))),
    };
    institution::Entity::find().filter(visible)
}

/// Learners whose accounts are in use.
fn in_use() -> SelectStatement {
    Query::select()
        .column("id")
        .from("learner")
        .and_where(Expr::col("state").eq("active"))
        .take()
}

fn learnt_in(learner: LearnerId) -> SelectStatement {
    Query::select()
        .column("class_id")
        .from("enrolment")
        .and_where(Expr::col("learner_id").eq(learner.0))
        .take()
}

fn filed_under(region: &RegionCode) -> SelectStatement {
    Query::select()
        .column("id")
        .from("training_class")
        .and_where(Expr::col("region_code").in_subquery(codes_under(region)))
        .take()
}

fn run_by(institution: InstitutionId) -> SelectStatement {
    Query::select()
        .column("id")
        .from("training_class")
        .and_where(Expr::col("institution_id").eq(institution.0))
        .take()
}

/// The codes of `node` and of everything below it, whatever the codes look like.
fn codes_under(node: &RegionCode) -> SelectStatement {
    let children = Query::select()
        .column(("region", "code"))
        .from("region")
        .inner_join(
            "under",
            Expr::col(("under", "code")).equals(("region", "parent_code")),
        )
        .take();
    let under = Query::select()
        .column("code")
        .from("region")
        .and_where(Expr::col("code").eq(node.as_str()))
        .union(UnionType::Distinct, children)
        .take();
    let mut cte = CommonTableExpression::new();
    cte.query(under).column("code").table_name("under");
    let mut with = WithClause::new();
    with.recursive(true).cte(cte);
    Query::select()
        .column("code")
        .from("under")
        .with_cte(with)
        .take()
}

/// An entity whose rows belong to no learner, or that is only read by a secret the caller holds.
pub(crate) trait Unscoped: EntityTrait {
    #[expect(clippy::disallowed_methods, reason = "the unscoped door to `find`")]
    fn rows() -> Select<Self> {
        Self::find()
    }
}
