//! A player that speaks the protocol, and may lie.

use serde_json::{Value, json};
use uuid::Uuid;
use zhipei_domain::{CheckKind, LearnerId, Policy, TimeState};
use zhipei_ledger::{EntryRow, IntervalsAudit, Mac};
use zhipei_storage::ledger;
use zhipei_tests::{Client, Socket, TestApp, TestClass, TestLearner};
use zhipei_verify::{Fault, Verifier};

/// A server with one learner in one class.
pub(crate) struct Scene {
    pub(crate) app: TestApp,
    pub(crate) learner: TestLearner,
    pub(crate) class: TestClass,
}

/// A presence check every minute of earning time, and nothing before it.
pub(crate) fn checked() -> Policy {
    let mut policy = Policy::default();
    policy.check.kind = CheckKind::Presence;
    (policy.face_at_login, policy.face_at_lesson) = (false, false);
    policy.check.min_ms = 60_000;
    policy.check.max_ms = 60_000;
    policy
}

impl Scene {
    pub(crate) async fn new(lengths_ms: &[i64], policy: Policy) -> Self {
        let app = TestApp::spawn().await;
        let learner = app.learner("demo01").await;
        Self::with(app, learner, lengths_ms, policy).await
    }

    /// The same of a server and a learner that are there.
    pub(crate) async fn with(
        app: TestApp,
        learner: TestLearner,
        lengths_ms: &[i64],
        policy: Policy,
    ) -> Self {
        let class = app.class("QH-1", lengths_ms, policy).await;
        app.enrol(&learner, &class).await;
        Self {
            app,
            learner,
            class,
        }
    }

    /// A device of the learner.
    pub(crate) async fn player(&self, device: &str) -> Player<'_> {
        let client = self.app.logged_in(&self.learner).await;
        let socket = client.open_socket().await.unwrap();
        Player {
            scene: self,
            client,
            socket,
            device: device.to_owned(),
            clock: Uuid::nil(),
            epoch: 0,
            seq: 0,
            client_ms: 5_000,
            seen: Vec::new(),
        }
    }

    /// What the learner's ledger implies, by state. Everything else must agree with it.
    pub(crate) async fn ledger(&self) -> Ledger {
        from_ledger(&self.app, self.learner.learner.id).await
    }
}

/// Milliseconds in each state, by the ledger alone.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Ledger {
    pub(crate) verified: i64,
    pub(crate) pending: i64,
    pub(crate) void: i64,
    pub(crate) over_cap: i64,
}

pub(crate) async fn from_ledger(app: &TestApp, learner: LearnerId) -> Ledger {
    let mut audit = IntervalsAudit::new(learner);
    for entry in ledger::entries(app.db().read(), learner).await.unwrap() {
        audit.replay(&EntryRow {
            seq: entry.seq.unsigned_abs(),
            kind: entry.kind.as_bytes(),
            at: entry.at,
            body: entry.body.as_bytes(),
            mac: Mac::parse(&entry.mac),
        });
    }
    let mut sums = Ledger::default();
    for interval in audit.implied() {
        match interval.state {
            TimeState::Verified => sums.verified += interval.ms,
            TimeState::Pending => sums.pending += interval.ms,
            TimeState::Void => sums.void += interval.ms,
            TimeState::OverCap => sums.over_cap += interval.ms,
            TimeState::Frozen => {}
        }
    }
    let report = zhipei_server::verify(app.db(), &app.keys, None, None)
        .await
        .unwrap();
    assert!(report.findings.is_empty(), "{:?}", report.findings);
    // Nor does a stranger find a rule of credit broken.
    let mut out = Vec::new();
    zhipei_server::export(app.db(), &app.keys, &[learner], app.clock.now(), &mut out)
        .await
        .unwrap();
    let mut verifier = Verifier::new(None);
    let text = String::from_utf8(out).unwrap();
    text.lines().for_each(|line| verifier.feed(line));
    let mut faults = verifier.finish().faults;
    faults.retain(|fault| !matches!(fault, Fault::NotSealed { .. }));
    assert_eq!(faults, []);
    sums
}

/// One device.
pub(crate) struct Player<'s> {
    pub(crate) scene: &'s Scene,
    pub(crate) client: Client,
    pub(crate) socket: Socket,
    pub(crate) device: String,
    pub(crate) clock: Uuid,
    pub(crate) epoch: u64,
    pub(crate) seq: u64,
    /// The client's monotonic clock; moves with [`Player::wait`].
    pub(crate) client_ms: i64,
    /// Messages that came and were not asked for yet.
    pub(crate) seen: Vec<Value>,
}

impl Player<'_> {
    /// Opens a lesson of the class on a fresh clock; the answer, be it `opened` or `refused`.
    pub(crate) async fn open(&mut self, lesson: usize) -> Value {
        self.clock = Uuid::now_v7();
        self.seq = 0;
        let scene = self.scene;
        let open = json!({
            "type": "open", "protocol": 1, "device_id": self.device, "device": "pc",
            "class": scene.class.id, "lesson": scene.class.lessons[lesson],
            "clock_id": self.clock, "client_ms": self.client_ms,
        });
        self.socket.send(&open).await;
        let answer = self
            .wait_for(|m| m["type"] == "opened" || m["type"] == "refused")
            .await;
        self.epoch = answer["epoch"].as_u64().unwrap_or_default();
        answer
    }

    /// Time passes, here and on the server.
    pub(crate) fn wait(&mut self, ms: i64) {
        self.scene.app.clock.advance(ms);
        self.client_ms += ms;
    }

    /// The next heartbeat, as JSON.
    pub(crate) fn beat(&mut self, state: &str, position_ms: i64) -> Value {
        self.seq += 1;
        json!({
            "seq": self.seq, "state": state, "position_ms": position_ms, "rate": 1.0,
            "client_ms": self.client_ms,
        })
    }

    /// Sends heartbeats of this player's clock and waits for the acknowledgement.
    pub(crate) async fn send(&mut self, items: Vec<Value>) -> Value {
        let clock = self.clock;
        self.send_on(clock, items).await
    }

    /// The same on any clock.
    pub(crate) async fn send_on(&mut self, clock: Uuid, items: Vec<Value>) -> Value {
        let message = json!({ "type": "heartbeats", "clock_id": clock, "items": items });
        self.socket.send(&message).await;
        self.wait_for(|m| m["type"] == "ack").await
    }

    /// One heartbeat.
    pub(crate) async fn report(&mut self, state: &str, position_ms: i64) -> Value {
        let beat = self.beat(state, position_ms);
        self.send(vec![beat]).await
    }

    /// Plays honestly from `from` for `ms`, with a heartbeat every ten seconds and a pause at the end.
    pub(crate) async fn play(&mut self, from: i64, ms: i64) -> Value {
        self.report("playing", from).await;
        let mut played = 0;
        while played < ms {
            let step = (ms - played).min(10_000);
            self.wait(step);
            played += step;
            self.report("playing", from + played).await;
        }
        self.report("paused", from + ms).await
    }

    /// The next message that fits, which may have come before.
    pub(crate) async fn wait_for(&mut self, fits: impl Fn(&Value) -> bool) -> Value {
        if let Some(at) = self.seen.iter().position(&fits) {
            return self.seen.remove(at);
        }
        let in_time = std::time::Duration::from_secs(20);
        loop {
            let next = tokio::time::timeout(in_time, self.socket.next()).await;
            match next
                .unwrap_or_else(|_| panic!("the server says nothing more; seen {:?}", self.seen))
            {
                Ok(message) if fits(&message) => return message,
                Ok(message) => self.seen.push(message),
                Err(code) => panic!(
                    "the server closed the socket ({code:?}); seen {:?}",
                    self.seen
                ),
            }
        }
    }

    pub(crate) async fn wait_for_type(&mut self, kind: &str) -> Value {
        self.wait_for(|message| message["type"] == kind).await
    }

    /// Has such a message come already?
    pub(crate) fn has_seen(&self, kind: &str) -> bool {
        self.seen.iter().any(|message| message["type"] == kind)
    }

    /// Answers the challenge rightly and waits for the verdict.
    pub(crate) async fn pass(&mut self) -> Value {
        let challenge = self.wait_for_type("challenge").await;
        self.wait(3_000);
        let answer = challenge["prompt"]["ask"].clone();
        let message =
            json!({ "type": "challenge_answer", "id": challenge["id"], "answer": answer });
        self.socket.send(&message).await;
        self.wait_for(|m| m["type"] == "verdict" && m["result"] != "postponed")
            .await
    }

    /// Leaves the lesson; waits until that is stored.
    pub(crate) async fn close(&mut self) {
        self.socket
            .send(&json!({ "type": "close", "clock_id": self.clock }))
            .await;
        // A message of no effect comes back after everything before it is committed.
        self.send_on(Uuid::nil(), Vec::new()).await;
    }

    /// Cuts the network and comes back on a new socket, without a word.
    pub(crate) async fn reconnect(&mut self) -> Value {
        self.socket = if let Ok(socket) = self.client.open_socket().await {
            socket
        } else {
            // Idle for half an hour: the login is over.
            self.client = self.scene.app.logged_in(&self.scene.learner).await;
            self.client.open_socket().await.unwrap()
        };
        self.seen.clear();
        let resume = json!({
            "type": "resume", "protocol": 1, "clock_id": self.clock, "epoch": self.epoch,
        });
        self.socket.send(&resume).await;
        self.wait_for(|m| {
            ["opened", "refused", "taken_over"]
                .iter()
                .any(|kind| m["type"] == *kind)
        })
        .await
    }
}
