//! Live learning sessions: a pure state machine a learner, the loops that drive it over WebSocket or
//! POST, and the writer that commits the heartbeats of all sessions together.
//!
//! Nothing is told to a client before what it rests on is committed.

mod chance;
mod desk;
mod driver;
mod message;
mod opening;
mod outbox;
mod posted;
mod session;
mod writer;

pub use chance::Dice;
pub use desk::{Caller, Checks, Desk, DeskConfig};
pub use driver::{CloseCode, Incoming, Outgoing, run};
pub use posted::PostError;
pub use session::{
    ConnectionId, FaceAnswer, FaceQuestion, FaceRefusal, Input, OpenRequest, Send, Session, Step,
};
