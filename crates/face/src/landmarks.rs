//! 478 points of a face and what they say: how open eyes and mouth are, where the head is turned. `MediaPipe`'s models.

use serde::{Deserialize, Serialize};

use crate::detect::Face;
use crate::error::Result;
use crate::net::Net;
use crate::picture::{Affine, Picture};

/// The points, in pixels of the picture; the third number is depth, in the same unit, less is nearer to the camera.
#[derive(Clone, Debug)]
pub struct Landmarks {
    points: Vec<[f32; 3]>,
    /// How sure the model is that it saw a face, 0 to 1.
    pub presence: f32,
}

/// What the face does.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Expression {
    /// Height of the eyes over their width, both averaged: open 0.28 to 0.40, smiling 0.12 to 0.18, closed 0.05.
    pub eye_ratio: f32,
    /// Height of the mouth over its width: closed 0.0, wide open above 0.35.
    pub mouth_ratio: f32,
    /// How closed the less closed eye is, 0 to 1.
    pub blink: f32,
    /// How far the jaw is open, 0 to 1.
    pub jaw_open: f32,
}

/// Where the head is turned, in degrees; all 0 looks into the camera.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Pose {
    /// Positive to the person's left, which is the right of an unmirrored picture.
    pub yaw: f32,
    /// Positive downwards.
    pub pitch: f32,
    /// Positive with the head tilted clockwise in the picture.
    pub roll: f32,
}

const COUNT: usize = 478;
/// Side in pixels of what the landmark model sees.
const SIDE: usize = 256;
/// That is the box of the face and half as much again.
const SURROUNDINGS: f32 = 1.5;

/// The points from which `MediaPipe` reads the blendshapes, in its order.
#[rustfmt::skip]
const BLENDSHAPE_POINTS: [usize; 146] = [
    0, 1, 4, 5, 6, 7, 8, 10, 13, 14, 17, 21, 33, 37, 39, 40, 46, 52, 53, 54, 55, 58, 61, 63, 65, 66, 67, 70, 78, 80,
    81, 82, 84, 87, 88, 91, 93, 95, 103, 105, 107, 109, 127, 132, 133, 136, 144, 145, 146, 148, 149, 150, 152, 153,
    154, 155, 157, 158, 159, 160, 161, 162, 163, 168, 172, 173, 176, 178, 181, 185, 191, 195, 197, 234, 246, 249, 251,
    263, 267, 269, 270, 276, 282, 283, 284, 285, 288, 291, 293, 295, 296, 297, 300, 308, 310, 311, 312, 314, 317, 318,
    321, 323, 324, 332, 334, 336, 338, 356, 361, 362, 365, 373, 374, 375, 377, 378, 379, 380, 381, 382, 384, 385, 386,
    387, 388, 389, 390, 397, 398, 400, 402, 405, 409, 415, 454, 466, 468, 469, 470, 471, 472, 473, 474, 475, 476, 477,
];
const BLENDSHAPES: usize = 52;
const EYE_BLINK_LEFT: usize = 9;
const EYE_BLINK_RIGHT: usize = 10;
const JAW_OPEN: usize = 25;

/// Outer corner, two points above, inner corner, two points below.
const RIGHT_EYE: [usize; 6] = [33, 160, 158, 133, 153, 144];
const LEFT_EYE: [usize; 6] = [362, 385, 387, 263, 373, 380];
const RIGHT_EYE_OUTER: usize = 33;
const LEFT_EYE_OUTER: usize = 263;
const FOREHEAD: usize = 10;
const CHIN: usize = 152;

pub(crate) fn find(net: &mut Net, picture: &Picture, face: &Face) -> Result<Landmarks> {
    let (map, scale) = region(face);
    let seen = picture.warped(&map, SIDE, SIDE);
    let input: Vec<f32> = seen.rgb().iter().map(|&v| f32::from(v) / 255.0).collect();
    let outputs = net.run([1, SIDE, SIDE, 3], &input)?;
    let points = outputs.sized(COUNT * 3)?.as_chunks::<3>().0;
    let points = points.iter().map(|&[x, y, z]| {
        let [x, y] = map.of([x, y]);
        [x, y, z * scale]
    });
    let presence = 1.0 / (1.0 + (-outputs.named("Identity_1")?[0]).exp());
    Ok(Landmarks {
        points: points.collect(),
        presence,
    })
}

/// What the face does, by the points and by the blendshape model.
pub(crate) fn expression(net: &mut Net, landmarks: &Landmarks) -> Result<Expression> {
    let input: Vec<f32> = BLENDSHAPE_POINTS
        .iter()
        .flat_map(|&i| [landmarks.points[i][0], landmarks.points[i][1]])
        .collect();
    let outputs = net.run([1, BLENDSHAPE_POINTS.len(), 2], &input)?;
    let shapes = outputs.sized(BLENDSHAPES)?;
    let eyes = landmarks.openness(RIGHT_EYE) + landmarks.openness(LEFT_EYE);
    Ok(Expression {
        eye_ratio: eyes / 2.0,
        mouth_ratio: landmarks.distance(13, 14) / landmarks.distance(78, 308).max(f32::EPSILON),
        blink: shapes[EYE_BLINK_LEFT].min(shapes[EYE_BLINK_RIGHT]),
        jaw_open: shapes[JAW_OPEN],
    })
}

/// A square around the face, turned so that the eyes are level: from what the model sees to the picture, and the scale.
fn region(face: &Face) -> (Affine, f32) {
    let [right, left] = [face.points[0], face.points[1]];
    let (sin, cos) = (left[1] - right[1]).atan2(left[0] - right[0]).sin_cos();
    let scale = face.width.max(face.height) * SURROUNDINGS / SIDE as f32;
    let (sin, cos, half) = (sin * scale, cos * scale, SIDE as f32 / 2.0);
    let (x, y) = (face.left + face.width / 2.0, face.top + face.height / 2.0);
    (
        Affine([
            cos,
            -sin,
            x - cos * half + sin * half,
            sin,
            cos,
            y - sin * half - cos * half,
        ]),
        scale,
    )
}

impl Landmarks {
    /// The points in `MediaPipe`'s order.
    pub fn points(&self) -> &[[f32; 3]] {
        &self.points
    }

    /// Where the head is turned.
    pub fn pose(&self) -> Pose {
        let across = self.between(RIGHT_EYE_OUTER, LEFT_EYE_OUTER);
        let down = self.between(FOREHEAD, CHIN);
        Pose {
            yaw: across[2].atan2(across[0].hypot(across[1])).to_degrees(),
            pitch: down[2].atan2(down[0].hypot(down[1])).to_degrees(),
            roll: across[1].atan2(across[0]).to_degrees(),
        }
    }

    fn openness(&self, [outer, above, above_too, inner, below_too, below]: [usize; 6]) -> f32 {
        let height = self.distance(above, below) + self.distance(above_too, below_too);
        height / (2.0 * self.distance(outer, inner)).max(f32::EPSILON)
    }

    fn distance(&self, a: usize, b: usize) -> f32 {
        let [x, y, _] = self.between(a, b);
        x.hypot(y)
    }

    fn between(&self, a: usize, b: usize) -> [f32; 3] {
        std::array::from_fn(|axis| self.points[b][axis] - self.points[a][axis])
    }
}
