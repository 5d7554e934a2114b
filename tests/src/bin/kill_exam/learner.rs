//! One simulated learner: plays, pauses, seeks, answers or does not, changes lessons, loses its
//! connection, comes back and sends again what was not acknowledged.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use futures_util::{SinkExt as _, StreamExt as _};
use rand::rngs::StdRng;
use rand::seq::IndexedRandom as _;
use rand::{Rng as _, SeedableRng as _};
use tokio::net::TcpStream;
use tokio::sync::{mpsc, watch};
use tokio::time::{Instant, sleep_until, timeout};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
use zhipei_api_types::learning::{
    ClientMessage, Device, Heartbeat, MAX_HEARTBEATS, PROTOCOL, Prompt, ServerMessage, State,
    Verdict,
};
use zhipei_credit::LessonSpec;
use zhipei_domain::{ChallengeId, ClassId, ClockId, LessonId};

use crate::book::{Book, ClockBook, Stored};
use crate::line::{Line, Network};
use crate::player::Player;
use crate::stage::Stage;

/// Between two heartbeats.
const BEAT_MS: std::ops::RangeInclusive<u64> = 100..=300;
/// A learner sees a check, thinks, and picks.
const THINKING_MS: std::ops::RangeInclusive<u64> = 200..=2_000;
/// Between two tries to connect.
const AGAIN_MS: std::ops::RangeInclusive<u64> = 50..=200;
const CONNECTS_WITHIN: Duration = Duration::from_secs(10);
/// Every so many learners one seldom answers rightly.
const CARELESS: usize = 4;

/// What all learners share.
#[derive(Clone, Debug)]
pub(crate) struct World {
    pub(crate) address: SocketAddr,
    pub(crate) network: Network,
    /// True once no new heartbeats are wanted, only the rest of the acknowledgements.
    pub(crate) is_over: watch::Receiver<bool>,
    /// What must not be, in words.
    pub(crate) violations: mpsc::UnboundedSender<String>,
}

#[derive(Debug)]
pub(crate) struct Learner {
    index: usize,
    cookie: String,
    class: ClassId,
    lessons: Arc<[LessonSpec]>,
    world: World,
    book: Arc<Mutex<Book>>,
    rng: StdRng,
    /// Zero of the learner's monotonic time.
    zero: Instant,
    /// The open clock's place in the book, and its player.
    open: Option<(usize, Player)>,
    link: Option<Link>,
    connect_at: Instant,
    beat_at: Instant,
    /// Heartbeats are kept back for so many more.
    held: u32,
    challenge: Option<ChallengeId>,
    answer: Option<(Instant, ChallengeId, String)>,
}

/// A live connection.
#[derive(Debug)]
struct Link {
    socket: WebSocketStream<Line>,
    /// The clock that was asked for and is not confirmed yet.
    opening: Option<usize>,
    /// The last heartbeat of each clock that went over this connection, or need not.
    sent: BTreeMap<usize, u64>,
    /// Heartbeats that are stored were sent once more; the answers are still to come.
    repeats: Vec<Repeat>,
    /// What the database held before this connection.
    stored: Option<Stored>,
}

/// Stored heartbeats, sent again: the answer must be as if they had not been.
#[derive(Debug)]
struct Repeat {
    clock: usize,
    count: u64,
    last_seq: u64,
    /// Verified and pending time of the lesson, unless time became void meanwhile.
    lesson_ms: Option<i64>,
}

/// What the server said when a lesson was opened, or opened again.
#[derive(Debug)]
struct Opened {
    clock_id: ClockId,
    epoch: u64,
    last_seq: u64,
    position_ms: i64,
    /// Verified and pending time of the lesson.
    lesson_ms: i64,
}

/// The connection is lost, or is to be.
struct Lost;

impl Learner {
    pub(crate) fn new(
        index: usize,
        seed: u64,
        stage: &Stage,
        world: World,
        book: Arc<Mutex<Book>>,
    ) -> Self {
        let now = Instant::now();
        let mut rng = StdRng::seed_from_u64(seed);
        rng = StdRng::seed_from_u64(rng.random::<u64>().wrapping_add(index as u64));
        Self {
            index,
            cookie: stage.accounts[index].cookie.clone(),
            class: stage.class,
            lessons: stage.lessons.clone(),
            world,
            book,
            rng,
            zero: now,
            open: None,
            link: None,
            connect_at: now,
            beat_at: now,
            held: 0,
            challenge: None,
            answer: None,
        }
    }

    /// Learns until it is over and everything is acknowledged.
    pub(crate) async fn learn(mut self) {
        loop {
            let is_over = *self.world.is_over.borrow();
            let is_confirmed = self
                .link
                .as_ref()
                .is_some_and(|link| link.opening.is_none());
            if is_over && is_confirmed && self.book().is_settled() {
                return;
            }
            if self.step(is_over).await.is_err() {
                self.lose();
            }
        }
    }

    async fn step(&mut self, is_over: bool) -> Result<(), Lost> {
        let answer_at = self.answer.as_ref().map(|(at, ..)| *at);
        let Some(link) = self.link.as_mut() else {
            tokio::select! {
                () = sleep_until(self.beat_at), if !is_over => return self.tick().await,
                () = sleep_until(self.connect_at) => return self.connect().await,
            }
        };
        tokio::select! {
            message = link.socket.next() => match message {
                Some(Ok(Message::Text(text))) => {
                    let message = serde_json::from_str(&text);
                    match message {
                        Ok(message) => self.hear(message).await,
                        Err(error) => {
                            self.violation(&format!("not of the protocol: {error}: {text}"));
                            Err(Lost)
                        }
                    }
                }
                Some(Ok(Message::Close(_)) | Err(_)) | None => Err(Lost),
                Some(Ok(_)) => Ok(()),
            },
            () = sleep_until(self.beat_at), if !is_over => self.tick().await,
            () = sleep_until(answer_at.unwrap_or(self.beat_at)), if answer_at.is_some() => {
                let Some((_, id, answer)) = self.answer.take() else { return Ok(()) };
                self.say(&ClientMessage::ChallengeAnswer { id, answer }).await
            }
            _ = self.world.is_over.changed(), if !is_over => Ok(()),
        }
    }

    /// The connection is gone; the player goes on and keeps its heartbeats.
    fn lose(&mut self) {
        self.link = None;
        self.connect_at = self.soon(&AGAIN_MS);
        self.held = 0;
        self.answer = None;
        if self.challenge.take().is_some() {
            self.turn(State::Playing);
        }
    }

    /// Connects and goes on with the clock, or opens a lesson on a fresh one.
    async fn connect(&mut self) -> Result<(), Lost> {
        let socket = timeout(CONNECTS_WITHIN, self.socket()).await;
        let Ok(Some(socket)) = socket else {
            return Err(Lost);
        };
        let stored = self.book().stored.take();
        self.link = Some(Link {
            socket,
            opening: None,
            sent: BTreeMap::new(),
            repeats: Vec::new(),
            stored,
        });
        let resumes = self.rng.random_bool(0.75);
        let clock = self.open.filter(|_| resumes).map(|(clock, _)| clock);
        let known = clock.and_then(|clock| {
            let clock = &self.book().clocks[clock];
            Some((clock.id, clock.epoch?))
        });
        let (Some(clock), Some((clock_id, epoch))) = (clock, known) else {
            let lesson = self.rng.random_range(0..self.lessons.len());
            return self.open(lesson).await;
        };
        self.link.as_mut().ok_or(Lost)?.opening = Some(clock);
        self.say(&ClientMessage::Resume {
            protocol: PROTOCOL,
            clock_id,
            epoch,
        })
        .await
    }

    async fn socket(&self) -> Option<WebSocketStream<Line>> {
        let stream = TcpStream::connect(self.world.address).await.ok()?;
        stream.set_nodelay(true).ok()?;
        let address = self.world.address;
        let mut request = format!("ws://{address}/api/learning/sessions")
            .into_client_request()
            .ok()?;
        let headers = request.headers_mut();
        headers.insert("cookie", self.cookie.parse().ok()?);
        headers.insert("origin", format!("http://{address}").parse().ok()?);
        let line = self.world.network.line(stream);
        match tokio_tungstenite::client_async(request, line).await {
            Ok((socket, _)) => Some(socket),
            Err(tokio_tungstenite::tungstenite::Error::Http(answer)) => {
                self.violation(&format!("the server refuses to talk: {}", answer.status()));
                None
            }
            Err(_) => None,
        }
    }

    async fn open(&mut self, lesson: usize) -> Result<(), Lost> {
        let clock_id = ClockId(uuid::Builder::from_random_bytes(self.rng.random()).into_uuid());
        let lesson = self.lessons[lesson].lesson;
        self.open = None;
        self.challenge = None;
        self.answer = None;
        let clock = {
            let mut book = self.book();
            book.began.get_or_insert_with(Instant::now);
            book.clocks.push(ClockBook::new(clock_id, lesson));
            book.clocks.len() - 1
        };
        self.link.as_mut().ok_or(Lost)?.opening = Some(clock);
        self.say(&ClientMessage::Open {
            protocol: PROTOCOL,
            device_id: format!("exam-{}", self.index),
            device: Device::Pc,
            class: Some(self.class),
            lesson,
            clock_id,
            client_ms: self.client_ms(),
        })
        .await
    }

    /// One heartbeat, and now and then something else.
    async fn tick(&mut self) -> Result<(), Lost> {
        self.beat_at = self.soon(&BEAT_MS);
        let Some((clock, player)) = self.open else {
            return Ok(());
        };
        let now = self.client_ms();
        let (state, position) = player.at(now);
        let roll = self.rng.random_range(0..1_000);
        let is_online = self
            .link
            .as_ref()
            .is_some_and(|link| link.opening.is_none());
        match (state, roll) {
            (State::Ended, 0..500) => self.seek(0),
            (State::Paused | State::Hidden, 0..150) if self.challenge.is_none() => {
                self.turn(State::Playing);
            }
            (State::Playing, 0..15) => self.turn(State::Paused),
            (State::Playing, 15..25) => self.turn(State::Hidden),
            (State::Playing, 25..40) => self.seek(position - 3_000),
            (State::Playing, 40..45) => self.seek(position + 60_000),
            (State::Ended, _) | (_, 45..53) if is_online => return self.change_lesson().await,
            (_, 53..57) if is_online => {
                let clock_id = self.book().clocks[clock].id;
                self.say(&ClientMessage::Close { clock_id }).await?;
                return self.change_lesson().await;
            }
            (_, 57..65) if is_online => return Err(Lost),
            (_, 65..85) => self.held = self.rng.random_range(3..=10),
            (_, 85..105) if is_online => self.retry(clock).await?,
            _ => {}
        }
        self.beat();
        match self.held.checked_sub(1) {
            Some(held) => self.held = held,
            None if is_online => self.flush(clock).await?,
            None => {}
        }
        Ok(())
    }

    /// Another lesson, or the same anew. What is still kept back follows under the old clock.
    async fn change_lesson(&mut self) -> Result<(), Lost> {
        self.held = 0;
        let lesson = self.rng.random_range(0..self.lessons.len());
        self.open(lesson).await
    }

    /// The player's next heartbeat goes into the book.
    fn beat(&mut self) {
        let now = self.client_ms();
        let Some((clock, player)) = self.open else {
            return;
        };
        let (state, position_ms) = player.at(now);
        let clock = &mut self.book().clocks[clock];
        clock.beats.push(Heartbeat {
            seq: clock.made() + 1,
            state,
            position_ms,
            rate: 1.0,
            client_ms: now,
        });
    }

    fn turn(&mut self, state: State) {
        let now = self.client_ms();
        if let Some((_, player)) = self.open.as_mut() {
            player.turn(state, now);
        }
    }

    fn seek(&mut self, position_ms: i64) {
        let now = self.client_ms();
        if let Some((_, player)) = self.open.as_mut() {
            player.seek(position_ms, now);
            player.turn(State::Playing, now);
        }
    }

    /// Sends the heartbeats of a clock that have not gone over this connection.
    async fn flush(&mut self, clock: usize) -> Result<(), Lost> {
        loop {
            let link = self.link.as_ref().ok_or(Lost)?;
            let from = link.sent.get(&clock).copied().unwrap_or_default() + 1;
            let to = {
                let book = self.book();
                let made = book.clocks[clock].made();
                made.min(from + MAX_HEARTBEATS as u64 - 1)
            };
            if from > to {
                return Ok(());
            }
            self.send_beats(clock, from, to).await?;
            self.link.as_mut().ok_or(Lost)?.sent.insert(clock, to);
        }
    }

    /// A network that sends twice: heartbeats that went over this connection go once more.
    async fn retry(&mut self, clock: usize) -> Result<(), Lost> {
        let link = self.link.as_ref().ok_or(Lost)?;
        let Some(&last) = link.sent.get(&clock).filter(|last| **last > 0) else {
            return Ok(());
        };
        let from = last.saturating_sub(self.rng.random_range(0..5)).max(1);
        self.send_beats(clock, from, last).await
    }

    async fn send_beats(&mut self, clock: usize, from: u64, to: u64) -> Result<(), Lost> {
        let message = {
            let mut book = self.book();
            book.counts.sent += to + 1 - from;
            let clock = &book.clocks[clock];
            ClientMessage::Heartbeats {
                clock_id: clock.id,
                items: clock.numbered(from, to).to_vec(),
            }
        };
        self.say(&message).await
    }

    async fn say(&mut self, message: &ClientMessage) -> Result<(), Lost> {
        let text = serde_json::to_string(message).expect("messages are plain data");
        let link = self.link.as_mut().ok_or(Lost)?;
        link.socket
            .send(Message::text(text))
            .await
            .map_err(|_| Lost)
    }

    async fn hear(&mut self, message: ServerMessage) -> Result<(), Lost> {
        match message {
            ServerMessage::Opened {
                clock_id,
                epoch,
                last_seq,
                position_ms,
                verified_ms,
                pending_ms,
                ..
            } => {
                let opened = Opened {
                    clock_id,
                    epoch,
                    last_seq,
                    position_ms,
                    lesson_ms: verified_ms + pending_ms,
                };
                self.opened(opened).await?;
            }
            ServerMessage::Ack {
                clock_id,
                seq,
                verified_ms,
                pending_ms,
                ..
            } => self.acknowledged(clock_id, seq, verified_ms, pending_ms),
            ServerMessage::GoBack {
                clock_id,
                position_ms,
                ..
            } => {
                let open = self.open.map(|(clock, _)| self.book().clocks[clock].id);
                if open == Some(clock_id) && self.challenge.is_none() {
                    self.seek(position_ms);
                }
            }
            ServerMessage::Challenge { id, prompt, .. } => {
                self.challenge = Some(id);
                self.turn(State::Paused);
                self.think(id, &prompt);
                self.beat();
            }
            ServerMessage::Verdict {
                id, result, prompt, ..
            } => {
                match result {
                    Verdict::Passed => self.book().counts.passed += 1,
                    Verdict::Missed => self.book().counts.missed += 1,
                    _ => {}
                }
                match prompt {
                    Some(prompt) => self.think(id, &prompt),
                    None if self.challenge == Some(id) => {
                        self.challenge = None;
                        self.answer = None;
                        self.turn(State::Playing);
                    }
                    None => {}
                }
            }
            ServerMessage::Void { intervals, .. } => {
                let mut book = self.book();
                for interval in intervals {
                    book.void(interval.lesson, interval.ms);
                }
                drop(book);
                for repeat in &mut self.link.as_mut().ok_or(Lost)?.repeats {
                    repeat.lesson_ms = None;
                }
            }
            ServerMessage::Restarting { .. } => {
                self.book().counts.evicted += 1;
                return Err(Lost);
            }
            ServerMessage::Refused { code, title, .. } => {
                self.violation(&format!("refused: {code} {title}"));
                return Err(Lost);
            }
            ServerMessage::End { reason } => {
                self.violation(&format!("the session was ended: {reason}"));
                return Err(Lost);
            }
            ServerMessage::TakenOver { .. } => {
                self.violation("taken over, and nobody else is there");
                return Err(Lost);
            }
            ServerMessage::DayFull { .. } => {}
        }
        Ok(())
    }

    /// The lesson is open, or open again: sends again first what is stored already, which must
    /// change nothing, and then the rest.
    async fn opened(&mut self, opened: Opened) -> Result<(), Lost> {
        let link = self.link.as_mut().ok_or(Lost)?;
        let stored = link.stored.take();
        let clock = link.opening.take().ok_or(Lost)?;
        let is_resumed = self.compare(clock, &opened, stored.as_ref());
        if !is_resumed {
            let lesson = self.book().clocks[clock].lesson;
            let spec = self.lessons.iter().find(|spec| spec.lesson == lesson);
            let length_ms = spec.map_or(0, |spec| spec.length_ms);
            let player = Player::playing(length_ms, opened.position_ms, self.client_ms());
            self.open = Some((clock, player));
        }
        self.repeat(clock, opened.last_seq, opened.lesson_ms)
            .await?;
        self.send_backlogs(stored.unwrap_or_default()).await
    }

    /// Holds what the server says against what was acknowledged, and against what was stored. Was
    /// the clock open before?
    fn compare(&self, clock: usize, opened: &Opened, stored: Option<&Stored>) -> bool {
        let mut book = self.book();
        let known = &mut book.clocks[clock];
        let (id, lesson, last_seq) = (known.id, known.lesson, opened.last_seq);
        let is_resumed = known.epoch.is_some();
        if id != opened.clock_id || is_resumed && known.epoch != Some(opened.epoch) {
            self.violation(&format!("another clock or epoch opened: {opened:?}"));
        }
        known.epoch = Some(opened.epoch);
        let (acknowledged, made) = (known.acknowledged, known.made());
        if !(acknowledged..=made).contains(&last_seq) {
            self.violation(&format!(
                "clock {id} goes on at {last_seq}; acknowledged was {acknowledged}, made were {made}"
            ));
        }
        if let Some(stored) = stored {
            let was = stored.last_seq.get(&id).copied().unwrap_or_default();
            let was_ms = stored.lesson_ms.get(&lesson).copied().unwrap_or_default();
            if (last_seq, opened.lesson_ms) != (was, was_ms) {
                self.violation(&format!("{opened:?}; stored were {was} and {was_ms} ms"));
            }
        }
        if is_resumed {
            book.counts.resumed += 1;
        } else {
            book.counts.opened += 1;
        }
        is_resumed
    }

    /// Of each clock with anything unacknowledged: the part that is stored once more, then the rest.
    async fn send_backlogs(&mut self, stored: Stored) -> Result<(), Lost> {
        let waiting: Vec<(usize, ClockId, LessonId, u64)> = {
            let book = self.book();
            let clocks = book.clocks.iter().enumerate();
            clocks
                .filter(|(_, clock)| clock.acknowledged < clock.made())
                .map(|(n, clock)| (n, clock.id, clock.lesson, clock.acknowledged))
                .collect()
        };
        for (clock, id, lesson, _) in &waiting {
            let has_gone = self.link.as_ref().ok_or(Lost)?.sent.contains_key(clock);
            if has_gone {
                continue;
            }
            if let Some(last_seq) = stored.last_seq.get(id) {
                let lesson_ms = stored.lesson_ms.get(lesson).copied().unwrap_or_default();
                self.repeat(*clock, *last_seq, lesson_ms).await?;
            }
        }
        for (clock, _, _, acknowledged) in waiting {
            let link = self.link.as_mut().ok_or(Lost)?;
            link.sent.entry(clock).or_insert(acknowledged);
            self.flush(clock).await?;
        }
        Ok(())
    }

    /// Sends again what is stored, from a little before what was acknowledged.
    async fn repeat(&mut self, clock: usize, last_seq: u64, lesson_ms: i64) -> Result<(), Lost> {
        let link = self.link.as_mut().ok_or(Lost)?;
        link.sent.insert(clock, last_seq);
        if last_seq == 0 {
            return Ok(());
        }
        let acknowledged = self.book().clocks[clock].acknowledged;
        let from = acknowledged.min(last_seq).saturating_sub(3).max(1);
        let from = from.max((last_seq + 1).saturating_sub(MAX_HEARTBEATS as u64));
        self.send_beats(clock, from, last_seq).await?;
        self.link.as_mut().ok_or(Lost)?.repeats.push(Repeat {
            clock,
            count: last_seq + 1 - from,
            last_seq,
            lesson_ms: Some(lesson_ms),
        });
        Ok(())
    }

    fn acknowledged(
        &mut self,
        clock_id: ClockId,
        seq: Option<u64>,
        verified_ms: i64,
        pending_ms: i64,
    ) {
        let mut book = self.book();
        let Some(clock) = book.find(clock_id) else {
            drop(book);
            self.violation(&format!("acknowledged a clock that never was: {clock_id}"));
            return;
        };
        let known = &mut book.clocks[clock];
        let (before, made) = (known.acknowledged, known.made());
        let Some(seq) = seq.filter(|seq| (before..=made).contains(seq)) else {
            drop(book);
            self.violation(&format!(
                "clock {clock_id} acknowledged up to {seq:?} after {before}, made were {made}"
            ));
            return;
        };
        known.acknowledged = seq;
        let lesson = known.lesson;
        book.promise(lesson, verified_ms, pending_ms);
        drop(book);
        let Some(link) = self.link.as_mut() else {
            return;
        };
        let repeat = link.repeats.iter().position(|repeat| repeat.clock == clock);
        if let Some(repeat) = repeat.map(|at| link.repeats.remove(at)) {
            let lesson_ms = verified_ms + pending_ms;
            if repeat.last_seq != seq || repeat.lesson_ms.is_some_and(|ms| ms != lesson_ms) {
                self.violation(&format!(
                    "{} stored heartbeats of clock {clock_id} were sent again; {} and {:?} ms \
                     became {seq} and {lesson_ms} ms",
                    repeat.count, repeat.last_seq, repeat.lesson_ms
                ));
            }
            self.book().counts.repeated += repeat.count;
        }
    }

    /// Right, wrong or no answer at all.
    fn think(&mut self, id: ChallengeId, prompt: &Prompt) {
        let (right, wrong) = if self.index.is_multiple_of(CARELESS) {
            (20, 45)
        } else {
            (75, 15)
        };
        let roll = self.rng.random_range(0..100);
        let wrong_ones: Vec<&String> = prompt
            .options
            .iter()
            .filter(|o| **o != prompt.ask)
            .collect();
        let answer = if roll < right {
            Some(prompt.ask.clone())
        } else if roll < right + wrong {
            wrong_ones
                .choose(&mut self.rng)
                .map(|answer| (*answer).clone())
        } else {
            None
        };
        let at = self.soon(&THINKING_MS);
        self.answer = answer.map(|answer| (at, id, answer));
    }

    fn soon(&mut self, ms: &std::ops::RangeInclusive<u64>) -> Instant {
        Instant::now() + Duration::from_millis(self.rng.random_range(ms.clone()))
    }

    fn client_ms(&self) -> i64 {
        self.zero.elapsed().as_millis() as i64
    }

    fn violation(&self, what: &str) {
        let what = format!("learner {}: {what}", self.index);
        // The exam is over when nobody listens any more.
        let _ = self.world.violations.send(what);
    }

    fn book(&self) -> MutexGuard<'_, Book> {
        self.book.lock().expect("no learner panics while it writes")
    }
}
