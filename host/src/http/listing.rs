//! Pages of names: tags (end-8) and the catalog.

use axum::{http::header, response::Response};
use serde_json::{Value, json};

use roadstead_oci::{Repository, Tag};
use roadstead_storage::{Limit, Page, Storage};

use super::{
    answers::{PAGE_BYTES_MAX, SMALL_BYTES_MAX, Space},
    base::json_response,
    headers,
    route::{Action, Query, percent_encoded},
};
use crate::error::{Case, Error};

/// Most tags on a page, whatever the client asks for: while a page of short ones is made, they take
/// several times as much memory as their bytes.
const TAGS_MAX: usize = 250_000;
/// Most repositories on a page, whatever the client asks for: each one is looked up.
const REPOSITORIES_MAX: usize = 10_000;
/// Names that make a small answer, however long they are.
const SMALL_MAX: usize = 200;
/// Bytes of an answer beside its names: the keys, and the name of the repository.
const AROUND_NAMES: usize = 300;

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
    let asked = asked(query)?;
    let names = asked.unwrap_or(TAGS_MAX).min(TAGS_MAX);
    let large = names <= SMALL_MAX || space.grow();
    let bytes = if large { PAGE_BYTES_MAX } else { SMALL_BYTES_MAX } - AROUND_NAMES;
    let page = storage.tags(repository, query.first("last"), Limit { names, bytes }).await?;
    if page.more && !large {
        return Ok(None);
    }
    let next = next(&page, asked, Tag::as_str);
    let tags: Vec<&str> = page.items.iter().map(Tag::as_str).collect();
    let body = json!({ "name": repository.as_str(), "tags": tags });
    Ok(Some(answer(&body, &Action::ListTags { repository: repository.clone() }, next)))
}

/// `GET /v2/_catalog`. `None`: there is no room for the page now.
pub(super) async fn catalog(
    storage: &Storage,
    query: &Query,
    space: &mut Space<'_>,
) -> Result<Option<Response>, Error> {
    let asked = asked(query)?;
    let limit = asked.unwrap_or(REPOSITORIES_MAX).min(REPOSITORIES_MAX);
    let large = limit <= SMALL_MAX || space.grow();
    let names = if large { limit } else { SMALL_MAX };
    let page = storage.repositories(query.first("last"), names).await?;
    if page.more && !large {
        return Ok(None);
    }
    let next = next(&page, asked, Repository::as_str);
    let names: Vec<&str> = page.items.iter().map(Repository::as_str).collect();
    let body = json!({ "repositories": names });
    Ok(Some(answer(&body, &Action::ListRepositories, next)))
}

/// The number of names that the client asks for, if it asks for one.
fn asked(query: &Query) -> Result<Option<usize>, Error> {
    let Some(text) = query.first("n") else { return Ok(None) };
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if !digits {
        let message = format!("n is {text:?}; it must be a number of names, 0 or more");
        return Err(Error::new(Case::RequestInvalid, message));
    }
    // too large for a number is more than a page holds
    Ok(text.parse().ok())
}

/// The query of the next page. With `n=0` there is none, or a client would loop (D-35).
fn next<T>(page: &Page<T>, asked: Option<usize>, name: impl Fn(&T) -> &str) -> Option<String> {
    let last = percent_encoded(name(page.items.last().filter(|_| page.more)?));
    Some(match asked {
        Some(n) => format!("n={n}&last={last}"),
        None => format!("last={last}"),
    })
}

fn answer(body: &Value, action: &Action, next: Option<String>) -> Response {
    let mut response = json_response(body.to_string());
    if let Some(next) = next {
        let link = format!("<{}?{next}>; rel=\"next\"", action.to_path());
        headers::set(&mut response, header::LINK, &link);
    }
    response
}
