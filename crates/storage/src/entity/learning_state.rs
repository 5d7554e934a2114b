use sea_orm::entity::prelude::*;
use uuid::Uuid;

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "learning_state")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub learner_id: Uuid,
    pub version: i64,
    pub epoch: i64,
    #[sea_orm(column_type = "Text")]
    pub hot: String,
    pub updated_at: i64,
    #[sea_orm(has_one)]
    pub rest: HasOne<super::learning_state_rest::Entity>,
}

impl ActiveModelBehavior for ActiveModel {}
