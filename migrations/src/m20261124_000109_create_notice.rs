//! Notices (消息) to learners.

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
                    .table("notice")
                    .col(pk_uuid("id"))
                    .col(uuid("learner_id"))
                    .col(text("kind"))
                    .col(text("body"))
                    .col(big_integer("created_at"))
                    .col(big_integer_null("read_at"))
                    .foreign_key(
                        ForeignKey::create()
                            .name("fk_notice_learner_id")
                            .from("notice", "learner_id")
                            .to("learner", "id"),
                    )
                    .take(),
            )
            .await?;
        manager
            .create_index(
                Index::create()
                    .name("notice_learner")
                    .table("notice")
                    .col("learner_id")
                    .col("created_at")
                    .take(),
            )
            .await?;
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager
            .drop_table(Table::drop().table("notice").take())
            .await?;
        Ok(())
    }
}
