//! Chart.yaml against the config.

use roadstead_plugin_sdk::Code;

pub(crate) const NAME_DIFFERS: Code = Code::error(
    "RSH040",
    "Chart.yaml and the config have different names",
    "helm installs what Chart.yaml in the layer says; registries and user interfaces show the \
     config. `helm push` makes the config from Chart.yaml, so they differ only where somebody \
     changed one of them. What the config leaves out differs from nothing (RSH046).",
);

pub(crate) const VERSION_DIFFERS: Code = Code::error(
    "RSH041",
    "Chart.yaml and the config have different versions",
    "As with the name: what is shown is not what is installed. Push the chart with `helm \
     push`. (`version: 1.10` without quotes is the number 1.1 to helm; either reading is \
     accepted.)",
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
    "A library installs nothing, an application does. Push the chart with `helm push`.",
);

pub(crate) const DEPENDENCIES_DIFFER: Code = Code::error(
    "RSH044",
    "Chart.yaml and the config have different dependencies",
    "Dependencies are installed with the chart; those in the config are what scanners see. An \
     old chart's are in `requirements.yaml`, which helm reads on top of Chart.yaml. The same ones \
     in another order are RSH045.",
);

pub(crate) const METADATA_DIFFER: Code = Code::warning(
    "RSH045",
    "Chart.yaml and the config differ in a field that only informs",
    "Description, links, keywords, maintainers and the like are shown from the config, and so is \
     the order of the dependencies. Push the chart with `helm push`, which makes it from \
     Chart.yaml.",
);

pub(crate) const CONFIG_THIN: Code = Code::warning(
    "RSH046",
    "the config says less than Chart.yaml",
    "helm installs what Chart.yaml says, and what the config leaves out contradicts nothing. But \
     registries, scanners and user interfaces show the config. Push the chart with `helm push`, \
     which makes it from Chart.yaml.",
);

pub(crate) const UNJUDGED: Code = Code::error(
    "RSH050",
    "the chart could not be compared with its config",
    "Something else that was found kept the config, Chart.yaml or the rest of the layer from being \
     read, so that nobody knows what helm would install. Correct that. A policy that lets the \
     other finding pass lets a chart pass that nobody has seen if it lets this one pass, too.",
);
