use sea_orm::entity::prelude::*;
use uuid::Uuid;

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "face_template")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub learner_id: Uuid,
    #[sea_orm(column_type = "Text")]
    pub template: String,
    #[sea_orm(column_type = "Text")]
    pub made_by: String,
    #[sea_orm(column_type = "Text")]
    pub standing: String,
    pub enrolled_at: i64,
    pub bound_at: Option<i64>,
}

impl ActiveModelBehavior for ActiveModel {}
