//! A picture of five letters and digits, wavy, crossed out and dotted: a hurdle for simple scripts, large
//! enough for older eyes. Drawn here, since the crates for it bring whole image codecs with them, or
//! a licence that does not fit.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

const WIDTH: usize = 260;
const HEIGHT: usize = 90;
/// Dots of a letter across and down; a dot is so many pixels wide and high.
const DOTS: (usize, usize) = (5, 7);
const DOT: usize = 8;
const LETTERS: usize = 5;

/// The letters with their dots, a row a byte, the leftmost dot in bit 4. None is taken for another.
const FONT: [(char, [u8; 7]); 24] = [
    ('2', [0x0e, 0x11, 0x01, 0x06, 0x08, 0x10, 0x1f]),
    ('3', [0x1f, 0x01, 0x02, 0x06, 0x01, 0x11, 0x0e]),
    ('4', [0x02, 0x06, 0x0a, 0x12, 0x1f, 0x02, 0x02]),
    ('5', [0x1f, 0x10, 0x1e, 0x01, 0x01, 0x11, 0x0e]),
    ('6', [0x06, 0x08, 0x10, 0x1e, 0x11, 0x11, 0x0e]),
    ('7', [0x1f, 0x01, 0x02, 0x04, 0x08, 0x08, 0x08]),
    ('8', [0x0e, 0x11, 0x11, 0x0e, 0x11, 0x11, 0x0e]),
    ('9', [0x0e, 0x11, 0x11, 0x0f, 0x01, 0x02, 0x0c]),
    ('A', [0x04, 0x0a, 0x11, 0x11, 0x1f, 0x11, 0x11]),
    ('C', [0x0e, 0x11, 0x10, 0x10, 0x10, 0x11, 0x0e]),
    ('E', [0x1f, 0x10, 0x10, 0x1e, 0x10, 0x10, 0x1f]),
    ('F', [0x1f, 0x10, 0x10, 0x1e, 0x10, 0x10, 0x10]),
    ('H', [0x11, 0x11, 0x11, 0x1f, 0x11, 0x11, 0x11]),
    ('J', [0x07, 0x02, 0x02, 0x02, 0x02, 0x12, 0x0c]),
    ('K', [0x11, 0x12, 0x14, 0x18, 0x14, 0x12, 0x11]),
    ('L', [0x10, 0x10, 0x10, 0x10, 0x10, 0x10, 0x1f]),
    ('M', [0x11, 0x1b, 0x15, 0x15, 0x11, 0x11, 0x11]),
    ('N', [0x11, 0x19, 0x15, 0x13, 0x11, 0x11, 0x11]),
    ('P', [0x1e, 0x11, 0x11, 0x1e, 0x10, 0x10, 0x10]),
    ('R', [0x1e, 0x11, 0x11, 0x1e, 0x14, 0x12, 0x11]),
    ('T', [0x1f, 0x04, 0x04, 0x04, 0x04, 0x04, 0x04]),
    ('W', [0x11, 0x11, 0x11, 0x15, 0x15, 0x1b, 0x11]),
    ('X', [0x11, 0x11, 0x0a, 0x04, 0x0a, 0x11, 0x11]),
    ('Y', [0x11, 0x11, 0x0a, 0x04, 0x04, 0x04, 0x04]),
];

/// Draws five letters out of random bytes. Returns them and the picture, as a `data:` address.
pub(super) fn draw(random: [u8; 32]) -> (String, String) {
    let letters: Vec<usize> = random[..LETTERS]
        .iter()
        .map(|byte| usize::from(*byte) % FONT.len())
        .collect();
    let text = letters.iter().map(|at| FONT[*at].0).collect();
    let mut noise = Noise(u64::from_be_bytes(
        random[8..16].try_into().expect("eight bytes are eight"),
    ));
    let mut pixels = vec![255_u8; WIDTH * HEIGHT];
    for (place, at) in letters.iter().enumerate() {
        letter(&mut pixels, place, FONT[*at].1, &mut noise);
    }
    let wave = (
        noise.below(100) as f32 / 16.0,
        3.0 + noise.below(40) as f32 / 10.0,
    );
    let mut pixels = waved(&pixels, wave);
    for _ in 0..5 {
        line(&mut pixels, &mut noise);
    }
    for _ in 0..900 {
        let at = noise.below(WIDTH * HEIGHT);
        pixels[at] = 255 - pixels[at] / 2;
    }
    let address = format!("data:image/png;base64,{}", STANDARD.encode(png(&pixels)));
    (text, address)
}

/// Repeatable noise; what must not be guessed is the letters, and they are drawn elsewhere.
struct Noise(u64);

impl Noise {
    /// Splitmix64.
    fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((mixed ^ (mixed >> 31)) % end as u64) as usize
    }
}

/// One letter, leaning and shifted a little.
fn letter(pixels: &mut [u8], place: usize, rows: [u8; 7], noise: &mut Noise) {
    let left = 8 + place * (WIDTH - 16) / LETTERS + noise.below(6);
    let top = 10 + noise.below(HEIGHT - 20 - DOTS.1 * DOT);
    let lean = noise.below(9) as i64 - 4;
    let ink = 20 + noise.below(80) as u8;
    for y in 0..DOTS.1 * DOT {
        for x in 0..DOTS.0 * DOT {
            if rows[y / DOT] >> (DOTS.0 - 1 - x / DOT) & 1 == 0 {
                continue;
            }
            let shift = lean * (y as i64 - 28) / 28;
            let at = (left + x) as i64 + shift;
            if let Ok(at) = usize::try_from(at)
                && at < WIDTH
            {
                pixels[(top + y) * WIDTH + at] = ink;
            }
        }
    }
}

fn waved(pixels: &[u8], (phase, height): (f32, f32)) -> Vec<u8> {
    let mut out = vec![255; pixels.len()];
    for x in 0..WIDTH {
        let shift = ((x as f32 / 22.0 + phase).sin() * height) as i64;
        for y in 0..HEIGHT {
            if let Ok(from) = usize::try_from(y as i64 + shift)
                && from < HEIGHT
            {
                out[y * WIDTH + x] = pixels[from * WIDTH + x];
            }
        }
    }
    out
}

/// A thick line from side to side.
fn line(pixels: &mut [u8], noise: &mut Noise) {
    let (from, to) = (noise.below(HEIGHT), noise.below(HEIGHT));
    let ink = 60 + noise.below(120) as u8;
    for x in 0..WIDTH {
        let y = (from * (WIDTH - x) + to * x) / WIDTH;
        for y in y..(y + 2).min(HEIGHT) {
            pixels[y * WIDTH + x] = ink;
        }
    }
}

fn png(pixels: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut encoder = png::Encoder::new(&mut bytes, WIDTH as u32, HEIGHT as u32);
    encoder.set_color(png::ColorType::Grayscale);
    encoder.set_depth(png::BitDepth::Eight);
    let written = encoder
        .write_header()
        .and_then(|mut writer| writer.write_image_data(pixels));
    written.expect("a Vec takes everything, and the picture has its size");
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn asvs_29_a_picture_is_an_image_with_ink_on_it_and_differs_each_time() {
        let (text, address) = draw(*b"any thirty-two bytes will do her");
        assert_eq!(text.chars().count(), LETTERS);
        let data = address.strip_prefix("data:image/png;base64,").unwrap();
        let bytes = STANDARD.decode(data).unwrap();
        assert!(bytes.starts_with(b"\x89PNG") && bytes.len() < 40_000);
        let mut reader = png::Decoder::new(std::io::Cursor::new(bytes))
            .read_info()
            .unwrap();
        let mut pixels = vec![0; WIDTH * HEIGHT];
        reader.next_frame(&mut pixels).unwrap();
        let ink = pixels.iter().filter(|pixel| **pixel < 128).count();
        assert!((2_000..12_000).contains(&ink), "{ink}");
        let (_, other) = draw(*b"some thirty-two bytes do as well");
        assert_ne!(address, other);
    }

    #[test]
    fn every_letter_can_be_drawn_at_every_edge() {
        for byte in 0..=255 {
            draw([byte; 32]);
        }
    }
}
