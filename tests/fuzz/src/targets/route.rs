use axum::http::Method;
use roadstead::http::route::{Action, Query, percent_encoded};

const METHODS: [Method; 6] =
    [Method::GET, Method::HEAD, Method::PUT, Method::POST, Method::PATCH, Method::DELETE];

/// Request lines: what one asks for is written as a request line that asks for the same, and HEAD
/// asks for what GET does; a query's values survive being written.
pub fn route(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let (path, query) = text.split_once('?').unwrap_or((&*text, ""));
    for method in METHODS {
        let Ok(action) = Action::parse(&method, path) else { continue };
        let (written, again) = action.to_request();
        assert_eq!(Action::parse(&written, &again).as_ref(), Ok(&action), "{method} {path:?}");
        let head = if method == Method::HEAD { Method::GET } else { method };
        assert_eq!(written, head, "{path:?}");
        assert!(!action.name().is_empty());
        if let Some(name) = action.repository() {
            let parts = name.as_str().split('/');
            assert!(parts.clone().all(|part| !part.is_empty() && !part.starts_with(['.', '_'])));
        }
    }
    let query_read = Query::parse(query);
    for tag in query_read.tags().unwrap_or_default() {
        assert!(query_read.all("tag").any(|value| value == tag.to_string()));
    }
    let written = format!("k={}", percent_encoded(query));
    assert_eq!(Query::parse(&written).first("k"), Some(query));
}
