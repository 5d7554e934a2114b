//! Courses: entering videos, and courses that show them.

use zhipei_domain::{Actor, Course, MediaAsset, UnixMs};
use zhipei_storage::{Txn, courses, media_assets};

use crate::Result;
use crate::audit::done;

/// Enters a video that was transcoded, so that lessons can show it.
pub async fn add_video(txn: &Txn, by: &Actor, now: UnixMs, video: &MediaAsset) -> Result<()> {
    media_assets::insert(txn, video).await?;
    let detail = format!("{} ms", video.duration_ms);
    done(txn, by, now, "video.add", "media_asset", video.id, &detail).await
}

/// Enters a course, whose videos are there.
pub async fn add(txn: &Txn, by: &Actor, now: UnixMs, course: &Course) -> Result<()> {
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
