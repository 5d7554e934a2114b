//! Rosters (名单): whom an institution expects in a class, sealed, whether they have an account or not.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::*;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager
            .create_table(
                Table::create()
                    .table("roster_entry")
                    .col(pk_uuid("id"))
                    .col(uuid("class_id"))
                    .col(text_null("name"))
                    .col(text_null("document"))
                    .col(text_null("phone"))
                    .col(text_null("phone_index"))
                    .col(text_null("document_index"))
                    .col(uuid_null("learner_id"))
                    .col(big_integer("created_at"))
                    .foreign_key(
                        ForeignKey::create()
                            .name("fk_roster_entry_class_id")
                            .from("roster_entry", "class_id")
                            .to("training_class", "id"),
                    )
                    .foreign_key(
                        ForeignKey::create()
                            .name("fk_roster_entry_learner_id")
                            .from("roster_entry", "learner_id")
                            .to("learner", "id"),
                    )
                    .take(),
            )
            .await?;
        manager
            .create_index(
                Index::create()
                    .name("roster_entry_place")
                    .table("roster_entry")
                    .unique()
                    .col("class_id")
                    .col("document_index")
                    .take(),
            )
            .await?;
        manager
            .create_index(
                Index::create()
                    .name("roster_entry_phone")
                    .table("roster_entry")
                    .col("phone_index")
                    .take(),
            )
            .await?;
        manager
            .create_index(
                Index::create()
                    .name("roster_entry_document")
                    .table("roster_entry")
                    .col("document_index")
                    .take(),
            )
            .await?;
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager
            .drop_table(Table::drop().table("roster_entry").take())
            .await?;
        Ok(())
    }
}
