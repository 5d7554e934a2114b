//! What the hour engine knows of a learner: enough for any node to go on.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::*;
use sea_orm_migration::sea_orm::DbBackend;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let backend = manager.get_database_backend();
        let mut state = Table::create()
            .table("learning_state")
            .col(pk_uuid("learner_id"))
            .col(big_integer("version"))
            .col(big_integer("epoch"))
            .col(text("hot"))
            .col(big_integer("updated_at"))
            .foreign_key(
                ForeignKey::create()
                    .name("fk_learning_state_learner_id")
                    .from("learning_state", "learner_id")
                    .to("learner", "id"),
            )
            .take();
        if backend == DbBackend::Sqlite {
            // A heartbeat then looks for its row once, not in an index first.
            state.extra("without rowid");
        }
        manager.create_table(state).await?;
        manager
            .create_table(
                Table::create()
                    .table("learning_state_rest")
                    .col(pk_uuid("learner_id"))
                    .col(text("cold"))
                    .foreign_key(
                        ForeignKey::create()
                            .name("fk_learning_state_rest_learner_id")
                            .from("learning_state_rest", "learner_id")
                            .to("learning_state", "learner_id"),
                    )
                    .take(),
            )
            .await?;
        // Heartbeats rewrite these rows all the time: room in each page keeps them in place.
        if backend == DbBackend::Postgres {
            let sql = "alter table learning_state set (fillfactor = 60)";
            manager.get_connection().execute_unprepared(sql).await?;
        }
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager
            .drop_table(Table::drop().table("learning_state_rest").take())
            .await?;
        manager
            .drop_table(Table::drop().table("learning_state").take())
            .await?;
        Ok(())
    }
}
