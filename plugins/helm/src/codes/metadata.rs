//! What a chart says of itself.

use roadstead_plugin_sdk::Code;

pub(crate) const CONFIG_UNCLEAR: Code = Code::error(
    "RSH010",
    "the config blob is not unambiguous JSON",
    "The config holds Chart.yaml as JSON. It must be one object of at most 1 MiB, without \
     duplicate keys, without keys that differ from helm's only in case (Go reads `Version` as \
     `version`), and with fields of the right types: otherwise two readers see two different \
     charts.",
);

pub(crate) const NAME: Code = Code::error(
    "RSH011",
    "the chart has no valid name",
    "helm requires a name and uses it as the name of a folder: it must be printable, without `/` \
     and `\\`, and not `.` or `..`.",
);

pub(crate) const VERSION: Code = Code::error(
    "RSH012",
    "the chart has no valid version",
    "helm does not load a chart without a version that it can compare. Use a SemVer 2 version, \
     such as `1.4.0`.",
);

pub(crate) const VERSION_LENIENT: Code = Code::warning(
    "RSH013",
    "the version is not SemVer 2",
    "helm loads `1.4`, `v1.4.0` and `01.4.0`, but `helm package` rejects them, and tools that sort \
     versions disagree about them. Use a version such as `1.4.0`.",
);

pub(crate) const API_VERSION: Code = Code::error(
    "RSH014",
    "the chart has no apiVersion",
    "helm reads a Chart.yaml without an apiVersion as `v1`. But `requirements.yaml`, which helm \
     reads on top of it, sets an empty one here, and helm does not load such a chart. Remove it \
     from `requirements.yaml`.",
);

pub(crate) const TYPE: Code = Code::error(
    "RSH015",
    "the chart's type is unknown",
    "The type must be `application`, which is the default, or `library`.",
);

pub(crate) const DEPENDENCIES: Code = Code::error(
    "RSH016",
    "the dependencies are not valid",
    "No entry may be empty, an alias may have only letters, digits, `_` and `-`, and two \
     dependencies can't share a name or alias. Otherwise helm does not load the chart.",
);

pub(crate) const MAINTAINERS: Code = Code::error(
    "RSH017",
    "a maintainer is empty",
    "helm does not load a chart with an empty entry in `maintainers`.",
);

pub(crate) const API_VERSION_UNKNOWN: Code = Code::error(
    "RSH018",
    "the apiVersion is unknown",
    "helm 4 installs only charts of the apiVersions `v1` and `v2`: `v3` is experimental, and helm \
     4 can create but not install it. helm 3 accepts any, but a chart should install with both. \
     Use `v2`.",
);

pub(crate) const CHART_YAML: Code = Code::error(
    "RSH031",
    "helm can't read Chart.yaml",
    "Chart.yaml must be YAML that helm can decode: text where helm expects text, lists where it \
     expects lists, at most 1 MiB and 4 MiB more from aliases, 20,000 values and 64 levels. An old \
     chart's `requirements.yaml` is read the same way. `.inf` and `.nan` are numbers that JSON \
     does not have: helm 3 accepts them where it expects text, helm 4 does not load the chart. Put \
     them in quotes.",
);
