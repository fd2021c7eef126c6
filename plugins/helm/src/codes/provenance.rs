//! The provenance, which is a chart's signature.

use roadstead_plugin_sdk::Code;

pub(crate) const NOT_SIGNED_TEXT: Code = Code::warning(
    "RSH060",
    "the provenance is not a clear-signed text",
    "The provenance must hold a text signed with OpenPGP, in at most 1 MiB; anything around the \
     first such text is ignored. Without `--verify` helm does not look at it; with `--verify` it \
     rejects the chart, as if it had no provenance. It is an error if the policy has a keyring or \
     sets `requireProvenance`. Push the `.prov` file that `helm package --sign` made.",
);

pub(crate) const PROVENANCE_UNREADABLE: Code = Code::warning(
    "RSH061",
    "the provenance lacks what helm looks for",
    "The signed text must be Chart.yaml, a line of three dots, and a map `files` from a file's \
     name to its sha256. With any other text helm can't verify the chart, so it is an error in the \
     same cases as RSH060.",
);

pub(crate) const OTHER_ARCHIVE: Code = Code::error(
    "RSH062",
    "the provenance belongs to another archive",
    "The provenance must name `<name>-<version>.tgz` with the sha256 of the chart layer. The chart \
     was packaged again after it had been signed, or somebody changed it. Sign the archive that \
     you push.",
);

pub(crate) const OTHER_CHART: Code = Code::error(
    "RSH063",
    "the provenance describes another chart",
    "The signed Chart.yaml and the chart's own differ in name, version, apiVersion, type or \
     dependencies. helm does not compare them, so the chart may appear to be signed although \
     nobody signed it.",
);

pub(crate) const PROVENANCE_DIFFERS: Code = Code::warning(
    "RSH064",
    "the provenance describes the chart differently",
    "The signed Chart.yaml differs from the chart's own in a descriptive field or in the order of \
     the dependencies, or leaves out fields. Sign the archive that you push.",
);

pub(crate) const NOT_VERIFIED: Code = Code::error(
    "RSH065",
    "the signature was not made by a key of the keyring",
    "The policy has a keyring, and the provenance must be signed by one of its keys. That key must \
     be allowed to sign and be neither revoked nor expired, and the hash function must not be \
     broken (at least SHA-224). Sign with such a key, or have its public part added to the \
     keyring.",
);
