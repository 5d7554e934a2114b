//! The shapes of classes, courses and lessons in answers.

use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;
use zhipei_api_types::Moment;
use zhipei_domain::{CheckKind, ClassState, Policy, Segment, TimeState, TotalHours, Totals, Void};

use crate::media::MediaOut;

#[derive(Serialize, ToSchema)]
pub(crate) struct ClassOut {
    pub(crate) id: Uuid,
    pub(crate) enrolment_id: Uuid,
    pub(crate) title: String,
    pub(crate) code: String,
    pub(crate) institution: String,
    pub(crate) occupation: String,
    pub(crate) occupation_code: String,
    pub(crate) level: String,
    /// A day: `2026-11-03`.
    pub(crate) starts_on: String,
    pub(crate) ends_on: String,
    pub(crate) state: ClassStateOut,
    pub(crate) required_ms: i64,
    pub(crate) minutes_per_hour: i64,
    pub(crate) totals: TotalsOut,
    pub(crate) today: TotalsOut,
    /// 0: none.
    pub(crate) daily_cap_ms: i64,
    /// Where to go on: `null` when nothing is left.
    #[schema(required)]
    pub(crate) continue_lesson: Option<ContinueLessonOut>,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum ClassStateOut {
    NotStarted,
    Learning,
    Finished,
    Ended,
}

impl From<ClassState> for ClassStateOut {
    fn from(state: ClassState) -> Self {
        match state {
            ClassState::NotStarted => Self::NotStarted,
            ClassState::Learning => Self::Learning,
            ClassState::Finished => Self::Finished,
            ClassState::Ended => Self::Ended,
        }
    }
}

#[derive(Serialize, ToSchema)]
pub(crate) struct ContinueLessonOut {
    pub(crate) lesson_id: Uuid,
    pub(crate) course_title: String,
    pub(crate) chapter_title: String,
    /// Chapter and lesson: `3.2`.
    pub(crate) number: String,
    pub(crate) title: String,
    pub(crate) position_ms: i64,
    pub(crate) length_ms: i64,
    #[schema(required)]
    pub(crate) poster_url: Option<String>,
    pub(crate) totals: TotalsOut,
    pub(crate) segments: Vec<SegmentOut>,
}

/// Milliseconds and floored credit hours in each state.
#[derive(Clone, Copy, Serialize, ToSchema)]
pub(crate) struct TotalsOut {
    pub(crate) verified_ms: i64,
    pub(crate) pending_ms: i64,
    /// What was not yet made up.
    pub(crate) void_ms: i64,
    pub(crate) frozen_ms: i64,
    pub(crate) over_cap_ms: i64,
    #[schema(value_type = String, example = "15.42")]
    pub(crate) verified_hours: HoursText,
    #[schema(value_type = String, example = "0.15")]
    pub(crate) pending_hours: HoursText,
    #[schema(value_type = String, example = "0.23")]
    pub(crate) void_hours: HoursText,
    #[schema(value_type = String, example = "0.48")]
    pub(crate) frozen_hours: HoursText,
}

#[derive(Clone, Copy)]
pub(crate) struct HoursText(zhipei_domain::CreditHours);

impl Serialize for HoursText {
    fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(&self.0)
    }
}

impl TotalsOut {
    pub(crate) fn new(totals: Totals, hours: TotalHours) -> Self {
        Self {
            verified_ms: totals.verified_ms,
            pending_ms: totals.pending_ms,
            void_ms: totals.void_ms,
            frozen_ms: totals.frozen_ms,
            over_cap_ms: totals.over_cap_ms,
            verified_hours: HoursText(hours.verified),
            pending_hours: HoursText(hours.pending),
            void_hours: HoursText(hours.void),
            frozen_hours: HoursText(hours.frozen),
        }
    }

    pub(crate) fn floored(totals: Totals, minutes_per_hour: i64) -> Self {
        Self::new(totals, totals.hours(minutes_per_hour))
    }
}

#[derive(Clone, Copy, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum TimeStateOut {
    Verified,
    Pending,
    Frozen,
    Void,
    OverCap,
}

impl From<TimeState> for TimeStateOut {
    fn from(state: TimeState) -> Self {
        match state {
            TimeState::Verified => Self::Verified,
            TimeState::Pending => Self::Pending,
            TimeState::Frozen => Self::Frozen,
            TimeState::Void => Self::Void,
            TimeState::OverCap => Self::OverCap,
        }
    }
}

/// A stretch of a lesson's medium and what became of it, in milliseconds of the medium.
#[derive(Serialize, ToSchema)]
pub(crate) struct SegmentOut {
    state: TimeStateOut,
    media_from: i64,
    media_to: i64,
}

impl From<Segment> for SegmentOut {
    fn from(segment: Segment) -> Self {
        Self {
            state: segment.state.into(),
            media_from: segment.media_from,
            media_to: segment.media_to,
        }
    }
}

#[derive(Serialize, ToSchema)]
pub(crate) struct ClassDetailOut {
    #[serde(flatten)]
    pub(crate) class: ClassOut,
    pub(crate) filing_number: String,
    pub(crate) policy: PolicyOut,
    pub(crate) courses: Vec<CourseOut>,
}

/// The newest rules of the class. They bind at the next opening of a lesson.
#[derive(Serialize, ToSchema)]
pub(crate) struct PolicyOut {
    check_kind: CheckKindOut,
    check_min_ms: i64,
    check_max_ms: i64,
    answer_within_s: i64,
    tries: u32,
    seek_ahead: bool,
    max_rate: f64,
    /// 0: none.
    cap_min: i64,
    minutes_per_hour: i64,
    version: u32,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum CheckKindOut {
    Off,
    Presence,
    Face,
    FaceAction,
    Sms,
}

impl From<&Policy> for PolicyOut {
    fn from(policy: &Policy) -> Self {
        Self {
            check_kind: match policy.check.kind {
                CheckKind::Off => CheckKindOut::Off,
                CheckKind::Presence => CheckKindOut::Presence,
                CheckKind::Face => CheckKindOut::Face,
                CheckKind::FaceAction => CheckKindOut::FaceAction,
                CheckKind::Sms => CheckKindOut::Sms,
            },
            check_min_ms: policy.check.min_ms,
            check_max_ms: policy.check.max_ms,
            answer_within_s: policy.check.answer_within_s,
            tries: policy.check.tries,
            seek_ahead: policy.seek_ahead,
            max_rate: policy.max_rate_thousandths as f64 / 1_000.0,
            cap_min: policy.cap_min,
            minutes_per_hour: policy.minutes_per_hour,
            version: policy.version,
        }
    }
}

#[derive(Serialize, ToSchema)]
pub(crate) struct CourseOut {
    pub(crate) id: Uuid,
    pub(crate) title: String,
    pub(crate) required: bool,
    pub(crate) totals: TotalsOut,
    pub(crate) chapters: Vec<ChapterOut>,
}

#[derive(Serialize, ToSchema)]
pub(crate) struct ChapterOut {
    pub(crate) id: Uuid,
    pub(crate) number: u32,
    pub(crate) title: String,
    pub(crate) totals: TotalsOut,
    pub(crate) lessons: Vec<LessonRowOut>,
}

#[derive(Serialize, ToSchema)]
pub(crate) struct LessonRowOut {
    pub(crate) id: Uuid,
    pub(crate) number: String,
    pub(crate) title: String,
    pub(crate) length_ms: i64,
    pub(crate) furthest_ms: i64,
    pub(crate) totals: TotalsOut,
    pub(crate) segments: Vec<SegmentOut>,
}

#[derive(Serialize, ToSchema)]
pub(crate) struct LessonOut {
    pub(crate) class_id: Uuid,
    pub(crate) class_title: String,
    pub(crate) course_id: Uuid,
    pub(crate) course_title: String,
    pub(crate) chapter_title: String,
    pub(crate) number: String,
    pub(crate) title: String,
    pub(crate) length_ms: i64,
    pub(crate) furthest_ms: i64,
    pub(crate) position_ms: i64,
    pub(crate) totals: TotalsOut,
    pub(crate) segments: Vec<SegmentOut>,
    /// `null`: the video is still to come.
    #[schema(required)]
    pub(crate) media: Option<MediaOut>,
    pub(crate) policy: PolicyOut,
    pub(crate) voids: Vec<VoidOut>,
    #[schema(required)]
    pub(crate) next_lesson_id: Option<Uuid>,
}

/// A stretch that does not count, and why.
#[derive(Serialize, ToSchema)]
pub(crate) struct VoidOut {
    from: Moment,
    to: Moment,
    media_from: i64,
    media_to: i64,
    ms: i64,
    /// Was all of it watched again and earned?
    made_up: bool,
    reason: VoidReasonOut,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum VoidReasonOut {
    /// A random check was not answered.
    CheckMissed,
    /// A person looked at a mismatch and decided.
    Decided,
}

impl From<Void> for VoidOut {
    fn from(void: Void) -> Self {
        Self {
            from: Moment(void.from),
            to: Moment(void.to),
            media_from: void.media_from,
            media_to: void.media_to,
            ms: void.ms,
            made_up: void.made_up(),
            reason: if void.decided {
                VoidReasonOut::Decided
            } else {
                VoidReasonOut::CheckMissed
            },
        }
    }
}
