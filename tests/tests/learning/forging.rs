//! Attacks, played against the running server. What they earned is read from the ledger: not one
//! millisecond that was not watched in real time, and nothing verified without a passed check.

use serde_json::{Value, json};
use uuid::Uuid;

use crate::player::{Ledger, Player, Scene, checked};

const MINUTES_45: i64 = 2_700_000;

/// Ends the session and expects these pending milliseconds and nothing else.
async fn expect(player: &mut Player<'_>, pending: i64) {
    player.close().await;
    let expected = Ledger {
        pending,
        ..Ledger::default()
    };
    assert_eq!(player.scene.ledger().await, expected);
}

async fn opened(scene: &Scene) -> Player<'_> {
    let mut player = scene.player("pc").await;
    assert_eq!(player.open(0).await["type"], "opened");
    player
}

#[tokio::test]
async fn two_messages_an_hour_apart_earn_nothing() {
    let scene = Scene::new(&[MINUTES_45], checked()).await;
    let mut eve = opened(&scene).await;
    eve.report("playing", 0).await;
    eve.wait(3_600_000);
    eve.reconnect().await;
    eve.report("ended", MINUTES_45).await;
    expect(&mut eve, 0).await;
}

#[tokio::test]
async fn rapid_pairs_at_the_tolerance_earn_nothing_and_move_no_furthest_point() {
    let scene = Scene::new(&[MINUTES_45], checked()).await;
    let mut eve = opened(&scene).await;
    for n in 0..200 {
        eve.report("playing", n * 2_000).await;
        eve.report("paused", (n + 1) * 2_000).await;
    }
    assert!(eve.has_seen("go_back"));
    expect(&mut eve, 0).await;
}

#[tokio::test]
async fn the_position_99999_is_answered_with_the_way_back() {
    let scene = Scene::new(&[MINUTES_45], checked()).await;
    let mut eve = opened(&scene).await;
    eve.report("playing", 99_999_000).await;
    assert_eq!(eve.wait_for_type("go_back").await["position_ms"], 0);
    eve.wait(10_000);
    eve.report("playing", 99_999_000).await;
    eve.report("ended", 99_999_000).await;
    expect(&mut eve, 0).await;
}

#[tokio::test]
async fn rate_sixteen_earns_nothing() {
    let scene = Scene::new(&[MINUTES_45], checked()).await;
    let mut eve = opened(&scene).await;
    for n in 0..10 {
        let mut beat = eve.beat("playing", n * 160_000);
        beat["rate"] = json!(16.0);
        eve.send(vec![beat]).await;
        eve.wait(10_000);
    }
    expect(&mut eve, 0).await;
}

#[tokio::test]
async fn a_replayed_message_earns_once() {
    let scene = Scene::new(&[MINUTES_45], checked()).await;
    let mut eve = opened(&scene).await;
    let mut all = vec![eve.beat("playing", 0)];
    eve.send(all.clone()).await;
    eve.wait(10_000);
    all.push(eve.beat("playing", 10_000));
    for _ in 0..100 {
        assert_eq!(eve.send(all.clone()).await["seq"], 2);
    }
    expect(&mut eve, 10_000).await;
}

#[tokio::test]
async fn the_same_number_with_another_content_changes_nothing() {
    let scene = Scene::new(&[MINUTES_45], checked()).await;
    let mut eve = opened(&scene).await;
    eve.report("playing", 0).await;
    eve.wait(10_000);
    eve.report("playing", 10_000).await;
    eve.wait(10_000);
    eve.seq -= 1;
    eve.report("playing", 20_000).await;
    expect(&mut eve, 10_000).await;
}

#[tokio::test]
async fn re_ordered_heartbeats_earn_what_they_would_in_order() {
    let scene = Scene::new(&[MINUTES_45], checked()).await;
    let mut eve = opened(&scene).await;
    let mut beats = Vec::new();
    for n in 0..4 {
        beats.push(eve.beat("playing", n * 10_000));
        eve.wait(10_000);
    }
    beats.reverse();
    eve.send(beats).await;
    expect(&mut eve, 30_000).await;
}

#[tokio::test]
async fn a_number_left_out_is_not_acknowledged_and_earns_nothing() {
    let scene = Scene::new(&[MINUTES_45], checked()).await;
    let mut eve = opened(&scene).await;
    eve.report("playing", 0).await;
    eve.wait(10_000);
    eve.seq += 1;
    assert_eq!(eve.report("playing", 10_000).await["seq"], 1);
    expect(&mut eve, 0).await;
}

#[tokio::test]
async fn two_devices_at_once_earn_the_time_of_one() {
    let scene = Scene::new(&[MINUTES_45, MINUTES_45], checked()).await;
    let mut pc = opened(&scene).await;
    pc.report("playing", 0).await;
    let mut phone = scene.player("phone").await;
    phone.open(1).await;
    phone.report("playing", 0).await;
    let mut backlog = Vec::new();
    for n in 1..=5 {
        phone.wait(10_000);
        pc.client_ms = phone.client_ms;
        backlog.push(pc.beat("playing", n * 10_000));
        phone.report("playing", n * 10_000).await;
    }
    let old = pc.clock;
    let ack = phone.send_on(old, backlog).await;
    assert_eq!(ack["seq"], 6, "the ended clock is acknowledged");
    expect(&mut phone, 50_000).await;
}

#[tokio::test]
async fn two_tabs_on_one_lesson_earn_the_time_of_one() {
    let scene = Scene::new(&[MINUTES_45], checked()).await;
    let mut one = opened(&scene).await;
    one.report("playing", 0).await;
    let mut two = scene.player("pc").await;
    two.open(0).await;
    two.report("playing", 0).await;
    for n in 1..=5 {
        two.wait(10_000);
        one.client_ms = two.client_ms;
        let beat = one.beat("playing", n * 10_000);
        let old = one.clock;
        two.send_on(old, vec![beat]).await;
        two.report("playing", n * 10_000).await;
    }
    expect(&mut two, 50_000).await;
}

#[tokio::test]
async fn a_loop_without_media_earns_nothing() {
    let scene = Scene::new(&[MINUTES_45], checked()).await;
    let mut eve = opened(&scene).await;
    for _ in 0..30 {
        eve.report("playing", 0).await;
        eve.wait(10_000);
    }
    expect(&mut eve, 0).await;
}

#[tokio::test]
async fn the_same_ten_seconds_over_and_over_earn_once() {
    let scene = Scene::new(&[MINUTES_45], checked()).await;
    let mut eve = opened(&scene).await;
    for _ in 0..5 {
        eve.report("playing", 0).await;
        eve.wait(10_000);
        eve.report("playing", 10_000).await;
    }
    expect(&mut eve, 10_000).await;
}

#[tokio::test]
async fn a_client_clock_an_hour_ahead_earns_no_more_than_has_passed() {
    let scene = Scene::new(&[MINUTES_45], checked()).await;
    let mut eve = opened(&scene).await;
    eve.report("playing", 0).await;
    eve.client_ms += 3_600_000;
    eve.report("playing", 30_000).await;
    eve.scene.app.clock.advance(10_000);
    eve.report("playing", 60_000).await;
    expect(&mut eve, 0).await;
}

#[tokio::test]
async fn a_client_clock_an_hour_behind_earns_no_more_than_has_passed() {
    let scene = Scene::new(&[MINUTES_45], checked()).await;
    let mut eve = opened(&scene).await;
    eve.report("playing", 0).await;
    eve.client_ms -= 3_600_000;
    eve.scene.app.clock.advance(10_000);
    eve.report("playing", 10_000).await;
    eve.client_ms += 10_000;
    eve.report("playing", 20_000).await;
    eve.close().await;
    let sums = scene.ledger().await;
    assert!(sums.pending <= 10_000 && sums.verified == 0, "{sums:?}");
}

#[tokio::test]
async fn a_wall_clock_that_jumps_credits_and_voids_nothing_and_opens_no_session() {
    for jump in [3_600_000, -3_600_000] {
        let scene = Scene::new(&[MINUTES_45], checked()).await;
        let mut ana = opened(&scene).await;
        ana.report("playing", 0).await;
        scene.app.clock.set_drift(-jump);
        scene.app.desk.measure_drift().await;
        ana.wait(10_000);
        ana.report("playing", 10_000).await;
        let mut late = scene.player("phone").await;
        assert_eq!(late.open(0).await["code"], "drift");
        expect(&mut ana, 10_000).await;
    }
}

#[tokio::test]
async fn midnight_gives_no_second_day_to_the_same_time() {
    let mut policy = checked();
    policy.cap_min = 1;
    let scene = Scene::new(&[MINUTES_45], policy).await;
    let midnight = zhipei_domain::LocalDay::of(scene.app.clock.now()).end_ms();
    scene
        .app
        .clock
        .advance(midnight - 90_000 - scene.app.clock.now());
    let mut eve = opened(&scene).await;
    eve.report("playing", 0).await;
    for n in 1..=18 {
        eve.wait(10_000);
        eve.report("playing", n * 10_000).await;
        if eve.has_seen("challenge") {
            eve.pass().await;
            eve.report("playing", n * 10_000).await;
        }
    }
    eve.close().await;
    let sums = scene.ledger().await;
    assert!(
        sums.verified + sums.pending <= 120_000,
        "a minute for each of two days: {sums:?}"
    );
    assert!(
        sums.verified + sums.pending + sums.over_cap <= 180_000,
        "{sums:?}"
    );
}

#[tokio::test]
async fn closing_and_opening_again_does_not_dodge_the_check() {
    let scene = Scene::new(&[MINUTES_45], checked()).await;
    let mut eve = scene.player("pc").await;
    let mut asked = 0;
    for n in 0..6 {
        eve.open(0).await;
        eve.report("playing", n * 20_000).await;
        eve.wait(20_000);
        eve.report("playing", (n + 1) * 20_000).await;
        asked += usize::from(eve.has_seen("challenge"));
        eve.close().await;
        eve.seen.clear();
    }
    assert!(asked >= 1, "the check came after a minute of earning time");
    let sums = scene.ledger().await;
    assert_eq!(sums.verified, 0);
}

#[tokio::test]
async fn a_backlog_over_the_due_point_stays_pending() {
    let scene = Scene::new(&[MINUTES_45], checked()).await;
    let mut eve = opened(&scene).await;
    eve.report("playing", 0).await;
    let mut backlog = Vec::new();
    for n in 1..=48 {
        eve.wait(10_000);
        backlog.push(eve.beat("playing", n * 10_000));
    }
    eve.reconnect().await;
    eve.send(backlog).await;
    eve.wait_for_type("challenge").await;
    expect(&mut eve, 480_000).await;
}

#[tokio::test]
async fn late_time_beyond_ten_minutes_at_a_stretch_earns_nothing() {
    let scene = Scene::new(&[MINUTES_45], checked()).await;
    let mut eve = opened(&scene).await;
    eve.report("playing", 0).await;
    let mut backlog = Vec::new();
    for n in 1..=180 {
        eve.wait(10_000);
        backlog.push(eve.beat("playing", n * 10_000));
    }
    eve.reconnect().await;
    eve.send(backlog).await;
    eve.close().await;
    let sums = scene.ledger().await;
    assert!(sums.pending <= 630_000 && sums.verified == 0, "{sums:?}");
}

#[tokio::test]
async fn nobody_reports_on_the_clock_of_somebody_else() {
    let scene = Scene::new(&[MINUTES_45], checked()).await;
    let mut ana = opened(&scene).await;
    ana.report("playing", 0).await;
    let stranger = scene.app.learner("demo02").await;
    scene.app.enrol(&stranger, &scene.class).await;
    let eve = scene.app.logged_in(&stranger).await;
    let mut socket = eve.open_socket().await.unwrap();
    ana.wait(10_000);
    let beat = json!({
        "seq": 2, "state": "playing", "position_ms": 10_000, "rate": 1.0, "client_ms": ana.client_ms,
    });
    let message = json!({ "type": "heartbeats", "clock_id": ana.clock, "items": [beat] });
    socket.send(&message).await;
    assert_eq!(socket.next().await.unwrap()["seq"], Value::Null);
    let resume = json!({ "type": "resume", "protocol": 1, "clock_id": ana.clock, "epoch": 1 });
    socket.send(&resume).await;
    assert_eq!(socket.next().await.unwrap()["code"], "clock_ended");
    let nothing = crate::player::from_ledger(&scene.app, stranger.learner.id).await;
    assert_eq!(nothing, Ledger::default());
    assert_eq!(ana.report("playing", 10_000).await["seq"], 2);
}

#[tokio::test]
async fn nobody_opens_a_lesson_of_a_class_that_is_not_theirs() {
    let scene = Scene::new(&[MINUTES_45], checked()).await;
    let stranger = scene.app.learner("demo02").await;
    let client = scene.app.logged_in(&stranger).await;
    let mut socket = client.open_socket().await.unwrap();
    let open = json!({
        "type": "open", "protocol": 1, "device_id": "x", "device": "pc", "class": scene.class.id,
        "lesson": scene.class.lessons[0], "clock_id": Uuid::now_v7(), "client_ms": 0,
    });
    socket.send(&open).await;
    assert_eq!(socket.next().await.unwrap()["code"], "not_enrolled");
}

#[tokio::test]
async fn answers_to_checks_that_are_not_on_screen_verify_nothing() {
    let scene = Scene::new(&[MINUTES_45], checked()).await;
    let mut eve = opened(&scene).await;
    eve.play(0, 50_000).await;
    for answer in 1..=9 {
        let guess = json!({ "type": "challenge_answer", "id": Uuid::now_v7(), "answer": answer.to_string() });
        eve.socket.send(&guess).await;
    }
    expect(&mut eve, 50_000).await;
}

#[tokio::test]
async fn guessing_the_answer_ends_the_round_after_two_tries() {
    let scene = Scene::new(&[MINUTES_45], checked()).await;
    let mut eve = opened(&scene).await;
    eve.play(0, 60_000).await;
    let challenge = eve.wait_for_type("challenge").await;
    for _ in 0..9 {
        let guess = json!({ "type": "challenge_answer", "id": challenge["id"], "answer": "no" });
        eve.socket.send(&guess).await;
    }
    assert_eq!(eve.wait_for_type("verdict").await["result"], "try_again");
    assert_eq!(eve.wait_for_type("verdict").await["result"], "repeat_later");
    expect(&mut eve, 60_000).await;
}

#[tokio::test]
async fn cutting_the_network_at_every_check_is_a_miss() {
    let scene = Scene::new(&[MINUTES_45], checked()).await;
    let mut eve = opened(&scene).await;
    eve.play(0, 60_000).await;
    eve.wait_for_type("challenge").await;
    eve.reconnect().await;
    eve.report("playing", 60_000).await;
    eve.wait_for_type("challenge").await;
    eve.reconnect().await;
    eve.close().await;
    let sums = scene.ledger().await;
    assert_eq!((sums.verified, sums.void), (0, 60_000));
}

#[tokio::test]
async fn nothing_earns_while_a_check_is_on_screen() {
    let scene = Scene::new(&[MINUTES_45], checked()).await;
    let mut eve = opened(&scene).await;
    eve.play(0, 60_000).await;
    eve.wait_for_type("challenge").await;
    for n in 6..10 {
        eve.report("playing", n * 10_000).await;
        eve.wait(10_000);
    }
    eve.close().await;
    assert_eq!(scene.ledger().await.pending, 60_000);
}

#[tokio::test]
async fn a_socket_that_breaks_the_protocol_is_closed() {
    let scene = Scene::new(&[MINUTES_45], checked()).await;
    for nonsense in [
        json!("x"),
        json!({ "type": "fly" }),
        json!({ "type": "open" }),
        json!([]),
    ] {
        let mut eve = scene.player("pc").await;
        eve.socket.send(&nonsense).await;
        assert_eq!(eve.wait_for_type("end").await["reason"], "protocol");
        assert_eq!(eve.socket.next().await, Err(Some(4400)));
    }
}

#[tokio::test]
async fn a_connection_that_did_not_open_the_lesson_earns_nothing_on_its_clock() {
    let scene = Scene::new(&[MINUTES_45], checked()).await;
    let mut eve = opened(&scene).await;
    eve.report("playing", 0).await;
    eve.wait(10_000);
    eve.report("playing", 10_000).await;
    // Checks go to the connection that holds the clock; this one would never be asked.
    eve.socket = eve.client.open_socket().await.unwrap();
    for n in 2..30 {
        eve.wait(10_000);
        assert_eq!(eve.report("playing", n * 10_000).await["seq"], 2);
    }
    expect(&mut eve, 10_000).await;
}

#[tokio::test]
async fn a_closed_lesson_earns_nothing_until_it_is_opened_again() {
    let scene = Scene::new(&[MINUTES_45], checked()).await;
    let mut eve = opened(&scene).await;
    eve.report("playing", 0).await;
    eve.close().await;
    for n in 1..30 {
        eve.wait(10_000);
        eve.report("playing", n * 10_000).await;
    }
    expect(&mut eve, 0).await;
}

#[tokio::test]
async fn a_stale_pause_behind_playing_heartbeats_does_not_dodge_the_check() {
    let scene = Scene::new(&[MINUTES_45], checked()).await;
    let mut eve = opened(&scene).await;
    eve.report("playing", 0).await;
    let stale = json!({
        "seq": 1, "state": "paused", "position_ms": 0, "rate": 1.0, "client_ms": eve.client_ms,
    });
    for n in 1..=7 {
        eve.wait(10_000);
        let beat = eve.beat("playing", n * 10_000);
        eve.send(vec![beat, stale.clone()]).await;
    }
    assert!(eve.has_seen("challenge"));
}

#[tokio::test]
async fn playing_and_pausing_in_one_message_does_not_dodge_the_check_for_ever() {
    let scene = Scene::new(&[MINUTES_45], checked()).await;
    let mut eve = opened(&scene).await;
    for n in 0..40 {
        let first = eve.beat("playing", n * 25_000);
        eve.wait(25_000);
        let last = eve.beat("paused", (n + 1) * 25_000);
        eve.send(vec![first, last]).await;
    }
    assert!(
        eve.has_seen("challenge"),
        "asked after ten minutes at the latest"
    );
    eve.close().await;
    assert_eq!(scene.ledger().await.verified, 0);
}

#[tokio::test]
async fn nothing_earns_after_the_last_day_of_the_class() {
    let scene = Scene::new(&[MINUTES_45], checked()).await;
    let mut eve = opened(&scene).await;
    let last = zhipei_domain::LocalDay(zhipei_domain::LocalDay::of(scene.app.clock.now()).0 + 15);
    let to_end = last.end_ms() - scene.app.clock.now() - 15_000;
    eve.wait(to_end);
    eve.reconnect().await;
    eve.open(0).await;
    eve.report("playing", 0).await;
    for n in 1..=5 {
        eve.wait(10_000);
        eve.report("playing", n * 10_000).await;
    }
    eve.close().await;
    let sums = scene.ledger().await;
    assert_eq!((sums.pending, sums.verified), (15_000, 0));
    eve.seen.clear();
    assert_eq!(eve.open(0).await["type"], "opened", "for the closing check");
    let verdict = eve.pass().await;
    assert_eq!(verdict["result"], "passed");
    assert_eq!(eve.open(0).await["code"], "class_not_open");
    assert_eq!(scene.ledger().await.verified, 15_000);
}
