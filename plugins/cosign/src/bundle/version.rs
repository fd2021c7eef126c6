//! Which version of the format a bundle says it has.

use roadstead_plugin_sdk::Quoted;

use super::proto::{Fields, Wrong};
use crate::codes;

/// Of the bundle's format, whose later ones want more.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Version {
    V01,
    V02,
    V03,
}

impl Version {
    /// The version, of those that clients know.
    pub(crate) fn of(bundle: &Fields<'_>) -> Result<Self, Wrong> {
        let media_type = bundle.text("mediaType")?;
        let rest = media_type.strip_prefix("application/vnd.dev.sigstore.bundle");
        let number = rest.and_then(|rest| {
            let newer = rest.strip_prefix(".v").and_then(|rest| rest.strip_suffix("+json"));
            newer.or_else(|| rest.strip_prefix("+json;version="))
        });
        let number = number.map(|number| {
            // a patch of a version is that version
            number.match_indices('.').nth(1).map_or(number, |(at, _)| &number[..at])
        });
        match number {
            Some("0.1") => Ok(Self::V01),
            Some("0.2") => Ok(Self::V02),
            Some("0.3") => Ok(Self::V03),
            _ => {
                let why = match media_type {
                    "" => "has no mediaType, so clients don't read it".to_owned(),
                    other => {
                        format!("has the mediaType {}, which clients don't read", Quoted(other))
                    }
                };
                Err(Wrong::new(&codes::VERSION, "/mediaType", why))
            }
        }
    }
}
