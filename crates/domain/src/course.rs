//! Courses (课程), their chapters (章) and lessons (课时).

use crate::{ChapterId, CourseId, LessonId, MediaAssetId, Title, UnixMs};

/// Who a course is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CourseKind {
    /// For training classes.
    Class,
    /// 通识课: an authority's own, free to every learner without enrolment.
    General,
}

impl CourseKind {
    /// The stored form.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Class => "class",
            Self::General => "general",
        }
    }

    /// The opposite of [`CourseKind::as_str`].
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Class, Self::General]
            .into_iter()
            .find(|kind| kind.as_str() == text)
    }
}

/// A course with everything in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Course {
    /// Its identity.
    pub id: CourseId,
    /// Its title.
    pub title: Title,
    /// Who it is for.
    pub kind: CourseKind,
    /// In order.
    pub chapters: Vec<Chapter>,
    /// When it was entered.
    pub created_at: UnixMs,
}

/// A part of a course.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Chapter {
    /// Its identity.
    pub id: ChapterId,
    /// Its place in the course, from 1.
    pub number: u32,
    /// Its title.
    pub title: Title,
    /// In order.
    pub lessons: Vec<Lesson>,
}

/// One video of a chapter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lesson {
    /// Its identity.
    pub id: LessonId,
    /// Its place in the chapter, from 1.
    pub number: u32,
    /// Its title.
    pub title: Title,
    /// How long the video is, in milliseconds: no learner earns more than this.
    pub length_ms: i64,
    /// The video, once there is one.
    pub media: Option<MediaAssetId>,
}

impl Course {
    /// All lessons with their chapters, in order.
    pub fn lessons(&self) -> impl Iterator<Item = (&Chapter, &Lesson)> {
        self.chapters
            .iter()
            .flat_map(|chapter| chapter.lessons.iter().map(move |lesson| (chapter, lesson)))
    }
}

/// A transcoded video: what a player must know of it.
#[derive(Clone, PartialEq, Eq)]
pub struct MediaAsset {
    /// Its identity, and the name of its folder in the store.
    pub id: MediaAssetId,
    /// How long it plays, in milliseconds.
    pub duration_ms: i64,
    /// Of the largest rendition.
    pub width: u32,
    /// Of the largest rendition.
    pub height: u32,
    /// The AES-128 key of its segments.
    pub key: [u8; 16],
    /// Are there captions?
    pub captions: bool,
    /// When it was transcoded.
    pub created_at: UnixMs,
}

impl std::fmt::Debug for MediaAsset {
    /// Without the key.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("MediaAsset")
            .field("id", &self.id)
            .field("duration_ms", &self.duration_ms)
            .finish_non_exhaustive()
    }
}
