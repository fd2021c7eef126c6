//! The manifest, and the parts that it names.

use roadstead_plugin_sdk::Code;

pub(crate) const CONFIG_TYPE: Code = Code::error(
    "RSH001",
    "the config of a chart has another type than helm's",
    "helm tells a chart by the media type of its config, \
     `application/vnd.cncf.helm.config.v1+json`. With another one `helm pull` fails, though the \
     artifact says that it is a chart. Push the chart with `helm push`.",
);

pub(crate) const CHART_LAYERS: Code = Code::error(
    "RSH002",
    "a chart has not exactly one chart layer",
    "With two chart layers it is up to the client which one is installed, and a scanner may \
     look at the other. `helm push` makes one layer of the type \
     `application/vnd.cncf.helm.chart.content.v1.tar+gzip`.",
);

pub(crate) const PROVENANCE_LAYERS: Code = Code::error(
    "RSH003",
    "a chart has more than one provenance layer",
    "Which signature is checked is then up to the client. Push the one `.prov` file that \
     `helm package --sign` made.",
);

pub(crate) const OTHER_LAYER: Code = Code::warning(
    "RSH004",
    "a chart has a layer that helm leaves alone",
    "helm reads the chart and its provenance and nothing else; what other programs do with \
     another layer nobody judges here. Push it as an artifact of its own, with the chart as \
     its `subject`.",
);

pub(crate) const TITLE: Code = Code::warning(
    "RSH005",
    "the title annotation is not the chart's name",
    "User interfaces show `org.opencontainers.image.title`; helm does not read it. `helm push` \
     sets it to the chart's name and lets no chart override it.",
);

pub(crate) const VERSION_ANNOTATION: Code = Code::warning(
    "RSH006",
    "the version annotation is not the chart's version",
    "User interfaces show `org.opencontainers.image.version`; helm does not read it. `helm push` \
     sets it to the chart's version and lets no chart override it.",
);

pub(crate) const MISPLACED: Code = Code::error(
    "RSH007",
    "helm could take another part than the chart's",
    "helm looks for its parts by media type alone: in the config, in all layers and in the \
     `subject`, and in what a manifest among them names in turn. Of two configs or charts it takes \
     the one that arrives last, so that one chart can hide another. A subject that is an ordinary \
     image is fine, and so is an index of images; what can't be looked into is not.",
);

pub(crate) const ABSENT: Code = Code::error(
    "RSH008",
    "a part of the chart is not stored",
    "A chart is judged by its config and its layer, which must be there even where the registry \
     takes manifests without their blobs. helm also fetches the chart's `subject`, and what that \
     names, and installs nothing where one of them is missing. Push them before the manifest, as \
     `helm push` does.",
);

pub(crate) const REFERENCE: Code = Code::warning(
    "RSH009",
    "the chart is pushed under a name or tag that is not its own",
    "`helm push` makes the chart's name the last part of the repository, and its version the tag, \
     with `_` for `+`. Users look for it there. Others copy and retag charts as they like; a \
     policy may refuse that with `strictReference`.",
);

pub(crate) const CARRIER: Code = Code::warning(
    "RSH080",
    "something else than a chart carries one",
    "Component descriptors and other artifacts may hold a chart among their layers, which helm \
     installs only together with a config of its own type. If that stands among the layers as \
     well, the chart is judged like any other. Without it nothing here is judged, and nothing is \
     found unless a policy asks this plugin about such artifacts: the default policy asks about \
     the kind `helm-chart`, which they are not. Push what helm is to install with `helm push`.",
);
