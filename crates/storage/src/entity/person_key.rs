use sea_orm::entity::prelude::*;
use uuid::Uuid;

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "person_key")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub person_id: Uuid,
    #[sea_orm(column_type = "Text", nullable)]
    pub wrapped: Option<String>,
    pub created_at: i64,
    pub destroyed_at: Option<i64>,
}

impl ActiveModelBehavior for ActiveModel {}
