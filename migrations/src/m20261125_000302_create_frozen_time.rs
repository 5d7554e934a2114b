//! Frozen time (待复核), the learner's appeal and a person's word.

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
                    .table("frozen_time")
                    .col(pk_uuid("challenge_id"))
                    .col(uuid("learner_id"))
                    .col(uuid("credit_scope"))
                    .col(integer("frozen_group"))
                    .col(big_integer("ms"))
                    .col(big_integer("frozen_at"))
                    .col(text_null("appeal"))
                    .col(big_integer_null("appealed_at"))
                    .col(boolean_null("restored"))
                    .col(uuid_null("decided_by"))
                    .col(text_null("reason"))
                    .col(big_integer_null("decided_at"))
                    .foreign_key(
                        ForeignKey::create()
                            .name("fk_frozen_time_learner_id")
                            .from("frozen_time", "learner_id")
                            .to("learner", "id"),
                    )
                    .foreign_key(
                        ForeignKey::create()
                            .name("fk_frozen_time_challenge_id")
                            .from("frozen_time", "challenge_id")
                            .to("challenge", "id"),
                    )
                    .check(Expr::cust("(decided_at is null) = (restored is null)"))
                    .take(),
            )
            .await?;
        manager
            .create_index(
                Index::create()
                    .name("frozen_time_group")
                    .table("frozen_time")
                    .unique()
                    .col("learner_id")
                    .col("credit_scope")
                    .col("frozen_group")
                    .take(),
            )
            .await?;
        manager
            .create_index(
                Index::create()
                    .name("frozen_time_undecided")
                    .table("frozen_time")
                    .col("decided_at")
                    .col("challenge_id")
                    .take(),
            )
            .await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager
            .drop_table(Table::drop().table("frozen_time").take())
            .await
    }
}
