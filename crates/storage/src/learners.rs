//! Learners (学员). Who they are lies sealed in [`identities`](crate::identities).

use sea_orm::sea_query::{Expr, LockType, SelectStatement};
use sea_orm::{
    ActiveModelTrait, ActiveValue::Set, ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter,
    QueryOrder, QuerySelect, QueryTrait,
};
use uuid::Uuid;
use zhipei_domain::{
    AccountState, ClassId, IdentityLevel, Learner, LearnerId, LoginName, Scope, TraineeCategory,
};

use crate::entity::learner::{ActiveModel, Column, Entity, Model};
use crate::regions::region_code;
use crate::scope::Scoped;
use crate::{Error, Result, Txn, enrolments};

impl Scoped for Entity {
    const LEARNER: Column = Column::Id;
    const REGION: Column = Column::RegionCode;
}

/// All learners of the scope.
pub async fn list(db: &impl ConnectionTrait, scope: &Scope) -> Result<Vec<Learner>> {
    let rows = Entity::find_in(scope).all(db).await?;
    rows.into_iter().map(Learner::try_from).collect()
}

/// Which learners are looked for; what is `None` does not matter.
#[derive(Clone, Debug, Default)]
pub struct LearnerFilter {
    /// Who has a place in this class.
    pub class: Option<ClassId>,
    /// Who logs in with this name.
    pub login_name: Option<LoginName>,
    /// After the one with this id.
    pub after: Option<LearnerId>,
}

/// Learners of the scope, the newest first, at most `limit`.
pub async fn page(
    db: &impl ConnectionTrait,
    scope: &Scope,
    filter: &LearnerFilter,
    limit: u64,
) -> Result<Vec<Learner>> {
    let mut query = Entity::find_in(scope).order_by_desc(Column::Id);
    if let Some(class) = filter.class {
        query = query.filter(Column::Id.in_subquery(enrolments::learners_of(scope, class)));
    }
    if let Some(name) = &filter.login_name {
        query = query.filter(Column::LoginName.eq(name.as_str()));
    }
    if let Some(after) = filter.after {
        query = query.filter(Column::Id.lt(after.0));
    }
    let rows = query.limit(limit).all(db).await?;
    rows.into_iter().map(Learner::try_from).collect()
}

/// The learner with this id.
pub async fn get(db: &impl ConnectionTrait, scope: &Scope, id: LearnerId) -> Result<Learner> {
    let row = Entity::find_in(scope)
        .filter(Column::Id.eq(id.0))
        .one(db)
        .await?;
    row.ok_or(Error::NotFound)?.try_into()
}

/// The learner, to be changed: until the transaction ends nobody else can change who it is, what the account
/// can do, or its phone. Taken before all else that is locked. It does not stop new rows that name the
/// learner.
pub async fn get_to_change(txn: &Txn, scope: &Scope, id: LearnerId) -> Result<Learner> {
    let row = Entity::find_in(scope)
        .filter(Column::Id.eq(id.0))
        .lock(LockType::NoKeyUpdate)
        .one(txn)
        .await?;
    row.ok_or(Error::NotFound)?.try_into()
}

/// The learner, if they belong to the scope's region themselves, not only by a class.
pub(crate) async fn at_home(
    db: &impl ConnectionTrait,
    scope: &Scope,
    id: LearnerId,
) -> Result<Learner> {
    let row = Entity::at_home_in(scope)
        .filter(Column::Id.eq(id.0))
        .one(db)
        .await?;
    row.ok_or(Error::NotFound)?.try_into()
}

/// The learner who logs in with this name.
pub async fn by_login_name(
    db: &impl ConnectionTrait,
    scope: &Scope,
    name: &LoginName,
) -> Result<Learner> {
    let row = Entity::find_in(scope)
        .filter(Column::LoginName.eq(name.as_str()))
        .one(db)
        .await?;
    row.ok_or(Error::NotFound)?.try_into()
}

/// [`Error::NotFound`] where the learner is outside the scope. For tables whose rows have no region of
/// their own: they are read through their learner.
pub(crate) async fn check_scope(
    db: &impl ConnectionTrait,
    scope: &Scope,
    id: LearnerId,
) -> Result<()> {
    match scope {
        Scope::Platform => Ok(()),
        Scope::Learner(own) if *own == id => Ok(()),
        _ => get(db, scope, id).await.map(drop),
    }
}

/// The ids of the learners of the scope.
pub(crate) fn ids_in(scope: &Scope) -> SelectStatement {
    Entity::find_in(scope)
        .select_only()
        .column(Column::Id)
        .into_query()
}

/// Those of the learners that are in the scope.
pub(crate) async fn those_in_scope(
    db: &impl ConnectionTrait,
    scope: &Scope,
    of: impl IntoIterator<Item = LearnerId>,
) -> Result<Vec<Uuid>> {
    Ok(Entity::find_in(scope)
        .select_only()
        .column(Column::Id)
        .filter(Column::Id.is_in(of.into_iter().map(|id| id.0)))
        .into_tuple()
        .all(db)
        .await?)
}

/// Adds one; [`Error::Conflict`] when the login name is taken.
pub async fn insert(txn: &Txn, learner: &Learner) -> Result<()> {
    let codes: Vec<&str> = learner.categories.iter().map(|c| c.code()).collect();
    let row = ActiveModel {
        id: Set(learner.id.0),
        login_name: Set(learner.login_name.to_string()),
        identity_level: Set(learner.identity_level.as_str().to_owned()),
        region_code: Set(learner.region.to_string()),
        categories: Set(codes.join(",")),
        state: Set(learner.state.as_str().to_owned()),
        created_at: Set(learner.created_at),
    };
    row.insert(txn).await?;
    Ok(())
}

/// Keeps how well it is known who the learner is.
pub async fn set_level(txn: &Txn, id: LearnerId, level: IdentityLevel) -> Result<()> {
    Entity::update_many()
        .col_expr(Column::IdentityLevel, Expr::value(level.as_str()))
        .filter(Column::Id.eq(id.0))
        .exec(txn)
        .await?;
    Ok(())
}

/// Keeps what the account can still do.
pub async fn set_state(txn: &Txn, id: LearnerId, state: AccountState) -> Result<()> {
    Entity::update_many()
        .col_expr(Column::State, Expr::value(state.as_str()))
        .filter(Column::Id.eq(id.0))
        .exec(txn)
        .await?;
    Ok(())
}

/// Takes another login name, one that says nothing.
pub async fn rename(txn: &Txn, id: LearnerId, name: &LoginName) -> Result<()> {
    Entity::update_many()
        .col_expr(Column::LoginName, Expr::value(name.as_str()))
        .filter(Column::Id.eq(id.0))
        .exec(txn)
        .await?;
    Ok(())
}

impl TryFrom<Model> for Learner {
    type Error = Error;

    fn try_from(row: Model) -> Result<Self> {
        let codes = row.categories.split(',').filter(|code| !code.is_empty());
        Ok(Self {
            id: LearnerId(row.id),
            login_name: LoginName::parse(&row.login_name)
                .map_err(|_| Error::Corrupt("login_name"))?,
            identity_level: IdentityLevel::parse(&row.identity_level)
                .ok_or(Error::Corrupt("identity_level"))?,
            region: region_code(&row.region_code)?,
            categories: codes
                .map(TraineeCategory::parse)
                .collect::<Result<_, _>>()
                .map_err(|_| Error::Corrupt("learner.categories"))?,
            state: AccountState::parse(&row.state).ok_or(Error::Corrupt("learner.state"))?,
            created_at: row.created_at,
        })
    }
}
