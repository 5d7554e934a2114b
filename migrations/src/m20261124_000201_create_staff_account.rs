//! Accounts of staff (平台人员) and what each logs in with. No account is made here (MLPS-05).

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
                    .table("staff_account")
                    .col(pk_uuid("id"))
                    .col(text_uniq("login_name"))
                    .col(text("name"))
                    .col(text("roles"))
                    .col(text_null("region_code"))
                    .col(uuid_null("institution_id"))
                    .col(text("ranges"))
                    .col(big_integer("created_at"))
                    .col(big_integer("enabled_at"))
                    .col(big_integer_null("disabled_at"))
                    .col(big_integer_null("expires_at"))
                    .col(big_integer_null("last_login_at"))
                    .col(text("wrapped_key"))
                    .foreign_key(
                        ForeignKey::create()
                            .name("fk_staff_account_region_code")
                            .from("staff_account", "region_code")
                            .to("region", "code"),
                    )
                    .foreign_key(
                        ForeignKey::create()
                            .name("fk_staff_account_institution_id")
                            .from("staff_account", "institution_id")
                            .to("institution", "id"),
                    )
                    .check(Expr::cust("region_code is null or institution_id is null"))
                    .take(),
            )
            .await?;
        manager
            .create_table(
                Table::create()
                    .table("staff_credential")
                    .col(pk_uuid("staff_id"))
                    .col(text("password_hash"))
                    .col(big_integer("changed_at"))
                    .col(text("totp_secret"))
                    .col(big_integer_null("totp_step"))
                    .col(integer("failed_count").default(0))
                    .col(big_integer_null("first_failed_at"))
                    .col(big_integer_null("locked_until"))
                    .col(integer("lock_level").default(0))
                    .foreign_key(&mut staff(
                        "fk_staff_credential_staff_id",
                        "staff_credential",
                    ))
                    .check(Expr::cust("failed_count >= 0 and lock_level >= 0"))
                    .take(),
            )
            .await?;
        manager
            .create_table(
                Table::create()
                    .table("staff_password")
                    .col(uuid("staff_id"))
                    .col(integer("number"))
                    .col(text("password_hash"))
                    .primary_key(Index::create().col("staff_id").col("number"))
                    .foreign_key(&mut staff("fk_staff_password_staff_id", "staff_password"))
                    .take(),
            )
            .await?;
        manager
            .create_table(
                Table::create()
                    .table("staff_recovery_code")
                    .col(uuid("staff_id"))
                    .col(text("code_hash"))
                    .col(big_integer_null("used_at"))
                    .primary_key(Index::create().col("staff_id").col("code_hash"))
                    .foreign_key(&mut staff(
                        "fk_staff_recovery_code_staff_id",
                        "staff_recovery_code",
                    ))
                    .take(),
            )
            .await?;
        manager
            .create_table(
                Table::create()
                    .table("staff_invitation")
                    .col(text("token_hash").primary_key())
                    .col(uuid("staff_id"))
                    .col(big_integer("created_at"))
                    .col(big_integer("expires_at"))
                    .col(big_integer_null("used_at"))
                    .col(text("totp_secret"))
                    .foreign_key(&mut staff(
                        "fk_staff_invitation_staff_id",
                        "staff_invitation",
                    ))
                    .check(Expr::cust("created_at < expires_at"))
                    .take(),
            )
            .await?;
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for table in [
            "staff_invitation",
            "staff_recovery_code",
            "staff_password",
            "staff_credential",
            "staff_account",
        ] {
            manager
                .drop_table(Table::drop().table(table).take())
                .await?;
        }
        Ok(())
    }
}

fn staff(name: &'static str, table: &'static str) -> ForeignKeyCreateStatement {
    ForeignKey::create()
        .name(name)
        .from(table, "staff_id")
        .to("staff_account", "id")
        .take()
}
