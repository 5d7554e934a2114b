//! One model loaded into ONNX Runtime, run on the thread that calls.

use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::time::Duration;

use ort::environment::Environment;
use ort::session::builder::GraphOptimizationLevel;
use ort::session::{Session, SessionOutputs};
use ort::value::TensorRef;

use crate::clock;
use crate::error::{Error, Result};
use crate::models::Model;

/// ONNX Runtime can be loaded once in a process, from one file.
static RUNTIME: Mutex<Option<(PathBuf, Environment)>> = Mutex::new(None);

pub(crate) struct Net {
    session: Session,
    spent: Duration,
}

/// What a run gave, by name.
pub(crate) struct Outputs<'n>(SessionOutputs<'n>);

impl Net {
    /// With one thread, the caller's: several sessions side by side are quicker than several threads in one.
    pub(crate) fn load(runtime: &Path, model: &Model) -> Result<Self> {
        let complaint = |what| {
            move |error: &dyn std::fmt::Display| Error::Runtime {
                what,
                complaint: error.to_string(),
            }
        };
        let environment = environment(runtime)?;
        let session = Session::builder(&environment)
            .map_err(|e| complaint("starting a session")(&e))?
            .with_log_level(ort::logging::LogLevel::Error)
            .map_err(|e| complaint("setting its log level")(&e))?
            .with_optimization_level(GraphOptimizationLevel::Level3)
            .map_err(|e| complaint("setting its optimisation")(&e))?
            .with_intra_threads(1)
            .map_err(|e| complaint("setting its threads")(&e))?
            .commit_from_memory(&model.bytes)
            .map_err(|e| complaint("loading a model")(&e))?;
        Ok(Self {
            session,
            spent: Duration::ZERO,
        })
    }

    /// Runs it on its one input.
    pub(crate) fn run<const N: usize>(
        &mut self,
        shape: [usize; N],
        input: &[f32],
    ) -> Result<Outputs<'_>> {
        let failed = |error: ort::Error| Error::Runtime {
            what: "running a model",
            complaint: error.to_string(),
        };
        let began = clock::now();
        let input = TensorRef::from_array_view((shape, input)).map_err(failed)?;
        let outputs = self.session.run(ort::inputs![input]).map_err(failed)?;
        self.spent += clock::now() - began;
        Ok(Outputs(outputs))
    }

    /// Time in ONNX Runtime since it was loaded.
    pub(crate) fn spent(&self) -> Duration {
        self.spent
    }
}

impl Outputs<'_> {
    /// The numbers of one output.
    pub(crate) fn named(&self, name: &str) -> Result<&[f32]> {
        let value = self.0.get(name).ok_or(Error::Runtime {
            what: "reading an output",
            complaint: format!("there is no {name}"),
        })?;
        let (_, numbers) = value
            .try_extract_tensor::<f32>()
            .map_err(|error| Error::Runtime {
                what: "reading an output",
                complaint: error.to_string(),
            })?;
        Ok(numbers)
    }

    /// The numbers of the one output that has this many.
    pub(crate) fn sized(&self, count: usize) -> Result<&[f32]> {
        self.0
            .values()
            .filter_map(|value| {
                value
                    .try_extract_tensor::<f32>()
                    .ok()
                    .map(|(_, numbers)| numbers.len())
            })
            .position(|length| length == count)
            .and_then(|index| self.0[index].try_extract_tensor::<f32>().ok())
            .map(|(_, numbers)| numbers)
            .ok_or(Error::Runtime {
                what: "reading an output",
                complaint: format!("there is none of {count} numbers"),
            })
    }
}

fn environment(runtime: &Path) -> Result<Environment> {
    let mut loaded = RUNTIME
        .lock()
        .unwrap_or_else(std::sync::PoisonError::into_inner);
    if let Some((path, environment)) = &*loaded {
        if path == runtime {
            return Ok(environment.clone());
        }
        let complaint = format!("it was loaded from {} before", path.display());
        return Err(Error::Runtime {
            what: "loading the library",
            complaint,
        });
    }
    let failed = |error: &dyn std::fmt::Display| Error::Runtime {
        what: "loading the library",
        complaint: error.to_string(),
    };
    let environment = ort::init_from(runtime)
        .map_err(|e| failed(&e))?
        .with_telemetry(false)
        .build()
        .map_err(|e| failed(&e))?;
    *loaded = Some((runtime.to_owned(), environment.clone()));
    Ok(environment)
}
