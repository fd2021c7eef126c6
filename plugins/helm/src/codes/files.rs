//! The files of a chart, and the charts within it.

use roadstead_plugin_sdk::Code;

pub(crate) const VALUES: Code = Code::error(
    "RSH051",
    "helm can't read values.yaml",
    "The file must be a YAML map, or empty. helm 3 reads its first document, helm 4 all of them. \
     Neither loads a chart with values that it can't read, even in a chart within the chart.",
);

pub(crate) const LOCK: Code = Code::error(
    "RSH052",
    "helm can't read the lock file",
    "helm does not load a chart if it can't read its `Chart.lock` (`requirements.lock` in old \
     charts). `helm dependency update` writes it again.",
);

pub(crate) const SCHEMA: Code = Code::error(
    "RSH053",
    "values.schema.json is not JSON",
    "helm reads the schema when it installs, lints or renders a chart, and fails if it is not \
     JSON.",
);

pub(crate) const SCHEMA_DRAFT: Code = Code::warning(
    "RSH054",
    "values.schema.json has an unknown dialect",
    "helm supports the JSON Schema drafts 4, 6, 7, 2019-09 and 2020-12. It fetches any other \
     `$schema` from the network when the chart is installed, and fails if it can't.",
);

pub(crate) const NO_CHART: Code = Code::error(
    "RSH055",
    "something in the folder charts is not a chart",
    "Each folder and each `.tgz` in `charts/` must be a chart with its own Chart.yaml, unless its \
     name begins with `_` or a dot. Otherwise helm does not load the chart.",
);

pub(crate) const NOT_VENDORED: Code = Code::warning(
    "RSH056",
    "a dependency is not in the chart",
    "helm does not install a chart if one of its dependencies is missing from `charts/`, even one \
     that is switched off. Run `helm dependency build` before `helm package`.",
);

pub(crate) const LOCK_OUTDATED: Code = Code::warning(
    "RSH057",
    "the lock file does not match the dependencies",
    "The lock's digest covers the dependencies in Chart.yaml and their locked versions. One of \
     them was changed after locking, so the locked versions may not fit Chart.yaml. Run `helm \
     dependency update`.",
);
