//! The files of models in one folder, made by `deploy/models`, each checked by its SHA-256 before it is used.

use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::error::{Error, Result};

/// The folder, and its contents as read. Clone it into the threads that load them.
pub struct Models {
    pub(crate) runtime: PathBuf,
    pub(crate) detector: Model,
    pub(crate) embedder: Model,
    pub(crate) landmarks: Model,
    pub(crate) blendshapes: Model,
    pub(crate) spoof: Option<[Model; 2]>,
}

/// One file.
pub(crate) struct Model {
    pub(crate) bytes: Vec<u8>,
    pub(crate) version: ModelVersion,
}

/// Name and first 12 hexadecimal digits of the SHA-256 of a model, as `sface-03e70bbfa54f`. Scores of different versions
/// do not compare.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ModelVersion(String);

/// What an engine works with; kept with each decision.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Versions {
    /// Finds faces and five points of each.
    pub detector: ModelVersion,
    /// Turns a face into 128 numbers.
    pub embedder: ModelVersion,
    /// Finds 478 points of a face.
    pub landmarks: ModelVersion,
    /// Tells from these points what the face does.
    pub blendshapes: ModelVersion,
    /// Tells a live face from a print or a screen; an installation may lack it.
    pub spoof: Option<[ModelVersion; 2]>,
}

const SUMS: &str = "SHA256SUMS";
const SPOOF: [&str; 2] = ["minifasnet_v2_2.7_80.onnx", "minifasnet_v1se_4.0_80.onnx"];

impl Models {
    /// Reads the folder. The four models that `deploy/models` makes must be byte for byte the known ones; the
    /// anti-spoofing pair, which is the operator's own, must be what `SHA256SUMS` says was brought.
    pub fn open(folder: &Path) -> Result<Self> {
        let known = |name, sha256| {
            let path = folder.join(name);
            Model::read(&path, sha256)
        };
        let present = SPOOF.map(|name| folder.join(name).exists());
        let spoof = if present.contains(&true) {
            let sums = read(&folder.join(SUMS))?;
            let sums = String::from_utf8_lossy(&sums);
            let listed = |name: &str| {
                sums.lines()
                    .find_map(|line| line.strip_suffix(name))
                    .map(str::trim)
                    .unwrap_or_default()
            };
            Some([
                Model::read(&folder.join(SPOOF[0]), listed(SPOOF[0]))?,
                Model::read(&folder.join(SPOOF[1]), listed(SPOOF[1]))?,
            ])
        } else {
            None
        };
        // The same four are in deploy/face_models/__main__.py.
        Ok(Self {
            runtime: folder.join("libonnxruntime.so"),
            detector: known(
                "yunet.onnx",
                "4fedf38cd8f40530a4821f13ce77b2ebc5d29e28af6bbb2c0e94b99440cc6c62",
            )?,
            embedder: known(
                "sface.onnx",
                "03e70bbfa54fd41d256c021e668fa73f0a12b4a45de4e87d211fcd9df4021cad",
            )?,
            landmarks: known(
                "face_landmarks_478.onnx",
                "87d0571ff607d94b10638b1cdfcfa704c6455ba406715b24a5c0f87c7aef3cec",
            )?,
            blendshapes: known(
                "face_blendshapes.onnx",
                "8ef10f3aae4ea4b3fc78746368407cb0054482b6b48fc91062c9cc8ee5d08d24",
            )?,
            spoof,
        })
    }

    /// Does this installation have the passive anti-spoofing pair? Without it everything works but for that one signal.
    pub fn has_spoof(&self) -> bool {
        self.spoof.is_some()
    }

    /// What is in the folder.
    pub fn versions(&self) -> Versions {
        Versions {
            detector: self.detector.version.clone(),
            embedder: self.embedder.version.clone(),
            landmarks: self.landmarks.version.clone(),
            blendshapes: self.blendshapes.version.clone(),
            spoof: self
                .spoof
                .as_ref()
                .map(|pair| [pair[0].version.clone(), pair[1].version.clone()]),
        }
    }
}

impl Model {
    fn read(path: &Path, sha256: &str) -> Result<Self> {
        let bytes = read(path)?;
        let found = hexadecimal(&Sha256::digest(&bytes));
        if found != sha256 {
            return Err(Error::Tampered {
                path: path.to_owned(),
                found,
            });
        }
        let name = path.file_stem().unwrap_or_default().to_string_lossy();
        let version = ModelVersion(format!("{name}-{}", &found[..12]));
        Ok(Self { bytes, version })
    }
}

impl ModelVersion {
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }

    pub(crate) fn parse(text: &str) -> Option<Self> {
        let fine = text.len() <= 64
            && text
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.'));
        (fine && !text.is_empty()).then(|| Self(text.to_owned()))
    }
}

impl fmt::Display for ModelVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

fn read(path: &Path) -> Result<Vec<u8>> {
    fs::read(path).map_err(|source| Error::NoModel {
        path: path.to_owned(),
        source,
    })
}

fn hexadecimal(bytes: &[u8]) -> String {
    use fmt::Write;
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}
