//! From the tree of a file's rules to rules as they were written, and to changes of rules that
//! stand in included files.

use std::collections::BTreeMap;

use roadstead_yaml::Value;

use super::{
    document::{About, Action, Change, Places, What, Written},
    fields::{Fields, Reader},
    glob::{Globs, Names},
    problem::{At, Spot, did_you_mean},
    rule::{Accepted, FailurePolicy, Level, Match, Mode},
    yaml::Node,
};
use crate::kind::{Kind, Row};

/// What a rule can do.
const VERBS: [&str; 4] = ["check", "checkLayers", "acceptOnly", "deny"];
/// Longest message of a rule, in bytes: a refusal's line has 300, with rule, code and verdict.
const MESSAGE_BYTES_MAX: usize = 200;

/// An entry of `rules`.
enum Entry {
    Rule(Written),
    Change(Change),
}

/// What a rule does.
enum Does {
    Wrong,
    /// it changes an included rule
    Nothing,
    /// with the message that stands in it
    This(Action, Option<At<String>>),
}

impl Reader {
    /// The rules of a file. Without a verb an entry changes an included rule, if the file
    /// `includes` any.
    pub(super) fn rules(&mut self, node: &Node, includes: bool) -> (Vec<Written>, Vec<Change>) {
        let (mut rules, mut changes) = (Vec::new(), Vec::new());
        let Value::List(items) = &node.value else {
            self.error(&node.spot, "expected a list of rules", "begin each with `- name: …`");
            return (rules, changes);
        };
        for item in items {
            match self.rule(item, includes) {
                Some(Entry::Rule(rule)) => rules.push(rule),
                Some(Entry::Change(change)) => changes.push(change),
                None => {}
            }
        }
        (rules, changes)
    }

    fn rule(&mut self, node: &Node, includes: bool) -> Option<Entry> {
        let mut fields = self.fields(node, "name, match, and a verb")?;
        let name = fields.take("name");
        if name.is_none() {
            self.error(&fields.spot, "this rule has no name", "begin it with `- name: …`");
        }
        let name = name.and_then(|name| self.text(name, "a name"));
        let name = name.and_then(|name| self.name(name, "rule"));
        let about = fields.take("match").map(|node| self.about(node)).unwrap_or_default();
        let verb = self.verb(&mut fields, includes);
        let severity = fields.take("severity").map(|node| self.severity(node)).unwrap_or_default();
        let modes = [("enforce", Mode::Enforce), ("warn", Mode::Warn)];
        let mode = fields.take("mode").and_then(|node| self.word(node, &modes));
        let policies = [("fail", FailurePolicy::Fail), ("ignore", FailurePolicy::Ignore)];
        let failure_policy =
            fields.take("failurePolicy").and_then(|node| self.word(node, &policies));
        let message = fields.take_entry("message");
        let message = message.and_then(|(key, node)| Some((key, self.message(node)?)));
        self.finish(&fields, "a rule");
        let mut what = What { about, severity, mode, failure_policy, message: None };
        match verb {
            Does::Wrong => None,
            Does::Nothing => {
                what.message = message.map(|(_, message)| message);
                Some(Entry::Change(Change { name: name?, what, document: 0 }))
            }
            Does::This(verb, inner) => {
                what.message = inner;
                match (message, &verb) {
                    (Some((key, _)), _) if what.message.is_some() => {
                        self.error(&key.spot, "the message is given twice", "remove one");
                    }
                    (Some((_, message)), Action::Deny) => what.message = Some(message),
                    (Some((key, _)), _) => {
                        let help = "leave it out; a plugin's findings have their own messages";
                        self.error(&key.spot, "only a rule with `deny` can have a message", help);
                    }
                    (None, _) => {}
                }
                let changed = Vec::new();
                Some(Entry::Rule(Written { name: name?, verb, what, changed, document: 0 }))
            }
        }
    }

    /// A match, with what it excepts.
    fn about(&mut self, node: &Node) -> About {
        let Some(mut fields) = self.fields(node, "what the rule matches") else {
            return About::default();
        };
        let mut about = self.keys(&mut fields);
        if let Some((key, node)) = fields.take_entry("except")
            && let Some(mut fields) = self.fields(node, "what the rule does not match")
        {
            let except = self.keys(&mut fields);
            self.finish(&fields, "an exception");
            if except.places.is_empty() && matches!(&node.value, Value::Map(map) if map.is_empty())
            {
                self.error(&node.spot, "this exception is empty", "leave `except` out");
            }
            about.except = Some((key.spot.clone(), Box::new(except)));
        }
        self.finish(&fields, "a match");
        about
    }

    /// The keys of a match or an exception.
    fn keys(&mut self, fields: &mut Fields<'_>) -> About {
        let mut places = BTreeMap::new();
        let mut globs = |key, names| {
            let (at, node) = fields.take_entry(key)?;
            places.insert(key, of_values(&at.spot, node));
            self.globs(node, names)
        };
        let mut of = Match {
            repositories: globs("repositories", Names::Repositories),
            types: globs("types", Names::Plain),
            layer_types: globs("layerTypes", Names::Plain),
            media_types: globs("mediaTypes", Names::Plain),
            tags: globs("tags", Names::Plain),
            kinds: None,
            except: None,
        };
        if let Some((at, node)) = fields.take_entry("kinds") {
            places.insert("kinds", of_values(&at.spot, node));
            of.kinds = self.kinds(node);
        }
        About { of, except: None, places }
    }

    fn globs(&mut self, node: &Node, names: Names) -> Option<Globs> {
        let texts = self.texts(node, "globs")?;
        let patterns = texts.iter().map(|text| text.value.clone()).collect();
        match Globs::new(patterns, names) {
            Ok(globs) => Some(globs),
            Err((position, why)) => {
                let spot = texts.get(position).map_or(&node.spot, |text| &text.spot);
                self.error(spot, format!("this is not a glob: {why}"), "");
                None
            }
        }
    }

    fn kinds(&mut self, node: &Node) -> Option<Vec<Kind>> {
        let items = self.list(node, "kinds")?;
        Some(items.iter().filter_map(|item| self.kind(item, "a kind")).collect())
    }

    fn kind(&mut self, node: &Node, what: &str) -> Option<Kind> {
        const HELP: &str = "`roadstead policy kinds` lists them";
        let text = self.text_or(node, what, HELP)?;
        if let Some(kind) = Kind::of(&text.value) {
            return Some(kind);
        }
        let mut help = did_you_mean(&text.value, Row::all().map(|row| row.kind.name()));
        if help.is_empty() {
            HELP.clone_into(&mut help);
        }
        self.error(&text.spot, format!("there is no kind {:?}", text.value), &help);
        None
    }

    /// What a rule does.
    fn verb(&mut self, fields: &mut Fields<'_>, includes: bool) -> Does {
        let gates = fields.take_entry("requireToPull");
        let found: Vec<_> = VERBS.iter().filter_map(|verb| fields.take_entry(verb)).collect();
        if let Some((key, _)) = gates {
            let help = "rules can reject pushes, but not pulls yet";
            self.error(&key.spot, "requireToPull is not supported yet", help);
            return Does::Wrong;
        }
        let (key, node) = match found.as_slice() {
            [] if includes => return Does::Nothing,
            [] => {
                let help = format!("give it one of {}", VERBS.join(", "));
                self.error(&fields.spot, "this rule does nothing", &help);
                return Does::Wrong;
            }
            [one] => one,
            [_, (second, _), ..] => {
                self.error(&second.spot, "a rule has only one verb", "make it two rules");
                return Does::Wrong;
            }
        };
        let action = match key.value.as_str() {
            "check" => self.texts(node, "plugins").map(Action::Check),
            "checkLayers" => self.check_layers(node),
            "acceptOnly" => self.accept_only(node),
            _ => return self.deny(node, fields.has("message")),
        };
        action.map_or(Does::Wrong, |action| Does::This(action, None))
    }

    /// `deny: true`, or `deny: { message: … }`; nothing where the message stands beside it.
    fn deny(&mut self, node: &Node, has_message: bool) -> Does {
        match node.value {
            Value::Bool(true) => return Does::This(Action::Deny, None),
            Value::Null if has_message => return Does::This(Action::Deny, None),
            _ => {}
        }
        if let Value::Bool(false) = node.value {
            self.error(&node.spot, "this denies nothing", "leave the rule out");
            return Does::Wrong;
        }
        let wrong = match &node.value {
            Value::Map(entries) if !entries.is_empty() => None,
            Value::Map(_) => Some("the message is missing".to_owned()),
            Value::Null => Some("the value is missing".to_owned()),
            other => Some(format!("expected true, not {}", other.what())),
        };
        if let Some(wrong) = wrong {
            self.error(&node.spot, wrong, "write `deny: true`, or `deny: { message: … }`");
            return Does::Wrong;
        }
        let Some(mut fields) = self.fields(node, "message") else { return Does::Wrong };
        let message = fields.take("message").and_then(|node| self.message(node));
        self.finish(&fields, "deny");
        Does::This(Action::Deny, message)
    }

    /// What a client is told.
    fn message(&mut self, node: &Node) -> Option<At<String>> {
        let text = self.text(node, "a message")?;
        let fits = (1..=MESSAGE_BYTES_MAX).contains(&text.value.trim().len());
        if fits && !text.value.contains(char::is_control) {
            return Some(text);
        }
        let message = format!("a message must be one line of 1 to {MESSAGE_BYTES_MAX} bytes");
        self.error(&text.spot, message, "write what to do instead");
        None
    }

    fn check_layers(&mut self, node: &Node) -> Option<Action> {
        let entries = self.entries(node, "media types and plugins")?;
        let checks = entries.iter().filter_map(|(types, plugins)| {
            let globs = Globs::new(vec![types.value.clone()], Names::Plain);
            let plugins = self.texts(plugins, "plugins");
            match globs {
                Ok(globs) => Some((globs, plugins?)),
                Err((_, why)) => {
                    self.error(&types.spot, format!("this is not a glob: {why}"), "");
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
            self.kind(item, "a kind, or { type, layers }").map(Accepted::Kind)
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
                self.error(&of.spot, format!("this is not a glob: {why}"), "");
                None
            }
        }
    }

    fn severity(&mut self, node: &Node) -> Vec<(At<String>, Level)> {
        let levels =
            [("error", Level::Error), ("warning", Level::Warning), ("ignore", Level::Ignore)];
        let entries = self.entries(node, "codes and their severities").unwrap_or_default();
        let pairs = entries
            .iter()
            .filter_map(|(code, level)| Some((code.clone(), self.word(level, &levels)?)));
        pairs.collect()
    }
}

/// Where a key stands, and the values of its list.
fn of_values(key: &Spot, node: &Node) -> Places {
    let values = match &node.value {
        Value::List(items) => items.iter().map(|item| item.spot.clone()).collect(),
        _ => Vec::new(),
    };
    Places { key: key.clone(), values }
}
