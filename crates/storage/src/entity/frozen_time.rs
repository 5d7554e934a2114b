use sea_orm::entity::prelude::*;
use uuid::Uuid;

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "frozen_time")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub challenge_id: Uuid,
    pub learner_id: Uuid,
    pub credit_scope: Uuid,
    pub frozen_group: i32,
    pub ms: i64,
    pub frozen_at: i64,
    #[sea_orm(column_type = "Text", nullable)]
    pub appeal: Option<String>,
    pub appealed_at: Option<i64>,
    pub restored: Option<bool>,
    pub decided_by: Option<Uuid>,
    #[sea_orm(column_type = "Text", nullable)]
    pub reason: Option<String>,
    pub decided_at: Option<i64>,
}

impl ActiveModelBehavior for ActiveModel {}
