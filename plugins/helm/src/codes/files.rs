//! The files of a chart, and the charts within it.

use roadstead_plugin_sdk::Code;

pub(crate) const VALUES: Code = Code::error(
    "RSH051",
    "helm can't read values.yaml",
    "It must be YAML with a map in it, or nothing. helm 3 reads its first document, helm 4 all of \
     them, and both load no chart whose values they can't read, be it a chart within the chart.",
);

pub(crate) const LOCK: Code = Code::error(
    "RSH052",
    "helm can't read the lock file",
    "helm loads no chart whose `Chart.lock` (of old charts `requirements.lock`) it can't read. \
     `helm dependency update` writes it anew.",
);

pub(crate) const SCHEMA: Code = Code::error(
    "RSH053",
    "values.schema.json is not JSON",
    "helm reads it when a chart is installed, linted or rendered, and stops there if it is not \
     JSON.",
);

pub(crate) const SCHEMA_DRAFT: Code = Code::warning(
    "RSH054",
    "values.schema.json has an unknown dialect",
    "helm knows JSON Schema as of the drafts 4, 6, 7, 2019-09 and 2020-12. For any other `$schema` \
     it asks the network, where the chart is installed, and fails if nothing answers.",
);

pub(crate) const NO_CHART: Code = Code::error(
    "RSH055",
    "something in the folder charts is no chart",
    "Each folder and each `.tgz` in `charts/` is a chart with a Chart.yaml of its own, unless its \
     name begins with `_` or a dot. helm loads no chart where that is not so.",
);

pub(crate) const NOT_VENDORED: Code = Code::warning(
    "RSH056",
    "a dependency is not in the chart",
    "helm installs no chart whose `charts/` lacks one of its dependencies, be it switched off. Run \
     `helm dependency build` before `helm package`.",
);

pub(crate) const LOCK_OUTDATED: Code = Code::warning(
    "RSH057",
    "the lock file belongs to other dependencies",
    "The lock's digest covers the dependencies in Chart.yaml and their locked versions. Here one \
     of them was changed later, so that what was locked is not what is asked for. Run `helm \
     dependency update`.",
);
