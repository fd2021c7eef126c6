//! The archive, and the names in it.

use roadstead_plugin_sdk::Code;

pub(crate) const NOT_GZIP: Code = Code::error(
    "RSH020",
    "the chart layer is not gzip that helm can read",
    "helm unpacks only gzip. In each member of the file the name and the comment have at most 511 \
     bytes, there are no unknown flags, and the checksums are right; nothing follows the last \
     member. Push the `.tgz` that `helm package` made, byte for byte.",
);

pub(crate) const NOT_TAR: Code = Code::error(
    "RSH021",
    "the chart layer is not a tar archive that all programs read alike",
    "The archive is damaged, ends too early, or has content that tar readers interpret \
     differently: sparse files, two names or two sizes for one entry, a file with a folder's name \
     or a link's target, numbers in forms that no program writes, or backslashes beside slashes. \
     Package the chart again with `helm package`.",
);

pub(crate) const TOO_LARGE: Code = Code::error(
    "RSH022",
    "the chart is too large when unpacked",
    "helm unpacks at most 100 MiB. Often a build left something in the chart's folder: list it in \
     `.helmignore`. An archive that unpacks to a thousand times its size is a bomb.",
);

pub(crate) const FILE_TOO_LARGE: Code = Code::error(
    "RSH023",
    "a file of the chart is too large",
    "helm 3 accepts files of at most 5 MiB. helm 4 has no such limit, but a chart should install \
     with both.",
);

pub(crate) const PATH: Code = Code::error(
    "RSH024",
    "a path leads out of the chart",
    "With absolute paths, `..` or drive letters, a careless program writes outside of the chart's \
     folder when it unpacks the chart. helm rejects most of them. If a path has a backslash, helm \
     splits it there and not at its slashes, so one file can replace another.",
);

pub(crate) const ENTRY_TYPE: Code = Code::error(
    "RSH025",
    "the chart contains an entry that is not a file or a folder",
    "helm reads links and devices as empty files, while other programs create them: a link out of \
     the chart's folder is a well-known way to write elsewhere. `helm package` follows links and \
     stores files.",
);

pub(crate) const OUTSIDE: Code = Code::error(
    "RSH026",
    "a file is outside of the chart's folder",
    "All files must be in one folder. helm cuts the first folder off every path, so it would mix \
     the files of two folders, and one chart could hide another.",
);

pub(crate) const FOLDER: Code = Code::warning(
    "RSH027",
    "the chart's folder does not have the chart's name",
    "`helm package` names the folder after the chart, and `helm pull --untar` relies on it.",
);

pub(crate) const NO_CHART_YAML: Code = Code::error(
    "RSH028",
    "there is no Chart.yaml",
    "A chart is a folder with a Chart.yaml in it. The archive must hold the folder, not only its \
     content.",
);

pub(crate) const DUPLICATE: Code = Code::error(
    "RSH029",
    "the chart has the same file twice",
    "If two files have the same path, helm installs both or the last one, depending on the file. \
     Other programs use the first, or fail if a file has the path of a folder. Package the chart \
     again with `helm package`.",
);

pub(crate) const TAIL: Code = Code::error(
    "RSH030",
    "the chart archive has data after its end",
    "Two blocks of zeros end an archive. helm stops there; `tar --ignore-zeros` and some libraries \
     continue. With a second archive behind the first, a scanner may see a different chart than \
     helm.",
);

pub(crate) const ALIKE: Code = Code::warning(
    "RSH032",
    "two paths in the chart are the same on some systems",
    "macOS and Windows treat `README.md` and `readme.md` as the same file, and macOS also two ways \
     to write an umlaut: there, the file that is unpacked last replaces the first. Rename one of \
     them. If helm reads the file by its name, it is RSH034.",
);

pub(crate) const UNPORTABLE: Code = Code::warning(
    "RSH033",
    "a name changes on some systems",
    "Windows cuts dots and spaces off the end of a name, and reads what follows a colon as a \
     stream of the file before it; macOS drops invisible characters. Rename the file. If helm \
     reads a file by the name that results, it is RSH034.",
);

pub(crate) const OTHER_ELSEWHERE: Code = Code::error(
    "RSH034",
    "the chart installs differently on some systems",
    "If the chart is unpacked on macOS or Windows, a file that helm ignores becomes one that it \
     reads: `chart.yaml` or `Chart.yaml.` replaces `Chart.yaml`, and files in `Templates` are \
     installed with those in `templates`. This concerns the files that helm reads by name, the \
     folders `templates`, `crds` and `charts`, and the charts in `charts`. Rename the file.",
);
