//! Compares the faces of two photographs.
//!
//!     cargo run --release -p zhipei-face --example compare -- MODELS FIRST SECOND
//!
//! MODELS is the folder that `deploy/models` made.

use std::error::Error;
use std::path::Path;

use zhipei_face::{CallerKey, Engine, Models, Portrait, QualityLimits, Settings, Thresholds};

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [models, first, second] = arguments.as_slice() else {
        return Err("usage: compare MODELS FIRST SECOND".into());
    };
    let models = Models::open(Path::new(models))?;
    if !models.has_spoof() {
        println!("这里没有静默活体模型 (no passive anti-spoofing models)");
    }
    let engine = Engine::start(models, Settings::default())?;
    let first = look(&engine, first)?;
    let second = look(&engine, second)?;
    let (Some(first), Some(second)) = (first.template, second.template) else {
        return Err("no face to compare".into());
    };
    let similarity = first.similarity(&second)?;
    let same = similarity >= Thresholds::login().similarity;
    println!(
        "相似度 similarity {similarity:.3}: {}",
        if same {
            "同一人 same person"
        } else {
            "不是同一人 not the same person"
        }
    );
    Ok(())
}

fn look(engine: &Engine, path: &str) -> Result<Portrait, Box<dyn Error>> {
    let photograph = std::fs::read(path)?.into();
    let done = engine
        .portrait(CallerKey(0), photograph, QualityLimits::PHOTOGRAPH)
        .wait()?;
    let advice = done
        .value
        .advice
        .map_or("可用 good", |advice| advice.words());
    println!("{path}: {advice}, {} ms", done.worked.as_millis());
    Ok(done.value)
}
