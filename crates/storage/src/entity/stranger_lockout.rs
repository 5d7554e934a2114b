use sea_orm::entity::prelude::*;

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "stranger_lockout")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false, column_type = "Text")]
    pub name_index: String,
    pub failed_count: i32,
    pub first_failed_at: Option<i64>,
    pub locked_until: Option<i64>,
    pub lock_level: i32,
    pub updated_at: i64,
}

impl ActiveModelBehavior for ActiveModel {}
