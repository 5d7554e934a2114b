use sea_orm::entity::prelude::*;
use uuid::Uuid;

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "sms_code")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    #[sea_orm(column_type = "Text")]
    pub purpose: String,
    #[sea_orm(column_type = "Text")]
    pub phone_index: String,
    #[sea_orm(column_type = "Text")]
    pub code_mac: String,
    pub sent_at: i64,
    pub expires_at: i64,
    pub wrong_tries: i32,
    pub proved_at: Option<i64>,
}

impl ActiveModelBehavior for ActiveModel {}
