//! Consents (同意): one row each time one is given; withdrawing dates the row. One of a purpose is live.

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
                    .table("consent")
                    .col(pk_uuid("id"))
                    .col(uuid("learner_id"))
                    .col(text("purpose"))
                    .col(integer("version"))
                    .col(text("text_hash"))
                    .col(text("channel"))
                    .col(big_integer("given_at"))
                    .col(big_integer_null("withdrawn_at"))
                    .foreign_key(
                        ForeignKey::create()
                            .name("fk_consent_learner_id")
                            .from("consent", "learner_id")
                            .to("learner", "id"),
                    )
                    .check(Expr::cust("version >= 1"))
                    .check(Expr::cust(
                        "withdrawn_at is null or withdrawn_at >= given_at",
                    ))
                    .take(),
            )
            .await?;
        manager
            .create_index(
                Index::create()
                    .name("consent_live")
                    .table("consent")
                    .unique()
                    .col("learner_id")
                    .col("purpose")
                    .and_where(Expr::col("withdrawn_at").is_null())
                    .take(),
            )
            .await?;
        manager
            .create_index(
                Index::create()
                    .name("consent_learner")
                    .table("consent")
                    .col("learner_id")
                    .col("given_at")
                    .take(),
            )
            .await?;
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager
            .drop_table(Table::drop().table("consent").take())
            .await?;
        Ok(())
    }
}
