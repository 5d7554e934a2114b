//! Logging in by face.

use serde_json::json;
use zhipei_tests::{Answer, Client, TestApp};

use crate::camera::{Camera, enrol, learner, phone, post_frames, spawn};

/// Names an account and shows a face.
async fn log_in(app: &TestApp, account: &str, camera: &Camera) -> (Answer, Client) {
    let mut client = app.client();
    let asked = client
        .post("/api/login/face", &json!({ "account": account }))
        .await;
    assert_eq!(asked.status, 200, "{}", asked.text());
    let asked = asked.json();
    let path = format!("/api/login/face/{}/frames", asked["id"].as_str().unwrap());
    let answer = post_frames(&client, &path, &camera.take(&asked["actions"])).await;
    client.cookie = answer.cookie();
    (answer, client)
}

#[tokio::test]
async fn an_enrolled_face_logs_in_by_phone_number_of_the_card_or_login_name() {
    let app = spawn().await;
    let ana = learner(&app, "fu-01", 1).await;
    enrol(&app.logged_in(&ana).await).await;
    let card = crate::camera::card(1);
    for account in [phone(1).as_str(), card.as_str(), "fu-01"] {
        let (answer, client) = log_in(&app, account, Camera::own()).await;
        assert_eq!(answer.status, 200, "{account}: {}", answer.text());
        assert_eq!(client.get("/api/me").await.json()["login_name"], "fu-01");
    }
}

#[tokio::test]
async fn asvs_26_another_face_a_stranger_and_an_account_without_a_face_are_told_the_same() {
    let app = spawn().await;
    let ana = learner(&app, "fu-01", 1).await;
    learner(&app, "fu-02", 2).await;
    enrol(&app.logged_in(&ana).await).await;
    let (other, _) = log_in(&app, &phone(1), Camera::stranger()).await;
    let (nobody, _) = log_in(&app, &phone(9), Camera::own()).await;
    let (faceless, _) = log_in(&app, &phone(2), Camera::own()).await;
    assert_eq!(other.problem(), "401 login_failed");
    assert_eq!(other.text(), nobody.text());
    assert_eq!(other.text(), faceless.text());
    assert_eq!(other.cookie(), None);
}

#[tokio::test]
async fn asvs_26_failed_faces_and_wrong_passwords_lock_the_account_together() {
    let app = spawn().await;
    let ana = learner(&app, "fu-01", 1).await;
    enrol(&app.logged_in(&ana).await).await;
    for _ in 0..4 {
        let answer = app.client().log_in("fu-01", "wrong").await;
        assert_eq!(answer.problem(), "401 login_failed");
    }
    let (fifth, _) = log_in(&app, &phone(1), Camera::stranger()).await;
    assert_eq!(fifth.problem(), "401 login_failed");
    let (locked, _) = log_in(&app, &phone(1), Camera::own()).await;
    assert_eq!(locked.problem(), "423 account_locked");
}
