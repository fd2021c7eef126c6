//! Version 0.1 of the contract: the bindings, and conversions from and to the engine's own words.

use roadstead_oci::{Descriptor as OciDescriptor, Digest, Role as OciRole};

use crate::{
    error::ReviewError,
    limits::{
        ANNOTATIONS_MAX, FINDINGS_MAX, KEY_BYTES_MAX, MESSAGE_BYTES_MAX, PROPERTIES_MAX,
        VALUE_BYTES_MAX,
    },
    model,
};

wasmtime::component::bindgen!({
    path: "../../plugin-sdk/wit/0.1",
    world: "plugin",
    imports: { default: async | trappable },
    exports: { default: async },
    with: {
        "roadstead:admission/content.blob": crate::imports::Blob,
        "roadstead:admission/content.decoded": crate::imports::Decoded,
    },
});

pub(crate) use exports::roadstead::admission::reviewer;
pub(crate) use roadstead::admission::{content, context, log, types};

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
            tags: manifest.tags.clone(),
            principal: manifest.principal.clone(),
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
        os_features: platform.os_features.clone(),
    });
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
        annotations: descriptor.annotations.clone().into_iter().map(property).collect(),
        platform,
        urls: descriptor.urls.clone(),
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
        return Err(ReviewError::Malformed(format!("with code {code:?}, which it never declared")));
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
        about: about
            .map_err(|invalid| ReviewError::Malformed(format!("about what is none: {invalid}")))?,
        authenticated: annotation.authenticated,
        key: annotation.key,
        value: annotation.value,
    })
}

/// One line of at most `bytes_max`, cut between two characters. What it quotes may come from an
/// artifact, so it must not be able to move the cursor or turn the direction of a terminal.
pub(crate) fn line(text: &str, bytes_max: usize) -> String {
    let harmless = |letter: char| {
        // line separators; then marks, embeddings, overrides and isolates of direction
        let turns = matches!(letter, '\u{2028}' | '\u{2029}')
            || matches!(letter, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}')
            || matches!(letter, '\u{2066}'..='\u{206f}');
        if letter.is_control() || turns { ' ' } else { letter }
    };
    // cut first: a guest may hand over 4 MiB, and a blank takes no more than what it replaces
    text[..text.floor_char_boundary(bytes_max)].chars().map(harmless).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_neither_moves_the_cursor_nor_turns_the_direction() {
        for letter in
            "\0\n\r\t\u{1b}\u{7f}\u{85}\u{9b}\u{61c}\u{200e}\u{200f}\u{2028}\u{2029}\u{202a}\
                       \u{202b}\u{202c}\u{202d}\u{202e}\u{2066}\u{2067}\u{2068}\u{2069}\u{206a}"
                .chars()
        {
            assert_eq!(line(&format!("a{letter}b"), 300), "a b", "{letter:?}");
        }
        assert_eq!(
            line("ä, 漢 and \u{1f469}\u{200d}\u{1f680}", 300),
            "ä, 漢 and \u{1f469}\u{200d}\u{1f680}"
        );
    }

    #[test]
    fn a_line_is_cut_between_two_characters() {
        assert_eq!(line("ääää", 5), "ää");
        assert_eq!(line("ä", 1), "");
        // what is cut is not what a blank made shorter
        assert_eq!(line("\u{202e}ab", 4), " a");
        assert_eq!(line(&"x".repeat(4 << 20), 300).len(), 300);
    }
}
