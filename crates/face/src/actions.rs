//! Which actions a face does over the frames of a check, against its own baseline, and whether they are the asked ones.

use serde::{Deserialize, Serialize};

use crate::landmarks::{Expression, Pose};

/// What a person can be asked to do. Left and right are the person's own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    /// 眨眼: both eyes closed.
    Blink,
    /// 张嘴.
    OpenMouth,
    /// 向左转头.
    TurnLeft,
    /// 向右转头.
    TurnRight,
}

impl Action {
    /// All of them.
    pub const ALL: [Self; 4] = [
        Self::Blink,
        Self::OpenMouth,
        Self::TurnLeft,
        Self::TurnRight,
    ];

    /// What to ask the person.
    pub const fn words(self) -> &'static str {
        match self {
            Self::Blink => "请闭一下眼睛",
            Self::OpenMouth => "请张一下嘴",
            Self::TurnLeft => "请向左转头",
            Self::TurnRight => "请向右转头",
        }
    }
}

/// From where on a movement is an action.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct ActionThresholds {
    /// Eyes are closed below this share of the session's own open eyes …
    pub blink_ratio: f32,
    /// … and from this blink score on; a smile narrows the eyes too, but does not score.
    pub blink_score: f32,
    /// A mouth is open from this ratio of height to width on …
    pub mouth_ratio: f32,
    /// … that much above the session's own closed mouth …
    pub mouth_rise: f32,
    /// … and from this jaw score on.
    pub jaw_open: f32,
    /// Degrees from the session's own straight view.
    pub turn: f32,
    /// Frames with closed eyes that nobody asked for and that are no action. Everybody blinks 15 times a minute without
    /// wanting to: of eight frames one catches that in about one check of four, two in one of thirty.
    pub involuntary_blinks: usize,
}

impl Default for ActionThresholds {
    fn default() -> Self {
        Self {
            blink_ratio: 0.5,
            blink_score: 0.4,
            mouth_ratio: 0.35,
            mouth_rise: 0.2,
            jaw_open: 0.4,
            turn: 20.0,
            involuntary_blinks: 1,
        }
    }
}

/// A face in one frame.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Moment {
    pub(crate) expression: Expression,
    pub(crate) pose: Pose,
}

/// What a face does in one frame: for each action how strongly, `None` if not.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Doing([Option<f32>; Action::ALL.len()]);

/// Why the actions are not the asked ones.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wrong {
    Missing(Action),
    Unasked(Action),
    OutOfOrder,
}

/// Degrees within which a frame looks as straight as the first one.
const STRAIGHT: f32 = 10.0;

/// What is done in each frame. The first frame is taken before anything is asked and tells where straight ahead is.
pub(crate) fn observe(moments: &[Moment], thresholds: &ActionThresholds) -> Vec<Doing> {
    let Some(first) = moments.first() else {
        return Vec::new();
    };
    let straight: Vec<f32> = moments
        .iter()
        .map(|m| m.pose.yaw)
        .filter(|yaw| (yaw - first.pose.yaw).abs() < STRAIGHT)
        .collect();
    let ahead = straight.iter().sum::<f32>() / straight.len() as f32;
    // Seen from the side eyes look narrower and mouths taller: the baseline comes from the frames that look ahead.
    let facing = |m: &&Moment| (m.pose.yaw - ahead).abs() < thresholds.turn;
    let facing: Vec<&Moment> = moments.iter().filter(facing).collect();
    let quarter = facing.len() / 4;
    let eyes_open = sorted(facing.iter().map(|m| m.expression.eye_ratio))
        .nth_back(quarter)
        .unwrap_or_default();
    let mouth_closed = sorted(facing.iter().map(|m| m.expression.mouth_ratio))
        .nth(quarter)
        .unwrap_or_default();

    let doing = |moment: &Moment| {
        let (face, yaw) = (moment.expression, moment.pose.yaw - ahead);
        let ahead = yaw.abs() < thresholds.turn;
        let closed = 1.0 - face.eye_ratio / eyes_open;
        let blinks = ahead
            && face.eye_ratio < eyes_open * thresholds.blink_ratio
            && face.blink >= thresholds.blink_score;
        let gapes = face.mouth_ratio
            >= thresholds
                .mouth_ratio
                .max(mouth_closed + thresholds.mouth_rise)
            && face.jaw_open >= thresholds.jaw_open;
        Doing([
            blinks.then_some(closed),
            gapes.then_some(face.mouth_ratio),
            (yaw >= thresholds.turn).then_some(yaw),
            (-yaw >= thresholds.turn).then_some(-yaw),
        ])
    };
    moments.iter().map(doing).collect()
}

fn sorted(values: impl Iterator<Item = f32>) -> std::vec::IntoIter<f32> {
    let mut values: Vec<f32> = values.collect();
    values.sort_by(f32::total_cmp);
    values.into_iter()
}

/// The asked actions in their order and no other. Gives for each asked action the frame to show for it.
pub(crate) fn judge(
    frames: &[Doing],
    asked: &[Action],
    involuntary_blinks: usize,
) -> Result<Vec<usize>, Vec<Wrong>> {
    let mut evidence: Vec<usize> = Vec::new();
    let mut blinks_left = involuntary_blinks;
    let mut wrong = Vec::new();
    let mut started = None;
    for event in events(frames) {
        if started == Some(event.from) {
            wrong.push(Wrong::OutOfOrder); // two at once: neither comes before the other
            continue;
        }
        let done = evidence.len();
        if asked.get(done) == Some(&event.action) {
            evidence.push(event.evidence(frames));
            started = Some(event.from);
        } else if done > 0 && asked[done - 1] == event.action {
            // The same once more before the next is done with.
        } else if event.action == Action::Blink && event.frames() <= blinks_left {
            blinks_left -= event.frames();
        } else if asked.contains(&event.action) {
            wrong.push(Wrong::OutOfOrder);
        } else {
            wrong.push(Wrong::Unasked(event.action));
        }
    }
    wrong.extend(
        asked[evidence.len()..]
            .iter()
            .map(|&action| Wrong::Missing(action)),
    );
    if wrong.is_empty() {
        Ok(evidence)
    } else {
        Err(wrong)
    }
}

/// An action from the first frame that shows it to the last one in a row.
struct Event {
    action: Action,
    from: usize,
    to: usize,
}

/// In the order in which they start.
fn events(frames: &[Doing]) -> Vec<Event> {
    let mut events = Vec::new();
    for action in Action::ALL {
        let mut from = None;
        for i in 0..=frames.len() {
            match (
                frames
                    .get(i)
                    .is_some_and(|doing| doing.strength(action).is_some()),
                from,
            ) {
                (true, None) => from = Some(i),
                (false, Some(first)) => {
                    events.push(Event {
                        action,
                        from: first,
                        to: i - 1,
                    });
                    from = None;
                }
                _ => {}
            }
        }
    }
    events.sort_by_key(|event| event.from);
    events
}

impl Event {
    fn frames(&self) -> usize {
        self.to + 1 - self.from
    }

    /// The clearest frame; of a turn the least turned, because a face compares best from the front.
    fn evidence(&self, frames: &[Doing]) -> usize {
        let sign = if matches!(self.action, Action::TurnLeft | Action::TurnRight) {
            -1.0
        } else {
            1.0
        };
        let strength = |i: &usize| frames[*i].strength(self.action).unwrap_or_default() * sign;
        // From the back, because of equals the last is taken.
        (self.from..=self.to)
            .rev()
            .max_by(|a, b| strength(a).total_cmp(&strength(b)))
            .unwrap_or(self.from)
    }
}

impl Doing {
    fn strength(&self, action: Action) -> Option<f32> {
        self.0[action as usize]
    }

    /// Turned to a side.
    pub(crate) fn is_turned(&self) -> bool {
        self.strength(Action::TurnLeft).is_some() || self.strength(Action::TurnRight).is_some()
    }

    /// Nothing at all.
    pub(crate) fn is_nothing(&self) -> bool {
        self.0.iter().all(Option::is_none)
    }

    pub(crate) fn actions(&self) -> Vec<Action> {
        Action::ALL
            .into_iter()
            .filter(|&action| self.strength(action).is_some())
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use Action::*;
    use proptest::prelude::*;

    use super::*;

    fn frames(seen: &[&[Action]]) -> Vec<Doing> {
        let doing = |actions: &&[Action]| {
            let mut doing = Doing::default();
            for &action in *actions {
                doing.0[action as usize] = Some(1.0);
            }
            doing
        };
        seen.iter().map(doing).collect()
    }

    fn judged(seen: &[&[Action]], asked: &[Action]) -> Result<Vec<usize>, Vec<Wrong>> {
        judge(&frames(seen), asked, 1)
    }

    #[test]
    fn the_asked_actions_in_their_order_pass() {
        assert_eq!(
            judged(
                &[&[], &[Blink], &[], &[TurnLeft], &[TurnLeft], &[]],
                &[Blink, TurnLeft]
            ),
            Ok(vec![1, 3])
        );
        assert_eq!(judged(&[&[], &[OpenMouth]], &[OpenMouth]), Ok(vec![1]));
        assert_eq!(judged(&[&[], &[]], &[]), Ok(vec![]));
    }

    #[test]
    fn one_action_may_fade_while_the_next_begins() {
        let seen: &[&[Action]] = &[&[], &[OpenMouth], &[OpenMouth, TurnLeft], &[TurnLeft]];
        assert_eq!(judged(seen, &[OpenMouth, TurnLeft]), Ok(vec![1, 2]));
    }

    #[test]
    fn an_action_done_twice_in_a_row_is_one() {
        assert_eq!(
            judged(
                &[&[TurnLeft], &[], &[TurnLeft], &[], &[Blink]],
                &[TurnLeft, Blink]
            ),
            Ok(vec![0, 4])
        );
    }

    #[test]
    fn face_06_the_wrong_order_fails() {
        let wrong = judged(
            &[&[], &[TurnLeft], &[], &[OpenMouth]],
            &[OpenMouth, TurnLeft],
        )
        .unwrap_err();
        assert!(wrong.contains(&Wrong::OutOfOrder), "{wrong:?}");
    }

    #[test]
    fn an_unasked_action_fails_even_after_the_asked_ones() {
        for unasked in [OpenMouth, TurnRight] {
            let seen: &[&[Action]] = &[&[], &[TurnLeft], &[], &[unasked]];
            assert_eq!(
                judged(seen, &[TurnLeft]),
                Err(vec![Wrong::Unasked(unasked)])
            );
        }
        assert_eq!(
            judged(&[&[], &[TurnLeft]], &[]),
            Err(vec![Wrong::Unasked(TurnLeft)])
        );
    }

    #[test]
    fn two_at_once_have_no_order() {
        assert_eq!(
            judged(&[&[], &[OpenMouth, TurnLeft], &[]], &[OpenMouth, TurnLeft]),
            Err(vec![Wrong::OutOfOrder, Wrong::Missing(TurnLeft)])
        );
    }

    #[test]
    fn one_blink_nobody_asked_for_is_no_action_but_two_are() {
        assert_eq!(
            judged(&[&[], &[Blink], &[], &[TurnLeft]], &[TurnLeft]),
            Ok(vec![3])
        );
        assert_eq!(
            judged(&[&[Blink], &[TurnLeft], &[Blink]], &[TurnLeft, Blink]),
            Ok(vec![1, 2])
        );
        assert!(judged(&[&[Blink], &[Blink], &[TurnLeft]], &[TurnLeft]).is_err());
        assert!(judged(&[&[Blink], &[], &[Blink], &[TurnLeft]], &[TurnLeft]).is_err());
        assert!(judge(&frames(&[&[], &[Blink], &[TurnLeft]]), &[TurnLeft], 0).is_err());
    }

    #[test]
    fn a_still_face_fails_whatever_was_asked() {
        for action in Action::ALL {
            assert_eq!(
                judged(&[[].as_slice(); 8], &[action]),
                Err(vec![Wrong::Missing(action)])
            );
        }
    }

    fn moment(eye_ratio: f32, blink: f32, mouth_ratio: f32, jaw_open: f32, yaw: f32) -> Moment {
        let expression = Expression {
            eye_ratio,
            mouth_ratio,
            blink,
            jaw_open,
        };
        Moment {
            expression,
            pose: Pose {
                yaw,
                pitch: 0.0,
                roll: 0.0,
            },
        }
    }

    fn seen(moments: &[Moment]) -> Vec<Vec<Action>> {
        observe(moments, &ActionThresholds::default())
            .iter()
            .map(Doing::actions)
            .collect()
    }

    const STILL: (f32, f32, f32, f32) = (0.30, 0.05, 0.02, 0.02);

    fn still(yaw: f32) -> Moment {
        moment(STILL.0, STILL.1, STILL.2, STILL.3, yaw)
    }

    #[test]
    fn each_threshold_is_kept_on_both_sides() {
        let second = |m: Moment| seen(&[still(0.0), m]).swap_remove(1);
        assert_eq!(second(moment(0.14, 0.4, 0.0, 0.0, 0.0)), [Blink]);
        assert_eq!(second(moment(0.16, 0.9, 0.0, 0.0, 0.0)), []);
        assert_eq!(second(moment(0.14, 0.39, 0.0, 0.0, 0.0)), []);
        assert_eq!(second(moment(0.3, 0.0, 0.35, 0.4, 0.0)), [OpenMouth]);
        assert_eq!(second(moment(0.3, 0.0, 0.34, 0.9, 0.0)), []);
        assert_eq!(second(moment(0.3, 0.0, 0.35, 0.39, 0.0)), []);
        assert_eq!(second(still(20.0)), [TurnLeft]);
        assert_eq!(second(still(19.9)), []);
        assert_eq!(second(still(-20.0)), [TurnRight]);
        assert_eq!(second(still(-19.9)), []);
    }

    #[test]
    fn a_mouth_that_is_always_open_does_not_open() {
        let open = moment(0.3, 0.0, 0.5, 0.8, 0.0);
        assert_eq!(seen(&[open; 6]), vec![vec![]; 6]);
    }

    #[test]
    fn eyes_that_are_always_closed_do_not_close() {
        assert_eq!(
            seen(&[moment(0.05, 0.9, 0.0, 0.0, 0.0); 6]),
            vec![vec![]; 6]
        );
    }

    #[test]
    fn a_turn_counts_from_where_the_session_looked_first() {
        assert_eq!(
            seen(&[still(12.0), still(13.0), still(25.0), still(33.0)]),
            [vec![], vec![], vec![], vec![TurnLeft]]
        );
    }

    #[test]
    fn most_of_a_session_may_be_turned() {
        let turned = [
            still(0.0),
            still(30.0),
            still(31.0),
            still(30.0),
            still(29.0),
            still(30.0),
        ];
        assert_eq!(
            seen(&turned)
                .iter()
                .filter(|actions| **actions == [TurnLeft])
                .count(),
            5
        );
    }

    proptest! {
        #[test]
        fn numbers_of_any_kind_break_nothing(
            numbers in proptest::collection::vec(proptest::array::uniform5(any::<f32>()), 0..9),
            asked in proptest::collection::vec(0usize..4, 0..3),
        ) {
            let moments: Vec<Moment> = numbers.iter().map(|&[a, b, c, d, e]| moment(a, b, c, d, e)).collect();
            let asked: Vec<Action> = asked.iter().map(|&i| Action::ALL[i]).collect();
            let seen = observe(&moments, &ActionThresholds::default());
            prop_assert_eq!(seen.len(), moments.len());
            if let Ok(evidence) = judge(&seen, &asked, 1) {
                prop_assert_eq!(evidence.len(), asked.len());
                prop_assert!(evidence.iter().zip(&asked).all(|(&i, &action)| seen[i].strength(action).is_some()));
            }
        }
    }
}
