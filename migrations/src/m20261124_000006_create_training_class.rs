//! Training classes (班期) and the courses each asks for.

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
                    .table("training_class")
                    .col(pk_uuid("id"))
                    .col(uuid("institution_id"))
                    .col(text_uniq("code"))
                    .col(text("title"))
                    .col(text("filing_number"))
                    .col(text("occupation"))
                    .col(text("occupation_code"))
                    .col(text("level"))
                    .col(text("region_code"))
                    .col(text("starts_on"))
                    .col(text("ends_on"))
                    .col(big_integer("required_ms"))
                    .col(boolean("high_risk").default(false))
                    .col(big_integer("created_at"))
                    .foreign_key(
                        ForeignKey::create()
                            .name("fk_training_class_institution_id")
                            .from("training_class", "institution_id")
                            .to("institution", "id"),
                    )
                    .foreign_key(
                        ForeignKey::create()
                            .name("fk_training_class_region_code")
                            .from("training_class", "region_code")
                            .to("region", "code"),
                    )
                    .check(Expr::cust("required_ms >= 0 and starts_on <= ends_on"))
                    .take(),
            )
            .await?;
        manager
            .create_index(
                Index::create()
                    .name("training_class_region")
                    .table("training_class")
                    .col("region_code")
                    .take(),
            )
            .await?;
        manager
            .create_table(
                Table::create()
                    .table("class_course")
                    .col(uuid("class_id"))
                    .col(uuid("course_id"))
                    .col(integer("position"))
                    .col(boolean("required"))
                    .primary_key(Index::create().col("class_id").col("course_id"))
                    .foreign_key(
                        ForeignKey::create()
                            .name("fk_class_course_class_id")
                            .from("class_course", "class_id")
                            .to("training_class", "id"),
                    )
                    .foreign_key(
                        ForeignKey::create()
                            .name("fk_class_course_course_id")
                            .from("class_course", "course_id")
                            .to("course", "id"),
                    )
                    .check(Expr::cust("position >= 1"))
                    .take(),
            )
            .await?;
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager
            .drop_table(Table::drop().table("class_course").take())
            .await?;
        manager
            .drop_table(Table::drop().table("training_class").take())
            .await?;
        Ok(())
    }
}
