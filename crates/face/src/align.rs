//! A face brought to where the embedder expects its eyes, nose and mouth.

use crate::detect::Face;
use crate::picture::{Affine, Picture};

/// Side in pixels of an aligned face.
pub(crate) const SIDE: usize = 112;

/// Where the five points of a face lie in an aligned one (`OpenCV`, `FaceRecognizerSF`).
const PLACES: [[f32; 2]; 5] = [
    [38.2946, 51.6963],
    [73.5318, 51.5014],
    [56.0252, 71.7366],
    [41.5493, 92.3655],
    [70.7299, 92.2041],
];

/// 112 x 112 pixels, turned, scaled and moved.
pub(crate) fn align(picture: &Picture, face: &Face) -> Picture {
    picture.warped(&map(face, SIDE), SIDE, SIDE)
}

/// From a pixel of an aligned face of this side to the picture.
pub(crate) fn map(face: &Face, side: usize) -> Affine {
    let scale = side as f32 / SIDE as f32;
    let Affine(mut map) = similarity(&PLACES, &face.points);
    for i in [0, 1, 3, 4] {
        map[i] /= scale;
    }
    Affine(map)
}

/// Rotation, scale and move that take one set of points nearest to another (least squares, no reflection).
fn similarity(from: &[[f32; 2]; 5], to: &[[f32; 2]; 5]) -> Affine {
    let mean = |points: &[[f32; 2]; 5], axis: usize| {
        points.iter().map(|p| f64::from(p[axis])).sum::<f64>() / 5.0
    };
    let (from_x, from_y, to_x, to_y) = (mean(from, 0), mean(from, 1), mean(to, 0), mean(to, 1));
    let (mut spread, mut along, mut across) = (0.0, 0.0, 0.0);
    for (p, q) in from.iter().zip(to) {
        let (x, y) = (f64::from(p[0]) - from_x, f64::from(p[1]) - from_y);
        let (u, v) = (f64::from(q[0]) - to_x, f64::from(q[1]) - to_y);
        spread += x * x + y * y;
        along += x * u + y * v;
        across += x * v - y * u;
    }
    let (a, b) = (along / spread, across / spread);
    let map = [
        a,
        -b,
        to_x - a * from_x + b * from_y,
        b,
        a,
        to_y - b * from_x - a * from_y,
    ];
    Affine(map.map(|v| v as f32))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn turned_scaled_and_moved_points_are_found_again(
            angle in -3.0f32..3.0, scale in 0.2f32..8.0, x in -500f32..500.0, y in -500f32..500.0,
        ) {
            let (sin, cos) = (angle.sin() * scale, angle.cos() * scale);
            let moved = PLACES.map(|[px, py]| [cos * px - sin * py + x, sin * px + cos * py + y]);
            let map = similarity(&PLACES, &moved);
            for (from, to) in PLACES.iter().zip(&moved) {
                let found = map.of(*from);
                prop_assert!((found[0] - to[0]).abs() < 0.05 && (found[1] - to[1]).abs() < 0.05);
            }
        }
    }
}
