use sea_orm::entity::prelude::*;

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "send_count")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false, column_type = "Text")]
    pub sender: String,
    #[sea_orm(primary_key, auto_increment = false)]
    pub hour: i64,
    pub sent: i32,
}

impl ActiveModelBehavior for ActiveModel {}
