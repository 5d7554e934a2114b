//! Photographs of one person: who is like whom, and what is to be put right.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod support;

use image::{Rgb, RgbImage, imageops};
use support::warp::Subject;
use support::{jpeg, photograph, pipeline, still, template};
use zhipei_face::{Advice, Limits, Portrait, QualityLimits, Thresholds, decode};

const PEOPLE: [&str; 6] = [
    "person_a_1",
    "person_a_2",
    "person_b_1",
    "person_b_2",
    "impostor_1",
    "impostor_2",
];

fn portrait(picture: &RgbImage) -> Portrait {
    pipeline()
        .portrait(&jpeg(picture), &QualityLimits::CAMERA)
        .unwrap()
}

/// By hint and by portrait, which must say the same.
fn advice(picture: &RgbImage) -> Option<Advice> {
    let portrait = portrait(picture);
    let hint = pipeline()
        .hint(&jpeg(picture), &QualityLimits::CAMERA)
        .unwrap();
    assert_eq!(portrait.advice, hint.advice);
    portrait.advice
}

fn changed(picture: &RgbImage, change: impl Fn(f32) -> f32) -> RgbImage {
    let mut picture = picture.clone();
    for Rgb(values) in picture.pixels_mut() {
        *values = values.map(|v| change(f32::from(v)).clamp(0.0, 255.0) as u8);
    }
    picture
}

#[test]
fn one_person_years_apart_is_alike_and_two_persons_are_not() {
    let templates = PEOPLE.map(template);
    let threshold = Thresholds::login().similarity;
    for (i, first) in templates.iter().enumerate() {
        for (j, second) in templates.iter().enumerate().skip(i + 1) {
            let same = PEOPLE[i][..8] == PEOPLE[j][..8] && PEOPLE[i].starts_with("person");
            let similarity = first.similarity(second).unwrap();
            assert_eq!(
                similarity >= threshold,
                same,
                "{} and {}: {similarity}",
                PEOPLE[i],
                PEOPLE[j]
            );
        }
    }
}

#[test]
fn all_photographs_are_good_enough_dark_skin_included() {
    for name in PEOPLE {
        let portrait = pipeline()
            .portrait(&photograph(name), &QualityLimits::CAMERA)
            .unwrap();
        assert_eq!(portrait.advice, None, "{name}: {:?}", portrait.quality);
        assert!(portrait.template.is_some());
    }
}

#[test]
fn what_is_wrong_is_told_in_words() {
    let good = still("person_b_1");
    assert_eq!(advice(&good), None);
    assert_eq!(
        advice(&changed(&good, |v| v * 0.15)),
        Some(Advice::MoreLight)
    );
    assert_eq!(
        advice(&changed(&good, |v| v * 0.4 + 190.0)),
        Some(Advice::LessLight)
    );
    assert_eq!(advice(&imageops::blur(&good, 9.0)), Some(Advice::HoldStill));
    assert_eq!(
        advice(&Subject::new(good.clone()).turned(42.0)),
        Some(Advice::FaceTheCamera)
    );

    let mut far = RgbImage::from_pixel(640, 480, Rgb([150, 150, 150]));
    let small = imageops::resize(&good, 127, 160, imageops::FilterType::Triangle);
    imageops::overlay(&mut far, &small, 250, 160);
    assert_eq!(advice(&far), Some(Advice::ComeCloser));

    let near = imageops::crop_imm(&good, 172, 125, 165, 230).to_image();
    assert_eq!(advice(&near), Some(Advice::MoveBack));
    assert_eq!(Advice::MoveBack.words(), "请离远一些");
}

#[test]
fn blur_far_below_what_a_camera_makes_is_told_from_sharpness() {
    for name in PEOPLE {
        let good = still(name);
        let sharpness = |sigma: f32| {
            portrait(&imageops::blur(&good, sigma))
                .quality
                .map(|quality| quality.sharpness)
                .unwrap()
        };
        let limit = QualityLimits::CAMERA.min_sharpness;
        assert!(
            sharpness(1.5) > limit && sharpness(12.0) < limit,
            "{name}: {} {}",
            sharpness(1.5),
            sharpness(12.0)
        );
    }
}

#[test]
fn face_05_two_faces_give_no_template() {
    let (first, second) = (still("person_b_1"), still("impostor_2"));
    let mut both = RgbImage::new(first.width() + second.width(), 640);
    imageops::overlay(&mut both, &first, 0, 0);
    imageops::overlay(&mut both, &second, i64::from(first.width()), 0);
    let portrait = portrait(&both);
    assert_eq!(portrait.advice, Some(Advice::OnePersonOnly));
    assert!(portrait.template.is_none() && portrait.live.is_none());
}

#[test]
fn nobody_is_nobody() {
    let grey = RgbImage::from_pixel(640, 480, Rgb([128, 128, 128]));
    let portrait = portrait(&grey);
    assert_eq!(
        (
            portrait.advice,
            portrait.template.is_none(),
            portrait.quality
        ),
        (Some(Advice::NobodySeen), true, None)
    );
    let hint = pipeline()
        .hint(&jpeg(&grey), &QualityLimits::CAMERA)
        .unwrap();
    assert_eq!(hint.face, None);
}

#[test]
fn the_hint_says_where_the_face_is() {
    let picture = still("person_b_1");
    let hint = pipeline()
        .hint(&jpeg(&picture), &QualityLimits::CAMERA)
        .unwrap();
    let [left, top, width, height] = hint.face.unwrap();
    assert!(
        left > 0.2 && left + width < 0.8 && top > 0.1 && top + height < 0.7,
        "{:?}",
        hint.face
    );
}

#[test]
fn face_05_a_photograph_that_a_camera_turned_is_the_same_face() {
    // Stored lying on its side, with the EXIF word that says so.
    let upright = still("person_b_1");
    let lying = jpeg(&imageops::rotate270(&upright));
    let mut turned = lying[..2].to_vec();
    turned.extend(
        b"\xff\xe1\0\x22Exif\0\0MM\0\x2a\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x06\0\0\0\0\0\0",
    );
    turned.extend(&lying[2..]);
    let limits = QualityLimits::CAMERA;
    let (straight, turned) = (
        portrait(&upright),
        pipeline().portrait(&turned, &limits).unwrap(),
    );
    assert_eq!(turned.advice, None);
    assert!(
        turned
            .template
            .unwrap()
            .similarity(&straight.template.unwrap())
            .unwrap()
            > 0.97
    );
    // The same word on a picture that stands upright lays it down.
    let upright = jpeg(&upright);
    let mut wrong = upright[..2].to_vec();
    wrong.extend(
        b"\xff\xe1\0\x22Exif\0\0MM\0\x2a\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x06\0\0\0\0\0\0",
    );
    wrong.extend(&upright[2..]);
    assert!(
        pipeline()
            .portrait(&wrong, &limits)
            .unwrap()
            .advice
            .is_some()
    );
}

#[test]
fn any_size_of_picture_can_be_looked_at() {
    let good = still("person_b_1");
    for (width, height) in [(32, 32), (33, 640), (640, 33), (97, 131), (1_900, 60)] {
        let picture = imageops::resize(&good, width, height, imageops::FilterType::Triangle);
        assert!(decode(&jpeg(&picture), &Limits::FRAME).is_ok());
        let _ = portrait(&picture);
    }
}

#[test]
fn a_template_says_which_model_made_it() {
    let template = template("person_a_1");
    assert_eq!(template.model().to_string(), "sface-03e70bbfa54f");
    assert_eq!(*template.model(), pipeline().versions().embedder);
}
