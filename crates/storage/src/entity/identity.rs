use sea_orm::entity::prelude::*;
use uuid::Uuid;

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "identity")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub learner_id: Uuid,
    #[sea_orm(column_type = "Text", nullable)]
    pub name: Option<String>,
    #[sea_orm(column_type = "Text", nullable)]
    pub document: Option<String>,
    #[sea_orm(column_type = "Text", nullable)]
    pub phone: Option<String>,
    #[sea_orm(column_type = "Text", nullable)]
    pub born_on: Option<String>,
    #[sea_orm(column_type = "Text", nullable)]
    pub employer: Option<String>,
    #[sea_orm(column_type = "Text", nullable)]
    pub phone_index: Option<String>,
    #[sea_orm(column_type = "Text", nullable)]
    pub document_index: Option<String>,
}

impl ActiveModelBehavior for ActiveModel {}
