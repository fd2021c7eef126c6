//! Reads a file's YAML, within bounds, and says in the policy language's words what is wrong.

use std::sync::Arc;

use roadstead_yaml::Place;
use serde_saphyr::{Budget, DeserializeError, Options};

use super::problem::{Problem, Source, Spot};

/// A value of a policy, and where it stands.
pub(super) type Node = roadstead_yaml::Node<Spot>;
/// A key of one.
pub(super) type Key = roadstead_yaml::Key<Spot>;

/// Values of one file, after its aliases were replaced.
const NODES_MAX: usize = 100_000;
/// Levels of one file: reading goes down one by one, on a thread's stack.
const DEPTH_MAX: usize = 32;

/// Reads one document. Duplicate keys, a second document and bombs are refused.
pub(super) fn parse(source: &Arc<Source>) -> Result<Node, Problem> {
    let mut budget = Budget::default();
    budget.max_nodes = NODES_MAX;
    budget.max_depth = DEPTH_MAX;
    let mut options = Options::default();
    options.budget = Some(budget);
    options.with_snippet = false;
    serde_saphyr::from_str_with_options::<roadstead_yaml::Node>(&source.text, options)
        .map(|tree| tree.with_spots(&|place| spot(place, source)))
        .map_err(|error| problem(&error, source))
}

fn problem(error: &DeserializeError, source: &Arc<Source>) -> Problem {
    let spot = spot(error.location().map(Place::from).unwrap_or_default(), source);
    // what is wrong behind an alias is wrong where the alias stands
    let mut error = error.without_snippet();
    while let DeserializeError::AliasError { error: behind, .. } = error {
        error = behind.without_snippet();
    }
    let too_much = || {
        let message = format!("the file has more than {NODES_MAX} values or {DEPTH_MAX} levels");
        Problem::error(&spot, message).help("split the file, and use fewer aliases")
    };
    match error {
        DeserializeError::DuplicateMappingKey { key, .. } => {
            let key = key.as_deref().unwrap_or("a key");
            Problem::error(&spot, format!("{key} appears here a second time")).help("remove one")
        }
        DeserializeError::MultipleDocuments { .. } => Problem::error(
            &spot,
            "a second YAML document begins \
                                   here",
        )
        .help("put it in a separate file"),
        DeserializeError::RecursiveReferencesRequireWeakTypes { .. } => {
            let message = "this alias is inside the value that it refers to";
            Problem::error(&spot, message).help("write the value out")
        }
        DeserializeError::Budget { .. }
        | DeserializeError::AliasReplayLimitExceeded { .. }
        | DeserializeError::AliasExpansionLimitExceeded { .. }
        | DeserializeError::AliasReplayStackDepthExceeded { .. } => too_much(),
        error => {
            let text = error.to_string();
            match text.split(" at line ").next().unwrap_or_default() {
                // the parser's own bound, which has no type
                text if text.contains("recursion limit") => too_much(),
                text => Problem::error(&spot, format!("this is not valid YAML: {text}")),
            }
        }
    }
}

fn spot(place: Place, source: &Arc<Source>) -> Spot {
    let narrow = |number: u64| usize::try_from(number).unwrap_or(1).max(1);
    Spot {
        source: Arc::clone(source),
        line: narrow(place.line),
        column: narrow(place.column),
        width: narrow(place.width),
    }
}
