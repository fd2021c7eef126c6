use axum::http::Method;
use roadstead::http::route::{Endpoint, Query, percent_encoded};

const METHODS: [Method; 6] =
    [Method::GET, Method::HEAD, Method::PUT, Method::POST, Method::PATCH, Method::DELETE];

/// Request lines: a path that is an endpoint has a path that is the same endpoint, under every
/// method that it has; a query's values survive being written.
pub fn route(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let (path, query) = text.split_once('?').unwrap_or((&*text, ""));
    let mut found = Vec::new();
    for method in METHODS {
        let Ok(endpoint) = Endpoint::parse(&method, path) else { continue };
        let again = Endpoint::parse(&method, &endpoint.to_path());
        assert_eq!(again.as_ref(), Ok(&endpoint), "{method} {path:?}");
        assert!(!endpoint.name().is_empty());
        if let Some(name) = endpoint.repository() {
            let parts = name.as_str().split('/');
            assert!(parts.clone().all(|part| !part.is_empty() && !part.starts_with(['.', '_'])));
        }
        found.push(endpoint);
    }
    assert!(found.windows(2).all(|pair| pair[0] == pair[1]), "{path:?} is two endpoints");
    let query_read = Query::parse(query);
    for tag in query_read.tags().unwrap_or_default() {
        assert!(query_read.all("tag").any(|value| value == tag.to_string()));
    }
    let written = format!("k={}", percent_encoded(query));
    assert_eq!(Query::parse(&written).first("k"), Some(query));
}
