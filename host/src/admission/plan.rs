//! Which checks a candidate has to pass. Pure.

use std::borrow::Cow;

use roadstead_oci::{Content, Descriptor, Role, Tag, media_type};

use super::Candidate;
use crate::{
    kind::{self, Kind},
    policy::{Accepted, Globs, LayerCheck, Match, Policy, Rule, Verb},
};

/// What a policy makes of a candidate, before anything of it is read.
#[derive(Debug, Default)]
pub struct Plan<'a> {
    /// the rules that are about it
    pub rules: Vec<&'a Rule>,
    /// what plugins are asked
    pub checks: Vec<Check<'a>>,
    /// the rules that refuse it for what it is: `acceptOnly` without its kind, `deny`
    pub unaccepted: Vec<&'a Rule>,
}

/// One question to a plugin, and the rule that asks it.
#[derive(Clone, Debug)]
pub struct Check<'a> {
    /// the rule
    pub rule: &'a Rule,
    /// what the plugin judges, and which
    pub ask: Ask<'a>,
}

/// A plugin, and what it shall judge.
#[derive(Clone, Debug, PartialEq)]
pub struct Ask<'a> {
    /// the policy's name for it
    pub plugin: &'a str,
    /// what it judges
    pub part: Part,
}

/// What a plugin judges.
#[derive(Clone, Debug, PartialEq)]
pub enum Part {
    /// the manifest, with all that it names
    Manifest,
    /// one of its layers, or its config, by the type that it would have if it were not foreign
    Layer(Box<Descriptor>),
}

/// The plan of all rules.
pub fn plan<'a>(policy: &'a Policy, candidate: &Candidate) -> Plan<'a> {
    plan_of(policy.rules(), candidate)
}

/// The plan of some rules. Without one that is about it an artifact is stored.
pub(super) fn plan_of<'a>(
    rules: impl IntoIterator<Item = &'a Rule>,
    candidate: &Candidate,
) -> Plan<'a> {
    let mut plan = Plan::default();
    for rule in rules.into_iter().filter(|rule| mismatch(&rule.about, candidate).is_none()) {
        plan.rules.push(rule);
        match &rule.verb {
            Verb::Check(plugins) => plan.checks.extend(
                plugins
                    .iter()
                    .map(|plugin| Check { rule, ask: Ask { plugin, part: Part::Manifest } }),
            ),
            Verb::CheckLayers(checks) => plan.checks.extend(
                checks
                    .iter()
                    .flat_map(|check| of_layers(check, candidate))
                    .map(|ask| Check { rule, ask }),
            ),
            Verb::AcceptOnly(accepted) => {
                if !accepted.iter().any(|accepted| accepts(accepted, candidate)) {
                    plan.unaccepted.push(rule);
                }
            }
            Verb::Deny { .. } => plan.unaccepted.push(rule),
        }
    }
    plan
}

/// A key of a match that a candidate does not fit.
pub struct Mismatch {
    /// the key, in the policy's words
    pub key: &'static str,
    is: fn(&Candidate) -> String,
}

impl Mismatch {
    /// What the candidate is instead. Apart, since routing asks only whether a rule fits, of each
    /// of them on each push.
    pub fn is(&self, candidate: &Candidate) -> String {
        (self.is)(candidate)
    }
}

/// The first thing about a candidate that a rule is not about, in the order of the language; then
/// whether the rule leaves it out.
pub fn mismatch(about: &Match, candidate: &Candidate) -> Option<Mismatch> {
    unlike(about, candidate).or_else(|| {
        let except = about.except.as_deref()?;
        let is = |of: &Candidate| of.repository.to_string();
        is_all_within(except, candidate).then_some(Mismatch { key: EXCEPT, is })
    })
}

/// The key of a mismatch where the rule leaves the candidate out.
pub const EXCEPT: &str = "except";

/// Whether all that a candidate has of each key matches: one tag or type more that does not must
/// be no way out of a rule. The empty config says nothing.
fn is_all_within(except: &Match, candidate: &Candidate) -> bool {
    let Match { repositories, kinds, types: by, layer_types: layered, media_types, tags, .. } =
        except;
    let all = |globs: &Option<Globs>, texts: &mut dyn Iterator<Item = &str>| {
        let Some(globs) = globs else { return true };
        let mut texts = texts.peekable();
        let fits = |text: &str| globs.fit(text) || globs.fit(media_type::essence(text));
        texts.peek().is_some() && texts.all(fits)
    };
    let is_kind =
        kinds.as_ref().is_none_or(|of| candidate.kinds.iter().all(|kind| of.contains(kind)));
    let said = types(candidate).filter(|text| *text != media_type::OCI_EMPTY);
    is_kind
        && all(repositories, &mut std::iter::once(candidate.repository.as_str()))
        && all(by, &mut { said })
        && all(layered, &mut layer_types(candidate))
        && all(media_types, &mut std::iter::once(candidate.manifest.media_type.as_str()))
        && all(tags, &mut candidate.tags.iter().map(Tag::as_str))
}

/// Whether a rule leaves out everything that is pushed there with these tags, whatever it is.
pub(super) fn leaves_out_all(about: &Match, candidate: &Candidate) -> bool {
    about.except.as_deref().is_some_and(|except| {
        let Match { kinds, types, layer_types, media_types, .. } = except;
        let is_of_place = kinds.is_none()
            && [types, layer_types, media_types].iter().all(|globs| globs.is_none());
        is_of_place && is_all_within(except, candidate)
    })
}

fn unlike(about: &Match, candidate: &Candidate) -> Option<Mismatch> {
    let Match { repositories, kinds: of, types: by, layer_types: layered, .. } = about;
    let Match { media_types, tags: tagged, .. } = about;
    let Candidate { repository, tags, kinds, manifest, .. } = candidate;
    let fits = |text: &str, globs: &Globs| globs.fit(text) || globs.fit(media_type::essence(text));
    let other = |key, is| Some(Mismatch { key, is });
    if repositories.as_ref().is_some_and(|globs| !globs.fit(repository.as_str())) {
        return other("repositories", |of| of.repository.to_string());
    }
    if of.as_ref().is_some_and(|of| !of.iter().any(|kind| kinds.contains(kind))) {
        return other("kinds", |of| listed(of.kinds.iter().map(|kind| kind.name())));
    }
    if by.as_ref().is_some_and(|globs| !types(candidate).any(|text| fits(text, globs))) {
        return other("types", |of| listed(types(of)));
    }
    if layered.as_ref().is_some_and(|globs| !layer_types(candidate).any(|text| fits(text, globs))) {
        return other("layerTypes", |of| listed(layer_types(of)));
    }
    if media_types.as_ref().is_some_and(|globs| !fits(&manifest.media_type, globs)) {
        return other("mediaTypes", |of| of.manifest.media_type.clone());
    }
    if tagged.as_ref().is_some_and(|globs| !tags.iter().any(|tag| globs.fit(tag.as_str()))) {
        return other("tags", |of| listed(of.tags.iter().map(Tag::as_str)));
    }
    None
}

/// The type that an artifact gives itself, and that of its config.
fn types(candidate: &Candidate) -> impl Iterator<Item = &str> + Clone {
    let config = match &candidate.manifest.content {
        Content::Image { config, .. } => Some(config.media_type.as_str()),
        Content::Index { .. } => None,
    };
    candidate.manifest.artifact_type.as_deref().into_iter().chain(config)
}

fn layer_types(candidate: &Candidate) -> impl Iterator<Item = &str> {
    let parts = candidate.manifest.descriptors();
    let layers = parts.filter(|(role, _, _)| *role == Role::Layer);
    layers.map(|(_, _, layer)| layer.media_type.as_str())
}

fn listed<'a>(names: impl Iterator<Item = &'a str>) -> String {
    let mut names: Vec<_> = names.collect();
    names.dedup();
    if names.is_empty() { "none".to_owned() } else { names.join(", ") }
}

/// Each layer and config of a type, once.
fn of_layers<'a>(check: &'a LayerCheck, candidate: &Candidate) -> Vec<Ask<'a>> {
    let mut parts: Vec<Part> = Vec::new();
    let named = candidate.manifest.descriptors();
    for (_, _, descriptor) in
        named.filter(|(role, _, _)| matches!(role, Role::Layer | Role::Config))
    {
        let of = media_type::distributable(&descriptor.media_type);
        let fits = check.types.fit(&of)
            || check.types.fit(media_type::essence(&of))
            || check.types.fit(&descriptor.media_type);
        let part = Part::Layer(Box::new(Descriptor { media_type: of, ..descriptor.clone() }));
        if fits && !parts.contains(&part) {
            parts.push(part);
        }
    }
    let asks = parts
        .iter()
        .flat_map(|part| check.plugins.iter().map(|plugin| Ask { plugin, part: part.clone() }));
    asks.collect()
}

/// Whether it is what is accepted, and nothing else.
fn accepts(accepted: &Accepted, candidate: &Candidate) -> bool {
    let Candidate { manifest, kinds, .. } = candidate;
    let (of, layers) = match accepted {
        Accepted::Kind(kind) => {
            // pushed by its digest, or named by an index that is pushed with its tags
            let is_part = candidate.tags.is_empty() || candidate.in_index;
            let is_helper = *kind == Kind::IMAGE_INDEX && is_part;
            return kind::is_only(manifest, kinds, *kind)
                || is_helper && kind::is_helper(manifest, kinds);
        }
        Accepted::Type { of, layers } => (of, layers),
    };
    is_of_type(of, candidate) && layer_types(candidate).all(|layer| layers.fit(layer))
}

/// Whether what an artifact says it is, and its config, are of a type.
fn is_of_type(of: &Globs, candidate: &Candidate) -> bool {
    let mut types = types(candidate).filter(|text| *text != media_type::OCI_EMPTY);
    let some = types.clone().next().is_some();
    let is_image = matches!(candidate.manifest.content, Content::Image { .. });
    is_image && some && types.all(|text| of.fit(text))
}

/// A type that does not belong in the candidate, which is otherwise what a rule accepts; and what
/// that is.
pub(super) fn stranger<'a>(
    rule: &'a Rule,
    candidate: &'a Candidate,
) -> Option<(&'a str, Cow<'a, str>)> {
    let Verb::AcceptOnly(accepted) = &rule.verb else { return None };
    accepted.iter().find_map(|accepted| match accepted {
        Accepted::Kind(kind) if candidate.kinds == [*kind] => {
            let text = kind::stranger(&candidate.manifest, *kind)?;
            Some((text, Cow::Borrowed(kind.name())))
        }
        Accepted::Type { of, layers } if is_of_type(of, candidate) => {
            let text = layer_types(candidate).find(|layer| !layers.fit(layer))?;
            Some((text, Cow::Owned(of.patterns().join(", "))))
        }
        _ => None,
    })
}

/// What a rule accepts, in words.
pub(super) fn accepted_names(rule: &Rule) -> String {
    let Verb::AcceptOnly(accepted) = &rule.verb else { return String::new() };
    let name = |accepted: &Accepted| match accepted {
        Accepted::Kind(kind) => kind.name().to_owned(),
        Accepted::Type { of, .. } => of.patterns().join(", "),
    };
    accepted.iter().map(name).collect::<Vec<_>>().join(", ")
}
