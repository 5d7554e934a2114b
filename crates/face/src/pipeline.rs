//! One set of sessions on the thread that calls; everything here blocks.

use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};

use crate::align::align;
use crate::check::{self, Check, Verdict};
use crate::decode::{Limits, decode};
use crate::detect::{self, DetectorSide, Face, Fitted, detect};
use crate::embed::embed;
use crate::error::{Error, Result};
use crate::frame_hash::{FrameHash, FrameHasher, Miniature};
use crate::landmarks::{self, Expression, Landmarks};
use crate::models::{Models, Versions};
use crate::net::Net;
use crate::picture::Picture;
use crate::quality::{Advice, Quality, QualityLimits, near_faces};
use crate::spoof;
use crate::template::Template;

/// All models, loaded and run once, so that the first picture is not slower than the others. About 110 MB.
pub struct Pipeline {
    detector: Net,
    embedder: Net,
    landmarks: Net,
    blendshapes: Net,
    spoof: Option<[Net; 2]>,
    hasher: FrameHasher,
    versions: Versions,
}

/// What to tell somebody who is placing their face before a camera.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Hint {
    /// What to do first; `None`: hold on, this is good.
    pub advice: Option<Advice>,
    /// Left, top, width and height of the largest face as shares of the picture, for a frame drawn around it.
    pub face: Option<[f32; 4]>,
}

/// One picture of one person, looked at thoroughly.
#[derive(Clone)]
pub struct Portrait {
    /// Why it should be taken again; `None`: good enough.
    pub advice: Option<Advice>,
    /// Of the largest face, where there is one.
    pub quality: Option<Quality>,
    /// Of the largest face, where it is the only one near. Good enough only if there is no advice.
    pub template: Option<Template>,
    /// How live it looks, 0 to 1, where the installation has the models. One signal; it never decides alone.
    pub live: Option<f32>,
    /// To know the picture again.
    pub hash: FrameHash,
    /// What it was looked at with.
    pub models: Versions,
}

/// Side in pixels of the picture on which the models are run when they are loaded.
const WARM_UP_SIDE: usize = 320;

impl Pipeline {
    /// Loads all models and runs each once. Takes about a second.
    pub fn load(models: &Models) -> Result<Self> {
        let net = |model| Net::load(&models.runtime, model);
        let mut pipeline = Self {
            detector: net(&models.detector)?,
            embedder: net(&models.embedder)?,
            landmarks: net(&models.landmarks)?,
            blendshapes: net(&models.blendshapes)?,
            spoof: models
                .spoof
                .as_ref()
                .map(|[near, far]| Ok::<_, Error>([net(near)?, net(far)?]))
                .transpose()?,
            hasher: FrameHasher::new(),
            versions: models.versions(),
        };
        pipeline.warm_up()?;
        Ok(pipeline)
    }

    fn warm_up(&mut self) -> Result<()> {
        let side = WARM_UP_SIDE as f32;
        let points = [
            [0.4, 0.4],
            [0.6, 0.4],
            [0.5, 0.5],
            [0.42, 0.62],
            [0.58, 0.62],
        ]
        .map(|[x, y]| [x * side, y * side]);
        let face = Face {
            left: side * 0.3,
            top: side * 0.25,
            width: side * 0.4,
            height: side * 0.5,
            points,
            score: 1.0,
        };
        let picture = Picture::from_rgb(
            WARM_UP_SIDE,
            WARM_UP_SIDE,
            vec![96; WARM_UP_SIDE * WARM_UP_SIDE * 3],
        )
        .expect("the picture has just these pixels");
        self.detect(&picture, DetectorSide::Frame)?;
        self.detect(&picture, DetectorSide::Photograph)?;
        self.landmarks(&picture, &face)?;
        self.live(&picture, &face)?;
        // A plain grey face may embed to nothing; that it ran is enough.
        match self.embed(&picture, &face) {
            Ok(_)
            | Err(Error::Runtime {
                what: "reading a template",
                ..
            }) => Ok(()),
            Err(error) => Err(error),
        }
    }

    /// All faces, the surest first.
    pub fn detect(&mut self, picture: &Picture, side: DetectorSide) -> Result<Vec<Face>> {
        self.detect_fitted(&Fitted::new(picture, side))
    }

    pub(crate) fn detect_fitted(&mut self, fitted: &Fitted) -> Result<Vec<Face>> {
        detect(&mut self.detector, fitted)
    }

    /// The template of a face.
    pub fn embed(&mut self, picture: &Picture, face: &Face) -> Result<Template> {
        self.embed_aligned(&align(picture, face))
    }

    pub(crate) fn embed_aligned(&mut self, aligned: &Picture) -> Result<Template> {
        embed(&mut self.embedder, &self.versions.embedder, aligned)
    }

    /// The points of a face and what it does.
    pub fn landmarks(&mut self, picture: &Picture, face: &Face) -> Result<(Landmarks, Expression)> {
        let landmarks = landmarks::find(&mut self.landmarks, picture, face)?;
        let expression = landmarks::expression(&mut self.blendshapes, &landmarks)?;
        Ok((landmarks, expression))
    }

    /// How live a face looks, 0 to 1; `None` without the models.
    pub fn live(&mut self, picture: &Picture, face: &Face) -> Result<Option<f32>> {
        self.spoof
            .as_mut()
            .map(|nets| spoof::real(nets, picture, face))
            .transpose()
    }

    /// Hashes a picture in the size of frames, which has all that is hashed.
    pub(crate) fn hash(&self, bytes: &[u8], fitted: &Fitted) -> (FrameHash, Miniature) {
        self.hasher.hash(bytes, &fitted.picture)
    }

    /// How a frame of a camera could be better. About 25 ms.
    pub fn hint(&mut self, frame: &[u8], limits: &QualityLimits) -> Result<Hint> {
        let picture =
            decode(frame, &Limits::FRAME).map_err(|reason| Error::Picture { index: 0, reason })?;
        let faces = self.detect(&picture, DetectorSide::Frame)?;
        let Some(face) = detect::largest(&faces) else {
            return Ok(Hint {
                advice: Some(Advice::NobodySeen),
                face: None,
            });
        };
        let (landmarks, _) = self.landmarks(&picture, face)?;
        let quality = Quality::measure(&picture, face, &align(&picture, face), landmarks.pose());
        let advice = if near_faces(&faces) > 1 {
            Some(Advice::OnePersonOnly)
        } else {
            quality.advice(limits)
        };
        let (width, height) = (picture.width() as f32, picture.height() as f32);
        Ok(Hint {
            advice,
            face: Some([
                face.left / width,
                face.top / height,
                face.width / width,
                face.height / height,
            ]),
        })
    }

    /// Looks at a photograph of one person. About 90 ms.
    pub fn portrait(&mut self, photograph: &[u8], limits: &QualityLimits) -> Result<Portrait> {
        let picture = decode(photograph, &Limits::PHOTOGRAPH)
            .map_err(|reason| Error::Picture { index: 0, reason })?;
        let (hash, _) = self.hash(photograph, &Fitted::new(&picture, DetectorSide::Frame));
        let models = self.versions.clone();
        let faces = self.detect(&picture, DetectorSide::Photograph)?;
        let Some(face) = detect::largest(&faces) else {
            return Ok(Portrait {
                advice: Some(Advice::NobodySeen),
                quality: None,
                template: None,
                live: None,
                hash,
                models,
            });
        };
        let (landmarks, _) = self.landmarks(&picture, face)?;
        let aligned = align(&picture, face);
        let quality = Some(Quality::measure(&picture, face, &aligned, landmarks.pose()));
        if near_faces(&faces) > 1 {
            return Ok(Portrait {
                advice: Some(Advice::OnePersonOnly),
                quality,
                template: None,
                live: None,
                hash,
                models,
            });
        }
        let template = Some(self.embed_aligned(&aligned)?);
        let live = self.live(&picture, face)?;
        Ok(Portrait {
            advice: quality.and_then(|quality| quality.advice(limits)),
            quality,
            template,
            live,
            hash,
            models,
        })
    }

    /// Looks at the frames of a check; see [`Check`]. Gives up between two frames once `until` has passed.
    pub fn check(&mut self, check: &Check, until: Option<Instant>) -> Result<Verdict> {
        check::run(self, check, until)
    }

    /// What it works with.
    pub fn versions(&self) -> &Versions {
        &self.versions
    }

    /// Time spent inside ONNX Runtime since it was loaded.
    pub fn inference_time(&self) -> Duration {
        let pair = self.spoof.iter().flatten();
        [
            &self.detector,
            &self.embedder,
            &self.landmarks,
            &self.blendshapes,
        ]
        .into_iter()
        .chain(pair)
        .map(Net::spent)
        .sum()
    }
}

impl std::fmt::Debug for Portrait {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Portrait")
            .field("advice", &self.advice)
            .field("template", &self.template)
            .finish_non_exhaustive()
    }
}
