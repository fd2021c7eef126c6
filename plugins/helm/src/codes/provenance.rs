//! The provenance, which is a chart's signature.

use roadstead_plugin_sdk::Code;

pub(crate) const NOT_SIGNED_TEXT: Code = Code::warning(
    "RSH060",
    "the provenance is no clear-signed text",
    "It holds a text signed by OpenPGP, in at most 1 MiB; what is around the first one nobody \
     reads. Without `--verify` helm does not look at it; with it, helm refuses the chart as it \
     refuses one without provenance. It is an error where the policy has a keyring or says \
     `requireProvenance`. Push the `.prov` file that `helm package --sign` made.",
);

pub(crate) const PROVENANCE_UNREADABLE: Code = Code::warning(
    "RSH061",
    "the provenance does not say what helm looks for",
    "The signed text is Chart.yaml, a line of three dots, and a map `files` from a file's name to \
     its sha256. helm verifies no chart with another text, so that it is an error where RSH060 is \
     one.",
);

pub(crate) const OTHER_ARCHIVE: Code = Code::error(
    "RSH062",
    "the provenance belongs to another archive",
    "It must name `<name>-<version>.tgz` with the sha256 of the chart layer. Here the chart was \
     packaged again after it had been signed, or somebody changed it. Sign what you push.",
);

pub(crate) const OTHER_CHART: Code = Code::error(
    "RSH063",
    "the provenance describes another chart",
    "The Chart.yaml that was signed has another name, version, apiVersion, type, or other \
     dependencies than the chart's own. helm does not compare them, so that one may read as signed \
     what nobody signed.",
);

pub(crate) const PROVENANCE_DIFFERS: Code = Code::warning(
    "RSH064",
    "the provenance describes the chart in other words",
    "The Chart.yaml that was signed differs from the chart's own in a field that only informs or \
     in the order of the dependencies, or says less. Sign what you push.",
);

pub(crate) const NOT_VERIFIED: Code = Code::error(
    "RSH065",
    "no key of the keyring made the signature",
    "The policy has a keyring, and the provenance must be signed by one of its keys: one that may \
     sign, and that is neither revoked nor expired, with a hash function that is not broken (at \
     least SHA-224). Sign with such a key, or have its public part added to the keyring.",
);
