//! Sending SMS: one message, one provider. It neither queues nor repeats; the outbox does.

mod aliyun;
mod error;
mod provider;
mod tencent;

pub use error::{Error, Result};
pub use provider::{Account, Provider, Templates};
