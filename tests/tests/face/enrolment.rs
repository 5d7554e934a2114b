//! Enrolling a face: with consent, by a living person, and undone as easily.

use serde_json::json;
use zhipei_domain::{Charge, Role};
use zhipei_storage::{faces, training_classes};
use zhipei_tests::PASSWORD;

use crate::camera::{Camera, agree, answer, ask, enrol, learner, spawn};
use crate::person::dump;

#[tokio::test]
async fn pipl_02_nobody_is_asked_for_a_face_without_both_consents() {
    let app = spawn().await;
    let client = app.logged_in(&learner(&app, "fu-01", 1).await).await;
    let body = json!({ "purpose": "enrolment" });
    assert_eq!(
        ask(&client, &body).await.problem(),
        "409 face_consent_needed"
    );
    let consent = json!({ "purpose": "face_compare", "version": 1 });
    client.post("/api/me/consents", &consent).await;
    assert_eq!(
        ask(&client, &body).await.problem(),
        "409 face_consent_needed"
    );
    let me = client.get("/api/me/face").await.json();
    assert_eq!(me["available"], true);
    assert_eq!(me["enrolled"], json!(null));
}

#[tokio::test]
async fn pipl_07_a_template_is_kept_sealed_and_no_picture_of_the_face() {
    let app = spawn().await;
    let ana = learner(&app, "fu-01", 1).await;
    let client = app.logged_in(&ana).await;
    enrol(&client).await;
    let me = client.get("/api/me/face").await.json();
    assert_eq!(me["enrolled"]["standing"], "provisional");
    assert_eq!(me["enrolled"]["current"], true);
    let kept = faces::template(app.db().read(), &app.keys.vault, ana.learner.id).await;
    let kept = kept.unwrap().unwrap();
    let everything = dump(&app).await;
    assert!(
        !everything.contains(&kept[20..120]),
        "the template lies open"
    );
    // The sealed evidence and the hashes are short; a picture is not.
    assert!(!everything.contains("/9j/"), "a JPEG is stored");
}

#[tokio::test]
async fn who_replaces_an_enrolled_face_gives_the_password_again_and_is_told_of_it() {
    let app = spawn().await;
    let client = app.logged_in(&learner(&app, "fu-01", 1).await).await;
    enrol(&client).await;
    let bare = ask(&client, &json!({ "purpose": "enrolment" })).await;
    assert_eq!(bare.problem(), "422 password_needed");
    let wrong = json!({ "purpose": "enrolment", "password": "not this one" });
    assert_eq!(ask(&client, &wrong).await.problem(), "401 login_failed");
    let body = json!({ "purpose": "enrolment", "password": PASSWORD });
    let again = answer(&client, &body, Camera::own()).await;
    assert_eq!(again.json()["passed"], true);
    let notices = client.get("/api/notices").await.json();
    assert_eq!(notices["items"][0]["kind"], "face_changed");
}

#[tokio::test]
async fn pipl_10_withdrawing_destroys_the_template_and_the_face_opens_nothing_more() {
    let app = spawn().await;
    let ana = learner(&app, "fu-01", 1).await;
    let client = app.logged_in(&ana).await;
    enrol(&client).await;
    let answer = client
        .post("/api/me/consents/face_compare/withdraw", &json!({}))
        .await;
    assert_eq!(answer.status, 204);
    let kept = faces::template(app.db().read(), &app.keys.vault, ana.learner.id).await;
    assert!(kept.unwrap().is_none());
    let start = json!({ "purpose": "lesson_start", "lesson": uuid::Uuid::nil() });
    assert_eq!(
        ask(&client, &start).await.problem(),
        "409 face_consent_needed"
    );
    agree(&client).await;
    assert_eq!(
        ask(&client, &start).await.problem(),
        "409 face_not_enrolled"
    );
}

#[tokio::test]
async fn pipl_07_a_template_goes_thirty_days_after_the_last_class_has_ended() {
    let app = spawn().await;
    let (ana, bea) = (
        learner(&app, "fu-01", 1).await,
        learner(&app, "fu-02", 2).await,
    );
    for who in [&ana, &bea] {
        enrol(&app.logged_in(who).await).await;
    }
    // It is open for fifteen days to come; who is in no class goes on as long as they like.
    let class = app.class_in("BAN-1", "469002", &[600_000]).await;
    app.enrol(&ana, &class).await;
    let keys = zhipei_actions::Keys {
        vault: app.keys.vault.clone(),
        ledger: app.keys.ledger_mac.clone(),
    };
    let kept = async |days: i64| {
        app.clock.advance(days * 86_400_000);
        zhipei_server::tidy(app.db(), &app.clock, &keys)
            .await
            .unwrap();
        let of = async |id| {
            let kept = faces::template(app.db().read(), &app.keys.vault, id).await;
            kept.unwrap().is_some()
        };
        (of(ana.learner.id).await, of(bea.learner.id).await)
    };
    assert_eq!(kept(45).await, (true, true));
    assert_eq!(kept(1).await, (false, true));
}

#[tokio::test]
async fn the_institution_vouches_for_the_faces_of_its_own_learners_only() {
    let app = spawn().await;
    let (ana, bea) = (
        learner(&app, "fu-01", 1).await,
        learner(&app, "fu-02", 2).await,
    );
    for who in [&ana, &bea] {
        enrol(&app.logged_in(who).await).await;
    }
    let class = app.class_in("BAN-1", "469002", &[600_000]).await;
    app.enrol(&ana, &class).await;
    let institution = training_classes::get(app.db().read(), class.id).await;
    let charge = Charge::Institution(institution.unwrap().institution);
    let manager = app.staff("manager", Role::InstitutionManager, charge).await;
    let manager = app.staff_logged_in(&manager).await;
    let list = manager.get("/api/faces").await.json();
    assert_eq!(list["items"].as_array().unwrap().len(), 1);
    assert_eq!(list["items"][0]["learner_id"], json!(ana.learner.id));
    let bind = async |id| {
        manager
            .post(&format!("/api/faces/{id}/bind"), &json!({}))
            .await
    };
    assert_eq!(bind(bea.learner.id).await.problem(), "404 not_found");
    assert_eq!(bind(ana.learner.id).await.status, 204);
    let me = app.logged_in(&ana).await.get("/api/me/face").await.json();
    assert_eq!(me["enrolled"]["standing"], "institution");
    assert_eq!(manager.get("/api/faces").await.json()["items"], json!([]));
}

#[tokio::test]
async fn the_photograph_of_the_id_card_binds_the_face_and_that_of_another_does_not() {
    let app = spawn().await;
    let client = app.logged_in(&learner(&app, "fu-01", 1).await).await;
    enrol(&client).await;
    let path = "/api/me/face/id-card";
    let card = |name| vec![crate::support::photograph(name)];
    let other = crate::camera::post_frames(&client, path, &card("person_a_1")).await;
    assert_eq!(other.problem(), "422 id_card_mismatch");
    let own = crate::camera::post_frames(&client, path, &card("person_b_2")).await;
    assert_eq!(own.json()["enrolled"]["standing"], "id_card");
}

#[tokio::test]
async fn pipl_03_without_models_the_face_is_not_to_be_had_and_says_so() {
    let app = zhipei_tests::TestApp::spawn().await;
    let client = app.logged_in(&app.learner("fu-01").await).await;
    agree(&client).await;
    assert_eq!(client.get("/api/me/face").await.json()["available"], false);
    let asked = ask(&client, &json!({ "purpose": "enrolment" })).await;
    assert_eq!(asked.problem(), "503 face_unavailable");
}
