//! The messages of a learning session, protocol 1: JSON text frames over a WebSocket, or the same
//! by POST where a proxy blocks them. Times are milliseconds.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;
use zhipei_domain::{
    ChallengeId, CheckKind, ClassId, ClockId, CreditScope, LessonId, Policy, UnixMs,
};

/// The version of the protocol that this program speaks.
pub const PROTOCOL: u32 = 1;
/// The most heartbeats in one message.
pub const MAX_HEARTBEATS: usize = 200;
/// The largest frame, in bytes.
pub const MAX_FRAME_BYTES: usize = 64 * 1024;

/// What kind of device a learner learns on; shown where a session is taken over.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Device {
    /// A computer.
    Pc,
    /// A phone.
    Phone,
}

/// What the player is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// Playing: the only state that earns.
    Playing,
    /// Stopped by the learner, by a check, or for want of data.
    Paused,
    /// The page is not seen.
    Hidden,
    /// The lesson is over.
    Ended,
}

/// One heartbeat (心跳): every 10 s, and at each change.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Heartbeat {
    /// Its number on its clock, from 1 without gaps.
    pub seq: u64,
    /// What the player does from here on.
    pub state: State,
    /// Media position.
    pub position_ms: i64,
    /// Playback rate.
    pub rate: f64,
    /// The client's monotonic time.
    pub client_ms: i64,
}

/// From the client.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
pub enum ClientMessage {
    /// Opens a lesson on a fresh clock.
    Open {
        /// The version of the protocol.
        protocol: u32,
        /// The device, as the client names it; kept for 1 to 64 characters.
        device_id: String,
        /// What kind of device it is.
        device: Device,
        /// The class; absent in free study.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[schema(value_type = Option<Uuid>)]
        class: Option<ClassId>,
        /// The lesson.
        #[schema(value_type = Uuid)]
        lesson: LessonId,
        /// A fresh clock.
        #[schema(value_type = Uuid)]
        clock_id: ClockId,
        /// The client's monotonic time.
        client_ms: i64,
    },
    /// Goes on with the current clock after a lost connection.
    Resume {
        /// The version of the protocol.
        protocol: u32,
        /// The clock.
        #[schema(value_type = Uuid)]
        clock_id: ClockId,
        /// The epoch that `opened` gave.
        epoch: u64,
    },
    /// Heartbeats of one clock, at most 200.
    Heartbeats {
        /// The clock.
        #[schema(value_type = Uuid)]
        clock_id: ClockId,
        /// The heartbeats.
        items: Vec<Heartbeat>,
    },
    /// The answer to the check on screen.
    ChallengeAnswer {
        /// The check.
        #[schema(value_type = Uuid)]
        id: ChallengeId,
        /// Presence: the option that was asked for; SMS: the code. Faces are answered by frames.
        answer: String,
    },
    /// Instead of the face, another way to answer the check on screen: a code by SMS.
    OtherWay {
        /// The check.
        #[schema(value_type = Uuid)]
        id: ChallengeId,
    },
    /// The learner leaves the lesson.
    Close {
        /// The clock.
        #[schema(value_type = Uuid)]
        clock_id: ClockId,
    },
}

/// The rules of a session, as the player tells them.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct SessionPolicy {
    /// How presence is proved.
    #[schema(value_type = String)]
    pub check_kind: CheckKind,
    /// The least earning time between checks.
    pub check_min_ms: i64,
    /// The most earning time between checks.
    pub check_max_ms: i64,
    /// Seconds within which an answer counts.
    pub answer_within_s: i64,
    /// Tries within a round.
    pub tries: u32,
    /// May playback jump ahead of the furthest point?
    pub seek_ahead: bool,
    /// The highest rate.
    pub max_rate: f64,
    /// Minutes that a day can credit; 0 = no cap.
    pub cap_min: i64,
    /// Minutes that make a credit hour.
    pub minutes_per_hour: i64,
}

impl From<&Policy> for SessionPolicy {
    fn from(policy: &Policy) -> Self {
        Self {
            check_kind: policy.check.kind,
            check_min_ms: policy.check.min_ms,
            check_max_ms: policy.check.max_ms,
            answer_within_s: policy.check.answer_within_s,
            tries: policy.check.tries,
            seek_ahead: policy.seek_ahead,
            max_rate: policy.max_rate_thousandths as f64 / 1_000.0,
            cap_min: policy.cap_min,
            minutes_per_hour: policy.minutes_per_hour,
        }
    }
}

/// What a check asks. Presence: pick `ask` among `options`. SMS: give the code that was sent. Face: send frames
/// that show the actions.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Prompt {
    /// What to pick.
    pub ask: String,
    /// What to pick from.
    pub options: Vec<String>,
    /// What to do before the camera, in order: `blink`, `open_mouth`, `turn_left`, `turn_right`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub actions: Vec<String>,
    /// Where the frames go; good once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nonce: Option<Uuid>,
}

/// How a check moved.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// Passed.
    Passed,
    /// A try was used; another is left.
    TryAgain,
    /// The round is over; the check comes once more.
    RepeatLater,
    /// Missed: the pending time is void.
    Missed,
    /// A face did not match: the pending time waits for a person.
    Frozen,
    /// Put off; it comes again.
    Postponed,
}

/// Time that a missed check took away.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct VoidInterval {
    /// The lesson.
    #[schema(value_type = Uuid)]
    pub lesson: LessonId,
    /// Media position from.
    pub media_from: i64,
    /// Media position to.
    pub media_to: i64,
    /// Server time from.
    pub server_from: UnixMs,
    /// Server time to.
    pub server_to: UnixMs,
    /// What it was worth.
    pub ms: i64,
}

/// From the server.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum ServerMessage {
    /// The lesson is open, or open again after `resume`.
    Opened {
        /// The connection, for the help desk.
        session: Uuid,
        /// The clock.
        #[schema(value_type = Uuid)]
        clock_id: ClockId,
        /// The learner's epoch.
        epoch: u64,
        /// The last heartbeat of the clock that is stored.
        last_seq: u64,
        /// Server time.
        server_time: UnixMs,
        /// Where the learner was last.
        position_ms: i64,
        /// The furthest point.
        furthest_ms: i64,
        /// Verified time of the lesson.
        verified_ms: i64,
        /// Pending time of the lesson.
        pending_ms: i64,
        /// The rules of the session.
        policy: SessionPolicy,
    },
    /// The lesson does not open, or the clock does not resume.
    Refused {
        /// The clock.
        #[schema(value_type = Uuid)]
        clock_id: ClockId,
        /// A stable code.
        code: String,
        /// Words for the learner.
        title: String,
    },
    /// A promise: everything up to `seq` is durable.
    Ack {
        /// The clock.
        #[schema(value_type = Uuid)]
        clock_id: ClockId,
        /// The highest number with everything up to it stored; null for an unknown clock.
        seq: Option<u64>,
        /// Verified time of the clock's lesson.
        verified_ms: i64,
        /// Pending time of the clock's lesson.
        pending_ms: i64,
        /// What the learner has earned today, everywhere.
        today_ms: i64,
    },
    /// The position is too far ahead.
    GoBack {
        /// The clock.
        #[schema(value_type = Uuid)]
        clock_id: ClockId,
        /// The heartbeat that was too far ahead.
        seq: u64,
        /// Where to go on.
        position_ms: i64,
        /// Why: `not_watched_yet`.
        reason: String,
    },
    /// A random check (随机抽查): pause and answer.
    Challenge {
        /// Its identity.
        #[schema(value_type = Uuid)]
        id: ChallengeId,
        /// How presence is proved.
        #[schema(value_type = String)]
        kind: CheckKind,
        /// Asked because the class or course is watched to its end.
        closing: bool,
        /// 1 or 2.
        round: u32,
        /// The try within the round, from 1.
        attempt: u32,
        /// Tries within a round.
        tries: u32,
        /// What to do.
        prompt: Prompt,
        /// What will be verified.
        pending_ms: i64,
        /// How long the answer may take.
        answer_within_ms: i64,
    },
    /// A check moved.
    Verdict {
        /// The check.
        #[schema(value_type = Uuid)]
        id: ChallengeId,
        /// How.
        result: Verdict,
        /// Verified time of the current lesson.
        verified_ms: i64,
        /// Pending time of the current lesson.
        pending_ms: i64,
        /// When the check comes once more.
        #[serde(skip_serializing_if = "Option::is_none")]
        next_in_ms: Option<i64>,
        /// The next try within the round.
        #[serde(skip_serializing_if = "Option::is_none")]
        attempt: Option<u32>,
        /// What to do at the next try.
        #[serde(skip_serializing_if = "Option::is_none")]
        prompt: Option<Prompt>,
    },
    /// Time became void.
    Void {
        /// Why: `check_missed`, or `reviewed` where a person decided.
        reason: String,
        /// What.
        intervals: Vec<VoidInterval>,
    },
    /// The day is full: more does not count today.
    DayFull {
        /// The cap in minutes.
        cap_min: i64,
    },
    /// A newer session took over; the socket closes.
    TakenOver {
        /// What kind of device took over.
        device: Device,
        /// When.
        at: UnixMs,
    },
    /// The session is over; the socket closes.
    End {
        /// Why: `logged_out`, `class_ended`, `protocol`.
        reason: String,
    },
    /// The server restarts or lost its hold; connect again.
    Restarting {
        /// After how long.
        retry_after_ms: i64,
    },
}

/// Messages by POST.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Posted {
    /// In order.
    pub messages: Vec<ClientMessage>,
}

/// What came of them, and what waited.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct PostAnswer {
    /// In order.
    pub messages: Vec<ServerMessage>,
}

/// The scope that an `open` asks for.
pub fn credit_scope(class: Option<ClassId>) -> CreditScope {
    class.map_or(CreditScope::Platform, CreditScope::Class)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_with_a_field_that_is_not_of_it_is_refused() {
        let text = r#"{"type":"close","clock_id":"00000000-0000-0000-0000-000000000001","x":1}"#;
        assert!(serde_json::from_str::<ClientMessage>(text).is_err());
        let text = r#"{"type":"close","clock_id":"00000000-0000-0000-0000-000000000001"}"#;
        assert!(serde_json::from_str::<ClientMessage>(text).is_ok());
    }

    #[test]
    fn an_acknowledgement_has_the_form_of_the_protocol() {
        let ack = ServerMessage::Ack {
            clock_id: ClockId(Uuid::nil()),
            seq: Some(7),
            verified_ms: 1,
            pending_ms: 2,
            today_ms: 3,
        };
        assert_eq!(
            serde_json::to_string(&ack).unwrap(),
            r#"{"type":"ack","clock_id":"00000000-0000-0000-0000-000000000000","seq":7,"verified_ms":1,"pending_ms":2,"today_ms":3}"#
        );
    }
}
