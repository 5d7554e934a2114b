//! Who learners are, sealed field by field, and the key of each person, wrapped by a master key outside the
//! database. Blind indexes keep a phone and a document to one account.

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
                    .table("person_key")
                    .col(pk_uuid("person_id"))
                    .col(text_null("wrapped"))
                    .col(big_integer("created_at"))
                    .col(big_integer_null("destroyed_at"))
                    .check(Expr::cust("(wrapped is null) = (destroyed_at is not null)"))
                    .take(),
            )
            .await?;
        manager
            .create_table(
                Table::create()
                    .table("identity")
                    .col(pk_uuid("learner_id"))
                    .col(text_null("name"))
                    .col(text_null("document"))
                    .col(text_null("phone"))
                    .col(text_null("born_on"))
                    .col(text_null("employer"))
                    .col(text_null("phone_index"))
                    .col(text_null("document_index"))
                    .foreign_key(
                        ForeignKey::create()
                            .name("fk_identity_learner_id")
                            .from("identity", "learner_id")
                            .to("learner", "id"),
                    )
                    .take(),
            )
            .await?;
        manager
            .create_index(
                Index::create()
                    .name("identity_phone")
                    .table("identity")
                    .unique()
                    .col("phone_index")
                    .take(),
            )
            .await?;
        manager
            .create_index(
                Index::create()
                    .name("identity_document")
                    .table("identity")
                    .unique()
                    .col("document_index")
                    .take(),
            )
            .await?;
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager
            .drop_table(Table::drop().table("identity").take())
            .await?;
        manager
            .drop_table(Table::drop().table("person_key").take())
            .await?;
        Ok(())
    }
}
