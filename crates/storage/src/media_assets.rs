//! Transcoded videos: what a player must know, and the key.

use sea_orm::{ActiveModelTrait, ActiveValue::Set, ColumnTrait, ConnectionTrait, QueryFilter};
use zhipei_domain::{MediaAsset, MediaAssetId};

use crate::entity::media_asset::{ActiveModel, Column, Entity, Model};
use crate::scope::Unscoped;
use crate::{Error, Result, Txn};

impl Unscoped for Entity {}

/// The video with this id.
pub async fn get(db: &impl ConnectionTrait, id: MediaAssetId) -> Result<MediaAsset> {
    let row = Entity::rows().filter(Column::Id.eq(id.0)).one(db).await?;
    row.ok_or(Error::NotFound)?.try_into()
}

/// Adds one.
pub async fn insert(txn: &Txn, asset: &MediaAsset) -> Result<()> {
    let row = ActiveModel {
        id: Set(asset.id.0),
        duration_ms: Set(asset.duration_ms),
        width: Set(asset.width as i32),
        height: Set(asset.height as i32),
        key_hex: Set(hex::encode(asset.key)),
        captions: Set(asset.captions),
        created_at: Set(asset.created_at),
    };
    row.insert(txn).await?;
    Ok(())
}

impl TryFrom<Model> for MediaAsset {
    type Error = Error;

    fn try_from(row: Model) -> Result<Self> {
        let mut key = [0; 16];
        hex::decode_to_slice(&row.key_hex, &mut key).map_err(|_| Error::Corrupt("key_hex"))?;
        Ok(Self {
            id: MediaAssetId(row.id),
            duration_ms: row.duration_ms,
            width: row.width.unsigned_abs(),
            height: row.height.unsigned_abs(),
            key,
            captions: row.captions,
            created_at: row.created_at,
        })
    }
}
