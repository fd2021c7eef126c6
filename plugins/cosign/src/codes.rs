//! All that this plugin may find. A code's meaning never changes.

use roadstead_plugin_sdk::Code;

pub(crate) const FORM: Code = Code::error(
    "RSC001",
    "the manifest is an index, and clients read different signatures in it",
    "cosign takes the first manifest that an index lists for linux/amd64, or for no platform; \
     podman reads none. Push the manifest of signatures itself.",
);

pub(crate) const TAG: Code = Code::warning(
    "RSC002",
    "cosign does not look for signatures under this tag",
    "cosign finds a signature by the digest of the signed manifest, under the tag \
     `sha256-<hex>.sig`, perhaps with a prefix. Mirrors also copy signatures to other tags, where \
     no client verifies them.",
);

pub(crate) const OTHER_DIGEST: Code = Code::error(
    "RSC003",
    "the signature was made for a different manifest",
    "The tag, the subject and the signed content must name the same digest. If they differ, the \
     signature was copied from elsewhere, and every client rejects it. Sign the manifest itself. \
     (A push by digest has no tag to compare; it is judged again when it is tagged.) A bundle is \
     compared only if it claims to be about its subject: by the predicate of a signature, or by \
     the annotations `dev.sigstore.bundle.content` and `dev.sigstore.bundle.predicateType`.",
);

pub(crate) const SIGNED_ABSENT: Code = Code::warning(
    "RSC004",
    "the signed manifest is not in this repository",
    "cosign and podman push a signature after the manifest that it signs. Without that manifest \
     the signature is of no use here, unless you keep signatures in a separate repository on \
     purpose (`COSIGN_REPOSITORY`).",
);

pub(crate) const LAYERS: Code = Code::error(
    "RSC005",
    "the layers are not those of a signature",
    "At least one layer must be a payload: of the type \
     `application/vnd.dev.cosign.simplesigning.v1+json`, or with the annotation of a signature. No \
     layer may be an image layer: an image under such a tag hides the signatures, and a manifest \
     with both would be two things at once.",
);

pub(crate) const ATTESTATION: Code = Code::warning(
    "RSC006",
    "a layer among the signatures is an attestation",
    "cosign looks for attestations under a tag that ends in `.att`, and can't verify one that is \
     pushed as a signature. Attach it with `cosign attest`.",
);

pub(crate) const CONFIG: Code = Code::warning(
    "RSC007",
    "the config is not that of a signature",
    "The config of a signature has the type of an image's config; with a subject, it may also be \
     `application/vnd.dev.cosign.artifact.sig.v1+json` or the empty config. cosign writes it, and \
     no client looks at it.",
);

pub(crate) const DIFF_IDS: Code = Code::warning(
    "RSC008",
    "the config does not list the layers",
    "`rootfs.diff_ids` in the config must be the digests of the layers, in the same order, and the \
     config at most 1 MiB. Clients that copy images reject anything else; cosign does not look.",
);

pub(crate) const TOO_LARGE: Code = Code::error(
    "RSC009",
    "the manifest holds more than any client reads",
    "cosign reads at most 1000 signatures in a manifest and 128 MiB of a blob. Old signatures add \
     up: `cosign clean` removes them.",
);

pub(crate) const ABSENT: Code = Code::error(
    "RSC010",
    "a part of the signature is not stored",
    "A signature is judged by its blobs, so they must be stored even if the registry accepts \
     manifests without their blobs. Push the blobs before the manifest, as cosign does.",
);

pub(crate) const OTHER_TYPE: Code = Code::warning(
    "RSC011",
    "a layer among the signatures has another type",
    "cosign reads every layer with the annotation of a signature as a signature, whatever its \
     type, and so does this plugin. podman reads only the type \
     `application/vnd.dev.cosign.simplesigning.v1+json`.",
);

pub(crate) const EMPTY: Code = Code::warning(
    "RSC012",
    "the manifest has no layers",
    "Without layers there is no signature and no attestation, so clients have nothing to verify. \
     Sign with cosign.",
);

pub(crate) const PAYLOAD: Code = Code::error(
    "RSC020",
    "a payload is malformed or ambiguous",
    "A payload must be a JSON object that names the digest of a manifest under `critical`. It has \
     no duplicate keys, and no key that cosign would read as one of its own: otherwise two readers \
     see two different signatures.",
);

pub(crate) const TYPE: Code = Code::warning(
    "RSC021",
    "a payload does not have the type of a container signature",
    "`critical.type` must be `cosign container image signature`. cosign does not look; podman \
     rejects any other. A payload with another type was signed for another purpose.",
);

pub(crate) const OLD_TYPE: Code = Code::warning(
    "RSC022",
    "a payload has the type of GPG signatures",
    "podman writes `atomic container signature` when it signs with GPG. cosign verifies such a \
     signature; podman does not.",
);

pub(crate) const SIGNATURE: Code = Code::error(
    "RSC023",
    "a signature is missing or invalid",
    "The annotation `dev.cosignproject.cosign/signature` of each payload's layer, or the bundle, \
     must hold a signature in base64: for ECDSA two numbers, in DER or side by side; for Ed25519 \
     64 bytes; for RSA as many bytes as the key; for ML-DSA as many as its signatures have. It is \
     only a warning beside a signature that clients can verify.",
);

pub(crate) const REFERENCE: Code = Code::warning(
    "RSC024",
    "a payload names no reference",
    "`critical.identity.docker-reference` says under what name the manifest was signed. cosign \
     does not look; podman rejects a payload without it.",
);

pub(crate) const CERTIFICATE: Code = Code::error(
    "RSC030",
    "a certificate can't be read",
    "The annotations `dev.sigstore.cosign/certificate` and `dev.sigstore.cosign/chain` hold \
     certificates in PEM; a bundle holds them in DER. This plugin trusts nobody because of a \
     certificate, but clients stop at one that they can't read. It is only a warning beside a \
     signature that clients can verify.",
);

pub(crate) const CHAIN: Code = Code::warning(
    "RSC031",
    "the certificates don't form a chain",
    "Each certificate must be issued by the next one. cosign ignores the chain if it has its own \
     roots, so this may go unnoticed.",
);

pub(crate) const LOG_ENTRY: Code = Code::error(
    "RSC032",
    "a transparency log entry is incomplete",
    "Clients verify the entry together with the signature, and reject both if they can't read the \
     entry. What it must hold depends on the version of the bundle. It is only a warning beside a \
     signature that clients can verify.",
);

pub(crate) const LOG_OTHER: Code = Code::error(
    "RSC033",
    "a transparency log entry belongs to another signature",
    "The entry records a signature and the hash of what was signed. Both must match this \
     signature: an entry copied from another one proves nothing.",
);

pub(crate) const TIMESTAMP: Code = Code::warning(
    "RSC034",
    "a timestamp is invalid",
    "A timestamp must be the response of a time-stamping authority (RFC 3161) in DER, encoded in \
     base64; a bundle has at most 32. cosign looks at it only with `--use-signed-timestamps`.",
);

pub(crate) const FORGED: Code = Code::error(
    "RSC035",
    "a signature was not made by the key of its certificate",
    "The payload, the signature or the certificate was changed or mixed up after signing. Every \
     client rejects it, whoever issued the certificate. Sign again.",
);

pub(crate) const BUNDLE_LAYERS: Code = Code::warning(
    "RSC040",
    "a bundle is not the only layer",
    "cosign reads only a manifest with exactly one layer, whose type begins with \
     `application/vnd.dev.sigstore.bundle`. It ignores any other, so bundles in there prove \
     nothing.",
);

pub(crate) const SUBJECT: Code = Code::warning(
    "RSC041",
    "a bundle has no subject",
    "Clients find bundles as referrers of what they sign, so they never find one without a \
     subject. Sign with `cosign sign`, or attach the bundle with `oras attach`.",
);

pub(crate) const BUNDLE_TYPES: Code = Code::warning(
    "RSC042",
    "the manifest does not say that it is a bundle",
    "Its artifactType must be `application/vnd.dev.sigstore.bundle.v0.3+json` and its config the \
     empty one. cosign reads a bundle without them, but a client that lists referrers by type does \
     not find it.",
);

pub(crate) const BUNDLE: Code = Code::error(
    "RSC043",
    "a bundle is not valid bundle JSON",
    "sigstore's libraries are strict: they accept only known fields, each once and of the right \
     type, with bytes in base64. It is only a warning if the annotations `dev.sigstore.bundle.*` \
     of the manifest do not say that the bundle signs its subject: then clients ignore it.",
);

pub(crate) const VERSION: Code = Code::error(
    "RSC044",
    "a bundle has an unknown version",
    "Clients read the versions 0.1, 0.2 and 0.3 and ignore others. So it is a warning in the same \
     case as RSC043. cosign 3 writes 0.3.",
);

pub(crate) const CONTENT: Code = Code::error(
    "RSC045",
    "a bundle does not have exactly one content",
    "A bundle must hold either an envelope (`dsseEnvelope`) or the signature of a message \
     (`messageSignature`).",
);

pub(crate) const MATERIAL: Code = Code::error(
    "RSC046",
    "a bundle does not name its signer in exactly one way",
    "`verificationMaterial` must hold exactly one of these: a key's hint, a certificate, or a \
     chain of certificates.",
);

pub(crate) const ODD_CHAIN: Code = Code::warning(
    "RSC047",
    "a bundle has more certificates than it should",
    "A bundle of version 0.3 should hold one certificate: cosign verifies a chain only with \
     `--allow-certificate-chain`. Earlier versions hold a chain without its root.",
);

pub(crate) const INCLUSION: Code = Code::error(
    "RSC048",
    "a proof of inclusion is wrong",
    "The hashes from the log's entry up to the root of the tree give a different root. The entry \
     or the proof was changed.",
);

pub(crate) const ENVELOPE: Code = Code::error(
    "RSC050",
    "clients can't verify an envelope",
    "An envelope in a bundle must have exactly one signature. An envelope under a tag that ends in \
     `.att` must be unambiguous JSON, hold an in-toto statement (`application/vnd.in-toto+json`) \
     and have at least one signature; there it is only a warning beside an envelope that clients \
     can verify.",
);

pub(crate) const STATEMENT: Code = Code::error(
    "RSC051",
    "an envelope has no valid statement",
    "An in-toto statement must have a `_type` of version 1 or 0.1, subjects with digests, and a \
     `predicateType` of at most 1 KiB.",
);

pub(crate) const ANNOTATIONS: Code = Code::warning(
    "RSC052",
    "the manifest's annotations contradict the bundle",
    "Lists of referrers show `dev.sigstore.bundle.content` and \
     `dev.sigstore.bundle.predicateType`. Clients verify the bundle and not the annotations.",
);

pub(crate) const MESSAGE: Code = Code::error(
    "RSC053",
    "a message signature has no valid digest of the message",
    "`messageDigest` must hold the digest of what was signed: 32, 48 or 64 bytes of SHA-2. Clients \
     compare it with the digest of the manifest.",
);

pub(crate) const UNREAD: Code = Code::warning(
    "RSC054",
    "a payload, bundle or envelope is too large to be judged",
    "The plugin reads payloads up to 4 MiB, bundles and envelopes up to 8 MiB, and 16 MiB in all. \
     Anything larger, such as an attestation of a very large SBOM, is stored but never counts as \
     signed by a known key.",
);

pub(crate) const OTHER_THING: Code = Code::warning(
    "RSC055",
    "a bundle is not about its subject",
    "The bundle holds the signature of a file, as `cosign sign-blob` makes it, or a statement \
     about something else, and does not claim to be about the manifest that it refers to. cosign \
     ignores it when it verifies that manifest.",
);

pub(crate) const UNKNOWN_KEY: Code = Code::error(
    "RSC060",
    "no known key made the signature",
    "The policy sets `requireKnownKey`, so at least one signature in the manifest must be made by \
     one of its `keys`. The signature was made by another key, or the signed content was changed \
     later.",
);

pub(crate) const UNTRIED: Code = Code::warning(
    "RSC061",
    "there are more signatures than could be tried",
    "Verifying takes time, and a review has little: enough for 1200 tries of a P-256 key, or 200 \
     of a P-521 key. The newest signatures were tried first. Sign again without the old ones, or \
     list fewer keys.",
);

pub(crate) const UNACCEPTED: Code = Code::error(
    "RSC062",
    "the policy does not accept what was signed",
    "The policy sets `accept`: signatures, attestations or both. A bundle that is not about a \
     manifest is neither.",
);

pub(crate) const FOREIGN_KEY: Code = Code::warning(
    "RSC063",
    "beside a signature by a known key there is one by another key",
    "With `requireKnownKey` one signature by a known key is enough, but clients that trust another \
     key may verify another signature. To allow no other signatures at all, set `severity: { \
     RSC061: error, RSC063: error }`.",
);

/// Every code.
pub const ALL: &[Code] = &[
    FORM,
    TAG,
    OTHER_DIGEST,
    SIGNED_ABSENT,
    LAYERS,
    ATTESTATION,
    CONFIG,
    DIFF_IDS,
    TOO_LARGE,
    ABSENT,
    OTHER_TYPE,
    EMPTY,
    PAYLOAD,
    TYPE,
    OLD_TYPE,
    SIGNATURE,
    REFERENCE,
    CERTIFICATE,
    CHAIN,
    LOG_ENTRY,
    LOG_OTHER,
    TIMESTAMP,
    FORGED,
    BUNDLE_LAYERS,
    SUBJECT,
    BUNDLE_TYPES,
    BUNDLE,
    VERSION,
    CONTENT,
    MATERIAL,
    ODD_CHAIN,
    INCLUSION,
    ENVELOPE,
    STATEMENT,
    ANNOTATIONS,
    MESSAGE,
    UNREAD,
    OTHER_THING,
    UNKNOWN_KEY,
    UNTRIED,
    UNACCEPTED,
    FOREIGN_KEY,
];
