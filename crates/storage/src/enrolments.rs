//! Enrolments (报名): a learner's place in a class.

use std::collections::HashMap;

use sea_orm::prelude::Uuid;
use sea_orm::sea_query::SelectStatement;
use sea_orm::{
    ActiveModelTrait, ActiveValue::Set, ColumnTrait, ConnectionTrait, QueryFilter, QueryOrder,
    QuerySelect, QueryTrait,
};
use zhipei_domain::{
    ClassId, CreditScope, Enrolment, EnrolmentId, EnrolmentState, LearnerId, Scope, TrainingClass,
};

use crate::entity::enrolment::{ActiveModel, Column, Entity, Model};
use crate::regions::region_code;
use crate::scope::Scoped;
use crate::{Error, Result, Txn, learners, training_classes};

impl Scoped for Entity {
    const LEARNER: Column = Column::LearnerId;
    const REGION: Column = Column::RegionCode;
    const CLASS: Option<Column> = Some(Column::ClassId);
}

/// The learner's enrolments with their classes, the newest first.
pub async fn of_learner(
    db: &impl ConnectionTrait,
    scope: &Scope,
    learner: LearnerId,
) -> Result<Vec<(Enrolment, TrainingClass)>> {
    let rows = Entity::find_in(scope)
        .filter(Column::LearnerId.eq(learner.0))
        .order_by_desc(Column::CreatedAt)
        .order_by_desc(Column::Id)
        .all(db)
        .await?;
    let classes = training_classes::by_ids(db, rows.iter().map(|row| row.class_id)).await?;
    let classes: HashMap<ClassId, TrainingClass> =
        classes.into_iter().map(|class| (class.id, class)).collect();
    rows.into_iter()
        .map(|row| {
            let enrolment = Enrolment::try_from(row)?;
            let class = classes.get(&enrolment.class).ok_or(Error::NotFound)?;
            Ok((enrolment, class.clone()))
        })
        .collect()
}

/// All enrolments of a class inside the scope.
pub async fn of_class(
    db: &impl ConnectionTrait,
    scope: &Scope,
    class: ClassId,
) -> Result<Vec<Enrolment>> {
    let rows = Entity::find_in(scope)
        .filter(Column::ClassId.eq(class.0))
        .all(db)
        .await?;
    rows.into_iter().map(Enrolment::try_from).collect()
}

/// The ids of who has a place in the class, as far as the scope reaches.
pub(crate) fn learners_of(scope: &Scope, class: ClassId) -> SelectStatement {
    Entity::find_in(scope)
        .select_only()
        .column(Column::LearnerId)
        .filter(Column::ClassId.eq(class.0))
        .into_query()
}

/// How many learners have a place in each of these classes. Counts are no personal data.
pub async fn count_by_class(
    db: &impl ConnectionTrait,
    classes: impl IntoIterator<Item = ClassId>,
) -> Result<HashMap<ClassId, u64>> {
    let counts: Vec<(Uuid, i64)> = Entity::find_in(&Scope::Platform)
        .select_only()
        .column(Column::ClassId)
        .column_as(Column::Id.count(), "learners")
        .filter(Column::ClassId.is_in(classes.into_iter().map(|class| class.0)))
        .filter(Column::State.ne("withdrawn"))
        .group_by(Column::ClassId)
        .into_tuple()
        .all(db)
        .await?;
    let counts = counts.into_iter();
    Ok(counts
        .map(|(class, count)| (ClassId(class), count.unsigned_abs()))
        .collect())
}

/// Does what the learner earns there lie in the scope? [`Error::NotFound`] when not: free study is seen
/// where the learner belongs, what is learned in a class also where the class is filed or run.
pub(crate) async fn visible(
    db: &impl ConnectionTrait,
    scope: &Scope,
    learner: LearnerId,
    credit_scope: CreditScope,
) -> Result<()> {
    match (scope, credit_scope) {
        (Scope::Region(_) | Scope::Institution(_), CreditScope::Class(class)) => {
            get(db, scope, learner, class).await?;
        }
        (Scope::Region(_) | Scope::Institution(_), CreditScope::Platform) => {
            learners::at_home(db, scope, learner).await?;
        }
        (Scope::Learner(_) | Scope::Platform, _) => {
            learners::get(db, scope, learner).await?;
        }
    }
    Ok(())
}

/// The learner's place in the class, and the class.
pub async fn get(
    db: &impl ConnectionTrait,
    scope: &Scope,
    learner: LearnerId,
    class: ClassId,
) -> Result<(Enrolment, TrainingClass)> {
    let row = Entity::find_in(scope)
        .filter(Column::LearnerId.eq(learner.0))
        .filter(Column::ClassId.eq(class.0))
        .one(db)
        .await?
        .ok_or(Error::NotFound)?;
    Ok((row.try_into()?, training_classes::get(db, class).await?))
}

/// Adds one; [`Error::Conflict`] when the learner is in the class.
pub async fn insert(txn: &Txn, enrolment: &Enrolment) -> Result<()> {
    let (state, completed_at) = match enrolment.state {
        EnrolmentState::Active => ("active", None),
        EnrolmentState::Completed { at } => ("completed", Some(at)),
        EnrolmentState::Withdrawn => ("withdrawn", None),
    };
    let row = ActiveModel {
        id: Set(enrolment.id.0),
        learner_id: Set(enrolment.learner.0),
        class_id: Set(enrolment.class.0),
        region_code: Set(enrolment.region.to_string()),
        state: Set(state.to_owned()),
        created_at: Set(enrolment.created_at),
        completed_at: Set(completed_at),
    };
    row.insert(txn).await?;
    Ok(())
}

impl TryFrom<Model> for Enrolment {
    type Error = Error;

    fn try_from(row: Model) -> Result<Self> {
        let state = match (row.state.as_str(), row.completed_at) {
            ("active", None) => EnrolmentState::Active,
            ("completed", Some(at)) => EnrolmentState::Completed { at },
            ("withdrawn", None) => EnrolmentState::Withdrawn,
            _ => return Err(Error::Corrupt("enrolment.state")),
        };
        Ok(Self {
            id: EnrolmentId(row.id),
            learner: LearnerId(row.learner_id),
            class: ClassId(row.class_id),
            region: region_code(&row.region_code)?,
            state,
            created_at: row.created_at,
        })
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;
    use zhipei_domain::{
        AccountState, IdentityLevel, Institution, InstitutionId, Learner, LocalDay, LoginName,
        RegionCode, Title, Window,
    };

    use super::*;
    use crate::testing::TestDb;
    use crate::{institutions, learners};

    #[tokio::test]
    async fn a_supervisor_sees_the_learners_of_its_node_of_the_tree_and_no_other() {
        let test = TestDb::new().await;
        let code = |text: &str| RegionCode::parse(text).unwrap();
        let title = |text: &str| Title::parse(text).unwrap();
        let institution = Institution {
            id: InstitutionId(Uuid::now_v7()),
            name: title("海平"),
            region: code("469002"),
            created_at: 0,
        };
        let class = TrainingClass {
            id: ClassId(Uuid::now_v7()),
            institution: institution.id,
            code: title("QH-1"),
            title: title("电工"),
            filing_number: String::new(),
            occupation: String::new(),
            occupation_code: String::new(),
            level: String::new(),
            region: code("469006"),
            window: Window::new(LocalDay(0), LocalDay(9)).unwrap(),
            required_ms: 1,
            high_risk: false,
            created_at: 0,
        };
        let regions = ["460105", "460100", "460200", "460400", "46YP00", "469002"];
        let saved: Result<()> = test
            .db
            .write(async |txn| {
                institutions::insert(txn, &institution).await?;
                training_classes::insert(txn, &class).await?;
                for (n, region) in regions.into_iter().enumerate() {
                    let learner = Learner {
                        id: LearnerId(Uuid::now_v7()),
                        login_name: LoginName::parse(&format!("learner{n}")).unwrap(),
                        identity_level: IdentityLevel::Claimed,
                        region: code(region),
                        categories: Vec::new(),
                        state: AccountState::Active,
                        created_at: 0,
                    };
                    learners::insert(txn, &learner).await?;
                    let enrolment = Enrolment {
                        id: EnrolmentId(Uuid::now_v7()),
                        learner: learner.id,
                        class: class.id,
                        region: code(region),
                        state: EnrolmentState::Active,
                        created_at: 0,
                    };
                    insert(txn, &enrolment).await?;
                }
                Ok(())
            })
            .await;
        saved.unwrap();

        for (node, seen) in [
            (
                "460000",
                vec!["460100", "460105", "460200", "460400", "469002", "46YP00"],
            ),
            ("460100", vec!["460100", "460105"]),
            ("460105", vec!["460105"]),
            ("460200", vec!["460200"]),
            ("460400", vec!["460400"]),
            ("46YP00", vec!["46YP00"]),
            ("469002", vec!["469002"]),
            // The class is filed there: everybody in it is seen.
            (
                "469006",
                vec!["460100", "460105", "460200", "460400", "469002", "46YP00"],
            ),
            ("469001", vec![]),
            ("110000", vec![]),
        ] {
            let scope = Scope::Region(code(node));
            let of_class = of_class(test.db.read(), &scope, class.id).await.unwrap();
            let mut places: Vec<_> = of_class.iter().map(|e| e.region.as_str()).collect();
            places.sort_unstable();
            assert_eq!(places, seen, "{node}");
            let learners = learners::list(test.db.read(), &scope).await.unwrap();
            assert_eq!(learners.len(), seen.len(), "{node}");
            for learner in &learners {
                let own = Scope::Learner(learner.id);
                assert_eq!(of_class_len(&test, &own, class.id).await, 1);
            }
        }
    }

    async fn of_class_len(test: &TestDb, scope: &Scope, class: ClassId) -> usize {
        of_class(test.db.read(), scope, class).await.unwrap().len()
    }
}
