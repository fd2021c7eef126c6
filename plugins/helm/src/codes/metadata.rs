//! What a chart says of itself.

use roadstead_plugin_sdk::Code;

pub(crate) const CONFIG_UNCLEAR: Code = Code::error(
    "RSH010",
    "the config blob is not clear JSON",
    "The config holds Chart.yaml as JSON. It must be one object of at most 1 MiB without \
     duplicate keys, without keys that differ from helm's in case alone (Go takes `Version` \
     for `version`), and with fields of the right types: otherwise two readers see two \
     charts.",
);

pub(crate) const NAME: Code = Code::error(
    "RSH011",
    "the chart has no valid name",
    "helm wants a name, and it becomes the name of a folder: not `.` or `..`, without `/` and \
     `\\`, and printable.",
);

pub(crate) const VERSION: Code = Code::error(
    "RSH012",
    "the chart has no valid version",
    "helm loads no chart without a version that it can compare. Use a version by SemVer 2, \
     such as `1.4.0`.",
);

pub(crate) const VERSION_LENIENT: Code = Code::warning(
    "RSH013",
    "the version is not SemVer 2",
    "helm loads `1.4`, `v1.4.0` and `01.4.0`, but `helm package` refuses them, and tools that \
     sort versions disagree about them. Use `1.4.0`.",
);

pub(crate) const API_VERSION: Code = Code::error(
    "RSH014",
    "the chart has no apiVersion",
    "To helm a Chart.yaml without one has `v1`. Here `requirements.yaml`, which helm reads on top \
     of it, sets an empty one, and helm loads no such chart. Remove it there.",
);

pub(crate) const TYPE: Code = Code::error(
    "RSH015",
    "the chart's type is unknown",
    "A chart is an `application`, which is what no type means, or a `library`.",
);

pub(crate) const DEPENDENCIES: Code = Code::error(
    "RSH016",
    "the dependencies are not valid",
    "No entry may be empty, an alias holds letters, digits, `_` and `-` only, and two \
     dependencies need two names or aliases. helm loads no other chart.",
);

pub(crate) const MAINTAINERS: Code = Code::error(
    "RSH017",
    "a maintainer is empty",
    "helm loads no chart with an empty entry in `maintainers`.",
);

pub(crate) const API_VERSION_UNKNOWN: Code = Code::error(
    "RSH018",
    "the apiVersion is unknown",
    "helm 4 installs charts of the apiVersions `v1` and `v2` and no others: `v3` is an experiment \
     that it can create and not install. helm 3 takes any, but a chart should install with both. \
     Use `v2`.",
);

pub(crate) const CHART_YAML: Code = Code::error(
    "RSH031",
    "helm can't read Chart.yaml",
    "It must be YAML that helm decodes: text where helm wants text, lists where it wants \
     lists, at most 1 MiB and 4 MiB more behind aliases, 20,000 values and 64 levels. An old \
     chart's `requirements.yaml` is read the same way. `.inf` and `.nan` are numbers that JSON \
     does not have: helm 3 takes them where it wants text, helm 4 loads no chart with them. Put \
     them in quotes.",
);
