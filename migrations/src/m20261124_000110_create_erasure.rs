//! Requests to be erased (注销), and when their keys go.

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
                    .table("erasure")
                    .col(pk_uuid("learner_id"))
                    .col(big_integer("requested_at"))
                    .col(big_integer("due_at"))
                    .col(big_integer_null("done_at"))
                    .foreign_key(
                        ForeignKey::create()
                            .name("fk_erasure_learner_id")
                            .from("erasure", "learner_id")
                            .to("learner", "id"),
                    )
                    .check(Expr::cust("requested_at <= due_at"))
                    .take(),
            )
            .await?;
        manager
            .create_index(
                Index::create()
                    .name("erasure_due")
                    .table("erasure")
                    .col("done_at")
                    .col("due_at")
                    .take(),
            )
            .await?;
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager
            .drop_table(Table::drop().table("erasure").take())
            .await?;
        Ok(())
    }
}
