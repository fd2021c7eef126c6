//! All that this plugin may find. A code's meaning never changes.

use roadstead_plugin_sdk::Code;

pub(crate) const NO_MEDIA_TYPE: Code = Code::error(
    "RSI001",
    "a docker manifest does not name its media type",
    "docker reads a docker manifest or manifest list only if its `mediaType` says what it is; the \
     Content-Type header is not enough. Push the image with a current client.",
);

pub(crate) const LAYER_TYPE: Code = Code::error(
    "RSI002",
    "a layer has a media type that runtimes do not unpack",
    "containerd skips such a layer, docker tries to unpack it, podman fails: the image runs \
     differently on each. Use `application/vnd.oci.image.layer.v1.tar`, alone or with `+gzip` or \
     `+zstd`, the nondistributable or encrypted variants, or \
     `application/vnd.docker.image.rootfs.diff.tar.gzip` and docker's related types. An artifact \
     that is not an image should not have an image's config.",
);

pub(crate) const MIXED: Code = Code::warning(
    "RSI003",
    "an image mixes media types of docker and OCI",
    "Current clients read it, old ones do not. This happens when a tool adds layers to an image of \
     the other format. Convert the image, for example with `skopeo copy --format oci`.",
);

pub(crate) const ABSENT: Code = Code::error(
    "RSI004",
    "a part of the image is not stored",
    "Nobody can pull the image as it is. Push the config and the layers before the manifest. Only \
     foreign (nondistributable) layers may be elsewhere.",
);

pub(crate) const CONFIG_UNCLEAR: Code = Code::error(
    "RSI010",
    "the config is not unambiguous JSON",
    "The config must be one JSON object of at most 8 MiB and 50,000 values. It must not have \
     duplicate keys: two readers would see two different images. podman reads no config larger \
     than 4 MiB.",
);

pub(crate) const CONFIG_FIELD: Code = Code::error(
    "RSI011",
    "a field of the config can't be read",
    "A field has the wrong type, such as a `User` that is a number, and runtimes reject the \
     config. Or two keys are the same field to runtimes, which ignore the case of `User` and \
     `user`, so other programs see a different image.",
);

pub(crate) const KEY_CASE: Code = Code::warning(
    "RSI012",
    "a field of the config is written in the wrong case",
    "Runtimes are written in Go, which reads `user` as `User`; scanners in other languages find no \
     user there. Write the fields as the image specification does.",
);

pub(crate) const PLATFORM: Code = Code::warning(
    "RSI013",
    "the config does not name the image's platform",
    "`architecture` and `os` are required. Runtimes run an image without them, but a client can't \
     select it from an index. `crane append` without a base image leaves them out: set them with \
     `crane mutate --set-platform linux/amd64`.",
);

pub(crate) const ROOTFS: Code = Code::error(
    "RSI014",
    "the config does not list the layers in a form that runtimes read",
    "`rootfs.diff_ids` must list the digests of the uncompressed layers, such as `sha256:` with 64 \
     hex digits. Runtimes compare each layer with its digest.",
);

pub(crate) const DIFF_ID_COUNT: Code = Code::error(
    "RSI015",
    "the config and the manifest list different numbers of layers",
    "Runtimes compare each layer with its entry in `rootfs.diff_ids`, and fail if there are too \
     few or too many. The config and the layers come from two builds, or somebody added a layer by \
     hand.",
);

pub(crate) const HISTORY: Code = Code::warning(
    "RSI016",
    "the history does not match the number of layers",
    "Each entry of `history` without `empty_layer` belongs to one layer, in order. If the numbers \
     differ, scanners and `docker history` show the wrong build step for a layer.",
);

pub(crate) const TIME: Code = Code::warning(
    "RSI017",
    "a time in the config can't be read",
    "`created` must be an RFC 3339 time, such as `2026-01-31T12:00:00Z`. Most runtimes reject a \
     config with anything else.",
);

pub(crate) const ROOTFS_TYPE: Code = Code::warning(
    "RSI018",
    "the config's rootfs does not have the type layers",
    "The image specification requires `rootfs.type` to be `layers`. Runtimes do not look at it.",
);

pub(crate) const CONTENT: Code = Code::error(
    "RSI020",
    "a layer is not what its media type says",
    "The layer's first bytes belong to another format, and a runtime can't unpack it: containerd \
     unpacks only gzip and zstd, and nothing compressed under the type \
     `application/vnd.oci.image.layer.v1.tar`. Common causes are a layer that was compressed \
     without changing its type, and files that were pushed as layers.",
);

pub(crate) const OLD_TAR: Code = Code::warning(
    "RSI021",
    "a layer is a tar archive in the oldest format",
    "The layer lacks the `ustar` mark, which newer readers look for. Its format supports no long \
     names, no links to long names and no large files. Pack it as ustar, GNU or pax.",
);

pub(crate) const DAMAGED: Code = Code::error(
    "RSI022",
    "a layer can't be unpacked",
    "With `diffIds`: the compressed data is damaged or followed by other data, or it unpacks to \
     more than the registry's limits. Pack the layer again.",
);

pub(crate) const DIFF_ID: Code = Code::error(
    "RSI023",
    "a layer is not the one that the config lists",
    "With `diffIds`: the digest of the uncompressed layer is not the one in the config's \
     `rootfs.diff_ids`. No runtime starts such an image. Push the config and the layers of one \
     build.",
);

pub(crate) const NOT_COMPARED: Code = Code::warning(
    "RSI024",
    "a layer could not be compared with the config",
    "With `diffIds`: the layer is encrypted or not stored here, or its diff_id is not sha256. A \
     runtime compares the layer before it starts the image.",
);

pub(crate) const COMPRESSION: Code = Code::warning(
    "RSI025",
    "a layer is not compressed in the way that its media type says",
    "docker, podman and containerd look at the first bytes and unpack it; tools that rely on the \
     media type do not. Push the image with a tool that sets the right media type.",
);

pub(crate) const CHILD_TYPE: Code = Code::warning(
    "RSI030",
    "an index lists something that is not a manifest",
    "Clients skip entries that they do not know, so nobody can pull it through the index. Push it \
     as an artifact with its own manifest.",
);

pub(crate) const PLATFORM_TWICE: Code = Code::warning(
    "RSI031",
    "an index has two images for one platform",
    "Most clients choose the first, some the last: a scanner may check one while a runtime runs \
     the other. List one image for each platform.",
);

pub(crate) const CHILD_PLATFORM: Code = Code::error(
    "RSI032",
    "a docker manifest list has an image without a platform",
    "docker selects an image from a list by its `platform`, with `os` and `architecture`, and \
     never runs an image without one. Make the list with `docker manifest create` or buildx.",
);

pub(crate) const ROOT: Code = Code::error(
    "RSI040",
    "the image runs as root",
    "With `nonRoot`: the config's `User` is not set, or means root (`0`, `root`, `0:0`). An \
     attacker who breaks out of a process that runs as root is root on the host. Set `USER 65532` \
     in the Dockerfile; a group of 0 is allowed.",
);

pub(crate) const NAMED_USER: Code = Code::warning(
    "RSI041",
    "the image's user is a name",
    "With `nonRoot`: the image's `/etc/passwd` turns the name into a number, which may be that of \
     root. Kubernetes rejects a named user in a pod with `runAsNonRoot`. Use a number.",
);

pub(crate) const LABEL: Code = Code::error(
    "RSI042",
    "a label is missing or has the wrong value",
    "With `requiredLabels`: the config's `Labels` must have the label, with a value that is not \
     empty and matches the pattern, if there is one. Set it with `LABEL` or `docker build \
     --label`.",
);

pub(crate) const PLATFORM_FORBIDDEN: Code = Code::error(
    "RSI043",
    "the image is for a platform that is not allowed",
    "With `platforms`: the policy does not list the os, architecture and variant of the config, or \
     of a child of the index. Build with `--platform`.",
);

pub(crate) const TOO_LARGE: Code = Code::error(
    "RSI044",
    "the image is too large",
    "With `maxBytes`: counts the config and the layers together, as they are stored and pulled. \
     Use a smaller base image and a multi-stage build, and clean up in the step that made the \
     files.",
);

pub(crate) const TOO_MANY_LAYERS: Code = Code::error(
    "RSI045",
    "the image has too many layers",
    "With `maxLayers`: docker and overlayfs mount at most 127 layers. Combine steps of the \
     Dockerfile, or squash the image.",
);

pub(crate) const ENV: Code = Code::error(
    "RSI046",
    "the image sets a forbidden environment variable",
    "With `forbiddenEnv`: a variable set by `ENV` is in the config, where everybody who can pull \
     can read it, and stays in its history. Use a build secret, or set it when the container \
     starts.",
);

pub(crate) const BASE: Code = Code::error(
    "RSI047",
    "the image is built from a base that is not allowed",
    "With `baseImages`: the annotation `org.opencontainers.image.base.name` is missing or matches \
     none of the patterns. buildah and ko write it by default, other tools with `--annotation`. \
     The annotation is the image's own claim, not a proof.",
);

pub(crate) const UNJUDGED: Code = Code::error(
    "RSI050",
    "the image could not be judged because its config could not be read",
    "Because of another finding the config could not be read, so nobody knows what runs, as which \
     user and on which platform. Correct the other finding. If the policy turns both that finding \
     and this one into warnings, it accepts an image that was never checked.",
);

/// Every code.
pub const ALL: &[Code] = &[
    NO_MEDIA_TYPE,
    LAYER_TYPE,
    MIXED,
    ABSENT,
    CONFIG_UNCLEAR,
    CONFIG_FIELD,
    KEY_CASE,
    PLATFORM,
    ROOTFS,
    DIFF_ID_COUNT,
    HISTORY,
    TIME,
    ROOTFS_TYPE,
    CONTENT,
    OLD_TAR,
    DAMAGED,
    DIFF_ID,
    NOT_COMPARED,
    COMPRESSION,
    CHILD_TYPE,
    PLATFORM_TWICE,
    CHILD_PLATFORM,
    ROOT,
    NAMED_USER,
    LABEL,
    PLATFORM_FORBIDDEN,
    TOO_LARGE,
    TOO_MANY_LAYERS,
    ENV,
    BASE,
    UNJUDGED,
];
