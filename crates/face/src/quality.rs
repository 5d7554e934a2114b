//! Is the picture good enough to compare a face, and if not, what should the person do?

use serde::{Deserialize, Serialize};

use crate::detect::Face;
use crate::landmarks::Pose;
use crate::picture::Picture;

/// What the person should do, or what is in the way. The words are for the screen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Advice {
    /// No face.
    NobodySeen,
    /// More than one face near the camera.
    OnePersonOnly,
    /// The face is too small.
    ComeCloser,
    /// The face is too large, or reaches over the edge.
    MoveBack,
    /// Too dark.
    MoreLight,
    /// Too bright.
    LessLight,
    /// The head is turned or tilted.
    FaceTheCamera,
    /// Blurred.
    HoldStill,
}

impl Advice {
    /// All of them.
    pub const ALL: [Self; 8] = [
        Self::NobodySeen,
        Self::OnePersonOnly,
        Self::ComeCloser,
        Self::MoveBack,
        Self::MoreLight,
        Self::LessLight,
        Self::FaceTheCamera,
        Self::HoldStill,
    ];

    /// A stable code for clients.
    pub const fn code(self) -> &'static str {
        match self {
            Self::NobodySeen => "nobody_seen",
            Self::OnePersonOnly => "one_person_only",
            Self::ComeCloser => "come_closer",
            Self::MoveBack => "move_back",
            Self::MoreLight => "more_light",
            Self::LessLight => "less_light",
            Self::FaceTheCamera => "face_the_camera",
            Self::HoldStill => "hold_still",
        }
    }

    /// What to say to the person.
    pub const fn words(self) -> &'static str {
        match self {
            Self::NobodySeen => "没有看到人脸",
            Self::OnePersonOnly => "画面里只能有一个人",
            Self::ComeCloser => "请靠近一些",
            Self::MoveBack => "请离远一些",
            Self::MoreLight => "光线太暗",
            Self::LessLight => "光线太强",
            Self::FaceTheCamera => "请正对镜头",
            Self::HoldStill => "画面模糊",
        }
    }
}

/// What was measured of the largest face.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Quality {
    /// Width of the face in pixels.
    pub face_pixels: f32,
    /// Width of the face over the shorter side of the picture.
    pub face_share: f32,
    /// The greatest part of the face's box that reaches over an edge of the picture, 0 to 1.
    pub cut_share: f32,
    /// Mean light of the face, 0 to 255.
    pub light: f32,
    /// Share of the face that is burnt out, 0 to 1.
    pub glare_share: f32,
    /// Variance of the Laplacian of the aligned face's luminance; blurred faces have little.
    pub sharpness: f32,
    /// Where the head is turned.
    pub pose: Pose,
}

/// From where on a picture is good enough.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct QualityLimits {
    /// [`Quality::face_pixels`] at least. An aligned face is 112 wide; half of that still compares.
    pub min_face_pixels: f32,
    /// [`Quality::face_share`] at least.
    pub min_face_share: f32,
    /// [`Quality::face_share`] at most.
    pub max_face_share: f32,
    /// [`Quality::cut_share`] at most.
    pub max_cut_share: f32,
    /// [`Quality::light`] at least. Low enough for dark skin in ordinary light.
    pub min_light: f32,
    /// [`Quality::light`] at most.
    pub max_light: f32,
    /// [`Quality::glare_share`] at most.
    pub max_glare_share: f32,
    /// [`Quality::sharpness`] at least.
    pub min_sharpness: f32,
    /// Degrees to either side.
    pub max_yaw: f32,
    /// Degrees up or down.
    pub max_pitch: f32,
    /// Degrees of tilt.
    pub max_roll: f32,
}

impl QualityLimits {
    /// For a photograph that is handed in, as that of an ID card, in which the face may be small.
    pub const PHOTOGRAPH: Self = Self {
        min_face_pixels: 48.0,
        min_face_share: 0.0,
        ..Self::CAMERA
    };
    /// For a person before a camera.
    pub const CAMERA: Self = Self {
        min_face_pixels: 72.0,
        min_face_share: 0.18,
        max_face_share: 0.85,
        max_cut_share: 0.08,
        min_light: 40.0,
        max_light: 225.0,
        max_glare_share: 0.3,
        min_sharpness: 30.0,
        max_yaw: 20.0,
        max_pitch: 25.0,
        max_roll: 25.0,
    };
}

/// Another face counts from this width on, as a share of the largest one's: who passes far behind does not.
const SECOND_FACE_SHARE: f32 = 0.4;
/// From here on a pixel is burnt out.
const GLARE: u8 = 250;

/// Faces that count: the largest, and all that are near it in size.
pub(crate) fn near_faces(faces: &[Face]) -> usize {
    let widest = faces.iter().map(|face| face.width).fold(0.0, f32::max);
    faces
        .iter()
        .filter(|face| face.width >= widest * SECOND_FACE_SHARE)
        .count()
}

impl Quality {
    pub(crate) fn measure(picture: &Picture, face: &Face, aligned: &Picture, pose: Pose) -> Self {
        let luminance = aligned.luminance();
        let count = luminance.len() as f32;
        let over = |from: f32, length: f32, limit: usize| {
            (-from).max(from + length - limit as f32).max(0.0) / length
        };
        Self {
            face_pixels: face.width,
            face_share: face.width / picture.width().min(picture.height()) as f32,
            cut_share: over(face.left, face.width, picture.width()).max(over(
                face.top,
                face.height,
                picture.height(),
            )),
            light: luminance.iter().map(|&v| u32::from(v)).sum::<u32>() as f32 / count,
            glare_share: luminance.iter().filter(|&&v| v >= GLARE).count() as f32 / count,
            sharpness: sharpness(&luminance, aligned.width()),
            pose,
        }
    }

    /// The first thing to put right, if anything is. `None`: good enough.
    pub fn advice(&self, limits: &QualityLimits) -> Option<Advice> {
        let turned = self.pose.yaw.abs() > limits.max_yaw
            || self.pose.pitch.abs() > limits.max_pitch
            || self.pose.roll.abs() > limits.max_roll;
        [
            (
                self.face_share > limits.max_face_share || self.cut_share > limits.max_cut_share,
                Advice::MoveBack,
            ),
            (
                self.face_share < limits.min_face_share
                    || self.face_pixels < limits.min_face_pixels,
                Advice::ComeCloser,
            ),
            (self.light < limits.min_light, Advice::MoreLight),
            (
                self.light > limits.max_light || self.glare_share > limits.max_glare_share,
                Advice::LessLight,
            ),
            (turned, Advice::FaceTheCamera),
            (self.sharpness < limits.min_sharpness, Advice::HoldStill),
        ]
        .into_iter()
        .find_map(|(wrong, advice)| wrong.then_some(advice))
    }
}

fn sharpness(luminance: &[u8], width: usize) -> f32 {
    let at = |i: usize| i32::from(luminance[i]);
    let (mut sum, mut squares, mut count) = (0i64, 0i64, 0i64);
    for y in 1..luminance.len() / width - 1 {
        for i in y * width + 1..(y + 1) * width - 1 {
            let value =
                i64::from(at(i - 1) + at(i + 1) + at(i - width) + at(i + width) - 4 * at(i));
            sum += value;
            squares += value * value;
            count += 1;
        }
    }
    let mean = sum as f64 / count as f64;
    (squares as f64 / count as f64 - mean * mean) as f32
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: Quality = Quality {
        face_pixels: 160.0,
        face_share: 0.35,
        cut_share: 0.0,
        light: 120.0,
        glare_share: 0.0,
        sharpness: 300.0,
        pose: Pose {
            yaw: 0.0,
            pitch: 0.0,
            roll: 0.0,
        },
    };

    fn advice(change: impl FnOnce(&mut Quality)) -> Option<Advice> {
        let mut quality = GOOD;
        change(&mut quality);
        quality.advice(&QualityLimits::CAMERA)
    }

    #[test]
    fn each_limit_is_kept_on_both_sides() {
        use Advice::*;
        let limits = QualityLimits::CAMERA;
        assert_eq!(advice(|_| {}), None);
        assert_eq!(advice(|q| q.face_pixels = limits.min_face_pixels), None);
        assert_eq!(
            advice(|q| q.face_pixels = limits.min_face_pixels - 1.0),
            Some(ComeCloser)
        );
        assert_eq!(advice(|q| q.face_share = limits.min_face_share), None);
        assert_eq!(
            advice(|q| q.face_share = limits.min_face_share - 0.01),
            Some(ComeCloser)
        );
        assert_eq!(advice(|q| q.face_share = limits.max_face_share), None);
        assert_eq!(
            advice(|q| q.face_share = limits.max_face_share + 0.01),
            Some(MoveBack)
        );
        assert_eq!(advice(|q| q.cut_share = limits.max_cut_share), None);
        assert_eq!(
            advice(|q| q.cut_share = limits.max_cut_share + 0.01),
            Some(MoveBack)
        );
        assert_eq!(advice(|q| q.light = limits.min_light), None);
        assert_eq!(
            advice(|q| q.light = limits.min_light - 1.0),
            Some(MoreLight)
        );
        assert_eq!(advice(|q| q.light = limits.max_light), None);
        assert_eq!(
            advice(|q| q.light = limits.max_light + 1.0),
            Some(LessLight)
        );
        assert_eq!(advice(|q| q.glare_share = limits.max_glare_share), None);
        assert_eq!(
            advice(|q| q.glare_share = limits.max_glare_share + 0.01),
            Some(LessLight)
        );
        assert_eq!(advice(|q| q.sharpness = limits.min_sharpness), None);
        assert_eq!(
            advice(|q| q.sharpness = limits.min_sharpness - 1.0),
            Some(HoldStill)
        );
        for sign in [-1.0, 1.0] {
            assert_eq!(advice(|q| q.pose.yaw = sign * limits.max_yaw), None);
            assert_eq!(
                advice(|q| q.pose.yaw = sign * (limits.max_yaw + 1.0)),
                Some(FaceTheCamera)
            );
            assert_eq!(
                advice(|q| q.pose.pitch = sign * (limits.max_pitch + 1.0)),
                Some(FaceTheCamera)
            );
            assert_eq!(
                advice(|q| q.pose.roll = sign * (limits.max_roll + 1.0)),
                Some(FaceTheCamera)
            );
        }
    }

    #[test]
    fn a_second_face_counts_when_it_is_near() {
        let face = |width| Face {
            left: 0.0,
            top: 0.0,
            width,
            height: width,
            points: [[0.0; 2]; 5],
            score: 0.9,
        };
        assert_eq!(near_faces(&[]), 0);
        assert_eq!(near_faces(&[face(200.0)]), 1);
        assert_eq!(near_faces(&[face(200.0), face(79.0)]), 1);
        assert_eq!(near_faces(&[face(200.0), face(80.0)]), 2);
    }

    #[test]
    fn every_advice_has_words_and_a_code_of_its_own() {
        let mut codes: Vec<_> = Advice::ALL.iter().map(|advice| advice.code()).collect();
        codes.sort_unstable();
        codes.dedup();
        assert_eq!(codes.len(), Advice::ALL.len());
        assert!(Advice::ALL.iter().all(|advice| !advice.words().is_empty()));
    }
}
