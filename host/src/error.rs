//! What is told to a client, and what only to the log.

use std::fmt;

use roadstead_oci::{
    Digest, ErrorCode, InvalidContentRange, InvalidDigest, InvalidReference, InvalidRepository,
    Reference, Repository,
};

/// A request that can't be served.
#[derive(Debug)]
pub struct Error {
    /// what it is; decides the status
    pub case: Case,
    /// what the client reads, the worst first
    pub entries: Vec<Entry>,
    /// how the client may log in, of [`Case::Unauthorized`]: the value of `WWW-Authenticate`
    pub challenge: Option<&'static str>,
    /// the verdict that refused it
    pub verdict: Option<String>,
    /// for the log alone
    pub cause: Option<anyhow::Error>,
}

/// One element of `errors` in an answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// one line: what is wrong, where, what to do
    pub message: String,
    /// short facts, since clients print this as they find it; at most six
    pub detail: Vec<(&'static str, String)>,
}

/// Some of the methods that requests have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Methods(u8);

impl Methods {
    const NAMES: [&str; 6] = ["GET", "HEAD", "POST", "PATCH", "PUT", "DELETE"];

    /// Those of them that fit.
    pub fn that(fit: impl Fn(&str) -> bool) -> Self {
        let bits = Self::NAMES.iter().enumerate();
        Self(bits.fold(0, |bits, (bit, name)| bits | u8::from(fit(name)) << bit))
    }
}

/// As in an `Allow` header.
impl fmt::Display for Methods {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names = Self::NAMES.iter().enumerate();
        let names = names.filter(|(bit, _)| self.0 & 1 << bit != 0).map(|(_, name)| *name);
        f.write_str(&names.collect::<Vec<_>>().join(", "))
    }
}

/// Every way in which a request can fail. Has a code here and a status in `http::respond`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Case {
    /// nothing lives at this path
    NoSuchPath,
    /// not with this method; the header lists those that will do
    Method(Methods),
    /// see [`ErrorCode::NameInvalid`]
    NameInvalid,
    /// see [`ErrorCode::NameUnknown`]
    NameUnknown,
    /// see [`ErrorCode::BlobUnknown`]
    BlobUnknown,
    /// see [`ErrorCode::ManifestUnknown`]
    ManifestUnknown,
    /// see [`ErrorCode::ManifestBlobUnknown`]
    ManifestBlobUnknown,
    /// see [`ErrorCode::ManifestInvalid`]
    ManifestInvalid,
    /// see [`ErrorCode::DigestInvalid`]
    DigestInvalid,
    /// a tag, a number or a header of a request is malformed
    RequestInvalid,
    /// a request that is made in a way we don't support
    NotImplemented,
    /// a request that expects what we don't know
    ExpectationUnknown,
    /// a length differs from what was announced
    SizeInvalid,
    /// a body is over its limit
    TooLarge,
    /// too many tags at once
    TooManyTags,
    /// a request's path and query are over their limit
    TargetTooLong,
    /// a request's header is over its limit
    HeaderTooLarge,
    /// see [`ErrorCode::BlobUploadUnknown`]
    UploadUnknown,
    /// a chunk does not begin where the upload ends
    OutOfOrder,
    /// nothing of a blob lies in the range; the blob's size in bytes
    RangeUnsatisfiable(u64),
    /// the client stopped sending
    BrokenOff,
    /// nobody is known to ask
    Unauthorized,
    /// a policy refuses
    Denied,
    /// it stays, since something names it
    StillNamed,
    /// try again
    Unavailable,
    /// a defect, or a broken store
    Internal,
}

impl Case {
    /// Every case, for tests.
    pub const ALL: [Self; 26] = [
        Self::NoSuchPath,
        Self::Method(Methods(1)),
        Self::NameInvalid,
        Self::NameUnknown,
        Self::BlobUnknown,
        Self::ManifestUnknown,
        Self::ManifestBlobUnknown,
        Self::ManifestInvalid,
        Self::DigestInvalid,
        Self::RequestInvalid,
        Self::NotImplemented,
        Self::ExpectationUnknown,
        Self::SizeInvalid,
        Self::TooLarge,
        Self::TooManyTags,
        Self::TargetTooLong,
        Self::HeaderTooLarge,
        Self::UploadUnknown,
        Self::OutOfOrder,
        Self::RangeUnsatisfiable(0),
        Self::BrokenOff,
        Self::Unauthorized,
        Self::Denied,
        Self::StillNamed,
        Self::Unavailable,
        Self::Internal,
    ];

    /// Its code, of the specification's closed list.
    pub fn code(self) -> ErrorCode {
        match self {
            Self::NoSuchPath
            | Self::Method(_)
            | Self::StillNamed
            | Self::RequestInvalid
            | Self::NotImplemented
            | Self::ExpectationUnknown
            | Self::TargetTooLong
            | Self::HeaderTooLarge => ErrorCode::Unsupported,
            Self::NameInvalid => ErrorCode::NameInvalid,
            Self::NameUnknown => ErrorCode::NameUnknown,
            Self::BlobUnknown => ErrorCode::BlobUnknown,
            Self::ManifestUnknown => ErrorCode::ManifestUnknown,
            Self::ManifestBlobUnknown => ErrorCode::ManifestBlobUnknown,
            Self::ManifestInvalid | Self::TooManyTags => ErrorCode::ManifestInvalid,
            Self::DigestInvalid => ErrorCode::DigestInvalid,
            Self::SizeInvalid | Self::TooLarge | Self::RangeUnsatisfiable(_) => {
                ErrorCode::SizeInvalid
            }
            Self::UploadUnknown => ErrorCode::BlobUploadUnknown,
            Self::OutOfOrder | Self::BrokenOff => ErrorCode::BlobUploadInvalid,
            Self::Unauthorized => ErrorCode::Unauthorized,
            Self::Denied => ErrorCode::Denied,
            Self::Unavailable => ErrorCode::Unavailable,
            Self::Internal => ErrorCode::Unknown,
        }
    }
}

impl Error {
    /// A case, and what the client reads about it.
    pub fn new(case: Case, message: impl Into<String>) -> Self {
        let entry = Entry { message: message.into(), detail: Vec::new() };
        Self { case, entries: vec![entry], challenge: None, verdict: None, cause: None }
    }

    /// Nobody is known to ask, who can log in by that challenge.
    pub fn unauthorized(challenge: &'static str, message: &str) -> Self {
        Self { challenge: Some(challenge), ..Self::new(Case::Unauthorized, message) }
    }

    /// Adds a fact to the first entry.
    #[must_use]
    pub fn with(mut self, key: &'static str, value: impl ToString) -> Self {
        if let Some(entry) = self.entries.first_mut() {
            entry.detail.push((key, value.to_string()));
        }
        self
    }

    /// Says to the log why.
    #[must_use]
    pub fn because(mut self, cause: impl Into<anyhow::Error>) -> Self {
        self.cause = Some(cause.into());
        self
    }

    /// No manifest by that reference here.
    pub fn manifest_unknown(repository: &Repository, reference: &Reference) -> Self {
        let message = format!("repository {repository} has no manifest {reference}");
        Self::new(Case::ManifestUnknown, message)
    }

    /// No such blob here.
    pub fn blob_unknown(repository: &Repository, digest: &Digest) -> Self {
        Self::new(Case::BlobUnknown, format!("repository {repository} has no blob {digest}"))
    }

    /// No such repository.
    pub fn name_unknown(repository: &Repository) -> Self {
        Self::new(Case::NameUnknown, format!("there is no repository {repository}"))
    }

    /// No such upload.
    pub fn upload_unknown() -> Self {
        let message = "this upload is unknown, finished or expired; begin a new one with a POST";
        Self::new(Case::UploadUnknown, message)
    }

    /// More than `limit` bytes.
    pub fn too_large(what: &str, limit: u64) -> Self {
        Self::new(Case::TooLarge, format!("the {what} is larger than {limit} bytes"))
    }

    /// The client stopped sending.
    pub fn broken_off() -> Self {
        Self::new(Case::BrokenOff, "the request body is incomplete; send it again")
    }
}

impl From<roadstead_storage::Error> for Error {
    fn from(error: roadstead_storage::Error) -> Self {
        use roadstead_storage::Error as Storage;
        match &error {
            Storage::Unavailable { .. } | Storage::Full { .. } => {
                Self::new(Case::Unavailable, "the store failed; try again").because(error)
            }
            Storage::Corrupt { .. } | Storage::InUse { .. } => {
                Self::new(Case::Internal, "the registry failed").because(error)
            }
        }
    }
}

impl From<InvalidDigest> for Error {
    fn from(invalid: InvalidDigest) -> Self {
        Self::new(Case::DigestInvalid, invalid.to_string())
    }
}

impl From<InvalidRepository> for Error {
    fn from(invalid: InvalidRepository) -> Self {
        Self::new(Case::NameInvalid, invalid.to_string())
    }
}

impl From<InvalidReference> for Error {
    fn from(invalid: InvalidReference) -> Self {
        match invalid {
            InvalidReference::Digest(invalid) => invalid.into(),
            InvalidReference::Tag(invalid) => Self::new(Case::ManifestInvalid, invalid.to_string()),
        }
    }
}

impl From<InvalidContentRange> for Error {
    fn from(invalid: InvalidContentRange) -> Self {
        Self::new(Case::OutOfOrder, invalid.to_string())
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let message = self.entries.first().map_or("", |entry| &entry.message);
        write!(f, "{}: {message}", self.case.code().as_str())
    }
}

impl std::error::Error for Error {}
