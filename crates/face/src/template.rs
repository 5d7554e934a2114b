//! What is kept of a face: 128 numbers and the model that made them. Enough to compare, not to draw.

use zeroize::Zeroizing;

use crate::models::ModelVersion;

/// A face as a point on the unit sphere of 128 dimensions. Wiped when dropped; its numbers never appear in `Debug`.
#[derive(Clone)]
pub struct Template {
    numbers: Zeroizing<Vec<f32>>,
    model: ModelVersion,
}

/// The numbers are not a face: not 128 of them, one not finite, or none but zero.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a face template")]
pub struct BadTemplate;

/// Two templates of different models: their likeness means nothing, and the person has to be enrolled again.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a template of {left} cannot be compared with one of {right}")]
pub struct Incomparable {
    /// The model of the one.
    pub left: ModelVersion,
    /// The model of the other.
    pub right: ModelVersion,
}

/// From here on the photograph of an ID card shows the person of a template. A starting value, as those of
/// [`crate::Thresholds`].
pub const ID_CARD_SIMILARITY: f32 = 0.40;

const DIMENSIONS: usize = 128;
/// First byte of the stored form.
const FORMAT: u8 = 1;

impl Template {
    /// Normalises what a model gave.
    pub fn new(model: ModelVersion, numbers: &[f32]) -> Result<Self, BadTemplate> {
        let length = numbers
            .iter()
            .map(|&v| f64::from(v) * f64::from(v))
            .sum::<f64>()
            .sqrt();
        if numbers.len() != DIMENSIONS || !length.is_finite() || length < 1e-6 {
            return Err(BadTemplate);
        }
        let numbers = numbers
            .iter()
            .map(|&v| (f64::from(v) / length) as f32)
            .collect();
        Ok(Self {
            numbers: Zeroizing::new(numbers),
            model,
        })
    }

    /// Cosine of the angle between the two, -1 to 1: the same person is mostly above 0.4, two persons mostly below 0.3.
    pub fn similarity(&self, other: &Self) -> Result<f32, Incomparable> {
        if self.model != other.model {
            return Err(Incomparable {
                left: self.model.clone(),
                right: other.model.clone(),
            });
        }
        let cosine: f32 = self
            .numbers
            .iter()
            .zip(other.numbers.iter())
            .map(|(a, b)| a * b)
            .sum();
        Ok(cosine.clamp(-1.0, 1.0))
    }

    /// The model that made it.
    pub fn model(&self) -> &ModelVersion {
        &self.model
    }

    /// The stored form, about 540 bytes: format, length of the model's name, its name, 128 little-endian floats. It is
    /// biometric data: encrypt it under the person's key.
    pub fn to_bytes(&self) -> Zeroizing<Vec<u8>> {
        let name = self.model.as_str().as_bytes();
        let mut bytes = Zeroizing::new(Vec::with_capacity(2 + name.len() + DIMENSIONS * 4));
        bytes.extend([FORMAT, name.len() as u8]);
        bytes.extend(name);
        for number in self.numbers.iter() {
            bytes.extend(number.to_le_bytes());
        }
        bytes
    }

    /// Reads the stored form.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, BadTemplate> {
        let (&[format, length], rest) = bytes.split_first_chunk::<2>().ok_or(BadTemplate)?;
        let (name, numbers) = rest
            .split_at_checked(usize::from(length))
            .ok_or(BadTemplate)?;
        let model = std::str::from_utf8(name)
            .ok()
            .and_then(ModelVersion::parse)
            .ok_or(BadTemplate)?;
        let (numbers, tail) = numbers.as_chunks::<4>();
        if format != FORMAT || !tail.is_empty() {
            return Err(BadTemplate);
        }
        let numbers: Zeroizing<Vec<f32>> = Zeroizing::new(
            numbers
                .iter()
                .map(|&bytes| f32::from_le_bytes(bytes))
                .collect(),
        );
        Self::new(model, &numbers)
    }
}

impl std::fmt::Debug for Template {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Template({}, ..)", self.model)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn version(name: &str) -> ModelVersion {
        ModelVersion::parse(name).unwrap()
    }

    fn template(seed: f32) -> Template {
        let numbers: Vec<f32> = (0..128).map(|i| (i as f32 * seed).sin()).collect();
        Template::new(version("sface-1"), &numbers).unwrap()
    }

    #[test]
    fn face_12_what_is_not_a_face_makes_no_template() {
        let new = |numbers: &[f32]| Template::new(version("sface-1"), numbers).map(|_| ());
        assert_eq!(new(&[0.0; 128]), Err(BadTemplate));
        assert_eq!(new(&[1.0; 127]), Err(BadTemplate));
        assert_eq!(new(&[1.0; 129]), Err(BadTemplate));
        for wrong in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
            let mut numbers = [1.0; 128];
            numbers[77] = wrong;
            assert_eq!(new(&numbers), Err(BadTemplate));
        }
        assert_eq!(new(&[1.0; 128]), Ok(()));
    }

    #[test]
    fn face_12_stored_numbers_that_are_no_face_are_refused() {
        let mut bytes = template(0.7).to_bytes();
        let at = bytes.len() - 4;
        bytes[at..].copy_from_slice(&f32::NAN.to_le_bytes());
        assert_eq!(Template::from_bytes(&bytes).map(|_| ()), Err(BadTemplate));
    }

    #[test]
    fn face_11_templates_of_two_models_do_not_compare() {
        let old = template(0.7);
        let new = Template::new(version("sface-2"), &[1.0; 128]).unwrap();
        assert_eq!(
            old.similarity(&new).unwrap_err(),
            Incomparable {
                left: version("sface-1"),
                right: version("sface-2")
            }
        );
    }

    #[test]
    fn a_face_is_most_like_itself() {
        let (a, b) = (template(0.7), template(0.9));
        assert!((a.similarity(&a).unwrap() - 1.0).abs() < 1e-5);
        assert!(a.similarity(&b).unwrap() < 0.9);
    }

    #[test]
    fn face_08_the_numbers_are_not_shown() {
        assert_eq!(format!("{:?}", template(0.7)), "Template(sface-1, ..)");
    }

    proptest! {
        #[test]
        fn what_is_stored_comes_back(numbers in proptest::collection::vec(-100f32..100.0, 128)) {
            prop_assume!(numbers.iter().any(|v| v.abs() > 1e-3));
            let template = Template::new(version("sface-1"), &numbers).unwrap();
            let back = Template::from_bytes(&template.to_bytes()).unwrap();
            prop_assert!((template.similarity(&back).unwrap() - 1.0).abs() < 1e-5);
        }

        #[test]
        fn any_bytes_are_read_or_refused(bytes in proptest::collection::vec(any::<u8>(), 0..700)) {
            if let Ok(template) = Template::from_bytes(&bytes) {
                prop_assert!((template.similarity(&template).unwrap() - 1.0).abs() < 1e-4);
            }
        }
    }
}
