//! Time by stage, processor time of a check, and 500 checks within a minute.
//!
//!     cargo run --release -p zhipei-face --example bench -- MODELS [SECONDS [WORKERS]]
//!
//! MODELS is the folder that `deploy/models` made, with its photographs. SECONDS is how long the 500 checks are spread
//! over, 60 if not given; WORKERS how many threads do them, half of the processors if not given.

use std::error::Error;
use std::io::Cursor;
use std::path::Path;
use std::time::{Duration, Instant};

use image::imageops::{self, FilterType};
use zeroize::Zeroizing;
use zhipei_face::{
    Answer, CallerKey, Check, DetectorSide, Engine, Limits, Models, Pipeline, QualityLimits,
    Settings, Thresholds, Verdict, decode,
};

const ROUNDS: usize = 100;
const CHECKS: u32 = 500;

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let folder = arguments
        .next()
        .ok_or("usage: bench MODELS [SECONDS [WORKERS]]")?;
    let seconds: u64 = arguments.next().map_or(Ok(60), |text| text.parse())?;
    let workers = arguments
        .next()
        .map_or(Ok(Settings::default().workers), |text| text.parse())?;
    let folder = Path::new(&folder);
    let frames = frames(folder)?;
    let began = now();
    let mut pipeline = Pipeline::load(&Models::open(folder)?)?;
    println!(
        "load and warm up: {:.0} ms",
        (now() - began).as_secs_f64() * 1e3
    );
    stages(&mut pipeline, &frames[0])?;
    let check = check(&mut pipeline, &frames)?;
    whole_checks(&mut pipeline, &check)?;
    println!("one pipeline: {}", memory());
    drop(pipeline);
    let engine = Engine::start(
        Models::open(folder)?,
        Settings {
            workers,
            ..Settings::default()
        },
    )?;
    under_load(&engine, &check, Duration::from_secs(seconds));
    Ok(())
}

/// Eight frames of 480 x 640 as a camera would send them, each a little different.
fn frames(folder: &Path) -> Result<Vec<Zeroizing<Vec<u8>>>, Box<dyn Error>> {
    let picture = image::open(folder.join("photographs/person_b_1.jpg"))?.into_rgb8();
    (0..8)
        .map(|i| {
            let (left, height) = (i * 5, picture.width() * 4 / 3);
            let part = imageops::crop_imm(
                &picture,
                left,
                0,
                picture.width() - 40,
                height.min(picture.height()),
            )
            .to_image();
            let frame = imageops::resize(&part, 480, 640, FilterType::Triangle);
            let mut bytes = Cursor::new(Vec::new());
            frame.write_with_encoder(image::codecs::jpeg::JpegEncoder::new_with_quality(
                &mut bytes, 85,
            ))?;
            Ok(bytes.into_inner().into())
        })
        .collect()
}

fn stages(pipeline: &mut Pipeline, frame: &[u8]) -> Result<(), Box<dyn Error>> {
    let names = [
        "decode",
        "detect 320",
        "detect 640",
        "align + embed",
        "mesh + blendshapes",
        "anti-spoof x 2",
    ];
    let mut times = names.map(|_| Vec::new());
    for _ in 0..ROUNDS {
        let mut last = now();
        let mut lap = |stage: usize| {
            times[stage].push((now() - last).as_secs_f64() * 1e3);
            last = now();
        };
        let picture = decode(frame, &Limits::FRAME)?;
        lap(0);
        let face = *pipeline
            .detect(&picture, DetectorSide::Frame)?
            .first()
            .ok_or("no face")?;
        lap(1);
        pipeline.detect(&picture, DetectorSide::Photograph)?;
        lap(2);
        pipeline.embed(&picture, &face)?;
        lap(3);
        pipeline.landmarks(&picture, &face)?;
        lap(4);
        pipeline.live(&picture, &face)?;
        lap(5);
    }
    println!("\n| stage, ms | p50 | least |\n| --- | --- | --- |");
    for (name, times) in names.iter().zip(&mut times) {
        times.sort_by(f64::total_cmp);
        println!(
            "| {name} | {:.1} | {:.1} |",
            times[times.len() / 2],
            times[0]
        );
    }
    Ok(())
}

fn check(
    pipeline: &mut Pipeline,
    frames: &[Zeroizing<Vec<u8>>],
) -> Result<impl Fn() -> Check + use<>, Box<dyn Error>> {
    let portrait = pipeline.portrait(&frames[0], &QualityLimits::CAMERA)?;
    let frames = frames.to_vec();
    let thresholds = Thresholds {
        live: 0.0,
        ..Thresholds::random_check()
    };
    let template = portrait.template.ok_or("no face")?;
    Ok(move || Check {
        frames: frames.clone(),
        asked: Vec::new(),
        reference: Some(template.clone()),
        thresholds,
    })
}

fn whole_checks(pipeline: &mut Pipeline, check: &impl Fn() -> Check) -> Result<(), Box<dyn Error>> {
    let check = check();
    let (processor, inference) = (processor_seconds(), pipeline.inference_time().as_secs_f64());
    let mut least = f64::MAX;
    let began = now();
    for _ in 0..ROUNDS / 2 {
        let processor = processor_seconds();
        let verdict = pipeline.check(&check, None)?;
        assert!(
            verdict.passed(),
            "the check that is timed must pass: {verdict:?}"
        );
        least = least.min(processor_seconds() - processor);
    }
    let wall = now() - began;
    let processor = processor_seconds() - processor;
    let inference = pipeline.inference_time().as_secs_f64() - inference;
    let rounds = (ROUNDS / 2) as f64;
    println!(
        "\na check of 8 frames: {:.0} ms of processor on average (least {:.0} ms), {:.0} ms on the wall, {:.1} % outside ONNX Runtime",
        processor * 1e3 / rounds,
        least * 1e3,
        wall.as_secs_f64() * 1e3 / rounds,
        100.0 * (1.0 - inference / wall.as_secs_f64()),
    );
    let (processor, began) = (processor_seconds(), now());
    for _ in 0..ROUNDS / 2 {
        pipeline.portrait(&check.frames[0], &QualityLimits::CAMERA)?;
    }
    println!(
        "a portrait: {:.0} ms of processor, {:.0} ms on the wall",
        (processor_seconds() - processor) * 1e3 / rounds,
        (now() - began).as_secs_f64() * 1e3 / rounds,
    );
    Ok(())
}

fn under_load(engine: &Engine, check: &impl Fn() -> Check, span: Duration) {
    let began = now();
    let mut answers: Vec<Answer<Verdict>> = Vec::new();
    for i in 0..CHECKS {
        // What is asked is spread evenly; waiting for an answer would not ask when the time comes.
        while now() < began + span * i / CHECKS {
            std::thread::park_timeout(Duration::from_millis(1));
        }
        answers.push(engine.check(CallerKey(i.into()), check()));
    }
    let (mut waits, mut postponed, mut failed) = (Vec::new(), 0, 0);
    for answer in answers {
        match answer.wait() {
            Ok(done) if done.value.passed() => waits.push(done.waited.as_secs_f64()),
            Err(zhipei_face::Error::Postponed { .. }) => postponed += 1,
            _ => failed += 1,
        }
    }
    let took = (now() - began).as_secs_f64();
    waits.sort_by(f64::total_cmp);
    let at = |share: f64| {
        waits
            .get((waits.len() as f64 * share) as usize)
            .or(waits.last())
            .copied()
            .unwrap_or_default()
    };
    println!(
        "\n{CHECKS} checks in {} s, {} workers: {} passed, {postponed} postponed, {failed} failed",
        span.as_secs(),
        engine.state().workers,
        waits.len()
    );
    println!(
        "waited p50 {:.2} s, p99 {:.2} s; {:.1} checks a second; {}",
        at(0.5),
        at(0.99),
        waits.len() as f64 / took,
        memory()
    );
}

fn memory() -> String {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let megabytes = |key: &str| {
        let line = status.lines().find(|line| line.starts_with(key))?;
        Some(line.split_whitespace().nth(1)?.parse::<u64>().ok()? / 1024)
    };
    format!(
        "{} MB now, {} MB at most",
        megabytes("VmRSS:").unwrap_or_default(),
        megabytes("VmHWM:").unwrap_or_default()
    )
}

/// Of all threads of this process, in user and kernel mode, to a hundredth of a second.
fn processor_seconds() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let fields: Vec<&str> = stat
        .rsplit(')')
        .next()
        .unwrap_or_default()
        .split_whitespace()
        .collect();
    let ticks = |i: usize| {
        fields
            .get(i)
            .and_then(|text| text.parse::<u64>().ok())
            .unwrap_or_default()
    };
    (ticks(11) + ticks(12)) as f64 / 100.0
}

#[expect(clippy::disallowed_methods, reason = "this program measures time")]
fn now() -> Instant {
    Instant::now()
}
