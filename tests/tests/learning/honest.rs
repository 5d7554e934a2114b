//! Honest learners on good and bad networks.

use serde_json::json;

use crate::player::{Ledger, Scene, checked};

#[tokio::test]
async fn a_lesson_watched_to_its_end_is_verified_by_its_closing_check() {
    let scene = Scene::new(&[60_000], checked()).await;
    let mut ana = scene.player("pc").await;
    let opened = ana.open(0).await;
    assert_eq!(
        (&opened["epoch"], &opened["last_seq"]),
        (&json!(1), &json!(0))
    );
    let ack = ana.play(0, 60_000).await;
    assert_eq!(
        (&ack["verified_ms"], &ack["pending_ms"]),
        (&json!(0), &json!(60_000))
    );
    let verdict = ana.pass().await;
    assert_eq!(verdict["result"], "passed");
    assert_eq!(
        (&verdict["verified_ms"], &verdict["pending_ms"]),
        (&json!(60_000), &json!(0))
    );
    assert_eq!(
        scene.ledger().await,
        Ledger {
            verified: 60_000,
            ..Ledger::default()
        }
    );
}

#[tokio::test]
async fn a_missed_check_voids_and_watching_again_earns_it_back() {
    let scene = Scene::new(&[300_000], checked()).await;
    let mut ana = scene.player("pc").await;
    ana.open(0).await;
    ana.play(0, 60_000).await;
    for result in ["repeat_later", "missed"] {
        ana.wait_for_type("challenge").await;
        ana.report("paused", 60_000).await;
        ana.wait(30_000);
        ana.report("paused", 60_000).await;
        ana.wait(31_000);
        assert_eq!(ana.wait_for_type("verdict").await["result"], result);
        for _ in 0..2 {
            ana.wait(30_000);
            ana.report("paused", 60_000).await;
        }
    }
    let void = ana.wait_for_type("void").await;
    assert_eq!(void["intervals"][0]["ms"], 60_000);
    assert_eq!(
        scene.ledger().await,
        Ledger {
            void: 60_000,
            ..Ledger::default()
        }
    );
    ana.play(0, 60_000).await;
    assert_eq!(ana.pass().await["result"], "passed");
    let expected = Ledger {
        verified: 60_000,
        void: 60_000,
        ..Ledger::default()
    };
    assert_eq!(scene.ledger().await, expected);
}

#[tokio::test]
async fn a_wrong_answer_leaves_a_second_try() {
    let scene = Scene::new(&[300_000], checked()).await;
    let mut ana = scene.player("pc").await;
    ana.open(0).await;
    ana.play(0, 60_000).await;
    let challenge = ana.wait_for_type("challenge").await;
    let wrong = json!({ "type": "challenge_answer", "id": challenge["id"], "answer": "0" });
    ana.socket.send(&wrong).await;
    let verdict = ana.wait_for_type("verdict").await;
    assert_eq!(
        (&verdict["result"], &verdict["attempt"]),
        (&json!("try_again"), &json!(2))
    );
    let right = json!({
        "type": "challenge_answer", "id": challenge["id"], "answer": verdict["prompt"]["ask"],
    });
    ana.socket.send(&right).await;
    assert_eq!(ana.wait_for_type("verdict").await["result"], "passed");
    assert_eq!(scene.ledger().await.verified, 60_000);
}

#[tokio::test]
async fn ten_minutes_without_network_cost_nothing_when_they_are_sent_afterwards() {
    let mut policy = checked();
    policy.check.min_ms = 1_200_000;
    policy.check.max_ms = 1_200_000;
    let scene = Scene::new(&[2_700_000], policy).await;
    let mut ana = scene.player("pc").await;
    ana.open(0).await;
    ana.report("playing", 0).await;
    for n in 1..=6 {
        ana.wait(10_000);
        ana.report("playing", n * 10_000).await;
    }
    // The network is gone; the player goes on and keeps its heartbeats.
    let mut kept = Vec::new();
    for n in 7..=66 {
        ana.wait(10_000);
        kept.push(ana.beat("playing", n * 10_000));
    }
    let back = ana.reconnect().await;
    assert_eq!(
        (&back["type"], &back["last_seq"]),
        (&json!("opened"), &json!(7))
    );
    let ack = ana.send(kept).await;
    assert_eq!(ack["seq"], 67);
    assert!(
        ack["pending_ms"].as_i64().unwrap() >= 660_000 - 1_000,
        "{ack}"
    );
}

#[tokio::test]
async fn what_was_recorded_survives_a_reload_with_a_backlog_on_the_old_clock() {
    let scene = Scene::new(&[300_000], checked()).await;
    let mut ana = scene.player("pc").await;
    ana.open(0).await;
    ana.report("playing", 0).await;
    ana.wait(10_000);
    ana.report("playing", 10_000).await;
    ana.wait(10_000);
    let unsent = ana.beat("playing", 20_000);
    let old = ana.clock;
    ana.socket = ana.client.open_socket().await.unwrap();
    let opened = ana.open(0).await;
    assert_eq!(opened["pending_ms"], 10_000);
    let ack = ana.send_on(old, vec![unsent]).await;
    assert_eq!(
        (&ack["seq"], &ack["pending_ms"]),
        (&json!(3), &json!(20_000))
    );
}

#[tokio::test]
async fn a_second_device_takes_over_and_the_first_is_told() {
    let scene = Scene::new(&[300_000], checked()).await;
    let mut pc = scene.player("pc").await;
    pc.open(0).await;
    pc.report("playing", 0).await;
    pc.wait(10_000);
    pc.report("playing", 10_000).await;
    let mut phone = scene.player("phone").await;
    let opened = phone.open(0).await;
    assert_eq!(opened["epoch"], 2);
    pc.wait_for_type("taken_over").await;
    assert_eq!(pc.socket.next().await, Err(Some(4409)));
    assert_eq!(
        pc.reconnect().await["type"],
        "taken_over",
        "coming back does not take over"
    );
}

#[tokio::test]
async fn where_the_older_session_stays_a_second_device_is_refused() {
    let mut policy = checked();
    policy.sessions = zhipei_domain::SessionRule::Older;
    let scene = Scene::new(&[300_000], policy).await;
    let mut pc = scene.player("pc").await;
    pc.open(0).await;
    let mut phone = scene.player("phone").await;
    assert_eq!(phone.open(0).await["code"], "older_stays");
    pc.close().await;
    assert_eq!(phone.open(0).await["type"], "opened");
}

#[tokio::test]
async fn the_same_messages_come_through_by_post() {
    let scene = Scene::new(&[60_000], checked()).await;
    let mut ana = scene.player("pc").await;
    let connection = uuid::Uuid::now_v7().to_string();
    let origin = format!("http://{}", scene.app.address());
    let client = ana.client.clone();
    let post = async |messages: serde_json::Value| {
        let headers = [
            ("content-type", "application/json"),
            ("origin", origin.as_str()),
            ("x-device-connection", connection.as_str()),
        ];
        let body = json!({ "messages": messages }).to_string().into_bytes();
        let answer = client.send(
            "POST".parse().unwrap(),
            "/api/learning/heartbeats",
            &headers,
            body,
        );
        let answer = answer.await;
        assert_eq!(answer.status, 200, "{}", answer.text());
        answer.json()["messages"].as_array().unwrap().clone()
    };
    ana.clock = uuid::Uuid::now_v7();
    let open = json!({
        "type": "open", "protocol": 1, "device_id": "pc", "device": "pc", "class": scene.class.id,
        "lesson": scene.class.lessons[0], "clock_id": ana.clock, "client_ms": ana.client_ms,
    });
    let first = ana.beat("playing", 0);
    let beats = |items: Vec<serde_json::Value>, clock| json!({ "type": "heartbeats", "clock_id": clock, "items": items });
    let answers = post(json!([open, beats(vec![first], ana.clock)])).await;
    assert_eq!(
        answers
            .iter()
            .map(|m| m["type"].clone())
            .collect::<Vec<_>>(),
        ["opened", "ack"]
    );
    let mut answers = Vec::new();
    for n in 1..=6 {
        ana.wait(10_000);
        let beat = ana.beat("playing", n * 10_000);
        answers.extend(post(json!([beats(vec![beat], ana.clock)])).await);
    }
    let ended = ana.beat("ended", 60_000);
    answers.extend(post(json!([beats(vec![ended], ana.clock)])).await);
    let challenge = answers.iter().find(|m| m["type"] == "challenge").unwrap();
    let answer = json!({
        "type": "challenge_answer", "id": challenge["id"], "answer": challenge["prompt"]["ask"],
    });
    let verdict = post(json!([answer])).await;
    assert_eq!(verdict[0]["result"], "passed");
    assert_eq!(scene.ledger().await.verified, 60_000);
}

#[tokio::test]
async fn a_restart_loses_nothing_that_was_acknowledged() {
    let scene = Scene::new(&[300_000], checked()).await;
    let mut ana = scene.player("pc").await;
    ana.open(0).await;
    ana.report("playing", 0).await;
    for n in 1..=3 {
        ana.wait(10_000);
        ana.report("playing", n * 10_000).await;
    }
    let (clock, epoch, client_ms) = (ana.clock, ana.epoch, ana.client_ms);
    let Scene {
        app,
        learner,
        class,
    } = scene;
    let scene = Scene {
        app: app.restart().await,
        learner,
        class,
    };
    let mut ana = scene.player("pc").await;
    (ana.clock, ana.epoch, ana.seq, ana.client_ms) = (clock, epoch, 4, client_ms);
    let back = ana.reconnect().await;
    assert_eq!(
        (&back["type"], &back["last_seq"]),
        (&json!("opened"), &json!(4))
    );
    assert_eq!(back["pending_ms"], 30_000);
    ana.wait(10_000);
    assert_eq!(ana.report("playing", 40_000).await["pending_ms"], 40_000);
}

#[tokio::test]
async fn logging_out_ends_the_live_session() {
    let scene = Scene::new(&[300_000], checked()).await;
    let mut ana = scene.player("pc").await;
    ana.open(0).await;
    ana.client.post("/api/logout", &json!({})).await;
    assert_eq!(ana.wait_for_type("end").await["reason"], "logged_out");
    assert_eq!(ana.socket.next().await, Err(Some(4401)));
}

#[tokio::test]
async fn the_key_of_a_video_is_given_while_its_lesson_is_open() {
    let scene = Scene::new(&[300_000, 300_000], checked()).await;
    let mut ana = scene.player("pc").await;
    let key = format!("/api/learning/keys/{}", scene.class.videos[0].id);
    let other = format!("/api/learning/keys/{}", scene.class.videos[1].id);
    assert_eq!(ana.client.get(&key).await.problem(), "403 no_live_session");
    ana.open(0).await;
    let answer = ana.client.get(&key).await;
    assert_eq!((answer.status.as_u16(), answer.body.len()), (200, 16));
    assert_eq!(answer.header("cache-control"), "no-store");
    assert_eq!(
        ana.client.get(&other).await.problem(),
        "403 no_live_session"
    );
    ana.close().await;
    assert_eq!(ana.client.get(&key).await.problem(), "403 no_live_session");
}

#[tokio::test]
async fn a_check_on_a_dead_socket_comes_again_on_the_new_one() {
    let scene = Scene::new(&[300_000], checked()).await;
    let mut ana = scene.player("pc").await;
    ana.open(0).await;
    ana.play(0, 60_000).await;
    ana.wait_for_type("challenge").await;
    // The old socket stays open: the server has not noticed that the network is gone.
    let old = std::mem::replace(&mut ana.socket, ana.client.open_socket().await.unwrap());
    ana.seen.clear();
    let resume = json!({
        "type": "resume", "protocol": 1, "clock_id": ana.clock, "epoch": ana.epoch,
    });
    ana.socket.send(&resume).await;
    ana.wait_for_type("opened").await;
    ana.report("playing", 60_000).await;
    assert_eq!(ana.pass().await["result"], "passed");
    drop(old);
}

#[tokio::test]
async fn verified_time_is_still_shown_after_a_restart() {
    let scene = Scene::new(&[300_000], checked()).await;
    let mut ana = scene.player("pc").await;
    ana.open(0).await;
    ana.play(0, 60_000).await;
    ana.pass().await;
    let Scene {
        app,
        learner,
        class,
    } = scene;
    let scene = Scene {
        app: app.restart().await,
        learner,
        class,
    };
    let mut ana = scene.player("pc").await;
    assert_eq!(ana.open(0).await["verified_ms"], 60_000);
}

#[tokio::test]
async fn after_a_restart_the_older_session_does_not_lock_the_learner_out() {
    let mut policy = checked();
    policy.sessions = zhipei_domain::SessionRule::Older;
    let scene = Scene::new(&[300_000], policy).await;
    scene.player("pc").await.open(0).await;
    let Scene {
        app,
        learner,
        class,
    } = scene;
    let scene = Scene {
        app: app.restart().await,
        learner,
        class,
    };
    let mut phone = scene.player("phone").await;
    phone.wait(31_000);
    phone.open(0).await;
    phone.wait(31_000);
    assert_eq!(phone.open(0).await["type"], "opened");
}

#[tokio::test]
async fn checks_switched_off_with_time_pending_ask_once_more_and_harm_nobody() {
    let scene = Scene::new(&[300_000], checked()).await;
    let mut ana = scene.player("pc").await;
    ana.open(0).await;
    ana.play(0, 30_000).await;
    let mut off = checked();
    off.check.kind = zhipei_domain::CheckKind::Off;
    let scope = zhipei_domain::CreditScope::Class(scene.class.id);
    let now = scene.app.clock.now();
    let by = zhipei_domain::Actor::System;
    let set = scene
        .app
        .db()
        .write(async |txn| zhipei_actions::policy::set(txn, &by, now, scope, off).await);
    set.await.unwrap();
    ana.open(0).await;
    assert_eq!(ana.pass().await["result"], "passed");
    assert_eq!(scene.ledger().await.verified, 30_000);
}

#[tokio::test]
async fn a_login_that_is_over_closes_its_sockets_even_silent_ones() {
    let scene = Scene::new(&[300_000], checked()).await;
    let mut ana = scene.player("pc").await;
    ana.client.post("/api/logout", &json!({})).await;
    assert_eq!(ana.wait_for_type("end").await["reason"], "logged_out");
    assert_eq!(ana.socket.next().await, Err(Some(4401)));
}

#[tokio::test]
async fn the_ninth_connection_of_a_learner_closes_the_oldest() {
    let scene = Scene::new(&[300_000], checked()).await;
    let client = scene.app.logged_in(&scene.learner).await;
    let mut sockets = Vec::new();
    for _ in 0..8 {
        sockets.push(client.open_socket().await.unwrap());
    }
    sockets.push(client.open_socket().await.unwrap());
    assert_eq!(sockets[0].next().await, Err(Some(4400)));
}
