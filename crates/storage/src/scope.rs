//! The one place that turns a [`Scope`] into SQL.

use sea_orm::sea_query::{
    CommonTableExpression, Expr, ExprTrait, Query, SelectStatement, UnionType, WithClause,
};
use sea_orm::{ColumnTrait, Condition, EntityTrait, QueryFilter, Select};
use zhipei_domain::{RegionCode, Scope};

/// An entity whose rows belong to a learner and a region.
pub(crate) trait Scoped: EntityTrait {
    const LEARNER: Self::Column;
    const REGION: Self::Column;

    #[expect(clippy::disallowed_methods, reason = "the scoped door to `find`")]
    fn find_in(scope: &Scope) -> Select<Self> {
        let visible = match scope {
            Scope::Learner(learner) => Condition::all().add(Self::LEARNER.eq(learner.0)),
            Scope::Region(region) => {
                Condition::all().add(Self::REGION.in_subquery(codes_under(region)))
            }
            Scope::Platform => Condition::all(),
        };
        Self::find().filter(visible)
    }
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
