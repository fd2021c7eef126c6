//! The chart layer: a gzipped tar archive, with the charts that lie within it.

mod bounded;
mod contents;
mod entry;
mod file;
mod found;
mod gzip;
mod known;
mod names;
mod path;
mod walk;

use roadstead_plugin_sdk::{
    Descriptor, Failure, Report,
    content::{self, ReadError},
};

use crate::{absent, codes};
use found::Found;
use gzip::{Decoded, MAGIC_BYTES};
use walk::{Walk, Walked};

pub(crate) use contents::{Contents, Vendored};

/// What was found in the layer.
#[derive(Debug, Default)]
pub(crate) struct Layer {
    pub(crate) digest: String,
    /// whether all of it was looked at, with the charts within
    pub(crate) is_whole: bool,
    /// the folder that holds the chart
    pub(crate) top: String,
    /// what helm takes out of it
    pub(crate) contents: Contents,
    pub(crate) files: u32,
    pub(crate) bytes: u64,
}

impl Layer {
    /// Where a file of the chart lies.
    pub(crate) fn path(&self, file: &str) -> String {
        format!("{}/{file}", self.top)
    }
}

/// Reads the layer, as far as that goes.
pub(crate) fn read(descriptor: &Descriptor, report: &mut Report) -> Result<Layer, Failure> {
    let digest = &descriptor.digest;
    let layer = Layer { digest: digest.clone(), ..Layer::default() };
    let opened = content::open(digest).and_then(|blob| Ok((blob.read_at(0, MAGIC_BYTES)?, blob)));
    let (start, blob) = match opened {
        Ok(opened) => opened,
        Err(ReadError::Absent(_)) => {
            absent::find(descriptor, report);
            return Ok(layer);
        }
        Err(error) => return Err(error.into()),
    };
    if let Some(message) = gzip::problem(&start, "the chart layer") {
        report.find(&codes::NOT_GZIP, message).blob(digest);
        return Ok(layer);
    }
    let mut found = Found::new(digest, report);
    // helm's own reader of gzip is stricter than the host's
    let mut content = Decoded::new(blob);
    let walked = Walk::new(&mut found, "").run(&mut content);
    // whatever speaks of the chart was found; what is left is the host's affair
    let Walked { top, contents, files, bytes, is_whole } =
        walked.map_err(|error| Failure::from(ReadError::of(&error.into())))?;
    Ok(Layer { is_whole, top, contents, files, bytes, ..layer })
}
