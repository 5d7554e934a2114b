use sea_orm::entity::prelude::*;

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "send_history")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false, column_type = "Text")]
    pub sender: String,
    #[sea_orm(column_type = "Text")]
    pub times: String,
    pub updated_at: i64,
}

impl ActiveModelBehavior for ActiveModel {}
