//! The endpoint table: a request line in, an endpoint of the distribution spec out. Pure.
//!
//! Works on the raw path, since a decoded `%2F` would make one name of two. Reads from the right:
//! a repository may be called `a/blobs/uploads` or `tags`, so the last well-known component counts.

use axum::http::Method;

use roadstead_oci::{Digest, InvalidDigest, InvalidReference, InvalidRepository, Reference};
use roadstead_oci::{Repository, Tag};

/// An endpoint, with the names in its path parsed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Endpoint {
    /// end-1: `GET /v2/`
    Base,
    /// `GET /v2/_catalog`
    Catalog,
    /// `GET /v2/_oci/ext/discover`, of the registry or of a repository
    Extensions(Option<Repository>),
    /// end-2, end-10: `/v2/<name>/blobs/<digest>`
    Blob(Repository, Digest),
    /// end-4, end-11: `POST /v2/<name>/blobs/uploads/`
    Uploads(Repository),
    /// end-5, end-6, end-13, end-14: `/v2/<name>/blobs/uploads/<token>`
    Upload(Repository, String),
    /// end-3, end-7, end-9: `/v2/<name>/manifests/<tag-or-digest>`
    Manifest(Repository, Reference),
    /// end-8: `GET /v2/<name>/tags/list`
    Tags(Repository),
    /// end-12: `GET /v2/<name>/referrers/<digest>`
    Referrers(Repository, Digest),
    /// `GET /v2/<name>/_roadstead/verdicts/<digest>`
    Verdicts(Repository, Digest),
    /// `GET /v2/<name>/_roadstead/verdicts/id/<id>`
    Verdict(Repository, String),
}

/// Why a request line is no endpoint.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unroutable {
    /// The path belongs to nothing.
    Path,
    /// The path has an endpoint, and only these methods.
    Method(&'static str),
    /// The repository name is malformed.
    Repository(InvalidRepository),
    /// The tag or digest of a manifest is malformed.
    Reference(InvalidReference),
    /// The digest is malformed.
    Digest(InvalidDigest),
    /// What verdicts are asked by is no digest.
    Verdicts,
}

impl Endpoint {
    /// Reads a request line. `path` is raw: with its percent-encoding, without the query.
    pub fn parse(method: &Method, path: &str) -> Result<Self, Unroutable> {
        let endpoint = Self::parse_path(path)?;
        let allowed = endpoint.methods();
        if allowed.split(", ").any(|name| name == method.as_str()) {
            Ok(endpoint)
        } else {
            Err(Unroutable::Method(allowed))
        }
    }

    fn parse_path(path: &str) -> Result<Self, Unroutable> {
        let rest = match path {
            "/v2" | "/v2/" => return Ok(Self::Base),
            _ => path.strip_prefix("/v2/").ok_or(Unroutable::Path)?,
        };
        let components: Vec<&str> = rest.split('/').collect();
        match components.as_slice() {
            ["_catalog"] => Ok(Self::Catalog),
            ["_oci", "ext", "discover"] => Ok(Self::Extensions(None)),
            [name @ .., "_oci", "ext", "discover"] => Ok(Self::Extensions(Some(repository(name)?))),
            [name @ .., "tags", "list"] => Ok(Self::Tags(repository(name)?)),
            [name @ .., "blobs", "uploads", token] if !token.is_empty() => {
                Ok(Self::Upload(repository(name)?, (*token).to_owned()))
            }
            [name @ .., "blobs", "uploads", ""] | [name @ .., "blobs", "uploads"] => {
                Ok(Self::Uploads(repository(name)?))
            }
            [name @ .., "manifests", reference] => {
                let name = repository(name)?;
                let reference = Reference::parse(&colon_decoded(reference));
                Ok(Self::Manifest(name, reference.map_err(Unroutable::Reference)?))
            }
            [name @ .., "blobs", text] => Ok(Self::Blob(repository(name)?, digest(text)?)),
            [name @ .., "referrers", text] => Ok(Self::Referrers(repository(name)?, digest(text)?)),
            [name @ .., "_roadstead", "verdicts", text] => {
                let name = repository(name)?;
                let digest = digest(text).map_err(|_| Unroutable::Verdicts)?;
                Ok(Self::Verdicts(name, digest))
            }
            [name @ .., "_roadstead", "verdicts", "id", id] if is_verdict_id(id) => {
                Ok(Self::Verdict(repository(name)?, (*id).to_owned()))
            }
            _ => Err(Unroutable::Path),
        }
    }

    /// The path of the endpoint; the inverse of [`Endpoint::parse`].
    pub fn to_path(&self) -> String {
        match self {
            Self::Base => "/v2/".to_owned(),
            Self::Catalog => "/v2/_catalog".to_owned(),
            Self::Extensions(None) => "/v2/_oci/ext/discover".to_owned(),
            Self::Extensions(Some(name)) => format!("/v2/{name}/_oci/ext/discover"),
            Self::Blob(name, digest) => format!("/v2/{name}/blobs/{digest}"),
            Self::Uploads(name) => format!("/v2/{name}/blobs/uploads/"),
            Self::Upload(name, token) => format!("/v2/{name}/blobs/uploads/{token}"),
            Self::Manifest(name, reference) => format!("/v2/{name}/manifests/{reference}"),
            Self::Tags(name) => format!("/v2/{name}/tags/list"),
            Self::Referrers(name, digest) => format!("/v2/{name}/referrers/{digest}"),
            Self::Verdicts(name, digest) => format!("/v2/{name}/_roadstead/verdicts/{digest}"),
            Self::Verdict(name, id) => format!("/v2/{name}/_roadstead/verdicts/id/{id}"),
        }
    }

    /// What a client may do there, as an `Allow` header says it.
    fn methods(&self) -> &'static str {
        match self {
            Self::Base
            | Self::Catalog
            | Self::Extensions(_)
            | Self::Tags(_)
            | Self::Referrers(..)
            | Self::Verdicts(..)
            | Self::Verdict(..) => "GET, HEAD",
            Self::Blob(..) => "GET, HEAD, DELETE",
            Self::Uploads(_) => "POST",
            Self::Upload(..) => "GET, PATCH, PUT, DELETE",
            Self::Manifest(..) => "GET, HEAD, PUT, DELETE",
        }
    }

    /// A name for logs and metrics.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Base => "base",
            Self::Catalog => "catalog",
            Self::Extensions(_) => "extensions",
            Self::Blob(..) => "blob",
            Self::Uploads(_) => "uploads",
            Self::Upload(..) => "upload",
            Self::Manifest(..) => "manifest",
            Self::Tags(_) => "tags",
            Self::Referrers(..) => "referrers",
            Self::Verdicts(..) => "verdicts",
            Self::Verdict(..) => "verdict",
        }
    }

    /// The repository in the path.
    pub fn repository(&self) -> Option<&Repository> {
        match self {
            Self::Base | Self::Catalog => None,
            Self::Extensions(name) => name.as_ref(),
            Self::Blob(name, _)
            | Self::Uploads(name)
            | Self::Upload(name, _)
            | Self::Manifest(name, _)
            | Self::Tags(name)
            | Self::Referrers(name, _)
            | Self::Verdicts(name, _)
            | Self::Verdict(name, _) => Some(name),
        }
    }

    /// The tag or digest in the path. The token of an upload is a credential and is none.
    pub fn reference(&self) -> Option<String> {
        match self {
            Self::Blob(_, digest) | Self::Referrers(_, digest) | Self::Verdicts(_, digest) => {
                Some(digest.to_string())
            }
            Self::Manifest(_, reference) => Some(reference.to_string()),
            Self::Verdict(_, id) => Some(id.clone()),
            Self::Base
            | Self::Catalog
            | Self::Extensions(_)
            | Self::Uploads(_)
            | Self::Upload(..)
            | Self::Tags(_) => None,
        }
    }
}

fn repository(components: &[&str]) -> Result<Repository, Unroutable> {
    Repository::parse(&components.join("/")).map_err(Unroutable::Repository)
}

fn digest(text: &str) -> Result<Digest, Unroutable> {
    Digest::parse(&colon_decoded(text)).map_err(Unroutable::Digest)
}

/// Letters and digits only, so that it can be logged and be part of a path.
fn is_verdict_id(text: &str) -> bool {
    const CHARS: usize = 11;
    text.len() == CHARS && text.bytes().all(|byte| byte.is_ascii_alphanumeric())
}

/// Some clients encode the colon of a digest. Nothing else in a reference can need it.
fn colon_decoded(text: &str) -> String {
    text.replace("%3A", ":").replace("%3a", ":")
}

/// The parameters of a request, in their order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Query(Vec<(String, String)>);

impl Query {
    /// Reads a raw query. A `+` stays one: media types are full of them, and none has a space.
    pub fn parse(query: &str) -> Self {
        let pairs = query.split('&').filter(|pair| !pair.is_empty());
        let decode = |pair: &str| {
            let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
            (percent_decoded(key), percent_decoded(value))
        };
        Self(pairs.map(decode).collect())
    }

    /// The first value of a parameter.
    pub fn first(&self, key: &str) -> Option<&str> {
        self.0.iter().find(|(name, _)| name == key).map(|(_, value)| value.as_str())
    }

    /// Every value of a parameter.
    pub fn all<'a>(&'a self, key: &'a str) -> impl Iterator<Item = &'a str> {
        self.0.iter().filter(move |(name, _)| name == key).map(|(_, value)| value.as_str())
    }

    /// The tags of `?tag=` (end-7b).
    pub fn tags(&self) -> Result<Vec<Tag>, InvalidReference> {
        self.all("tag").map(|tag| Tag::parse(tag).map_err(InvalidReference::Tag)).collect()
    }
}

fn percent_decoded(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [byte, after @ ..] = rest {
        // digits only: Rust's own parser would also take a sign
        let hex = after.get(..2).filter(|hex| hex.iter().all(u8::is_ascii_hexdigit));
        let hex = hex.and_then(|hex| std::str::from_utf8(hex).ok());
        match hex.and_then(|hex| u8::from_str_radix(hex, 16).ok()) {
            Some(decoded) if *byte == b'%' => {
                bytes.push(decoded);
                rest = &after[2..];
            }
            _ => {
                bytes.push(*byte);
                rest = after;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// Encodes a value for a query, such as a media type.
pub fn percent_encoded(text: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~/".contains(&byte);
    text.bytes().fold(String::new(), |mut encoded, byte| {
        if plain(byte) {
            encoded.push(char::from(byte));
        } else {
            let hex = [byte >> 4, byte & 15].map(|nibble| b"0123456789ABCDEF"[usize::from(nibble)]);
            encoded.push('%');
            encoded.extend(hex.map(char::from));
        }
        encoded
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn get(path: &str) -> Result<Endpoint, Unroutable> {
        Endpoint::parse(&Method::GET, path)
    }

    #[test]
    fn the_last_well_known_component_counts() {
        let name = |name: &str| Repository::parse(name).unwrap();
        let tag = |tag: &str| Reference::parse(tag).unwrap();
        let cases = [
            ("/v2/tags/list/tags/list", Endpoint::Tags(name("tags/list"))),
            ("/v2/a/manifests/manifests/b", Endpoint::Manifest(name("a/manifests"), tag("b"))),
            (
                "/v2/a/blobs/uploads/manifests/x",
                Endpoint::Manifest(name("a/blobs/uploads"), tag("x")),
            ),
            ("/v2/blobs/blobs/uploads/t", Endpoint::Upload(name("blobs"), "t".into())),
        ];
        for (path, endpoint) in cases {
            assert_eq!(get(path), Ok(endpoint), "{path}");
        }
    }

    #[test]
    fn paths_are_raw_and_methods_are_told() {
        assert!(matches!(get("/v2/a%2Fb/tags/list"), Err(Unroutable::Repository(_))));
        assert!(matches!(get("/v2/UP/tags/list"), Err(Unroutable::Repository(_))));
        assert_eq!(get("/v3/"), Err(Unroutable::Path));
        assert_eq!(get("/v2/a/b"), Err(Unroutable::Path));
        assert_eq!(get("/v2/a/blobs/uploads/"), Err(Unroutable::Method("POST")));
        let digest = format!("sha256:{}", "a".repeat(64));
        assert_eq!(
            get(&format!("/v2/a/blobs/{}", digest.replace(':', "%3a"))),
            get(&format!("/v2/a/blobs/{digest}"))
        );
    }

    #[test]
    fn d43_a_plus_in_a_query_stays_one() {
        let query = Query::parse("artifactType=a/b+json&artifactType=c%2Fd%2Bjson&n=%zz&last");
        assert_eq!(Query::parse("n=%+F%-1").first("n"), Some("%+F%-1"), "a sign is no digit");
        assert_eq!(query.all("artifactType").collect::<Vec<_>>(), ["a/b+json", "c/d+json"]);
        assert_eq!((query.first("n"), query.first("last")), (Some("%zz"), Some("")));
        assert_eq!(
            Query::parse(&format!("x={}", percent_encoded("a/b+c d"))).first("x"),
            Some("a/b+c d")
        );
    }

    proptest! {
        #[test]
        fn a_path_is_read_as_it_was_written(
            name in "(tags|blobs|manifests|uploads|referrers|verdicts)\
                     (/(tags|blobs|verdicts|list)){0,3}",
            tag in "[a-z0-9_]{1,8}",
            hex in "[0-9a-f]{64}",
        ) {
            let name = Repository::parse(&name).unwrap();
            let digest = Digest::parse(&format!("sha256:{hex}")).unwrap();
            for endpoint in [
                Endpoint::Blob(name.clone(), digest.clone()),
                Endpoint::Referrers(name.clone(), digest.clone()),
                Endpoint::Verdicts(name.clone(), digest),
                Endpoint::Verdict(name.clone(), "M9DWFBKHSF3".into()),
                Endpoint::Manifest(name.clone(), Reference::parse(&tag).unwrap()),
                Endpoint::Tags(name.clone()),
                Endpoint::Uploads(name.clone()),
                Endpoint::Upload(name.clone(), tag),
                Endpoint::Extensions(Some(name)),
            ] {
                prop_assert_eq!(Endpoint::parse_path(&endpoint.to_path()), Ok(endpoint));
            }
        }

        #[test]
        fn no_path_breaks_it(path in "\\PC{0,80}") {
            if let Ok(endpoint) = get(&path) {
                prop_assert_eq!(get(&endpoint.to_path()), Ok(endpoint));
            }
        }
    }
}
