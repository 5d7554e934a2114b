//! Random checks (随机抽查) and how they ended.

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
                    .table("challenge")
                    .col(pk_uuid("id"))
                    .col(uuid("learner_id"))
                    .col(uuid("credit_scope"))
                    .col(text("kind"))
                    .col(boolean("closing"))
                    .col(big_integer("due_at"))
                    .col(big_integer_null("delivered_at"))
                    .col(big_integer_null("ended_at"))
                    .col(text_null("result"))
                    .col(integer("rounds"))
                    .col(integer("tries"))
                    .col(big_integer("pending_ms"))
                    .foreign_key(
                        ForeignKey::create()
                            .name("fk_challenge_learner_id")
                            .from("challenge", "learner_id")
                            .to("learner", "id"),
                    )
                    .check(Expr::cust(
                        "kind in ('presence', 'face', 'face_action', 'sms')",
                    ))
                    .check(Expr::cust("(ended_at is null) = (result is null)"))
                    .take(),
            )
            .await?;
        manager
            .create_index(
                Index::create()
                    .name("challenge_learner")
                    .table("challenge")
                    .col("learner_id")
                    .col("credit_scope")
                    .take(),
            )
            .await?;
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager
            .drop_table(Table::drop().table("challenge").take())
            .await?;
        Ok(())
    }
}
