//! Enrolments (报名): a learner's place in a class.

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
                    .table("enrolment")
                    .col(pk_uuid("id"))
                    .col(uuid("learner_id"))
                    .col(uuid("class_id"))
                    .col(text("region_code"))
                    .col(text("state"))
                    .col(big_integer("created_at"))
                    .col(big_integer_null("completed_at"))
                    .foreign_key(
                        ForeignKey::create()
                            .name("fk_enrolment_learner_id")
                            .from("enrolment", "learner_id")
                            .to("learner", "id"),
                    )
                    .foreign_key(
                        ForeignKey::create()
                            .name("fk_enrolment_class_id")
                            .from("enrolment", "class_id")
                            .to("training_class", "id"),
                    )
                    .foreign_key(
                        ForeignKey::create()
                            .name("fk_enrolment_region_code")
                            .from("enrolment", "region_code")
                            .to("region", "code"),
                    )
                    .check(Expr::cust("state in ('active', 'completed', 'withdrawn')"))
                    .check(Expr::cust(
                        "(state = 'completed') = (completed_at is not null)",
                    ))
                    .take(),
            )
            .await?;
        manager
            .create_index(
                Index::create()
                    .name("enrolment_place")
                    .table("enrolment")
                    .unique()
                    .col("learner_id")
                    .col("class_id")
                    .take(),
            )
            .await?;
        manager
            .create_index(
                Index::create()
                    .name("enrolment_class")
                    .table("enrolment")
                    .col("class_id")
                    .take(),
            )
            .await?;
        manager
            .create_index(
                Index::create()
                    .name("enrolment_region")
                    .table("enrolment")
                    .col("region_code")
                    .take(),
            )
            .await?;
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager
            .drop_table(Table::drop().table("enrolment").take())
            .await?;
        Ok(())
    }
}
