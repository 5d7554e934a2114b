use sea_orm::entity::prelude::*;
use uuid::Uuid;

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "learning_interval")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub learner_id: Uuid,
    pub credit_scope: Uuid,
    pub course_id: Uuid,
    pub lesson_id: Uuid,
    #[sea_orm(column_type = "Text")]
    pub state: String,
    pub day: i32,
    pub media_from: i64,
    pub media_to: i64,
    pub server_from: i64,
    pub server_to: i64,
    pub ms: i64,
    pub policy_version: i32,
    #[sea_orm(column_type = "Text")]
    pub device_id: String,
    pub clock_id: Uuid,
    pub frozen_group: Option<i32>,
    pub void_at: Option<i64>,
    pub challenge_id: Option<Uuid>,
    pub created_at: i64,
}

impl ActiveModelBehavior for ActiveModel {}
