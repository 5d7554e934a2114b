//! Blinks, open mouths and turns from a still: its landmarks are moved, and the picture is stretched triangle by triangle.

use std::f32::consts::TAU;

use image::{Rgb, RgbImage};
use zhipei_face::{DetectorSide, Landmarks, Limits, decode};

use super::{jpeg, pipeline};

type Point = [f32; 2];

/// A still and the points of its face.
pub(crate) struct Subject {
    still: RgbImage,
    points: Vec<[f32; 3]>,
    /// Points around the face that stay where they are.
    frame: Vec<Point>,
}

/// Iris points move with nothing here and are left out.
const MOVED: usize = 468;
/// Upper lid and the point of the lower lid that it meets.
const LIDS: [(usize, usize); 14] = [
    (159, 145),
    (158, 153),
    (160, 144),
    (161, 163),
    (157, 154),
    (173, 155),
    (246, 7),
    (386, 374),
    (385, 380),
    (387, 373),
    (388, 390),
    (384, 381),
    (398, 382),
    (466, 249),
];
/// Skin between brow and lid, which follows a little.
const BROWS: [usize; 14] = [
    27, 28, 29, 30, 56, 190, 247, 257, 258, 259, 260, 286, 414, 467,
];
/// Outline of an eye, from the outer corner over the upper lid and back along the lower one, and skin above it.
const EYES: [([usize; 16], [usize; 4]); 2] = [
    (
        [
            33, 246, 161, 160, 159, 158, 157, 173, 133, 155, 154, 153, 145, 144, 163, 7,
        ],
        [27, 28, 29, 30],
    ),
    (
        [
            263, 466, 388, 387, 386, 385, 384, 398, 362, 382, 381, 380, 374, 373, 390, 249,
        ],
        [257, 258, 259, 260],
    ),
];
/// Lower lip and chin.
#[rustfmt::skip]
const LOWER_FACE: [usize; 60] = [
    14, 87, 178, 88, 95, 317, 402, 318, 324, 17, 84, 181, 91, 146, 314, 405, 321, 375, 15, 16, 85, 180, 90, 77, 86, 179,
    89, 96, 316, 403, 319, 325, 315, 404, 320, 307, 18, 83, 182, 106, 313, 406, 335, 200, 201, 208, 194, 421, 418, 428,
    424, 204, 199, 175, 152, 148, 377, 176, 400, 171,
];
const INNER_LIPS: [usize; 20] = [
    78, 191, 80, 81, 82, 13, 312, 311, 310, 415, 308, 324, 318, 402, 317, 14, 87, 178, 88, 95,
];
const JAW: [usize; 4] = [148, 176, 377, 400];

impl Subject {
    pub(crate) fn new(still: RgbImage) -> Self {
        let picture = decode(&jpeg(&still), &Limits::FRAME).unwrap();
        let mut pipeline = pipeline();
        let faces = pipeline.detect(&picture, DetectorSide::Photograph).unwrap();
        let face = faces[0];
        let (landmarks, _) = pipeline.landmarks(&picture, &face).unwrap();
        let points = Landmarks::points(&landmarks).to_vec();
        let (width, height) = (still.width() as f32 - 2.0, still.height() as f32 - 2.0);
        let reach = 0.95 * 1.5 * face.width.max(face.height);
        let (x, y) = (face.left + face.width / 2.0, face.top + face.height / 2.0);
        let around = (0..24).map(|i| (i as f32 * TAU / 24.0).sin_cos());
        let mut frame: Vec<Point> = around
            .map(|(sin, cos)| {
                [
                    (x + reach * cos).clamp(1.0, width),
                    (y + reach * sin).clamp(1.0, height),
                ]
            })
            .collect();
        frame.extend([[1.0, 1.0], [width, 1.0], [1.0, height], [width, height]]);
        Self {
            still,
            points,
            frame,
        }
    }

    pub(crate) fn still(&self) -> &RgbImage {
        &self.still
    }

    /// Both eyes closed.
    pub(crate) fn blinking(&self) -> RgbImage {
        let mut moved = self.points.clone();
        for (upper, lower) in LIDS {
            let [x, y] = [0, 1].map(|axis| self.points[lower][axis] - self.points[upper][axis]);
            moved[upper] = [
                moved[upper][0] + x * 0.9,
                moved[upper][1] + y * 0.9,
                moved[upper][2],
            ];
            moved[lower] = [
                moved[lower][0] - x * 0.02,
                moved[lower][1] - y * 0.02,
                moved[lower][2],
            ];
        }
        let eye = (self.points[145][1] - self.points[159][1]).abs();
        for i in BROWS {
            moved[i][1] += eye * 0.5;
        }
        let mut picture = self.warped(&moved);
        for (outline, skin) in EYES {
            let place = |i: usize| [moved[i][0], moved[i][1]];
            let colours = skin.map(|i| bilinear(&picture, place(i)));
            let colour = Rgb(std::array::from_fn(|c| {
                (colours.iter().map(|p| u32::from(p[c])).sum::<u32>() / 4) as u8
            }));
            fill(
                &mut picture,
                &outline.map(|i| [self.points[i][0], self.points[i][1]]),
                colour,
            );
            // Lashes along the lower lid, which is the lower half of the outline.
            let thick = eye * 0.12;
            let lid = &outline[8..];
            let lower = lid
                .iter()
                .map(|&i| [self.points[i][0], self.points[i][1] + thick]);
            let lashes: Vec<Point> = lid
                .iter()
                .rev()
                .map(|&i| [self.points[i][0], self.points[i][1] - thick])
                .chain(lower)
                .collect();
            fill(&mut picture, &lashes, Rgb(colour.0.map(|v| v / 3)));
        }
        picture
    }

    /// Wide open, dark inside.
    pub(crate) fn open_mouthed(&self) -> RgbImage {
        let mut moved = self.points.clone();
        let face = (self.points[152][1] - self.points[10][1])
            .hypot(self.points[152][0] - self.points[10][0]);
        for i in LOWER_FACE {
            moved[i][1] += face * if JAW.contains(&i) { 0.096 } else { 0.12 };
        }
        let mut picture = self.warped(&moved);
        let lips: Vec<Point> = INNER_LIPS
            .iter()
            .map(|&i| [moved[i][0], moved[i][1]])
            .collect();
        fill(&mut picture, &lips, Rgb([45, 22, 30]));
        picture
    }

    /// The head turned by so many degrees, to the person's left if positive.
    pub(crate) fn turned(&self, degrees: f32) -> RgbImage {
        let middle = self.points[..MOVED].iter().map(|p| p[0]).sum::<f32>() / MOVED as f32;
        let back = self.points[..MOVED]
            .iter()
            .map(|p| p[2])
            .fold(f32::MIN, f32::max);
        let (sin, cos) = (-degrees).to_radians().sin_cos();
        let turn = |p: &[f32; 3]| {
            [
                middle + (p[0] - middle) * cos + (p[2] - back) * sin,
                p[1],
                p[2],
            ]
        };
        self.warped(&self.points.iter().map(turn).collect::<Vec<_>>())
    }

    fn warped(&self, moved: &[[f32; 3]]) -> RgbImage {
        let all = |points: &[[f32; 3]]| -> Vec<Point> {
            points[..MOVED]
                .iter()
                .map(|p| [p[0], p[1]])
                .chain(self.frame.iter().copied())
                .collect()
        };
        let (from, to) = (all(&self.points), all(moved));
        let mut picture = self.still.clone();
        for triangle in triangles(&to) {
            let corners = triangle.map(|i| to[i]);
            let sources = triangle.map(|i| from[i]);
            for (x, y, shares) in pixels_in(corners, picture.dimensions()) {
                let source = [0, 1].map(|axis| {
                    sources
                        .iter()
                        .zip(shares)
                        .map(|(source, share)| source[axis] * share)
                        .sum()
                });
                picture.put_pixel(x, y, bilinear(&self.still, source));
            }
        }
        picture
    }
}

/// The pixels of a triangle, each with the shares of the corners in it.
fn pixels_in([a, b, c]: [Point; 3], (width, height): (u32, u32)) -> Vec<(u32, u32, [f32; 3])> {
    let area = cross(a, b, c);
    if area.abs() < 1e-3 {
        return Vec::new();
    }
    let range = |axis: usize, limit: u32| {
        let values = [a[axis], b[axis], c[axis]];
        let (least, most) = values
            .iter()
            .fold((f32::MAX, f32::MIN), |(l, m), &v| (l.min(v), m.max(v)));
        (least.floor().max(0.0) as u32)..=(most.ceil().min(limit as f32 - 1.0).max(0.0) as u32)
    };
    let mut pixels = Vec::new();
    for y in range(1, height) {
        for x in range(0, width) {
            let point = [x as f32, y as f32];
            let shares = [
                cross(point, b, c) / area,
                cross(a, point, c) / area,
                cross(a, b, point) / area,
            ];
            if shares.iter().all(|&share| share >= -1e-4) {
                pixels.push((x, y, shares));
            }
        }
    }
    pixels
}

fn bilinear(picture: &RgbImage, [x, y]: Point) -> Rgb<u8> {
    let (x, y) = (
        x.clamp(0.0, picture.width() as f32 - 1.001),
        y.clamp(0.0, picture.height() as f32 - 1.001),
    );
    let (left, top) = (x as u32, y as u32);
    let (dx, dy) = (x - left as f32, y - top as f32);
    let at =
        |i: u32, j: u32, channel: usize| f32::from(picture.get_pixel(left + i, top + j)[channel]);
    Rgb(std::array::from_fn(|channel| {
        let upper = at(0, 0, channel) * (1.0 - dx) + at(1, 0, channel) * dx;
        let lower = at(0, 1, channel) * (1.0 - dx) + at(1, 1, channel) * dx;
        (upper * (1.0 - dy) + lower * dy).round() as u8
    }))
}

fn fill(picture: &mut RgbImage, outline: &[Point], colour: Rgb<u8>) {
    for y in 0..picture.height() {
        for x in 0..picture.width() {
            let (px, py) = (x as f32, y as f32);
            let crossings = outline
                .iter()
                .zip(outline.iter().cycle().skip(1))
                .filter(|(a, b)| {
                    (a[1] > py) != (b[1] > py)
                        && px < (b[0] - a[0]) * (py - a[1]) / (b[1] - a[1]) + a[0]
                });
            if crossings.count() % 2 == 1 {
                picture.put_pixel(x, y, colour);
            }
        }
    }
}

/// Delaunay's triangles, by inserting point after point (Bowyer and Watson).
fn triangles(points: &[Point]) -> Vec<[usize; 3]> {
    let count = points.len();
    let mut points = points.to_vec();
    points.extend([[-1e5, -1e5], [1e5, -1e5], [0.0, 1e5]]);
    let mut triangles = vec![[count, count + 1, count + 2]];
    for i in 0..count {
        let (hit, kept): (Vec<_>, Vec<_>) = triangles
            .into_iter()
            .partition(|triangle| in_circle(&points, *triangle, points[i]));
        triangles = kept;
        let edges: Vec<[usize; 2]> = hit
            .iter()
            .flat_map(|&[a, b, c]| [[a, b], [b, c], [c, a]])
            .collect();
        for &[a, b] in &edges {
            if !edges.contains(&[b, a]) {
                triangles.push([a, b, i]);
            }
        }
    }
    triangles.retain(|triangle| triangle.iter().all(|&i| i < count));
    triangles
}

fn in_circle(points: &[Point], triangle: [usize; 3], point: Point) -> bool {
    let [a, b, c] = triangle.map(|i| {
        [
            f64::from(points[i][0] - point[0]),
            f64::from(points[i][1] - point[1]),
        ]
    });
    let square = |p: [f64; 2]| p[0] * p[0] + p[1] * p[1];
    let two = |p: [f64; 2], q: [f64; 2]| p[0] * q[1] - p[1] * q[0];
    square(a) * two(b, c) - square(b) * two(a, c) + square(c) * two(a, b) > 0.0
}

fn cross(a: Point, b: Point, c: Point) -> f32 {
    (b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0])
}
