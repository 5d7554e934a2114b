//! The audit trail: who did what to which thing, and how it ended; and which entry of the audit chain
//! names each row.

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
                    .table("audit_event")
                    .col(pk_uuid("id"))
                    .col(big_integer("at"))
                    .col(text("actor_kind"))
                    .col(text_null("actor_id"))
                    .col(text("action"))
                    .col(text_null("object_kind"))
                    .col(text_null("object_id"))
                    .col(text("result"))
                    .col(text_null("detail"))
                    .col(text_null("ip"))
                    .col(text_null("actor_role"))
                    .col(text_null("agent_hash"))
                    .col(text_null("request_id"))
                    .col(text("mac"))
                    .check(Expr::cust(
                        "actor_kind in ('anonymous', 'learner', 'staff', 'operator', 'system')",
                    ))
                    .check(Expr::cust("result in ('ok', 'refused', 'failed')"))
                    .take(),
            )
            .await?;
        manager
            .create_index(
                Index::create()
                    .name("audit_event_at")
                    .table("audit_event")
                    .col("at")
                    .take(),
            )
            .await?;
        manager
            .create_index(
                Index::create()
                    .name("audit_event_actor")
                    .table("audit_event")
                    .col("actor_id")
                    .col("at")
                    .take(),
            )
            .await?;
        manager
            .create_index(
                Index::create()
                    .name("audit_event_object")
                    .table("audit_event")
                    .col("object_id")
                    .col("at")
                    .take(),
            )
            .await?;
        manager
            .create_table(
                Table::create()
                    .table("audit_link")
                    .col(pk_uuid("event_id"))
                    .col(big_integer("seq"))
                    .foreign_key(
                        ForeignKey::create()
                            .name("fk_audit_link_event_id")
                            .from("audit_link", "event_id")
                            .to("audit_event", "id"),
                    )
                    .take(),
            )
            .await?;
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager
            .drop_table(Table::drop().table("audit_link").take())
            .await?;
        manager
            .drop_table(Table::drop().table("audit_event").take())
            .await?;
        Ok(())
    }
}
