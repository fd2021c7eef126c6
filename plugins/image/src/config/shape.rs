//! The fields of a config, as runtimes decode them: Go's names, found without case.

use roadstead_plugin_sdk::oci::json::mistaken_for;
use serde_json::{Map, Value};

use crate::findings::escaped;

/// What a field holds. null is fine everywhere: Go takes it for nothing.
#[derive(Debug)]
enum Shape {
    Text,
    Flag,
    Number,
    List(&'static Self),
    /// names with text
    TextMap,
    /// names without a value, `{}` each
    Set,
    Struct(&'static [(&'static str, Self)]),
}

/// Fields that are not here are nobody's affair.
static IMAGE: Shape = Shape::Struct(&[
    ("architecture", Shape::Text),
    ("author", Shape::Text),
    ("config", Shape::Struct(EXECUTION)),
    ("created", Shape::Text),
    ("history", Shape::List(&Shape::Struct(HISTORY))),
    ("os", Shape::Text),
    ("os.features", Shape::List(&Shape::Text)),
    ("os.version", Shape::Text),
    ("rootfs", Shape::Struct(ROOTFS)),
    ("variant", Shape::Text),
]);

const EXECUTION: &[(&str, Shape)] = &[
    ("ArgsEscaped", Shape::Flag),
    ("Cmd", Shape::List(&Shape::Text)),
    ("Entrypoint", Shape::List(&Shape::Text)),
    ("Env", Shape::List(&Shape::Text)),
    ("ExposedPorts", Shape::Set),
    ("Healthcheck", Shape::Struct(&[("Test", Shape::List(&Shape::Text))])),
    ("Labels", Shape::TextMap),
    ("OnBuild", Shape::List(&Shape::Text)),
    ("Shell", Shape::List(&Shape::Text)),
    ("StopSignal", Shape::Text),
    ("StopTimeout", Shape::Number),
    ("User", Shape::Text),
    ("Volumes", Shape::Set),
    ("WorkingDir", Shape::Text),
];

const HISTORY: &[(&str, Shape)] = &[
    ("author", Shape::Text),
    ("comment", Shape::Text),
    ("created", Shape::Text),
    ("created_by", Shape::Text),
    ("empty_layer", Shape::Flag),
];

const ROOTFS: &[(&str, Shape)] = &[("diff_ids", Shape::List(&Shape::Text)), ("type", Shape::Text)];

/// What makes a config one that runtimes do not decode, or do not decode alike.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Misfit {
    /// where
    pub(crate) pointer: String,
    /// as it reads on after "the config"
    pub(crate) why: String,
}

/// A key that is no field by its letters, and which Go takes for one.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Alias {
    /// where
    pub(crate) pointer: String,
    /// what it is taken for
    pub(crate) field: &'static str,
}

/// Checks a config, and names its fields as they should be.
pub(crate) fn read(config: &mut Value) -> Result<Vec<Alias>, Misfit> {
    let mut aliases = Vec::new();
    walk(&IMAGE, config, &mut aliases)?;
    Ok(aliases)
}

fn walk(shape: &'static Shape, value: &mut Value, aliases: &mut Vec<Alias>) -> Result<(), Misfit> {
    let wrong =
        |wanted: &str| Err(Misfit { pointer: String::new(), why: format!("holds {wanted}") });
    match (shape, value) {
        (_, Value::Null)
        | (Shape::Text, Value::String(_))
        | (Shape::Flag, Value::Bool(_))
        | (Shape::Number, Value::Number(_)) => Ok(()),
        (Shape::Text, _) => wrong("no text"),
        (Shape::Flag, _) => wrong("neither true nor false"),
        (Shape::Number, _) => wrong("no number"),
        (Shape::List(of), Value::Array(items)) => {
            items.iter_mut().enumerate().try_for_each(|(index, item)| {
                below(|| index.to_string(), aliases, |aliases| walk(of, item, aliases))
            })
        }
        (Shape::List(_), _) => wrong("no list"),
        (Shape::TextMap, Value::Object(entries)) => {
            entries.iter_mut().try_for_each(|(key, value)| {
                below(|| escaped(key), aliases, |aliases| walk(&Shape::Text, value, aliases))
            })
        }
        (Shape::Set, Value::Object(entries)) => {
            let is_mark = |value: &Value| value.is_object() || value.is_null();
            if entries.values().all(is_mark) { Ok(()) } else { wrong("a name with a value") }
        }
        (Shape::Struct(fields), Value::Object(entries)) => {
            rename(fields, entries, aliases)?;
            fields.iter().try_for_each(|(name, shape)| match entries.get_mut(*name) {
                Some(value) => {
                    below(|| (*name).to_owned(), aliases, |aliases| walk(shape, value, aliases))
                }
                None => Ok(()),
            })
        }
        (Shape::TextMap | Shape::Set | Shape::Struct(_), _) => wrong("no object"),
    }
}

/// Runs `walk` below a key, which is put before the pointers that it made: there are few of them,
/// and many keys.
fn below(
    key: impl Fn() -> String,
    aliases: &mut Vec<Alias>,
    walk: impl FnOnce(&mut Vec<Alias>) -> Result<(), Misfit>,
) -> Result<(), Misfit> {
    let known = aliases.len();
    let result = walk(aliases).map_err(|misfit| {
        let pointer = format!("/{}{}", key(), misfit.pointer);
        Misfit { pointer, ..misfit }
    });
    for alias in &mut aliases[known..] {
        alias.pointer = format!("/{}{}", key(), alias.pointer);
    }
    result
}

/// Of two keys for one field Go takes the last: nobody knows which another reader takes.
fn rename(
    fields: &'static [(&'static str, Shape)],
    entries: &mut Map<String, Value>,
    aliases: &mut Vec<Alias>,
) -> Result<(), Misfit> {
    let names: Vec<&'static str> = fields.iter().map(|(name, _)| *name).collect();
    let found: Vec<(String, &'static str)> =
        entries.keys().filter_map(|key| Some((key.clone(), mistaken_for(key, &names)?))).collect();
    for (key, field) in found {
        let pointer = format!("/{}", escaped(&key));
        if entries.contains_key(field) {
            return Err(Misfit { pointer, why: format!("holds a second {field} to runtimes") });
        }
        let value = entries.remove(&key).unwrap_or_default();
        entries.insert(field.to_owned(), value);
        aliases.push(Alias { pointer, field });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn misfit(mut config: Value) -> Misfit {
        read(&mut config).unwrap_err()
    }

    #[test]
    fn fields_have_their_types() {
        let mut good = json!({
            "architecture": "amd64", "os": "linux", "anything": 1, "history": null,
            "config": {
                "Cmd": ["a"], "Env": null, "ExposedPorts": { "80/tcp": {}, "81/tcp": null },
                "Labels": { "a": "b", "c": null }, "StopTimeout": 3, "ArgsEscaped": true,
                "Image": 4,
            },
            "rootfs": { "type": "layers", "diff_ids": ["sha256:00"] },
        });
        let before = good.clone();
        assert_eq!(read(&mut good), Ok(Vec::new()));
        assert_eq!(good, before);
        for (wrong, pointer, why) in [
            (json!({ "os": 1 }), "/os", "holds no text"),
            (json!({ "config": [] }), "/config", "holds no object"),
            (json!({ "config": { "User": 0 } }), "/config/User", "holds no text"),
            (json!({ "config": { "Cmd": "a" } }), "/config/Cmd", "holds no list"),
            (json!({ "config": { "Env": ["a", 1] } }), "/config/Env/1", "holds no text"),
            (
                json!({ "config": { "Labels": { "a/b": 1 } } }),
                "/config/Labels/a~1b",
                "holds no text",
            ),
            (json!({ "config": { "Labels": [] } }), "/config/Labels", "holds no object"),
            (
                json!({ "config": { "Volumes": { "/a": 1 } } }),
                "/config/Volumes",
                "holds a name with a value",
            ),
            (json!({ "config": { "StopTimeout": "3" } }), "/config/StopTimeout", "holds no number"),
            (json!({ "rootfs": { "diff_ids": {} } }), "/rootfs/diff_ids", "holds no list"),
            (
                json!({ "history": [{}, { "empty_layer": "true" }] }),
                "/history/1/empty_layer",
                "holds neither true nor false",
            ),
        ] {
            let expected = Misfit { pointer: pointer.into(), why: why.into() };
            assert_eq!(misfit(wrong), expected);
        }
    }

    #[test]
    fn go_finds_fields_without_case() {
        let mut config = json!({ "OS": "linux", "config": { "user": "0" } });
        let aliases = read(&mut config).unwrap();
        assert_eq!(config, json!({ "os": "linux", "config": { "User": "0" } }));
        let found: Vec<_> = aliases.iter().map(|it| (it.pointer.as_str(), it.field)).collect();
        assert_eq!(found, [("/OS", "os"), ("/config/user", "User")]);
        for two in [json!({ "os": "linux", "OS": "linux" }), json!({ "OS": "a", "Os": "a" })] {
            assert!(misfit(two).why.starts_with("holds a second os"));
        }
    }
}
