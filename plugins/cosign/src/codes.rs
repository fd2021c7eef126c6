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
    "the tag is none under which cosign looks for signatures",
    "cosign finds a signature by the digest of what is signed, under `sha256-<hex>.sig`, \
     perhaps with a prefix. Mirrors copy signatures under other tags, too, where no client \
     verifies them.",
);

pub(crate) const OTHER_DIGEST: Code = Code::error(
    "RSC003",
    "the signature is over another manifest than the one it is pushed for",
    "Tag, subject, and what was signed must name one digest. Where they differ, a signature was \
     copied to where it does not belong, and every client refuses it. Sign the manifest itself. \
     (What is pushed by digest has no tag to compare; it is judged again when it is tagged.) A \
     bundle is compared where it claims to be about its subject: by the predicate of a \
     signature, or by the annotations `dev.sigstore.bundle.content` and \
     `dev.sigstore.bundle.predicateType`.",
);

pub(crate) const SIGNED_ABSENT: Code = Code::warning(
    "RSC004",
    "what was signed is not in this repository",
    "cosign and podman push a signature after what it signs. Without that it is of no use here, \
     unless signatures are kept in a repository of their own on purpose (`COSIGN_REPOSITORY`).",
);

pub(crate) const LAYERS: Code = Code::error(
    "RSC005",
    "the layers are not those of a signature",
    "At least one layer has to be a payload, of the type \
     `application/vnd.dev.cosign.simplesigning.v1+json` or with the annotation of a signature. \
     No layer is one of an image: under such a tag an image takes the place of signatures, and \
     beside one they would be two things at once.",
);

pub(crate) const ATTESTATION: Code = Code::warning(
    "RSC006",
    "an attestation stands among the signatures",
    "cosign looks for attestations under a tag that ends in `.att`, and can't verify one among \
     signatures. Attach it with `cosign attest`.",
);

pub(crate) const CONFIG: Code = Code::warning(
    "RSC007",
    "the config is not that of a signature",
    "It has the type of an image's config, or, in a manifest with a subject, \
     `application/vnd.dev.cosign.artifact.sig.v1+json` or that of the empty config. cosign writes \
     it, and no client looks at it.",
);

pub(crate) const DIFF_IDS: Code = Code::warning(
    "RSC008",
    "the config does not list the layers",
    "`rootfs.diff_ids` in the config, of at most 1 MiB, are the digests of the layers, in their \
     order. Clients that copy images refuse others, cosign does not look.",
);

pub(crate) const TOO_LARGE: Code = Code::error(
    "RSC009",
    "there is more than any client reads",
    "cosign reads at most 1000 signatures in one manifest and 128 MiB of one blob. Old \
     signatures add up: `cosign clean` removes them.",
);

pub(crate) const ABSENT: Code = Code::error(
    "RSC010",
    "a part of the signature is not stored",
    "A signature is judged by its blobs, which must be there even where the registry takes \
     manifests without them. Push them before the manifest, as cosign does.",
);

pub(crate) const OTHER_TYPE: Code = Code::warning(
    "RSC011",
    "a layer among the signatures has another type",
    "cosign takes every layer with the annotation of a signature for one, whatever its type, \
     and so it is judged as one here. podman reads the type \
     `application/vnd.dev.cosign.simplesigning.v1+json` alone.",
);

pub(crate) const EMPTY: Code = Code::warning(
    "RSC012",
    "there is nothing in the manifest",
    "A manifest without layers holds no signature and no attestation, and no client verifies \
     anything by it. Sign with cosign.",
);

pub(crate) const PAYLOAD: Code = Code::error(
    "RSC020",
    "a payload is not clear",
    "It is a JSON object that names, under `critical`, the digest of a manifest, without \
     duplicate keys and without keys that cosign would take for one of its own: otherwise two \
     readers see two signatures.",
);

pub(crate) const TYPE: Code = Code::warning(
    "RSC021",
    "a payload has another type than that of a container signature",
    "`critical.type` is `cosign container image signature`. cosign does not look, podman \
     refuses another one. What says something else was signed for another purpose.",
);

pub(crate) const OLD_TYPE: Code = Code::warning(
    "RSC022",
    "a payload has the type of GPG signatures",
    "`atomic container signature` is what podman writes where it signs with GPG. cosign verifies \
     it all the same; podman does not.",
);

pub(crate) const SIGNATURE: Code = Code::error(
    "RSC023",
    "a signature is missing, or is none",
    "The annotation `dev.cosignproject.cosign/signature` of each payload's layer, or the \
     bundle, holds a signature in base64: the two numbers of ECDSA in DER or side by side, 64 \
     bytes of Ed25519, or as long as an RSA key or a signature by ML-DSA. Beside a signature that \
     clients can verify it is a warning.",
);

pub(crate) const REFERENCE: Code = Code::warning(
    "RSC024",
    "a payload names no reference",
    "`critical.identity.docker-reference` says by what name the manifest was signed. cosign \
     does not look, podman refuses a payload without.",
);

pub(crate) const CERTIFICATE: Code = Code::error(
    "RSC030",
    "a certificate can't be read",
    "The annotations `dev.sigstore.cosign/certificate` and `dev.sigstore.cosign/chain` hold \
     certificates in PEM, a bundle holds DER. Nobody is trusted here because of a certificate, \
     but clients stop at one that they can't read. Beside a signature that clients can verify \
     it is a warning.",
);

pub(crate) const CHAIN: Code = Code::warning(
    "RSC031",
    "the certificates don't follow from one another",
    "Each is issued by the next one in the chain. cosign ignores a chain where it has roots of its \
     own, so this may never show.",
);

pub(crate) const LOG_ENTRY: Code = Code::error(
    "RSC032",
    "the entry of a transparency log is not whole",
    "Clients verify the entry together with the signature, and refuse both if it can't be read. \
     What must be there depends on the version of the bundle. Beside a signature that clients \
     can verify it is a warning.",
);

pub(crate) const LOG_OTHER: Code = Code::error(
    "RSC033",
    "the entry of a transparency log is about something else",
    "The entry holds a signature and the hash of what was signed, which must be these. An entry \
     that was taken from elsewhere proves nothing.",
);

pub(crate) const TIMESTAMP: Code = Code::warning(
    "RSC034",
    "a timestamp is none",
    "It is the DER answer of a time-stamping authority (RFC 3161), in base64; a bundle has at \
     most 32. cosign looks at it only with `--use-signed-timestamps`.",
);

pub(crate) const FORGED: Code = Code::error(
    "RSC035",
    "a signature was not made by the key of its certificate",
    "Payload, signature or certificate were changed or mixed up after signing. Every client \
     refuses that, whoever issued the certificate. Sign again.",
);

pub(crate) const BUNDLE_LAYERS: Code = Code::warning(
    "RSC040",
    "a bundle is not the only layer",
    "cosign reads a manifest with one layer whose type begins with \
     `application/vnd.dev.sigstore.bundle`, and passes over any other: what lies there claims \
     nothing about a manifest.",
);

pub(crate) const SUBJECT: Code = Code::warning(
    "RSC041",
    "a bundle has no subject",
    "Bundles are found as referrers of what they sign. One without a subject is only stored. \
     Sign with `cosign sign`, or attach the bundle with `oras attach`.",
);

pub(crate) const BUNDLE_TYPES: Code = Code::warning(
    "RSC042",
    "the manifest does not say that it is a bundle",
    "Its artifactType is `application/vnd.dev.sigstore.bundle.v0.3+json` and its config the empty \
     one. cosign reads it without, but who lists referrers by type does not find it.",
);

pub(crate) const BUNDLE: Code = Code::error(
    "RSC043",
    "a bundle is not the JSON of a bundle",
    "sigstore's libraries read it strictly: known fields only, each once, of the right types, \
     bytes in base64. It is a warning where the manifest does not say, by the annotations \
     `dev.sigstore.bundle.*`, that the bundle signs its subject: clients pass it over.",
);

pub(crate) const VERSION: Code = Code::error(
    "RSC044",
    "a bundle is of an unknown version",
    "Clients read the versions 0.1, 0.2 and 0.3, and pass over others, so that it is a warning as \
     RSC043 may be. cosign 3 writes 0.3.",
);

pub(crate) const CONTENT: Code = Code::error(
    "RSC045",
    "a bundle has not exactly one content",
    "It holds either an envelope (`dsseEnvelope`) or the signature of a message \
     (`messageSignature`).",
);

pub(crate) const MATERIAL: Code = Code::error(
    "RSC046",
    "a bundle does not say in one way who signed",
    "`verificationMaterial` holds a key's hint, a certificate or a chain of certificates: one of \
     them.",
);

pub(crate) const ODD_CHAIN: Code = Code::warning(
    "RSC047",
    "a bundle has more certificates than it should",
    "Version 0.3 holds one certificate: cosign verifies a chain only with \
     `--allow-certificate-chain`. Earlier versions hold a chain without its root.",
);

pub(crate) const INCLUSION: Code = Code::error(
    "RSC048",
    "a proof of inclusion does not prove it",
    "The hashes that lead from the log's entry to the root of its tree give another root. The \
     entry or the proof was changed.",
);

pub(crate) const ENVELOPE: Code = Code::error(
    "RSC050",
    "an envelope is not one that clients verify",
    "An envelope in a bundle has exactly one signature. One under a tag that ends in `.att` is \
     clear JSON, holds an in-toto statement, `application/vnd.in-toto+json`, and has at least \
     one signature; beside one that clients can verify it is a warning.",
);

pub(crate) const STATEMENT: Code = Code::error(
    "RSC051",
    "an envelope holds no statement",
    "An in-toto statement has a `_type` of version 1 or 0.1, subjects with digests, and a \
     `predicateType` of at most 1 KiB.",
);

pub(crate) const ANNOTATIONS: Code = Code::warning(
    "RSC052",
    "the manifest's annotations are not what is in the bundle",
    "`dev.sigstore.bundle.content` and `dev.sigstore.bundle.predicateType` are what lists of \
     referrers show. Clients verify the bundle and not the annotations.",
);

pub(crate) const MESSAGE: Code = Code::error(
    "RSC053",
    "the signature of a message does not name its digest",
    "`messageDigest` holds the digest of what was signed: 32, 48 or 64 bytes of SHA-2. Clients \
     compare it with the digest of the manifest.",
);

pub(crate) const UNREAD: Code = Code::warning(
    "RSC054",
    "something is too large to be judged",
    "Payloads are read up to 4 MiB, bundles and envelopes up to 8 MiB, and 16 MiB in all. What is \
     larger, such as an attestation of a very large SBOM, is stored and never counts as signed by \
     a known key.",
);

pub(crate) const OTHER_THING: Code = Code::warning(
    "RSC055",
    "a bundle is about something else than its subject",
    "It holds the signature of a file, as `cosign sign-blob` makes it, or a statement about \
     something else, and does not claim to be about the manifest that it refers to. cosign \
     passes it over when it verifies that manifest.",
);

pub(crate) const UNKNOWN_KEY: Code = Code::error(
    "RSC060",
    "no known key made the signature",
    "The policy sets `requireKnownKey`, so that a signature must be by one of its `keys`: one \
     of several in a manifest is enough. The signature is by another key, or what was signed \
     was changed since.",
);

pub(crate) const UNTRIED: Code = Code::warning(
    "RSC061",
    "there are more signatures than could be tried",
    "Verifying takes time, and a review has little of it: 1200 tries of a P-256 key, 200 of \
     P-521. The newest signatures were tried first. Sign anew without the old ones, or list fewer \
     keys.",
);

pub(crate) const UNACCEPTED: Code = Code::error(
    "RSC062",
    "what was signed is not what the policy accepts",
    "The policy sets `accept`: signatures, attestations or both. A bundle about something else \
     than a manifest is neither.",
);

pub(crate) const FOREIGN_KEY: Code = Code::warning(
    "RSC063",
    "beside a signature by a known key stands one that is not",
    "With `requireKnownKey` one signature by a known key is enough, and clients that trust \
     another key verify another one. A policy that wants no other at all sets `severity: { \
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
