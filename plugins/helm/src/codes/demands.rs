//! What a policy may ask for beyond what helm does.

use roadstead_plugin_sdk::Code;

pub(crate) const REFERENCE_STRICT: Code = Code::error(
    "RSH070",
    "the chart is pushed under a name or tag that is not its own",
    "The policy says `strictReference`: the repository's last part is the chart's name, and the \
     tag its version, with `_` for `+`. `helm push` does no other.",
);

pub(crate) const VERSION_STRICT: Code = Code::error(
    "RSH071",
    "the version is not SemVer 2, which the policy asks for",
    "The policy says `strictSemver`. Use a version such as `1.4.0`.",
);

pub(crate) const NO_PROVENANCE: Code = Code::error(
    "RSH072",
    "the chart is not signed",
    "The policy says `requireProvenance`. Package it with `helm package --sign`; `helm push` then \
     takes the `.prov` file along that lies beside the chart.",
);

pub(crate) const NO_ANNOTATION: Code = Code::error(
    "RSH073",
    "an annotation is missing in Chart.yaml",
    "The policy lists it in `requiredAnnotations`. Add it under `annotations` in Chart.yaml, with \
     a value that is not empty.",
);

pub(crate) const DEPRECATED: Code = Code::error(
    "RSH074",
    "the chart is deprecated",
    "The policy says `forbidDeprecated`. Use the chart that took its place.",
);

pub(crate) const NO_KUBE_VERSION: Code = Code::error(
    "RSH075",
    "the chart does not say for which Kubernetes it is",
    "The policy says `requireKubeVersion`. Add a range to Chart.yaml, such as \
     `kubeVersion: \">=1.29.0-0\"`.",
);

pub(crate) const ICON: Code = Code::error(
    "RSH076",
    "the chart's icon is not fetched by https",
    "The policy says `httpsIcon`: user interfaces fetch the icon, and whoever sits between can \
     change it. A chart without an icon is fine.",
);
