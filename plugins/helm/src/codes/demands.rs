//! What a policy may ask for beyond what helm does.

use roadstead_plugin_sdk::Code;

pub(crate) const REFERENCE_STRICT: Code = Code::error(
    "RSH070",
    "the policy requires a repository and tag that match the chart",
    "The policy sets `strictReference`: the last part of the repository must be the chart's name, \
     and the tag its version, with `_` for `+`. `helm push` always pushes this way.",
);

pub(crate) const VERSION_STRICT: Code = Code::error(
    "RSH071",
    "the version is not SemVer 2, which the policy requires",
    "The policy sets `strictSemver`. Use a version such as `1.4.0`.",
);

pub(crate) const NO_PROVENANCE: Code = Code::error(
    "RSH072",
    "the chart is not signed",
    "The policy sets `requireProvenance`. Package the chart with `helm package --sign`; `helm \
     push` then also pushes the `.prov` file beside the chart.",
);

pub(crate) const NO_ANNOTATION: Code = Code::error(
    "RSH073",
    "Chart.yaml lacks a required annotation",
    "The policy lists the annotation in `requiredAnnotations`. Add it under `annotations` in \
     Chart.yaml, with a value that is not empty.",
);

pub(crate) const DEPRECATED: Code = Code::error(
    "RSH074",
    "the chart is deprecated",
    "The policy sets `forbidDeprecated`. Use the chart that replaces it.",
);

pub(crate) const NO_KUBE_VERSION: Code = Code::error(
    "RSH075",
    "the chart does not say which Kubernetes versions it supports",
    "The policy sets `requireKubeVersion`. Add a range to Chart.yaml, such as `kubeVersion: \
     \">=1.29.0-0\"`.",
);

pub(crate) const ICON: Code = Code::error(
    "RSH076",
    "the chart's icon does not have an https URL",
    "The policy sets `httpsIcon`: user interfaces fetch the icon, and without https anyone on the \
     network path can change it. A chart without an icon is fine.",
);
