//! Logins (登录) of learners and of staff: only the hash of the token is kept. And the devices from which
//! each account was used, to notice a new one.

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
                    .col(uuid_null("learner_id"))
                    .col(uuid_null("staff_id"))
                    .col(text("stage"))
                    .col(big_integer("created_at"))
                    .col(big_integer("last_seen_at"))
                    .col(big_integer("expires_at"))
                    .col(text_null("ended"))
                    .col(boolean("new_device"))
                    .col(big_integer_null("proved_at"))
                    .col(text("user_agent"))
                    .col(text("ip"))
                    .foreign_key(
                        ForeignKey::create()
                            .name("fk_login_session_learner_id")
                            .from("login_session", "learner_id")
                            .to("learner", "id"),
                    )
                    .foreign_key(
                        ForeignKey::create()
                            .name("fk_login_session_staff_id")
                            .from("login_session", "staff_id")
                            .to("staff_account", "id"),
                    )
                    .check(Expr::cust("(learner_id is null) <> (staff_id is null)"))
                    .check(Expr::cust("stage in ('code_due', 'complete')"))
                    .check(Expr::cust("ended in ('taken_over', 'revoked')"))
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
        manager
            .create_index(
                Index::create()
                    .name("login_session_staff")
                    .table("login_session")
                    .col("staff_id")
                    .take(),
            )
            .await?;
        manager
            .create_table(
                Table::create()
                    .table("known_device")
                    .col(pk_uuid("id"))
                    .col(uuid_null("learner_id"))
                    .col(uuid_null("staff_id"))
                    .col(text("device_hash"))
                    .col(big_integer("first_seen_at"))
                    .col(big_integer("last_seen_at"))
                    .foreign_key(
                        ForeignKey::create()
                            .name("fk_known_device_learner_id")
                            .from("known_device", "learner_id")
                            .to("learner", "id"),
                    )
                    .foreign_key(
                        ForeignKey::create()
                            .name("fk_known_device_staff_id")
                            .from("known_device", "staff_id")
                            .to("staff_account", "id"),
                    )
                    .check(Expr::cust("(learner_id is null) <> (staff_id is null)"))
                    .take(),
            )
            .await?;
        for account in ["learner_id", "staff_id"] {
            manager
                .create_index(
                    Index::create()
                        .name(format!("known_device_{account}"))
                        .table("known_device")
                        .col(account)
                        .col("device_hash")
                        .unique()
                        .take(),
                )
                .await?;
        }
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager
            .drop_table(Table::drop().table("known_device").take())
            .await?;
        manager
            .drop_table(Table::drop().table("login_session").take())
            .await?;
        Ok(())
    }
}
