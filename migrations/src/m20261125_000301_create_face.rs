//! Faces (人脸): one template a learner, what was asked, what was decided, and what frames were seen.

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
                    .table("face_template")
                    .col(pk_uuid("learner_id"))
                    .col(text("template"))
                    .col(text("made_by"))
                    .col(text("standing"))
                    .col(big_integer("enrolled_at"))
                    .col(big_integer_null("bound_at"))
                    .foreign_key(&mut of_learner(
                        "fk_face_template_learner_id",
                        "face_template",
                    ))
                    .check(Expr::cust(
                        "standing in ('provisional', 'id_card', 'institution')",
                    ))
                    .take(),
            )
            .await?;
        manager
            .create_table(
                Table::create()
                    .table("face_challenge")
                    .col(pk_uuid("id"))
                    .col(uuid_null("learner_id"))
                    .col(text("purpose"))
                    .col(uuid_null("login_id"))
                    .col(uuid_null("lesson_id"))
                    .col(text("actions"))
                    .col(big_integer("expires_at"))
                    .col(big_integer_null("used_at"))
                    .foreign_key(&mut of_learner(
                        "fk_face_challenge_learner_id",
                        "face_challenge",
                    ))
                    .take(),
            )
            .await?;
        manager
            .create_index(index("face_challenge", "learner_id", "expires_at"))
            .await?;
        manager
            .create_index(
                Index::create()
                    .name("face_challenge_expires_at")
                    .table("face_challenge")
                    .col("expires_at")
                    .take(),
            )
            .await?;
        manager
            .create_table(
                Table::create()
                    .table("face_check")
                    .col(pk_uuid("id"))
                    .col(uuid("learner_id"))
                    .col(text("purpose"))
                    .col(uuid_null("challenge_id"))
                    .col(uuid_null("login_id"))
                    .col(uuid_null("lesson_id"))
                    .col(big_integer("at"))
                    .col(text("outcome"))
                    .col(text("failures"))
                    .col(text("evidence"))
                    .foreign_key(&mut of_learner("fk_face_check_learner_id", "face_check"))
                    .check(Expr::cust("outcome in ('passed', 'failed', 'mismatch')"))
                    .take(),
            )
            .await?;
        manager
            .create_index(index("face_check", "learner_id", "at"))
            .await?;
        manager
            .create_table(
                Table::create()
                    .table("face_frame")
                    .col(pk_uuid("id"))
                    .col(uuid("learner_id"))
                    .col(text("sha256"))
                    .col(text("perceptual"))
                    .col(big_integer("at"))
                    .foreign_key(&mut of_learner("fk_face_frame_learner_id", "face_frame"))
                    .take(),
            )
            .await?;
        manager
            .create_index(
                Index::create()
                    .name("face_frame_sha256")
                    .table("face_frame")
                    .unique()
                    .col("learner_id")
                    .col("sha256")
                    .take(),
            )
            .await?;
        manager
            .create_index(index("face_frame", "learner_id", "at"))
            .await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for table in [
            "face_frame",
            "face_check",
            "face_challenge",
            "face_template",
        ] {
            manager
                .drop_table(Table::drop().table(table).take())
                .await?;
        }
        Ok(())
    }
}

fn of_learner(name: &str, table: &'static str) -> ForeignKeyCreateStatement {
    ForeignKey::create()
        .name(name)
        .from(table, "learner_id")
        .to("learner", "id")
        .take()
}

fn index(table: &'static str, first: &'static str, second: &'static str) -> IndexCreateStatement {
    Index::create()
        .name(format!("{table}_{first}_{second}"))
        .table(table)
        .col(first)
        .col(second)
        .take()
}
