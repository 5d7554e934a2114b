//! Which sizes a video is offered in.

/// One size of a video.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Rendition {
    /// Its playlist's and segments' name.
    pub(crate) name: &'static str,
    pub(crate) width: u32,
    pub(crate) height: u32,
    /// The most that a second of picture may take, in kilobits.
    pub(crate) max_kbps: u32,
}

/// 360 and 720 lines along the shorter side; never larger than the source, and never two alike.
pub(crate) fn ladder(width: u32, height: u32) -> Vec<Rendition> {
    let mut renditions: Vec<Rendition> = Vec::with_capacity(2);
    for (name, lines, max_kbps) in [("360p", 360, 800), ("720p", 720, 2_400)] {
        let (width, height) = fit(width, height, lines);
        if renditions
            .iter()
            .all(|other| (other.width, other.height) != (width, height))
        {
            renditions.push(Rendition {
                name,
                width,
                height,
                max_kbps,
            });
        }
    }
    renditions
}

/// Even sides (H.264 halves the colour planes) with the source's shape.
fn fit(width: u32, height: u32, lines: u32) -> (u32, u32) {
    let (width, height) = (f64::from(width), f64::from(height));
    let longest = f64::from(lines) * LONGEST_SHAPE;
    let scale = (f64::from(lines) / width.min(height))
        .min(longest / width.max(height))
        .min(1.0);
    let even =
        |side: f64| ((side * scale / 2.0).round().min((side / 2.0).floor()) as u32 * 2).max(2);
    (even(width), even(height))
}

/// Beyond this shape the longer side rules, so that level 4.0 holds every picture.
const LONGEST_SHAPE: f64 = 2.5;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn sizes(width: u32, height: u32) -> Vec<(u32, u32)> {
        ladder(width, height)
            .iter()
            .map(|r| (r.width, r.height))
            .collect()
    }

    #[test]
    fn a_video_is_offered_in_360_and_720_lines() {
        assert_eq!(sizes(1920, 1080), [(640, 360), (1280, 720)]);
        assert_eq!(sizes(1440, 1080), [(480, 360), (960, 720)]);
        assert_eq!(sizes(1080, 1920), [(360, 640), (720, 1280)]);
        assert_eq!(sizes(1366, 768), [(640, 360), (1280, 720)]);
    }

    #[test]
    fn a_small_video_is_not_blown_up() {
        assert_eq!(sizes(854, 480), [(640, 360), (854, 480)]);
        assert_eq!(sizes(321, 241), [(320, 240)]);
        assert_eq!(sizes(640, 360), [(640, 360)]);
    }

    proptest! {
        #[test]
        fn every_rendition_is_even_keeps_the_shape_and_fits_level_4(w in 16_u32..4096, h in 16_u32..4096) {
            for size in ladder(w, h) {
                prop_assert!(size.width % 2 == 0 && size.height % 2 == 0);
                prop_assert!(size.width.div_ceil(16) * size.height.div_ceil(16) <= 8_192);
                let scale = f64::from(size.width) / f64::from(w);
                prop_assert!((f64::from(h) * scale - f64::from(size.height)).abs() <= 1.0 + scale.max(f64::from(h) / f64::from(w)));
            }
        }
    }
}
