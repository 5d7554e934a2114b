use sea_orm::entity::prelude::*;
use uuid::Uuid;

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "face_check")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub learner_id: Uuid,
    #[sea_orm(column_type = "Text")]
    pub purpose: String,
    pub challenge_id: Option<Uuid>,
    pub login_id: Option<Uuid>,
    pub lesson_id: Option<Uuid>,
    pub at: i64,
    #[sea_orm(column_type = "Text")]
    pub outcome: String,
    #[sea_orm(column_type = "Text")]
    pub failures: String,
    #[sea_orm(column_type = "Text")]
    pub evidence: String,
}

impl ActiveModelBehavior for ActiveModel {}
