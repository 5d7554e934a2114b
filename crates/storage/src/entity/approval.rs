use sea_orm::entity::prelude::*;
use uuid::Uuid;

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "approval")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    #[sea_orm(column_type = "Text")]
    pub kind: String,
    #[sea_orm(column_type = "Text")]
    pub act: String,
    #[sea_orm(column_type = "Text")]
    pub reason: String,
    pub asked_by: Uuid,
    pub asked_at: i64,
    #[sea_orm(column_type = "Text")]
    pub state: String,
    pub decided_by: Option<Uuid>,
    pub decided_at: Option<i64>,
}

impl ActiveModelBehavior for ActiveModel {}
