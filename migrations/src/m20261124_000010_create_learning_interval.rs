//! Learning intervals (学时): media watched over server time, and what became of it.

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
                    .table("learning_interval")
                    .col(pk_uuid("id"))
                    .col(uuid("learner_id"))
                    .col(uuid("credit_scope"))
                    .col(uuid("course_id"))
                    .col(uuid("lesson_id"))
                    .col(text("state"))
                    .col(integer("day"))
                    .col(big_integer("media_from"))
                    .col(big_integer("media_to"))
                    .col(big_integer("server_from"))
                    .col(big_integer("server_to"))
                    .col(big_integer("ms"))
                    .col(integer("policy_version"))
                    .col(text("device_id"))
                    .col(uuid("clock_id"))
                    .col(integer_null("frozen_group"))
                    .col(big_integer_null("void_at"))
                    .col(uuid_null("challenge_id"))
                    .col(big_integer("created_at"))
                    .foreign_key(
                        ForeignKey::create()
                            .name("fk_learning_interval_learner_id")
                            .from("learning_interval", "learner_id")
                            .to("learner", "id"),
                    )
                    .check(Expr::cust(
                        "state in ('verified', 'pending', 'frozen', 'void', 'over_cap')",
                    ))
                    .check(Expr::cust(
                        "media_from <= media_to and server_from <= server_to",
                    ))
                    .check(Expr::cust("ms >= 0"))
                    .take(),
            )
            .await?;
        manager
            .create_index(
                Index::create()
                    .name("learning_interval_learner")
                    .table("learning_interval")
                    .col("learner_id")
                    .col("credit_scope")
                    .col("server_from")
                    .take(),
            )
            .await?;
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager
            .drop_table(Table::drop().table("learning_interval").take())
            .await?;
        Ok(())
    }
}
