//! What is answered while there is no registry to ask yet, or none for this client.

use std::sync::{Arc, OnceLock};

use axum::{
    Router,
    extract::{Request, State},
    http::header,
    response::Response,
};
use tower_service::Service;

use super::{headers, request_log::RequestLog, respond};
use crate::error::{Case, Error};

/// A registry that is told later: until then every request gets 503 with `Retry-After`.
#[derive(Clone, Debug, Default)]
pub struct Ready(Arc<OnceLock<Router>>);

const STARTING: &str = "the server is starting and not ready yet; try again";

impl Ready {
    /// From now on requests go to this router.
    pub fn set(&self, router: Router) {
        self.0.get_or_init(|| router);
    }

    /// What to listen with.
    pub fn router(&self) -> Router {
        Router::new().fallback(when_ready).with_state(self.clone())
    }
}

async fn when_ready(State(ready): State<Ready>, request: Request) -> Response {
    match ready.0.get() {
        Some(router) => {
            let Ok(response) = router.clone().call(request).await;
            response
        }
        None => refuse(STARTING, &request),
    }
}

/// Answers 503 to a connection's first request, and ends it.
pub fn unavailable(why: &'static str) -> Router {
    let refuse = move |request: Request| async move {
        let mut response = refuse(why, &request);
        headers::set(&mut response, header::CONNECTION, "close");
        response
    };
    Router::new().fallback(refuse)
}

fn refuse(why: &str, request: &Request) -> Response {
    let log = RequestLog::begin(request);
    let error = Error::new(Case::Unavailable, why);
    let response = respond::error(&error, request.method(), log.id());
    log.end(response)
}
