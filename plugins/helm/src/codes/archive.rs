//! The archive, and the names in it.

use roadstead_plugin_sdk::Code;

pub(crate) const NOT_GZIP: Code = Code::error(
    "RSH020",
    "the chart layer is not gzip that helm reads",
    "helm unpacks gzip and nothing else. Each member of the file has a name and a comment of at \
     most 511 bytes, no unknown flags and right checksums, and nothing follows the last one. The \
     layer is the `.tgz` that `helm package` made, byte for byte.",
);

pub(crate) const NOT_TAR: Code = Code::error(
    "RSH021",
    "the chart layer is no tar archive that all programs read alike",
    "The archive is damaged, ends too early, or holds what readers of tar take differently: \
     sparse files, two names or two sizes for one entry, a file with a folder's name or a link's \
     target, numbers in forms that no program writes, backslashes beside slashes. Package the \
     chart again with `helm package`.",
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
     where a program unpacks them carelessly. helm refuses most of them. Where a path holds a \
     backslash, helm splits it there and not at its slashes, so that one file takes the place of \
     another.",
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

pub(crate) const ALIKE: Code = Code::warning(
    "RSH032",
    "two names of the chart are one on some systems",
    "macOS and Windows do not tell `README.md` from `readme.md`, and macOS not one way to write an \
     umlaut from the other: there the file that is unpacked last replaces the first. Rename one of \
     them. Where helm goes by the name, it is RSH034.",
);

pub(crate) const UNPORTABLE: Code = Code::warning(
    "RSH033",
    "a name becomes another one on some systems",
    "Windows cuts dots and spaces off the end of a name, and takes what follows a colon for a \
     stream of the file before it; macOS leaves out letters that can't be seen. Rename the file. \
     Where helm goes by the name that it becomes, it is RSH034.",
);

pub(crate) const OTHER_ELSEWHERE: Code = Code::error(
    "RSH034",
    "the chart is another one on some systems",
    "A file that helm leaves alone becomes one that it reads where the chart is unpacked on macOS \
     or Windows: `chart.yaml` beside `Chart.yaml` and `Chart.yaml.` replace it, and what lies in \
     `Templates` beside `templates` is installed. So it is with the files that helm reads by name, \
     with the folders `templates`, `crds` and `charts`, and with the charts in the latter. Rename \
     the file.",
);
