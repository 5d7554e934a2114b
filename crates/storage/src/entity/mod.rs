//! One private entity a table; nothing outside this crate sees them.

#![expect(
    clippy::disallowed_methods,
    unreachable_pub,
    reason = "`#[sea_orm::model]` expands to `find` and to public items"
)]

pub(crate) mod approval;
pub(crate) mod audit_event;
pub(crate) mod audit_link;
pub(crate) mod captcha;
pub(crate) mod challenge;
pub(crate) mod chapter;
pub(crate) mod class_course;
pub(crate) mod class_invitation;
pub(crate) mod consent;
pub(crate) mod correction;
pub(crate) mod course;
pub(crate) mod credential;
pub(crate) mod enrolment;
pub(crate) mod erasure;
pub(crate) mod face_challenge;
pub(crate) mod face_check;
pub(crate) mod face_frame;
pub(crate) mod face_template;
pub(crate) mod frozen_time;
pub(crate) mod idempotent_request;
pub(crate) mod identity;
pub(crate) mod institution;
pub(crate) mod join_request;
pub(crate) mod known_device;
pub(crate) mod learner;
pub(crate) mod learning_interval;
pub(crate) mod learning_state;
pub(crate) mod learning_state_rest;
pub(crate) mod ledger_chain;
pub(crate) mod ledger_entry;
pub(crate) mod ledger_seal;
pub(crate) mod ledger_sealed_head;
pub(crate) mod lesson;
pub(crate) mod login_session;
pub(crate) mod media_asset;
pub(crate) mod notice;
pub(crate) mod outbox;
pub(crate) mod person_key;
pub(crate) mod pledge;
pub(crate) mod policy;
pub(crate) mod region;
pub(crate) mod roster_entry;
pub(crate) mod send_count;
pub(crate) mod send_history;
pub(crate) mod sms_code;
pub(crate) mod staff_account;
pub(crate) mod staff_credential;
pub(crate) mod staff_invitation;
pub(crate) mod staff_password;
pub(crate) mod staff_recovery_code;
pub(crate) mod stranger_lockout;
pub(crate) mod training_class;
