//! What the operator's commands ask of the running server, over its socket.

use std::sync::Arc;

use axum::{
    Json, Router,
    extract::{Path, State},
    http::{StatusCode, Uri},
    response::{IntoResponse, Response},
    routing::get,
};
use serde::Serialize;
use tokio_util::task::TaskTracker;

use roadstead_oci::{Reference, Repository};

use super::route::Query;
use crate::{
    auth::Auth,
    registry::Registry,
    registry::records::{self, Wanted},
};

/// The routes of the socket.
pub fn router(registry: Arc<Registry>, changes: TaskTracker) -> Router {
    // the API as well, since whoever may open the socket owns all that is stored
    Router::new()
        .route("/verdicts", get(verdicts))
        .route("/verdicts/{id}", get(verdict))
        .route("/judged", get(judged))
        .route("/check", get(check))
        .fallback_service(super::router(Arc::clone(&registry), Arc::new(Auth::off()), changes))
        .with_state(registry)
}

/// `/verdicts?repository=GLOB&decision=WORD&before=ID&n=COUNT`: a page of
/// [`records::Records::kept`].
async fn verdicts(State(registry): State<Arc<Registry>>, uri: Uri) -> Response {
    let query = Query::parse(uri.query().unwrap_or_default());
    let wanted = match Wanted::new(query.first("repository"), query.first("decision")) {
        Ok(wanted) => wanted,
        Err(why) => return (StatusCode::BAD_REQUEST, why).into_response(),
    };
    let limit = query.first("n").and_then(|text| text.parse().ok()).unwrap_or(records::PAGE_MAX);
    let limit = limit.clamp(1, records::PAGE_MAX);
    let page = registry.records().kept(&wanted, query.first("before"), limit).await;
    told(page.map(Some))
}

async fn verdict(State(registry): State<Arc<Registry>>, Path(id): Path<String>) -> Response {
    told(registry.records().verdict(&id).await)
}

/// `/judged?repository=NAME&reference=TAG-OR-DIGEST`: [`records::Records::judged`].
async fn judged(State(registry): State<Arc<Registry>>, uri: Uri) -> Response {
    let query = Query::parse(uri.query().unwrap_or_default());
    let repository = Repository::parse(query.first("repository").unwrap_or_default());
    let reference = Reference::parse(query.first("reference").unwrap_or_default());
    match (repository, reference) {
        (Ok(repository), Ok(reference)) => {
            told(registry.records().judged(&repository, &reference).await)
        }
        (Err(why), _) => (StatusCode::BAD_REQUEST, why.to_string()).into_response(),
        (_, Err(why)) => (StatusCode::BAD_REQUEST, why.to_string()).into_response(),
    }
}

async fn check(State(registry): State<Arc<Registry>>) -> Response {
    told(registry.storage.audit().await.map(Some))
}

fn told(found: roadstead_storage::Result<Option<impl Serialize>>) -> Response {
    match found {
        Ok(Some(found)) => Json(found).into_response(),
        Ok(None) => StatusCode::NOT_FOUND.into_response(),
        Err(error) => unavailable(&error),
    }
}

fn unavailable(error: &roadstead_storage::Error) -> Response {
    (StatusCode::SERVICE_UNAVAILABLE, error.to_string()).into_response()
}
