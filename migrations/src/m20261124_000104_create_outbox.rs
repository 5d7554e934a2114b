//! What is to be done after a commit, such as sending an SMS. The payload is sealed, and emptied at the end.

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
                    .table("outbox")
                    .col(pk_uuid("id"))
                    .col(text("kind"))
                    .col(text("payload"))
                    .col(text("state"))
                    .col(integer("attempts"))
                    .col(big_integer("due_at"))
                    .col(big_integer_null("expires_at"))
                    .col(text_null("last_error"))
                    .col(big_integer("created_at"))
                    .col(big_integer_null("ended_at"))
                    .check(Expr::cust("state in ('waiting', 'done', 'dead')"))
                    .check(Expr::cust("(state = 'waiting') = (ended_at is null)"))
                    .check(Expr::cust("attempts >= 0"))
                    .take(),
            )
            .await?;
        manager
            .create_index(
                Index::create()
                    .name("outbox_due")
                    .table("outbox")
                    .col("state")
                    .col("due_at")
                    .take(),
            )
            .await?;
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager
            .drop_table(Table::drop().table("outbox").take())
            .await?;
        Ok(())
    }
}
