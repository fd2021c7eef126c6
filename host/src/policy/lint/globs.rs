//! Rules that match nothing, and globs that add nothing.

use super::language::{ANY, Effort, Language, MANIFEST, REPOSITORY, TAG};
use crate::{
    kind::Kind,
    policy::{
        document::{About, Written},
        glob::{Globs, Names},
        problem::{Problem, Spot},
    },
};

/// Globs of one key that are compared with one another.
const COMPARED_MAX: usize = 100;

/// A key of a match whose values are globs.
pub(super) struct Key {
    pub(super) name: &'static str,
    pub(super) names: Names,
    /// the names that there can be, as a regular expression
    pub(super) all: &'static str,
    pub(super) globs: for<'a> fn(&'a About) -> Option<&'a Globs>,
    /// `no <what> can be called`
    what: &'static str,
}

pub(super) const KEYS: [Key; 5] = [
    Key {
        name: "repositories",
        names: Names::Repositories,
        all: REPOSITORY,
        globs: |about| about.of.repositories.as_ref(),
        what: "no repository can be called",
    },
    Key {
        name: "tags",
        names: Names::Plain,
        all: TAG,
        globs: |about| about.of.tags.as_ref(),
        what: "no tag can be",
    },
    Key {
        name: "types",
        names: Names::Plain,
        all: ANY,
        globs: |about| about.of.types.as_ref(),
        what: "no media type can be",
    },
    Key {
        name: "layerTypes",
        names: Names::Plain,
        all: ANY,
        globs: |about| about.of.layer_types.as_ref(),
        what: "no media type can be",
    },
    Key {
        name: "mediaTypes",
        names: Names::Plain,
        all: MANIFEST,
        globs: |about| about.of.media_types.as_ref(),
        what: "no manifest can have the media type",
    },
];

/// What is wrong with the match of a rule.
pub(super) fn check(rule: &Written, effort: &mut Effort, warnings: &mut Vec<Problem>) {
    let about = &rule.what.about;
    let name = &rule.name;
    if let Some(why) = check_globs(about, effort, warnings).or_else(|| never(about)) {
        let message = format!("rule {:?} can never match: {why}", name.value);
        warnings.push(Problem::warning(&name.spot, message));
        return;
    }
    let Some((spot, except)) = &about.except else { return };
    let useless =
        |why: &str| Problem::warning(spot, format!("this exception excludes nothing: {why}"));
    if let Some(why) =
        check_globs(except, effort, warnings).or_else(|| disjoint(about, except, effort))
    {
        warnings.push(useless(&why));
    } else if takes_all(about, except, effort) {
        let message =
            format!("rule {:?} can never match: its exception excludes everything", name.value);
        warnings.push(Problem::warning(&name.spot, message));
    }
}

/// Warns of globs that add nothing, or says why one of the keys matches nothing at all.
fn check_globs(about: &About, effort: &mut Effort, warnings: &mut Vec<Problem>) -> Option<String> {
    let mut never = None;
    for key in &KEYS {
        let Some(globs) = (key.globs)(about) else { continue };
        let spots = about.places.get(key.name).map_or(&[][..], |places| &places.values);
        let Some(all) = effort.regex(key.all) else { continue };
        let patterns = globs.patterns();
        let each = patterns.iter().map(|pattern| effort.globs([pattern], key.names));
        let each: Vec<_> = each.collect();
        let dead = |language: &Option<Language>, pattern: &str, effort: &mut Effort| {
            let named =
                language.as_ref().is_none_or(|it| effort.any(&[&all, it], &[]) != Some(false));
            !named || (key.all == ANY && !may_be_media_type(pattern))
        };
        let dead: Vec<_> = each
            .iter()
            .zip(patterns)
            .map(|(language, pattern)| dead(language, pattern, effort))
            .collect();
        if let Some(first) = patterns.first()
            && dead.iter().all(|dead| *dead)
        {
            never = never.or_else(|| Some(format!("{} {first:?}", key.what)));
            continue;
        }
        for (position, spot) in spots.iter().enumerate().take(patterns.len()) {
            let pattern = &patterns[position];
            if dead[position] {
                let message = format!("this glob matches nothing: {} {pattern:?}", key.what);
                warnings.push(Problem::warning(spot, message).help("correct or remove it"));
            } else if let Some(other) = covered(&all, &each, position, effort) {
                let message = format!("{pattern:?} adds nothing: {:?} covers it", patterns[other]);
                warnings.push(Problem::warning(spot, message).help("remove one of them"));
            }
        }
    }
    never
}

/// Another glob that matches all that one does. Of two that match the same the first one stays.
fn covered(
    all: &Language,
    each: &[Option<Language>],
    position: usize,
    effort: &mut Effort,
) -> Option<usize> {
    let own = each[position].as_ref()?;
    let others = each.iter().enumerate().take(COMPARED_MAX);
    let mut others = others.filter_map(|(other, language)| Some((other, language.as_ref()?)));
    others.find_map(|(other, language)| {
        let within = other != position && effort.any(&[all, own], &[language]) == Some(false);
        let first =
            within && (other < position || effort.any(&[all, language], &[own]) != Some(false));
        first.then_some(other)
    })
}

/// Why nothing can be what the rule is about, as its keys come together.
fn never(about: &About) -> Option<String> {
    let index_only = about.of.kinds.as_ref().is_some_and(|kinds| kinds == &[Kind::IMAGE_INDEX]);
    (index_only && about.of.layer_types.is_some()).then(|| "an index has no layers".to_owned())
}

/// Why what is excepted is nothing that the rule is about.
fn disjoint(about: &About, except: &About, effort: &mut Effort) -> Option<String> {
    if let (Some(kinds), Some(out)) = (&about.of.kinds, &except.of.kinds)
        && !kinds.iter().any(|kind| out.contains(kind))
    {
        return Some("the rule does not match these kinds".to_owned());
    }
    let apart = KEYS.iter().find(|key| {
        let (Some(ours), Some(out)) = ((key.globs)(about), (key.globs)(except)) else {
            return false;
        };
        // several tags and types meet in one push, so only what there is one of can be apart
        let single = ["repositories", "mediaTypes"].contains(&key.name);
        single && overlap(key, ours, out, effort) == Some(false)
    })?;
    Some(format!("the rule matches other {}", apart.name))
}

fn overlap(key: &Key, one: &Globs, other: &Globs, effort: &mut Effort) -> Option<bool> {
    let all = effort.regex(key.all)?;
    let one = effort.globs(one.patterns(), key.names)?;
    let other = effort.globs(other.patterns(), key.names)?;
    effort.any(&[&all, &one, &other], &[])
}

/// Whether an exception of repositories alone leaves nothing of a rule.
fn takes_all(about: &About, except: &About, effort: &mut Effort) -> bool {
    let only = except.places.keys().all(|key| *key == "repositories");
    only && covers(&KEYS[0], except, about, effort)
}

/// Whether one match's globs of a key match whatever another's do.
pub(super) fn covers(key: &Key, one: &About, other: &About, effort: &mut Effort) -> bool {
    let Some(wide) = (key.globs)(one) else { return true };
    let narrow = (key.globs)(other);
    let mut outside = || {
        let all = effort.regex(key.all)?;
        let wide = effort.globs(wide.patterns(), key.names)?;
        match narrow {
            Some(narrow) => {
                let narrow = effort.globs(narrow.patterns(), key.names)?;
                effort.any(&[&all, &narrow], &[&wide])
            }
            // without tags or layers there is nothing that a glob could match
            None if key.name != "repositories" => Some(true),
            None => effort.any(&[&all], &[&wide]),
        }
    };
    outside() == Some(false)
}

/// Whether it looks like a media type, which has a slash.
fn may_be_media_type(pattern: &str) -> bool {
    let open = pattern.bytes().any(|byte| b"*?[]{},!\\".contains(&byte));
    (open || pattern.contains('/')) && !pattern.contains(' ')
}

/// Where the values of a key stand.
pub(super) fn spots<'a>(about: &'a About, key: &str) -> &'a [Spot] {
    about.places.get(key).map_or(&[], |places| &places.values)
}
