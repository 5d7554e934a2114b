//! The pixels of a liveness challenge: is it one living person, doing what was asked, and the enrolled one?
//!
//! The detector and the landmarks see every frame. The embedder and the anti-spoofing pair see three, and those are not
//! free to choose: each frame that shows an asked action is among them, so that who acts is who is compared; then the
//! frame that looks least like the others, so that somebody who slips in is seen.

use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use crate::actions::{Action, ActionThresholds, Doing, Moment, Wrong, judge, observe};
use crate::align::{self, align};
use crate::clock;
use crate::decode::{Limits, decode};
use crate::detect::{DetectorSide, Face, Fitted, largest};
use crate::error::{Error, Postponement, Result};
use crate::frame_hash::{FrameHash, Miniature};
use crate::landmarks::{Expression, Pose};
use crate::models::Versions;
use crate::picture::Picture;
use crate::pipeline::Pipeline;
use crate::quality::{Advice, Quality, QualityLimits, near_faces};
use crate::template::Template;

/// Frames of a check at most.
pub const MAX_FRAMES: usize = 8;
/// Actions of a check at most: the frames that show them are all compared.
pub const MAX_ACTIONS: usize = 2;
/// Below this the landmarks are guesses: the face is covered, or turned away.
const MIN_PRESENCE: f32 = 0.5;
/// Frames that are compared and looked at for spoofing.
const COMPARED: usize = 3;

/// What is to be looked at.
pub struct Check {
    /// JPEG, PNG or WebP files in the order they were taken, 1 to 8, the first before anything was asked.
    pub frames: Vec<Zeroizing<Vec<u8>>>,
    /// What was asked, in order, at most two. None: only whether it is the person.
    pub asked: Vec<Action>,
    /// Who it should be; `None` looks at liveness only.
    pub reference: Option<Template>,
    /// From where on it passes.
    pub thresholds: Thresholds,
}

/// From where on a check passes. Starting values: calibrate them on consented pairs of one's own.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Thresholds {
    /// Likeness to the reference, cosine, for frames that look ahead; two of three suffice.
    pub similarity: f32,
    /// Likeness that every compared frame has at least, to the reference and to the others.
    pub continuity: f32,
    /// How live the median of the compared frames looks, where there are models.
    pub live: f32,
    /// When a movement is an action.
    pub actions: ActionThresholds,
    /// How good the compared frames that look ahead must be.
    pub quality: QualityLimits,
}

impl Thresholds {
    /// For a random check while learning.
    pub fn random_check() -> Self {
        let (actions, quality) = (ActionThresholds::default(), QualityLimits::CAMERA);
        Self {
            similarity: 0.40,
            continuity: 0.25,
            live: 0.75,
            actions,
            quality,
        }
    }

    /// For a log-in.
    pub fn login() -> Self {
        Self {
            similarity: 0.45,
            live: 0.85,
            ..Self::random_check()
        }
    }

    /// For the start of an exam.
    pub fn exam() -> Self {
        Self {
            similarity: 0.48,
            live: 0.90,
            ..Self::random_check()
        }
    }
}

/// What a check came to, with everything it rests on. Its scores are for the record and never for the client.
#[derive(Clone, Serialize, Deserialize)]
pub struct Verdict {
    /// Why it did not pass; empty: passed.
    pub failures: Vec<Failure>,
    /// Frame by frame.
    pub frames: Vec<FrameReport>,
    /// The compared frames.
    pub compared: Vec<Scored>,
    /// The least likeness between two compared frames.
    pub continuity: Option<f32>,
    /// How live the median of the compared frames looks.
    pub live: Option<f32>,
    /// What was asked.
    pub asked: Vec<Action>,
    /// What it was held against.
    pub thresholds: Thresholds,
    /// What it was looked at with.
    pub models: Versions,
}

/// Why a check did not pass.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "code", rename_all = "snake_case")]
pub enum Failure {
    /// A frame cannot be used.
    Unusable {
        /// Which, from 0.
        frame: usize,
        /// Why.
        advice: Advice,
    },
    /// A frame is the same as one before it: no camera does that.
    RepeatedFrame {
        /// Which, from 0.
        frame: usize,
    },
    /// An asked action was not seen.
    ActionMissing {
        /// Which.
        action: Action,
    },
    /// An action was seen that nobody asked for.
    ActionUnasked {
        /// Which.
        action: Action,
    },
    /// The asked actions came in another order, or at once.
    ActionsOutOfOrder,
    /// Not one and the same face throughout.
    FaceChanged,
    /// It looks like a print or a screen.
    NotLive,
    /// It is not the person of the reference.
    Mismatch,
}

impl Failure {
    /// A stable code.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Unusable { advice, .. } => advice.code(),
            Self::RepeatedFrame { .. } => "repeated_frame",
            Self::ActionMissing { .. } => "action_missing",
            Self::ActionUnasked { .. } => "action_unasked",
            Self::ActionsOutOfOrder => "actions_out_of_order",
            Self::FaceChanged => "face_changed",
            Self::NotLive => "not_live",
            Self::Mismatch => "mismatch",
        }
    }

    /// What to say to the person. It does not help somebody who tries what passes.
    pub const fn words(self) -> &'static str {
        match self {
            Self::Unusable { advice, .. } => advice.words(),
            Self::ActionMissing { .. } | Self::ActionUnasked { .. } | Self::ActionsOutOfOrder => {
                "请按提示依次完成动作"
            }
            Self::RepeatedFrame { .. } | Self::FaceChanged | Self::NotLive | Self::Mismatch => {
                "核验未通过，请本人面对摄像头重试"
            }
        }
    }
}

/// What was seen in a frame.
#[derive(Clone, Serialize, Deserialize)]
pub struct FrameReport {
    /// To know it again, also in a later check.
    pub hash: FrameHash,
    /// Faces near the camera.
    pub faces: usize,
    /// How sure the detector is of the largest, 0 to 1.
    pub score: f32,
    /// What it does; none where the frame cannot be used.
    pub expression: Option<Expression>,
    /// Where it is turned.
    pub pose: Option<Pose>,
    /// The actions it shows.
    pub actions: Vec<Action>,
}

/// A compared frame.
#[derive(Clone, Copy, Serialize, Deserialize)]
pub struct Scored {
    /// Which, from 0.
    pub frame: usize,
    /// Likeness to the reference, cosine.
    pub similarity: Option<f32>,
    /// How live it looks, 0 to 1.
    pub live: Option<f32>,
    /// How good it is.
    pub quality: Quality,
}

impl Verdict {
    /// Nothing failed.
    pub fn passed(&self) -> bool {
        self.failures.is_empty()
    }

    /// A face was compared and it was another's: hours are frozen and a person decides.
    pub fn mismatched(&self) -> bool {
        self.failures.contains(&Failure::Mismatch)
    }
}

// Scores do not belong into logs.
impl std::fmt::Debug for Verdict {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Verdict")
            .field("failures", &self.failures)
            .finish_non_exhaustive()
    }
}

/// A frame with one face.
struct Usable {
    frame: usize,
    picture: Picture,
    face: Face,
    moment: Moment,
}

pub(crate) fn run(
    pipeline: &mut Pipeline,
    check: &Check,
    until: Option<Instant>,
) -> Result<Verdict> {
    if check.frames.is_empty() || check.frames.len() > MAX_FRAMES || check.asked.len() > MAX_ACTIONS
    {
        return Err(Error::BadCheck {
            max_frames: MAX_FRAMES,
            max_actions: MAX_ACTIONS,
        });
    }
    let mut verdict = Verdict {
        failures: Vec::new(),
        frames: Vec::new(),
        compared: Vec::new(),
        continuity: None,
        live: None,
        asked: check.asked.clone(),
        thresholds: check.thresholds,
        models: pipeline.versions().clone(),
    };
    let mut usable = Vec::new();
    let mut miniatures = Vec::new();
    for bytes in &check.frames {
        in_time(until)?;
        usable.extend(look(pipeline, bytes, &mut verdict, &mut miniatures)?);
    }
    if usable.len() < check.frames.len() {
        return Ok(verdict);
    }
    let moments: Vec<Moment> = usable.iter().map(|usable| usable.moment).collect();
    let doing = observe(&moments, &check.thresholds.actions);
    for (report, doing) in verdict.frames.iter_mut().zip(&doing) {
        report.actions = doing.actions();
    }
    let evidence = match judge(
        &doing,
        &check.asked,
        check.thresholds.actions.involuntary_blinks,
    ) {
        Ok(evidence) => evidence,
        Err(wrong) => {
            verdict
                .failures
                .extend(wrong.into_iter().map(Failure::from));
            Vec::new()
        }
    };
    compare(
        pipeline,
        check,
        &choose(&usable, &doing, &evidence),
        &doing,
        until,
        &mut verdict,
    )?;
    Ok(verdict)
}

/// Decodes a frame, finds the face and its landmarks, and reports what cannot be used.
fn look(
    pipeline: &mut Pipeline,
    bytes: &[u8],
    verdict: &mut Verdict,
    miniatures: &mut Vec<(FrameHash, Miniature)>,
) -> Result<Option<Usable>> {
    let frame = verdict.frames.len();
    let picture = decode(bytes, &Limits::FRAME).map_err(|reason| Error::Picture {
        index: frame,
        reason,
    })?;
    let fitted = Fitted::new(&picture, DetectorSide::Frame);
    let (hash, miniature) = pipeline.hash(bytes, &fitted);
    if miniatures
        .iter()
        .any(|(known, seen)| known.sha256 == hash.sha256 || *seen == miniature)
    {
        verdict.failures.push(Failure::RepeatedFrame { frame });
    }
    miniatures.push((hash, miniature));
    let faces = pipeline.detect_fitted(&fitted)?;
    let near = near_faces(&faces);
    let mut report = FrameReport {
        hash,
        faces: near,
        score: 0.0,
        expression: None,
        pose: None,
        actions: Vec::new(),
    };
    let mut usable = None;
    match largest(&faces) {
        Some(&face) if near == 1 => {
            let (landmarks, expression) = pipeline.landmarks(&picture, &face)?;
            let pose = landmarks.pose();
            (report.score, report.expression, report.pose) =
                (face.score, Some(expression), Some(pose));
            if landmarks.presence >= MIN_PRESENCE {
                usable = Some(Usable {
                    frame,
                    picture,
                    face,
                    moment: Moment { expression, pose },
                });
            } else {
                verdict.failures.push(Failure::Unusable {
                    frame,
                    advice: Advice::FaceTheCamera,
                });
            }
        }
        other => {
            let advice = if other.is_some() {
                Advice::OnePersonOnly
            } else {
                Advice::NobodySeen
            };
            verdict.failures.push(Failure::Unusable { frame, advice });
        }
    }
    verdict.frames.push(report);
    Ok(usable)
}

/// The frames to compare: those that show the asked actions, then the one least like the other quiet ones, then those
/// that look most straight ahead.
fn choose<'u>(usable: &'u [Usable], doing: &[Doing], evidence: &[usize]) -> Vec<&'u Usable> {
    let mut chosen: Vec<usize> = evidence.to_vec();
    chosen.dedup(); // one frame can show both
    let rest = |chosen: &[usize], quiet: bool| -> Vec<usize> {
        (0..usable.len())
            .filter(|i| !chosen.contains(i) && doing[*i].is_nothing() == quiet)
            .collect()
    };
    let quiet = rest(&chosen, true);
    let looks: Vec<Vec<f32>> = quiet.iter().map(|&i| look_of(&usable[i])).collect();
    let likeness = |i: usize| -> f32 { looks.iter().map(|other| dot(&looks[i], other)).sum() };
    if let Some(odd) = (0..quiet.len()).min_by(|&a, &b| likeness(a).total_cmp(&likeness(b))) {
        chosen.push(quiet[odd]);
    }
    let ahead = |i: &usize| usable[*i].moment.pose.yaw.abs() + usable[*i].moment.pose.pitch.abs();
    for quiet in [true, false] {
        let mut others = rest(&chosen, quiet);
        others.sort_by(|a, b| ahead(a).total_cmp(&ahead(b)));
        chosen.extend(others);
    }
    chosen
        .into_iter()
        .take(COMPARED)
        .map(|i| &usable[i])
        .collect()
}

/// A coarse look of a face, of length 1 and without its light, to tell which frame is the odd one out.
fn look_of(usable: &Usable) -> Vec<f32> {
    const SIDE: usize = 28;
    let grey = usable
        .picture
        .warped(&align::map(&usable.face, SIDE), SIDE, SIDE)
        .luminance();
    let mean = grey.iter().map(|&v| f32::from(v)).sum::<f32>() / grey.len() as f32;
    let centred: Vec<f32> = grey.iter().map(|&v| f32::from(v) - mean).collect();
    let length = dot(&centred, &centred).sqrt().max(f32::EPSILON);
    centred.iter().map(|v| v / length).collect()
}

fn dot(a: &[f32], b: &[f32]) -> f32 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

fn compare(
    pipeline: &mut Pipeline,
    check: &Check,
    chosen: &[&Usable],
    doing: &[Doing],
    until: Option<Instant>,
    verdict: &mut Verdict,
) -> Result<()> {
    let thresholds = &check.thresholds;
    let mut templates = Vec::new();
    let mut ahead = Vec::new();
    for usable in chosen {
        in_time(until)?;
        let aligned = align(&usable.picture, &usable.face);
        let template = pipeline.embed_aligned(&aligned)?;
        let similarity = check
            .reference
            .as_ref()
            .map(|reference| template.similarity(reference))
            .transpose()?;
        let live = pipeline.live(&usable.picture, &usable.face)?;
        let quality = Quality::measure(&usable.picture, &usable.face, &aligned, usable.moment.pose);
        if !doing[usable.frame].is_turned() {
            ahead.extend(similarity);
            let limits = &thresholds.quality;
            verdict
                .failures
                .extend(quality.advice(limits).map(|advice| Failure::Unusable {
                    frame: usable.frame,
                    advice,
                }));
        }
        verdict.compared.push(Scored {
            frame: usable.frame,
            similarity,
            live,
            quality,
        });
        templates.push(template);
    }
    verdict.continuity = least_likeness(&templates)?;
    verdict.live = median(verdict.compared.iter().filter_map(|scored| scored.live));
    let against_reference = verdict
        .compared
        .iter()
        .filter_map(|scored| scored.similarity);
    let least = against_reference
        .chain(verdict.continuity)
        .fold(f32::INFINITY, f32::min);
    if least < thresholds.continuity {
        verdict.failures.push(Failure::FaceChanged);
    }
    if verdict.live.is_some_and(|live| live < thresholds.live) {
        verdict.failures.push(Failure::NotLive);
    }
    if check.reference.is_some() && !is_the_person(&ahead, thresholds.similarity) {
        verdict.failures.push(Failure::Mismatch);
    }
    Ok(())
}

/// Two thirds of the frames that look ahead, and at least one.
fn is_the_person(similarities: &[f32], threshold: f32) -> bool {
    let needed = (similarities.len() * 2).div_ceil(3).max(1);
    similarities
        .iter()
        .filter(|&&similarity| similarity >= threshold)
        .count()
        >= needed
}

fn least_likeness(templates: &[Template]) -> Result<Option<f32>> {
    let mut least: Option<f32> = None;
    for (i, template) in templates.iter().enumerate() {
        for other in &templates[i + 1..] {
            let likeness = template.similarity(other)?;
            least = Some(least.map_or(likeness, |least| least.min(likeness)));
        }
    }
    Ok(least)
}

/// Of an even number the lower one.
fn median(values: impl Iterator<Item = f32>) -> Option<f32> {
    let mut values: Vec<f32> = values.collect();
    values.sort_by(f32::total_cmp);
    values.get(values.len().checked_sub(1)? / 2).copied()
}

fn in_time(until: Option<Instant>) -> Result<()> {
    if until.is_some_and(|until| clock::now() >= until) {
        return Err(Error::Postponed {
            reason: Postponement::Deadline,
            retry_after: Duration::from_secs(1),
        });
    }
    Ok(())
}

impl From<Wrong> for Failure {
    fn from(wrong: Wrong) -> Self {
        match wrong {
            Wrong::Missing(action) => Self::ActionMissing { action },
            Wrong::Unasked(action) => Self::ActionUnasked { action },
            Wrong::OutOfOrder => Self::ActionsOutOfOrder,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_of_three_frames_suffice_and_the_threshold_itself_passes() {
        assert!(is_the_person(&[0.40, 0.40, 0.10], 0.40));
        assert!(!is_the_person(&[0.40, 0.39, 0.10], 0.40));
        assert!(is_the_person(&[0.40, 0.41], 0.40));
        assert!(!is_the_person(&[0.40, 0.39], 0.40));
        assert!(is_the_person(&[0.40], 0.40));
        assert!(!is_the_person(&[0.39], 0.40));
        assert!(!is_the_person(&[], 0.40));
        assert!(!is_the_person(&[f32::NAN; 3], 0.40));
    }

    #[test]
    fn the_median_is_not_moved_by_one_outlier() {
        assert_eq!(median([0.9, 0.0, 0.8].into_iter()), Some(0.8));
        assert_eq!(median([0.9, 0.1].into_iter()), Some(0.1));
        assert_eq!(median([].into_iter()), None);
    }

    #[test]
    fn every_failure_has_a_code_and_words() {
        let action = Action::Blink;
        let failures = [
            Failure::Unusable {
                frame: 0,
                advice: Advice::NobodySeen,
            },
            Failure::RepeatedFrame { frame: 1 },
            Failure::ActionMissing { action },
            Failure::ActionUnasked { action },
            Failure::ActionsOutOfOrder,
            Failure::FaceChanged,
            Failure::NotLive,
            Failure::Mismatch,
        ];
        let mut codes: Vec<_> = failures.iter().map(|failure| failure.code()).collect();
        codes.dedup();
        assert_eq!(codes.len(), failures.len());
        assert!(failures.iter().all(|failure| !failure.words().is_empty()));
    }
}
