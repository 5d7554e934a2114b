use sea_orm::entity::prelude::*;
use uuid::Uuid;

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "staff_account")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    #[sea_orm(column_type = "Text")]
    pub login_name: String,
    #[sea_orm(column_type = "Text")]
    pub name: String,
    #[sea_orm(column_type = "Text")]
    pub roles: String,
    #[sea_orm(column_type = "Text", nullable)]
    pub region_code: Option<String>,
    pub institution_id: Option<Uuid>,
    #[sea_orm(column_type = "Text")]
    pub ranges: String,
    pub created_at: i64,
    pub enabled_at: i64,
    pub disabled_at: Option<i64>,
    pub expires_at: Option<i64>,
    pub last_login_at: Option<i64>,
    #[sea_orm(column_type = "Text")]
    pub wrapped_key: String,
}

impl ActiveModelBehavior for ActiveModel {}
