use sea_orm::entity::prelude::*;
use uuid::Uuid;

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "learning_state_rest")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub learner_id: Uuid,
    #[sea_orm(column_type = "Text")]
    pub cold: String,
    #[sea_orm(belongs_to, from = "learner_id", to = "learner_id")]
    pub state: HasOne<super::learning_state::Entity>,
}

impl ActiveModelBehavior for ActiveModel {}
