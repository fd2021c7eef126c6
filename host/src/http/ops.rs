//! What the operator's commands ask of the running server, over its socket.

use std::sync::Arc;

use axum::{
    Json, Router,
    extract::{Path, State},
    http::StatusCode,
    response::{IntoResponse, Response},
    routing::get,
};

use crate::app::App;

/// The routes of the socket.
pub fn router(app: Arc<App>) -> Router {
    Router::new().route("/verdicts/{id}", get(verdict)).route("/check", get(check)).with_state(app)
}

async fn verdict(State(app): State<Arc<App>>, Path(id): Path<String>) -> Response {
    match app.storage.verdict(&id).await {
        Ok(Some(verdict)) => verdict.into_response(),
        Ok(None) => StatusCode::NOT_FOUND.into_response(),
        Err(error) => (StatusCode::SERVICE_UNAVAILABLE, error.to_string()).into_response(),
    }
}

async fn check(State(app): State<Arc<App>>) -> Response {
    match app.storage.audit().await {
        Ok(audit) => Json(audit).into_response(),
        Err(error) => (StatusCode::SERVICE_UNAVAILABLE, error.to_string()).into_response(),
    }
}
