//! Codes sent by SMS, as keyed hashes; how often each phone and address was sent one; and the pictures that
//! are to be read first.

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
                    .table("sms_code")
                    .col(pk_uuid("id"))
                    .col(text("purpose"))
                    .col(text("phone_index"))
                    .col(text("code_mac"))
                    .col(big_integer("sent_at"))
                    .col(big_integer("expires_at"))
                    .col(integer("wrong_tries"))
                    .col(big_integer_null("proved_at"))
                    .check(Expr::cust("wrong_tries >= 0"))
                    .check(Expr::cust("sent_at < expires_at"))
                    .take(),
            )
            .await?;
        manager
            .create_index(
                Index::create()
                    .name("sms_code_expiry")
                    .table("sms_code")
                    .col("expires_at")
                    .take(),
            )
            .await?;
        manager
            .create_table(
                Table::create()
                    .table("send_history")
                    .col(text("sender").primary_key())
                    .col(text("times"))
                    .col(big_integer("updated_at"))
                    .take(),
            )
            .await?;
        manager
            .create_index(
                Index::create()
                    .name("send_history_updated")
                    .table("send_history")
                    .col("updated_at")
                    .take(),
            )
            .await?;
        manager
            .create_table(
                Table::create()
                    .table("captcha")
                    .col(pk_uuid("id"))
                    .col(text("answer_mac"))
                    .col(big_integer("expires_at"))
                    .take(),
            )
            .await?;
        manager
            .create_index(
                Index::create()
                    .name("captcha_expiry")
                    .table("captcha")
                    .col("expires_at")
                    .take(),
            )
            .await?;
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager
            .drop_table(Table::drop().table("captcha").take())
            .await?;
        manager
            .drop_table(Table::drop().table("send_history").take())
            .await?;
        manager
            .drop_table(Table::drop().table("sms_code").take())
            .await?;
        Ok(())
    }
}
