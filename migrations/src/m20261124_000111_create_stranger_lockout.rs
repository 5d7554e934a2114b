//! Failed logins of names and phones that are nobody's, by a blind index: a lock must not tell which exist.

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
                    .table("stranger_lockout")
                    .col(text("name_index").primary_key())
                    .col(integer("failed_count"))
                    .col(big_integer_null("first_failed_at"))
                    .col(big_integer_null("locked_until"))
                    .col(integer("lock_level"))
                    .col(big_integer("updated_at"))
                    .check(Expr::cust("failed_count >= 0 and lock_level >= 0"))
                    .take(),
            )
            .await?;
        manager
            .create_index(
                Index::create()
                    .name("stranger_lockout_updated")
                    .table("stranger_lockout")
                    .col("updated_at")
                    .take(),
            )
            .await?;
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager
            .drop_table(Table::drop().table("stranger_lockout").take())
            .await?;
        Ok(())
    }
}
