use sea_orm::entity::prelude::*;
use uuid::Uuid;

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "staff_credential")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub staff_id: Uuid,
    #[sea_orm(column_type = "Text")]
    pub password_hash: String,
    pub changed_at: i64,
    #[sea_orm(column_type = "Text")]
    pub totp_secret: String,
    pub totp_step: Option<i64>,
    pub failed_count: i32,
    pub first_failed_at: Option<i64>,
    pub locked_until: Option<i64>,
    pub lock_level: i32,
}

impl ActiveModelBehavior for ActiveModel {}
