//! Corrections (信息更正): old value, new value and evidence sealed under the learner's key.

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
                    .table("correction")
                    .col(pk_uuid("id"))
                    .col(uuid("learner_id"))
                    .col(text("field"))
                    .col(text_null("old_value"))
                    .col(text_null("new_value"))
                    .col(text_null("evidence"))
                    .col(text("state"))
                    .col(text("value_index"))
                    .col(text_null("comment"))
                    .col(text_null("reason"))
                    .col(text_null("decided_by"))
                    .col(big_integer("created_at"))
                    .col(big_integer_null("decided_at"))
                    .col(big_integer_null("takes_effect_at"))
                    .foreign_key(
                        ForeignKey::create()
                            .name("fk_correction_learner_id")
                            .from("correction", "learner_id")
                            .to("learner", "id"),
                    )
                    .check(Expr::cust("field in ('name', 'document', 'phone')"))
                    .check(Expr::cust("state in ('pending', 'approved', 'refused')"))
                    .check(Expr::cust("(state = 'pending') = (decided_at is null)"))
                    .check(Expr::cust("takes_effect_at is null or state = 'approved'"))
                    .take(),
            )
            .await?;
        manager
            .create_index(
                Index::create()
                    .name("correction_pending")
                    .table("correction")
                    .unique()
                    .col("learner_id")
                    .col("field")
                    .col("value_index")
                    .and_where(Expr::col("decided_at").is_null())
                    .take(),
            )
            .await?;
        manager
            .create_index(
                Index::create()
                    .name("correction_state")
                    .table("correction")
                    .col("state")
                    .col("created_at")
                    .take(),
            )
            .await?;
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager
            .drop_table(Table::drop().table("correction").take())
            .await?;
        Ok(())
    }
}
