//! All that this plugin may find. A code's meaning never changes.

use roadstead_plugin_sdk::Code;

pub(crate) const CONFIG_TYPE: Code = Code::error(
    "RSH001",
    "the config of a chart has another type than helm's",
    "helm tells a chart by the media type of its config, \
     `application/vnd.cncf.helm.config.v1+json`. With another one `helm pull` fails, while \
     the layers still look like a chart to others. Push the chart with `helm push`.",
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

pub(crate) const TITLE: Code = Code::error(
    "RSH005",
    "the title annotation is not the chart's name",
    "User interfaces show `org.opencontainers.image.title`. helm sets it to the chart's name \
     and lets no chart override it.",
);

pub(crate) const VERSION_ANNOTATION: Code = Code::error(
    "RSH006",
    "the version annotation is not the chart's version",
    "User interfaces show `org.opencontainers.image.version`. helm sets it to the chart's \
     version and lets no chart override it.",
);

pub(crate) const MISPLACED: Code = Code::error(
    "RSH007",
    "helm would take a part that stands in the wrong place",
    "helm looks for its parts by media type alone, in the config, in all layers and in the \
     `subject`, and in what a manifest among them names in turn. Of two configs or charts it \
     takes the one that arrives last, so that one chart can hide another. Only the config has \
     the config's type, only layers have the types of chart and provenance, and neither a layer \
     nor the subject is a manifest.",
);

pub(crate) const ABSENT: Code = Code::error(
    "RSH008",
    "a part of the chart is not stored",
    "A chart is judged by its config and its layer, which must be there even where the registry \
     takes manifests without their blobs. Push them before the manifest, as `helm push` does.",
);

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
    "helm wants `apiVersion: v2`, or `v1` for charts of helm 2.",
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
    "helm 4 installs charts of the apiVersions `v1`, `v2` and `v3` and no others; helm 3 takes \
     any, but a chart should install with both. Use `v2`.",
);

pub(crate) const NOT_GZIP: Code = Code::error(
    "RSH020",
    "the chart layer is not gzip that helm reads",
    "helm unpacks gzip and nothing else, with a name and a comment of at most 511 bytes. The \
     layer is the `.tgz` that `helm package` made, byte for byte.",
);

pub(crate) const NOT_TAR: Code = Code::error(
    "RSH021",
    "the chart layer is no tar archive that all programs read alike",
    "The archive is damaged, ends too early, or holds what readers of tar take differently: \
     sparse files, two names or two sizes for one entry, a file with a folder's name. Package \
     the chart again with `helm package`.",
);

pub(crate) const TOO_LARGE: Code = Code::error(
    "RSH022",
    "the chart is too large when unpacked",
    "helm unpacks at most 100 MiB. Often a build left something in the chart's folder: list \
     it in `.helmignore`. An archive that swells a thousandfold is a bomb.",
);

pub(crate) const FILE_TOO_LARGE: Code = Code::error(
    "RSH023",
    "a file of the chart is too large",
    "helm 3 takes files of at most 5 MiB; helm 4 has no such bound, but a chart should \
     install with both.",
);

pub(crate) const PATH: Code = Code::error(
    "RSH024",
    "a path leads out of the chart",
    "Absolute paths, `..`, drive letters and the like write outside of the chart's folder \
     where a program unpacks them carelessly. helm refuses most of them.",
);

pub(crate) const ENTRY_TYPE: Code = Code::error(
    "RSH025",
    "the chart holds something else than files and folders",
    "helm reads links and devices as empty files, while other programs create them: a link \
     out of the chart's folder is a classic way to write elsewhere. `helm package` follows \
     links and stores files.",
);

pub(crate) const OUTSIDE: Code = Code::error(
    "RSH026",
    "a file lies outside of the chart's folder",
    "All files lie in one folder. helm cuts the first folder off every path, so that files of \
     two folders are mixed: one chart can hide another.",
);

pub(crate) const FOLDER: Code = Code::warning(
    "RSH027",
    "the chart's folder has another name than the chart",
    "`helm package` names the folder after the chart, and `helm pull --untar` relies on it.",
);

pub(crate) const NO_CHART_YAML: Code = Code::error(
    "RSH028",
    "there is no Chart.yaml",
    "A chart is a folder with a Chart.yaml in it. The archive holds the folder, not only its \
     content.",
);

pub(crate) const DUPLICATE: Code = Code::error(
    "RSH029",
    "a file is in the chart twice",
    "Of two files with one path helm installs both, or the last one, depending on the file; \
     other programs take the first, or stop where a file has the path of a folder. Package the \
     chart again with `helm package`.",
);

pub(crate) const TAIL: Code = Code::error(
    "RSH030",
    "the chart archive goes on after its end",
    "Two blocks of zeros end an archive, and helm stops there; `tar --ignore-zeros` and some \
     libraries go on. A second archive behind the first shows another chart to a scanner than \
     to helm.",
);

pub(crate) const CHART_YAML: Code = Code::error(
    "RSH031",
    "helm can't read Chart.yaml",
    "It must be YAML that helm decodes: text where helm wants text, lists where it wants \
     lists, at most 1 MiB and 4 MiB more behind aliases, 20,000 values and 64 levels. An old \
     chart's `requirements.yaml` is read the same way.",
);

pub(crate) const ALIKE: Code = Code::error(
    "RSH032",
    "two names of the chart are one on some systems",
    "macOS and Windows do not tell `Chart.yaml` from `chart.yaml`, and macOS not one way to write \
     an umlaut from the other: there the file that is unpacked last replaces the first. Rename \
     one of them.",
);

pub(crate) const UNPORTABLE: Code = Code::error(
    "RSH033",
    "a name becomes another one on some systems",
    "Windows cuts dots and spaces off the end of a name, so that `Chart.yaml.` is `Chart.yaml`, \
     and takes what follows a colon for a stream of the file before it; macOS leaves out letters \
     that can't be seen. Rename the file.",
);

pub(crate) const NAME_DIFFERS: Code = Code::error(
    "RSH040",
    "Chart.yaml and the config have different names",
    "helm installs what Chart.yaml in the layer says; registries and user interfaces show the \
     config. `helm push` makes the config from Chart.yaml, so they differ only where somebody \
     changed one of them.",
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
     old chart's are in `requirements.yaml`, which helm reads on top of Chart.yaml.",
);

pub(crate) const METADATA_DIFFER: Code = Code::warning(
    "RSH045",
    "Chart.yaml and the config differ in a field that only informs",
    "Description, links, keywords, maintainers and the like are shown from the config. Push \
     the chart with `helm push`, which makes it from Chart.yaml.",
);

pub(crate) const UNJUDGED: Code = Code::error(
    "RSH050",
    "the chart could not be compared with its config",
    "Something else that was found kept the config, Chart.yaml or the rest of the layer from being \
     read, so that nobody knows what helm would install. Correct that. A policy that lets the \
     other finding pass lets a chart pass that nobody has seen if it lets this one pass, too.",
);

/// Every code.
pub const ALL: &[Code] = &[
    CONFIG_TYPE,
    CHART_LAYERS,
    PROVENANCE_LAYERS,
    OTHER_LAYER,
    TITLE,
    VERSION_ANNOTATION,
    MISPLACED,
    ABSENT,
    CONFIG_UNCLEAR,
    NAME,
    VERSION,
    VERSION_LENIENT,
    API_VERSION,
    TYPE,
    DEPENDENCIES,
    MAINTAINERS,
    API_VERSION_UNKNOWN,
    NOT_GZIP,
    NOT_TAR,
    TOO_LARGE,
    FILE_TOO_LARGE,
    PATH,
    ENTRY_TYPE,
    OUTSIDE,
    FOLDER,
    NO_CHART_YAML,
    DUPLICATE,
    TAIL,
    CHART_YAML,
    ALIKE,
    UNPORTABLE,
    NAME_DIFFERS,
    VERSION_DIFFERS,
    API_VERSION_DIFFERS,
    TYPE_DIFFERS,
    DEPENDENCIES_DIFFER,
    METADATA_DIFFER,
    UNJUDGED,
];
