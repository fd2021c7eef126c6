//! Error codes (distribution-spec, "Error Codes").

/// The closed list of codes that a 4xx answer may carry (D-48), and the two that clients know
/// from 5xx answers, which the list does not bind.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ErrorCode {
    /// The blob is not in this repository.
    BlobUnknown,
    /// The upload can't go on so: a chunk out of order, most often.
    BlobUploadInvalid,
    /// No such upload, or it has ended.
    BlobUploadUnknown,
    /// A digest is malformed, unsupported, or not that of the content.
    DigestInvalid,
    /// A manifest names a blob or manifest that is not in this repository.
    ManifestBlobUnknown,
    /// The manifest breaks the image specification.
    ManifestInvalid,
    /// The manifest is not in this repository.
    ManifestUnknown,
    /// The repository name is malformed.
    NameInvalid,
    /// No such repository.
    NameUnknown,
    /// A length is not what was announced, or over a limit.
    SizeInvalid,
    /// Log in first.
    Unauthorized,
    /// A policy, or a missing permission, refuses.
    Denied,
    /// The operation is not possible here.
    Unsupported,
    /// Slow down.
    TooManyRequests,
    /// 503: try again.
    Unavailable,
    /// 500: a defect, or a broken store.
    Unknown,
}

impl ErrorCode {
    /// Every code, in the order of the specification.
    pub const ALL: [Self; 16] = [
        Self::BlobUnknown,
        Self::BlobUploadInvalid,
        Self::BlobUploadUnknown,
        Self::DigestInvalid,
        Self::ManifestBlobUnknown,
        Self::ManifestInvalid,
        Self::ManifestUnknown,
        Self::NameInvalid,
        Self::NameUnknown,
        Self::SizeInvalid,
        Self::Unauthorized,
        Self::Denied,
        Self::Unsupported,
        Self::TooManyRequests,
        Self::Unavailable,
        Self::Unknown,
    ];

    /// As it stands in `errors[].code`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::BlobUnknown => "BLOB_UNKNOWN",
            Self::BlobUploadInvalid => "BLOB_UPLOAD_INVALID",
            Self::BlobUploadUnknown => "BLOB_UPLOAD_UNKNOWN",
            Self::DigestInvalid => "DIGEST_INVALID",
            Self::ManifestBlobUnknown => "MANIFEST_BLOB_UNKNOWN",
            Self::ManifestInvalid => "MANIFEST_INVALID",
            Self::ManifestUnknown => "MANIFEST_UNKNOWN",
            Self::NameInvalid => "NAME_INVALID",
            Self::NameUnknown => "NAME_UNKNOWN",
            Self::SizeInvalid => "SIZE_INVALID",
            Self::Unauthorized => "UNAUTHORIZED",
            Self::Denied => "DENIED",
            Self::Unsupported => "UNSUPPORTED",
            Self::TooManyRequests => "TOOMANYREQUESTS",
            Self::Unavailable => "UNAVAILABLE",
            Self::Unknown => "UNKNOWN",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn d48_codes_are_upper_case_and_differ() {
        let mut names: Vec<_> = ErrorCode::ALL.iter().map(|code| code.as_str()).collect();
        assert!(
            names
                .iter()
                .all(|name| { name.bytes().all(|byte| byte.is_ascii_uppercase() || byte == b'_') })
        );
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), ErrorCode::ALL.len());
    }
}
