//! Randomness: draws of the checks, identities, and what a presence check asks for.

use rand::rngs::StdRng;
use rand::seq::SliceRandom as _;
use rand::{Rng as _, SeedableRng as _};
use uuid::Uuid;
use zhipei_api_types::learning::Prompt;
use zhipei_credit::Chance;
use zhipei_domain::{ChallengeId, CreditScope, FaceAction, IntervalId, UnixMs, draw_code};

/// A generator that a learner cannot foresee.
#[derive(Debug)]
pub struct Dice {
    rng: StdRng,
    /// Server time, for identities that sort by it.
    now: UnixMs,
}

impl Dice {
    /// From 32 bytes of the operating system's randomness (in tests: of anything).
    pub fn new(seed: [u8; 32]) -> Self {
        Self {
            rng: StdRng::from_seed(seed),
            now: 0,
        }
    }

    /// A generator of its own for one learner.
    pub(crate) fn split(&mut self) -> Self {
        Self {
            rng: StdRng::from_rng(&mut self.rng),
            now: self.now,
        }
    }

    pub(crate) fn set_now(&mut self, now: UnixMs) {
        self.now = now;
    }

    /// Three different digits, and which of them to pick.
    pub(crate) fn prompt(&mut self) -> Prompt {
        let mut digits: Vec<u32> = (1..=9).collect();
        digits.shuffle(&mut self.rng);
        digits.truncate(3);
        let ask = digits[self.rng.random_range(0..3)];
        Prompt {
            ask: ask.to_string(),
            options: digits.iter().map(u32::to_string).collect(),
            ..Prompt::default()
        }
    }

    /// Six digits.
    pub(crate) fn code(&mut self) -> String {
        draw_code(self.rng.random())
    }

    /// What to do before the camera.
    pub(crate) fn face_actions(&mut self) -> Vec<FaceAction> {
        FaceAction::draw(self.rng.random()).to_vec()
    }

    /// A fresh identity that sorts by server time.
    pub(crate) fn id(&mut self) -> Uuid {
        uuid::Builder::from_unix_timestamp_millis(self.now.unsigned_abs(), &self.rng.random())
            .into_uuid()
    }
}

impl Chance for Dice {
    fn draw(&mut self, _: CreditScope, low: i64, high: i64) -> i64 {
        self.rng.random_range(low..=high)
    }

    fn interval_id(&mut self) -> IntervalId {
        IntervalId(self.id())
    }

    fn challenge_id(&mut self) -> ChallengeId {
        ChallengeId(self.id())
    }
}
