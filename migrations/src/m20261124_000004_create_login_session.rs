//! Logins (登录): only the hash of the token is kept.

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
                    .table("login_session")
                    .col(text("token_hash").primary_key())
                    .col(uuid_uniq("id"))
                    .col(uuid("learner_id"))
                    .col(big_integer("created_at"))
                    .col(big_integer("last_seen_at"))
                    .col(big_integer("expires_at"))
                    .col(text("user_agent"))
                    .col(text("ip"))
                    .foreign_key(
                        ForeignKey::create()
                            .name("fk_login_session_learner_id")
                            .from("login_session", "learner_id")
                            .to("learner", "id"),
                    )
                    .check(Expr::cust(
                        "created_at <= last_seen_at and created_at < expires_at",
                    ))
                    .take(),
            )
            .await?;
        manager
            .create_index(
                Index::create()
                    .name("login_session_learner")
                    .table("login_session")
                    .col("learner_id")
                    .take(),
            )
            .await?;
        manager
            .create_index(
                Index::create()
                    .name("login_session_expiry")
                    .table("login_session")
                    .col("expires_at")
                    .take(),
            )
            .await?;
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager
            .drop_table(Table::drop().table("login_session").take())
            .await?;
        Ok(())
    }
}
