//! What is remembered of a frame to know it again: a hash of its bytes and one of how it looks. Neither shows a face.

use image::GrayImage;
use image_hasher::{HashAlg, Hasher, HasherConfig};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::picture::Picture;

/// Both hashes of a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct FrameHash {
    /// SHA-256 of the file.
    pub sha256: [u8; 32],
    /// 256 bits of coarse light and dark (pHash, 16 x 16): nearly the same after another compression or size.
    pub perceptual: [u8; 32],
}

impl FrameHash {
    /// Perceptual bits that differ, 0 to 256. The same picture compressed or scaled again differs in up to about 20.
    pub fn distance(&self, other: &Self) -> u32 {
        self.perceptual
            .iter()
            .zip(&other.perceptual)
            .map(|(a, b)| (a ^ b).count_ones())
            .sum()
    }
}

/// Side in pixels of the grey miniature that is hashed.
const MINIATURE: usize = 64;

/// A frame reduced to a few thousand shades of grey. No two frames of a real camera have the same.
#[derive(PartialEq, Eq)]
pub(crate) struct Miniature(Vec<u8>);

pub(crate) struct FrameHasher(Hasher<[u8; 32]>);

impl FrameHasher {
    pub(crate) fn new() -> Self {
        let config = HasherConfig::with_bytes_type::<[u8; 32]>()
            .hash_size(16, 16)
            .hash_alg(HashAlg::Median)
            .preproc_dct();
        Self(
            config
                .resize_filter(image_hasher::FilterType::Triangle)
                .to_hasher(),
        )
    }

    pub(crate) fn hash(&self, bytes: &[u8], picture: &Picture) -> (FrameHash, Miniature) {
        let grey = picture.resized(MINIATURE, MINIATURE).luminance();
        let miniature = Miniature(grey.clone());
        let side = MINIATURE as u32;
        let grey = GrayImage::from_raw(side, side, grey).expect("the miniature has just this size");
        let mut perceptual = [0; 32];
        perceptual.copy_from_slice(self.0.hash_image(&grey).as_bytes());
        (
            FrameHash {
                sha256: Sha256::digest(bytes).into(),
                perceptual,
            },
            miniature,
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn waves(width: usize, height: usize, light: f32) -> Picture {
        let shade = |x: usize, y: usize| {
            let (x, y) = (x as f32 / width as f32, y as f32 / height as f32);
            ((x * 17.0).sin() * (y * 11.0).cos() * 60.0 + (x * 5.0 + y * 23.0).sin() * 40.0 + light)
                as u8
        };
        let rgb = (0..height)
            .flat_map(|y| (0..width).flat_map(move |x| [shade(x, y); 3]))
            .collect();
        Picture::from_rgb(width, height, rgb).unwrap()
    }

    #[test]
    fn lms_08_a_frame_scaled_or_lit_otherwise_is_known_again() {
        let hasher = FrameHasher::new();
        let (first, _) = hasher.hash(b"a", &waves(640, 480, 120.0));
        for other in [waves(320, 240, 120.0), waves(640, 480, 135.0)] {
            let (other, _) = hasher.hash(b"b", &other);
            assert!(first.distance(&other) <= 20, "{}", first.distance(&other));
            assert_ne!(first.sha256, other.sha256);
        }
    }

    #[test]
    fn another_picture_is_another() {
        let hasher = FrameHasher::new();
        let (first, miniature) = hasher.hash(b"a", &waves(640, 480, 120.0));
        let turned = waves(640, 480, 120.0).warped(
            &crate::picture::Affine([-1.0, 0.0, 639.0, 0.0, 1.0, 0.0]),
            640,
            480,
        );
        let (other, other_miniature) = hasher.hash(b"a", &turned);
        assert!(first.distance(&other) > 60, "{}", first.distance(&other));
        assert!(miniature != other_miniature);
        assert_eq!(first.sha256, other.sha256);
    }
}
