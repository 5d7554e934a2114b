//! Is it a live face, or a print or a screen? One signal among several, from a pair of models that an installation may
//! lack (`MiniFASNet`). A photograph warped by a program passes it: it never decides alone.

use crate::detect::Face;
use crate::error::Result;
use crate::net::Net;
use crate::picture::{Channels, Picture};

/// Side in pixels of what the models see.
const SIDE: usize = 80;
/// Each looks at the face with this much around it.
const SURROUNDINGS: [f32; 2] = [2.7, 4.0];
/// Of the three classes.
const REAL: usize = 1;

/// 0 to 1, the mean of both models.
pub(crate) fn real(nets: &mut [Net; 2], picture: &Picture, face: &Face) -> Result<f32> {
    let mut sum = 0.0;
    for (net, surroundings) in nets.iter_mut().zip(SURROUNDINGS) {
        let seen = around(picture, face, surroundings).resized(SIDE, SIDE);
        let outputs = net.run([1, 3, SIDE, SIDE], &seen.planes(Channels::Bgr))?;
        sum += outputs.sized(3)?[REAL];
    }
    Ok(sum / 2.0)
}

/// The face with its surroundings, moved inside the picture where it would reach over an edge.
fn around(picture: &Picture, face: &Face, surroundings: f32) -> Picture {
    let (last_x, last_y) = (picture.width() as f32 - 1.0, picture.height() as f32 - 1.0);
    let scale = surroundings
        .min(last_x / face.width)
        .min(last_y / face.height);
    let (width, height) = (face.width * scale, face.height * scale);
    let place = |middle: f32, length: f32, last: f32| {
        // Not `clamp`: rounding can make the upper limit a little less than 0.
        let from = (middle - length / 2.0).min(last - length).max(0.0);
        let first = from as usize;
        (
            first,
            ((from + length).min(last) as usize).max(first) + 1 - first,
        )
    };
    let (left, width) = place(face.left + face.width / 2.0, width, last_x);
    let (top, height) = place(face.top + face.height / 2.0, height, last_y);
    picture.cropped(left, top, width, height)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn the_surroundings_always_lie_inside(
            left in -400f32..800.0, top in -400f32..800.0, width in 1f32..900.0, height in 1f32..900.0, scale in 1f32..5.0,
        ) {
            let picture = Picture::from_rgb(320, 240, vec![0; 320 * 240 * 3]).unwrap();
            let face = Face { left, top, width, height, points: [[0.0; 2]; 5], score: 1.0 };
            let part = around(&picture, &face, scale);
            prop_assert!(part.width() >= 1 && part.height() >= 1);
            prop_assert!(part.width() <= 320 && part.height() <= 240);
        }
    }
}
