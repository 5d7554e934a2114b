//! Pixels: eight bits of red, green and blue each, wiped when dropped.

use zeroize::Zeroize;

/// A decoded picture. Its memory is overwritten before it is given back.
pub struct Picture {
    width: usize,
    height: usize,
    rgb: Vec<u8>,
}

impl Drop for Picture {
    fn drop(&mut self) {
        self.rgb.zeroize();
    }
}

impl std::fmt::Debug for Picture {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Picture({}x{})", self.width, self.height)
    }
}

impl Picture {
    /// From rows of red, green, blue; `None` unless there are exactly `width * height` pixels and at least one.
    pub fn from_rgb(width: usize, height: usize, rgb: Vec<u8>) -> Option<Self> {
        let expected = width.checked_mul(height)?.checked_mul(3)?;
        (expected > 0 && rgb.len() == expected).then_some(Self { width, height, rgb })
    }

    /// In pixels.
    pub fn width(&self) -> usize {
        self.width
    }

    /// In pixels.
    pub fn height(&self) -> usize {
        self.height
    }

    /// Rows of red, green, blue.
    pub fn rgb(&self) -> &[u8] {
        &self.rgb
    }

    /// Smaller or larger, bilinear with half-pixel centres. Shrinking by 2 or more averages first, so that fine patterns
    /// do not turn into others.
    pub(crate) fn resized(&self, width: usize, height: usize) -> Self {
        let shrink = (self.width / width.max(1)).min(self.height / height.max(1));
        if shrink >= 2 {
            self.averaged(shrink).bilinear(width, height)
        } else {
            self.bilinear(width, height)
        }
    }

    /// Each block of `factor` x `factor` pixels becomes one; what does not fill a block at the right and below is cut.
    pub(crate) fn averaged(&self, factor: usize) -> Self {
        let (width, height) = (self.width / factor, self.height / factor);
        let (area, row) = ((factor * factor) as u32, self.width * 3);
        let mut rgb = Vec::with_capacity(width * height * 3);
        for rows in self.rgb.chunks_exact(row * factor) {
            for left in (0..width * factor * 3).step_by(factor * 3) {
                let mut sums = [area / 2; 3];
                for row in rows.chunks_exact(row) {
                    for pixel in row[left..left + factor * 3].as_chunks::<3>().0 {
                        for (sum, &value) in sums.iter_mut().zip(pixel) {
                            *sum += u32::from(value);
                        }
                    }
                }
                rgb.extend(sums.map(|sum| (sum / area) as u8));
            }
        }
        Self { width, height, rgb }
    }

    fn bilinear(&self, width: usize, height: usize) -> Self {
        if (width, height) == (self.width, self.height) {
            return Self {
                width,
                height,
                rgb: self.rgb.clone(),
            };
        }
        let columns = taps(self.width, width);
        let mut rgb = Vec::with_capacity(width * height * 3);
        for (y0, y1, dy) in taps(self.height, height) {
            let (upper, lower) = (
                &self.rgb[y0 * self.width * 3..],
                &self.rgb[y1 * self.width * 3..],
            );
            for &(x0, x1, dx) in &columns {
                for channel in 0..3 {
                    let (left, right) = (x0 * 3 + channel, x1 * 3 + channel);
                    let top = mix(upper[left], upper[right], dx);
                    let bottom = mix(lower[left], lower[right], dx);
                    rgb.push((top + (bottom - top) * dy + 0.5) as u8);
                }
            }
        }
        Self { width, height, rgb }
    }

    /// The pixels from `left`, `top` on; both must lie inside and the part must fit.
    pub(crate) fn cropped(&self, left: usize, top: usize, width: usize, height: usize) -> Self {
        let mut rgb = Vec::with_capacity(width * height * 3);
        for row in self.rgb.chunks_exact(self.width * 3).skip(top).take(height) {
            rgb.extend_from_slice(&row[left * 3..(left + width) * 3]);
        }
        Self { width, height, rgb }
    }

    /// A picture whose pixel (x, y) is what lies at `map` of (x, y) here, bilinear; outside is black.
    pub(crate) fn warped(&self, map: &Affine, width: usize, height: usize) -> Self {
        let mut rgb = vec![0u8; width * height * 3];
        let (last_x, last_y) = (self.width as f32 - 1.0, self.height as f32 - 1.0);
        let pixels = self.rgb.as_chunks::<3>().0;
        for (y, row) in rgb.chunks_exact_mut(width * 3).enumerate() {
            for (x, pixel) in row.as_chunks_mut::<3>().0.iter_mut().enumerate() {
                let [sx, sy] = map.of([x as f32, y as f32]);
                if sx >= 0.0 && sy >= 0.0 && sx < last_x && sy < last_y {
                    let (x0, y0) = (sx as usize, sy as usize);
                    let at = y0 * self.width + x0;
                    let corners = [
                        pixels[at],
                        pixels[at + 1],
                        pixels[at + self.width],
                        pixels[at + self.width + 1],
                    ];
                    *pixel = between(corners, sx - x0 as f32, sy - y0 as f32);
                } else if sx > -1.0 && sy > -1.0 && sx < last_x + 1.0 && sy < last_y + 1.0 {
                    self.at_the_border(sx, sy, pixel);
                }
            }
        }
        Self { width, height, rgb }
    }

    fn at_the_border(&self, sx: f32, sy: f32, pixel: &mut [u8]) {
        let (x0, y0) = (sx.floor(), sy.floor());
        let (dx, dy) = (sx - x0, sy - y0);
        let inside = |x: f32, y: f32, channel: usize| {
            if x < 0.0 || y < 0.0 || x as usize >= self.width || y as usize >= self.height {
                0
            } else {
                self.rgb[(y as usize * self.width + x as usize) * 3 + channel]
            }
        };
        for (channel, value) in pixel.iter_mut().enumerate() {
            let top = mix(inside(x0, y0, channel), inside(x0 + 1.0, y0, channel), dx);
            let bottom = mix(
                inside(x0, y0 + 1.0, channel),
                inside(x0 + 1.0, y0 + 1.0, channel),
                dx,
            );
            *value = (top + (bottom - top) * dy + 0.5) as u8;
        }
    }

    /// How light each pixel is, 0 to 255 (BT.601).
    pub(crate) fn luminance(&self) -> Vec<u8> {
        self.rgb
            .chunks_exact(3)
            .map(|p| {
                ((u32::from(p[0]) * 299 + u32::from(p[1]) * 587 + u32::from(p[2]) * 114 + 500)
                    / 1000) as u8
            })
            .collect()
    }

    /// One plane after the other, as the models want them, 0 to 255.
    pub(crate) fn planes(&self, order: Channels) -> Vec<f32> {
        let area = self.width * self.height;
        let mut planes = vec![0.0; area * 3];
        self.write_planes(order, &mut planes, self.width, self.height);
        planes
    }

    /// The same into planes that are `width` x `height`; what the picture does not reach is left as it is.
    pub(crate) fn write_planes(
        &self,
        order: Channels,
        planes: &mut [f32],
        width: usize,
        height: usize,
    ) {
        let (first, rest) = planes.split_at_mut(width * height);
        let (second, third) = rest.split_at_mut(width * height);
        let (red, green, blue) = match order {
            Channels::Rgb => (first, second, third),
            Channels::Bgr => (third, second, first),
        };
        for (y, row) in self
            .rgb
            .chunks_exact(self.width * 3)
            .enumerate()
            .take(height)
        {
            let at = y * width;
            for (x, pixel) in row.chunks_exact(3).enumerate().take(width) {
                red[at + x] = f32::from(pixel[0]);
                green[at + x] = f32::from(pixel[1]);
                blue[at + x] = f32::from(pixel[2]);
            }
        }
    }
}

/// The order in which a model wants its planes.
#[derive(Clone, Copy)]
pub(crate) enum Channels {
    Rgb,
    Bgr,
}

/// Where a place of one picture lies in another: rotated, scaled, moved.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Affine(pub [f32; 6]);

impl Affine {
    /// The way back. Nowhere, if everything lies in one place.
    pub(crate) fn inverse(&self) -> Self {
        let m = self.0.map(f64::from);
        let area = m[0] * m[4] - m[1] * m[3];
        let turn = [m[4] / area, -m[1] / area, -m[3] / area, m[0] / area];
        let back = [
            -turn[0] * m[2] - turn[1] * m[5],
            -turn[2] * m[2] - turn[3] * m[5],
        ];
        Self([turn[0], turn[1], back[0], turn[2], turn[3], back[1]].map(|v| v as f32))
    }

    /// How many times longer a way is there than here.
    pub(crate) fn scale(&self) -> f32 {
        self.0[0].hypot(self.0[3])
    }

    pub(crate) fn of(&self, [x, y]: [f32; 2]) -> [f32; 2] {
        let m = &self.0;
        [m[0] * x + m[1] * y + m[2], m[3] * x + m[4] * y + m[5]]
    }
}

/// Between four pixels, the upper two first, to a 256th of a pixel.
fn between(corners: [[u8; 3]; 4], right: f32, down: f32) -> [u8; 3] {
    let (right, down) = ((right * 256.0 + 0.5) as u32, (down * 256.0 + 0.5) as u32);
    let shares = [
        (256 - right) * (256 - down),
        right * (256 - down),
        (256 - right) * down,
        right * down,
    ];
    std::array::from_fn(|channel| {
        let sum: u32 = corners
            .iter()
            .zip(shares)
            .map(|(pixel, share)| u32::from(pixel[channel]) * share)
            .sum();
        ((sum + (1 << 15)) >> 16) as u8
    })
}

fn mix(a: u8, b: u8, share: f32) -> f32 {
    let a = f32::from(a);
    a + (f32::from(b) - a) * share
}

/// For each place of the result the two places it lies between and how far along.
fn taps(from: usize, to: usize) -> Vec<(usize, usize, f32)> {
    let step = from as f32 / to as f32;
    (0..to)
        .map(|i| {
            let at = ((i as f32 + 0.5) * step - 0.5).clamp(0.0, (from - 1) as f32);
            let first = at as usize;
            (first, (first + 1).min(from - 1), at - first as f32)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn gradient(width: usize, height: usize) -> Picture {
        let rgb = (0..height)
            .flat_map(|y| (0..width).flat_map(move |x| [(x % 256) as u8, (y % 256) as u8, 7]));
        Picture::from_rgb(width, height, rgb.collect()).unwrap()
    }

    #[test]
    fn a_picture_has_exactly_its_pixels() {
        assert!(Picture::from_rgb(2, 2, vec![0; 12]).is_some());
        assert!(Picture::from_rgb(2, 2, vec![0; 11]).is_none());
        assert!(Picture::from_rgb(0, 2, vec![]).is_none());
        assert!(Picture::from_rgb(usize::MAX, 2, vec![]).is_none());
    }

    #[test]
    fn the_identity_changes_nothing() {
        let picture = gradient(40, 30);
        assert_eq!(picture.resized(40, 30).rgb, picture.rgb);
        let same = picture.warped(&Affine([1.0, 0.0, 0.0, 0.0, 1.0, 0.0]), 40, 30);
        assert_eq!(same.rgb, picture.rgb);
    }

    #[test]
    fn what_lies_outside_is_black() {
        let moved = gradient(40, 30).warped(&Affine([1.0, 0.0, 100.0, 0.0, 1.0, 0.0]), 40, 30);
        assert!(moved.rgb.iter().all(|&v| v == 0));
    }

    #[test]
    fn shrinking_averages_and_does_not_alias() {
        // A chequerboard of single pixels is grey from afar; picking every fourth pixel would make it black or white.
        let rgb = (0..64)
            .flat_map(|y| (0..64).flat_map(move |x| [((x + y) % 2 * 255) as u8; 3]))
            .collect();
        let small = Picture::from_rgb(64, 64, rgb).unwrap().resized(16, 16);
        assert!(small.rgb.iter().all(|&v| (126..=129).contains(&v)));
    }

    #[test]
    fn a_part_is_cut_out_where_it_was_asked() {
        let part = gradient(40, 30).cropped(5, 7, 3, 2);
        assert_eq!(
            (part.width, part.height, &part.rgb[..3]),
            (3, 2, &[5u8, 7, 7][..])
        );
    }
}
