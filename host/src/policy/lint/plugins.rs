//! Plugins that see nothing.

use std::collections::BTreeMap;

use super::{Whole, globs::spots, language::Effort};
use crate::{
    kind::{Kind, Row},
    policy::{
        Installed,
        document::{Action, Written},
        glob::Names,
        problem::Problem,
    },
};

/// Plugins that a rule asks about kinds or types which they do not read, by what they say of
/// themselves.
pub(super) fn unread(
    rule: &Written,
    installed: &BTreeMap<String, Installed>,
    effort: &mut Effort,
    warnings: &mut Vec<Problem>,
) {
    let media_types = |name: &str| {
        let types = &installed.get(name)?.plugin.metadata().media_types;
        (!types.is_empty()).then_some(types)
    };
    match &rule.verb {
        Action::Check(plugins) => {
            for plugin in plugins {
                let Some(read) = media_types(&plugin.value) else { continue };
                let kinds = rule.what.about.of.kinds.iter().flatten();
                for (kind, spot) in kinds.zip(spots(&rule.what.about, "kinds")) {
                    let Some(types) = types_of(*kind) else { continue };
                    if meet(read, &types, effort) == Some(false) {
                        let what = format!("the kind {}", kind.name());
                        warnings.push(
                            Problem::warning(spot, message(&plugin.value, &what)).help(help(read)),
                        );
                    }
                }
            }
        }
        Action::CheckLayers(checks) => {
            for (globs, plugins) in checks {
                for plugin in plugins {
                    let Some(read) = media_types(&plugin.value) else { continue };
                    if meet(read, globs.patterns(), effort) == Some(false) {
                        let what = globs.patterns().join(", ");
                        let message = message(&plugin.value, &what);
                        warnings.push(Problem::warning(&plugin.spot, message).help(help(read)));
                    }
                }
            }
        }
        Action::AcceptOnly(_) | Action::Deny => {}
    }
}

/// The media types of a kind, as globs. None: any may be of that kind.
fn types_of(kind: Kind) -> Option<Vec<String>> {
    let row = Row::all().find(|row| row.kind == kind)?;
    let types: Vec<_> = row.media_types.iter().map(ToString::to_string).collect();
    (!types.is_empty()).then_some(types)
}

/// Whether something may match one of some globs and one of others.
fn meet(one: &[String], other: &[String], effort: &mut Effort) -> Option<bool> {
    let one = effort.globs(one, Names::Plain)?;
    let other = effort.globs(other, Names::Plain)?;
    effort.any(&[&one, &other], &[])
}

fn message(plugin: &str, what: &str) -> String {
    format!("plugin {plugin:?} does not read {what}, so it finds nothing there")
}

fn help(read: &[String]) -> String {
    format!("it reads {}", read.join(", "))
}

/// Plugins that no rule asks. A file that others include may declare some for them to use.
pub(super) fn unused(whole: &Whole<'_>, warnings: &mut Vec<Problem>) {
    let used = |name: &str| {
        whole.rules.iter().any(|rule| {
            let (of_manifests, of_layers) = rule.verb.plugins();
            of_manifests.iter().chain(&of_layers).any(|used| used.value == name)
        })
    };
    for (name, document) in whole.declared {
        let shared = (0..whole.included.len()).any(|outer| whole.includes(outer, *document));
        if !shared && !used(&name.value) {
            let message = format!("no rule uses plugin {:?}", name.value);
            let help = "name it in a rule's `check` or `checkLayers`, or remove it";
            warnings.push(Problem::warning(&name.spot, message).help(help));
        }
    }
}
