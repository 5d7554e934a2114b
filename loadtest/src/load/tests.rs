use std::sync::atomic::{AtomicU64, Ordering};

use axum::Router;
use axum::extract::State;
use axum::extract::ws::{Message, WebSocket, WebSocketUpgrade};
use axum::http::HeaderMap;
use axum::response::Response;
use axum::routing::any;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use uuid::Uuid;
use zhipei_domain::LessonId;

use super::*;

/// How a stand-in for the platform behaves.
#[derive(Clone, Copy, PartialEq)]
enum Manner {
    Honest,
    AsksAtOnce,
    TakesFiftyMs,
    AcknowledgesAhead,
    CreditsTooMuch,
    HangsUp,
    KnowsNoLesson,
}

#[derive(Clone)]
struct StandIn {
    manner: Manner,
    right_answers: Arc<AtomicU64>,
}

async fn upgrade(
    upgrade: WebSocketUpgrade,
    headers: HeaderMap,
    State(stand_in): State<StandIn>,
) -> Response {
    assert_eq!(headers["cookie"], "zhipei_session=x");
    assert!(
        headers["origin"]
            .to_str()
            .expect("ascii")
            .starts_with("http://127.0.0.1:")
    );
    upgrade.on_upgrade(|socket| serve(socket, stand_in))
}

async fn serve(mut socket: WebSocket, stand_in: StandIn) {
    let manner = stand_in.manner;
    while let Some(Ok(Message::Text(text))) = socket.recv().await {
        let message: Value = serde_json::from_str(&text).expect("JSON");
        let clock = message["clock_id"].clone();
        let answers = match message["type"].as_str().expect("a type") {
            "open" if manner == Manner::KnowsNoLesson => {
                vec![
                    json!({"type": "refused", "clock_id": clock, "code": "not_found", "title": "没有这节课"}),
                ]
            }
            "open" => vec![opened(&clock)],
            "heartbeats" => {
                let seq = message["items"][0]["seq"].as_u64().expect("a number");
                if manner == Manner::TakesFiftyMs {
                    tokio::time::sleep(Duration::from_millis(50)).await;
                }
                if manner == Manner::HangsUp && seq == 2 {
                    return;
                }
                let mut answers = vec![ack(&clock, seq, manner)];
                if manner == Manner::AsksAtOnce && seq == 1 {
                    answers.push(challenge());
                }
                answers
            }
            "challenge_answer" => {
                assert_eq!(message["answer"], "7");
                stand_in.right_answers.fetch_add(1, Ordering::Relaxed);
                vec![
                    json!({"type": "verdict", "id": Uuid::nil(), "result": "passed", "verified_ms": 0, "pending_ms": 0}),
                ]
            }
            _ => Vec::new(),
        };
        for answer in answers {
            if socket
                .send(Message::text(answer.to_string()))
                .await
                .is_err()
            {
                return;
            }
        }
    }
}

fn opened(clock: &Value) -> Value {
    json!({
        "type": "opened", "session": Uuid::nil(), "clock_id": clock, "epoch": 1, "last_seq": 0,
        "server_time": 0, "position_ms": 0, "furthest_ms": 0, "verified_ms": 0, "pending_ms": 0,
        "policy": {
            "check_kind": "presence", "check_min_ms": 600_000, "check_max_ms": 1_200_000,
            "answer_within_s": 60, "tries": 2, "seek_ahead": false, "max_rate": 1.0, "cap_min": 480,
            "minutes_per_hour": 45
        }
    })
}

fn ack(clock: &Value, seq: u64, manner: Manner) -> Value {
    let seq = if manner == Manner::AcknowledgesAhead {
        seq + 1
    } else {
        seq
    };
    let pending = if manner == Manner::CreditsTooMuch {
        3_600_000
    } else {
        0
    };
    json!({"type": "ack", "clock_id": clock, "seq": seq, "verified_ms": 0, "pending_ms": pending, "today_ms": 0})
}

fn challenge() -> Value {
    json!({
        "type": "challenge", "id": Uuid::nil(), "kind": "presence", "closing": false, "round": 1,
        "attempt": 1, "tries": 2, "prompt": {"ask": "7", "options": ["3", "7", "9"]}, "pending_ms": 0,
        "answer_within_ms": 1_000
    })
}

async fn run(manner: Manner, pace: Pace) -> (Result<Report>, u64) {
    let stand_in = StandIn {
        manner,
        right_answers: Arc::default(),
    };
    let router = Router::new()
        .route("/api/learning/sessions", any(upgrade))
        .with_state(stand_in.clone());
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let port = listener.local_addr().expect("bound").port();
    tokio::spawn(async move { axum::serve(listener, router).await });
    let account = Account {
        cookie: "zhipei_session=x".to_owned(),
        class: None,
        lesson: LessonId(Uuid::from_u128(1)),
        lesson_ms: 60_000,
    };
    let target = Target::platform(&format!("http://127.0.0.1:{port}/"), vec![account; 4]);
    let load = Load {
        target: target.expect("an address"),
        learners: 4,
        seconds: Duration::from_secs(1),
        pace,
        seed: 7,
        pids: vec![std::process::id()],
    };
    (
        load.run().await,
        stand_in.right_answers.load(Ordering::Relaxed),
    )
}

const PACED: Pace = Pace::Every(Duration::from_millis(200));

#[tokio::test]
async fn paced_learners_send_on_time_and_count_every_acknowledgement() {
    let report = run(Manner::Honest, PACED).await.0.expect("a report");
    assert_eq!(report.errors.total, 0, "{:?}", report.errors);
    // One interval of warm-up and one second, five a second each.
    assert_eq!((report.sent, report.acknowledged), (24, 24));
    assert!((1..=20).contains(&report.messages), "{}", report.messages);
    assert!(report.check().is_ok());
}

#[tokio::test]
async fn saturated_learners_send_as_soon_as_they_may() {
    let report = run(Manner::Honest, Pace::Outstanding(2))
        .await
        .0
        .expect("a report");
    assert_eq!(report.errors.total, 0, "{:?}", report.errors);
    assert_eq!(report.sent, report.acknowledged);
    assert!(report.messages > 100, "{}", report.messages);
}

#[tokio::test]
async fn the_latency_of_a_slow_server_is_seen_in_both_modes() {
    for pace in [PACED, Pace::Outstanding(4)] {
        let report = run(Manner::TakesFiftyMs, pace).await.0.expect("a report");
        assert_eq!(report.errors.total, 0, "{:?}", report.errors);
        assert!(report.latency_ms.p50 >= 49.0, "{:?}", report.latency_ms);
        if let Some(outstanding) = report.outstanding {
            let implied = report.messages_per_s * report.latency_ms.mean / 1_000.0;
            let most = outstanding as f64;
            assert!(
                (most * 0.7..=most * 1.1).contains(&implied),
                "{implied} of {most}"
            );
        }
    }
}

#[tokio::test]
async fn checks_are_answered_with_what_was_asked_for() {
    let (report, right_answers) = run(Manner::AsksAtOnce, PACED).await;
    let report = report.expect("a report");
    assert_eq!(report.errors.total, 0, "{:?}", report.errors);
    assert_eq!(
        (report.checks.asked, report.checks.passed, right_answers),
        (4, 4, 4)
    );
}

#[tokio::test]
async fn a_server_that_breaks_its_promises_is_found() {
    for (manner, kind) in [
        (Manner::AcknowledgesAhead, "ack"),
        (Manner::CreditsTooMuch, "credited_above_elapsed"),
        (Manner::HangsUp, "lost"),
    ] {
        let report = run(manner, PACED).await.0.expect("a report");
        assert!(
            report.errors.by_kind.contains_key(kind),
            "{kind}: {:?}",
            report.errors
        );
        assert!(report.check().is_err());
    }
}

#[tokio::test]
async fn a_run_in_which_nobody_learns_says_why() {
    let error = run(Manner::KnowsNoLesson, PACED)
        .await
        .0
        .expect_err("nobody learns");
    assert!(error.to_string().contains("not_found"), "{error}");
}
