//! Training classes (班期): courses, required hours, a date window.

use crate::{
    ClassId, CourseId, Enrolment, EnrolmentState, HIGH_RISK_KEPT_MS, InstitutionId, KEPT_MS,
    LocalDay, RegionCode, Rejection, Title, UnixMs,
};

/// One run of courses by an institution, with the data of its filing (开班申请).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TrainingClass {
    /// Its identity.
    pub id: ClassId,
    /// Who runs it.
    pub institution: InstitutionId,
    /// The class code (班级编号); unique.
    pub code: Title,
    /// Its title: 电工（五级）2026 年第 3 期.
    pub title: Title,
    /// The filing number (备案号).
    pub filing_number: String,
    /// The occupation (职业、工种).
    pub occupation: String,
    /// The occupation's code: 6-31-01-03.
    pub occupation_code: String,
    /// The level: 五级 / 初级工.
    pub level: String,
    /// Where it is filed.
    pub region: RegionCode,
    /// The days on which hours can be earned.
    pub window: Window,
    /// The hours a learner must earn, in milliseconds.
    pub required_ms: i64,
    /// Is the occupation of a 高危行业? Its records are kept longer.
    pub high_risk: bool,
    /// When it was entered.
    pub created_at: UnixMs,
}

/// From the first to the last day, both included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    first: LocalDay,
    last: LocalDay,
}

impl Window {
    /// Refuses a window that ends before it begins.
    pub fn new(first: LocalDay, last: LocalDay) -> Result<Self, Rejection> {
        (first <= last)
            .then_some(Self { first, last })
            .ok_or(Rejection::ClassWindow)
    }

    /// The first day.
    pub fn first(self) -> LocalDay {
        self.first
    }

    /// The last day.
    pub fn last(self) -> LocalDay {
        self.last
    }
}

/// A course of a class.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ClassCourse {
    /// The course.
    pub course: CourseId,
    /// Its place in the class, from 1.
    pub position: u32,
    /// Must it be learned, or may it?
    pub required: bool,
}

/// Where a learner stands with a class.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClassState {
    /// Its first day is yet to come.
    NotStarted,
    /// Hours can be earned.
    Learning,
    /// The learner has finished it.
    Finished,
    /// Its last day is over, or the learner left.
    Ended,
}

impl ClassState {
    /// The form in answers.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::NotStarted => "not_started",
            Self::Learning => "learning",
            Self::Finished => "finished",
            Self::Ended => "ended",
        }
    }
}

impl TrainingClass {
    /// Where the learner of `enrolment` stands at `now`.
    pub fn state(&self, enrolment: &Enrolment, now: UnixMs) -> ClassState {
        let today = LocalDay::of(now);
        match enrolment.state {
            EnrolmentState::Completed { .. } => ClassState::Finished,
            EnrolmentState::Withdrawn => ClassState::Ended,
            EnrolmentState::Active if today < self.window.first => ClassState::NotStarted,
            EnrolmentState::Active if today > self.window.last => ClassState::Ended,
            EnrolmentState::Active => ClassState::Learning,
        }
    }
}

impl TrainingClass {
    /// From when on the records of who was in it may go.
    pub fn kept_until(&self) -> UnixMs {
        let kept = if self.high_risk {
            HIGH_RISK_KEPT_MS
        } else {
            KEPT_MS
        };
        self.window.last.end_ms() + kept
    }

    /// The same with what was earned: who has the required hours has finished, though the class may
    /// still be open and more can be learned.
    pub fn standing(&self, enrolment: &Enrolment, verified_ms: i64, now: UnixMs) -> ClassState {
        match self.state(enrolment, now) {
            ClassState::Learning | ClassState::Ended
                if self.required_ms > 0
                    && verified_ms >= self.required_ms
                    && enrolment.state == EnrolmentState::Active =>
            {
                ClassState::Finished
            }
            state => state,
        }
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::{EnrolmentId, LearnerId};

    fn class() -> TrainingClass {
        TrainingClass {
            id: ClassId(Uuid::nil()),
            institution: InstitutionId(Uuid::nil()),
            code: Title::parse("QH-2026-0317").unwrap(),
            title: Title::parse("电工（五级）").unwrap(),
            filing_number: String::new(),
            occupation: String::new(),
            occupation_code: String::new(),
            level: String::new(),
            region: RegionCode::parse("469002").unwrap(),
            window: Window::new("2026-11-03".parse().unwrap(), "2026-12-20".parse().unwrap())
                .unwrap(),
            required_ms: 0,
            high_risk: false,
            created_at: 0,
        }
    }

    fn enrolment(state: EnrolmentState) -> Enrolment {
        Enrolment {
            id: EnrolmentId(Uuid::nil()),
            learner: LearnerId(Uuid::nil()),
            class: ClassId(Uuid::nil()),
            region: RegionCode::parse("469002").unwrap(),
            state,
            created_at: 0,
        }
    }

    #[test]
    fn a_class_is_open_from_the_first_to_the_last_local_midnight() {
        let class = class();
        let active = enrolment(EnrolmentState::Active);
        let (opens, closes) = (class.window.first.start_ms(), class.window.last.end_ms());
        assert_eq!(class.state(&active, opens - 1), ClassState::NotStarted);
        assert_eq!(class.state(&active, opens), ClassState::Learning);
        assert_eq!(class.state(&active, closes - 1), ClassState::Learning);
        assert_eq!(class.state(&active, closes), ClassState::Ended);
    }

    #[test]
    fn a_finished_learner_stays_finished_after_the_last_day() {
        let class = class();
        let after = class.window.last.end_ms();
        let done = enrolment(EnrolmentState::Completed { at: 1 });
        assert_eq!(class.state(&done, after), ClassState::Finished);
        let left = enrolment(EnrolmentState::Withdrawn);
        assert_eq!(
            class.state(&left, class.window.first.start_ms()),
            ClassState::Ended
        );
    }

    #[test]
    fn who_has_the_required_hours_has_finished() {
        let class = TrainingClass {
            required_ms: 54_000,
            ..class()
        };
        let now = class.window.first.start_ms();
        let active = enrolment(EnrolmentState::Active);
        assert_eq!(class.standing(&active, 53_999, now), ClassState::Learning);
        assert_eq!(class.standing(&active, 54_000, now), ClassState::Finished);
        assert_eq!(
            class.standing(&active, 54_000, now - 1),
            ClassState::NotStarted
        );
        let left = enrolment(EnrolmentState::Withdrawn);
        assert_eq!(class.standing(&left, 54_000, now), ClassState::Ended);
    }

    #[test]
    fn records_are_kept_for_three_years_and_in_dangerous_trades_for_six() {
        let (class, end) = (class(), class().window.last.end_ms());
        assert_eq!(class.kept_until(), end + KEPT_MS);
        let dangerous = TrainingClass {
            high_risk: true,
            ..class
        };
        assert_eq!(dangerous.kept_until(), end + HIGH_RISK_KEPT_MS);
        let six_years_with_leap_days = (6 * 365 + 2) * 86_400_000;
        assert!(HIGH_RISK_KEPT_MS >= six_years_with_leap_days);
    }

    #[test]
    fn a_window_does_not_end_before_it_begins() {
        assert_eq!(
            Window::new(LocalDay(2), LocalDay(1)),
            Err(Rejection::ClassWindow)
        );
        assert!(Window::new(LocalDay(2), LocalDay(2)).is_ok());
    }
}
