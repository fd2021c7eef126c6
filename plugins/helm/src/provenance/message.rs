//! The text that was signed.

use pgp::composed::CleartextSignedMessage;
use roadstead_chart::{
    Metadata, Shape, Value, decode,
    yaml::{self, Invalid},
};

use super::packet::{Packet, packets};

/// A provenance, as helm reads it.
#[derive(Debug)]
pub(super) struct Message {
    pub(super) signed: CleartextSignedMessage,
    /// its signatures
    pub(super) packets: Vec<Packet>,
    /// what it says of the chart
    pub(super) chart: Metadata,
    sums: Value,
}

/// Why there is none; reads on after "the provenance".
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Broken {
    NotSigned(String),
    Unreadable(String),
}

const SUMS: Shape = Shape::Struct(&[("files", Shape::TextMap), ("images", Shape::TextMap)]);

const START: &str = "-----BEGIN PGP SIGNED MESSAGE-----";
const END: &str = "-----END PGP SIGNATURE-----";

impl Message {
    pub(super) fn parse(bytes: &[u8]) -> Result<Self, Broken> {
        let not_signed = |why: &str| Broken::NotSigned(why.to_owned());
        let text = std::str::from_utf8(bytes).map_err(|_| not_signed("is not UTF-8 text"))?;
        let text = first_signed(text).map_err(not_signed)?;
        let (signed, _) = CleartextSignedMessage::from_string(text)
            .map_err(|_| not_signed("is not a readable text with an OpenPGP signature"))?;
        let packets = packets(text).ok_or_else(|| not_signed("has no readable signature"))?;
        let is_odd = |line: &str| line.starts_with('-') && !line.starts_with("- ");
        if signed.text().lines().any(is_odd) {
            return Err(not_signed("has a line that begins with an unescaped dash"));
        }
        let body = signed.signed_text().replace("\r\n", "\n");
        let mut parts = body.split("\n...\n");
        let (Some(chart), Some(sums)) = (parts.next(), parts.next()) else {
            return Err(Broken::Unreadable("has no line of three dots".to_owned()));
        };
        let unreadable =
            |invalid: Invalid| Broken::Unreadable(format!("can't be read: {}", invalid.why));
        let chart = yaml::parse(chart.as_bytes()).and_then(|node| Metadata::decoded(&node));
        let chart = chart.map_err(unreadable)?;
        let document = yaml::parse(sums.as_bytes()).map_err(unreadable)?;
        let mut sums = Value::Absent;
        if !document.is_null() {
            decode(&SUMS, &mut sums, &document).map_err(unreadable)?;
        }
        Ok(Self { signed, packets, chart, sums })
    }

    /// What it says of a file.
    pub(super) fn hash(&self, file: &str) -> Option<&str> {
        let hash = self.sums.entry("files").entry(file).text();
        (!hash.is_empty()).then_some(hash)
    }
}

/// The first signed text, which is all that helm looks at.
fn first_signed(text: &str) -> Result<&str, &'static str> {
    let begins = |(at, _): &(usize, &str)| *at == 0 || text[..*at].ends_with('\n');
    let (start, _) = text
        .match_indices(START)
        .find(begins)
        .ok_or("has no line that begins a clear-signed text")?;
    let (end, _) = text[start..].match_indices(END).next().ok_or("ends before its signature")?;
    Ok(&text[start..start + end + END.len()])
}
