//! How many codes were sent in each hour: of the platform, and of large networks.

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
                    .table("send_count")
                    .col(text("sender"))
                    .col(big_integer("hour"))
                    .col(integer("sent"))
                    .primary_key(Index::create().col("sender").col("hour"))
                    .check(Expr::cust("sent > 0"))
                    .take(),
            )
            .await?;
        manager
            .create_index(
                Index::create()
                    .name("send_count_hour")
                    .table("send_count")
                    .col("hour")
                    .take(),
            )
            .await?;
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager
            .drop_table(Table::drop().table("send_count").take())
            .await?;
        Ok(())
    }
}
