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

/// 112 x 112 pixels, turned, scaled and moved. A face that is twice as large or more is averaged down first: picking
/// single pixels of it would turn a shift of half a pixel into another face (cosine 0.95).
pub(crate) fn align(picture: &Picture, face: &Face) -> Picture {
    let map = map(face, SIDE);
    let shrink = map.scale() as usize;
    match averaged_part(picture, &map, shrink) {
        Some((part, map)) if shrink >= 2 => part.warped(&map, SIDE, SIDE),
        _ => picture.warped(&map, SIDE, SIDE),
    }
}

/// The part of the picture that an aligned face shows, smaller by a whole factor, and the map into it.
fn averaged_part(picture: &Picture, map: &Affine, shrink: usize) -> Option<(Picture, Affine)> {
    let side = SIDE as f32;
    let corners = [[0.0, 0.0], [side, 0.0], [0.0, side], [side, side]].map(|corner| map.of(corner));
    let range = |axis: usize, limit: usize| {
        let (least, most) = corners.iter().fold((f32::MAX, f32::MIN), |(l, m), c| {
            (l.min(c[axis]), m.max(c[axis]))
        });
        let first = (least - shrink as f32).max(0.0) as usize;
        let end = ((most + 2.0 * shrink as f32).max(0.0) as usize).min(limit);
        (first, end.saturating_sub(first))
    };
    let ((left, width), (top, height)) = (range(0, picture.width()), range(1, picture.height()));
    if shrink == 0 || width < shrink || height < shrink {
        return None;
    }
    let part = picture.cropped(left, top, width, height).averaged(shrink);
    // The middle of a block of pixels is where the one that stands for it lies.
    let (shrink, middle) = (shrink as f32, (shrink as f32 - 1.0) / 2.0);
    let mut into = map.0.map(|v| v / shrink);
    into[2] -= (left as f32 + middle) / shrink;
    into[5] -= (top as f32 + middle) / shrink;
    Some((part, Affine(into)))
}

/// From a pixel of an aligned face of this side to the picture.
pub(crate) fn map(face: &Face, side: usize) -> Affine {
    let scale = side as f32 / SIDE as f32;
    // Fitted in this direction and turned round, as `OpenCV` does: least squares the other way give another scale.
    let Affine(mut map) = similarity(&face.points, &PLACES).inverse();
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

    #[test]
    fn a_face_is_fitted_as_opencv_fits_it() {
        let points = [
            [100.0, 120.0],
            [160.0, 118.0],
            [135.0, 160.0],
            [108.0, 190.0],
            [150.0, 195.0],
        ];
        let map = map(
            &Face {
                left: 0.0,
                top: 0.0,
                width: 1.0,
                height: 1.0,
                points,
                score: 1.0,
            },
            SIDE,
        );
        // The corners of what `FaceRecognizerSF::alignCrop` cuts out for these points.
        for (corner, expected) in [
            ([0.0, 0.0], [35.620, 28.864]),
            ([112.0, 112.0], [226.742, 228.813]),
        ] {
            let [x, y] = map.of(corner);
            assert!(
                (x - expected[0]).abs() < 0.01 && (y - expected[1]).abs() < 0.01,
                "{x} {y}"
            );
        }
    }

    #[test]
    fn a_large_face_is_averaged_where_it_is() {
        // A slope has the same value whether its pixels are picked or averaged, unless the place is wrong.
        let rgb = (0..600usize)
            .flat_map(|y| (0..800usize).flat_map(move |x| [(x / 4) as u8, (y / 4) as u8, 0]))
            .collect();
        let picture = Picture::from_rgb(800, 600, rgb).unwrap();
        let points = PLACES.map(|[x, y]| [x * 3.4 + 210.0, y * 3.4 + 90.0]);
        let face = Face {
            left: 0.0,
            top: 0.0,
            width: 1.0,
            height: 1.0,
            points,
            score: 1.0,
        };
        let (averaged, picked) = (
            align(&picture, &face),
            picture.warped(&map(&face, SIDE), SIDE, SIDE),
        );
        let difference = averaged
            .rgb()
            .iter()
            .zip(picked.rgb())
            .map(|(a, b)| a.abs_diff(*b))
            .max();
        assert!(difference <= Some(1), "{difference:?}");
    }

    proptest! {
        #[test]
        fn a_face_anywhere_and_of_any_size_can_be_aligned(
            scale in 0.01f32..40.0, x in -3000f32..3000.0, y in -3000f32..3000.0,
        ) {
            let picture = Picture::from_rgb(64, 48, vec![9; 64 * 48 * 3]).unwrap();
            let points = PLACES.map(|[px, py]| [px * scale + x, py * scale + y]);
            let face = Face { left: x, top: y, width: 1.0, height: 1.0, points, score: 1.0 };
            prop_assert_eq!(align(&picture, &face).width(), SIDE);
        }

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
