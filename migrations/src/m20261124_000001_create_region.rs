//! The tree of regions (行政区划): a code and its parent.

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
                    .table("region")
                    .col(text("code").primary_key())
                    .col(text_null("parent_code"))
                    .col(text("name"))
                    .foreign_key(
                        ForeignKey::create()
                            .name("fk_region_parent_code")
                            .from("region", "parent_code")
                            .to("region", "code"),
                    )
                    .take(),
            )
            .await?;
        manager
            .create_index(
                Index::create()
                    .name("region_parent")
                    .table("region")
                    .col("parent_code")
                    .take(),
            )
            .await?;
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager
            .drop_table(Table::drop().table("region").take())
            .await?;
        Ok(())
    }
}
