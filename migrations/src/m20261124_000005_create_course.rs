//! Courses (课程), chapters (章), lessons (课时) and the videos they show.

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
                    .table("media_asset")
                    .col(pk_uuid("id"))
                    .col(big_integer("duration_ms"))
                    .col(integer("width"))
                    .col(integer("height"))
                    .col(text("key_hex"))
                    .col(boolean("captions"))
                    .col(big_integer("created_at"))
                    .check(Expr::cust("duration_ms > 0 and width > 0 and height > 0"))
                    .take(),
            )
            .await?;
        manager
            .create_table(
                Table::create()
                    .table("course")
                    .col(pk_uuid("id"))
                    .col(text("title"))
                    .col(text("kind"))
                    .col(big_integer("created_at"))
                    .check(Expr::cust("kind in ('class', 'general')"))
                    .take(),
            )
            .await?;
        manager
            .create_table(
                Table::create()
                    .table("chapter")
                    .col(pk_uuid("id"))
                    .col(uuid("course_id"))
                    .col(integer("position"))
                    .col(text("title"))
                    .foreign_key(
                        ForeignKey::create()
                            .name("fk_chapter_course_id")
                            .from("chapter", "course_id")
                            .to("course", "id"),
                    )
                    .check(Expr::cust("position >= 1"))
                    .take(),
            )
            .await?;
        manager
            .create_index(
                Index::create()
                    .name("chapter_place")
                    .table("chapter")
                    .unique()
                    .col("course_id")
                    .col("position")
                    .take(),
            )
            .await?;
        manager
            .create_table(
                Table::create()
                    .table("lesson")
                    .col(pk_uuid("id"))
                    .col(uuid("course_id"))
                    .col(uuid("chapter_id"))
                    .col(integer("position"))
                    .col(text("title"))
                    .col(big_integer("length_ms"))
                    .col(uuid_null("media_asset_id"))
                    .foreign_key(
                        ForeignKey::create()
                            .name("fk_lesson_course_id")
                            .from("lesson", "course_id")
                            .to("course", "id"),
                    )
                    .foreign_key(
                        ForeignKey::create()
                            .name("fk_lesson_chapter_id")
                            .from("lesson", "chapter_id")
                            .to("chapter", "id"),
                    )
                    .foreign_key(
                        ForeignKey::create()
                            .name("fk_lesson_media_asset_id")
                            .from("lesson", "media_asset_id")
                            .to("media_asset", "id"),
                    )
                    .check(Expr::cust("position >= 1 and length_ms > 0"))
                    .take(),
            )
            .await?;
        manager
            .create_index(
                Index::create()
                    .name("lesson_place")
                    .table("lesson")
                    .unique()
                    .col("chapter_id")
                    .col("position")
                    .take(),
            )
            .await?;
        manager
            .create_index(
                Index::create()
                    .name("lesson_course")
                    .table("lesson")
                    .col("course_id")
                    .take(),
            )
            .await?;
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager
            .drop_table(Table::drop().table("lesson").take())
            .await?;
        manager
            .drop_table(Table::drop().table("chapter").take())
            .await?;
        manager
            .drop_table(Table::drop().table("course").take())
            .await?;
        manager
            .drop_table(Table::drop().table("media_asset").take())
            .await?;
        Ok(())
    }
}
