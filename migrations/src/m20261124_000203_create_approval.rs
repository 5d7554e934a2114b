//! Dangerous acts that one person asked for and another one decides on (双人复核).

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
                    .table("approval")
                    .col(pk_uuid("id"))
                    .col(text("kind"))
                    .col(text("act"))
                    .col(text("reason"))
                    .col(uuid("asked_by"))
                    .col(big_integer("asked_at"))
                    .col(text("state"))
                    .col(uuid_null("decided_by"))
                    .col(big_integer_null("decided_at"))
                    .foreign_key(
                        ForeignKey::create()
                            .name("fk_approval_asked_by")
                            .from("approval", "asked_by")
                            .to("staff_account", "id"),
                    )
                    .foreign_key(
                        ForeignKey::create()
                            .name("fk_approval_decided_by")
                            .from("approval", "decided_by")
                            .to("staff_account", "id"),
                    )
                    .check(Expr::cust("state in ('waiting', 'approved', 'refused')"))
                    .check(Expr::cust("(state = 'waiting') = (decided_by is null)"))
                    .check(Expr::cust("(decided_by is null) = (decided_at is null)"))
                    .check(Expr::cust("state <> 'approved' or decided_by <> asked_by"))
                    .take(),
            )
            .await?;
        manager
            .create_index(
                Index::create()
                    .name("approval_asked_at")
                    .table("approval")
                    .col("asked_at")
                    .take(),
            )
            .await?;
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager
            .drop_table(Table::drop().table("approval").take())
            .await?;
        Ok(())
    }
}
