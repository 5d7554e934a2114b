//! A person before a camera, who does what is asked, and a server that compares faces.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};

use hyper::Method;
use image::{RgbImage, imageops};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use zhipei_domain::{IdDocument, Identity, PersonName, Phone};
use zhipei_tests::{Answer, Client, TestApp, TestLearner};

use crate::support::warp::Subject;
use crate::support::{folder, grained, jpeg, still};

/// All that one person can do before the camera.
pub(crate) struct Camera {
    still: RgbImage,
    blink: RgbImage,
    mouth: RgbImage,
    left: RgbImage,
    right: RgbImage,
}

impl Camera {
    fn of(name: &str) -> Self {
        let made = OnceLock::new();
        let subject = || made.get_or_init(|| Subject::new(still(name)));
        Self {
            still: kept(name, "still", || subject().still().clone()),
            blink: kept(name, "blink", || subject().blinking()),
            mouth: kept(name, "mouth", || subject().open_mouthed()),
            left: kept(name, "left", || subject().turned(36.0)),
            right: kept(name, "right", || subject().turned(-42.0)),
        }
    }

    /// The person whose face the tests enrol.
    pub(crate) fn own() -> &'static Self {
        static FRAMES: OnceLock<Camera> = OnceLock::new();
        FRAMES.get_or_init(|| Self::of("person_b_1"))
    }

    /// Somebody else.
    pub(crate) fn stranger() -> &'static Self {
        static FRAMES: OnceLock<Camera> = OnceLock::new();
        FRAMES.get_or_init(|| Self::of("person_a_1"))
    }

    /// Frames of the asked actions in their order, each followed by a quiet one, as no two takes of a camera are
    /// the same.
    pub(crate) fn take(&self, actions: &Value) -> Vec<Vec<u8>> {
        let mut frames = vec![&self.still];
        for action in actions.as_array().into_iter().flatten() {
            frames.push(match action.as_str().unwrap() {
                "blink" => &self.blink,
                "open_mouth" => &self.mouth,
                "turn_left" => &self.left,
                _ => &self.right,
            });
            frames.push(&self.still);
        }
        frames.into_iter().map(taken).collect()
    }
}

/// A picture that is made once for all processes: warping takes seconds. Made anew when the warping changes.
fn kept(name: &str, what: &str, make: impl FnOnce() -> RgbImage) -> RgbImage {
    let source = include_str!("../../../crates/face/tests/support/warp.rs");
    let version = &hex::encode(Sha256::digest(source))[..12];
    let folder = folder().join("frames");
    let file = folder.join(format!("{name}-{what}-{version}.png"));
    if let Ok(picture) = image::open(&file) {
        return picture.into_rgb8();
    }
    let picture = make();
    std::fs::create_dir_all(&folder).unwrap();
    // Whole or not at all: other processes read it.
    let part = folder.join(format!("{name}-{what}-{}.part.png", std::process::id()));
    picture.save(&part).unwrap();
    std::fs::rename(&part, &file).unwrap();
    picture
}

/// Moved a little, with grain.
fn taken(frame: &RgbImage) -> Vec<u8> {
    static TAKES: AtomicU32 = AtomicU32::new(1);
    let take = TAKES.fetch_add(1, Ordering::Relaxed);
    let (x, y) = (take * 7 % 23, take * 5 % 19);
    let (width, height) = (frame.width() - 24, frame.height() - 24);
    let moved = imageops::crop_imm(frame, x, y, width, height).to_image();
    jpeg(&grained(&moved, take)).to_vec()
}

/// A server that compares faces.
pub(crate) async fn spawn() -> TestApp {
    TestApp::spawn_with(|config| config.face.models = Some(folder())).await
}

/// A learner with a phone and an ID card.
pub(crate) async fn learner(app: &TestApp, name: &str, n: u32) -> TestLearner {
    let kind = zhipei_domain::DocumentKind::ResidentId;
    let document = IdDocument::parse(kind, &card(n)).unwrap();
    let identity = Identity {
        document: Some(document),
        phone: Some(Phone::parse(&phone(n)).unwrap()),
        ..Identity::named(PersonName::parse("符秀英").unwrap())
    };
    app.learner_who(name, "469002", identity).await
}

/// The number of the `n`th ID card.
pub(crate) fn card(n: u32) -> String {
    let first = format!("46020019900101{n:03}");
    let kind = zhipei_domain::DocumentKind::ResidentId;
    "0123456789X"
        .chars()
        .map(|check| format!("{first}{check}"))
        .find(|number| IdDocument::parse(kind, number).is_ok())
        .unwrap()
}

pub(crate) fn phone(n: u32) -> String {
    format!("139{n:08}")
}

/// A form of pictures.
pub(crate) async fn post_frames(client: &Client, path: &str, frames: &[Vec<u8>]) -> Answer {
    let mut body = Vec::new();
    for frame in frames {
        body.extend(
            b"--edge\r\ncontent-disposition: form-data; name=\"frame\"; filename=\"f\"\r\n\r\n",
        );
        body.extend(frame);
        body.extend(b"\r\n");
    }
    body.extend(b"--edge--\r\n");
    let headers = [
        ("content-type", "multipart/form-data; boundary=edge"),
        ("sec-fetch-site", "same-origin"),
    ];
    client.send(Method::POST, path, &headers, body).await
}

pub(crate) async fn agree(client: &Client) {
    for purpose in ["face_compare", "face_upload"] {
        let consent = json!({ "purpose": purpose, "version": 1 });
        let answer = client.post("/api/me/consents", &consent).await;
        assert_eq!(answer.status, 204, "{}", answer.text());
    }
}

pub(crate) async fn ask(client: &Client, body: &Value) -> Answer {
    client.post("/api/face/challenges", body).await
}

/// Asks, and sends what this camera sees.
pub(crate) async fn answer(client: &Client, body: &Value, camera: &Camera) -> Answer {
    let asked = ask(client, body).await;
    assert_eq!(asked.status, 200, "{}", asked.text());
    let asked = asked.json();
    let path = format!(
        "/api/face/challenges/{}/frames",
        asked["id"].as_str().unwrap()
    );
    post_frames(client, &path, &camera.take(&asked["actions"])).await
}

/// Agrees and enrols.
pub(crate) async fn enrol(client: &Client) {
    agree(client).await;
    let body = json!({ "purpose": "enrolment" });
    let answer = answer(client, &body, Camera::own()).await;
    assert_eq!(answer.json(), json!({ "passed": true, "failures": [] }));
}
