//! Faces (人脸核验): what is asked, for what, and what is kept of it. Comparing them is the crate `face`.

use crate::{FaceCheckId, LearnerId, LessonId, LoginSessionId, UnixMs};

const MINUTE_MS: i64 = 60_000;

/// Frames of one check at most.
pub const FACE_FRAMES: usize = 8;
/// A challenge that was fetched is good for so long. Source: STANDARDS §4.4.
pub const FACE_CHALLENGE_MS: i64 = MINUTE_MS;
/// After so many failures …
pub const FACE_TRIES: usize = 5;
/// … within so long …
pub const FACE_TRIES_WITHIN_MS: i64 = 10 * MINUTE_MS;
/// … the face waits for so long, and another way is offered. Source: STANDARDS §4.4.
pub const FACE_PAUSE_MS: i64 = 30 * MINUTE_MS;
/// Challenges that one learner may fetch within ten minutes.
pub const FACE_CHALLENGES: usize = 10;
/// A check at the start of a lesson holds for so long, so that a page that is loaded again asks nothing.
pub const START_HOLDS_MS: i64 = 60 * MINUTE_MS;
/// So long a frame is known again.
pub const FRAMES_KNOWN_MS: i64 = 180 * 24 * 60 * MINUTE_MS;
/// A template goes so many days after the last class of its learner has ended. Source: STANDARDS §2, retention.
pub const FACE_KEPT_DAYS: i32 = 30;
/// Stored faces from which on the operator files with the provincial authority within 30 working days.
/// Source: 人脸识别技术应用安全管理办法, article 15.
pub const FACES_TO_FILE: u64 = 100_000;

/// What a learner can be asked to do before the camera. Left and right are the learner's own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum FaceAction {
    /// 闭一下眼睛.
    Blink,
    /// 张一下嘴.
    OpenMouth,
    /// 向左转头.
    TurnLeft,
    /// 向右转头.
    TurnRight,
}

impl FaceAction {
    /// All of them.
    pub const ALL: [Self; 4] = [
        Self::Blink,
        Self::OpenMouth,
        Self::TurnLeft,
        Self::TurnRight,
    ];

    /// The stored form.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Blink => "blink",
            Self::OpenMouth => "open_mouth",
            Self::TurnLeft => "turn_left",
            Self::TurnRight => "turn_right",
        }
    }

    /// The opposite of [`FaceAction::as_str`].
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|it| it.as_str() == text)
    }

    /// Two different ones in an order, out of random bytes: one of ten. A turn to one side is never followed
    /// by one to the other, since nobody comes back to the middle in between.
    pub fn draw(random: [u8; 32]) -> [Self; 2] {
        let pairs: Vec<[Self; 2]> = Self::ALL
            .into_iter()
            .flat_map(|first| Self::ALL.map(|second| [first, second]))
            .filter(|[first, second]| first != second && !(first.is_turn() && second.is_turn()))
            .collect();
        let mut number = [0; 8];
        number.copy_from_slice(&random[..8]);
        pairs[(u64::from_be_bytes(number) % pairs.len() as u64) as usize]
    }

    fn is_turn(self) -> bool {
        matches!(self, Self::TurnLeft | Self::TurnRight)
    }
}

/// What a look at the face is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FacePurpose {
    /// 采集: keeping a template.
    Enrolment,
    /// 登录.
    Login,
    /// 开始学习一节.
    LessonStart,
    /// 随机抽查, the closing one too.
    RandomCheck,
}

impl FacePurpose {
    const ALL: [Self; 4] = [
        Self::Enrolment,
        Self::Login,
        Self::LessonStart,
        Self::RandomCheck,
    ];

    /// The stored form.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Enrolment => "enrolment",
            Self::Login => "login",
            Self::LessonStart => "lesson_start",
            Self::RandomCheck => "random_check",
        }
    }

    /// The opposite of [`FacePurpose::as_str`].
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|it| it.as_str() == text)
    }
}

/// How sure it is that the face is that of the person whose name the account has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FaceStanding {
    /// Nobody has vouched for it yet.
    Provisional,
    /// The photograph of the ID card matches.
    IdCard,
    /// The institution has seen the person.
    Institution,
}

impl FaceStanding {
    const ALL: [Self; 3] = [Self::Provisional, Self::IdCard, Self::Institution];

    /// The stored form.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Provisional => "provisional",
            Self::IdCard => "id_card",
            Self::Institution => "institution",
        }
    }

    /// The opposite of [`FaceStanding::as_str`].
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|it| it.as_str() == text)
    }
}

/// A learner's template as it is told: all but the numbers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EnrolledFace {
    /// Whose.
    pub learner: LearnerId,
    /// The model that made it; another model cannot compare it.
    pub model: String,
    /// Who vouches.
    pub standing: FaceStanding,
    /// When it was taken.
    pub enrolled_at: UnixMs,
    /// When somebody vouched.
    pub bound_at: Option<UnixMs>,
}

/// What was asked of a face, good once and for a short while.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FaceChallenge {
    /// Its name, which cannot be guessed: the nonce.
    pub id: FaceCheckId,
    /// Of whom; none for an account that does not exist, which is asked all the same.
    pub learner: Option<LearnerId>,
    /// What for.
    pub purpose: FacePurpose,
    /// The login that asked.
    pub login: Option<LoginSessionId>,
    /// The lesson that is to start.
    pub lesson: Option<LessonId>,
    /// What to do, in order.
    pub actions: Vec<FaceAction>,
    /// Until when.
    pub expires_at: UnixMs,
    /// When frames came for it.
    pub used_at: Option<UnixMs>,
}

/// How a look at a face ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FaceOutcome {
    /// The person, alive.
    Passed,
    /// Not seen well, or not alive, or not what was asked.
    Failed,
    /// Another person.
    Mismatch,
}

impl FaceOutcome {
    const ALL: [Self; 3] = [Self::Passed, Self::Failed, Self::Mismatch];

    /// What a look came to. Frames that were sent before show nothing of who is there now, so they are no mismatch
    /// either.
    pub fn of(passed: bool, mismatched: bool, replayed: bool) -> Self {
        match (passed, mismatched, replayed) {
            (true, _, false) => Self::Passed,
            (false, true, false) => Self::Mismatch,
            _ => Self::Failed,
        }
    }

    /// The stored form.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Passed => "passed",
            Self::Failed => "failed",
            Self::Mismatch => "mismatch",
        }
    }

    /// The opposite of [`FaceOutcome::as_str`].
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|it| it.as_str() == text)
    }
}

/// To know a frame again. Shows no face.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct FramePrint {
    /// SHA-256 of the file.
    pub sha256: [u8; 32],
    /// 256 bits of coarse light and dark.
    pub perceptual: [u8; 32],
}

/// A decision about a face, with what it rests on.
#[derive(Clone, PartialEq, Eq)]
pub struct FaceCheck {
    /// Its identity: that of what was asked.
    pub id: FaceCheckId,
    /// Of whom.
    pub learner: LearnerId,
    /// What for.
    pub purpose: FacePurpose,
    /// The login that it came with.
    pub login: Option<LoginSessionId>,
    /// The lesson that was to start.
    pub lesson: Option<LessonId>,
    /// When the frames came.
    pub at: UnixMs,
    /// How it ended.
    pub outcome: FaceOutcome,
    /// Why it did not pass, as stable codes.
    pub failures: Vec<String>,
    /// Scores, thresholds and models, as JSON. For the record and for who decides, never for the learner.
    pub evidence: String,
    /// Of the frames.
    pub frames: Vec<FramePrint>,
}

// Scores do not belong into logs.
impl std::fmt::Debug for FaceCheck {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "FaceCheck({}, {:?})", self.id, self.outcome)
    }
}

/// Bits of 256 in which a frame that was compressed again still is the same one.
const SAME_BITS: u32 = 8;

impl FramePrint {
    fn is_like(&self, other: &Self) -> bool {
        let pairs = self.perceptual.iter().zip(&other.perceptual);
        pairs.map(|(a, b)| (a ^ b).count_ones()).sum::<u32>() <= SAME_BITS
    }
}

/// Were these frames sent before? One file that is known suffices; of frames that only look alike it takes all:
/// who sits still before the same wall looks much the same now and then, but not in every frame.
/// Source: STANDARDS, LMS-08.
pub fn is_replayed(frames: &[FramePrint], known: &[FramePrint]) -> bool {
    let files: std::collections::HashSet<_> = known.iter().map(|frame| frame.sha256).collect();
    if frames.iter().any(|frame| files.contains(&frame.sha256)) {
        return true;
    }
    let is_known = |frame: &FramePrint| known.iter().any(|other| frame.is_like(other));
    !frames.is_empty() && frames.iter().all(is_known)
}

/// Until when the face of a learner waits, after failures at these times.
pub fn face_paused_until(failures: &[UnixMs], now: UnixMs) -> Option<UnixMs> {
    let mut failures = failures.to_vec();
    failures.sort_unstable();
    failures
        .windows(FACE_TRIES)
        .filter(|tries| tries[FACE_TRIES - 1] - tries[0] < FACE_TRIES_WITHIN_MS)
        .map(|tries| tries[FACE_TRIES - 1] + FACE_PAUSE_MS)
        .filter(|until| *until > now)
        .max()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lms_08_a_known_file_or_frames_that_all_look_alike_are_a_replay() {
        let print = |file: u8, look: [u8; 32]| FramePrint {
            sha256: [file; 32],
            perceptual: look,
        };
        let looks = |bits: u8| {
            let mut look = [0; 32];
            look[0] = bits;
            look
        };
        let known = [print(1, looks(0)), print(2, [0xff; 32])];
        let other = print(9, [0xaa; 32]);
        assert!(!is_replayed(&[], &known));
        assert!(is_replayed(&[print(1, [0xaa; 32]), other], &known));
        assert!(is_replayed(
            &[print(8, looks(0xff)), print(7, [0xff; 32])],
            &known
        ));
        let mut nine = looks(0xff);
        nine[1] = 1;
        assert!(!is_replayed(
            &[print(8, nine), print(7, [0xff; 32])],
            &known
        ));
        assert!(!is_replayed(&[print(8, looks(0)), other], &known));
    }

    #[test]
    fn five_failures_in_ten_minutes_pause_the_face_for_half_an_hour() {
        let minutes = |at: [i64; 5]| at.map(|minute| minute * MINUTE_MS);
        let now = 9 * MINUTE_MS;
        assert_eq!(face_paused_until(&minutes([0, 1, 2, 3, 9])[..4], now), None);
        let until = face_paused_until(&minutes([0, 1, 2, 3, 9]), now);
        assert_eq!(until, Some(39 * MINUTE_MS));
        assert_eq!(face_paused_until(&minutes([0, 1, 2, 3, 10]), now), None);
        let after = 39 * MINUTE_MS;
        assert_eq!(face_paused_until(&minutes([0, 1, 2, 3, 9]), after), None);
        assert!(face_paused_until(&minutes([0, 1, 2, 3, 9]), after - 1).is_some());
    }

    #[test]
    fn two_different_actions_are_asked_and_never_both_turns() {
        let mut seen = std::collections::HashSet::new();
        for byte in 0..=255_u8 {
            let mut random = [0; 32];
            random[7] = byte;
            let [first, second] = FaceAction::draw(random);
            assert_ne!(first, second);
            assert!(!(first.is_turn() && second.is_turn()));
            seen.insert([first, second]);
        }
        assert_eq!(seen.len(), 10);
    }
}
