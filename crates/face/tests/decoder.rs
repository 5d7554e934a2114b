//! The decoder takes anything and either gives a picture within its limits or says why not.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::io::Cursor;

use image::{DynamicImage, ImageFormat, Rgb, RgbImage};
use proptest::prelude::*;
use zhipei_face::{Limits, Picture, PictureError, decode};

const PROGRESSIVE: &[u8] = include_bytes!("pictures/progressive.jpg");
const CMYK: &[u8] = include_bytes!("pictures/cmyk.jpg");
const GREY_16_BIT: &[u8] = include_bytes!("pictures/grey16.png");
const ALL: [ImageFormat; 3] = [ImageFormat::Jpeg, ImageFormat::Png, ImageFormat::WebP];

fn photograph(bytes: &[u8]) -> Result<Picture, PictureError> {
    decode(bytes, &Limits::PHOTOGRAPH)
}

fn refused(bytes: &[u8]) -> PictureError {
    photograph(bytes).expect_err("this must be refused")
}

/// Left half red, right half blue, the upper left corner white.
fn flag(width: u32, height: u32) -> DynamicImage {
    RgbImage::from_fn(width, height, |x, y| {
        Rgb(if x < width / 4 && y < height / 4 {
            [255, 255, 255]
        } else if x < width / 2 {
            [200, 20, 20]
        } else {
            [20, 20, 200]
        })
    })
    .into()
}

fn encoded(picture: &DynamicImage, format: ImageFormat) -> Vec<u8> {
    let mut bytes = Cursor::new(Vec::new());
    picture.write_to(&mut bytes, format).unwrap();
    bytes.into_inner()
}

/// With an EXIF segment that asks for this turn.
fn turned(jpeg: &[u8], orientation: u16) -> Vec<u8> {
    let mut exif = b"Exif\0\0MM\0\x2a\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01".to_vec();
    exif.extend(orientation.to_be_bytes());
    exif.extend([0; 6]);
    let mut bytes = jpeg[..2].to_vec();
    bytes.extend([0xFF, 0xE1]);
    bytes.extend((exif.len() as u16 + 2).to_be_bytes());
    bytes.extend(exif);
    bytes.extend(&jpeg[2..]);
    bytes
}

/// The JPEG with other sides in its header.
fn claiming(jpeg: &[u8], width: u16, height: u16) -> Vec<u8> {
    let mut bytes = jpeg.to_vec();
    let frame = bytes
        .windows(2)
        .position(|marker| matches!(marker, [0xFF, 0xC0..=0xC2]))
        .unwrap();
    bytes[frame + 5..frame + 7].copy_from_slice(&height.to_be_bytes());
    bytes[frame + 7..frame + 9].copy_from_slice(&width.to_be_bytes());
    bytes
}

#[test]
fn jpeg_png_and_webp_are_told_by_their_content() {
    for format in ALL {
        let picture = photograph(&encoded(&flag(64, 48), format)).unwrap();
        assert_eq!((picture.width(), picture.height()), (64, 48), "{format:?}");
    }
}

#[test]
fn other_formats_are_refused_whatever_they_are_called() {
    let svg = br#"<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg" width="640" height="480"/>"#;
    let bmp = [b"BM".as_slice(), &[0; 100]].concat();
    let heic = b"\0\0\0\x18ftypheic\0\0\0\0mif1heic";
    let avif = b"\0\0\0\x1cftypavif\0\0\0\0avifmif1miaf";
    let tiff = b"II\x2a\0\x08\0\0\0";
    let ico = b"\0\0\x01\0\x01\0";
    let html = b"<html><script>alert(1)</script></html>";
    for bytes in [
        b"GIF89a\x40\x01\xf0\0\x80\0\0".as_slice(),
        svg,
        &bmp,
        heic,
        avif,
        tiff,
        ico,
        html,
        b"",
        b"\xff",
        b"\xff\xd8",
    ] {
        assert_eq!(
            refused(bytes),
            PictureError::UnknownFormat,
            "{:?}",
            &bytes[..bytes.len().min(12)]
        );
    }
}

#[test]
fn face_05_each_exif_turn_is_applied() {
    let jpeg = encoded(&flag(64, 48), ImageFormat::Jpeg);
    // Where the white corner comes to lie: (right?, below?), and whether the sides change places.
    let corners = [
        (1, false, false),
        (2, true, false),
        (3, true, true),
        (4, false, true),
        (5, false, false),
        (6, true, false),
        (7, true, true),
        (8, false, true),
    ];
    for (orientation, right, below) in corners {
        let picture = photograph(&turned(&jpeg, orientation)).unwrap();
        let sides = if orientation >= 5 { (48, 64) } else { (64, 48) };
        assert_eq!((picture.width(), picture.height()), sides, "{orientation}");
        let x = if right { picture.width() - 3 } else { 2 };
        let y = if below { picture.height() - 3 } else { 2 };
        let at = (y * picture.width() + x) * 3;
        assert!(
            picture.rgb()[at..at + 3].iter().all(|&v| v > 200),
            "{orientation}"
        );
    }
}

#[test]
fn a_turn_that_does_not_exist_is_none() {
    let jpeg = encoded(&flag(64, 48), ImageFormat::Jpeg);
    for orientation in [0, 9, 0xFFFF] {
        let picture = photograph(&turned(&jpeg, orientation)).unwrap();
        assert_eq!((picture.width(), picture.height()), (64, 48));
    }
}

#[test]
fn face_05_progressive_cmyk_and_16_bit_are_decoded() {
    for bytes in [PROGRESSIVE, CMYK, GREY_16_BIT] {
        let picture = photograph(bytes).unwrap();
        assert_eq!((picture.width(), picture.height()), (64, 48));
    }
    // Colours come out right way round: red grows to the right, green downwards.
    for bytes in [PROGRESSIVE, CMYK] {
        let picture = photograph(bytes).unwrap();
        let at = |x: usize, y: usize, channel: usize| {
            i32::from(picture.rgb()[(y * 64 + x) * 3 + channel])
        };
        assert!(at(60, 5, 0) - at(3, 5, 0) > 150 && at(5, 44, 1) - at(5, 3, 1) > 100);
    }
}

#[test]
fn a_jpeg_of_12_bits_is_refused() {
    let mut jpeg = encoded(&flag(64, 48), ImageFormat::Jpeg);
    let frame = jpeg
        .windows(2)
        .position(|marker| marker == [0xFF, 0xC0])
        .unwrap();
    jpeg[frame + 4] = 12;
    assert_eq!(refused(&jpeg), PictureError::Damaged);
}

#[test]
fn face_05_a_header_that_promises_50000_by_50000_takes_no_memory() {
    let before = peak_kilobytes();
    let jpeg = encoded(&flag(64, 48), ImageFormat::Jpeg);
    assert_eq!(
        refused(&claiming(&jpeg, 50_000, 50_000)),
        PictureError::TooManyPixels
    );
    assert_eq!(
        refused(&claiming(&jpeg, 20_000, 20_000)),
        PictureError::TooManyPixels
    );
    let mut png = encoded(&flag(64, 48), ImageFormat::Png);
    png[16..20].copy_from_slice(&50_000u32.to_be_bytes());
    png[20..24].copy_from_slice(&50_000u32.to_be_bytes());
    let crc = crc32(&png[12..29]);
    png[29..33].copy_from_slice(&crc.to_be_bytes());
    assert_eq!(refused(&png), PictureError::TooManyPixels);
    assert!(
        peak_kilobytes() - before < 50_000,
        "{} kB",
        peak_kilobytes() - before
    );
}

#[test]
fn each_limit_of_size_is_kept_on_both_sides() {
    let jpeg = |width, height| encoded(&flag(width, height), ImageFormat::Jpeg);
    let limits = Limits {
        bytes: 1_000_000,
        side: 100,
        pixels: 100 * 60,
        work: u64::MAX,
    };
    assert!(decode(&jpeg(100, 60), &limits).is_ok());
    assert_eq!(
        decode(&jpeg(101, 32), &limits).err(),
        Some(PictureError::TooManyPixels)
    );
    assert_eq!(
        decode(&jpeg(100, 61), &limits).err(),
        Some(PictureError::TooManyPixels)
    );
    assert!(decode(&jpeg(32, 32), &limits).is_ok());
    assert_eq!(
        decode(&jpeg(31, 32), &limits).err(),
        Some(PictureError::TooFewPixels)
    );
    assert_eq!(
        decode(&jpeg(1, 1), &limits).err(),
        Some(PictureError::TooFewPixels)
    );
    let bytes = jpeg(64, 48);
    let exactly = Limits {
        bytes: bytes.len(),
        ..limits
    };
    assert!(decode(&bytes, &exactly).is_ok());
    let less = Limits {
        bytes: bytes.len() - 1,
        ..limits
    };
    assert_eq!(
        decode(&bytes, &less).err(),
        Some(PictureError::TooManyBytes)
    );
}

#[test]
fn twenty_megabytes_are_refused_unread() {
    let mut jpeg = encoded(&flag(64, 48), ImageFormat::Jpeg);
    jpeg.resize(20_000_000, 0);
    assert_eq!(refused(&jpeg), PictureError::TooManyBytes);
    assert_eq!(
        decode(&jpeg[..1_000_001], &Limits::FRAME).err(),
        Some(PictureError::TooManyBytes)
    );
    assert!(decode(&jpeg[..1_000_000], &Limits::FRAME).is_ok());
    assert!(photograph(&jpeg[..5_000_000]).is_ok());
    assert_eq!(refused(&jpeg[..5_000_001]), PictureError::TooManyBytes);
}

#[test]
fn a_thousand_passes_over_a_picture_are_too_much_work() {
    let scan = PROGRESSIVE
        .windows(2)
        .rposition(|marker| marker == [0xFF, 0xDA])
        .unwrap();
    let end = PROGRESSIVE.len() - 2;
    let passes = PROGRESSIVE
        .windows(2)
        .filter(|marker| *marker == [0xFF, 0xDA])
        .count() as u64;
    let mut bytes = PROGRESSIVE[..end].to_vec();
    for _ in 0..1_000 {
        bytes.extend(&PROGRESSIVE[scan..end]);
    }
    bytes.extend(&PROGRESSIVE[end..]);
    let limits = Limits {
        work: 64 * 48 * passes,
        ..Limits::PHOTOGRAPH
    };
    assert!(decode(PROGRESSIVE, &limits).is_ok());
    assert_eq!(
        decode(&bytes, &limits).err(),
        Some(PictureError::TooMuchWork)
    );
    assert_eq!(
        decode(
            PROGRESSIVE,
            &Limits {
                work: limits.work - 1,
                ..limits
            }
        )
        .err(),
        Some(PictureError::TooMuchWork)
    );
}

#[test]
fn a_file_cut_short_is_refused() {
    for format in ALL {
        let whole = encoded(&flag(160, 120), format);
        for length in (0..whole.len() - 12).step_by(whole.len() / 97 + 1) {
            assert!(
                photograph(&whole[..length]).is_err(),
                "{format:?} cut to {length} of {}",
                whole.len()
            );
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn any_bytes_after_a_known_beginning_are_decoded_or_refused(
        format in 0usize..3, tail in proptest::collection::vec(any::<u8>(), 0..2_000),
    ) {
        let beginning: &[u8] = [b"\xff\xd8\xff".as_slice(), b"\x89PNG\r\n\x1a\n", b"RIFF\xff\x07\0\0WEBPVP8 "][format];
        let _ = photograph(&[beginning, &tail].concat());
    }

    #[test]
    fn a_picture_with_changed_bytes_is_decoded_within_its_limits_or_refused(
        format in 0usize..3, changes in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..20),
    ) {
        let mut bytes = encoded(&flag(64, 48), ALL[format]);
        for (index, value) in changes {
            let at = index.index(bytes.len());
            bytes[at] = value;
        }
        let limits = Limits { bytes: 1_000_000, side: 512, pixels: 512 * 512, work: 4 * 512 * 512 };
        if let Ok(picture) = decode(&bytes, &limits) {
            prop_assert!(picture.width() * picture.height() <= 512 * 512);
            prop_assert!(picture.width().min(picture.height()) >= 32);
        }
    }
}

/// As PNG wants it.
fn crc32(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(!0u32, |crc, &byte| {
        (0..8).fold(crc ^ u32::from(byte), |crc, _| {
            if crc & 1 == 1 {
                crc >> 1 ^ 0xEDB8_8320
            } else {
                crc >> 1
            }
        })
    })
}

fn peak_kilobytes() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status
        .lines()
        .find(|line| line.starts_with("VmHWM:"))
        .unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}
