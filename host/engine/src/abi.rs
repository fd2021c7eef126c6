//! Version 0.1 of the contract: the bindings, and conversions from and to the engine's own words.

use roadstead_oci::{Descriptor as OciDescriptor, Digest, Role as OciRole};

use crate::{
    content::ReadError,
    error::ReviewError,
    limits::{
        ANNOTATIONS_MAX, FINDINGS_MAX, KEY_BYTES_MAX, MESSAGE_BYTES_MAX, PROPERTIES_MAX,
        VALUE_BYTES_MAX,
    },
    line::line,
    model,
};

wasmtime::component::bindgen!({
    path: "../../plugin-sdk/wit/0.1",
    world: "plugin",
    imports: { default: async | trappable },
    exports: { default: async },
    with: {
        "roadstead:admission/content.blob": crate::state::Blob,
        "roadstead:admission/content.decoded": crate::decoded::Decoded,
    },
});

pub(crate) use exports::roadstead::admission::reviewer;
pub(crate) use roadstead::admission::{content, context, log, push, types};

fn property((key, value): (String, String)) -> types::Property {
    types::Property { key, value }
}

impl From<&model::Target> for types::Target {
    fn from(target: &model::Target) -> Self {
        match target {
            model::Target::Manifest(manifest) => Self::Manifest(manifest.into()),
            model::Target::Blob(blob) => Self::Blob(types::Blob {
                digest: blob.digest.to_string(),
                media_type: blob.media_type.clone(),
                size: blob.size,
                properties: Vec::new(),
            }),
        }
    }
}

impl From<&model::ManifestTarget> for types::Manifest {
    fn from(manifest: &model::ManifestTarget) -> Self {
        let descriptors = manifest.descriptors.iter();
        Self {
            digest: manifest.digest.to_string(),
            media_type: manifest.media_type.clone(),
            artifact_type: manifest.artifact_type.clone(),
            kind: manifest.kind.clone(),
            bytes: manifest.bytes.to_vec(),
            annotations: manifest.annotations.iter().cloned().map(property).collect(),
            descriptors: descriptors
                .map(|named| descriptor(named.role, named.index, &named.descriptor))
                .collect(),
            repository: manifest.repository.clone(),
            properties: Vec::new(),
        }
    }
}

/// A descriptor in the contract's words.
pub(crate) fn descriptor(
    role: OciRole,
    index: u32,
    descriptor: &OciDescriptor,
) -> types::Descriptor {
    let platform = descriptor.platform.as_ref().map(|platform| types::Platform {
        os: platform.os.clone(),
        architecture: platform.architecture.clone(),
        variant: platform.variant.clone(),
        os_version: platform.os_version.clone(),
        os_features: platform.os_features.iter().map(ToOwned::to_owned).collect(),
    });
    let annotations = descriptor.annotations.iter();
    let annotations = annotations.map(|(key, value)| (key.to_owned(), value.to_owned()));
    types::Descriptor {
        role: match role {
            OciRole::Config => types::Role::Config,
            OciRole::Layer => types::Role::Layer,
            OciRole::Manifest => types::Role::Manifest,
            OciRole::Subject => types::Role::Subject,
        },
        index,
        media_type: descriptor.media_type.clone(),
        digest: descriptor.digest.to_string(),
        size: descriptor.size,
        artifact_type: descriptor.artifact_type.clone(),
        annotations: annotations.map(property).collect(),
        platform,
        urls: descriptor.urls.iter().map(ToOwned::to_owned).collect(),
        data: descriptor.data.clone(),
    }
}

/// An annotation in the contract's words.
pub(crate) fn annotation(annotation: model::Annotation) -> types::Annotation {
    types::Annotation {
        about: annotation.about.map(|about| about.to_string()),
        authenticated: annotation.authenticated,
        key: annotation.key,
        value: annotation.value,
    }
}

impl From<ReadError> for content::ReadError {
    fn from(error: ReadError) -> Self {
        match error {
            ReadError::NotNamed(digest) => Self::NotNamed(digest),
            ReadError::Absent(digest) => Self::Absent(digest),
            ReadError::Budget => Self::Budget,
            ReadError::Io(why) => Self::Io(why),
            ReadError::Encoding(why) => Self::Encoding(why),
            ReadError::TooLarge(why) => Self::TooLarge(why),
        }
    }
}

impl From<types::Severity> for model::Severity {
    fn from(severity: types::Severity) -> Self {
        match severity {
            types::Severity::Warning => Self::Warning,
            types::Severity::Error => Self::Error,
        }
    }
}

impl From<reviewer::Metadata> for model::Metadata {
    fn from(metadata: reviewer::Metadata) -> Self {
        let code = |code: reviewer::Code| model::Code {
            id: code.id,
            severity: code.severity.into(),
            summary: code.summary,
            explanation: code.explanation,
        };
        Self {
            name: metadata.name,
            version: metadata.version,
            description: metadata.description,
            manifests: metadata.targets.contains(reviewer::Targets::MANIFESTS),
            blobs: metadata.targets.contains(reviewer::Targets::BLOBS),
            media_types: metadata.media_types,
            settings_schema: metadata.settings_schema,
            codes: metadata.codes.into_iter().map(code).collect(),
        }
    }
}

/// A report in the engine's words, if it keeps to the contract.
pub(crate) fn report(
    report: types::Report,
    metadata: &model::Metadata,
) -> Result<model::Report, ReviewError> {
    if report.findings.len() > FINDINGS_MAX {
        return Err(ReviewError::Output("100 findings"));
    }
    if report.annotations.len() > ANNOTATIONS_MAX {
        return Err(ReviewError::Output("64 annotations"));
    }
    let findings = report.findings.into_iter().map(|found| finding(found, metadata));
    let annotations = report.annotations.into_iter().map(checked_annotation);
    Ok(model::Report {
        findings: findings.collect::<Result<_, _>>()?,
        annotations: annotations.collect::<Result<_, _>>()?,
    })
}

fn finding(
    finding: types::Finding,
    metadata: &model::Metadata,
) -> Result<model::Finding, ReviewError> {
    if !metadata.codes.iter().any(|code| code.id == finding.code) {
        let code = line(&finding.code, 40);
        return Err(ReviewError::Malformed(format!("with the undeclared code {code:?}")));
    }
    if finding.properties.len() > PROPERTIES_MAX {
        return Err(ReviewError::Output("16 properties of a finding"));
    }
    let location = finding.location;
    let properties = finding.properties.into_iter().map(checked_property);
    let short = |text: Option<String>| text.map(|text| line(&text, VALUE_BYTES_MAX));
    Ok(model::Finding {
        code: finding.code,
        severity: finding.severity.into(),
        message: line(&finding.message, MESSAGE_BYTES_MAX),
        location: model::Location {
            blob: short(location.blob),
            path: short(location.path),
            pointer: short(location.pointer),
            line: location.line,
        },
        properties: properties.collect::<Result<_, _>>()?,
    })
}

fn checked_property(property: types::Property) -> Result<(String, String), ReviewError> {
    if property.key.len() > KEY_BYTES_MAX {
        return Err(ReviewError::Output("256 bytes of a property's key"));
    }
    if property.value.len() > VALUE_BYTES_MAX {
        return Err(ReviewError::Output("4 KiB of a property's value"));
    }
    Ok((property.key, property.value))
}

fn checked_annotation(annotation: types::Annotation) -> Result<model::Annotation, ReviewError> {
    if annotation.key.len() > KEY_BYTES_MAX {
        return Err(ReviewError::Output("256 bytes of an annotation's key"));
    }
    if annotation.value.len() > VALUE_BYTES_MAX {
        return Err(ReviewError::Output("4 KiB of an annotation's value"));
    }
    let about = annotation.about.map(|about| Digest::parse(&about)).transpose();
    Ok(model::Annotation {
        about: about.map_err(|invalid| {
            ReviewError::Malformed(format!("with an annotation about an invalid digest: {invalid}"))
        })?,
        authenticated: annotation.authenticated,
        key: annotation.key,
        value: annotation.value,
    })
}
