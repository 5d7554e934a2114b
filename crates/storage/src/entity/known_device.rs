use sea_orm::entity::prelude::*;
use uuid::Uuid;

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "known_device")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub learner_id: Option<Uuid>,
    pub staff_id: Option<Uuid>,
    #[sea_orm(column_type = "Text")]
    pub device_hash: String,
    pub first_seen_at: i64,
    pub last_seen_at: i64,
}

impl ActiveModelBehavior for ActiveModel {}
