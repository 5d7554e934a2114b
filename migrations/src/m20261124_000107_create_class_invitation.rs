//! Ways into a class: invitations (邀请码), requests that wait for a decision, and the pledges (承诺书) signed.

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
                    .table("class_invitation")
                    .col(pk_uuid("id"))
                    .col(uuid("class_id"))
                    .col(text("code"))
                    .col(boolean("approval"))
                    .col(big_integer("expires_at"))
                    .col(integer("most_uses"))
                    .col(integer("uses"))
                    .col(big_integer_null("revoked_at"))
                    .col(big_integer("created_at"))
                    .foreign_key(
                        ForeignKey::create()
                            .name("fk_class_invitation_class_id")
                            .from("class_invitation", "class_id")
                            .to("training_class", "id"),
                    )
                    .check(Expr::cust("uses >= 0 and uses <= most_uses"))
                    .check(Expr::cust("created_at < expires_at"))
                    .take(),
            )
            .await?;
        manager
            .create_index(
                Index::create()
                    .name("class_invitation_code")
                    .table("class_invitation")
                    .unique()
                    .col("code")
                    .take(),
            )
            .await?;
        manager
            .create_index(
                Index::create()
                    .name("class_invitation_class")
                    .table("class_invitation")
                    .col("class_id")
                    .take(),
            )
            .await?;
        manager
            .create_table(
                Table::create()
                    .table("join_request")
                    .col(pk_uuid("id"))
                    .col(uuid("learner_id"))
                    .col(uuid("class_id"))
                    .col(text("state"))
                    .col(text_null("reason"))
                    .col(big_integer("created_at"))
                    .col(big_integer_null("decided_at"))
                    .foreign_key(
                        ForeignKey::create()
                            .name("fk_join_request_learner_id")
                            .from("join_request", "learner_id")
                            .to("learner", "id"),
                    )
                    .foreign_key(
                        ForeignKey::create()
                            .name("fk_join_request_class_id")
                            .from("join_request", "class_id")
                            .to("training_class", "id"),
                    )
                    .check(Expr::cust("state in ('pending', 'approved', 'refused')"))
                    .check(Expr::cust("(state = 'pending') = (decided_at is null)"))
                    .take(),
            )
            .await?;
        manager
            .create_index(
                Index::create()
                    .name("join_request_pending")
                    .table("join_request")
                    .unique()
                    .col("learner_id")
                    .col("class_id")
                    .and_where(Expr::col("decided_at").is_null())
                    .take(),
            )
            .await?;
        manager
            .create_index(
                Index::create()
                    .name("join_request_class")
                    .table("join_request")
                    .col("class_id")
                    .col("state")
                    .take(),
            )
            .await?;
        manager
            .create_table(
                Table::create()
                    .table("pledge")
                    .col(uuid("learner_id"))
                    .col(uuid("class_id"))
                    .col(integer("version"))
                    .col(text("text_hash"))
                    .col(big_integer("signed_at"))
                    .primary_key(Index::create().col("learner_id").col("class_id"))
                    .foreign_key(
                        ForeignKey::create()
                            .name("fk_pledge_learner_id")
                            .from("pledge", "learner_id")
                            .to("learner", "id"),
                    )
                    .foreign_key(
                        ForeignKey::create()
                            .name("fk_pledge_class_id")
                            .from("pledge", "class_id")
                            .to("training_class", "id"),
                    )
                    .check(Expr::cust("version >= 1"))
                    .take(),
            )
            .await?;
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager
            .drop_table(Table::drop().table("pledge").take())
            .await?;
        manager
            .drop_table(Table::drop().table("join_request").take())
            .await?;
        manager
            .drop_table(Table::drop().table("class_invitation").take())
            .await?;
        Ok(())
    }
}
