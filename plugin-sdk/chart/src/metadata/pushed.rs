//! What `helm push` makes of a chart's metadata.

use std::collections::BTreeMap;

use super::{METADATA, Metadata, Value};
use crate::{go::to_go_json, text::sanitised, yaml};

/// Annotations that a chart's own can't override.
const FIXED: [&str; 2] = ["org.opencontainers.image.title", "org.opencontainers.image.version"];

impl Metadata {
    /// Reads the files as `helm push` does, UTF-16 too. If Helm would stop at a file, returns what
    /// it had read until then.
    pub fn pushed(charts: &[Vec<u8>], requirements: &[Vec<u8>]) -> Self {
        let mut metadata = Self::default();
        // the plugin reads the same files, and says what is wrong with them
        drop(metadata.add_files(charts, requirements, yaml::parse_any));
        metadata
    }

    /// The config blob, byte for byte.
    pub fn to_config(&self) -> String {
        match self.fields {
            Value::Absent => "{}".to_owned(),
            _ => to_go_json(&METADATA, &self.fields, sanitised),
        }
    }

    /// The manifest's annotations. `created`: when the archive was last changed, by RFC 3339.
    pub fn annotations(&self, created: &str) -> BTreeMap<String, String> {
        let source = match self.field("sources") {
            Value::List(sources) => sources.first().map_or("", Value::text),
            _ => "",
        };
        let texts = [
            ("description", sanitised(self.text("description"))),
            ("title", self.name()),
            ("version", self.text("version").to_owned()),
            ("url", sanitised(self.text("home"))),
            ("created", created.to_owned()),
            ("source", sanitised(source)),
            ("authors", self.authors()),
        ];
        let said = texts.into_iter().filter(|(_, text)| !text.trim().is_empty());
        let mut annotations: BTreeMap<_, _> =
            said.map(|(key, text)| (format!("org.opencontainers.image.{key}"), text)).collect();
        if let Value::Map(own) = self.field("annotations") {
            let own = own.iter().filter(|(key, _)| !FIXED.contains(&key.as_str()));
            annotations.extend(own.map(|(key, text)| (key.clone(), text.text().to_owned())));
        }
        annotations
    }

    /// `name (email), name (email)`
    fn authors(&self) -> String {
        let Value::List(maintainers) = self.field("maintainers") else { return String::new() };
        let author = |maintainer: &Value| {
            let text = |field: &str| sanitised(maintainer.entry(field).text());
            match text("email") {
                email if email.is_empty() => text("name"),
                email => format!("{} ({email})", text("name")),
            }
        };
        maintainers.iter().map(author).collect::<Vec<_>>().join(", ")
    }
}
