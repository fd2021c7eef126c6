//! Pages of names: tags (end-8) and the catalog.

use axum::{
    body::Body,
    http::{HeaderValue, header},
    response::Response,
};
use serde_json::{Value, json};

use roadstead_oci::{Repository, Tag};
use roadstead_storage::{Page, Storage};

use super::{
    answers::Space,
    headers,
    route::{Action, Query, percent_encoded},
};
use crate::error::{Case, Error};

/// Most names on a page, whatever the client asks for.
const PAGE_MAX: usize = 10_000;
/// Names that make a small answer, however long they are.
const SMALL_MAX: usize = 200;

/// `GET /v2/<name>/tags/list` (D-34 to D-38). `None`: there is no room for the page now.
pub(super) async fn tags(
    storage: &Storage,
    repository: &Repository,
    query: &Query,
    space: &mut Space<'_>,
) -> Result<Option<Response>, Error> {
    if !storage.repository_exists(repository).await? {
        return Err(Error::name_unknown(repository));
    }
    let limit = limit(query)?;
    let room = room(limit, space);
    let page = storage.tags(repository, query.first("last"), room).await?;
    if page.more && room < limit {
        return Ok(None);
    }
    let names: Vec<&str> = page.items.iter().map(Tag::as_str).collect();
    let body = json!({ "name": repository.as_str(), "tags": names });
    let next = next(&page, limit, Tag::as_str);
    Ok(Some(answer(&body, &Action::ListTags { repository: repository.clone() }, next)))
}

/// `GET /v2/_catalog`. `None`: there is no room for the page now.
pub(super) async fn catalog(
    storage: &Storage,
    query: &Query,
    space: &mut Space<'_>,
) -> Result<Option<Response>, Error> {
    let limit = limit(query)?;
    let room = room(limit, space);
    let page = storage.repositories(query.first("last"), room).await?;
    if page.more && room < limit {
        return Ok(None);
    }
    let names: Vec<&str> = page.items.iter().map(Repository::as_str).collect();
    let body = json!({ "repositories": names });
    let next = next(&page, limit, Repository::as_str);
    Ok(Some(answer(&body, &Action::ListRepositories, next)))
}

fn limit(query: &Query) -> Result<usize, Error> {
    let Some(text) = query.first("n") else { return Ok(PAGE_MAX) };
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if !digits {
        let message = format!("n is {text:?}; it must be a number of names, 0 or more");
        return Err(Error::new(Case::RequestInvalid, message));
    }
    // too large for a number is more than a page holds
    Ok(text.parse().unwrap_or(PAGE_MAX).min(PAGE_MAX))
}

/// How many names may be listed now: as many as are wanted, or only some while there is no room for
/// a large answer.
fn room(limit: usize, space: &mut Space<'_>) -> usize {
    if limit <= SMALL_MAX || space.grow() { limit } else { SMALL_MAX }
}

/// The query of the next page. With `n=0` there is none, or a client would loop (D-35).
fn next<T>(page: &Page<T>, limit: usize, name: impl Fn(&T) -> &str) -> Option<String> {
    let last = page.items.last().filter(|_| page.more)?;
    Some(format!("n={limit}&last={}", percent_encoded(name(last))))
}

fn answer(body: &Value, action: &Action, next: Option<String>) -> Response {
    let body = body.to_string();
    let mut response = Response::new(Body::empty());
    let fixed = response.headers_mut();
    fixed.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    fixed.insert(header::CONTENT_LENGTH, body.len().into());
    if let Some(next) = next {
        let link = format!("<{}?{next}>; rel=\"next\"", action.to_path());
        headers::set(&mut response, header::LINK, &link);
    }
    *response.body_mut() = body.into();
    response
}
