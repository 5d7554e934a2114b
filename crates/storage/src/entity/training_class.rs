use sea_orm::entity::prelude::*;
use uuid::Uuid;

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "training_class")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub institution_id: Uuid,
    #[sea_orm(column_type = "Text")]
    pub code: String,
    #[sea_orm(column_type = "Text")]
    pub title: String,
    #[sea_orm(column_type = "Text")]
    pub filing_number: String,
    #[sea_orm(column_type = "Text")]
    pub occupation: String,
    #[sea_orm(column_type = "Text")]
    pub occupation_code: String,
    #[sea_orm(column_type = "Text")]
    pub level: String,
    #[sea_orm(column_type = "Text")]
    pub region_code: String,
    #[sea_orm(column_type = "Text")]
    pub starts_on: String,
    #[sea_orm(column_type = "Text")]
    pub ends_on: String,
    pub required_ms: i64,
    pub high_risk: bool,
    pub created_at: i64,
}

impl ActiveModelBehavior for ActiveModel {}
