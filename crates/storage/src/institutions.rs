//! Institutions (培训机构).

use sea_orm::sea_query::{Expr, ExprTrait, LikeExpr};
use sea_orm::{
    ActiveModelTrait, ActiveValue::Set, ColumnTrait, Condition, ConnectionTrait, QueryFilter,
    QueryOrder, QuerySelect,
};
use zhipei_domain::{Institution, InstitutionId, Scope, Title};

use crate::entity::institution::{ActiveModel, Column, Entity, Model};
use crate::regions::region_code;
use crate::scope::{Unscoped, institutions_in};
use crate::{Error, Result, Txn};

impl Unscoped for Entity {}

/// The institution with this id.
pub async fn get(db: &impl ConnectionTrait, id: InstitutionId) -> Result<Institution> {
    let row = Entity::rows().filter(Column::Id.eq(id.0)).one(db).await?;
    row.ok_or(Error::NotFound)?.try_into()
}

/// The institution with this full name.
pub async fn by_name(db: &impl ConnectionTrait, name: &str) -> Result<Institution> {
    let row = Entity::rows().filter(Column::Name.eq(name)).one(db).await?;
    row.ok_or(Error::NotFound)?.try_into()
}

/// What is searched for; what is `None` does not matter.
#[derive(Clone, Debug, Default)]
pub struct InstitutionFilter {
    /// Part of the name.
    pub name: Option<String>,
    /// Only this one.
    pub id: Option<InstitutionId>,
    /// Older than this one.
    pub after: Option<InstitutionId>,
}

/// Institutions of the scope, the newest first, at most `limit`.
pub async fn page(
    db: &impl ConnectionTrait,
    scope: &Scope,
    filter: &InstitutionFilter,
    limit: u64,
) -> Result<Vec<Institution>> {
    let like = filter.name.as_ref().map(|name| {
        let mut pattern = String::from("%");
        for character in name.chars() {
            if matches!(character, '%' | '_' | '\\') {
                pattern.push('\\');
            }
            pattern.push(character);
        }
        pattern.push('%');
        Expr::col(Column::Name).like(LikeExpr::new(pattern).escape('\\'))
    });
    let wanted = Condition::all()
        .add_option(like)
        .add_option(filter.id.map(|id| Column::Id.eq(id.0)))
        .add_option(filter.after.map(|id| Column::Id.lt(id.0)));
    let rows = institutions_in(scope)
        .filter(wanted)
        .order_by_desc(Column::Id)
        .limit(limit)
        .all(db)
        .await?;
    rows.into_iter().map(Institution::try_from).collect()
}

/// Adds one; [`Error::Conflict`] when the name is taken.
pub async fn insert(txn: &Txn, institution: &Institution) -> Result<()> {
    let row = ActiveModel {
        id: Set(institution.id.0),
        name: Set(institution.name.as_str().to_owned()),
        region_code: Set(institution.region.to_string()),
        created_at: Set(institution.created_at),
    };
    row.insert(txn).await?;
    Ok(())
}

impl TryFrom<Model> for Institution {
    type Error = Error;

    fn try_from(row: Model) -> Result<Self> {
        Ok(Self {
            id: InstitutionId(row.id),
            name: title(&row.name)?,
            region: region_code(&row.region_code)?,
            created_at: row.created_at,
        })
    }
}

pub(crate) fn title(text: &str) -> Result<Title> {
    Title::parse(text).map_err(|_| Error::Corrupt("title"))
}
