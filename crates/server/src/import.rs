//! Courses from a folder: `courses.json` beside the videos it names.

use std::io::IsTerminal;
use std::path::{Path, PathBuf};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use serde::Deserialize;
use uuid::Uuid;
use zhipei_actions::course;
use zhipei_domain::{
    Actor, Chapter, ChapterId, Course, CourseId, CourseKind, Lesson, LessonId, MediaAsset,
    MediaAssetId, Title,
};
use zhipei_media::{Limits, Source, transcode};
use zhipei_storage::courses;

use crate::app::Parted;
use crate::keys;
use crate::{Error, Result};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CourseFile {
    title: String,
    kind: String,
    chapters: Vec<ChapterFile>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ChapterFile {
    title: String,
    lessons: Vec<LessonFile>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct LessonFile {
    title: String,
    file: PathBuf,
    captions: Option<PathBuf>,
}

/// Transcodes and enters the courses of the folder, and returns all of them. A course whose title is
/// there already is left as it is, so that a stopped import can be run again.
pub async fn import(parts: &Parted, by: &Actor, folder: &Path) -> Result<Vec<Course>> {
    let list = folder.join("courses.json");
    let text = std::fs::read_to_string(&list)
        .map_err(|error| Error::Course(format!("{} 读不出来：{error}", list.display())))?;
    let files: Vec<CourseFile> = serde_json::from_str(&text)
        .map_err(|error| Error::Course(format!("{} 的格式不对：{error}", list.display())))?;
    let mut imported = Vec::new();
    for file in files {
        let title = Title::parse(&file.title)?;
        let course = match courses::by_title(parts.db.read(), &title).await {
            Err(zhipei_storage::Error::NotFound) => {
                import_course(parts, by, folder, title, file).await?
            }
            found => found?,
        };
        imported.push(course);
    }
    Ok(imported)
}

async fn import_course(
    parts: &Parted,
    by: &Actor,
    folder: &Path,
    title: Title,
    file: CourseFile,
) -> Result<Course> {
    let kind = CourseKind::parse(&file.kind)
        .ok_or_else(|| Error::Course(format!("课程类型 {} 不认识", file.kind)))?;
    let now = parts.clock.now();
    let mut chapters = Vec::new();
    for (number, chapter) in (1..).zip(file.chapters) {
        let mut lessons = Vec::new();
        for (number, lesson) in (1..).zip(chapter.lessons) {
            let video = import_video(parts, by, folder, &lesson).await?;
            lessons.push(Lesson {
                id: LessonId(Uuid::now_v7()),
                number,
                title: Title::parse(&lesson.title)?,
                length_ms: video.duration_ms,
                media: Some(video.id),
            });
        }
        chapters.push(Chapter {
            id: ChapterId(Uuid::now_v7()),
            number,
            title: Title::parse(&chapter.title)?,
            lessons,
        });
    }
    let course = Course {
        id: CourseId(Uuid::now_v7()),
        title,
        kind,
        chapters,
        created_at: now,
    };
    parts
        .db
        .write(async |txn| course::add(txn, by, now, &course).await)
        .await?;
    Ok(course)
}

async fn import_video(
    parts: &Parted,
    by: &Actor,
    folder: &Path,
    lesson: &LessonFile,
) -> Result<MediaAsset> {
    let [a, b, ..] = keys::random().as_chunks::<16>().0[..] else {
        unreachable!("32 bytes are two times 16");
    };
    let (key, id) = (
        a,
        MediaAssetId(uuid::Builder::from_random_bytes(b).into_uuid()),
    );
    let video = folder.join(&lesson.file);
    let captions = lesson.captions.as_ref().map(|file| folder.join(file));
    let bar = progress_bar(&lesson.title);
    let source = Source {
        video: &video,
        captions: captions.as_deref(),
    };
    let limits = Limits::default();
    bar.set_length(
        zhipei_media::probe(&video, &limits)
            .await?
            .duration_ms
            .unsigned_abs(),
    );
    let made = transcode(&parts.media, id, source, &key, &limits, |done_ms| {
        bar.set_position(done_ms.unsigned_abs());
    })
    .await?;
    bar.finish_and_clear();
    let asset = MediaAsset {
        id,
        duration_ms: made.duration_ms,
        width: made.width,
        height: made.height,
        key,
        captions: made.captions,
        created_at: parts.clock.now(),
    };
    parts
        .db
        .write(async |txn| course::add_video(txn, by, asset.created_at, &asset).await)
        .await?;
    Ok(asset)
}

fn progress_bar(title: &str) -> ProgressBar {
    let bar = ProgressBar::new(0);
    if std::io::stderr().is_terminal() {
        let style = ProgressStyle::with_template("转码 {msg} {bar:30} {percent} %")
            .expect("the template is right");
        bar.set_style(style);
        bar.enable_steady_tick(Duration::from_millis(200));
    } else {
        bar.set_draw_target(ProgressDrawTarget::hidden());
        eprintln!("转码 {title}");
    }
    bar.set_message(title.to_owned());
    bar
}
