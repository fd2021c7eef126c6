//! Headers of the distribution spec, with their names.

use axum::{
    http::{HeaderMap, HeaderName, HeaderValue, header},
    response::Response,
};

use roadstead_oci::Digest;

use crate::error::{Case, Error};

/// The digest of the content in an answer (D-07).
pub const DOCKER_CONTENT_DIGEST: HeaderName = HeaderName::from_static("docker-content-digest");
/// The version of the API, which old docker clients look for.
pub const DOCKER_API_VERSION: HeaderName =
    HeaderName::from_static("docker-distribution-api-version");
/// The subject of a pushed manifest (D-32).
pub const OCI_SUBJECT: HeaderName = HeaderName::from_static("oci-subject");
/// The tags that a push set (D-33).
pub const OCI_TAG: HeaderName = HeaderName::from_static("oci-tag");
/// The filters that a list of referrers went through (D-43).
pub const OCI_FILTERS_APPLIED: HeaderName = HeaderName::from_static("oci-filters-applied");
/// The verdict on a push.
pub const ROADSTEAD_VERDICT: HeaderName = HeaderName::from_static("roadstead-verdict");

/// A header's value as text, if it is there and readable.
pub fn text(headers: &HeaderMap, name: impl header::AsHeaderName) -> Option<&str> {
    headers.get(name)?.to_str().ok()
}

/// Every value of `Authorization`.
pub fn authorization(headers: &HeaderMap) -> Vec<&[u8]> {
    headers.get_all(header::AUTHORIZATION).iter().map(HeaderValue::as_bytes).collect()
}

/// `Content-Length`, if it was announced.
pub fn content_length(headers: &HeaderMap) -> Result<Option<u64>, Error> {
    let Some(value) = headers.get(header::CONTENT_LENGTH) else { return Ok(None) };
    let length = value.to_str().ok().and_then(|text| text.parse().ok());
    length
        .map(Some)
        .ok_or_else(|| Error::new(Case::SizeInvalid, "Content-Length must be a number of bytes"))
}

/// Sets a header to text that came from parsed types, and so can't be malformed.
pub fn set(response: &mut Response, name: HeaderName, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        response.headers_mut().insert(name, value);
    }
}

/// Sets the digest of what the answer holds or made.
pub fn set_digest(response: &mut Response, digest: &Digest) {
    set(response, DOCKER_CONTENT_DIGEST, digest.as_str());
}
