//! What was judged about a manifest: an extension of ours.

use axum::{
    http::{HeaderMap, Uri, header},
    response::Response,
};
use serde_json::{Value, json};

use roadstead_oci::{Digest, Reference, Repository};

use super::{base::json_response, headers, manifests, route::Action};
use crate::{
    error::{Case, Error},
    registry::Registry,
};

/// `GET /v2/<name>/_roadstead/verdicts/<digest>`: every verdict on a manifest that is stored or was
/// refused, the newest first.
pub(super) async fn of_manifest(
    registry: &Registry,
    repository: &Repository,
    digest: &Digest,
) -> Result<Response, Error> {
    let reference = Reference::Digest(digest.clone());
    let Some(mut judged) = registry.records().judged(repository, &reference).await? else {
        return Err(manifests::unknown(&registry.storage, repository, &reference).await?);
    };
    judged.verdicts.iter_mut().for_each(keep_apart_who_pushed);
    Ok(json_response(json!(judged).to_string()))
}

/// `GET /v2/<name>/_roadstead/verdicts/id/<id>`: a refusal or warning of this repository.
pub(super) async fn by_id(
    registry: &Registry,
    repository: &Repository,
    id: &str,
) -> Result<Response, Error> {
    let found = registry.records().verdict_of(repository, id).await?;
    // what another repository refused is for those who may read that one
    let of_this = found.filter(|verdict| verdict["repository"] == repository.as_str());
    let Some(mut verdict) = of_this else {
        let message = format!(
            "repository {repository} has no verdict {id}: only rejections and warnings are kept by \
             id, until they expire"
        );
        return Err(Error::new(Case::NoSuchPath, message));
    };
    keep_apart_who_pushed(&mut verdict);
    Ok(json_response(verdict.to_string()))
}

/// That is for the operator alone.
fn keep_apart_who_pushed(verdict: &mut Value) {
    if let Some(verdict) = verdict.as_object_mut() {
        verdict.remove("pushed_by");
        if let Some(seen) = verdict.get_mut("seen").and_then(Value::as_object_mut) {
            seen.remove("pushed_by");
        }
    }
}

/// Where a client can read a verdict: an URL by the name that he knows us by, or the path alone.
pub(super) fn url(request: &HeaderMap, repository: &Repository, id: &str) -> String {
    let path = Action::GetVerdict { repository: repository.clone(), id: id.to_owned() }.to_path();
    let host = headers::text(request, header::HOST).filter(|host| is_host(host));
    // a proxy in front that ends TLS says so
    let scheme = match headers::text(request, "x-forwarded-proto") {
        Some(scheme) if scheme.eq_ignore_ascii_case("https") => "https",
        _ => "http",
    };
    host.map_or_else(|| path.clone(), |host| format!("{scheme}://{host}{path}"))
}

/// Whether it is a host and nothing else, in so few characters that a line can have it.
fn is_host(text: &str) -> bool {
    const CHARS_MAX: usize = 100;
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b".-_:[]".contains(&byte);
    let uri = text.parse::<Uri>();
    !text.is_empty()
        && text.len() <= CHARS_MAX
        && text.bytes().all(plain)
        && uri.is_ok_and(|uri| uri.authority().is_some_and(|host| host.as_str() == text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_verdict_has_an_url_where_the_client_says_how_it_reached_us() {
        let repository = Repository::parse("charts/web").unwrap();
        let path = "/v2/charts/web/_roadstead/verdicts/id/M9DWFBKHSF3";
        let of = |fields: &[(&'static str, &str)]| {
            let fields = fields.iter().map(|(name, value)| {
                (header::HeaderName::from_static(name), value.parse().unwrap())
            });
            url(&fields.collect(), &repository, "M9DWFBKHSF3")
        };
        for host in ["localhost:5000", "registry.example.com", "[::1]:5000", "10.0.0.1"] {
            assert_eq!(of(&[("host", host)]), format!("http://{host}{path}"));
        }
        let tls = [("host", "r.example"), ("x-forwarded-proto", "https")];
        assert_eq!(of(&tls), format!("https://r.example{path}"));
        let long = "a.".repeat(60);
        for none in ["", "a b", "a/b", "user@host", "a\"b", "<b>", long.as_str()] {
            assert_eq!(of(&[("host", none)]), path, "{none}");
        }
        assert_eq!(of(&[]), path);
    }
}
