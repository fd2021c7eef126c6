//! Errors as answers: the only place that maps a case to a status.
#![warn(clippy::wildcard_enum_match_arm)]

use axum::{
    body::Body,
    http::{HeaderValue, Method, StatusCode, header},
    response::Response,
};
use serde_json::{Map, Value, json};

use super::headers;
use crate::error::{Case, Error};

/// The status of a case.
pub fn status(case: Case) -> StatusCode {
    match case {
        Case::NoSuchPath
        | Case::NameUnknown
        | Case::BlobUnknown
        | Case::ManifestUnknown
        | Case::ManifestBlobUnknown
        | Case::UploadUnknown => StatusCode::NOT_FOUND,
        Case::Method(_) | Case::StillNamed => StatusCode::METHOD_NOT_ALLOWED,
        Case::NameInvalid
        | Case::ManifestInvalid
        | Case::DigestInvalid
        | Case::RequestInvalid
        | Case::SizeInvalid
        | Case::BrokenOff => StatusCode::BAD_REQUEST,
        Case::NotImplemented => StatusCode::NOT_IMPLEMENTED,
        Case::ExpectationUnknown => StatusCode::EXPECTATION_FAILED,
        Case::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
        Case::TooManyTags | Case::TargetTooLong => StatusCode::URI_TOO_LONG,
        Case::HeaderTooLarge => StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE,
        Case::OutOfOrder | Case::RangeUnsatisfiable(_) => StatusCode::RANGE_NOT_SATISFIABLE,
        Case::Unauthorized => StatusCode::UNAUTHORIZED,
        Case::Denied => StatusCode::FORBIDDEN,
        Case::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
        Case::Internal => StatusCode::INTERNAL_SERVER_ERROR,
    }
}

/// An error as the client sees it (D-48). A failure of ours tells a code and the request's id, no
/// internals.
pub fn error(error: &Error, method: &Method, request_id: &str) -> Response {
    let status = status(error.case);
    if is_failure(status) && !is_expected(error) {
        let cause = error.cause.as_ref().map(|cause| format!("{cause:#}"));
        tracing::error!(cause, "{error}");
    }
    let body = body(error, request_id);
    let mut response = Response::new(Body::empty());
    *response.status_mut() = status;
    let fixed = response.headers_mut();
    fixed.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    fixed.insert(header::CONTENT_LENGTH, body.len().into());
    if let Case::Method(allowed) = error.case {
        headers::set(&mut response, header::ALLOW, &allowed.to_string());
    }
    if let Some(challenge) = error.challenge {
        headers::set(&mut response, header::WWW_AUTHENTICATE, challenge);
    }
    if error.case == Case::Unavailable {
        headers::set(&mut response, header::RETRY_AFTER, "1");
    }
    if let Case::RangeUnsatisfiable(size) = error.case {
        headers::set(&mut response, header::CONTENT_RANGE, &format!("bytes */{size}"));
    }
    if let Some(verdict) = &error.verdict {
        headers::set(&mut response, headers::ROADSTEAD_VERDICT, verdict);
    }
    if method != Method::HEAD {
        *response.body_mut() = body.into();
    }
    response
}

/// The same for a client whose request could not be read, as it goes over the wire. `date` is a
/// line of the header.
pub(super) fn last_words(error: &Error, date: &str) -> String {
    let (status, body) = (status(error.case), body(error, ""));
    format!(
        "HTTP/1.1 {status}\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\
         connection: close\r\n{date}\r\n\r\n{body}",
        body.len()
    )
}

/// `{"errors": [...]}`
fn body(error: &Error, request_id: &str) -> String {
    let is_failure = is_failure(status(error.case));
    let code = error.case.code().as_str();
    let entries: Vec<Value> = error
        .entries
        .iter()
        .map(|entry| {
            let mut object = json!({ "code": code, "message": entry.message });
            let facts = entry.detail.iter().map(|(key, value)| ((*key).to_owned(), value.clone()));
            let mut detail: Map<_, _> = facts.map(|(k, v)| (k, Value::String(v))).collect();
            if is_failure {
                detail.insert("request".to_owned(), request_id.into());
            }
            if !detail.is_empty() {
                object["detail"] = Value::Object(detail);
            }
            object
        })
        .collect();
    json!({ "errors": entries }).to_string()
}

/// Whether the registry only asks to be asked again: it is starting, or has too much to do. The
/// request's own line in the log says all there is to say.
fn is_expected(error: &Error) -> bool {
    error.case == Case::Unavailable && error.cause.is_none() && error.verdict.is_none()
}

/// Whether the registry failed, rather than the request.
fn is_failure(status: StatusCode) -> bool {
    status.is_server_error() && status != StatusCode::NOT_IMPLEMENTED
}

#[cfg(test)]
mod tests {
    use super::{super::body::read_limited, *};

    #[test]
    fn every_case_has_a_status_that_fits_its_code() {
        for case in Case::ALL {
            let client = status(case).is_client_error();
            let server = status(case).is_server_error();
            assert!(client || server, "{case:?}");
            let of_failures = ["UNAVAILABLE", "UNKNOWN"].contains(&case.code().as_str());
            assert_eq!(is_failure(status(case)), of_failures, "{case:?}");
        }
    }

    #[tokio::test]
    async fn a_server_error_tells_its_request_and_nothing_else() {
        let failed = Error::new(Case::Internal, "the registry failed")
            .because(anyhow::anyhow!("secret path"));
        let response = error(&failed, &Method::GET, "r1");
        assert_eq!(response.status(), 500);
        let body = read_limited(response.into_body(), "error", 1000).await.unwrap();
        let body: Value = serde_json::from_slice(&body).unwrap();
        let entry = json!({
            "code": "UNKNOWN", "message": "the registry failed", "detail": { "request": "r1" },
        });
        assert_eq!(body, json!({ "errors": [entry] }));
    }
}
