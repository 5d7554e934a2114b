//! Bytes to pixels, within limits of bytes, pixels and work that are told from the header before memory is taken.
//!
//! What it is, its content says, not its name: JPEG, PNG or WebP, nothing else. The turn that a camera wrote into the
//! EXIF data is applied; all other metadata is left behind.

use std::io::Cursor;

use image::{DynamicImage, ImageDecoder, ImageFormat, ImageReader};

use crate::error::PictureError;
use crate::picture::Picture;

/// What a picture may be at most. A photograph of a phone passes; a header that promises 50,000 x 50,000 does not.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Of the file.
    pub bytes: usize,
    /// Pixels of the longer side.
    pub side: u32,
    /// Width times height.
    pub pixels: u64,
    /// Width times height times the passes of a progressive JPEG: what bounds the time.
    pub work: u64,
}

impl Limits {
    /// For a photograph that somebody hands in: 5 MB, 4096 x 4096 pixels in all.
    pub const PHOTOGRAPH: Self = Self {
        bytes: 5_000_000,
        side: 8_192,
        pixels: 4_096 * 4_096,
        work: 160_000_000,
    };
    /// For one frame of a check: 1 MB, full HD.
    pub const FRAME: Self = Self {
        bytes: 1_000_000,
        side: 1_920,
        pixels: 1_920 * 1_080,
        work: 24_000_000,
    };
}

/// Shorter sides hold no face that could be told.
const MIN_SIDE: u32 = 32;
/// Of the decoder and of its result each. 16 bits of four channels are the worst a PNG can hold.
const MAX_MEMORY_BYTES: u64 = 8 * 4_096 * 4_096;

/// The picture, upright. Takes time in proportion to its pixels; call it where blocking is allowed.
pub fn decode(bytes: &[u8], limits: &Limits) -> Result<Picture, PictureError> {
    if bytes.len() > limits.bytes {
        return Err(PictureError::TooManyBytes);
    }
    let Ok(format @ (ImageFormat::Jpeg | ImageFormat::Png | ImageFormat::WebP)) =
        image::guess_format(bytes)
    else {
        return Err(PictureError::UnknownFormat);
    };
    let passes = if format == ImageFormat::Jpeg {
        passes_of_jpeg(bytes)?
    } else {
        1
    };
    let mut reader = ImageReader::with_format(Cursor::new(bytes), format);
    let mut memory = image::Limits::default();
    memory.max_image_width = Some(limits.side);
    memory.max_image_height = Some(limits.side);
    memory.max_alloc = Some(MAX_MEMORY_BYTES);
    reader.limits(memory);
    let mut decoder = reader.into_decoder().map_err(|error| reason(&error))?;
    let (width, height) = decoder.dimensions();
    let pixels = u64::from(width) * u64::from(height);
    if width.max(height) > limits.side
        || pixels > limits.pixels
        || decoder.total_bytes() > MAX_MEMORY_BYTES
    {
        return Err(PictureError::TooManyPixels);
    }
    if width.min(height) < MIN_SIDE {
        return Err(PictureError::TooFewPixels);
    }
    if pixels * passes > limits.work {
        return Err(PictureError::TooMuchWork);
    }
    // A camera that writes nonsense there has taken an upright picture.
    let orientation = decoder
        .orientation()
        .unwrap_or(image::metadata::Orientation::NoTransforms);
    let mut picture = DynamicImage::from_decoder(decoder).map_err(|error| reason(&error))?;
    picture.apply_orientation(orientation);
    let picture = picture.into_rgb8();
    let (width, height) = (picture.width() as usize, picture.height() as usize);
    Picture::from_rgb(width, height, picture.into_raw()).ok_or(PictureError::Damaged)
}

fn reason(error: &image::ImageError) -> PictureError {
    match error {
        image::ImageError::Limits(_) => PictureError::TooManyPixels,
        _ => PictureError::Damaged,
    }
}

/// How often a decoder goes over the whole picture. Refuses a file without an end, which decoders would fill with grey.
fn passes_of_jpeg(bytes: &[u8]) -> Result<u64, PictureError> {
    const START: u8 = 0xD8;
    const END: u8 = 0xD9;
    const SCAN: u8 = 0xDA;
    let mut passes = 0;
    let mut at = 0;
    while let Some(marker) = next_marker(bytes, &mut at) {
        match marker {
            END if passes > 0 => return Ok(passes),
            END => break,
            START | 0x01 | 0xD0..=0xD7 => {}
            _ => {
                passes += u64::from(marker == SCAN);
                let Some(&[high, low]) = bytes.get(at..at + 2) else {
                    break;
                };
                at += usize::from(u16::from_be_bytes([high, low]));
            }
        }
    }
    Err(PictureError::Damaged)
}

/// Skips what is between segments, and compressed data, in which 0xFF is followed by 0 or a restart.
fn next_marker(bytes: &[u8], at: &mut usize) -> Option<u8> {
    loop {
        let found = bytes.get(*at..)?.iter().position(|&byte| byte == 0xFF)?;
        *at += found + 1;
        match *bytes.get(*at)? {
            0x00 => {}
            0xFF => continue,
            marker => {
                *at += 1;
                return Some(marker);
            }
        }
        *at += 1;
    }
}
