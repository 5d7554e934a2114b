//! People and classes for tests, made by the same actions as everywhere.

use uuid::Uuid;
use zhipei_actions::learner::NewLearner;
use zhipei_actions::{Hasher, course, enrolment, institution, learner, training_class};
use zhipei_domain::{
    Actor, Chapter, ChapterId, ClassId, ClockId, Course, CourseId, CourseKind, CreditScope,
    Identity, IdentityLevel, InstitutionId, IntervalId, Learner, LearnerId, LearningInterval,
    Lesson, LessonId, LocalDay, LoginName, MediaAsset, MediaAssetId, PersonName, Policy,
    RegionCode, TimeState, Title, TrainingClass, UnixMs, Window,
};
use zhipei_storage::learning_intervals;

use crate::{Client, TestApp};

/// Everybody's password.
pub const PASSWORD: &str = "椰风海韵 2026 test";

/// A learner with an account.
#[derive(Clone, Debug)]
pub struct TestLearner {
    /// The learner.
    pub learner: Learner,
}

/// A class of one course with one chapter.
#[derive(Clone, Debug)]
pub struct TestClass {
    /// The class.
    pub id: ClassId,
    /// Its course.
    pub course: CourseId,
    /// The lessons, in order.
    pub lessons: Vec<LessonId>,
    /// The videos of the lessons, in order.
    pub videos: Vec<MediaAsset>,
}

impl TestApp {
    /// A learner who is not logged in, with [`PASSWORD`].
    pub async fn learner(&self, login_name: &str) -> TestLearner {
        self.learner_in(login_name, "469002").await
    }

    /// The same, who belongs to another region.
    pub async fn learner_in(&self, login_name: &str, region: &str) -> TestLearner {
        let name = PersonName::parse("符秀英").expect("it is a name");
        self.learner_who(login_name, region, Identity::named(name))
            .await
    }

    /// The same, of whom more is known.
    pub async fn learner_who(
        &self,
        login_name: &str,
        region: &str,
        identity: Identity,
    ) -> TestLearner {
        let hasher = Hasher::new(2).expect("argon2 works");
        let new = NewLearner {
            login_name: LoginName::parse(login_name).expect("the test gives a login name"),
            identity,
            identity_level: IdentityLevel::Confirmed,
            region: region_code(region),
            categories: Vec::new(),
            password_hash: hasher.hash(PASSWORD).await.expect("argon2 works"),
        };
        let now = self.clock.now();
        let learner = self
            .db()
            .write(async |txn| learner::add(txn, &self.keys.vault, &Actor::System, now, new).await)
            .await
            .expect("the login name is free");
        TestLearner { learner }
    }

    /// Many learners of a region, who share one password hash and log in nowhere.
    pub async fn many_learners(&self, count: usize, region: &str) {
        let (by, now) = (&Actor::System, self.clock.now());
        let made: zhipei_actions::Result<()> = self
            .db()
            .write(async |txn| {
                for n in 0..count {
                    let new = NewLearner {
                        login_name: LoginName::parse(&format!("many-{n:05}"))?,
                        identity: Identity::named(
                            PersonName::parse("符秀英").expect("it is a name"),
                        ),
                        categories: Vec::new(),
                        identity_level: IdentityLevel::Claimed,
                        region: region_code(region),
                        password_hash: "none".to_owned(),
                    };
                    learner::add(txn, &self.keys.vault, by, now, new).await?;
                }
                Ok(())
            })
            .await;
        made.expect("the login names are free");
    }

    /// A browser with the learner logged in.
    pub async fn logged_in(&self, learner: &TestLearner) -> Client {
        let mut client = self.client();
        let answer = client
            .log_in(learner.learner.login_name.as_str(), PASSWORD)
            .await;
        assert_eq!(answer.status, 200, "{}", answer.text());
        client
    }

    /// A class with lessons of these lengths, open for a month around now, under `rules`.
    pub async fn class(&self, code: &str, lengths_ms: &[i64], rules: Policy) -> TestClass {
        self.class_with(code, "469002", lengths_ms, rules).await
    }

    /// A class that is filed in another region, under the default policy.
    pub async fn class_in(&self, code: &str, region: &str, lengths_ms: &[i64]) -> TestClass {
        self.class_with(code, region, lengths_ms, Policy::default())
            .await
    }

    async fn class_with(
        &self,
        code: &str,
        region: &str,
        lengths_ms: &[i64],
        rules: Policy,
    ) -> TestClass {
        let now = self.clock.now();
        let by = &Actor::System;
        let videos: Vec<MediaAsset> = lengths_ms.iter().map(|ms| video(*ms, now)).collect();
        let lessons: Vec<Lesson> = (1..).zip(&videos).map(|(n, v)| lesson(n, v)).collect();
        let course = Course {
            id: CourseId(Uuid::now_v7()),
            title: title(&format!("课程 {code}")),
            kind: CourseKind::Class,
            chapters: vec![Chapter {
                id: ChapterId(Uuid::now_v7()),
                number: 1,
                title: title("第一章"),
                lessons,
            }],
            created_at: now,
        };
        let today = LocalDay::of(now);
        let window = Window::new(LocalDay(today.0 - 15), LocalDay(today.0 + 15));
        let mut class = TrainingClass {
            id: ClassId(Uuid::now_v7()),
            institution: InstitutionId(Uuid::nil()),
            code: title(code),
            title: title(&format!("电工班 {code}")),
            filing_number: "琼培备〔2026〕86 号".to_owned(),
            occupation: "电工".to_owned(),
            occupation_code: "6-31-01-03".to_owned(),
            level: "五级 / 初级工".to_owned(),
            region: region_code(region),
            window: window.expect("fifteen days ago is before in fifteen days"),
            required_ms: lengths_ms.iter().sum(),
            high_risk: false,
            created_at: now,
        };
        let made: zhipei_actions::Result<()> = self
            .db()
            .write(async |txn| {
                let name = title(&format!("培训学校 {code}"));
                class.institution = institution::add(txn, by, now, name, region_code(region))
                    .await?
                    .id;
                for video in &videos {
                    course::add_video(txn, by, now, video).await?;
                }
                course::add(txn, by, now, &course).await?;
                training_class::create(txn, by, now, &class, rules).await?;
                training_class::add_course(txn, by, now, class.id, course.id, true).await
            })
            .await;
        made.expect("the class is new");
        TestClass {
            id: class.id,
            course: course.id,
            lessons: course.lessons().map(|(_, lesson)| lesson.id).collect(),
            videos,
        }
    }

    /// Gives the learner a place in the class.
    pub async fn enrol(&self, learner: &TestLearner, class: &TestClass) {
        let now = self.clock.now();
        self.db()
            .write(async |txn| {
                enrolment::enrol(txn, &Actor::System, now, &learner.learner, class.id).await
            })
            .await
            .expect("the learner is not in the class yet");
    }

    /// Puts learning time there, as if it had been earned: played at rate 1 from `server_from` on.
    pub async fn earned(
        &self,
        learner: LearnerId,
        class: &TestClass,
        lesson: usize,
        state: TimeState,
        media: (i64, i64),
        server_from: UnixMs,
    ) {
        let ms = media.1 - media.0;
        let interval = LearningInterval {
            id: IntervalId(Uuid::now_v7()),
            learner,
            credit_scope: CreditScope::Class(class.id),
            course: class.course,
            lesson: class.lessons[lesson],
            state,
            day: LocalDay::of(server_from),
            media_from: media.0,
            media_to: media.1,
            server_from,
            server_to: server_from + ms,
            ms,
            policy_version: 1,
            device_id: "test".to_owned(),
            clock: ClockId(Uuid::now_v7()),
            frozen_group: None,
            void_at: (state == TimeState::Void).then_some(server_from + ms),
            challenge: None,
        };
        let now = self.clock.now();
        self.db()
            .write(async |txn| learning_intervals::insert_all(txn, &[interval], now).await)
            .await
            .expect("the interval is new");
    }
}

fn lesson(number: u32, video: &MediaAsset) -> Lesson {
    Lesson {
        id: LessonId(Uuid::now_v7()),
        number,
        title: title(&format!("第 {number} 节")),
        length_ms: video.duration_ms,
        media: Some(video.id),
    }
}

fn video(duration_ms: i64, now: UnixMs) -> MediaAsset {
    MediaAsset {
        id: MediaAssetId(Uuid::now_v7()),
        duration_ms,
        width: 1_280,
        height: 720,
        key: *b"sixteen bytes ok",
        captions: true,
        created_at: now,
    }
}

fn title(text: &str) -> Title {
    Title::parse(text).expect("the test gives a title")
}

fn region_code(text: &str) -> RegionCode {
    RegionCode::parse(text).expect("the test gives a region")
}
