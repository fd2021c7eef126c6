//! The manifest, and the parts that it names.

use roadstead_plugin_sdk::Code;

pub(crate) const CONFIG_TYPE: Code = Code::error(
    "RSH001",
    "the config of a chart does not have helm's media type",
    "helm recognizes a chart by the media type of its config, \
     `application/vnd.cncf.helm.config.v1+json`. With any other type `helm pull` fails, although \
     the artifact says that it is a chart. Push the chart with `helm push`.",
);

pub(crate) const CHART_LAYERS: Code = Code::error(
    "RSH002",
    "a chart does not have exactly one chart layer",
    "With two chart layers the client decides which one it installs, and a scanner may check the \
     other. `helm push` makes one layer of the type \
     `application/vnd.cncf.helm.chart.content.v1.tar+gzip`.",
);

pub(crate) const PROVENANCE_LAYERS: Code = Code::error(
    "RSH003",
    "a chart has more than one provenance layer",
    "With several, the client decides which signature it verifies. Push the one `.prov` file that \
     `helm package --sign` made.",
);

pub(crate) const OTHER_LAYER: Code = Code::warning(
    "RSH004",
    "a chart has a layer that helm ignores",
    "helm reads only the chart and its provenance. This plugin does not review other layers, \
     whatever other programs do with them. Push the layer as a separate artifact, with the chart \
     as its `subject`.",
);

pub(crate) const TITLE: Code = Code::warning(
    "RSH005",
    "the title annotation is not the chart's name",
    "User interfaces show `org.opencontainers.image.title`; helm does not read it. `helm push` \
     always sets it to the chart's name; a chart can't override it.",
);

pub(crate) const VERSION_ANNOTATION: Code = Code::warning(
    "RSH006",
    "the version annotation is not the chart's version",
    "User interfaces show `org.opencontainers.image.version`; helm does not read it. `helm push` \
     always sets it to the chart's version; a chart can't override it.",
);

pub(crate) const MISPLACED: Code = Code::error(
    "RSH007",
    "helm could use a config or layer that is not the chart's",
    "helm finds the parts of a chart by media type alone: in the config, in all layers and in the \
     `subject`, and if one of these is a manifest, also in what that manifest names. Of two \
     configs or charts it uses the one that arrives last, so one chart can hide another. A subject \
     may be an ordinary image or an index of images, but not something that this plugin can't look \
     into.",
);

pub(crate) const ABSENT: Code = Code::error(
    "RSH008",
    "a part of the chart is not stored",
    "A chart is judged by its config and its layer, so both must be stored even if the registry \
     accepts manifests without their blobs. helm also fetches the chart's `subject` and what that \
     names, and fails to install if any of it is missing. Push all of it before the manifest, as \
     `helm push` does.",
);

pub(crate) const REFERENCE: Code = Code::warning(
    "RSH009",
    "the repository or tag does not match the chart",
    "`helm push` makes the chart's name the last part of the repository, and its version the tag, \
     with `_` for `+`. Users look for the chart there. Other tools copy and retag charts freely; a \
     policy can reject that with `strictReference`.",
);

pub(crate) const CARRIER: Code = Code::warning(
    "RSH080",
    "an artifact that is not a chart carries one",
    "Component descriptors and other artifacts may have a chart among their layers. helm installs \
     it only together with a config of helm's type. If that config is among the layers as well, \
     the chart is judged like any other. Without it the chart is not judged, and this finding \
     appears only if a policy asks this plugin about such artifacts: the default policy asks only \
     about the kind `helm-chart`, which they are not. To let helm install the chart, push it with \
     `helm push`.",
);
