//! The hour rules: which watched time counts, when to challenge, what a miss costs.
//!
//! Pure: no clock, no randomness, no IO. [`LearnerHours`] holds all that the rules need to know of one
//! learner; each thing that happens is one method that takes the server time, changes the state and
//! records what came of it. The exact rules, clarifications C1–C27 and the arithmetic to the
//! millisecond are in this crate's `RULES.md`; comments cite them.

mod assess;
mod challenge_plan;
mod checking;
mod clock;
mod counting;
mod coverage;
mod day;
mod evidence;
mod happening;
mod learner;
mod opening;
mod snapshot;

pub use assess::{CHALLENGE_LIFE_MS, LATE_AFTER_MS, LATE_DAY_MS, LATE_STRETCH_MS, MAX_PAIR_MS};
pub use challenge_plan::{Challenge, Phase};
pub use clock::Heartbeat;
pub use coverage::RangeSet;
pub use evidence::beats;
pub use happening::{Answer, Decision, Earned, Happening, Outcome, Settlement};
pub use learner::{Chance, LearnerHours, LessonSpec};
pub use opening::{Open, Opened, Refusal};
pub use snapshot::{Snapshot, SnapshotError};
