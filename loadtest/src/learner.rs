//! One simulated learner: a connection, a player, and a mind that answers checks.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use futures_util::{SinkExt as _, StreamExt as _};
use rand::rngs::SmallRng;
use rand::{Rng as _, SeedableRng as _};
use serde::Deserialize;
use tokio::net::TcpStream;
use tokio::sync::Semaphore;
use tokio::time::{Instant, Sleep};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
use tokio_tungstenite::tungstenite::http::{HeaderValue, Request, header};
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_tungstenite::tungstenite::{Error as WsError, Message};
use uuid::Uuid;
use zhipei_api_types::learning::{ClientMessage, Device, PROTOCOL, Prompt, ServerMessage, Verdict};
use zhipei_domain::{ChallengeId, ClockId};

use crate::accounts::Account;
use crate::player::Player;
use crate::tally::Tally;

/// An acknowledgement that takes longer is an error.
const PATIENCE: Duration = Duration::from_secs(10);
/// Nobody reads a check and clicks in less, or needs more unless away: milliseconds.
const THINKING_MS: (u64, u64) = (1_500, 6_000);

/// Why a learner gave up.
#[derive(Debug)]
pub(crate) struct Fault {
    pub(crate) kind: &'static str,
    pub(crate) detail: String,
}

impl Fault {
    fn new(kind: &'static str, detail: impl Into<String>) -> Self {
        Self {
            kind,
            detail: detail.into(),
        }
    }
}

impl From<WsError> for Fault {
    fn from(error: WsError) -> Self {
        Self::new("connection", error.to_string())
    }
}

/// Whom the learner talks to.
#[derive(Clone, Debug)]
pub(crate) enum Peer {
    /// The platform at this origin, as this learner.
    Platform { origin: String, account: Account },
    /// A server that sends everything back.
    Echo,
}

/// Connected, and ready to learn.
#[derive(Debug)]
pub(crate) struct Learner {
    index: usize,
    peer: Peer,
    socket: WebSocketStream<TcpStream>,
    timer: Pin<Box<Sleep>>,
    clock_id: ClockId,
    /// Zero of the client's monotonic time.
    zero: Instant,
    player: Player,
    /// Numbers and intended times of what is not acknowledged yet.
    outstanding: VecDeque<(u64, Instant)>,
    acknowledged: u64,
    /// When and what to answer to the check on screen.
    answer: Option<(Instant, ClientMessage)>,
    /// When the lesson was asked for, and what it had earned by then.
    opened: (Instant, i64),
    earned_ms: i64,
    rng: SmallRng,
    tally: Arc<Mutex<Tally>>,
}

/// What an `ack` says; read without the detour over all kinds of messages.
#[derive(Deserialize)]
struct Ack {
    clock_id: ClockId,
    seq: Option<u64>,
    verified_ms: i64,
    pending_ms: i64,
}

impl Learner {
    /// Connects; the lesson is not opened yet.
    pub(crate) async fn connect(
        index: usize,
        seed: u64,
        address: SocketAddr,
        peer: Peer,
        tally: Arc<Mutex<Tally>>,
    ) -> Result<Self, Fault> {
        let request = request(address, &peer)?;
        let stream = TcpStream::connect(address).await.map_err(WsError::Io)?;
        stream.set_nodelay(true).map_err(WsError::Io)?;
        // The default buffer of 128 KiB would cost 256 MiB for 2,000 learners.
        let config = WebSocketConfig::default()
            .read_buffer_size(4_096)
            .write_buffer_size(0);
        let (socket, _) =
            tokio_tungstenite::client_async_with_config(request, stream, Some(config)).await?;
        let lesson_ms = match &peer {
            Peer::Platform { account, .. } => account.lesson_ms,
            Peer::Echo => i64::MAX,
        };
        let now = Instant::now();
        Ok(Self {
            index,
            peer,
            socket,
            timer: Box::pin(tokio::time::sleep_until(now)),
            clock_id: ClockId(Uuid::new_v4()),
            zero: now,
            player: Player::new(lesson_ms, 0),
            outstanding: VecDeque::new(),
            acknowledged: 0,
            answer: None,
            opened: (now, 0),
            earned_ms: 0,
            rng: SmallRng::seed_from_u64(seed ^ (index as u64).wrapping_mul(0x9E37_79B9_7F4A_7C15)),
            tally,
        })
    }

    /// Opens the lesson. An echo has none.
    pub(crate) async fn open(&mut self) -> Result<(), Fault> {
        let Peer::Platform { account, .. } = &self.peer else {
            return Ok(());
        };
        let lesson_ms = account.lesson_ms;
        let message = ClientMessage::Open {
            protocol: PROTOCOL,
            device_id: format!("loadtest-{}", self.index),
            device: Device::Pc,
            class: account.class,
            lesson: account.lesson,
            clock_id: self.clock_id,
            client_ms: self.client_ms(),
        };
        let asked = Instant::now();
        self.send(&message).await?;
        loop {
            let text = tokio::time::timeout_at(asked + PATIENCE, self.socket.next())
                .await
                .map_err(|_| Fault::new("not_opened", "no answer to open"))?;
            let Some(text) = text.transpose()? else {
                return Err(Fault::new("closed", "while opening"));
            };
            let Message::Text(text) = text else { continue };
            self.tally().bytes_received += text.len() as u64;
            match parse(&text)? {
                ServerMessage::Opened {
                    position_ms,
                    verified_ms,
                    pending_ms,
                    ..
                } => {
                    self.player = Player::new(lesson_ms, position_ms);
                    self.opened = (asked, verified_ms + pending_ms);
                    self.earned_ms = verified_ms + pending_ms;
                    return Ok(());
                }
                other => self.react(other).await?,
            }
        }
    }

    /// A heartbeat at `first` and then every `interval` until `until`, whatever the server does.
    pub(crate) async fn learn_paced(mut self, first: Instant, interval: Duration, until: Instant) {
        let outcome = self.pace(first, interval, until).await;
        self.leave(outcome).await;
    }

    /// A heartbeat whenever there is a permit, each acknowledged before the next, until `until`.
    pub(crate) async fn learn_saturated(mut self, permits: Arc<Semaphore>, until: Instant) {
        let outcome = self.saturate(&permits, until).await;
        self.leave(outcome).await;
    }

    async fn pace(
        &mut self,
        first: Instant,
        interval: Duration,
        until: Instant,
    ) -> Result<(), Fault> {
        self.idle_until(first).await?;
        self.play();
        let mut next = first;
        while next < until {
            self.idle_until(next).await?;
            self.beat(next).await?;
            next += interval;
        }
        self.await_acknowledgements().await
    }

    async fn saturate(&mut self, permits: &Semaphore, until: Instant) -> Result<(), Fault> {
        self.play();
        loop {
            let _permit = permits
                .acquire()
                .await
                .expect("the permits are never closed");
            let now = Instant::now();
            if now >= until {
                return Ok(());
            }
            self.beat(now).await?;
            self.await_acknowledgements().await?;
        }
    }

    async fn idle_until(&mut self, then: Instant) -> Result<(), Fault> {
        while Instant::now() < then {
            self.wait(then).await?;
        }
        Ok(())
    }

    async fn await_acknowledgements(&mut self) -> Result<(), Fault> {
        let deadline = Instant::now() + PATIENCE;
        while !self.outstanding.is_empty() {
            if Instant::now() >= deadline {
                return Err(Fault::new("unacknowledged", "no acknowledgement in 10 s"));
            }
            self.wait(deadline).await?;
        }
        Ok(())
    }

    /// Takes one message, or answers the check, or comes back at `wake`.
    async fn wait(&mut self, wake: Instant) -> Result<(), Fault> {
        let wake = self.answer.as_ref().map_or(wake, |(at, _)| wake.min(*at));
        self.timer.as_mut().reset(wake);
        tokio::select! {
            biased;
            message = self.socket.next() => match message.transpose()? {
                Some(Message::Text(text)) => self.take(&text).await,
                Some(Message::Close(frame)) => Err(Fault::new("closed", format!("{frame:?}"))),
                Some(_) => Ok(()),
                None => Err(Fault::new("closed", "without a word")),
            },
            () = &mut self.timer => match self.answer.take_if(|(at, _)| *at <= Instant::now()) {
                Some((_, answer)) => self.send(&answer).await,
                None => Ok(()),
            },
        }
    }

    async fn take(&mut self, text: &str) -> Result<(), Fault> {
        let now = Instant::now();
        self.tally().bytes_received += text.len() as u64;
        if matches!(self.peer, Peer::Echo) {
            if let Some((_, intended)) = self.outstanding.pop_front() {
                self.tally().acknowledge(intended, now);
            }
            return Ok(());
        }
        if text.starts_with(r#"{"type":"ack","#) {
            let ack: Ack = serde_json::from_str(text)
                .map_err(|error| Fault::new("protocol", format!("{error}: {text}")))?;
            return self.acknowledge(&ack, now);
        }
        let message = parse(text)?;
        self.react(message).await
    }

    async fn react(&mut self, message: ServerMessage) -> Result<(), Fault> {
        match message {
            ServerMessage::Ack {
                clock_id,
                seq,
                verified_ms,
                pending_ms,
                ..
            } => {
                let ack = Ack {
                    clock_id,
                    seq,
                    verified_ms,
                    pending_ms,
                };
                self.acknowledge(&ack, Instant::now())?;
            }
            ServerMessage::GoBack { position_ms, .. } => {
                self.tally().go_backs += 1;
                let now = self.client_ms();
                self.player.go_back(now, position_ms);
            }
            ServerMessage::Challenge {
                id,
                prompt,
                answer_within_ms,
                ..
            } => {
                self.tally().checks.asked += 1;
                self.think(id, prompt, answer_within_ms);
                let now = self.client_ms();
                self.player.pause(now);
                self.beat(Instant::now()).await?;
            }
            ServerMessage::Verdict {
                id, result, prompt, ..
            } => {
                match result {
                    Verdict::Passed => self.tally().checks.passed += 1,
                    _ => self.tally().checks.other += 1,
                }
                if let Some(prompt) = prompt {
                    self.think(id, prompt, i64::MAX);
                } else {
                    self.answer = None;
                    self.play();
                    self.beat(Instant::now()).await?;
                }
            }
            ServerMessage::Void { intervals, .. } => {
                self.error("void", || {
                    format!("{} intervals of an honest learner", intervals.len())
                });
            }
            ServerMessage::Refused { code, title, .. } => {
                return Err(Fault::new("refused", format!("{code}: {title}")));
            }
            ServerMessage::TakenOver { .. } => return Err(Fault::new("taken_over", "")),
            ServerMessage::End { reason } => return Err(Fault::new("ended", reason)),
            ServerMessage::Restarting { .. } => return Err(Fault::new("restarting", "")),
            ServerMessage::Opened { .. } | ServerMessage::DayFull { .. } => {}
        }
        Ok(())
    }

    /// Takes a promise, and looks whether it can be true.
    fn acknowledge(&mut self, ack: &Ack, now: Instant) -> Result<(), Fault> {
        let (sent, before) = (self.player.seq(), self.acknowledged);
        let seq = ack.seq.filter(|seq| (before..=sent).contains(seq));
        let Some(seq) = seq.filter(|_| ack.clock_id == self.clock_id) else {
            let detail = format!("{:?} after {before} with {sent} sent", ack.seq);
            return Err(Fault::new("ack", detail));
        };
        self.acknowledged = seq;
        while let Some((_, intended)) = self.outstanding.pop_front_if(|(number, _)| *number <= seq)
        {
            self.tally().acknowledge(intended, now);
        }
        self.earned_ms = ack.verified_ms + ack.pending_ms;
        let (since, base_ms) = self.opened;
        let elapsed_ms = (now - since).as_millis() as i64 + 1;
        let credited_ms = self.earned_ms - base_ms;
        if credited_ms > elapsed_ms {
            self.error("credited_above_elapsed", || {
                format!("{credited_ms} ms in {elapsed_ms} ms")
            });
        }
        Ok(())
    }

    /// Will pick what was asked for, after a human while.
    fn think(&mut self, id: ChallengeId, prompt: Prompt, within_ms: i64) {
        let longest = THINKING_MS.1.min(within_ms.max(0) as u64 / 2);
        let wait = self.rng.random_range(THINKING_MS.0.min(longest)..=longest);
        let answer = ClientMessage::ChallengeAnswer {
            id,
            answer: prompt.ask,
        };
        self.answer = Some((Instant::now() + Duration::from_millis(wait), answer));
    }

    fn play(&mut self) {
        let now = self.client_ms();
        self.player.play(now);
    }

    async fn beat(&mut self, intended: Instant) -> Result<(), Fault> {
        let now = self.client_ms();
        let heartbeat = self.player.beat(now);
        self.outstanding.push_back((heartbeat.seq, intended));
        self.tally().sent += 1;
        let message = ClientMessage::Heartbeats {
            clock_id: self.clock_id,
            items: vec![heartbeat],
        };
        self.send(&message).await
    }

    async fn send(&mut self, message: &ClientMessage) -> Result<(), Fault> {
        let text = serde_json::to_string(message).expect("messages are plain data");
        self.tally().bytes_sent += text.len() as u64;
        Ok(self.socket.send(Message::text(text)).await?)
    }

    /// Hands in what was seen, and says goodbye.
    async fn leave(mut self, outcome: Result<(), Fault>) {
        if let Err(fault) = &outcome {
            self.error(fault.kind, || fault.detail.clone());
        }
        let lost = self.outstanding.len();
        if lost > 0 && outcome.is_err() {
            self.error("lost", || format!("{lost} heartbeats never acknowledged"));
        }
        {
            let mut tally = self.tally();
            tally.played_ms += self.player.played_ms();
            tally.credited_ms += self.earned_ms - self.opened.1;
        }
        if outcome.is_ok() {
            if matches!(self.peer, Peer::Platform { .. }) {
                // The run is over; a server that is gone by now is no finding.
                let _ = self
                    .send(&ClientMessage::Close {
                        clock_id: self.clock_id,
                    })
                    .await;
            }
            let _ = self.socket.close(None).await;
        }
    }

    fn client_ms(&self) -> i64 {
        self.zero.elapsed().as_millis() as i64
    }

    fn error(&self, kind: &'static str, detail: impl FnOnce() -> String) {
        self.tally()
            .error(kind, || format!("learner {}: {}", self.index, detail()));
    }

    fn tally(&self) -> MutexGuard<'_, Tally> {
        self.tally
            .lock()
            .expect("no learner panics while it counts")
    }
}

fn request(address: SocketAddr, peer: &Peer) -> Result<Request<()>, Fault> {
    let Peer::Platform { origin, account } = peer else {
        return Ok(format!("ws://{address}/ws").into_client_request()?);
    };
    let host = origin.trim_start_matches("http://");
    let mut request = format!("ws://{host}/api/learning/sessions").into_client_request()?;
    let value = |text: &str| {
        HeaderValue::from_str(text)
            .map_err(|_| Fault::new("account", "a cookie is no header value"))
    };
    request
        .headers_mut()
        .insert(header::COOKIE, value(&account.cookie)?);
    request.headers_mut().insert(header::ORIGIN, value(origin)?);
    Ok(request)
}

fn parse(text: &str) -> Result<ServerMessage, Fault> {
    serde_json::from_str(text).map_err(|error| Fault::new("protocol", format!("{error}: {text}")))
}
