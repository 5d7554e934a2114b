use serde_json::json;
use zhipei_domain::{Policy, TimeState};
use zhipei_tests::TestApp;

#[tokio::test]
async fn a_learner_sees_own_classes_with_what_is_earned_today_and_in_all() {
    let app = TestApp::spawn().await;
    let learner = app.learner("fuxiuying").await;
    let id = learner.learner.id;
    let class = app
        .class("QH-1", &[600_000, 300_000], Policy::default())
        .await;
    app.enrol(&learner, &class).await;
    let now = app.clock.now();
    let yesterday = now - 86_400_000;
    app.earned(id, &class, 0, TimeState::Verified, (0, 400_000), yesterday)
        .await;
    app.earned(
        id,
        &class,
        0,
        TimeState::Pending,
        (400_000, 460_000),
        now - 60_000,
    )
    .await;
    let client = app.logged_in(&learner).await;

    let list = client.get("/api/classes").await.json();
    assert_eq!(list["next"], json!(null));
    let shown = &list["items"][0];
    assert_eq!(shown["title"], "电工班 QH-1");
    assert_eq!(shown["institution"], "培训学校 QH-1");
    assert_eq!(shown["state"], "learning");
    assert_eq!(shown["required_ms"], 900_000);
    assert_eq!(shown["totals"]["verified_ms"], 400_000);
    assert_eq!(shown["totals"]["verified_hours"], "0.14");
    assert_eq!(shown["totals"]["pending_ms"], 60_000);
    assert_eq!(shown["today"]["verified_ms"], 0);
    assert_eq!(shown["today"]["pending_ms"], 60_000);
    assert_eq!(shown["daily_cap_ms"], 480 * 60_000);
    let next = &shown["continue_lesson"];
    assert_eq!(next["lesson_id"], json!(class.lessons[0]));
    assert_eq!(next["number"], "1.1");
    assert_eq!(
        next["segments"],
        json!([
            { "state": "verified", "media_from": 0, "media_to": 400_000 },
            { "state": "pending", "media_from": 400_000, "media_to": 460_000 },
        ])
    );
}

#[tokio::test]
async fn the_next_lesson_is_the_first_of_which_something_can_still_be_earned() {
    let app = TestApp::spawn().await;
    let learner = app.learner("fuxiuying").await;
    let id = learner.learner.id;
    let class = app
        .class("QH-1", &[600_000, 300_000], Policy::default())
        .await;
    app.enrol(&learner, &class).await;
    let client = app.logged_in(&learner).await;
    let next =
        async || client.get("/api/classes").await.json()["items"][0]["continue_lesson"].clone();
    assert_eq!(next().await["lesson_id"], json!(class.lessons[0]));

    let now = app.clock.now();
    app.earned(
        id,
        &class,
        0,
        TimeState::Verified,
        (0, 599_000),
        now - 2_000_000,
    )
    .await;
    assert_eq!(next().await["lesson_id"], json!(class.lessons[1]));
    app.earned(
        id,
        &class,
        1,
        TimeState::Verified,
        (0, 300_000),
        now - 1_000_000,
    )
    .await;
    assert_eq!(next().await, json!(null));
    let list = client.get("/api/classes").await.json();
    assert_eq!(
        list["items"][0]["state"], "learning",
        "one second is missing"
    );
    app.earned(
        id,
        &class,
        0,
        TimeState::Verified,
        (599_000, 600_000),
        now - 900_000,
    )
    .await;
    let list = client.get("/api/classes").await.json();
    assert_eq!(list["items"][0]["state"], "finished");
}

#[tokio::test]
async fn a_class_shows_its_rules_and_its_lessons_in_order() {
    let app = TestApp::spawn().await;
    let learner = app.learner("fuxiuying").await;
    let class = app
        .class("QH-1", &[600_000, 300_000], Policy::default())
        .await;
    app.enrol(&learner, &class).await;
    let client = app.logged_in(&learner).await;
    let detail = client
        .get(&format!("/api/classes/{}", class.id))
        .await
        .json();
    assert_eq!(detail["filing_number"], "琼培备〔2026〕86 号");
    assert_eq!(detail["policy"]["check_kind"], "face_action");
    assert_eq!(detail["policy"]["max_rate"], 1.0);
    assert_eq!(detail["policy"]["version"], 1);
    let course = &detail["courses"][0];
    assert_eq!(course["required"], true);
    let lessons = course["chapters"][0]["lessons"].as_array().unwrap();
    let ids: Vec<_> = lessons.iter().map(|lesson| lesson["id"].clone()).collect();
    assert_eq!(json!(ids), json!(class.lessons));
    assert_eq!(lessons[1]["number"], "1.2");
    assert_eq!(lessons[1]["length_ms"], 300_000);
}

#[tokio::test]
async fn a_lesson_brings_what_the_player_needs() {
    let app = TestApp::spawn().await;
    let learner = app.learner("fuxiuying").await;
    let id = learner.learner.id;
    let class = app
        .class("QH-1", &[600_000, 300_000], Policy::default())
        .await;
    app.enrol(&learner, &class).await;
    let now = app.clock.now();
    app.earned(id, &class, 0, TimeState::Void, (0, 90_000), now - 900_000)
        .await;
    app.earned(
        id,
        &class,
        0,
        TimeState::Verified,
        (0, 30_000),
        now - 500_000,
    )
    .await;
    let client = app.logged_in(&learner).await;
    let path = |lesson: usize| {
        format!(
            "/api/classes/{}/lessons/{}",
            class.id, class.lessons[lesson]
        )
    };
    let lesson = client.get(&path(0)).await.json();
    assert_eq!(lesson["next_lesson_id"], json!(class.lessons[1]));
    assert_eq!(lesson["voids"][0]["ms"], 90_000);
    assert_eq!(lesson["voids"][0]["made_up"], false);
    assert_eq!(lesson["voids"][0]["reason"], "check_missed");
    assert_eq!(lesson["totals"]["void_ms"], 60_000);
    assert_eq!(
        lesson["segments"],
        json!([
            { "state": "verified", "media_from": 0, "media_to": 30_000 },
            { "state": "void", "media_from": 30_000, "media_to": 90_000 },
        ])
    );
    let playlist = lesson["media"]["playlist_url"].as_str().unwrap();
    assert!(playlist.starts_with("/media/") && playlist.ends_with("/master.m3u8"));
    assert_eq!(
        client.get(&path(1)).await.json()["next_lesson_id"],
        json!(null)
    );
}

#[tokio::test]
async fn another_learners_class_is_not_there_at_all() {
    let app = TestApp::spawn().await;
    let (fu, wang) = (
        app.learner("fuxiuying").await,
        app.learner("wanghaibo").await,
    );
    let class = app.class("QH-1", &[600_000], Policy::default()).await;
    app.enrol(&fu, &class).await;
    let client = app.logged_in(&wang).await;
    assert_eq!(client.get("/api/classes").await.json()["items"], json!([]));
    for path in [
        format!("/api/classes/{}", class.id),
        format!("/api/classes/{}/lessons/{}", class.id, class.lessons[0]),
        format!("/api/classes/{}/hours", class.id),
        format!("/hour-lists/{}", class.id),
        format!("/api/classes/{}", uuid::Uuid::nil()),
    ] {
        assert_eq!(client.get(&path).await.problem(), "404 not_found", "{path}");
    }
    let own = app.logged_in(&fu).await;
    let other_lesson = format!("/api/classes/{}/lessons/{}", class.id, uuid::Uuid::nil());
    assert_eq!(own.get(&other_lesson).await.problem(), "404 not_found");
}
