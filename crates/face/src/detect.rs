//! Where faces are, with five points of each: `YuNet`.

use crate::error::Result;
use crate::net::{Net, Outputs};
use crate::picture::{Channels, Picture};

/// A face as the detector saw it, in pixels of the picture.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Face {
    /// Left edge of the box; may lie outside the picture.
    pub left: f32,
    /// Upper edge of the box; may lie outside the picture.
    pub top: f32,
    /// Of the box.
    pub width: f32,
    /// Of the box.
    pub height: f32,
    /// The person's right eye, left eye, tip of the nose, right and left corner of the mouth.
    pub points: [[f32; 2]; 5],
    /// How sure the detector is, 0 to 1.
    pub score: f32,
}

/// Length in pixels to which the longer side of a picture is brought for the detector.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DetectorSide {
    /// For the frames of a camera, in which the face is near: about 5 ms.
    Frame,
    /// For photographs, in which it may be small: about 20 ms.
    Photograph,
}

impl DetectorSide {
    const fn pixels(self) -> usize {
        match self {
            Self::Frame => 320,
            Self::Photograph => 640,
        }
    }
}

/// Below this, what looks like a face mostly is none.
const MIN_SCORE: f32 = 0.6;
/// Two boxes that overlap more than this (share of their union) are one face.
const MAX_OVERLAP: f32 = 0.3;
/// Candidates that are looked at; a picture of a crowd has fewer.
const MAX_CANDIDATES: usize = 500;
/// Both sides of the input are multiples of the coarsest stride.
const STRIDES: [usize; 3] = [8, 16, 32];

/// A picture brought to the detector's size.
pub(crate) struct Fitted {
    pub(crate) picture: Picture,
    /// Pixels here for one of the picture it was made from.
    scale: f32,
}

impl Fitted {
    pub(crate) fn new(picture: &Picture, side: DetectorSide) -> Self {
        let scale = side.pixels() as f32 / picture.width().max(picture.height()) as f32;
        let fit =
            |length: usize| ((length as f32 * scale).round() as usize).clamp(1, side.pixels());
        Self {
            picture: picture.resized(fit(picture.width()), fit(picture.height())),
            scale,
        }
    }
}

/// All faces, the surest first, where they are in the picture that was fitted.
pub(crate) fn detect(net: &mut Net, Fitted { picture, scale }: &Fitted) -> Result<Vec<Face>> {
    let (width, height) = (
        picture.width().next_multiple_of(32),
        picture.height().next_multiple_of(32),
    );
    let mut planes = vec![0.0; width * height * 3];
    picture.write_planes(Channels::Bgr, &mut planes, width, height);
    let outputs = net.run([1, 3, height, width], &planes)?;
    let mut faces = Vec::new();
    for stride in STRIDES {
        read(&outputs, stride, width / stride, *scale, &mut faces)?;
    }
    Ok(without_doubles(faces))
}

fn read(
    outputs: &Outputs<'_>,
    stride: usize,
    columns: usize,
    scale: f32,
    faces: &mut Vec<Face>,
) -> Result<()> {
    let named = |name: &str| outputs.named(&format!("{name}_{stride}"));
    let (class, object) = (named("cls")?, named("obj")?);
    let (boxes, points) = (
        named("bbox")?.as_chunks::<4>().0,
        named("kps")?.as_chunks::<10>().0,
    );
    for (i, ((class, object), (at, points))) in class
        .iter()
        .zip(object)
        .zip(boxes.iter().zip(points))
        .enumerate()
    {
        let score = (class.clamp(0.0, 1.0) * object.clamp(0.0, 1.0)).sqrt();
        if score.is_nan() || score < MIN_SCORE {
            continue;
        }
        let unit = stride as f32 / scale;
        let (column, row) = ((i % columns) as f32, (i / columns) as f32);
        let (width, height) = (at[2].exp() * unit, at[3].exp() * unit);
        let face = Face {
            left: (column + at[0]) * unit - width / 2.0,
            top: (row + at[1]) * unit - height / 2.0,
            width,
            height,
            points: std::array::from_fn(|p| {
                [
                    (points[2 * p] + column) * unit,
                    (points[2 * p + 1] + row) * unit,
                ]
            }),
            score,
        };
        if face.is_finite() {
            faces.push(face);
        }
    }
    Ok(())
}

fn without_doubles(mut faces: Vec<Face>) -> Vec<Face> {
    faces.sort_by(|a, b| b.score.total_cmp(&a.score));
    faces.truncate(MAX_CANDIDATES);
    let mut kept: Vec<Face> = Vec::new();
    for face in faces {
        if kept.iter().all(|other| face.overlap(other) < MAX_OVERLAP) {
            kept.push(face);
        }
    }
    kept
}

impl Face {
    /// In square pixels.
    pub(crate) fn area(&self) -> f32 {
        self.width * self.height
    }

    fn overlap(&self, other: &Self) -> f32 {
        let width =
            (self.left + self.width).min(other.left + other.width) - self.left.max(other.left);
        let height =
            (self.top + self.height).min(other.top + other.height) - self.top.max(other.top);
        let shared = width.max(0.0) * height.max(0.0);
        shared / (self.area() + other.area() - shared)
    }

    fn is_finite(&self) -> bool {
        let edges = [self.left, self.top, self.width, self.height];
        let points = self.points.iter().flatten();
        edges.iter().chain(points).all(|v| v.is_finite()) && self.width >= 1.0 && self.height >= 1.0
    }
}

/// The largest, which is who sits before the camera.
pub(crate) fn largest(faces: &[Face]) -> Option<&Face> {
    faces.iter().max_by(|a, b| a.area().total_cmp(&b.area()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn face(left: f32, score: f32) -> Face {
        Face {
            left,
            top: 0.0,
            width: 100.0,
            height: 100.0,
            points: [[0.0; 2]; 5],
            score,
        }
    }

    #[test]
    fn two_boxes_of_one_face_are_one_and_the_surer_stays() {
        let kept = without_doubles(vec![face(0.0, 0.7), face(10.0, 0.9), face(300.0, 0.8)]);
        assert_eq!(
            kept.iter().map(|f| f.left).collect::<Vec<_>>(),
            [10.0, 300.0]
        );
    }

    #[test]
    fn the_largest_is_taken() {
        let mut near = face(500.0, 0.6);
        near.width = 200.0;
        assert_eq!(
            largest(&[face(0.0, 0.9), near]).map(|f| f.left),
            Some(500.0)
        );
        assert!(largest(&[]).is_none());
    }
}
