//! What the operator's commands ask of the running server, over its socket.

use std::sync::Arc;

use axum::{
    Json, Router,
    extract::{Path, State},
    http::StatusCode,
    response::{IntoResponse, Response},
    routing::get,
};

use crate::registry::Registry;

/// The routes of the socket.
pub fn router(registry: Arc<Registry>) -> Router {
    // the API as well, since whoever may open the socket owns all that is stored
    Router::new()
        .route("/verdicts/{id}", get(verdict))
        .route("/check", get(check))
        .fallback_service(super::router(Arc::clone(&registry)))
        .with_state(registry)
}

async fn verdict(State(registry): State<Arc<Registry>>, Path(id): Path<String>) -> Response {
    match registry.storage.verdict(&id).await {
        Ok(Some(verdict)) => verdict.into_response(),
        Ok(None) => StatusCode::NOT_FOUND.into_response(),
        Err(error) => (StatusCode::SERVICE_UNAVAILABLE, error.to_string()).into_response(),
    }
}

async fn check(State(registry): State<Arc<Registry>>) -> Response {
    match registry.storage.audit().await {
        Ok(audit) => Json(audit).into_response(),
        Err(error) => (StatusCode::SERVICE_UNAVAILABLE, error.to_string()).into_response(),
    }
}
