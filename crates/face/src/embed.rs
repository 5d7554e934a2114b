//! An aligned face becomes a template: `SFace`.

use crate::align;
use crate::error::{Error, Result};
use crate::models::ModelVersion;
use crate::net::Net;
use crate::picture::{Channels, Picture};
use crate::template::Template;

pub(crate) fn embed(net: &mut Net, model: &ModelVersion, aligned: &Picture) -> Result<Template> {
    let outputs = net.run(
        [1, 3, align::SIDE, align::SIDE],
        &aligned.planes(Channels::Rgb),
    )?;
    let numbers = outputs.named("fc1")?;
    Template::new(model.clone(), numbers).map_err(|error| Error::Runtime {
        what: "reading a template",
        complaint: error.to_string(),
    })
}
