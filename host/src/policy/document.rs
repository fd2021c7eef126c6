//! One policy file, as it was written.

use std::{collections::BTreeMap, time::Duration};

use super::{
    problem::{At, Spot},
    rule::{Accepted, Changed, FailurePolicy, LayerCheck, Level, Match, Mode, Rule, Verb},
    yaml::Node,
};

/// A policy file that holds no mistakes that can be seen in it alone.
#[derive(Debug, Default)]
pub(super) struct Document {
    pub(super) include: Vec<At<String>>,
    pub(super) plugins: Vec<Declared>,
    pub(super) rules: Vec<Written>,
    pub(super) changes: Vec<Change>,
}

/// A plugin, and what the policy calls it.
#[derive(Debug)]
pub(super) struct Declared {
    pub(super) name: At<String>,
    pub(super) origin: Origin,
    pub(super) settings: Option<Node>,
    pub(super) limits: Bounds,
}

/// Where a plugin comes from.
#[derive(Debug)]
pub(super) enum Origin {
    Builtin(At<String>),
    File(At<String>),
}

/// Bounds that the policy sets; the engine's own where it sets none.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Bounds {
    pub(super) time: Option<Duration>,
    pub(super) cpu: Option<Duration>,
    pub(super) memory_bytes: Option<usize>,
    pub(super) decoded_bytes: Option<u64>,
    pub(super) calls: Option<u32>,
}

/// A rule, with the places of what can be wrong with it.
#[derive(Debug)]
pub(super) struct Written {
    pub(super) name: At<String>,
    pub(super) verb: Action,
    pub(super) what: What,
    /// by which files it was changed, the innermost first
    pub(super) changed: Vec<Changed>,
    /// the number of the file that it stands in
    pub(super) document: usize,
}

/// An entry of `rules` without a verb: it changes a rule of an included file.
#[derive(Debug)]
pub(super) struct Change {
    pub(super) name: At<String>,
    pub(super) what: What,
    /// the number of the file that it stands in
    pub(super) document: usize,
}

/// Everything of a rule that another file may change.
#[derive(Debug, Default)]
pub(super) struct What {
    pub(super) about: About,
    pub(super) severity: Vec<(At<String>, Level)>,
    pub(super) mode: Option<Mode>,
    pub(super) failure_policy: Option<FailurePolicy>,
    pub(super) message: Option<At<String>>,
}

/// What a rule is about, with its places.
#[derive(Debug, Default)]
pub(super) struct About {
    /// without what is excepted
    pub(super) of: Match,
    pub(super) except: Option<(Spot, Box<Self>)>,
    pub(super) places: BTreeMap<&'static str, Places>,
}

/// Where a key of a match stands, and each of its values.
#[derive(Debug)]
pub(super) struct Places {
    pub(super) key: Spot,
    pub(super) values: Vec<Spot>,
}

/// A verb with its places.
#[derive(Debug)]
pub(super) enum Action {
    Check(Vec<At<String>>),
    CheckLayers(Vec<(super::glob::Globs, Vec<At<String>>)>),
    AcceptOnly(Vec<Accepted>),
    Deny,
}

impl Action {
    /// The plugins that judge manifests, and those that judge layers.
    pub(super) fn plugins(&self) -> (Vec<&At<String>>, Vec<&At<String>>) {
        match self {
            Self::Check(plugins) => (plugins.iter().collect(), Vec::new()),
            Self::CheckLayers(checks) => {
                (Vec::new(), checks.iter().flat_map(|(_, plugins)| plugins).collect())
            }
            Self::AcceptOnly(_) | Self::Deny => (Vec::new(), Vec::new()),
        }
    }
}

impl About {
    /// The match without its places.
    pub(super) fn into_match(self) -> Match {
        let except = self.except.map(|(_, except)| Box::new(except.into_match()));
        Match { except, ..self.of }
    }
}

impl What {
    /// The keys that are given, in the language's words.
    pub(super) fn keys(&self) -> Vec<String> {
        let except = self.about.except.is_some().then_some("except");
        let about = self.about.places.keys().copied().chain(except);
        let of_match = about.map(|key| format!("match.{key}"));
        let own = [
            ("severity", !self.severity.is_empty()),
            ("mode", self.mode.is_some()),
            ("failurePolicy", self.failure_policy.is_some()),
            ("message", self.message.is_some()),
        ];
        let own = own.into_iter().filter(|(_, given)| *given).map(|(key, _)| key.to_owned());
        of_match.chain(own).collect()
    }

    /// Takes over what another one says, key by key. An exception is taken over as a whole, since
    /// its keys only mean something together.
    pub(super) fn change(&mut self, by: Self) {
        let Self { about, severity, mode, failure_policy, message } = by;
        let own = &mut self.about.of;
        let Match { repositories, kinds, types, layer_types, media_types, tags, except: _ } =
            about.of;
        replace(&mut own.repositories, repositories);
        replace(&mut own.kinds, kinds);
        replace(&mut own.types, types);
        replace(&mut own.layer_types, layer_types);
        replace(&mut own.media_types, media_types);
        replace(&mut own.tags, tags);
        replace(&mut self.about.except, about.except);
        self.about.places.extend(about.places);
        self.severity.retain(|(code, _)| severity.iter().all(|(by, _)| by.value != code.value));
        self.severity.extend(severity);
        replace(&mut self.mode, mode);
        replace(&mut self.failure_policy, failure_policy);
        replace(&mut self.message, message);
    }
}

fn replace<T>(own: &mut Option<T>, by: Option<T>) {
    if by.is_some() {
        *own = by;
    }
}

impl Written {
    /// The rule without its places.
    pub(super) fn into_rule(self) -> Rule {
        let names = |plugins: Vec<At<String>>| plugins.into_iter().map(|name| name.value).collect();
        let What { about, severity, mode, failure_policy, message } = self.what;
        let verb = match self.verb {
            Action::Check(plugins) => Verb::Check(names(plugins)),
            Action::CheckLayers(checks) => {
                let check = |(types, plugins)| LayerCheck { types, plugins: names(plugins) };
                Verb::CheckLayers(checks.into_iter().map(check).collect())
            }
            Action::AcceptOnly(accepted) => Verb::AcceptOnly(accepted),
            Action::Deny => Verb::Deny { message: message.map(|message| message.value) },
        };
        Rule {
            name: self.name.value,
            about: about.into_match(),
            verb,
            severity: severity.into_iter().map(|(code, level)| (code.value, level)).collect(),
            mode: mode.unwrap_or_default(),
            failure_policy: failure_policy.unwrap_or_default(),
            changed: self.changed,
        }
    }
}
