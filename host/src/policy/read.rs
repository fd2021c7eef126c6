//! From the tree of a file to a document. All mistakes of a file are found at once.

use std::{sync::Arc, time::Duration};

use roadstead_engine::Limits;
use roadstead_yaml::Value;

use super::{
    document::{Bounds, Declared, Document, Origin},
    fields::Reader,
    problem::{Invalid, Problem, Source},
    yaml::{self, Node},
};

/// Reads one file.
pub(super) fn read(source: &Arc<Source>) -> Result<Document, Vec<Problem>> {
    let tree = yaml::parse(source).map_err(|problem| vec![problem])?;
    let mut reader = Reader::default();
    let document = reader.document(&tree).unwrap_or_default();
    if reader.problems.is_empty() { Ok(document) } else { Err(reader.problems) }
}

/// Finds what is wrong with the text of one file by itself, whatever it names. `name` is what
/// problems call the file.
pub fn check_text(name: &str, text: &str) -> Result<(), Invalid> {
    let source = Source { name: name.to_owned(), text: text.to_owned() };
    read(&Arc::new(source)).map(drop).map_err(Invalid::from)
}

impl Reader {
    fn document(&mut self, tree: &Node) -> Option<Document> {
        let mut fields = self.fields(tree, "version, include, plugins, rules")?;
        match fields.take("version") {
            None => self.error(&fields.spot, "the version is missing", "begin with `version: 1`"),
            Some(node) => {
                let one =
                    matches!(&node.value, Value::Number(number) if number.as_u64() == Some(1));
                if !one {
                    let help = "write `version: 1`";
                    self.error(&node.spot, "only version 1 is supported", help);
                }
            }
        }
        let include = fields.take("include").and_then(|node| self.texts(node, "files"));
        let plugins = fields.take("plugins").map(|node| self.plugins(node));
        let includes = include.is_some();
        let rules = fields.take("rules").map(|node| self.rules(node, includes));
        self.finish(&fields, "a policy");
        let (rules, changes) = rules.unwrap_or_default();
        Some(Document {
            include: include.unwrap_or_default(),
            plugins: plugins.unwrap_or_default(),
            rules,
            changes,
        })
    }

    fn plugins(&mut self, node: &Node) -> Vec<Declared> {
        let entries = self.entries(node, "a name and a plugin").unwrap_or_default();
        let declared = entries.iter().filter_map(|(key, value)| {
            let name = self.name(key.clone(), "plugin");
            let mut fields = self.fields(value, "builtin or file, settings, limits")?;
            let builtin =
                fields.take("builtin").and_then(|node| self.text(node, "a plugin's name"));
            let file = fields.take("file").and_then(|node| self.text(node, "a path"));
            let settings = fields.take("settings").cloned();
            let limits = fields.take("limits").map(|node| self.limits(node)).unwrap_or_default();
            if fields.take("ref").is_some() {
                let help = "put the component beside the policy, and use `file:`";
                self.error(&fields.spot, "plugins from a registry are not supported yet", help);
                return None;
            }
            self.finish(&fields, "a plugin");
            let origin = match (builtin, file) {
                (Some(builtin), None) => Origin::Builtin(builtin),
                (None, Some(file)) => Origin::File(file),
                _ => {
                    let help = "such as `builtin: helm`, or `file: naming.wasm` relative to this \
                                file";
                    let message = format!(
                        "plugin {:?} needs exactly one of `builtin:` or \
                                 `file:`",
                        key.value
                    );
                    self.error(&key.spot, message, help);
                    return None;
                }
            };
            Some(Declared { name: name?, origin, settings, limits })
        });
        declared.collect()
    }

    fn limits(&mut self, node: &Node) -> Bounds {
        let Some(mut fields) = self.fields(node, "time, cpu, memory, decoded, calls") else {
            return Bounds::default();
        };
        let most = Limits::largest();
        let time = fields.take("time").and_then(|node| self.duration(node, most.wall));
        let cpu = fields.take("cpu").and_then(|node| self.duration(node, most.cpu));
        let memory = fields.take("memory");
        let memory =
            memory.and_then(|node| self.amount(node, "64MiB", most.memory_bytes_max as u64));
        let decoded = fields.take("decoded");
        let decoded_bytes =
            decoded.and_then(|node| self.amount(node, "4GiB", most.decoded_bytes_max));
        let calls = fields.take("calls").and_then(|node| self.count(node, most.host_calls_max));
        self.finish(&fields, "a plugin's limits");
        let memory_bytes = memory.and_then(|bytes| usize::try_from(bytes).ok());
        Bounds { time, cpu, memory_bytes, decoded_bytes, calls }
    }

    fn duration(&mut self, node: &Node, most: Duration) -> Option<Duration> {
        let text = self.text(node, "a time such as 500ms or 5s")?;
        let (number, unit) = split_unit(&text.value);
        let millis = match unit {
            "ms" => number,
            "s" => number.and_then(|number| number.checked_mul(1000)),
            _ => None,
        };
        let duration = millis.map(Duration::from_millis);
        if let Some(fits) = duration.filter(|time| !time.is_zero() && *time <= most) {
            return Some(fits);
        }
        let help = format!("write it as 500ms or 5s, at most {}s", most.as_secs());
        self.error(&node.spot, format!("{:?} is not a valid time here", text.value), &help);
        None
    }

    /// An amount of bytes, in units as everybody writes them.
    fn amount(&mut self, node: &Node, example: &str, most: u64) -> Option<u64> {
        const UNITS: [(&str, u64); 3] = [("KiB", 1 << 10), ("MiB", 1 << 20), ("GiB", 1 << 30)];
        let text = self.text(node, &format!("an amount such as {example}"))?;
        let (number, unit) = split_unit(&text.value);
        let unit = UNITS.iter().find(|(name, _)| *name == unit);
        let bytes = number.zip(unit).and_then(|(number, (_, bytes))| number.checked_mul(*bytes));
        if let Some(fits) = bytes.filter(|bytes| (1..=most).contains(bytes)) {
            return Some(fits);
        }
        let most = match most {
            most if most % (1 << 30) == 0 => format!("{}GiB", most >> 30),
            most => format!("{}MiB", most >> 20),
        };
        let help = format!("write it as {example}, at most {most}");
        self.error(&node.spot, format!("{:?} is not a valid amount here", text.value), &help);
        None
    }

    fn count(&mut self, node: &Node, most: u32) -> Option<u32> {
        let number = match &node.value {
            Value::Number(number) => number.as_u64().and_then(|number| u32::try_from(number).ok()),
            _ => None,
        };
        let fits = number.filter(|number| (1..=most).contains(number));
        if fits.is_none() {
            let help = format!("write it as 200000, at most {most}");
            self.error(&node.spot, "this is not a valid number of calls", &help);
        }
        fits
    }
}

/// `500ms` is 500 and `ms`.
fn split_unit(text: &str) -> (Option<u64>, &str) {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let (number, unit) = text.split_at(digits);
    (number.parse().ok(), unit.trim_start())
}
