//! The base (end-1) and the discovery of extensions.

use axum::{
    body::Body,
    http::{HeaderValue, header},
    response::Response,
};
use serde_json::json;

use super::headers;

/// `GET /v2/`
pub(super) fn base() -> Response {
    let mut response = json_response("{}".to_owned());
    headers::set(&mut response, headers::DOCKER_API_VERSION, "registry/2.0");
    response
}

/// `GET /v2/_oci/ext/discover`: what there is beyond the specification.
pub(super) fn extensions(of_registry: bool) -> Response {
    let catalog = json!({
        "name": "_catalog",
        "url": "https://distribution.github.io/distribution/spec/api/#listing-repositories",
        "description": "lists the repositories, in pages with n and last",
        "endpoints": ["/v2/_catalog"],
    });
    let extensions = if of_registry { vec![catalog] } else { Vec::new() };
    json_response(json!({ "extensions": extensions }).to_string())
}

/// An answer of JSON.
pub(super) fn json_response(body: String) -> Response {
    let mut response = Response::new(Body::empty());
    let fixed = response.headers_mut();
    fixed.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    fixed.insert(header::CONTENT_LENGTH, body.len().into());
    *response.body_mut() = body.into();
    response
}
