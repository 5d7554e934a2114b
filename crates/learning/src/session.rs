//! What the live session of one learner does next. No socket, no database, no clock.

mod checks;

use std::collections::BTreeMap;
use std::sync::Arc;

use uuid::Uuid;
use zhipei_actions::credit::{Decided, Record};
use zhipei_api_types::learning::{
    ClientMessage, Device, Heartbeat, ServerMessage, SessionPolicy, State, Verdict, VoidInterval,
};
use zhipei_credit::{
    Decision, Happening, LearnerHours, LessonSpec, Open, Refusal, Settlement, Snapshot,
};
use zhipei_domain::{
    ChallengeId, CheckKind, ClockId, CreditScope, FaceCheckId, LessonId, LocalDay, Policy,
    TimeState, UnixMs,
};
use zhipei_ledger::{DecisionKind, SessionBody};

use self::checks::Question;
pub use self::checks::{FaceAnswer, FaceQuestion, FaceRefusal};
use crate::chance::Dice;
use crate::message;

/// A client that says nothing for so long has lost its connection (three heartbeats and some).
pub(crate) const SILENCE_MS: i64 = 35_000;

/// A check waits for the learner to play, so that nobody is asked who paused and went. With so much
/// earned since it fell due it waits no longer: more than a lost network can bring at once (C7).
const OVERDUE_MS: i64 = 600_000;

/// One connection of a client to this node.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ConnectionId(pub u64);

/// A lesson that may be opened: what the doors found out about it.
#[derive(Clone, Debug)]
pub struct OpenRequest {
    /// The client's fresh clock.
    pub clock: ClockId,
    /// The device, as the client names it.
    pub device_id: String,
    /// What kind of device it is.
    pub device: Device,
    /// The class, or the platform.
    pub credit_scope: CreditScope,
    /// The lesson.
    pub lesson: LessonSpec,
    /// The client's monotonic time.
    pub client_ms: i64,
    /// The scope's newest policy.
    pub policy: Policy,
    /// All lessons of the scope.
    pub curriculum: Arc<[LessonSpec]>,
    /// When the class's window ends.
    pub ends_at: Option<UnixMs>,
    /// Credit that finishes the class, in milliseconds; 0 = only watching all of it does.
    pub required_ms: i64,
    /// How far this node's clock is from the database's.
    pub drift_ms: i64,
    /// The address that the client comes from.
    pub ip: Option<String>,
}

/// Something that happens to a session.
#[derive(Clone, Debug)]
pub enum Input {
    /// A lesson is opened.
    Open(Box<OpenRequest>),
    /// Any other message of the client.
    Message(ClientMessage),
    /// The learner answers the check on screen another way than by face.
    OtherWay(ChallengeId, CheckKind),
    /// Frames that came for a face question were looked at, or nobody could.
    Face(FaceCheckId, FaceAnswer),
    /// A person decided on the frozen time of this number in a scope.
    Decide(CreditScope, u32, Decided),
    /// The connection is gone.
    Gone,
    /// Time has passed.
    Tick,
}

/// Something to tell a connection once the step is committed.
#[derive(Clone, Debug, PartialEq)]
pub enum Send {
    /// A message.
    Message(ServerMessage),
    /// A newer session took over: say so and close.
    TakenOver(Device, UnixMs),
    /// The client broke the protocol, or the session is over: say so and close.
    End(&'static str),
    /// The connection seems dead: close it, so that a client that lives comes again.
    Lost,
}

/// What a step did.
#[derive(Debug)]
pub struct Step {
    /// The engine's state, to be stored.
    pub snapshot: Snapshot,
    /// What becomes rows and ledger entries, in order.
    pub records: Vec<Record>,
    /// What to tell whom, once all of that is committed.
    pub sends: Vec<(ConnectionId, Send)>,
}

/// The connection of the current clock.
#[derive(Debug)]
struct Holder {
    connection: ConnectionId,
    clock: ClockId,
    heard_at: UnixMs,
    /// Has anything come since the check on screen was sent (C14)?
    heard_since_delivery: bool,
    is_playing: bool,
}

/// The live session of one learner, over all its connections to this node.
#[derive(Debug)]
pub struct Session {
    hours: LearnerHours,
    dice: Dice,
    holder: Option<Holder>,
    /// The kind of device that opened last.
    device: Device,
    /// The latest time that it has seen.
    latest: UnixMs,
    /// When a playing heartbeat came last.
    played_at: Option<UnixMs>,
    questions: BTreeMap<CreditScope, Question>,
    /// What is being decided in this step.
    deciding: Option<Decided>,
    full_day: Option<LocalDay>,
    records: Vec<Record>,
    sends: Vec<(ConnectionId, Send)>,
}

impl Session {
    /// Goes on from what is stored. Whatever was on screen is asked again (C17).
    pub fn new(hours: LearnerHours, dice: Dice, now: UnixMs) -> Self {
        let mut session = Self {
            hours,
            dice,
            holder: None,
            device: Device::Pc,
            latest: now,
            played_at: None,
            questions: BTreeMap::new(),
            deciding: None,
            full_day: None,
            records: Vec::new(),
            sends: Vec::new(),
        };
        session.dice.set_now(now);
        session.hours.restart(now, &mut session.dice);
        session.hours.connection_unknown(now);
        session
    }

    /// The lesson of the live connection.
    pub fn live_lesson(&self) -> Option<LessonId> {
        let holder = self.holder.as_ref()?;
        Some(self.hours.clock_place(holder.clock)?.3)
    }

    /// The next moment at which a [`Input::Tick`] is wanted.
    pub fn wake_at(&self) -> Option<UnixMs> {
        let silent = self
            .holder
            .as_ref()
            .map(|holder| holder.heard_at + SILENCE_MS);
        let ends_at = self.unfinished().and_then(|(_, ends_at, _)| ends_at);
        let ends_at = self.holder.as_ref().and(ends_at);
        [self.hours.wake_at(), silent, ends_at]
            .into_iter()
            .flatten()
            .min()
    }

    /// When a playing heartbeat came last, since this node holds the session.
    pub fn played_at(&self) -> Option<UnixMs> {
        self.played_at
    }

    /// One step. Time never goes back here, even when the learner comes from another node.
    pub fn step(&mut self, now: UnixMs, from: ConnectionId, input: Input) -> Step {
        let now = now.max(self.latest);
        self.latest = now;
        self.dice.set_now(now);
        if let Some(holder) = self
            .holder
            .as_mut()
            .filter(|holder| holder.connection == from)
            && !matches!(input, Input::Gone | Input::Tick)
        {
            holder.heard_at = now;
            holder.heard_since_delivery = true;
        }
        match input {
            Input::Open(request) => self.open(now, from, *request),
            Input::Message(message) => self.message(now, from, message),
            Input::OtherWay(id, kind) => self.other_way(now, id, kind),
            Input::Face(id, answer) => self.face_answered(now, id, answer),
            Input::Decide(credit_scope, group, decided) => {
                self.decide(now, credit_scope, group, decided);
            }
            Input::Gone => self.gone(now, from),
            Input::Tick => self.tick(now),
        }
        self.collect(now);
        self.close_when_over(now);
        self.deliver(now);
        Step {
            snapshot: self.hours.snapshot(),
            records: std::mem::take(&mut self.records),
            sends: std::mem::take(&mut self.sends),
        }
    }

    fn message(&mut self, now: UnixMs, from: ConnectionId, message: ClientMessage) {
        match message {
            ClientMessage::Open { .. } => self.sends.push((from, Send::End("protocol"))),
            ClientMessage::Resume {
                clock_id, epoch, ..
            } => {
                self.resume(now, from, clock_id, epoch);
            }
            ClientMessage::Heartbeats { clock_id, items } => {
                self.heartbeats(now, from, clock_id, &items);
            }
            ClientMessage::ChallengeAnswer { id, answer } => self.answer(now, id, &answer),
            // The desk finds out which other way there is.
            ClientMessage::OtherWay { .. } => {}
            ClientMessage::Close { clock_id } => {
                self.hours.close(now, clock_id, &mut self.dice);
                if self
                    .holder
                    .as_ref()
                    .is_some_and(|holder| holder.clock == clock_id)
                {
                    self.holder = None;
                }
            }
        }
    }

    fn open(&mut self, now: UnixMs, from: ConnectionId, request: OpenRequest) {
        self.hours
            .set_curriculum(request.credit_scope, request.curriculum);
        let open = Open {
            clock: request.clock,
            device: request.device_id.clone(),
            credit_scope: request.credit_scope,
            lesson: request.lesson,
            client_ms: request.client_ms,
            policy: request.policy,
            drift_ms: request.drift_ms,
            ends_at: request.ends_at,
            required_ms: request.required_ms,
        };
        match self.hours.open(now, &open, &mut self.dice) {
            Err(refusal) => self.refuse(from, request.clock, refusal),
            Ok(opened) => {
                self.collect(now);
                self.records.push(Record::Opened(SessionBody {
                    clock_id: request.clock,
                    lesson: request.lesson.lesson,
                    credit_scope: request.credit_scope,
                    device_id: request.device_id,
                    epoch: opened.epoch,
                    policy_version: request.policy.version,
                    ip: request.ip,
                }));
                self.device = request.device;
                self.hold(now, from, request.clock, request.device);
                self.tell_opened(now, from, request.clock);
            }
        }
    }

    /// The connection becomes the learner's one; another is told that it was taken over.
    fn hold(&mut self, now: UnixMs, from: ConnectionId, clock: ClockId, device: Device) {
        let older = self.holder.replace(Holder {
            connection: from,
            clock,
            heard_at: now,
            heard_since_delivery: true,
            is_playing: false,
        });
        if let Some(older) = older.filter(|older| older.connection != from) {
            self.sends
                .push((older.connection, Send::TakenOver(device, now)));
        }
    }

    fn resume(&mut self, now: UnixMs, from: ConnectionId, clock: ClockId, epoch: u64) {
        // The older socket of this very clock is dead, only nobody has noticed yet (C16).
        if let Some(older) = self
            .holder
            .take_if(|holder| holder.clock == clock && holder.connection != from)
        {
            self.hours.disconnect(now, clock, &mut self.dice);
            self.sends.push((older.connection, Send::Lost));
        }
        let refusal = if self.hours.clock_epoch(clock) == Some(epoch) {
            self.hours.reconnect(now, clock, &mut self.dice).err()
        } else {
            Some(Refusal::ClockEnded)
        };
        if let Some(refusal) = refusal {
            if self.is_taken_over(clock) {
                self.sends.push((from, Send::TakenOver(self.device, now)));
            } else {
                self.refuse(from, clock, refusal);
            }
            return;
        }
        self.hold(now, from, clock, self.device);
        self.tell_opened(now, from, clock);
    }

    /// Did another device open since, perhaps on another node? Then coming back must not take over.
    fn is_taken_over(&self, clock: ClockId) -> bool {
        let device = |clock| self.hours.clock_place(clock).map(|place| place.0);
        let current = self.hours.current().and_then(device);
        device(clock).is_some_and(|mine| current.is_some_and(|other| other != mine))
    }

    fn refuse(&mut self, to: ConnectionId, clock: ClockId, refusal: Refusal) {
        let message = ServerMessage::Refused {
            clock_id: clock,
            code: refusal.code().to_owned(),
            title: refusal.to_string(),
        };
        self.sends.push((to, Send::Message(message)));
    }

    fn tell_opened(&mut self, now: UnixMs, to: ConnectionId, clock: ClockId) {
        let Some((_, credit_scope, _, lesson)) = self.hours.clock_place(clock) else {
            return;
        };
        let Some(policy) = self.hours.clock_policy(clock) else {
            return;
        };
        let policy = SessionPolicy::from(policy);
        let (furthest_ms, position_ms) = self.hours.progress(credit_scope, lesson);
        let (verified_ms, pending_ms) = self.hours.lesson_ms(credit_scope, lesson);
        let message = ServerMessage::Opened {
            session: Uuid::from_u64_pair(self.hours.epoch(), to.0),
            clock_id: clock,
            epoch: self.hours.epoch(),
            last_seq: self.hours.last_seq(clock).unwrap_or_default(),
            server_time: now,
            position_ms,
            furthest_ms,
            verified_ms,
            pending_ms,
            policy,
        };
        self.sends.push((to, Send::Message(message)));
    }

    fn heartbeats(&mut self, now: UnixMs, from: ConnectionId, clock: ClockId, items: &[Heartbeat]) {
        let place = self
            .hours
            .clock_place(clock)
            .map(|place| (place.1, place.3));
        let before = self.hours.last_seq(clock);
        // The current clock counts on the connection that opened or resumed it alone: that is where
        // its checks go.
        let is_held = |holder: &Holder| holder.connection == from && holder.clock == clock;
        let is_current = self.hours.current() == Some(clock);
        let seq = if is_current && !self.holder.as_ref().is_some_and(is_held) {
            before
        } else {
            let beats: Vec<_> = items.iter().map(message::heartbeat).collect();
            self.hours.heartbeats(now, clock, &beats, &mut self.dice)
        };
        let applied = items
            .iter()
            .filter(|beat| Some(beat.seq) > before && Some(beat.seq) <= seq);
        if let Some(last) = applied.max_by_key(|beat| beat.seq)
            && let Some(holder) = self.holder.as_mut().filter(|holder| is_held(holder))
        {
            holder.is_playing = last.state == State::Playing;
            if holder.is_playing {
                self.played_at = Some(now);
            }
        }
        self.collect(now);
        let (verified_ms, pending_ms) = place.map_or((0, 0), |(credit_scope, lesson)| {
            self.hours.lesson_ms(credit_scope, lesson)
        });
        let ack = ServerMessage::Ack {
            clock_id: clock,
            seq,
            verified_ms,
            pending_ms,
            today_ms: self.hours.day_ms(LocalDay::of(now)),
        };
        self.sends.push((from, Send::Message(ack)));
    }

    fn gone(&mut self, now: UnixMs, from: ConnectionId) {
        if let Some(holder) = self.holder.take_if(|holder| holder.connection == from) {
            self.hours.disconnect(now, holder.clock, &mut self.dice);
        }
    }

    fn tick(&mut self, now: UnixMs) {
        self.end_windows(now);
        self.hours.expire(now, &mut self.dice);
        let silent = self
            .holder
            .take_if(|holder| now >= holder.heard_at + SILENCE_MS);
        if let Some(holder) = silent {
            self.hours.disconnect(now, holder.clock, &mut self.dice);
            self.sends.push((holder.connection, Send::Lost));
        }
    }

    /// The current clock's scope and its limits, while more can be earned there.
    fn unfinished(&self) -> Option<(CreditScope, Option<UnixMs>, i64)> {
        let clock = self.hours.current()?;
        let credit_scope = self.hours.clock_place(clock)?.1;
        let (ends_at, required_ms) = self.hours.clock_limits(clock)?;
        let is_open = !self.hours.is_finished(credit_scope);
        is_open.then_some((credit_scope, ends_at, required_ms))
    }

    /// Hours reached or window ended: the class is finished, which asks the closing check (rule 8).
    fn close_when_over(&mut self, now: UnixMs) {
        let Some((credit_scope, ends_at, required_ms)) = self.unfinished() else {
            return;
        };
        let is_over = ends_at.is_some_and(|end| now >= end);
        let is_reached = required_ms > 0 && self.hours.scope_ms(credit_scope) >= required_ms;
        if is_over || is_reached {
            self.hours.finish(now, credit_scope, &mut self.dice);
            self.collect(now);
        }
    }

    /// Turns what the rules caused into records and messages.
    fn collect(&mut self, now: UnixMs) {
        for happening in self.hours.take_happenings() {
            match happening {
                Happening::Flushed { intervals, trail } => self.record_earned(intervals, trail),
                Happening::Settled(settlement) => self.record_settled(settlement),
                Happening::GoBack { seq, position_ms } => self.tell(|clock_id| {
                    let reason = "not_watched_yet".to_owned();
                    ServerMessage::GoBack {
                        clock_id,
                        seq,
                        position_ms,
                        reason,
                    }
                }),
                Happening::OverCap => self.tell_day_full(now),
                Happening::Challenge {
                    credit_scope,
                    outcome,
                } => {
                    self.tell_outcome(now, credit_scope, outcome);
                }
            }
        }
    }

    fn record_earned(&mut self, intervals: Vec<zhipei_credit::Earned>, trail: Vec<u8>) {
        let clock = intervals.first().map(|earned| earned.clock);
        let device = clock.and_then(|clock| self.hours.clock_place(clock));
        let device_id = device.map_or_else(String::new, |place| place.0.to_owned());
        let epoch = clock
            .and_then(|clock| self.hours.clock_epoch(clock))
            .unwrap_or_default();
        self.records.push(Record::Earned {
            intervals,
            device_id,
            epoch,
            trail,
        });
    }

    fn record_settled(&mut self, settlement: Settlement) {
        let Some(challenge) = settlement.challenge else {
            self.record_decided(settlement);
            return;
        };
        self.questions.remove(&settlement.credit_scope);
        let result = match settlement.to {
            TimeState::Verified => Verdict::Passed,
            TimeState::Frozen => Verdict::Frozen,
            _ => Verdict::Missed,
        };
        self.tell_verdict(challenge.id, result, None, None, None);
        self.tell_void(&settlement, "check_missed");
        if settlement.to == TimeState::Void && !self.is_window_over(settlement.at) {
            self.hours.reopen(settlement.credit_scope);
        }
        self.records.push(Record::Settled(settlement));
    }

    fn record_decided(&mut self, settlement: Settlement) {
        let Some(decided) = self.deciding.take() else {
            return;
        };
        self.tell_void(&settlement, "reviewed");
        self.records.push(Record::Decided(settlement, decided));
    }

    fn tell_void(&mut self, settlement: &Settlement, reason: &str) {
        if settlement.to != TimeState::Void || settlement.intervals.is_empty() {
            return;
        }
        let gone = settlement.intervals.iter().map(|earned| VoidInterval {
            lesson: earned.lesson,
            media_from: earned.media.0,
            media_to: earned.media.1,
            server_from: earned.server.0,
            server_to: earned.server.1,
            ms: earned.ms,
        });
        let (reason, intervals) = (reason.to_owned(), gone.collect());
        self.tell(|_| ServerMessage::Void { reason, intervals });
    }

    /// A person's word on frozen time; the first one stands (C23).
    fn decide(&mut self, now: UnixMs, credit_scope: CreditScope, group: u32, decided: Decided) {
        let decision = match decided.decision {
            DecisionKind::Restore => Decision::Restore,
            DecisionKind::Void => Decision::Void,
        };
        self.deciding = Some(decided);
        self.hours
            .decide(now, credit_scope, group, decision, &mut self.dice);
        self.collect(now);
        self.deciding = None;
    }

    fn is_window_over(&self, at: UnixMs) -> bool {
        let clock = self.hours.current();
        let limits = clock.and_then(|clock| self.hours.clock_limits(clock));
        limits
            .and_then(|limits| limits.0)
            .is_some_and(|end| at >= end)
    }

    /// Once a day.
    fn tell_day_full(&mut self, now: UnixMs) {
        let today = LocalDay::of(now);
        if self.full_day == Some(today) {
            return;
        }
        self.full_day = Some(today);
        let policy = self
            .hours
            .current()
            .and_then(|clock| self.hours.clock_policy(clock));
        let cap_min = policy.map_or(0, |policy| policy.cap_min);
        self.tell(|_| ServerMessage::DayFull { cap_min });
    }

    fn tell(&mut self, message: impl FnOnce(ClockId) -> ServerMessage) {
        if let Some(holder) = &self.holder {
            let message = message(holder.clock);
            self.sends.push((holder.connection, Send::Message(message)));
        }
    }

    /// The scopes whose lessons the session must be told with [`Session::set_curriculum`].
    pub fn credit_scopes(&self) -> impl Iterator<Item = CreditScope> {
        self.hours.credit_scopes().into_iter()
    }

    /// All lessons of a scope.
    pub fn set_curriculum(&mut self, credit_scope: CreditScope, lessons: Arc<[LessonSpec]>) {
        self.hours.set_curriculum(credit_scope, lessons);
    }
}
