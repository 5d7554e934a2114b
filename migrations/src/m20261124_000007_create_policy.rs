//! Policies: a row a version, for each class and for the platform (nil UUID).

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
                    .table("policy")
                    .col(uuid("credit_scope"))
                    .col(integer("version"))
                    .col(text("body"))
                    .col(big_integer("created_at"))
                    .primary_key(Index::create().col("credit_scope").col("version"))
                    .check(Expr::cust("version >= 1"))
                    .take(),
            )
            .await?;
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager
            .drop_table(Table::drop().table("policy").take())
            .await?;
        Ok(())
    }
}
