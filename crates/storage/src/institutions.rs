//! Institutions (培训机构).

use sea_orm::{ActiveModelTrait, ActiveValue::Set, ColumnTrait, ConnectionTrait, QueryFilter};
use zhipei_domain::{Institution, InstitutionId, Title};

use crate::entity::institution::{ActiveModel, Column, Entity, Model};
use crate::regions::region_code;
use crate::scope::Unscoped;
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
