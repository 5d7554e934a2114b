//! Learners (学员) and the password each logs in with. Nothing personal stands here; see `identity`.

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
                    .table("learner")
                    .col(pk_uuid("id"))
                    .col(text_uniq("login_name"))
                    .col(text("identity_level"))
                    .col(text("region_code"))
                    .col(text("categories"))
                    .col(text("state"))
                    .col(big_integer("created_at"))
                    .foreign_key(
                        ForeignKey::create()
                            .name("fk_learner_region_code")
                            .from("learner", "region_code")
                            .to("region", "code"),
                    )
                    .check(Expr::cust("identity_level in ('claimed', 'confirmed')"))
                    .check(Expr::cust(
                        "state in ('active', 'set_aside', 'restricted', 'erased')",
                    ))
                    .take(),
            )
            .await?;
        manager
            .create_index(
                Index::create()
                    .name("learner_region")
                    .table("learner")
                    .col("region_code")
                    .take(),
            )
            .await?;
        manager
            .create_table(
                Table::create()
                    .table("credential")
                    .col(pk_uuid("learner_id"))
                    .col(text("password_hash"))
                    .col(big_integer("changed_at"))
                    .col(integer("failed_count").default(0))
                    .col(big_integer_null("first_failed_at"))
                    .col(big_integer_null("locked_until"))
                    .col(integer("lock_level").default(0))
                    .foreign_key(
                        ForeignKey::create()
                            .name("fk_credential_learner_id")
                            .from("credential", "learner_id")
                            .to("learner", "id"),
                    )
                    .check(Expr::cust("failed_count >= 0 and lock_level >= 0"))
                    .take(),
            )
            .await?;
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager
            .drop_table(Table::drop().table("credential").take())
            .await?;
        manager
            .drop_table(Table::drop().table("learner").take())
            .await?;
        Ok(())
    }
}
