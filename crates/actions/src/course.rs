//! Courses: entering one with its videos.

use zhipei_domain::{Actor, Course, MediaAsset, UnixMs};
use zhipei_storage::{Txn, courses, media_assets};

use crate::Result;
use crate::audit::done;

/// Enters a course and the videos of its lessons.
pub async fn add(
    txn: &Txn,
    by: &Actor,
    now: UnixMs,
    course: &Course,
    videos: &[MediaAsset],
) -> Result<()> {
    for video in videos {
        media_assets::insert(txn, video).await?;
    }
    courses::insert(txn, course).await?;
    done(
        txn,
        by,
        now,
        "course.add",
        "course",
        course.id,
        course.title.as_str(),
    )
    .await
}
