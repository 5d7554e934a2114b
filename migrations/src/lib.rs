//! Migrations: the tables, on SQLite and on PostgreSQL alike.
//!
//! One change a file. A migration that has shipped is never edited.

#![expect(
    clippy::too_many_lines,
    reason = "a migration is one table after another in the words of the builder"
)]
#![cfg_attr(
    not(test),
    expect(
        clippy::wildcard_imports,
        reason = "the words of the builder; the lint sleeps in tests"
    )
)]

mod m20261124_000001_create_region;
mod m20261124_000002_create_institution;
mod m20261124_000003_create_learner;
mod m20261124_000005_create_course;
mod m20261124_000006_create_training_class;
mod m20261124_000007_create_policy;
mod m20261124_000008_create_enrolment;
mod m20261124_000009_create_learning_state;
mod m20261124_000010_create_learning_interval;
mod m20261124_000011_create_challenge;
mod m20261124_000012_create_ledger;
mod m20261124_000013_create_audit_event;
mod m20261124_000014_add_hainan_regions;
mod m20261124_000101_create_identity;
mod m20261124_000102_create_consent;
mod m20261124_000103_create_sms_code;
mod m20261124_000104_create_outbox;
mod m20261124_000105_create_idempotent_request;
mod m20261124_000106_create_roster_entry;
mod m20261124_000107_create_class_invitation;
mod m20261124_000108_create_correction;
mod m20261124_000109_create_notice;
mod m20261124_000110_create_erasure;
mod m20261124_000111_create_stranger_lockout;
mod m20261124_000112_create_send_count;
mod m20261124_000201_create_staff_account;
mod m20261124_000202_create_login_session;
mod m20261124_000203_create_approval;
mod m20261125_000001_index_audit_actions;
mod m20261125_000301_create_face;
mod m20261125_000302_create_frozen_time;

use sea_orm_migration::MigrationTrait;
pub use sea_orm_migration::MigratorTrait;

/// All migrations, in order.
#[derive(Clone, Copy, Debug)]
pub struct Migrator;

#[sea_orm_migration::async_trait::async_trait]
impl MigratorTrait for Migrator {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        vec![
            Box::new(m20261124_000001_create_region::Migration),
            Box::new(m20261124_000002_create_institution::Migration),
            Box::new(m20261124_000003_create_learner::Migration),
            Box::new(m20261124_000005_create_course::Migration),
            Box::new(m20261124_000006_create_training_class::Migration),
            Box::new(m20261124_000007_create_policy::Migration),
            Box::new(m20261124_000008_create_enrolment::Migration),
            Box::new(m20261124_000009_create_learning_state::Migration),
            Box::new(m20261124_000010_create_learning_interval::Migration),
            Box::new(m20261124_000011_create_challenge::Migration),
            Box::new(m20261124_000012_create_ledger::Migration),
            Box::new(m20261124_000013_create_audit_event::Migration),
            Box::new(m20261124_000014_add_hainan_regions::Migration),
            Box::new(m20261124_000101_create_identity::Migration),
            Box::new(m20261124_000102_create_consent::Migration),
            Box::new(m20261124_000103_create_sms_code::Migration),
            Box::new(m20261124_000104_create_outbox::Migration),
            Box::new(m20261124_000105_create_idempotent_request::Migration),
            Box::new(m20261124_000106_create_roster_entry::Migration),
            Box::new(m20261124_000107_create_class_invitation::Migration),
            Box::new(m20261124_000108_create_correction::Migration),
            Box::new(m20261124_000109_create_notice::Migration),
            Box::new(m20261124_000110_create_erasure::Migration),
            Box::new(m20261124_000111_create_stranger_lockout::Migration),
            Box::new(m20261124_000112_create_send_count::Migration),
            Box::new(m20261124_000201_create_staff_account::Migration),
            Box::new(m20261124_000202_create_login_session::Migration),
            Box::new(m20261124_000203_create_approval::Migration),
            Box::new(m20261125_000001_index_audit_actions::Migration),
            Box::new(m20261125_000301_create_face::Migration),
            Box::new(m20261125_000302_create_frozen_time::Migration),
        ]
    }
}
