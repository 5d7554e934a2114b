//! False accepts and false rejects by threshold, on pairs of photographs.
//!
//!     cargo run --release -p zhipei-face --example accuracy -- MODELS FOLDER PAIRS.csv
//!
//! PAIRS.csv holds lines `file,file,1` (same person) or `file,file,0`. The person of a file is its name up to the last
//! underscore; all pairs of two persons are added to the different ones. The face nearest to the middle is taken.

use std::collections::{BTreeMap, BTreeSet};
use std::error::Error;
use std::path::Path;

use zhipei_face::{DetectorSide, Face, Limits, Models, Picture, Pipeline, Template, decode};

const THRESHOLDS: [f32; 8] = [0.30, 0.35, 0.363, 0.40, 0.45, 0.48, 0.50, 0.55];

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [models, folder, pairs] = arguments.as_slice() else {
        return Err("usage: accuracy MODELS FOLDER PAIRS.csv".into());
    };
    let mut pipeline = Pipeline::load(&Models::open(Path::new(models))?)?;
    let pairs = std::fs::read_to_string(pairs)?;
    let pairs: Vec<[&str; 3]> = pairs
        .lines()
        .filter_map(|line| line.split(',').collect::<Vec<_>>().try_into().ok())
        .collect();
    let files: BTreeSet<&str> = pairs.iter().flat_map(|pair| [pair[0], pair[1]]).collect();

    let mut templates: BTreeMap<&str, Template> = BTreeMap::new();
    for &file in &files {
        let picture = decode(
            &std::fs::read(Path::new(folder).join(file))?,
            &Limits::PHOTOGRAPH,
        )
        .map_err(|e| format!("{file}: {e}"))?;
        let faces = pipeline.detect(&picture, DetectorSide::Photograph)?;
        if let Some(face) = faces
            .iter()
            .min_by(|a, b| off_centre(&picture, a).total_cmp(&off_centre(&picture, b)))
        {
            templates.insert(file, pipeline.embed(&picture, face)?);
        }
    }
    println!(
        "{} files, no face found in {}",
        files.len(),
        files.len() - templates.len()
    );

    let (mut same, mut different) = (Vec::new(), Vec::new());
    for [first, second, is_same] in &pairs {
        if let (Some(first), Some(second)) = (templates.get(first), templates.get(second)) {
            let similarity = first.similarity(second)?;
            if *is_same == "1" {
                same.push(similarity);
            } else {
                different.push(similarity);
            }
        }
    }
    let listed = (same.clone(), different.clone());
    let all: Vec<(&&str, &Template)> = templates.iter().collect();
    for (i, (first, template)) in all.iter().enumerate() {
        for (second, other) in &all[i + 1..] {
            if person(first) != person(second) {
                different.push(template.similarity(other)?);
            }
        }
    }
    different.drain(..listed.1.len());
    println!(
        "same {} pairs, different {} pairs (all of two persons)\n",
        same.len(),
        different.len()
    );
    println!("| cosine ≥ | FAR | FRR | listed pairs right |\n| --- | --- | --- | --- |");
    for threshold in THRESHOLDS {
        let accepted = count(&different, threshold);
        let rejected = same.len() - count(&same, threshold);
        let right = count(&listed.0, threshold) + listed.1.len() - count(&listed.1, threshold);
        println!(
            "| {threshold:.3} | {:.1e} ({accepted}) | {:.1} % ({rejected}) | {:.1} % |",
            accepted as f64 / different.len() as f64,
            100.0 * rejected as f64 / same.len() as f64,
            100.0 * right as f64 / (listed.0.len() + listed.1.len()) as f64,
        );
    }
    Ok(())
}

fn count(similarities: &[f32], threshold: f32) -> usize {
    similarities
        .iter()
        .filter(|&&similarity| similarity >= threshold)
        .count()
}

fn person(file: &str) -> &str {
    file.rsplit_once('_').map_or(file, |(person, _)| person)
}

fn off_centre(picture: &Picture, face: &Face) -> f32 {
    let x = face.left + face.width / 2.0 - picture.width() as f32 / 2.0;
    let y = face.top + face.height / 2.0 - picture.height() as f32 / 2.0;
    x.hypot(y)
}
