//! All that this plugin may find. A code's meaning never changes.

mod agreement;
mod archive;
mod demands;
mod files;
mod manifest;
mod metadata;
mod provenance;

use roadstead_plugin_sdk::Code;

pub(crate) use agreement::*;
pub(crate) use archive::*;
pub(crate) use demands::*;
pub(crate) use files::*;
pub(crate) use manifest::*;
pub(crate) use metadata::*;
pub(crate) use provenance::*;

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
    REFERENCE,
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
    OTHER_ELSEWHERE,
    NAME_DIFFERS,
    VERSION_DIFFERS,
    API_VERSION_DIFFERS,
    TYPE_DIFFERS,
    DEPENDENCIES_DIFFER,
    METADATA_DIFFER,
    CONFIG_THIN,
    UNJUDGED,
    VALUES,
    LOCK,
    SCHEMA,
    SCHEMA_DRAFT,
    NO_CHART,
    NOT_VENDORED,
    LOCK_OUTDATED,
    NOT_SIGNED_TEXT,
    PROVENANCE_UNREADABLE,
    OTHER_ARCHIVE,
    OTHER_CHART,
    PROVENANCE_DIFFERS,
    NOT_VERIFIED,
    REFERENCE_STRICT,
    VERSION_STRICT,
    NO_PROVENANCE,
    NO_ANNOTATION,
    DEPRECATED,
    NO_KUBE_VERSION,
    ICON,
    CARRIER,
];
