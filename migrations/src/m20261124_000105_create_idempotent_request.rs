//! Requests that were carried out, by the key their clients gave them, with what was answered.

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
                    .table("idempotent_request")
                    .col(text("caller"))
                    .col(text("key"))
                    .col(text("request_mac"))
                    .col(text("response"))
                    .col(big_integer("created_at"))
                    .primary_key(Index::create().col("caller").col("key"))
                    .take(),
            )
            .await?;
        manager
            .create_index(
                Index::create()
                    .name("idempotent_request_created")
                    .table("idempotent_request")
                    .col("created_at")
                    .take(),
            )
            .await?;
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager
            .drop_table(Table::drop().table("idempotent_request").take())
            .await?;
        Ok(())
    }
}
