//! Chart.yaml against the config.

use roadstead_plugin_sdk::Code;

pub(crate) const NAME_DIFFERS: Code = Code::error(
    "RSH040",
    "Chart.yaml and the config have different names",
    "helm installs what Chart.yaml in the layer says; registries and user interfaces show the \
     config. `helm push` makes the config from Chart.yaml, so they differ only if somebody changed \
     one of them. A field that the config leaves out is not a difference (see RSH046).",
);

pub(crate) const VERSION_DIFFERS: Code = Code::error(
    "RSH041",
    "Chart.yaml and the config have different versions",
    "Registries show one version, and helm installs another. Push the chart with `helm push`. \
     (helm reads `version: 1.10` without quotes as the number 1.1; both readings are accepted.)",
);

pub(crate) const API_VERSION_DIFFERS: Code = Code::error(
    "RSH042",
    "Chart.yaml and the config have different apiVersions",
    "The apiVersion decides how helm treats dependencies and types. Push the chart with `helm \
     push`.",
);

pub(crate) const TYPE_DIFFERS: Code = Code::error(
    "RSH043",
    "Chart.yaml and the config have different types",
    "An application installs something, a library nothing. Push the chart with `helm push`.",
);

pub(crate) const DEPENDENCIES_DIFFER: Code = Code::error(
    "RSH044",
    "Chart.yaml and the config have different dependencies",
    "helm installs the dependencies with the chart, while scanners see those in the config. An old \
     chart has them in `requirements.yaml`, which helm reads on top of Chart.yaml. The same \
     dependencies in another order are RSH045.",
);

pub(crate) const METADATA_DIFFER: Code = Code::warning(
    "RSH045",
    "Chart.yaml and the config differ in a descriptive field",
    "Registries show the description, links, keywords, maintainers, similar fields, and the order \
     of the dependencies as the config has them. Push the chart with `helm push`, which makes the \
     config from Chart.yaml.",
);

pub(crate) const CONFIG_THIN: Code = Code::warning(
    "RSH046",
    "the config leaves out fields of Chart.yaml",
    "helm installs what Chart.yaml says, so a field that the config leaves out contradicts \
     nothing. But registries, scanners and user interfaces show the config. Push the chart with \
     `helm push`, which makes the config from Chart.yaml.",
);

pub(crate) const UNJUDGED: Code = Code::error(
    "RSH050",
    "the chart could not be compared with its config",
    "Because of another finding the config, Chart.yaml or the rest of the layer could not be read, \
     so nobody knows what helm would install. Correct the other finding. If the policy turns both \
     that finding and this one into warnings, it accepts a chart that was never checked.",
);
