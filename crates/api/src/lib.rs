//! The first-party HTTP API: a folder a feature, one error type, one OpenAPI document.

mod access;
mod attempts;
mod body;
mod caller;
mod classes;
mod error;
mod health;
mod hour_lists;
mod hours;
mod learning;
mod login;
mod me;
mod media;
mod pc_app;
mod protect;
mod record;
mod router;
mod state;

pub use access::{Access, AccessTable};
pub use caller::{Caller, Staff};
pub use error::{ApiError, ApiResult};
pub use router::{access_table, openapi, router};
pub use state::{AppState, Parts, Settings};
