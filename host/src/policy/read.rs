//! From the tree of a file to a document. All mistakes of a file are found at once.

use std::{sync::Arc, time::Duration};

use roadstead_engine::Limits;
use roadstead_yaml::Value;

use super::{
    document::{Action, Bounds, Declared, Document, Origin, Written},
    fields::{Fields, Reader},
    glob::{Globs, Names},
    problem::{At, Invalid, Problem, Source, did_you_mean},
    rule::{Accepted, FailurePolicy, Level, Match, Mode},
    yaml::{self, Node},
};
use crate::kind::{Kind, Row};

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
                    self.error(&node.spot, "only version 1 is known here", help);
                }
            }
        }
        let include = fields.take("include").and_then(|node| self.texts(node, "files"));
        let plugins = fields.take("plugins").map(|node| self.plugins(node));
        let rules = fields.take("rules").map(|node| self.rules(node));
        self.finish(&fields, "a policy");
        Some(Document {
            include: include.unwrap_or_default(),
            plugins: plugins.unwrap_or_default(),
            rules: rules.unwrap_or_default(),
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
                let help = "keep the component beside the policy, and use `file:`";
                self.error(&fields.spot, "plugins from a registry come with a later version", help);
                return None;
            }
            self.finish(&fields, "a plugin");
            let origin = match (builtin, file) {
                (Some(builtin), None) => Origin::Builtin(builtin),
                (None, Some(file)) => Origin::File(file),
                _ => {
                    let help = "give it one `builtin:` or one `file:`";
                    let message = format!("plugin {:?} comes from nowhere, or twice", key.value);
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
        self.error(&node.spot, format!("{:?} is no time for this", text.value), &help);
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
        self.error(&node.spot, format!("{:?} is no amount of memory for this", text.value), &help);
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
            self.error(&node.spot, "this is no number of calls", &help);
        }
        fits
    }

    fn rules(&mut self, node: &Node) -> Vec<Written> {
        let Value::List(items) = &node.value else {
            self.error(&node.spot, "expected a list of rules", "begin each with `- name: …`");
            return Vec::new();
        };
        items.iter().filter_map(|item| self.rule(item)).collect()
    }

    fn rule(&mut self, node: &Node) -> Option<Written> {
        let mut fields = self.fields(node, "name, match, and what to do")?;
        let name = fields.take("name");
        if name.is_none() {
            self.error(&fields.spot, "this rule has no name", "begin it with `- name: …`");
        }
        let name = name.and_then(|name| self.text(name, "a name"));
        let name = name.and_then(|name| self.name(name, "rule"));
        let about = fields.take("match");
        let (about, tags) = about.map(|node| self.about(node)).unwrap_or_default();
        let verb = self.verb(&mut fields);
        let severity = fields.take("severity").map(|node| self.severity(node)).unwrap_or_default();
        let modes = [("enforce", Mode::Enforce), ("warn", Mode::Warn)];
        let mode = fields.take("mode").and_then(|node| self.word(node, &modes));
        let policies = [("fail", FailurePolicy::Fail), ("ignore", FailurePolicy::Ignore)];
        let failure = fields.take("failurePolicy").and_then(|node| self.word(node, &policies));
        self.finish(&fields, "a rule");
        Some(Written {
            name: name?,
            about,
            verb: verb?,
            severity,
            mode: mode.unwrap_or_default(),
            failure_policy: failure.unwrap_or_default(),
            tags,
        })
    }

    fn about(&mut self, node: &Node) -> (Match, Option<super::problem::Spot>) {
        let Some(mut fields) = self.fields(node, "what the rule is about") else {
            return (Match::default(), None);
        };
        let tags = fields.take_entry("tags");
        let mut globs = |key, names| {
            let node = fields.take(key)?;
            self.globs(node, names)
        };
        let about = Match {
            repositories: globs("repositories", Names::Repositories),
            types: globs("types", Names::Plain),
            layer_types: globs("layerTypes", Names::Plain),
            media_types: globs("mediaTypes", Names::Plain),
            tags: tags.and_then(|(_, node)| self.globs(node, Names::Plain)),
            kinds: fields.take("kinds").and_then(|node| self.kinds(node)),
        };
        self.finish(&fields, "a match");
        (about, tags.map(|(key, _)| key.spot.clone()))
    }

    fn globs(&mut self, node: &Node, names: Names) -> Option<Globs> {
        let texts = self.texts(node, "globs")?;
        let patterns = texts.iter().map(|text| text.value.clone()).collect();
        match Globs::new(patterns, names) {
            Ok(globs) => Some(globs),
            Err((position, why)) => {
                let spot = texts.get(position).map_or(&node.spot, |text| &text.spot);
                self.error(spot, format!("this is no glob: {why}"), "");
                None
            }
        }
    }

    fn kinds(&mut self, node: &Node) -> Option<Vec<Kind>> {
        let texts = self.texts(node, "kinds")?;
        Some(texts.iter().filter_map(|text| self.kind(text)).collect())
    }

    fn kind(&mut self, text: &At<String>) -> Option<Kind> {
        if let Some(kind) = Kind::of(&text.value) {
            return Some(kind);
        }
        let mut help = did_you_mean(&text.value, Row::all().map(|row| row.kind.name()));
        if help.is_empty() {
            "`roadstead policy kinds` lists them".clone_into(&mut help);
        }
        self.error(&text.spot, format!("there is no kind {:?}", text.value), &help);
        None
    }

    /// The one verb of a rule.
    fn verb(&mut self, fields: &mut Fields<'_>) -> Option<Action> {
        let gates = fields.take_entry("requireToPull");
        let verbs = ["check", "checkLayers", "acceptOnly"];
        let found: Vec<_> = verbs.iter().filter_map(|verb| fields.take_entry(verb)).collect();
        if let Some((key, _)) = gates {
            let help = "a rule can refuse what is pushed; what is pulled it can't yet";
            self.error(&key.spot, "requireToPull comes with a later version", help);
            return None;
        }
        let [(key, node)] = found.as_slice() else {
            let help = format!("give it one of {}", verbs.join(", "));
            match found.get(1) {
                Some((second, _)) => {
                    self.error(&second.spot, "a rule does one thing only", "make it two rules");
                }
                None => self.error(&fields.spot, "this rule does nothing", &help),
            }
            return None;
        };
        match key.value.as_str() {
            "check" => self.texts(node, "plugins").map(Action::Check),
            "checkLayers" => self.check_layers(node),
            _ => self.accept_only(node),
        }
    }

    fn check_layers(&mut self, node: &Node) -> Option<Action> {
        let entries = self.entries(node, "media types and plugins")?;
        let checks = entries.iter().filter_map(|(types, plugins)| {
            let globs = Globs::new(vec![types.value.clone()], Names::Plain);
            let plugins = self.texts(plugins, "plugins");
            match globs {
                Ok(globs) => Some((globs, plugins?)),
                Err((_, why)) => {
                    self.error(&types.spot, format!("this is no glob: {why}"), "");
                    None
                }
            }
        });
        Some(Action::CheckLayers(checks.collect()))
    }

    fn accept_only(&mut self, node: &Node) -> Option<Action> {
        let items = self.list(node, "what is accepted")?;
        let accepted = items.iter().filter_map(|item| {
            if matches!(item.value, Value::Map(_)) {
                return self.accepted_type(item);
            }
            let text = self.text(item, "a kind, or { type, layers }")?;
            self.kind(&text).map(Accepted::Kind)
        });
        Some(Action::AcceptOnly(accepted.collect()))
    }

    fn accepted_type(&mut self, node: &Node) -> Option<Accepted> {
        let mut fields = self.fields(node, "type, layers")?;
        let of = if let Some(node) = fields.take("type") {
            self.text(node, "a media type")
        } else {
            let help = "write { type: …, layers: [ … ] }";
            self.error(&fields.spot, "the type is missing", help);
            None
        };
        let layers = match fields.take("layers") {
            Some(Node { value: Value::List(items), .. }) if items.is_empty() => {
                Globs::new(Vec::new(), Names::Plain).ok()
            }
            Some(node) => self.globs(node, Names::Plain),
            None => Globs::new(vec!["*".to_owned()], Names::Plain).ok(),
        };
        self.finish(&fields, "an accepted type");
        let of = of?;
        match Globs::new(vec![of.value], Names::Plain) {
            Ok(of) => Some(Accepted::Type { of, layers: layers? }),
            Err((_, why)) => {
                self.error(&of.spot, format!("this is no glob: {why}"), "");
                None
            }
        }
    }

    fn severity(&mut self, node: &Node) -> Vec<(At<String>, Level)> {
        let levels =
            [("error", Level::Error), ("warning", Level::Warning), ("ignore", Level::Ignore)];
        let entries = self.entries(node, "codes and what becomes of them").unwrap_or_default();
        let pairs = entries
            .iter()
            .filter_map(|(code, level)| Some((code.clone(), self.word(level, &levels)?)));
        pairs.collect()
    }
}

/// `500ms` is 500 and `ms`.
fn split_unit(text: &str) -> (Option<u64>, &str) {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let (number, unit) = text.split_at(digits);
    (number.parse().ok(), unit.trim_start())
}
