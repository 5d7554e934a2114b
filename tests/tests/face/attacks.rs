//! What does not get through, each with a clear word.

use image::{Rgb, RgbImage, imageops};
use serde_json::{Value, json};
use zhipei_tests::{Answer, Client, TestApp};

use crate::camera::{Camera, agree, answer, ask, enrol, learner, post_frames, spawn};
use crate::support::jpeg;

async fn asked(client: &Client) -> (String, Value) {
    let body = json!({ "purpose": "lesson_start", "lesson": uuid::Uuid::nil() });
    let asked = ask(client, &body).await;
    assert_eq!(asked.status, 200, "{}", asked.text());
    let asked = asked.json();
    let path = format!(
        "/api/face/challenges/{}/frames",
        asked["id"].as_str().unwrap()
    );
    (path, asked["actions"].clone())
}

async fn enrolled() -> (TestApp, Client) {
    let app = spawn().await;
    let client = app.logged_in(&learner(&app, "fu-01", 1).await).await;
    enrol(&client).await;
    (app, client)
}

fn codes(answer: &Answer) -> Vec<String> {
    assert_eq!(answer.status, 200, "{}", answer.text());
    let told = answer.json();
    assert_eq!(told["passed"], false, "{told}");
    let failures = told["failures"].as_array().unwrap();
    failures
        .iter()
        .map(|failure| failure["code"].as_str().unwrap().to_owned())
        .collect()
}

#[tokio::test]
async fn face_01_a_question_is_good_once_also_for_frames_that_come_at_once() {
    let (_app, client) = enrolled().await;
    let (path, actions) = asked(&client).await;
    let (first, second) = (Camera::own().take(&actions), Camera::own().take(&actions));
    let both = tokio::join!(
        post_frames(&client, &path, &first),
        post_frames(&client, &path, &second)
    );
    let mut statuses = [both.0.status.as_u16(), both.1.status.as_u16()];
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 409]);
    let third = post_frames(&client, &path, &Camera::own().take(&actions)).await;
    assert_eq!(third.problem(), "409 face_challenge_used");
}

#[tokio::test]
async fn face_02_the_question_of_another_learner_or_login_is_not_found() {
    let (app, client) = enrolled().await;
    let bea = app.logged_in(&learner(&app, "fu-02", 2).await).await;
    let again = {
        let mut client = app.client();
        client.log_in("fu-01", zhipei_tests::PASSWORD).await;
        client
    };
    let (path, actions) = asked(&client).await;
    for other in [&bea, &again] {
        let frames = Camera::own().take(&actions);
        let answer = post_frames(other, &path, &frames).await;
        assert_eq!(answer.problem(), "404 not_found");
    }
}

#[tokio::test]
async fn face_03_frames_after_a_minute_are_late() {
    let (app, client) = enrolled().await;
    let (path, actions) = asked(&client).await;
    app.clock.advance(60_001);
    let late = post_frames(&client, &path, &Camera::own().take(&actions)).await;
    assert_eq!(late.problem(), "410 face_challenge_over");
    let (path, actions) = asked(&client).await;
    app.clock.advance(60_000);
    let in_time = post_frames(&client, &path, &Camera::own().take(&actions)).await;
    assert_eq!(in_time.json()["passed"], true);
}

#[tokio::test]
async fn lms_08_frames_of_an_earlier_check_are_known_again() {
    let (_app, client) = enrolled().await;
    let (path, actions) = asked(&client).await;
    let mut recorded = Camera::own().take(&actions);
    let first = post_frames(&client, &path, &recorded).await;
    assert_eq!(first.json()["passed"], true);
    // The same files, for whatever is asked next.
    let (path, _) = asked(&client).await;
    let again = post_frames(&client, &path, &recorded).await;
    assert!(
        codes(&again).contains(&"replayed".to_owned()),
        "{}",
        again.text()
    );
    // The same pictures, compressed anew.
    for frame in &mut recorded {
        let picture = image::load_from_memory(frame).unwrap().into_rgb8();
        *frame = jpeg(&imageops::resize(
            &picture,
            picture.width() - 4,
            picture.height() - 4,
            imageops::FilterType::Triangle,
        ))
        .to_vec();
    }
    let (path, _) = asked(&client).await;
    let anew = post_frames(&client, &path, &recorded).await;
    assert!(
        codes(&anew).contains(&"replayed".to_owned()),
        "{}",
        anew.text()
    );
}

#[tokio::test]
async fn face_06_a_mirrored_camera_turns_the_wrong_way_and_a_still_does_nothing() {
    let (_app, client) = enrolled().await;
    let (path, _) = asked(&client).await;
    let still = post_frames(&client, &path, &Camera::own().take(&json!([]))).await;
    assert!(codes(&still).contains(&"action_missing".to_owned()));
    let turn = |actions: &Value| actions.to_string().contains("turn");
    for _ in 0..8 {
        let (path, actions) = asked(&client).await;
        if !turn(&actions) {
            continue;
        }
        let mirrored: Vec<_> = Camera::own()
            .take(&actions)
            .iter()
            .map(|frame| {
                let picture = image::load_from_memory(frame).unwrap().into_rgb8();
                jpeg(&imageops::flip_horizontal(&picture)).to_vec()
            })
            .collect();
        let answer = post_frames(&client, &path, &mirrored).await;
        assert!(!codes(&answer).is_empty());
        return;
    }
    panic!("no turn was asked in eight questions");
}

#[tokio::test]
async fn face_05_another_person_in_the_middle_or_beside_is_seen() {
    let (_app, client) = enrolled().await;
    let (path, actions) = asked(&client).await;
    let mut swapped = Camera::own().take(&actions);
    let stranger = Camera::stranger().take(&actions);
    swapped[1] = stranger[1].clone();
    swapped[3] = stranger[3].clone();
    let answer = post_frames(&client, &path, &swapped).await;
    assert!(!codes(&answer).is_empty());
    let (path, actions) = asked(&client).await;
    let beside: Vec<_> = Camera::own()
        .take(&actions)
        .iter()
        .zip(Camera::stranger().take(&actions))
        .map(|(own, other)| side_by_side(own, &other))
        .collect();
    let answer = post_frames(&client, &path, &beside).await;
    assert!(
        codes(&answer).contains(&"one_person_only".to_owned()),
        "{}",
        answer.text()
    );
}

fn side_by_side(left: &[u8], right: &[u8]) -> Vec<u8> {
    let [left, right] = [left, right].map(|bytes| {
        let picture = image::load_from_memory(bytes).unwrap().into_rgb8();
        imageops::resize(&picture, 480, 640, imageops::FilterType::Triangle)
    });
    let mut both = RgbImage::new(960, 640);
    imageops::overlay(&mut both, &left, 0, 0);
    imageops::overlay(&mut both, &right, 480, 0);
    jpeg(&both).to_vec()
}

#[tokio::test]
async fn face_05_what_is_no_picture_or_too_large_a_one_is_refused_by_name() {
    let (app, client) = enrolled().await;
    let plain =
        |width, height| jpeg(&RgbImage::from_pixel(width, height, Rgb([90, 90, 90]))).to_vec();
    let mut bomb = plain(64, 64);
    // The header of a picture of 50,000 by 50,000.
    let frame = bomb.windows(2).position(|two| two == [0xff, 0xc0]).unwrap();
    bomb[frame + 5..frame + 9].copy_from_slice(&[0xc3, 0x50, 0xc3, 0x50]);
    let mut cut = Camera::own().take(&json!([])).remove(0);
    cut.truncate(cut.len() / 3);
    let cases: [(&str, Vec<u8>); 6] = [
        ("picture_too_many_pixels", bomb),
        ("picture_damaged", cut),
        (
            "picture_unknown_format",
            b"GIF89a\x01\x00\x01\x00\x00\x00\x00;".to_vec(),
        ),
        (
            "picture_unknown_format",
            b"<svg xmlns='http://www.w3.org/2000/svg'/>".to_vec(),
        ),
        ("picture_too_few_pixels", plain(1, 1)),
        ("picture_too_many_bytes", vec![0xff; 1_000_001]),
    ];
    for (n, (code, picture)) in cases.into_iter().enumerate() {
        // Five failures pause the face.
        if n == 4 {
            app.clock.advance(11 * 60_000);
        }
        let (path, _) = asked(&client).await;
        let answer = post_frames(&client, &path, &[picture]).await;
        assert_eq!(codes(&answer), [code]);
    }
}

#[tokio::test]
async fn a_form_that_is_too_large_empty_or_of_nine_frames_is_refused_and_uses_nothing_up() {
    let (_app, client) = enrolled().await;
    let (path, actions) = asked(&client).await;
    let large = post_frames(&client, &path, &[vec![0xff; 20_000_000]]).await;
    assert_eq!(large.problem(), "413 too_large");
    assert_eq!(
        post_frames(&client, &path, &[]).await.problem(),
        "422 invalid_body"
    );
    let frame = Camera::own().take(&json!([])).remove(0);
    let nine = post_frames(&client, &path, &vec![frame; 9]).await;
    assert_eq!(nine.problem(), "422 invalid_body");
    let answer = post_frames(&client, &path, &Camera::own().take(&actions)).await;
    assert_eq!(answer.json()["passed"], true);
}

#[tokio::test]
async fn five_failures_pause_the_face_for_half_an_hour_and_learning_goes_on_another_way() {
    let (app, client) = enrolled().await;
    let body = json!({ "purpose": "lesson_start", "lesson": uuid::Uuid::nil() });
    for _ in 0..5 {
        let failed = answer(&client, &body, Camera::stranger()).await;
        assert_eq!(failed.json()["passed"], false);
    }
    let paused = ask(&client, &body).await;
    assert_eq!(paused.problem(), "423 face_paused");
    let me = client.get("/api/me/face").await.json();
    assert_ne!(me["paused_until"], json!(null));
    app.clock.advance(29 * 60_000);
    assert_eq!(ask(&client, &body).await.problem(), "423 face_paused");
    app.clock.advance(60_000);
    assert_eq!(ask(&client, &body).await.status, 200);
}

#[tokio::test]
async fn the_agreement_of_another_time_does_not_stand_in_for_one_that_was_withdrawn() {
    let (_app, client) = enrolled().await;
    let (path, actions) = asked(&client).await;
    let withdraw = "/api/me/consents/face_compare/withdraw";
    client.post(withdraw, &json!({})).await;
    let answer = post_frames(&client, &path, &Camera::own().take(&actions)).await;
    assert_eq!(answer.problem(), "409 face_not_enrolled");
    agree(&client).await;
}
