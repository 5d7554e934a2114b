use sea_orm::entity::prelude::*;
use uuid::Uuid;

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "challenge")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub learner_id: Uuid,
    pub credit_scope: Uuid,
    #[sea_orm(column_type = "Text")]
    pub kind: String,
    pub closing: bool,
    pub due_at: i64,
    pub delivered_at: Option<i64>,
    pub ended_at: Option<i64>,
    #[sea_orm(column_type = "Text", nullable)]
    pub result: Option<String>,
    pub rounds: i32,
    pub tries: i32,
    pub pending_ms: i64,
}

impl ActiveModelBehavior for ActiveModel {}
