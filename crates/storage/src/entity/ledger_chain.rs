use sea_orm::entity::prelude::*;
use uuid::Uuid;

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "ledger_chain")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub learner_id: Uuid,
    pub seq: i64,
    #[sea_orm(column_type = "Text")]
    pub mac: String,
    #[sea_orm(column_type = "Text")]
    pub digest: String,
}

impl ActiveModelBehavior for ActiveModel {}
