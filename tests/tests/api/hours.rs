use serde_json::{Value, json};
use zhipei_domain::{Policy, TimeState};
use zhipei_tests::{TestApp, TestClass, TestLearner};

const DAY_MS: i64 = 86_400_000;

/// Seven days of odd lengths, with a void that was half made up.
async fn learned(app: &TestApp, class: &TestClass, learner: &TestLearner) {
    let id = learner.learner.id;
    let now = app.clock.now();
    for day in 0..7_i64 {
        let media = (day * 400_123, day * 400_123 + 333_337 + day * 1_009);
        let from = now - (8 - day) * DAY_MS;
        app.earned(id, class, 0, TimeState::Verified, media, from)
            .await;
    }
    app.earned(id, class, 1, TimeState::Void, (0, 630_000), now - 2_000_000)
        .await;
    app.earned(
        id,
        class,
        1,
        TimeState::Verified,
        (0, 315_000),
        now - 1_000_000,
    )
    .await;
    app.earned(
        id,
        class,
        1,
        TimeState::Pending,
        (630_000, 671_001),
        now - 100_000,
    )
    .await;
}

fn hundredths(text: &Value) -> i64 {
    text.as_str().unwrap().replace('.', "").parse().unwrap()
}

#[tokio::test]
async fn rows_of_days_and_of_courses_add_up_to_the_total_in_every_column() {
    let app = TestApp::spawn().await;
    let learner = app.learner("fuxiuying").await;
    let class = app
        .class("QH-1", &[5_000_000, 900_000], Policy::default())
        .await;
    app.enrol(&learner, &class).await;
    learned(&app, &class, &learner).await;
    let client = app.logged_in(&learner).await;
    let hours = client
        .get(&format!("/api/classes/{}/hours", class.id))
        .await
        .json();

    assert_eq!(hours["cut_off"], "2026-11-24T01:29:30.000Z");
    let totals = &hours["totals"];
    assert_eq!(totals["void_ms"], 315_000);
    for rows in [&hours["days"], &hours["courses"]] {
        let rows = rows.as_array().unwrap();
        for column in [
            "verified_hours",
            "pending_hours",
            "void_hours",
            "frozen_hours",
        ] {
            let sum: i64 = rows
                .iter()
                .map(|row| hundredths(&row["totals"][column]))
                .sum();
            assert_eq!(sum, hundredths(&totals[column]), "{column}");
        }
        for column in ["verified_ms", "pending_ms", "void_ms"] {
            let sum: i64 = rows
                .iter()
                .map(|row| row["totals"][column].as_i64().unwrap())
                .sum();
            assert_eq!(sum, totals[column].as_i64().unwrap(), "{column}");
        }
    }
    assert_eq!(hours["days"].as_array().unwrap().len(), 8);
    let today = &hours["days"][7];
    assert_eq!(today["day"], "2026-11-24");
    assert_eq!(today["title"], "1.2 第 2 节");
    assert_eq!(today["spans"][0]["state"], "void");
    let note = today["notes"][0].as_str().unwrap();
    assert!(
        note.contains("08:56 – 09:06 没有计入，抽查没有应答"),
        "{note}"
    );
    assert!(note.contains("重看 1.2 第 2 节 的 0:00 到 10:30"), "{note}");
    assert_eq!(hours["courses"][0]["course_id"], json!(class.course));
}

#[tokio::test]
async fn the_printed_list_shows_the_same_totals_as_the_screen() {
    let app = TestApp::spawn().await;
    let learner = app.learner("fuxiuying").await;
    let class = app
        .class("QH-1", &[5_000_000, 900_000], Policy::default())
        .await;
    app.enrol(&learner, &class).await;
    learned(&app, &class, &learner).await;
    let client = app.logged_in(&learner).await;
    let hours = client
        .get(&format!("/api/classes/{}/hours", class.id))
        .await
        .json();
    let answer = client.get(&format!("/hour-lists/{}", class.id)).await;
    assert_eq!(answer.header("content-type"), "text/html; charset=utf-8");
    assert_eq!(answer.header("cache-control"), "no-store");
    let page = answer.text();
    for column in [
        "verified_hours",
        "pending_hours",
        "void_hours",
        "frozen_hours",
    ] {
        let figure = format!("<dd>{}</dd>", hours["totals"][column].as_str().unwrap());
        assert!(page.contains(&figure), "{figure}");
    }
    for text in [
        "学时统计清单",
        "符秀英",
        "QH-1",
        "培训学校 QH-1",
        "2026 年 11 月 24 日 09:29:30",
        "合计",
    ] {
        assert!(page.contains(text), "{text}");
    }
    assert!(
        page.contains("11 月 24 日 08:56 – 09:06"),
        "the void is explained"
    );

    let csp = answer.header("content-security-policy");
    let nonce = csp
        .split("'nonce-")
        .nth(1)
        .unwrap()
        .split('\'')
        .next()
        .unwrap();
    assert_eq!(page.matches(&format!("nonce=\"{nonce}\"")).count(), 2);
    let again = client.get(&format!("/hour-lists/{}", class.id)).await;
    assert!(
        !again.header("content-security-policy").contains(nonce),
        "a nonce serves once"
    );
}

#[tokio::test]
async fn who_is_logged_out_is_led_from_the_list_to_the_login() {
    let app = TestApp::spawn().await;
    let answer = app
        .client()
        .get(&format!("/hour-lists/{}", uuid::Uuid::nil()))
        .await;
    assert_eq!(
        (answer.status.as_u16(), answer.header("location")),
        (303, "/login")
    );
}

#[tokio::test]
async fn a_class_in_which_nothing_was_learned_has_empty_rows_and_zero_hours() {
    let app = TestApp::spawn().await;
    let learner = app.learner("fuxiuying").await;
    let class = app.class("QH-1", &[60_000], Policy::default()).await;
    app.enrol(&learner, &class).await;
    let client = app.logged_in(&learner).await;
    let hours = client
        .get(&format!("/api/classes/{}/hours", class.id))
        .await
        .json();
    assert_eq!(hours["days"], json!([]));
    assert_eq!(hours["totals"]["verified_hours"], "0.00");
    let page = client
        .get(&format!("/hour-lists/{}", class.id))
        .await
        .text();
    assert!(page.contains("还没有学习记录"));
}
