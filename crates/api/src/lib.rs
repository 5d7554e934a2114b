//! The first-party HTTP API: a folder a feature, one error type, one OpenAPI document.

mod access;
mod approvals;
mod attempts;
mod audit_events;
mod body;
mod caller;
mod classes;
mod error;
mod health;
mod hour_lists;
mod hours;
mod learning;
mod login;
mod login_sessions;
mod me;
mod media;
mod pc_app;
mod protect;
mod record;
mod regions;
mod router;
mod staff;
mod staff_accounts;
mod state;
mod supervision;

pub use access::{Access, AccessTable};
pub use caller::{Caller, Staff};
pub use error::{ApiError, ApiResult};
pub use router::{access_table, openapi, router};
pub use state::{AppState, Parts, Settings};
