//! The chart layer: a gzipped tar archive.

use roadstead_plugin_sdk::{
    Descriptor, Failure, Report,
    content::{self, ReadError},
};

use crate::{
    absent, codes,
    gzip::{self, Problem},
    walk::{Layer, Walk},
};

/// Reads the layer, as far as that goes.
pub(crate) fn read(descriptor: &Descriptor, report: &mut Report) -> Result<Layer, Failure> {
    let digest = &descriptor.digest;
    let layer = Layer { digest: digest.clone(), ..Layer::default() };
    let start = match content::open(digest).and_then(|b| b.read_at(0, gzip::HEADER_BYTES_MAX)) {
        Ok(start) => start,
        Err(ReadError::Absent(_)) => {
            absent::find(descriptor, report);
            return Ok(layer);
        }
        Err(error) => return Err(error.into()),
    };
    match gzip::check(&start) {
        Ok(()) => {}
        Err(Problem::LongText) => {
            let message = "the chart layer's gzip header has a name or comment of more than 511 \
                           bytes, which helm does not read; package it again with helm package";
            report.find(&codes::NOT_GZIP, message).blob(digest);
        }
        Err(Problem::NotGzip) => {
            let message =
                "the chart layer is not gzip, which helm needs; push the .tgz of helm package";
            report.find(&codes::NOT_GZIP, message).blob(digest);
            return Ok(layer);
        }
    }
    Walk::new(layer, report).run(content::open_decoded(digest)?)
}
