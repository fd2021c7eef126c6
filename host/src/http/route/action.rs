//! What a request asks for: the one table of methods and paths.

use axum::http::Method;

use roadstead_oci::{Digest, Reference, Repository};

use super::{Unroutable, place::Place};
use crate::error::Methods;

/// What a request asks for, with the names in its path. HEAD asks for what GET does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Action {
    /// end-1: `GET /v2/`
    Base,
    /// `GET /v2/_catalog`
    ListRepositories,
    /// `GET /v2/_oci/ext/discover`, of the registry or of a repository
    DiscoverExtensions {
        /// none: the registry
        repository: Option<Repository>,
    },
    /// end-2: `GET /v2/<name>/blobs/<digest>`
    GetBlob {
        /// where
        repository: Repository,
        /// which
        digest: Digest,
    },
    /// end-10: `DELETE /v2/<name>/blobs/<digest>`
    DeleteBlob {
        /// where
        repository: Repository,
        /// which
        digest: Digest,
    },
    /// end-4, end-11: `POST /v2/<name>/blobs/uploads/`
    BeginUpload {
        /// where
        repository: Repository,
    },
    /// end-13: `GET /v2/<name>/blobs/uploads/<token>`
    GetUpload {
        /// where
        repository: Repository,
        /// names the upload
        token: String,
    },
    /// end-5: `PATCH /v2/<name>/blobs/uploads/<token>`
    AppendUpload {
        /// where
        repository: Repository,
        /// names the upload
        token: String,
    },
    /// end-6: `PUT /v2/<name>/blobs/uploads/<token>`
    FinishUpload {
        /// where
        repository: Repository,
        /// names the upload
        token: String,
    },
    /// end-14: `DELETE /v2/<name>/blobs/uploads/<token>`
    CancelUpload {
        /// where
        repository: Repository,
        /// names the upload
        token: String,
    },
    /// end-3: `GET /v2/<name>/manifests/<tag-or-digest>`
    GetManifest {
        /// where
        repository: Repository,
        /// which
        reference: Reference,
    },
    /// end-7: `PUT /v2/<name>/manifests/<tag-or-digest>`
    PutManifest {
        /// where
        repository: Repository,
        /// as what
        reference: Reference,
    },
    /// end-9: `DELETE /v2/<name>/manifests/<tag-or-digest>`
    DeleteManifest {
        /// where
        repository: Repository,
        /// which
        reference: Reference,
    },
    /// end-8: `GET /v2/<name>/tags/list`
    ListTags {
        /// of which
        repository: Repository,
    },
    /// end-12: `GET /v2/<name>/referrers/<digest>`
    ListReferrers {
        /// where
        repository: Repository,
        /// of which
        subject: Digest,
    },
    /// `GET /v2/<name>/_roadstead/verdicts/<digest>`
    ListVerdicts {
        /// where
        repository: Repository,
        /// on which
        manifest: Digest,
    },
    /// `GET /v2/<name>/_roadstead/verdicts/id/<id>`
    GetVerdict {
        /// where
        repository: Repository,
        /// which
        id: String,
    },
}

impl Action {
    /// Reads a request line. `path` is raw: with its percent-encoding, without the query.
    pub fn parse(method: &Method, path: &str) -> Result<Self, Unroutable> {
        let place = Place::parse(path)?;
        Self::of(method, &place).ok_or_else(|| Unroutable::Method(allowed(&place)))
    }

    /// The table. A method that is not in it asks for nothing.
    fn of(method: &Method, place: &Place) -> Option<Self> {
        let is_get = method == Method::GET || method == Method::HEAD;
        Some(match place.clone() {
            Place::Base if is_get => Self::Base,
            Place::Catalog if is_get => Self::ListRepositories,
            Place::Extensions(repository) if is_get => Self::DiscoverExtensions { repository },
            Place::Blob(repository, digest) => match *method {
                _ if is_get => Self::GetBlob { repository, digest },
                Method::DELETE => Self::DeleteBlob { repository, digest },
                _ => return None,
            },
            Place::Uploads(repository) if method == Method::POST => {
                Self::BeginUpload { repository }
            }
            Place::Upload(repository, token) => match *method {
                Method::GET => Self::GetUpload { repository, token },
                Method::PATCH => Self::AppendUpload { repository, token },
                Method::PUT => Self::FinishUpload { repository, token },
                Method::DELETE => Self::CancelUpload { repository, token },
                _ => return None,
            },
            Place::Manifest(repository, reference) => match *method {
                _ if is_get => Self::GetManifest { repository, reference },
                Method::PUT => Self::PutManifest { repository, reference },
                Method::DELETE => Self::DeleteManifest { repository, reference },
                _ => return None,
            },
            Place::Tags(repository) if is_get => Self::ListTags { repository },
            Place::Referrers(repository, subject) if is_get => {
                Self::ListReferrers { repository, subject }
            }
            Place::Verdicts(repository, manifest) if is_get => {
                Self::ListVerdicts { repository, manifest }
            }
            Place::Verdict(repository, id) if is_get => Self::GetVerdict { repository, id },
            _ => return None,
        })
    }

    /// The inverse of [`Action::parse`].
    pub fn to_request(&self) -> (Method, String) {
        let method = match self {
            Self::DeleteBlob { .. } | Self::CancelUpload { .. } | Self::DeleteManifest { .. } => {
                Method::DELETE
            }
            Self::BeginUpload { .. } => Method::POST,
            Self::AppendUpload { .. } => Method::PATCH,
            Self::FinishUpload { .. } | Self::PutManifest { .. } => Method::PUT,
            Self::Base
            | Self::ListRepositories
            | Self::DiscoverExtensions { .. }
            | Self::GetBlob { .. }
            | Self::GetUpload { .. }
            | Self::GetManifest { .. }
            | Self::ListTags { .. }
            | Self::ListReferrers { .. }
            | Self::ListVerdicts { .. }
            | Self::GetVerdict { .. } => Method::GET,
        };
        (method, self.to_path())
    }

    /// The path alone.
    pub fn to_path(&self) -> String {
        match self {
            Self::Base => "/v2/".to_owned(),
            Self::ListRepositories => "/v2/_catalog".to_owned(),
            Self::DiscoverExtensions { repository: None } => "/v2/_oci/ext/discover".to_owned(),
            Self::DiscoverExtensions { repository: Some(repository) } => {
                format!("/v2/{repository}/_oci/ext/discover")
            }
            Self::GetBlob { repository, digest } | Self::DeleteBlob { repository, digest } => {
                format!("/v2/{repository}/blobs/{digest}")
            }
            Self::BeginUpload { repository } => format!("/v2/{repository}/blobs/uploads/"),
            Self::GetUpload { repository, token }
            | Self::AppendUpload { repository, token }
            | Self::FinishUpload { repository, token }
            | Self::CancelUpload { repository, token } => {
                format!("/v2/{repository}/blobs/uploads/{token}")
            }
            Self::GetManifest { repository, reference }
            | Self::PutManifest { repository, reference }
            | Self::DeleteManifest { repository, reference } => {
                format!("/v2/{repository}/manifests/{reference}")
            }
            Self::ListTags { repository } => format!("/v2/{repository}/tags/list"),
            Self::ListReferrers { repository, subject } => {
                format!("/v2/{repository}/referrers/{subject}")
            }
            Self::ListVerdicts { repository, manifest } => {
                format!("/v2/{repository}/_roadstead/verdicts/{manifest}")
            }
            Self::GetVerdict { repository, id } => {
                format!("/v2/{repository}/_roadstead/verdicts/id/{id}")
            }
        }
    }

    /// A name for logs and metrics: what is asked about. The method is logged beside it.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Base => "base",
            Self::ListRepositories => "catalog",
            Self::DiscoverExtensions { .. } => "extensions",
            Self::GetBlob { .. } | Self::DeleteBlob { .. } => "blob",
            Self::BeginUpload { .. } => "uploads",
            Self::GetUpload { .. }
            | Self::AppendUpload { .. }
            | Self::FinishUpload { .. }
            | Self::CancelUpload { .. } => "upload",
            Self::GetManifest { .. } | Self::PutManifest { .. } | Self::DeleteManifest { .. } => {
                "manifest"
            }
            Self::ListTags { .. } => "tags",
            Self::ListReferrers { .. } => "referrers",
            Self::ListVerdicts { .. } => "verdicts",
            Self::GetVerdict { .. } => "verdict",
        }
    }

    /// The repository that it is about.
    pub fn repository(&self) -> Option<&Repository> {
        match self {
            Self::Base | Self::ListRepositories => None,
            Self::DiscoverExtensions { repository } => repository.as_ref(),
            Self::GetBlob { repository, .. }
            | Self::DeleteBlob { repository, .. }
            | Self::BeginUpload { repository }
            | Self::GetUpload { repository, .. }
            | Self::AppendUpload { repository, .. }
            | Self::FinishUpload { repository, .. }
            | Self::CancelUpload { repository, .. }
            | Self::GetManifest { repository, .. }
            | Self::PutManifest { repository, .. }
            | Self::DeleteManifest { repository, .. }
            | Self::ListTags { repository }
            | Self::ListReferrers { repository, .. }
            | Self::ListVerdicts { repository, .. }
            | Self::GetVerdict { repository, .. } => Some(repository),
        }
    }

    /// The tag or digest that it is about. The token of an upload is a credential and is none.
    pub fn reference(&self) -> Option<String> {
        match self {
            Self::GetBlob { digest, .. }
            | Self::DeleteBlob { digest, .. }
            | Self::ListReferrers { subject: digest, .. }
            | Self::ListVerdicts { manifest: digest, .. } => Some(digest.to_string()),
            Self::GetManifest { reference, .. }
            | Self::PutManifest { reference, .. }
            | Self::DeleteManifest { reference, .. } => Some(reference.to_string()),
            Self::GetVerdict { id, .. } => Some(id.clone()),
            Self::Base
            | Self::ListRepositories
            | Self::DiscoverExtensions { .. }
            | Self::BeginUpload { .. }
            | Self::GetUpload { .. }
            | Self::AppendUpload { .. }
            | Self::FinishUpload { .. }
            | Self::CancelUpload { .. }
            | Self::ListTags { .. } => None,
        }
    }
}

/// What may be asked there.
fn allowed(place: &Place) -> Methods {
    Methods::that(|name| {
        Method::from_bytes(name.as_bytes()).is_ok_and(|method| Action::of(&method, place).is_some())
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn get(path: &str) -> Result<Action, Unroutable> {
        Action::parse(&Method::GET, path)
    }

    #[test]
    fn the_last_well_known_component_counts() {
        let name = |name: &str| Repository::parse(name).unwrap();
        let tag = |tag: &str| Reference::parse(tag).unwrap();
        let manifest =
            |of: &str, is: &str| Action::GetManifest { repository: name(of), reference: tag(is) };
        let cases = [
            ("/v2/tags/list/tags/list", Action::ListTags { repository: name("tags/list") }),
            ("/v2/a/manifests/manifests/b", manifest("a/manifests", "b")),
            ("/v2/a/blobs/uploads/manifests/x", manifest("a/blobs/uploads", "x")),
            (
                "/v2/blobs/blobs/uploads/t",
                Action::GetUpload { repository: name("blobs"), token: "t".into() },
            ),
        ];
        for (path, action) in cases {
            assert_eq!(get(path), Ok(action), "{path}");
        }
    }

    #[test]
    fn paths_are_raw_and_methods_are_told() {
        assert!(matches!(get("/v2/a%2Fb/tags/list"), Err(Unroutable::Repository(_))));
        assert!(matches!(get("/v2/UP/tags/list"), Err(Unroutable::Repository(_))));
        assert_eq!(get("/v3/"), Err(Unroutable::Path));
        assert_eq!(get("/v2/a/b"), Err(Unroutable::Path));
        let allowed = |path: &str, methods: &str| {
            let odd = Method::from_bytes(b"ODD").unwrap();
            let Err(Unroutable::Method(allowed)) = Action::parse(&odd, path) else {
                panic!("{path}")
            };
            assert_eq!(allowed.to_string(), methods, "{path}");
        };
        let digest = format!("sha256:{}", "a".repeat(64));
        allowed("/v2/", "GET, HEAD");
        allowed("/v2/a/blobs/uploads/", "POST");
        allowed("/v2/a/blobs/uploads/t", "GET, PATCH, PUT, DELETE");
        allowed("/v2/a/manifests/t", "GET, HEAD, PUT, DELETE");
        allowed(&format!("/v2/a/blobs/{digest}"), "GET, HEAD, DELETE");
        assert_eq!(
            get(&format!("/v2/a/blobs/{}", digest.replace(':', "%3a"))),
            get(&format!("/v2/a/blobs/{digest}"))
        );
    }

    proptest! {
        #[test]
        fn a_request_is_read_as_it_was_written(
            name in "(tags|blobs|manifests|uploads|referrers|verdicts)\
                     (/(tags|blobs|verdicts|list)){0,3}",
            tag in "[a-z0-9_]{1,8}",
            hex in "[0-9a-f]{64}",
        ) {
            let name = || Repository::parse(&name).unwrap();
            let digest = || Digest::parse(&format!("sha256:{hex}")).unwrap();
            let reference = || Reference::parse(&tag).unwrap();
            let token = || tag.clone();
            for action in [
                Action::Base,
                Action::ListRepositories,
                Action::DiscoverExtensions { repository: None },
                Action::DiscoverExtensions { repository: Some(name()) },
                Action::GetBlob { repository: name(), digest: digest() },
                Action::DeleteBlob { repository: name(), digest: digest() },
                Action::BeginUpload { repository: name() },
                Action::GetUpload { repository: name(), token: token() },
                Action::AppendUpload { repository: name(), token: token() },
                Action::FinishUpload { repository: name(), token: token() },
                Action::CancelUpload { repository: name(), token: token() },
                Action::GetManifest { repository: name(), reference: reference() },
                Action::PutManifest { repository: name(), reference: reference() },
                Action::DeleteManifest { repository: name(), reference: reference() },
                Action::ListTags { repository: name() },
                Action::ListReferrers { repository: name(), subject: digest() },
                Action::ListVerdicts { repository: name(), manifest: digest() },
                Action::GetVerdict { repository: name(), id: "M9DWFBKHSF3".into() },
            ] {
                let (method, path) = action.to_request();
                prop_assert_eq!(Action::parse(&method, &path), Ok(action));
            }
        }

        #[test]
        fn no_path_breaks_it(path in "\\PC{0,80}") {
            if let Ok(action) = get(&path) {
                prop_assert_eq!(get(&action.to_path()), Ok(action));
            }
        }
    }
}
