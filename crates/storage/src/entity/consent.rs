use sea_orm::entity::prelude::*;
use uuid::Uuid;

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "consent")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub learner_id: Uuid,
    #[sea_orm(column_type = "Text")]
    pub purpose: String,
    pub version: i32,
    #[sea_orm(column_type = "Text")]
    pub text_hash: String,
    #[sea_orm(column_type = "Text")]
    pub channel: String,
    pub given_at: i64,
    pub withdrawn_at: Option<i64>,
}

impl ActiveModelBehavior for ActiveModel {}
