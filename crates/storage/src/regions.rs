//! Regions: the tree.

use sea_orm::{ActiveModelTrait, ActiveValue::Set, ColumnTrait, ConnectionTrait, QueryFilter};
use zhipei_domain::{Region, RegionCode, RegionTree};

use crate::entity::region::{ActiveModel, Column, Entity, Model};
use crate::scope::Unscoped;
use crate::{Error, Result, Txn};

impl Unscoped for Entity {}

/// The whole tree.
pub async fn tree(db: &impl ConnectionTrait) -> Result<RegionTree> {
    let rows = Entity::rows().all(db).await?;
    let regions: Result<Vec<Region>> = rows.into_iter().map(Region::try_from).collect();
    Ok(RegionTree::new(regions?))
}

/// Is there such a region?
pub async fn exists(db: &impl ConnectionTrait, code: &RegionCode) -> Result<bool> {
    let found = Entity::rows().filter(Column::Code.eq(code.as_str()));
    Ok(found.one(db).await?.is_some())
}

/// Adds a region.
pub async fn insert(txn: &Txn, region: &Region) -> Result<()> {
    row(region).insert(txn).await?;
    Ok(())
}

/// Gives a region another name.
pub async fn rename(txn: &Txn, region: &Region) -> Result<()> {
    row(region).update(txn).await?;
    Ok(())
}

fn row(region: &Region) -> ActiveModel {
    ActiveModel {
        code: Set(region.code.to_string()),
        parent_code: Set(region.parent.as_ref().map(ToString::to_string)),
        name: Set(region.name.clone()),
    }
}

impl TryFrom<Model> for Region {
    type Error = Error;

    fn try_from(row: Model) -> Result<Self> {
        Ok(Self {
            code: region_code(&row.code)?,
            parent: row.parent_code.as_deref().map(region_code).transpose()?,
            name: row.name,
        })
    }
}

pub(crate) fn region_code(text: &str) -> Result<RegionCode> {
    RegionCode::parse(text).map_err(|_| Error::Corrupt("region_code"))
}
