//! The struct that helm decodes into.

use roadstead_oci::json::mistaken_for;

/// The type of a field.
#[derive(Debug)]
pub enum Shape {
    /// text that helm cleans when it loads a chart
    Text,
    /// a [`Self::Text`] that it writes into JSON even if it's empty
    Kept,
    /// text that it takes as it stands there
    Exact,
    /// true or false
    Flag,
    /// text by text, which helm takes as it stands there
    TextMap,
    /// a list of one type
    List(&'static Shape),
    /// fields by name
    Struct(&'static [(&'static str, Shape)]),
    /// any JSON
    Any,
}

const TEXTS: Shape = Shape::List(&Shape::Text);

const MAINTAINER: &[(&str, Shape)] =
    &[("name", Shape::Text), ("email", Shape::Text), ("url", Shape::Text)];

const DEPENDENCY: &[(&str, Shape)] = &[
    ("name", Shape::Kept),
    ("version", Shape::Text),
    ("repository", Shape::Kept),
    ("condition", Shape::Text),
    ("tags", TEXTS),
    ("enabled", Shape::Flag),
    ("import-values", Shape::List(&Shape::Any)),
    ("alias", Shape::Exact),
];

/// A list of dependencies.
pub const DEPENDENCIES: Shape = Shape::List(&Shape::Struct(DEPENDENCY));

/// `chart.Metadata` of helm 3 and 4, which are the same. The order is that of the struct, in which
/// Go writes JSON.
pub const METADATA: Shape = Shape::Struct(&[
    ("name", Shape::Text),
    ("home", Shape::Text),
    ("sources", TEXTS),
    ("version", Shape::Exact),
    ("description", Shape::Text),
    ("keywords", TEXTS),
    ("maintainers", Shape::List(&Shape::Struct(MAINTAINER))),
    ("icon", Shape::Text),
    ("apiVersion", Shape::Exact),
    ("condition", Shape::Text),
    ("tags", Shape::Text),
    ("appVersion", Shape::Text),
    ("deprecated", Shape::Flag),
    ("annotations", Shape::TextMap),
    ("kubeVersion", Shape::Text),
    ("dependencies", DEPENDENCIES),
    ("type", Shape::Exact),
]);

/// The field that Go's decoder finds for a key: the one of that name, else the one that differs in
/// case alone. Two letters beyond ASCII count as `k` and `s`.
pub fn field_named(
    fields: &'static [(&'static str, Shape)],
    key: &str,
) -> Option<&'static (&'static str, Shape)> {
    let names: Vec<&str> = fields.iter().map(|(name, _)| *name).collect();
    let name = if names.contains(&key) { key } else { mistaken_for(key, &names)? };
    fields.iter().find(|(field, _)| *field == name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_found_without_case() {
        let Shape::Struct(fields) = METADATA else { panic!("metadata are a struct") };
        for (key, field) in [
            ("apiVersion", Some("apiVersion")),
            ("APIVERSION", Some("apiVersion")),
            ("ver\u{17f}ion", Some("version")),
            ("\u{212a}eywords", Some("keywords")),
            ("versions", None),
        ] {
            assert_eq!(field_named(fields, key).map(|(name, _)| *name), field, "{key}");
        }
    }
}
