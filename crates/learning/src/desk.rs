//! All live sessions of this node.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::task::JoinHandle;
use tracing::{error, warn};
use zhipei_actions::Keys;
use zhipei_actions::credit::{Decided, LearnerWrite};
use zhipei_api_types::learning::{ClientMessage, ServerMessage};
use zhipei_credit::LearnerHours;
use zhipei_domain::{CreditScope, FaceCheckId, LearnerId, LessonId, LoginSessionId, UnixMs};
use zhipei_storage::learning_intervals::Loaded;
use zhipei_storage::learning_states::StateWrite;
use zhipei_storage::{Clock, Db, Error, Result, learning_intervals, learning_states};

use crate::chance::Dice;
use crate::driver::{CloseCode, Outgoing};
use crate::opening::Curricula;
use crate::outbox::Outbox;
use crate::posted::Mailboxes;
use crate::session::{
    ConnectionId, FaceAnswer, FaceQuestion, FaceRefusal, Input, SILENCE_MS, Send, Session,
};
use crate::writer::{Job, Jobs, Writer};

/// A learner may have so many connections to this node.
const MAX_CONNECTIONS: usize = 8;
/// How often timers are looked at.
const TICK: Duration = Duration::from_millis(250);
/// How often this node's clock is compared with the database's.
const DRIFT_EVERY_TICKS: u32 = 40;
/// A session without a connection and without a timer leaves the memory at the next look.
const SWEEP_EVERY_TICKS: u32 = 240;
/// What comes from no connection.
const OUTSIDE: ConnectionId = ConnectionId(0);

/// Who a connection belongs to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Caller {
    /// The learner.
    pub learner: LearnerId,
    /// The login it came with; the connection ends with it.
    pub login: LoginSessionId,
    /// The address it came from.
    pub ip: Option<String>,
}

/// What a desk is made from.
#[derive(Debug)]
pub struct DeskConfig {
    /// The database.
    pub db: Db,
    /// Server time.
    pub clock: Clock,
    /// Authenticate ledger entries, and seal what is personal.
    pub keys: Keys,
    /// What checks can be made with here.
    pub checks: Checks,
    /// Randomness.
    pub dice: Dice,
}

/// What checks can be made with on this installation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Checks {
    /// Faces can be compared.
    pub faces: bool,
    /// SMS are sent.
    pub sms: bool,
}

/// All live sessions of this node.
#[derive(Clone, Debug)]
pub struct Desk(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    db: Db,
    clock: Clock,
    checks: Checks,
    dice: Mutex<Dice>,
    seats: Mutex<HashMap<LearnerId, Arc<Seat>>>,
    curricula: Curricula,
    jobs: Arc<Jobs>,
    next_connection: AtomicU64,
    connections: Mutex<HashMap<LearnerId, BTreeMap<ConnectionId, Link>>>,
    drift_ms: AtomicI64,
    is_closing: AtomicBool,
    mailboxes: Mailboxes,
    tasks: Mutex<Vec<JoinHandle<()>>>,
}

/// One learner's place: the session, once it is loaded, and its connections.
#[derive(Debug)]
pub(crate) struct Seat {
    learner: LearnerId,
    loading: tokio::sync::Mutex<()>,
    live: Mutex<Option<Live>>,
}

/// Which login a connection came with, and the way to it.
type Link = (LoginSessionId, Outbox);

#[derive(Debug)]
struct Live {
    /// Says to the writer whether steps of this session may still be stored.
    standing: Arc<AtomicBool>,
    session: Session,
    version: i64,
    links: HashMap<ConnectionId, Link>,
}

impl Seat {
    fn is_live(&self) -> bool {
        lock(&self.live).is_some()
    }

    /// Drops the session that `standing` belongs to: what is stored counts. Its connections are told
    /// to come again, and no step of it is stored any more.
    pub(crate) fn evict(&self, standing: &Arc<AtomicBool>) -> bool {
        standing.store(false, Ordering::SeqCst);
        let is_it = |live: &mut Live| Arc::ptr_eq(&live.standing, standing);
        let Some(live) = lock(&self.live).take_if(is_it) else {
            return false;
        };
        live.dismiss();
        true
    }
}

impl Live {
    /// Tells the connections to come again.
    fn dismiss(self) {
        for (_, link) in self.links.into_values() {
            link.restart(500);
        }
    }
}

impl Desk {
    /// Starts the writer and the timers.
    pub fn start(config: DeskConfig) -> Self {
        let jobs = Arc::new(Jobs::default());
        let writer = Writer {
            db: config.db.clone(),
            clock: config.clock.clone(),
            keys: config.keys,
        };
        let desk = Self(Arc::new(Inner {
            db: config.db,
            clock: config.clock,
            checks: config.checks,
            dice: Mutex::new(config.dice),
            seats: Mutex::default(),
            curricula: Curricula::default(),
            jobs: jobs.clone(),
            next_connection: AtomicU64::new(1),
            connections: Mutex::default(),
            drift_ms: AtomicI64::new(0),
            is_closing: AtomicBool::new(false),
            mailboxes: Mailboxes::default(),
            tasks: Mutex::default(),
        }));
        let writer = tokio::spawn(writer.run(jobs));
        let timers = tokio::spawn(desk.clone().run_timers());
        lock(&desk.0.tasks).extend([writer, timers]);
        desk
    }

    /// Tells every connection to come again, commits what is under way, and stops.
    pub async fn stop(&self) {
        self.0.is_closing.store(true, Ordering::Relaxed);
        for seat in self.seats() {
            // Steps that the writer has already are stored all the same.
            if let Some(live) = lock(&seat.live).take() {
                live.dismiss();
            }
        }
        self.0.jobs.close();
        let tasks = std::mem::take(&mut *lock(&self.0.tasks));
        for task in tasks {
            if let Err(error) = task.await {
                error!(%error, "a task of the learning desk ended badly");
            }
        }
    }

    /// Server time.
    pub fn now(&self) -> UnixMs {
        self.0.clock.now()
    }

    /// The lesson that the learner has open on a live connection, of this node or another.
    pub async fn live_lesson(&self, learner: LearnerId) -> Result<Option<LessonId>> {
        let seat = lock(&self.0.seats).get(&learner).cloned();
        let here = seat.and_then(|seat| lock(&seat.live).as_ref()?.session.live_lesson());
        if here.is_some() {
            return Ok(here);
        }
        let Some(state) = learning_states::get(self.0.db.read(), learner).await? else {
            return Ok(None);
        };
        if self.now() - state.updated_at > SILENCE_MS {
            return Ok(None);
        }
        let (stored, _) = learning_intervals::load(self.0.db.read(), learner).await?;
        Ok(stored.and_then(|stored| stored.hours.live_lesson()))
    }

    /// When the learner last played a lesson on this node. An open page that plays nothing is idle.
    pub fn played_at(&self, learner: LearnerId) -> Option<UnixMs> {
        let seat = lock(&self.0.seats).get(&learner).cloned()?;
        let live = lock(&seat.live);
        live.as_ref()?.session.played_at()
    }

    /// Ends all connections of the logins that are `over`, whether they said anything yet or not.
    pub fn log_out(&self, learner: LearnerId, over: impl Fn(LoginSessionId) -> bool) {
        let connections = lock(&self.0.connections);
        for (of, link) in connections
            .get(&learner)
            .iter()
            .flat_map(|mine| mine.values())
        {
            if over(*of) {
                let end = ServerMessage::End {
                    reason: "logged_out".to_owned(),
                };
                link.send(Outgoing::message(&end));
                link.send(Outgoing::Close(CloseCode::LoggedOut));
            }
        }
    }

    /// A connection is there. With too many of one learner the oldest is closed.
    pub(crate) fn enter(&self, caller: &Caller, link: &Outbox) -> ConnectionId {
        let id = ConnectionId(self.0.next_connection.fetch_add(1, Ordering::Relaxed));
        let mut connections = lock(&self.0.connections);
        let mine = connections.entry(caller.learner).or_default();
        mine.insert(id, (caller.login, link.clone()));
        if mine.len() > MAX_CONNECTIONS
            && let Some((_, (_, oldest))) = mine.pop_first()
        {
            oldest.send(Outgoing::Close(CloseCode::Over));
        }
        id
    }

    pub(crate) fn db(&self) -> &Db {
        &self.0.db
    }

    pub(crate) fn curricula(&self) -> &Curricula {
        &self.0.curricula
    }

    /// How far this node's clock is from the database's.
    pub(crate) fn drift_ms(&self) -> i64 {
        self.0.drift_ms.load(Ordering::Relaxed)
    }

    pub(crate) fn checks(&self) -> Checks {
        self.0.checks
    }

    pub(crate) fn mailboxes(&self) -> &Mailboxes {
        &self.0.mailboxes
    }

    /// Takes a message of a client: steps the session and hands what came of it to the writer.
    /// The connection remembers its `seat`, which spares it the way through the map of all seats.
    /// `link` is told when all of it is committed, or refused.
    pub(crate) async fn take(
        &self,
        caller: &Caller,
        from: ConnectionId,
        link: &Outbox,
        seat: &mut Option<Arc<Seat>>,
        message: ClientMessage,
    ) -> Result<()> {
        if self.0.is_closing.load(Ordering::Relaxed) {
            link.send(Outgoing::message(&ServerMessage::Restarting {
                retry_after_ms: 1_000,
            }));
            return Ok(());
        }
        let input = match message {
            ClientMessage::Open { .. } => match self.look_up(caller, &message).await? {
                Ok(request) => Input::Open(Box::new(request)),
                Err(refused) => {
                    link.send(Outgoing::message(&refused));
                    return Ok(());
                }
            },
            ClientMessage::OtherWay { id } => {
                Input::OtherWay(id, self.reach(caller.learner).await?.other_way())
            }
            message => Input::Message(message),
        };
        if seat.as_ref().is_none_or(|seat| !seat.is_live()) {
            *seat = Some(self.seat(caller.learner).await?);
        }
        let is_taken = seat
            .as_ref()
            .is_some_and(|seat| self.step(seat, from, Some((caller.login, link)), input));
        if !is_taken {
            // Dropped in this very moment; the client sends again what was not acknowledged.
            *seat = None;
            link.restart(500);
        }
        Ok(())
    }

    /// Frames have come for a face question of the learner: it is used up by them.
    pub fn take_face(
        &self,
        learner: LearnerId,
        id: FaceCheckId,
    ) -> Result<FaceQuestion, FaceRefusal> {
        let seat = lock(&self.0.seats).get(&learner).cloned();
        let seat = seat.ok_or(FaceRefusal::NotAsked)?;
        let now = self.now();
        let mut live = lock(&seat.live);
        let live = live.as_mut().ok_or(FaceRefusal::NotAsked)?;
        live.session.take_face(now, id)
    }

    /// Tells the session what became of the frames; returns when it is committed.
    pub async fn answer_face(
        &self,
        learner: LearnerId,
        id: FaceCheckId,
        answer: FaceAnswer,
    ) -> Result<()> {
        self.put(learner, Input::Face(id, answer)).await.map(drop)
    }

    /// Settles frozen time by a person's word; returns when it is committed. [`Error::NotFound`] where nothing is
    /// frozen under this number, because somebody decided before.
    pub async fn decide(
        &self,
        learner: LearnerId,
        credit_scope: CreditScope,
        group: u32,
        decided: Decided,
    ) -> Result<()> {
        let input = Input::Decide(credit_scope, group, decided);
        let is_decided = self.put(learner, input).await?;
        is_decided.then_some(()).ok_or(Error::NotFound)
    }

    /// Steps the learner's session from outside of any connection. Returns, once that is committed, whether
    /// something came of it; [`Error::Stale`] where it was not stored.
    async fn put(&self, learner: LearnerId, input: Input) -> Result<bool> {
        let outbox = Outbox::new();
        let seat = self.seat(learner).await?;
        let came = {
            let mut guard = lock(&seat.live);
            let live = guard.as_mut().ok_or(Error::Stale)?;
            let mut job = self.advance(live, &seat, OUTSIDE, false, input);
            // Answers go out with the commit alone.
            job.answers.push(Outgoing::Text(String::new()));
            let came = !job.write.records.is_empty();
            outbox.begin();
            job.link = Some(outbox.clone());
            self.push(live, job);
            came
        };
        outbox.committed().await;
        let mut answers = VecDeque::new();
        outbox.drain(&mut answers);
        (!answers.is_empty()).then_some(came).ok_or(Error::Stale)
    }

    /// A connection is gone.
    pub(crate) fn leave(&self, learner: LearnerId, from: ConnectionId) {
        let mut connections = lock(&self.0.connections);
        if let Some(mine) = connections.get_mut(&learner) {
            mine.remove(&from);
            if mine.is_empty() {
                connections.remove(&learner);
            }
        }
        drop(connections);
        let Some(seat) = lock(&self.0.seats).get(&learner).cloned() else {
            return;
        };
        self.step(&seat, from, None, Input::Gone);
        if let Some(live) = lock(&seat.live).as_mut() {
            live.links.remove(&from);
        }
    }

    fn step(
        &self,
        seat: &Arc<Seat>,
        from: ConnectionId,
        link: Option<(LoginSessionId, &Outbox)>,
        input: Input,
    ) -> bool {
        let mut guard = lock(&seat.live);
        let Some(live) = guard.as_mut() else {
            return false;
        };
        let is_tick = matches!(input, Input::Tick);
        if let Some((login, link)) = link {
            live.links
                .entry(from)
                .or_insert_with(|| (login, link.clone()));
        }
        let mut job = self.advance(live, seat, from, link.is_some(), input);
        // A look at the clock that changed nothing is not stored.
        if is_tick && job.is_idle() {
            return true;
        }
        if let Some((_, link)) = link {
            link.begin();
            job.link = Some(link.clone());
        }
        self.push(live, job);
        true
    }

    /// Hands a step to the writer: under the seat's lock, so that versions reach it in their order.
    fn push(&self, live: &mut Live, job: Job) {
        live.version = job.write.state.to_version;
        self.0.jobs.push(job);
    }

    /// One step of a live session, and what is to be stored and told for it.
    fn advance(
        &self,
        live: &mut Live,
        seat: &Arc<Seat>,
        from: ConnectionId,
        is_answered: bool,
        input: Input,
    ) -> Job {
        let step = live.session.step(self.now(), from, input);
        let (mut answers, mut others) = (Vec::new(), Vec::new());
        for (to, what) in step.sends {
            if to == from && is_answered {
                outgoing(what, |message| answers.push(message));
            } else if let Some((_, link)) = live.links.get(&to) {
                outgoing(what, |message| others.push((link.clone(), message)));
            }
        }
        let state = StateWrite {
            learner: seat.learner,
            from_version: live.version,
            to_version: live.version + 1,
            epoch: step.snapshot.epoch,
            hot: step.snapshot.hot,
            cold: step.snapshot.cold,
        };
        Job {
            seat: seat.clone(),
            standing: live.standing.clone(),
            write: LearnerWrite {
                state,
                records: step.records,
            },
            link: None,
            answers,
            others,
        }
    }

    /// The learner's seat with its session loaded.
    async fn seat(&self, learner: LearnerId) -> Result<Arc<Seat>> {
        let seat = lock(&self.0.seats)
            .entry(learner)
            .or_insert_with(|| {
                Arc::new(Seat {
                    learner,
                    loading: tokio::sync::Mutex::default(),
                    live: Mutex::default(),
                })
            })
            .clone();
        if lock(&seat.live).is_some() {
            return Ok(seat);
        }
        let loading = seat.loading.lock().await;
        if lock(&seat.live).is_none() {
            let live = self.load(learner).await?;
            *lock(&seat.live) = Some(live);
        }
        drop(loading);
        Ok(seat)
    }

    async fn load(&self, learner: LearnerId) -> Result<Live> {
        let db = &self.0.db;
        let (stored, _) = learning_intervals::load(db.read(), learner).await?;
        let Loaded {
            hours,
            version,
            updated_at,
        } = if let Some(stored) = stored {
            stored
        } else {
            let first = LearnerHours::default().first_snapshot();
            let cold = first.cold.unwrap_or_default();
            let now = self.now();
            db.write(async |txn| learning_states::create(txn, learner, first.hot, cold, now).await)
                .await?;
            let (created, _) = learning_intervals::load(db.read(), learner).await?;
            created.ok_or(Error::NotFound)?
        };
        let dice = lock(&self.0.dice).split();
        let now = self.now().max(updated_at);
        let mut session = Session::new(hours, dice, now);
        for credit_scope in session.credit_scopes().collect::<Vec<_>>() {
            session.set_curriculum(credit_scope, self.curriculum(credit_scope).await?);
        }
        Ok(Live {
            standing: Arc::new(AtomicBool::new(true)),
            session,
            version,
            links: HashMap::new(),
        })
    }

    fn seats(&self) -> Vec<Arc<Seat>> {
        lock(&self.0.seats).values().cloned().collect()
    }

    async fn run_timers(self) {
        let mut ticks = 0_u32;
        while !self.0.is_closing.load(Ordering::Relaxed) {
            tokio::time::sleep(TICK).await;
            let now = self.now();
            for seat in self.seats() {
                let due = lock(&seat.live)
                    .as_ref()
                    .and_then(|live| live.session.wake_at());
                if due.is_some_and(|at| at < now) {
                    self.step(&seat, OUTSIDE, None, Input::Tick);
                }
            }
            if ticks.is_multiple_of(DRIFT_EVERY_TICKS) {
                // On its own: a database that is slow to answer must not stop the timers.
                let desk = self.clone();
                tokio::spawn(async move { desk.measure_drift().await });
            }
            if ticks.is_multiple_of(SWEEP_EVERY_TICKS) {
                self.sweep(now);
            }
            ticks = ticks.wrapping_add(1);
        }
    }

    /// Compares this node's clock with the database's; also done every ten seconds.
    pub async fn measure_drift(&self) {
        match self.0.clock.drift(&self.0.db).await {
            Ok(drift_ms) => {
                let before = self.0.drift_ms.swap(drift_ms, Ordering::Relaxed);
                if drift_ms.abs() >= 2_000 && before.abs() < 2_000 {
                    warn!(
                        drift_ms,
                        "this node's clock is off the database's by {drift_ms} ms; it opens no sessions"
                    );
                }
            }
            Err(error) => warn!(%error, "the database does not tell the time"),
        }
    }

    /// Sessions that wait for nothing leave the memory; they are stored.
    fn sweep(&self, now: UnixMs) {
        for (learner, connection) in self.0.mailboxes.sweep(now) {
            self.leave(learner, connection);
        }
        let mut seats = lock(&self.0.seats);
        seats.retain(|_, seat| {
            let mut live = lock(&seat.live);
            let is_idle = live
                .as_ref()
                .is_none_or(|live| live.links.is_empty() && live.session.wake_at().is_none());
            // Who holds the seat may be about to use it, or has a step at the writer.
            let is_kept = !is_idle || Arc::strong_count(seat) > 1;
            if !is_kept {
                live.take();
            }
            is_kept
        });
    }
}

/// What a connection is sent for something to tell it.
fn outgoing(what: Send, mut send: impl FnMut(Outgoing)) {
    match what {
        Send::Message(message) => send(Outgoing::message(&message)),
        Send::TakenOver(device, at) => {
            send(Outgoing::message(&ServerMessage::TakenOver { device, at }));
            send(Outgoing::Close(CloseCode::TakenOver));
        }
        Send::Lost => {
            let again = ServerMessage::Restarting { retry_after_ms: 0 };
            send(Outgoing::message(&again));
            send(Outgoing::Close(CloseCode::Restart));
        }
        Send::End(reason) => {
            let reason = reason.to_owned();
            send(Outgoing::message(&ServerMessage::End { reason }));
            send(Outgoing::Close(CloseCode::Over));
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
