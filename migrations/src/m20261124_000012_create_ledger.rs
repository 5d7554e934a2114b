//! The ledger: a chain of entries a learner, and the signed seals over the heads of all chains.

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
                    .table("ledger_entry")
                    .col(uuid("learner_id"))
                    .col(big_integer("seq"))
                    .col(text("kind"))
                    .col(big_integer("at"))
                    .col(text("body"))
                    .col(text("mac"))
                    .primary_key(Index::create().col("learner_id").col("seq"))
                    .check(Expr::cust("seq >= 1"))
                    .take(),
            )
            .await?;
        manager
            .create_table(
                Table::create()
                    .table("ledger_chain")
                    .col(pk_uuid("learner_id"))
                    .col(big_integer("seq"))
                    .col(text("mac"))
                    .col(text("digest"))
                    .take(),
            )
            .await?;
        manager
            .create_table(
                Table::create()
                    .table("ledger_seal")
                    .col(big_integer("number").primary_key())
                    .col(big_integer("at"))
                    .col(text("root"))
                    .col(big_integer("entries"))
                    .col(text("previous"))
                    .col(text("key_id"))
                    .col(text("signature"))
                    .take(),
            )
            .await?;
        manager
            .create_table(
                Table::create()
                    .table("ledger_sealed_head")
                    .col(big_integer("number"))
                    .col(uuid("learner_id"))
                    .col(big_integer("seq"))
                    .col(text("mac"))
                    .col(text("digest"))
                    .primary_key(Index::create().col("number").col("learner_id"))
                    .foreign_key(
                        ForeignKey::create()
                            .name("fk_ledger_sealed_head_number")
                            .from("ledger_sealed_head", "number")
                            .to("ledger_seal", "number"),
                    )
                    .take(),
            )
            .await?;
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager
            .drop_table(Table::drop().table("ledger_sealed_head").take())
            .await?;
        manager
            .drop_table(Table::drop().table("ledger_seal").take())
            .await?;
        manager
            .drop_table(Table::drop().table("ledger_chain").take())
            .await?;
        manager
            .drop_table(Table::drop().table("ledger_entry").take())
            .await?;
        Ok(())
    }
}
