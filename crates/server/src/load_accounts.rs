//! `zhipei load-accounts`: learners who are logged in already, for the load test and the exam of people.

use std::io::Write;

use clap::Args;
use serde::Serialize;
use uuid::Uuid;
use zhipei_actions::learner::NewLearner;
use zhipei_actions::login::LoginToken;
use zhipei_actions::{course, enrolment, institution, learner, training_class};
use zhipei_domain::{
    Account, Actor, Chapter, ChapterId, ClassId, Course, CourseId, CourseKind, DocumentKind,
    IdDocument, Identity, IdentityLevel, Lesson, LessonId, LocalDay, LoginName, LoginSession,
    LoginSessionId, LoginStage, MediaAsset, MediaAssetId, PersonName, Phone, Policy, RegionCode,
    Scope, Title, TrainingClass, Window,
};
use zhipei_storage::{learners, login_sessions};

use crate::app::Parted;
use crate::{Error, Result, keys};

/// Learners in one transaction.
const AT_ONCE: u32 = 500;

/// What to prepare.
#[derive(Args)]
pub(crate) struct LoadAccounts {
    /// 学员数
    #[arg(long, default_value_t = 2_000)]
    learners: u32,
    /// 课时长度，分钟
    #[arg(long, default_value_t = 45)]
    lesson_minutes: u32,
}

/// One line for the load test.
#[derive(Serialize)]
struct Line {
    cookie: String,
    class: ClassId,
    lesson: LessonId,
    lesson_ms: i64,
}

/// Makes a class of one lesson with learners in it and prints how they are logged in. Only in a
/// database without any learner: these accounts have no business beside real ones.
pub(crate) async fn run(
    parts: &Parted,
    by: &Actor,
    wanted: &LoadAccounts,
    out: &mut impl Write,
) -> Result<()> {
    if !learners::list(parts.db.read(), &Scope::Platform)
        .await?
        .is_empty()
    {
        return Err(Error::Course(
            "数据库里已有学员，压力测试须用空的数据库".to_owned(),
        ));
    }
    let (class, lesson) = prepare_class(parts, by, wanted).await?;
    let lesson_ms = i64::from(wanted.lesson_minutes) * 60_000;
    // One hash for all: nobody logs in with it, since nobody knows the password.
    let password_hash = parts.hasher.hash(&hex::encode(keys::random())).await?;
    let region = region();
    let mut done = 0;
    while done < wanted.learners {
        let until = wanted.learners.min(done + AT_ONCE);
        let now = parts.clock.now();
        let lines = parts
            .db
            .write(async |txn| {
                let mut lines = Vec::new();
                for number in done..until {
                    let new = NewLearner {
                        login_name: LoginName::parse(&format!("load{number:05}"))?,
                        identity: load_person(number),
                        identity_level: IdentityLevel::Claimed,
                        region: region.clone(),
                        categories: Vec::new(),
                        password_hash: password_hash.clone(),
                    };
                    let added = learner::add(txn, &parts.keys.vault, by, now, new).await?;
                    enrolment::enrol(txn, by, now, &added, class).await?;
                    let token = LoginToken::from_random(keys::random());
                    let session = LoginSession::start(
                        LoginSessionId(Uuid::now_v7()),
                        Account::Learner(added.id),
                        LoginStage::Complete,
                        "zhipei-loadtest",
                        "127.0.0.1",
                        now,
                    );
                    login_sessions::insert(txn, &token.hash(), &session).await?;
                    let cookie = format!("zhipei_session={}", token.reveal());
                    lines.push(Line {
                        cookie,
                        class,
                        lesson,
                        lesson_ms,
                    });
                }
                Ok::<_, Error>(lines)
            })
            .await?;
        for line in lines {
            serde_json::to_writer(&mut *out, &line).map_err(std::io::Error::from)?;
            writeln!(out)?;
        }
        done = until;
    }
    Ok(())
}

/// The `number`th person, of 300,000: name, document and phone are nobody else's, and nobody's outside of tests.
pub fn load_person(number: u32) -> Identity {
    let digits = "零一二三四五六七八九";
    let digit = |place: u32| {
        digits
            .chars()
            .nth((number / 10_u32.pow(place) % 10) as usize)
    };
    let name: String = "压测"
        .chars()
        .chain((0..6).rev().filter_map(digit))
        .collect();
    let day = LocalDay(3_652 + (number / 1_000) as i32).to_string();
    let first = format!("469002{}{:03}", day.replace('-', ""), number % 1_000);
    let mut numbers = "0123456789X".chars().map(|check| format!("{first}{check}"));
    let document = numbers.find_map(|it| IdDocument::parse(DocumentKind::ResidentId, &it).ok());
    Identity {
        document,
        phone: Phone::parse(&format!("139{number:08}")).ok(),
        ..Identity::named(PersonName::parse(&name).expect("it is a name"))
    }
}

async fn prepare_class(
    parts: &Parted,
    by: &Actor,
    wanted: &LoadAccounts,
) -> Result<(ClassId, LessonId)> {
    let now = parts.clock.now();
    let length_ms = i64::from(wanted.lesson_minutes) * 60_000;
    let video = MediaAsset {
        id: MediaAssetId(Uuid::now_v7()),
        duration_ms: length_ms,
        width: 1_280,
        height: 720,
        key: [0; 16],
        captions: false,
        created_at: now,
    };
    let lesson = LessonId(Uuid::now_v7());
    let new_course = Course {
        id: CourseId(Uuid::now_v7()),
        title: Title::parse("压力测试课程")?,
        kind: CourseKind::Class,
        chapters: vec![Chapter {
            id: ChapterId(Uuid::now_v7()),
            number: 1,
            title: Title::parse("第一章")?,
            lessons: vec![Lesson {
                id: lesson,
                number: 1,
                title: Title::parse("第一节")?,
                length_ms,
                media: Some(video.id),
            }],
        }],
        created_at: now,
    };
    let today = LocalDay::of(now);
    let class_id = ClassId(Uuid::now_v7());
    parts
        .db
        .write(async |txn| {
            let school =
                institution::add(txn, by, now, Title::parse("压力测试机构")?, region()).await?;
            course::add_video(txn, by, now, &video).await?;
            course::add(txn, by, now, &new_course).await?;
            let class = TrainingClass {
                id: class_id,
                institution: school.id,
                code: Title::parse("LOAD-1")?,
                title: Title::parse("压力测试班")?,
                filing_number: String::new(),
                occupation: String::new(),
                occupation_code: String::new(),
                level: String::new(),
                region: region(),
                window: Window::new(LocalDay(today.0 - 1), LocalDay(today.0 + 30))?,
                required_ms: length_ms,
                high_risk: false,
                created_at: now,
            };
            training_class::create(txn, by, now, &class, Policy::default()).await?;
            training_class::add_course(txn, by, now, class_id, new_course.id, true).await?;
            Ok::<_, Error>(())
        })
        .await?;
    Ok((class_id, lesson))
}

fn region() -> RegionCode {
    RegionCode::parse("469002").expect("Qionghai is in the tree")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everybody_of_the_load_test_is_a_person_of_their_own() {
        for number in [0, 1, 999, 1_000, 50_000, 99_999, 299_999] {
            let (one, next) = (load_person(number), load_person(number + 1));
            assert!(one.document.is_some() && one.phone.is_some(), "{number}");
            assert_ne!(one.document, next.document, "{number}");
            assert_ne!(one.phone, next.phone, "{number}");
            assert_ne!(one.name, next.name, "{number}");
        }
    }
}
