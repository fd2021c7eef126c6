//! All that this plugin may find. A code's meaning never changes.

use roadstead_plugin_sdk::Code;

pub(crate) const NO_MEDIA_TYPE: Code = Code::error(
    "RSI001",
    "a docker manifest does not name its media type",
    "docker reads a manifest of its own form, or a manifest list, only where its `mediaType` says \
     what it is; the header that it came with is not enough. Push the image with a current client.",
);

pub(crate) const LAYER_TYPE: Code = Code::error(
    "RSI002",
    "a layer has a media type that runtimes do not unpack",
    "containerd leaves such a layer out, docker tries to unpack it, podman stops: nobody knows \
     what runs. Layers are `application/vnd.oci.image.layer.v1.tar`, alone or with `+gzip` or \
     `+zstd`, their nondistributable and encrypted forms, and docker's \
     `application/vnd.docker.image.rootfs.diff.tar.gzip` and its kin. What is no image should \
     have no image's config.",
);

pub(crate) const MIXED: Code = Code::warning(
    "RSI003",
    "an image has media types of docker and of OCI",
    "Current clients read it, old ones do not. It comes from adding layers to an image of the \
     other kind. Convert it, for example with `skopeo copy --format oci`.",
);

pub(crate) const ABSENT: Code = Code::error(
    "RSI004",
    "a part of the image is not stored",
    "Nobody can pull the image as it is. Push config and layers before the manifest. Foreign \
     (nondistributable) layers may be elsewhere.",
);

pub(crate) const CONFIG_UNCLEAR: Code = Code::error(
    "RSI010",
    "the config is not clear JSON",
    "It must be one JSON object of at most 8 MiB and 50,000 values, without duplicate keys: two \
     readers would see two images. podman reads no config of more than 4 MiB.",
);

pub(crate) const CONFIG_FIELD: Code = Code::error(
    "RSI011",
    "a field of the config can't be read",
    "A field has another type than the image specification gives to it, such as a `User` that is a \
     number, and runtimes stop there. Or two keys are one field to runtimes, which do not tell \
     `User` from `user`, so that another program sees another image.",
);

pub(crate) const KEY_CASE: Code = Code::warning(
    "RSI012",
    "a field of the config is written in another case",
    "Runtimes are written in Go, which takes `user` for `User`; scanners in other languages find \
     no user there. Write fields as the image specification does.",
);

pub(crate) const PLATFORM: Code = Code::warning(
    "RSI013",
    "the config does not say what the image runs on",
    "`architecture` and `os` are required, and runtimes take an image without them all the \
     same. But a client can't select it from an index. `crane append` without a base image \
     leaves them out: set them with `crane mutate --set-platform linux/amd64`.",
);

pub(crate) const ROOTFS: Code = Code::error(
    "RSI014",
    "the config does not list layers as runtimes read them",
    "`rootfs.diff_ids` are digests such as `sha256:` with 64 hex digits: those of the layers \
     without compression. Runtimes compare each layer with its own.",
);

pub(crate) const DIFF_ID_COUNT: Code = Code::error(
    "RSI015",
    "the config lists another number of layers than the manifest",
    "Runtimes compare each layer with its entry in `rootfs.diff_ids`, and stop if there is one too \
     few or too many. Config and layers are of two builds, or somebody added a layer by hand.",
);

pub(crate) const HISTORY: Code = Code::warning(
    "RSI016",
    "the history tells of another number of layers",
    "The entries of `history` without `empty_layer` belong to the layers one by one. Where they do \
     not, scanners and `docker history` blame the wrong step of the build.",
);

pub(crate) const TIME: Code = Code::warning(
    "RSI017",
    "a time in the config can't be read",
    "`created` is a time by RFC 3339, such as `2026-01-31T12:00:00Z`. Most runtimes read no \
     config with another one.",
);

pub(crate) const ROOTFS_TYPE: Code = Code::warning(
    "RSI018",
    "the config has another type of rootfs than layers",
    "`rootfs.type` is `layers`, by the image specification. Runtimes do not look at it.",
);

pub(crate) const CONTENT: Code = Code::error(
    "RSI020",
    "a layer is not what its media type says",
    "Its first bytes are those of another form, and a runtime can't unpack it: containerd \
     unpacks gzip and zstd alone, and nothing compressed as \
     `application/vnd.oci.image.layer.v1.tar`. Common causes are a layer that was compressed \
     without its type being changed, and files that were pushed as layers.",
);

pub(crate) const OLD_TAR: Code = Code::warning(
    "RSI021",
    "a layer is a tar archive of the oldest form",
    "It has no `ustar` mark, which newer readers look for, and knows no long names, links to long \
     names or large files. Pack it as ustar, GNU or pax.",
);

pub(crate) const DAMAGED: Code = Code::error(
    "RSI022",
    "a layer can't be unpacked",
    "With `diffIds`: its compression is damaged or goes on after its end, or it unpacks to more \
     than the registry's limits. Pack it again.",
);

pub(crate) const DIFF_ID: Code = Code::error(
    "RSI023",
    "a layer is not the one that the config names",
    "With `diffIds`: the digest of the layer without compression is another one than the config's \
     `rootfs.diff_ids` say. No runtime starts such an image. Push config and layers of one build.",
);

pub(crate) const NOT_COMPARED: Code = Code::warning(
    "RSI024",
    "a layer could not be compared with the config",
    "With `diffIds`: the layer is encrypted or not stored here, or its diff_id is no sha256. A \
     runtime compares it before it runs.",
);

pub(crate) const COMPRESSION: Code = Code::warning(
    "RSI025",
    "a layer is compressed in another way than its media type says",
    "docker, podman and containerd look at the first bytes and unpack it; tools that go by the \
     type do not. Push the image with a tool that names what it packs.",
);

pub(crate) const CHILD_TYPE: Code = Code::warning(
    "RSI030",
    "an index lists something that is no manifest",
    "Clients pass over what they do not know, so nobody gets it this way. Push it as an artifact \
     with a manifest of its own.",
);

pub(crate) const PLATFORM_TWICE: Code = Code::warning(
    "RSI031",
    "an index has two images for one platform",
    "Most clients run the first, some the last: a scanner may look at one and a runtime run the \
     other. List one image for each platform.",
);

pub(crate) const CHILD_PLATFORM: Code = Code::error(
    "RSI032",
    "a docker manifest list has an image without platform",
    "docker selects from a list by `platform`, with `os` and `architecture`, and runs nothing \
     else. Make the list with `docker manifest create` or buildx.",
);

pub(crate) const ROOT: Code = Code::error(
    "RSI040",
    "the image runs as root",
    "With `nonRoot`: `User` of the config is not set, or is root by one of its names (`0`, \
     `root`, `0:0`). Who breaks out of a process of root is root. Set `USER 65532` in the \
     Dockerfile; a group of 0 is allowed.",
);

pub(crate) const NAMED_USER: Code = Code::warning(
    "RSI041",
    "the image's user is a name",
    "With `nonRoot`: a name becomes a number through the `/etc/passwd` in the image, which may \
     make root of it. Kubernetes refuses it where a pod says `runAsNonRoot`. Use a number.",
);

pub(crate) const LABEL: Code = Code::error(
    "RSI042",
    "a label is missing or says something else",
    "With `requiredLabels`: the config's `Labels` have to hold it, with a text that is not empty \
     and matches the pattern, if there is one. Set it with `LABEL` or `docker build --label`.",
);

pub(crate) const PLATFORM_FORBIDDEN: Code = Code::error(
    "RSI043",
    "the image is for a platform that is not allowed",
    "With `platforms`: os, architecture and variant of the config, or of a child of the index, \
     are none of the policy's. Build with `--platform`.",
);

pub(crate) const TOO_LARGE: Code = Code::error(
    "RSI044",
    "the image is too large",
    "With `maxBytes`: config and layers together, as they are stored and pulled. Use a smaller \
     base image and a build in stages, and clean up in the step that made the files.",
);

pub(crate) const TOO_MANY_LAYERS: Code = Code::error(
    "RSI045",
    "the image has too many layers",
    "With `maxLayers`: docker and overlayfs mount 127 at most. Join steps of the Dockerfile, or \
     squash the image.",
);

pub(crate) const ENV: Code = Code::error(
    "RSI046",
    "the image sets a forbidden environment variable",
    "With `forbiddenEnv`: what is set by `ENV` is in the config, which everybody reads who can \
     pull, and stays in its history. Use a build secret, or set it when the container starts.",
);

pub(crate) const BASE: Code = Code::error(
    "RSI047",
    "the image is built from a base that is not allowed",
    "With `baseImages`: the annotation `org.opencontainers.image.base.name` is missing or matches \
     none of the patterns. buildah and ko write it by themselves, others with `--annotation`. \
     It is what the image says of itself, and no proof.",
);

pub(crate) const UNJUDGED: Code = Code::error(
    "RSI050",
    "the image could not be judged by its config",
    "Something else that was found kept the config from being read, so that nobody knows what \
     runs, as whom and on what. Correct that. A policy that lets the other finding pass lets an \
     image pass that nobody has seen if it lets this one pass, too.",
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
