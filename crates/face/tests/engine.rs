//! The engine under load: who waits, who is postponed, and that nobody fails for it.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod support;

use std::pin::pin;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use support::{check, folder, jpeg, models, photograph, still};
use zhipei_face::{
    Action, CallerKey, Engine, Error, Models, Postponement, QualityLimits, Settings, State,
};

const LIMITS: QualityLimits = QualityLimits::CAMERA;

fn one_worker() -> Settings {
    Settings {
        workers: 1,
        ..Settings::default()
    }
}

fn reason<T>(result: &Result<T, Error>) -> Option<Postponement> {
    match result {
        Err(Error::Postponed {
            reason,
            retry_after,
        }) => {
            assert!(*retry_after >= Duration::from_secs(1));
            Some(*reason)
        }
        _ => None,
    }
}

#[test]
fn answers_come_from_any_thread_and_say_how_long_they_took() {
    let engine = Engine::start(
        models(),
        Settings {
            workers: 2,
            waiting: 64,
            ..Settings::default()
        },
    )
    .unwrap();
    let portrait = engine
        .portrait(CallerKey(1), photograph("person_a_1").into(), LIMITS)
        .wait()
        .unwrap();
    assert!(portrait.value.template.is_some() && portrait.worked > Duration::ZERO);
    let frame = jpeg(&still("person_b_1"));
    std::thread::scope(|scope| {
        for caller in 0..8 {
            let (engine, frame) = (&engine, &frame);
            scope.spawn(move || {
                for _ in 0..3 {
                    let done = engine
                        .hint(CallerKey(caller), frame.clone(), LIMITS)
                        .wait()
                        .unwrap();
                    assert_eq!(done.value.advice, None);
                }
            });
        }
    });
    let state = engine.state();
    assert_eq!(
        state,
        State {
            workers: 2,
            working: state.working,
            waiting: 0,
            done: state.done,
            postponed: 0,
            broken: 0
        }
    );
    assert_eq!(engine.versions().embedder.to_string(), "sface-03e70bbfa54f");
}

#[test]
fn a_future_is_ready_when_the_answer_is() {
    let engine = Engine::start(models(), one_worker()).unwrap();
    let mut answer = pin!(engine.portrait(CallerKey(1), photograph("person_a_1").into(), LIMITS));
    let mut context = Context::from_waker(Waker::noop());
    assert!(answer.as_mut().poll(&mut context).is_pending());
    // The line is one worker's: when the second answer is there, the first is.
    engine
        .portrait(CallerKey(2), photograph("person_a_2").into(), LIMITS)
        .wait()
        .unwrap();
    assert!(matches!(
        answer.as_mut().poll(&mut context),
        Poll::Ready(Ok(_))
    ));
}

#[test]
fn asvs_41_when_too_many_wait_the_next_is_postponed_and_not_failed() {
    let engine = Engine::start(
        models(),
        Settings {
            waiting: 3,
            waiting_per_caller: 2,
            ..one_worker()
        },
    )
    .unwrap();
    let ask = |caller| engine.portrait(CallerKey(caller), photograph("impostor_2").into(), LIMITS);
    let mut answers = vec![ask(0)];
    while engine.state().working == 0 {
        std::thread::yield_now();
    }
    answers.extend([ask(1), ask(1)]);
    assert_eq!(reason(&ask(1).wait()), Some(Postponement::CallerWaits));
    answers.push(ask(2));
    assert_eq!(reason(&ask(3).wait()), Some(Postponement::QueueFull));
    assert_eq!(engine.state().postponed, 2);
    assert!(answers.into_iter().all(|answer| answer.wait().is_ok()));
}

#[test]
fn callers_take_turns() {
    let engine = Engine::start(
        models(),
        Settings {
            waiting_per_caller: 10,
            ..one_worker()
        },
    )
    .unwrap();
    let ask = |caller| engine.portrait(CallerKey(caller), photograph("impostor_2").into(), LIMITS);
    let busy: Vec<_> = (0..6).map(|_| ask(1)).collect();
    let other = ask(2).wait().unwrap();
    let last = busy
        .into_iter()
        .map(|answer| answer.wait().unwrap().waited)
        .max()
        .unwrap();
    assert!(other.waited < last, "{:?} {last:?}", other.waited);
}

#[test]
fn what_is_not_done_by_its_deadline_is_postponed() {
    let engine = Engine::start(
        models(),
        Settings {
            deadline: Duration::ZERO,
            ..one_worker()
        },
    )
    .unwrap();
    let answer = engine
        .portrait(CallerKey(1), photograph("person_a_1").into(), LIMITS)
        .wait();
    assert_eq!(reason(&answer), Some(Postponement::Deadline));
    // Long enough for a part of the work only: the answer comes at the deadline, the rest of the work is dropped.
    let engine = Engine::start(
        models(),
        Settings {
            deadline: Duration::from_millis(20),
            ..one_worker()
        },
    )
    .unwrap();
    let frame = still("person_b_1");
    let frames = check(&[&frame; 8]);
    assert_eq!(
        reason(&engine.check(CallerKey(1), frames).wait()),
        Some(Postponement::Deadline)
    );
    while engine.state().working > 0 {
        std::thread::yield_now();
    }
    assert_eq!((engine.state().postponed, engine.state().done), (1, 0));
}

#[test]
fn an_answer_nobody_waits_for_is_not_worked_out() {
    let engine = Engine::start(models(), one_worker()).unwrap();
    let ask = |caller| engine.portrait(CallerKey(caller), photograph("person_a_1").into(), LIMITS);
    let first = ask(1);
    drop(ask(2));
    first.wait().unwrap();
    ask(3).wait().unwrap();
    while engine.state().working > 0 {
        std::thread::yield_now();
    }
    assert_eq!(engine.state().done, 2);
}

#[test]
fn the_end_postpones_what_waits() {
    let engine = Engine::start(models(), one_worker()).unwrap();
    let answers: Vec<_> = (0..10)
        .map(|i| engine.portrait(CallerKey(i), photograph("impostor_2").into(), LIMITS))
        .collect();
    drop(engine);
    let results: Vec<_> = answers
        .into_iter()
        .map(|answer| reason(&answer.wait()))
        .collect();
    assert!(results.contains(&Some(Postponement::Stopping)));
    assert!(
        results
            .iter()
            .all(|reason| matches!(reason, None | Some(Postponement::Stopping))),
        "{results:?}"
    );
}

#[test]
fn a_check_through_the_engine_is_the_same_check() {
    let engine = Engine::start(models(), one_worker()).unwrap();
    let frame = still("person_b_1");
    let mut frames = check(&[&frame, &frame]);
    frames.asked = vec![Action::OpenMouth];
    let verdict = engine.check(CallerKey(1), frames).wait().unwrap().value;
    assert!(!verdict.passed());
    assert_eq!(verdict.models, *engine.versions());
}

#[test]
fn face_10_a_model_that_was_changed_or_is_missing_is_not_used() {
    let scratch = std::env::temp_dir().join(format!("zhipei-face-{}", std::process::id()));
    std::fs::create_dir_all(&scratch).unwrap();
    let names = [
        "yunet.onnx",
        "sface.onnx",
        "face_landmarks_478.onnx",
        "face_blendshapes.onnx",
    ];
    for name in names {
        std::fs::copy(folder().join(name), scratch.join(name)).unwrap();
    }
    assert!(Models::open(&scratch).is_ok_and(|models| !models.has_spoof()));
    for name in names {
        let whole = std::fs::read(scratch.join(name)).unwrap();
        let mut changed = whole.clone();
        changed[whole.len() / 2] ^= 1;
        std::fs::write(scratch.join(name), changed).unwrap();
        assert!(
            matches!(Models::open(&scratch), Err(Error::Tampered { .. })),
            "{name}"
        );
        std::fs::remove_file(scratch.join(name)).unwrap();
        assert!(
            matches!(Models::open(&scratch), Err(Error::NoModel { .. })),
            "{name}"
        );
        std::fs::write(scratch.join(name), whole).unwrap();
    }
    // The operator's own pair: both or none, and as they were brought.
    let pair = ["minifasnet_v2_2.7_80.onnx", "minifasnet_v1se_4.0_80.onnx"];
    let sums = |first: &str| format!("{first}  {}\n{}  {}\n", pair[0], sha256_of_x(), pair[1]);
    std::fs::write(scratch.join(pair[0]), "x").unwrap();
    std::fs::write(scratch.join("SHA256SUMS"), sums(sha256_of_x())).unwrap();
    assert!(matches!(Models::open(&scratch), Err(Error::NoModel { .. })));
    std::fs::write(scratch.join(pair[1]), "x").unwrap();
    assert!(Models::open(&scratch).is_ok_and(|models| models.has_spoof()));
    std::fs::write(scratch.join("SHA256SUMS"), sums(&"0".repeat(64))).unwrap();
    assert!(matches!(
        Models::open(&scratch),
        Err(Error::Tampered { .. })
    ));
    std::fs::write(scratch.join("SHA256SUMS"), "").unwrap();
    assert!(matches!(
        Models::open(&scratch),
        Err(Error::Tampered { .. })
    ));
    std::fs::remove_dir_all(&scratch).unwrap();
}

fn sha256_of_x() -> &'static str {
    "2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881"
}
