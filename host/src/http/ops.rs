//! What the operator's commands ask of the running server, over its socket.

use std::{path::PathBuf, sync::Arc};

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
    admission::Admission,
    auth::Auth,
    policy::{Loader, Policy},
    registry::{
        Registry, records,
        trial::{Name, Trial, Wanted},
    },
};

/// What the commands are answered from.
#[derive(Clone)]
struct Operated {
    registry: Arc<Registry>,
    /// of policies that are not in force
    loader: Loader,
}

/// The routes of the socket.
pub fn router(registry: Arc<Registry>, loader: Loader, changes: TaskTracker) -> Router {
    // the API as well, since whoever may open the socket owns all that is stored
    Router::new()
        .route("/verdicts", get(verdicts))
        .route("/verdicts/{id}", get(verdict))
        .route("/judged", get(judged))
        .route("/eval", get(eval))
        .route("/explain", get(explain))
        .route("/check", get(check))
        .fallback_service(super::router(Arc::clone(&registry), Arc::new(Auth::off()), changes))
        .with_state(Operated { registry, loader })
}

/// `/verdicts?repository=GLOB&decision=WORD&before=ID&n=COUNT`: a page of
/// [`records::Records::kept`].
async fn verdicts(State(Operated { registry, .. }): State<Operated>, uri: Uri) -> Response {
    let query = Query::parse(uri.query().unwrap_or_default());
    let wanted = match records::Wanted::new(query.first("repository"), query.first("decision")) {
        Ok(wanted) => wanted,
        Err(why) => return (StatusCode::BAD_REQUEST, why).into_response(),
    };
    let limit = query.first("n").and_then(|text| text.parse().ok()).unwrap_or(records::PAGE_MAX);
    let limit = limit.clamp(1, records::PAGE_MAX);
    let page = registry.records().kept(&wanted, query.first("before"), limit).await;
    told(page.map(Some))
}

async fn verdict(
    State(Operated { registry, .. }): State<Operated>,
    Path(id): Path<String>,
) -> Response {
    told(registry.records().verdict(&id).await)
}

/// `/judged?repository=NAME&reference=TAG-OR-DIGEST`: [`records::Records::judged`].
async fn judged(State(Operated { registry, .. }): State<Operated>, uri: Uri) -> Response {
    match wanted(&uri) {
        Ok(Wanted { repository, reference, .. }) => {
            told(registry.records().judged(&repository, &reference).await)
        }
        Err(why) => (StatusCode::BAD_REQUEST, why).into_response(),
    }
}

/// `/eval?repository=NAME&reference=TAG-OR-DIGEST&as=NAME:TAG&policy=PATH`: [`Trial::judge`], by
/// the policy in force where there is no path. 422: that policy can't be used.
async fn eval(State(Operated { registry, loader }): State<Operated>, uri: Uri) -> Response {
    tried(&registry, &uri, async |trial| {
        Ok(match policy(&loader, &uri).await? {
            Some(policy) => trial.judge(&Admission::new(policy)).await,
            None => trial.judge(&registry.admission).await,
        })
    })
    .await
}

/// The same parameters: [`Trial::explain`].
async fn explain(State(Operated { registry, loader }): State<Operated>, uri: Uri) -> Response {
    tried(&registry, &uri, async |trial| {
        let explained = match policy(&loader, &uri).await? {
            Some(policy) => trial.explain(&policy).await,
            None => trial.explain(&registry.admission.policy()).await,
        };
        explained.map_err(|error| (StatusCode::SERVICE_UNAVAILABLE, error.0))
    })
    .await
}

/// A status, and what is wrong.
type Refused = (StatusCode, String);

async fn tried<T: Serialize>(
    registry: &Registry,
    uri: &Uri,
    answer: impl AsyncFnOnce(Trial) -> Result<T, Refused>,
) -> Response {
    let wanted = match wanted(uri) {
        Ok(wanted) => wanted,
        Err(why) => return (StatusCode::BAD_REQUEST, why).into_response(),
    };
    match Trial::find(&registry.storage, wanted).await {
        Ok(Some(trial)) => match answer(trial).await {
            Ok(answer) => Json(answer).into_response(),
            Err(refused) => refused.into_response(),
        },
        Ok(None) => StatusCode::NOT_FOUND.into_response(),
        Err(error) => (StatusCode::SERVICE_UNAVAILABLE, error.0).into_response(),
    }
}

/// The policy that a command names, if it names one.
async fn policy(loader: &Loader, uri: &Uri) -> Result<Option<Policy>, Refused> {
    let query = Query::parse(uri.query().unwrap_or_default());
    let Some(path) = query.first("policy") else { return Ok(None) };
    let loaded = loader.of(PathBuf::from(path)).load().await;
    let policy = loaded.policy.map(Some);
    policy.map_err(|invalid| (StatusCode::UNPROCESSABLE_ENTITY, invalid.to_string()))
}

fn wanted(uri: &Uri) -> Result<Wanted, String> {
    let query = Query::parse(uri.query().unwrap_or_default());
    let repository = Repository::parse(query.first("repository").unwrap_or_default());
    let reference = Reference::parse(query.first("reference").unwrap_or_default());
    let named = query.first("as").map(Name::parse).transpose();
    Ok(Wanted {
        repository: repository.map_err(|why| why.to_string())?,
        reference: reference.map_err(|why| why.to_string())?,
        named: named?,
    })
}

async fn check(State(Operated { registry, .. }): State<Operated>) -> Response {
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
