//! Checks before and while learning, by face and by what takes its place.

use serde_json::{Value, json};
use zhipei_domain::{CheckKind, Policy};

use crate::camera::{Camera, agree, answer, enrol, learner, phone, post_frames, spawn};
use crate::player::{Player, Scene, checked};

/// A check by face with actions every minute of earning time.
pub(crate) fn faced() -> Policy {
    let mut policy = checked();
    policy.check.kind = CheckKind::FaceAction;
    policy
}

/// A learner with an enrolled face in a class under `policy`.
pub(crate) async fn scene(policy: Policy) -> Scene {
    let app = spawn().await;
    let learner = learner(&app, "fu-01", 1).await;
    enrol(&app.logged_in(&learner).await).await;
    Scene::with(app, learner, &[600_000], policy).await
}

/// A player of the scene that has come to its first check.
pub(crate) async fn challenged(scene: &Scene) -> (Player<'_>, Value) {
    let mut player = scene.player("pc").await;
    player.open(0).await;
    player.play(0, 70_000).await;
    player.report("playing", 70_000).await;
    let challenge = player.wait_for_type("challenge").await;
    (player, challenge)
}

/// Sends what the camera sees to the check of this prompt.
pub(crate) async fn show(player: &Player<'_>, prompt: &Value, camera: &Camera) -> Value {
    let nonce = prompt["nonce"].as_str().unwrap();
    let path = format!("/api/learning/checks/{nonce}/frames");
    let answer = post_frames(&player.client, &path, &camera.take(&prompt["actions"])).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    answer.json()
}

pub(crate) async fn verdict(player: &mut Player<'_>) -> Value {
    player
        .wait_for(|m| m["type"] == "verdict" && m["result"] != "postponed")
        .await
}

#[tokio::test]
async fn a_random_check_by_face_verifies_what_was_pending() {
    let scene = scene(faced()).await;
    let (mut player, challenge) = challenged(&scene).await;
    assert_eq!(challenge["kind"], "face_action");
    assert_eq!(challenge["prompt"]["actions"].as_array().unwrap().len(), 2);
    let told = show(&player, &challenge["prompt"], Camera::own()).await;
    assert_eq!(told, json!({ "passed": true, "failures": [] }));
    assert_eq!(verdict(&mut player).await["result"], "passed");
    player.close().await;
    let ledger = scene.ledger().await;
    assert!(ledger.verified >= 60_000, "{ledger:?}");
    assert_eq!(ledger.void, 0);
}

#[tokio::test]
async fn who_looks_away_may_try_again_and_a_still_picture_does_nothing() {
    let scene = scene(faced()).await;
    let (mut player, challenge) = challenged(&scene).await;
    let still = json!({ "nonce": challenge["prompt"]["nonce"], "actions": [] });
    let told = show(&player, &still, Camera::own()).await;
    assert_eq!(told["passed"], false);
    assert_eq!(told["failures"][0]["code"], "action_missing");
    let again = verdict(&mut player).await;
    assert_eq!(again["result"], "try_again");
    assert_ne!(again["prompt"]["nonce"], challenge["prompt"]["nonce"]);
    let told = show(&player, &again["prompt"], Camera::own()).await;
    assert_eq!(told["passed"], true);
    assert_eq!(verdict(&mut player).await["result"], "passed");
}

#[tokio::test]
async fn pipl_03_who_shows_no_face_is_checked_by_sms_with_equal_weight() {
    let app = spawn().await;
    let ana = learner(&app, "fu-01", 1).await;
    let scene = Scene::with(app, ana, &[600_000], faced()).await;
    let (mut player, challenge) = challenged(&scene).await;
    assert_eq!(challenge["kind"], "sms");
    assert_eq!(challenge["answer_within_ms"], 120_000);
    let sms = scene.app.phones.wait(&phone(1), 1).await;
    let answer = json!({ "type": "challenge_answer", "id": challenge["id"], "answer": sms.code });
    player.socket.send(&answer).await;
    assert_eq!(verdict(&mut player).await["result"], "passed");
    player.close().await;
    assert!(scene.ledger().await.verified >= 60_000);
}

#[tokio::test]
async fn another_way_is_one_tap_away_while_the_camera_is_asked_for() {
    let scene = scene(faced()).await;
    let (mut player, face) = challenged(&scene).await;
    let other = json!({ "type": "other_way", "id": face["id"] });
    player.socket.send(&other).await;
    let challenge = player.wait_for_type("challenge").await;
    assert_eq!(
        (&challenge["kind"], &challenge["id"]),
        (&json!("sms"), &face["id"])
    );
    let sms = scene.app.phones.wait(&phone(1), 1).await;
    // The question for the face is gone.
    let nonce = face["prompt"]["nonce"].as_str().unwrap();
    let path = format!("/api/learning/checks/{nonce}/frames");
    let frames = Camera::own().take(&face["prompt"]["actions"]);
    let late = post_frames(&player.client, &path, &frames).await;
    assert_eq!(late.problem(), "404 not_found");
    player.wait(90_000);
    let answer = json!({ "type": "challenge_answer", "id": challenge["id"], "answer": sms.code });
    player.socket.send(&answer).await;
    assert_eq!(verdict(&mut player).await["result"], "passed");
}

#[tokio::test]
async fn a_lesson_starts_with_a_face_where_the_class_asks_for_it() {
    let mut policy = faced();
    policy.face_at_lesson = true;
    let scene = scene(policy).await;
    let mut player = scene.player("pc").await;
    let refused = player.open(0).await;
    assert_eq!(refused["code"], "face_check_needed");
    let other = json!({ "purpose": "lesson_start", "lesson": uuid::Uuid::nil() });
    answer(&player.client, &other, Camera::own()).await;
    assert_eq!(player.open(0).await["code"], "face_check_needed");
    let body = json!({ "purpose": "lesson_start", "lesson": scene.class.lessons[0] });
    let wrong = answer(&player.client, &body, Camera::stranger()).await;
    assert_eq!(wrong.json()["passed"], false);
    assert_eq!(player.open(0).await["code"], "face_check_needed");
    let right = answer(&player.client, &body, Camera::own()).await;
    assert_eq!(right.json()["passed"], true);
    assert_eq!(player.open(0).await["type"], "opened");
    // It holds for an hour, so that a page that is loaded again asks nothing.
    player.wait(59 * 60_000);
    assert_eq!(player.open(0).await["type"], "opened");
}

#[tokio::test]
async fn pipl_04_who_shows_no_face_starts_lessons_by_one_code_a_login() {
    let mut policy = faced();
    policy.face_at_lesson = true;
    let app = spawn().await;
    let ana = learner(&app, "fu-01", 1).await;
    let scene = Scene::with(app, ana, &[600_000, 600_000], policy).await;
    let mut player = scene.player("pc").await;
    assert_eq!(player.open(0).await["code"], "code_check_needed");
    let sent = player
        .client
        .post("/api/learning/start-codes", &json!({}))
        .await;
    let sms = scene.app.phones.wait(&phone(1), 1).await;
    let ticket = sent.json()["ticket"].clone();
    let confirm = async |code: &str| {
        let body = json!({ "ticket": ticket, "code": code });
        player
            .client
            .post("/api/learning/start-codes/confirm", &body)
            .await
    };
    let code = sms.code.unwrap();
    let wrong = if code == "000000" { "000001" } else { "000000" };
    assert_eq!(confirm(wrong).await.problem(), "422 code_wrong");
    assert_eq!(confirm(&code).await.status, 204);
    assert_eq!(player.open(0).await["type"], "opened");
    assert_eq!(player.open(1).await["type"], "opened");
}

#[tokio::test]
async fn pipl_03_whose_camera_is_broken_starts_a_lesson_by_a_code_for_an_hour() {
    let mut policy = faced();
    policy.face_at_lesson = true;
    let scene = scene(policy).await;
    let mut player = scene.player("pc").await;
    assert_eq!(player.open(0).await["code"], "face_check_needed");
    player.wait(1_000);
    let codes = "/api/learning/start-codes";
    let sent = player.client.post(codes, &json!({})).await;
    let sms = scene.app.phones.wait(&phone(1), 1).await;
    let body = json!({ "ticket": sent.json()["ticket"], "code": sms.code });
    let confirmed = player.client.post(&format!("{codes}/confirm"), &body).await;
    assert_eq!(confirmed.status, 204, "{}", confirmed.text());
    assert_eq!(player.open(0).await["type"], "opened");
    player.wait(61 * 60_000);
    assert_eq!(player.open(0).await["code"], "face_check_needed");
}

#[tokio::test]
async fn withdrawing_in_the_middle_of_a_class_goes_on_by_sms_and_keeps_what_was_earned() {
    let scene = scene(faced()).await;
    let (mut player, challenge) = challenged(&scene).await;
    show(&player, &challenge["prompt"], Camera::own()).await;
    assert_eq!(verdict(&mut player).await["result"], "passed");
    let withdraw = "/api/me/consents/face_upload/withdraw";
    assert_eq!(player.client.post(withdraw, &json!({})).await.status, 204);
    player.open(0).await;
    player.play(60_000, 70_000).await;
    player.report("playing", 130_000).await;
    assert_eq!(player.wait_for_type("challenge").await["kind"], "sms");
    player.close().await;
    assert!(scene.ledger().await.verified >= 60_000);
}

#[tokio::test]
async fn face_08_no_score_leaves_the_server() {
    let app = spawn().await;
    let client = app.logged_in(&learner(&app, "fu-01", 1).await).await;
    agree(&client).await;
    let body = json!({ "purpose": "enrolment" });
    let told = answer(&client, &body, Camera::own()).await;
    assert_eq!(told.text(), r#"{"passed":true,"failures":[]}"#);
    let export = json!({ "password": zhipei_tests::PASSWORD });
    let own = client.post("/api/me/export", &export).await;
    assert_eq!(own.status, 200, "{}", own.text());
    assert!(!own.text().contains("similarity"));
}
