//! What the tests with photographs share: the models, the photographs, and faces moved by warping a still.

#![allow(dead_code, reason = "each test takes what it needs")]

use std::io::Cursor;
use std::path::PathBuf;
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};

use image::codecs::jpeg::JpegEncoder;
use image::{Rgb, RgbImage, imageops};
use zeroize::Zeroizing;
use zhipei_face::{Check, DetectorSide, Limits, Models, Pipeline, Template, Thresholds, decode};

pub(crate) mod warp;

/// The folder that `deploy/models` makes; a test without it fails, because it would prove nothing.
pub(crate) fn folder() -> PathBuf {
    #[expect(
        clippy::disallowed_methods,
        reason = "where the models are is set from outside, as for deploy/models"
    )]
    let read = |name| std::env::var_os(name).map(PathBuf::from);
    let cache = read("ZHIPEI_CACHE").or_else(|| Some(read("HOME")?.join(".cache/zhipei")));
    let folder = cache
        .expect("neither ZHIPEI_CACHE nor HOME is set")
        .join("models");
    assert!(
        folder.join("SHA256SUMS").exists(),
        "no models in {}: run deploy/models first",
        folder.display()
    );
    folder
}

pub(crate) fn models() -> Models {
    Models::open(&folder()).unwrap()
}

/// One for all tests of a process.
pub(crate) fn pipeline() -> MutexGuard<'static, Pipeline> {
    static PIPELINE: OnceLock<Mutex<Pipeline>> = OnceLock::new();
    let pipeline = PIPELINE.get_or_init(|| Mutex::new(Pipeline::load(&models()).unwrap()));
    pipeline.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The bytes of a test photograph: `person_a_1`, `impostor_2` …
pub(crate) fn photograph(name: &str) -> Vec<u8> {
    std::fs::read(folder().join("photographs").join(format!("{name}.jpg"))).unwrap()
}

/// The photograph as a camera would take it: 640 pixels high, the face in the middle.
pub(crate) fn still(name: &str) -> RgbImage {
    let picture = image::load_from_memory(&photograph(name))
        .unwrap()
        .into_rgb8();
    let width = picture.width() * 640 / picture.height();
    imageops::resize(&picture, width, 640, imageops::FilterType::Triangle)
}

pub(crate) fn jpeg(picture: &RgbImage) -> Zeroizing<Vec<u8>> {
    let mut bytes = Cursor::new(Vec::new());
    picture
        .write_with_encoder(JpegEncoder::new_with_quality(&mut bytes, 90))
        .unwrap();
    bytes.into_inner().into()
}

pub(crate) fn template(name: &str) -> Template {
    let mut pipeline = pipeline();
    let picture = decode(&photograph(name), &Limits::PHOTOGRAPH).unwrap();
    let faces = pipeline.detect(&picture, DetectorSide::Photograph).unwrap();
    pipeline.embed(&picture, &faces[0]).unwrap()
}

/// Noise as a sensor makes it, another for each seed: no two frames of a camera are the same.
pub(crate) fn grained(picture: &RgbImage, seed: u32) -> RgbImage {
    let mut state = seed.wrapping_mul(2_654_435_761) | 1;
    let mut picture = picture.clone();
    for Rgb(pixel) in picture.pixels_mut() {
        state ^= state << 13;
        state ^= state >> 17;
        state ^= state << 5;
        let noise = i16::from(state as u8 % 9) - 4;
        for value in pixel {
            *value = (i16::from(*value) + noise).clamp(0, 255) as u8;
        }
    }
    picture
}

/// A check of these frames with grain. A warped still passes the anti-spoofing models or not by chance, so its threshold
/// is left out here.
pub(crate) fn check(frames: &[&RgbImage]) -> Check {
    let frames = frames
        .iter()
        .enumerate()
        .map(|(i, frame)| jpeg(&grained(frame, i as u32 + 1)))
        .collect();
    let thresholds = Thresholds {
        live: 0.0,
        ..Thresholds::random_check()
    };
    Check {
        frames,
        asked: Vec::new(),
        reference: None,
        thresholds,
    }
}
