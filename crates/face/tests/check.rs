//! Checks of whole frames: what passes, and each way of cheating that pixels can show.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod support;

use std::sync::OnceLock;

use image::{RgbImage, imageops};
use support::warp::Subject;
use support::{check, pipeline, still, template};
use zhipei_face::{Action, Advice, Check, Error, Failure, PictureError, Verdict};

use Action::{Blink, OpenMouth, TurnLeft, TurnRight};

/// The frames of one person that all tests here are made of.
struct Frames {
    still: RgbImage,
    blink: RgbImage,
    mouth: RgbImage,
    left: RgbImage,
    right: RgbImage,
}

impl Frames {
    fn of(name: &str) -> Self {
        let subject = Subject::new(still(name));
        Self {
            still: subject.still().clone(),
            blink: subject.blinking(),
            mouth: subject.open_mouthed(),
            left: subject.turned(36.0),
            right: subject.turned(-42.0),
        }
    }

    fn doing(&self, action: Action) -> &RgbImage {
        match action {
            Blink => &self.blink,
            OpenMouth => &self.mouth,
            TurnLeft => &self.left,
            TurnRight => &self.right,
        }
    }
}

/// Looks straight ahead; the photograph of `person_b_2` is four years younger.
fn person() -> &'static Frames {
    static FRAMES: OnceLock<Frames> = OnceLock::new();
    FRAMES.get_or_init(|| Frames::of("person_b_1"))
}

fn stranger() -> &'static Frames {
    static FRAMES: OnceLock<Frames> = OnceLock::new();
    FRAMES.get_or_init(|| Frames::of("person_a_1"))
}

fn verdict(check: &Check) -> Verdict {
    pipeline().check(check, None).unwrap()
}

fn asked(frames: &[&RgbImage], asked: &[Action]) -> Check {
    Check {
        asked: asked.to_vec(),
        ..check(frames)
    }
}

#[test]
fn who_does_what_was_asked_passes() {
    let person = person();
    let reference = Some(template("person_b_2"));
    for (first, second) in [
        (Blink, TurnLeft),
        (TurnRight, Blink),
        (OpenMouth, TurnRight),
        (TurnLeft, OpenMouth),
    ] {
        let frames = [
            &person.still,
            person.doing(first),
            &person.still,
            person.doing(second),
            &person.still,
        ];
        let check = Check {
            reference: reference.clone(),
            ..asked(&frames, &[first, second])
        };
        let verdict = verdict(&check);
        assert!(
            verdict.passed(),
            "{first:?}, {second:?}: {verdict:?} {:?}",
            numbers(&verdict)
        );
        assert_eq!(verdict.frames[1].actions, [first]);
        assert_eq!(verdict.frames[3].actions, [second]);
        let compared: Vec<_> = verdict.compared.iter().map(|scored| scored.frame).collect();
        assert!(
            compared.len() == 3 && compared.contains(&1) && compared.contains(&3),
            "{compared:?}"
        );
    }
}

#[test]
fn a_still_photograph_does_nothing_and_fails_every_action() {
    for action in Action::ALL {
        let still = &person().still;
        let verdict = verdict(&asked(&[still; 5], &[action]));
        assert_eq!(verdict.failures, [Failure::ActionMissing { action }]);
    }
}

#[test]
fn face_06_actions_in_the_wrong_order_fail() {
    let person = person();
    let frames = [
        &person.still,
        &person.left,
        &person.still,
        &person.blink,
        &person.still,
    ];
    let verdict = verdict(&asked(&frames, &[Blink, TurnLeft]));
    assert!(
        verdict.failures.contains(&Failure::ActionsOutOfOrder),
        "{verdict:?}"
    );
}

#[test]
fn an_action_nobody_asked_for_fails() {
    let person = person();
    let frames = [
        &person.still,
        &person.left,
        &person.still,
        &person.right,
        &person.still,
    ];
    assert_eq!(
        verdict(&asked(&frames, &[TurnLeft])).failures,
        [Failure::ActionUnasked { action: TurnRight }]
    );
    let frames = [&person.still, &person.mouth, &person.still];
    assert_eq!(
        verdict(&check(&frames)).failures,
        [Failure::ActionUnasked { action: OpenMouth }]
    );
}

#[test]
fn mirrored_frames_turn_the_wrong_way() {
    let person = person();
    let mirrored: Vec<RgbImage> = [&person.still, &person.left, &person.still]
        .map(imageops::flip_horizontal)
        .into();
    let verdict = verdict(&asked(&mirrored.iter().collect::<Vec<_>>(), &[TurnLeft]));
    assert!(
        verdict
            .failures
            .contains(&Failure::ActionUnasked { action: TurnRight }),
        "{verdict:?}"
    );
}

#[test]
fn a_stranger_is_a_mismatch() {
    let stranger = stranger();
    let frames = [&stranger.still, &stranger.blink, &stranger.still];
    let verdict = verdict(&Check {
        reference: Some(template("person_b_2")),
        ..asked(&frames, &[Blink])
    });
    assert!(verdict.mismatched(), "{verdict:?} {:?}", numbers(&verdict));
}

#[test]
fn a_stranger_among_the_frames_is_seen_wherever_they_are() {
    let (person, stranger) = (person(), stranger());
    let honest = [
        &person.still,
        &person.still,
        &person.blink,
        &person.still,
        &person.still,
        &person.still,
    ];
    for at in 0..honest.len() {
        let mut frames = honest;
        frames[at] = if at == 2 {
            &stranger.blink
        } else {
            &stranger.still
        };
        let verdict = verdict(&Check {
            reference: Some(template("person_b_2")),
            ..asked(&frames, &[Blink])
        });
        assert!(
            verdict.failures.contains(&Failure::FaceChanged),
            "frame {at}: {verdict:?} {:?}",
            numbers(&verdict)
        );
    }
}

#[test]
fn who_acts_is_who_is_compared() {
    // A photograph of the learner, and a stranger who does the actions.
    let (person, stranger) = (person(), stranger());
    let frames = [
        &person.still,
        &person.still,
        &stranger.left,
        &person.still,
        &stranger.blink,
        &person.still,
    ];
    let verdict = verdict(&Check {
        reference: Some(template("person_b_2")),
        ..asked(&frames, &[TurnLeft, Blink])
    });
    assert!(
        !verdict.passed() && verdict.failures.contains(&Failure::FaceChanged),
        "{verdict:?}"
    );
}

#[test]
fn face_04_the_same_frame_twice_fails() {
    let person = person();
    let mut twice = check(&[&person.still, &person.still, &person.still]);
    twice.frames[2] = twice.frames[0].clone();
    assert!(
        verdict(&twice)
            .failures
            .contains(&Failure::RepeatedFrame { frame: 2 })
    );
}

#[test]
fn lms_08_a_frame_compressed_again_is_known_again() {
    let person = person();
    let first = verdict(&check(&[&person.still, &person.left]));
    let mut again = check(&[&person.still, &person.left]);
    for frame in &mut again.frames {
        let picture = image::load_from_memory(frame).unwrap().into_rgb8();
        let smaller = imageops::resize(
            &picture,
            picture.width() * 3 / 4,
            picture.height() * 3 / 4,
            imageops::FilterType::Triangle,
        );
        *frame = support::jpeg(&smaller);
    }
    let again = verdict(&again);
    for (frame, copy) in first.frames.iter().zip(&again.frames) {
        assert!(
            frame.hash.distance(&copy.hash) <= 20,
            "{}",
            frame.hash.distance(&copy.hash)
        );
        assert_ne!(frame.hash.sha256, copy.hash.sha256);
    }
    assert!(first.frames[0].hash.distance(&first.frames[1].hash) > 0);
}

#[test]
fn face_05_two_faces_none_and_a_face_on_its_side_fail_with_their_reasons() {
    let person = person();
    let unusable = |frame: &RgbImage| {
        let verdict = verdict(&check(&[&person.still, frame]));
        verdict.failures.iter().find_map(|failure| match failure {
            Failure::Unusable { frame: 1, advice } => Some(*advice),
            _ => None,
        })
    };
    let (width, height) = person.still.dimensions();
    let mut two = RgbImage::new(width * 2, height);
    imageops::overlay(&mut two, &person.still, 0, 0);
    imageops::overlay(&mut two, &stranger().still, i64::from(width), 0);
    assert_eq!(unusable(&two), Some(Advice::OnePersonOnly));
    assert_eq!(
        unusable(&RgbImage::from_pixel(640, 480, image::Rgb([120, 130, 140]))),
        Some(Advice::NobodySeen)
    );
    let sideways = unusable(&imageops::rotate90(&person.still));
    assert!(
        matches!(sideways, Some(Advice::FaceTheCamera | Advice::NobodySeen)),
        "{sideways:?}"
    );
}

#[test]
fn a_frame_that_is_no_picture_is_named() {
    let person = person();
    let mut broken = check(&[&person.still, &person.still]);
    let half = broken.frames[1].len() / 2;
    broken.frames[1].truncate(half);
    let error = pipeline().check(&broken, None).unwrap_err();
    assert!(
        matches!(
            error,
            Error::Picture {
                index: 1,
                reason: PictureError::Damaged
            }
        ),
        "{error}"
    );
}

#[test]
fn one_to_eight_frames_and_two_actions_at_most() {
    let still = &person().still;
    let refused =
        |check: &Check| matches!(pipeline().check(check, None), Err(Error::BadCheck { .. }));
    assert!(refused(&check(&[])));
    assert!(!refused(&check(&[still])));
    assert!(!refused(&check(&[still; 8])));
    assert!(refused(&check(&[still; 9])));
    assert!(!refused(&asked(&[still], &[Blink, TurnLeft])));
    assert!(refused(&asked(&[still], &[Blink, TurnLeft, Blink])));
}

#[test]
fn a_face_that_does_not_look_live_fails_and_without_the_models_nobody_asks() {
    let person = person();
    let mut strict = check(&[&person.still, &person.still, &person.still]);
    strict.thresholds.live = 1.1;
    let verdict = verdict(&strict);
    let has_models = pipeline().versions().spoof.is_some();
    assert_eq!(verdict.live.is_some(), has_models);
    assert_eq!(verdict.failures.contains(&Failure::NotLive), has_models);
    assert_eq!(verdict.passed(), !has_models);
}

#[test]
fn face_08_no_score_shows_in_the_log() {
    let person = person();
    let verdict = verdict(&Check {
        reference: Some(template("person_b_2")),
        ..check(&[&person.still, &person.left])
    });
    assert!(verdict.compared[0].similarity.is_some());
    assert_eq!(
        format!("{verdict:?}"),
        "Verdict { failures: [ActionUnasked { action: TurnLeft }], .. }"
    );
}

/// For the message of a test that fails.
fn numbers(verdict: &Verdict) -> Vec<(usize, Option<f32>, Option<f32>)> {
    verdict
        .compared
        .iter()
        .map(|scored| (scored.frame, scored.similarity, verdict.continuity))
        .collect()
}
