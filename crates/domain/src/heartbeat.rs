use serde::{Deserialize, Serialize};

use crate::UnixMs;

/// What a player does from one heartbeat (心跳) to the next.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PlayState {
    /// Playing: the only state that earns.
    Playing,
    /// Stopped by the learner, by a check, or for want of data.
    Paused,
    /// The page is not seen.
    Hidden,
    /// The lesson is over.
    Ended,
}

/// A heartbeat as the server had it: what arrived, and when.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Beat {
    /// Its number on its clock.
    pub seq: u64,
    /// Server time at arrival.
    pub arrived_at: UnixMs,
    /// The client's monotonic time, in milliseconds.
    pub client_ms: i64,
    /// Media position, in milliseconds.
    pub position_ms: i64,
    /// What the player was doing.
    pub state: PlayState,
    /// Playback rate, in thousandths.
    pub rate_thousandths: i64,
}
