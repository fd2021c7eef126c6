//! The names that globs match, as automata, so that globs can be compared by what they match.

use std::collections::{HashSet, VecDeque};

use regex_automata::{
    Anchored, MatchKind,
    dfa::{Automaton, StartKind, dense},
    nfa::thompson,
    util::{primitives::StateID, start, syntax},
};

use crate::policy::glob::{Names, regex};

/// Bytes of one automaton. What needs more is not compared.
const AUTOMATON_BYTES_MAX: usize = 1 << 18;
/// The same of a glob's: some grow without end, and a policy has many of them.
const GLOB_BYTES_MAX: usize = 1 << 16;
/// Automata and steps that all comparisons of one policy may take.
const AUTOMATA_MAX: usize = 500;
const STEPS_MAX: usize = 200_000;

/// Every repository name, tag, and media type of a manifest; and any other media type.
pub(super) const REPOSITORY: &str =
    r"[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*(/[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*)*";
pub(super) const TAG: &str = r"[a-zA-Z0-9_][a-zA-Z0-9._-]{0,127}";
pub(super) const MANIFEST: &str = concat!(
    r"application/vnd\.oci\.image\.(manifest|index)\.v1\+json|",
    r"application/vnd\.docker\.distribution\.manifest\.(v2|list\.v2)\+json"
);
pub(super) const ANY: &str = "[ -~]+";

/// A set of names.
#[derive(Debug)]
pub(super) struct Language(dense::DFA<Vec<u32>>);

/// What is left for comparisons. Without any the answer is that nobody knows.
#[derive(Debug)]
pub(super) struct Effort {
    automata: usize,
    steps: usize,
}

impl Default for Effort {
    fn default() -> Self {
        Self { automata: AUTOMATA_MAX, steps: STEPS_MAX }
    }
}

impl Effort {
    /// What a regular expression matches as a whole.
    pub(super) fn regex(&mut self, regex: &str) -> Option<Language> {
        self.build(regex, AUTOMATON_BYTES_MAX)
    }

    fn build(&mut self, regex: &str, bytes_max: usize) -> Option<Language> {
        self.automata = self.automata.checked_sub(1)?;
        let config = dense::Config::new()
            .start_kind(StartKind::Anchored)
            .match_kind(MatchKind::All)
            .accelerate(false)
            .dfa_size_limit(Some(bytes_max))
            .determinize_size_limit(Some(bytes_max));
        let nfa = thompson::Config::new().utf8(false).nfa_size_limit(Some(bytes_max));
        let built = dense::Builder::new()
            .configure(config)
            .syntax(syntax::Config::new().unicode(false).utf8(false))
            .thompson(nfa)
            .build(&format!("^(?:{regex})$"));
        built.ok().map(Language)
    }

    /// What any of some globs match.
    pub(super) fn globs<'a>(
        &mut self,
        patterns: impl IntoIterator<Item = &'a String>,
        names: Names,
    ) -> Option<Language> {
        let each = patterns.into_iter().map(|pattern| regex(pattern, names));
        let each: Vec<_> = each.collect::<Option<_>>()?;
        self.build(&each.join("|"), GLOB_BYTES_MAX)
    }

    /// Whether there is a name in all of some sets and in none of others. None: nobody knows.
    pub(super) fn any(&mut self, within: &[&Language], without: &[&Language]) -> Option<bool> {
        let all: Vec<_> = within.iter().chain(without).map(|language| &language.0).collect();
        let anchored = start::Config::new().anchored(Anchored::Yes);
        let begin = all.iter().map(|dfa| dfa.start_state(&anchored).ok());
        let begin: Vec<StateID> = begin.collect::<Option<_>>()?;
        let letters = letters(&all);
        let mut seen = HashSet::from([begin.clone()]);
        let mut ahead = VecDeque::from([begin]);
        while let Some(states) = ahead.pop_front() {
            let ends = all.iter().zip(&states);
            let ends = ends.map(|(dfa, state)| dfa.is_match_state(dfa.next_eoi_state(*state)));
            if ends.enumerate().all(|(position, is_in)| is_in == (position < within.len())) {
                return Some(true);
            }
            for letter in &letters {
                self.steps = self.steps.checked_sub(1)?;
                let next = all.iter().zip(&states).map(|(dfa, s)| dfa.next_state(*s, *letter));
                let next: Vec<_> = next.collect();
                let dead = all.iter().zip(&next).take(within.len());
                if !dead.into_iter().any(|(dfa, state)| dfa.is_dead_state(*state))
                    && seen.insert(next.clone())
                {
                    ahead.push_back(next);
                }
            }
        }
        Some(false)
    }
}

/// One of all letters that no automaton tells apart.
fn letters(all: &[&dense::DFA<Vec<u32>>]) -> Vec<u8> {
    let mut classes: HashSet<Vec<u8>> = HashSet::new();
    let class = |letter: u8| all.iter().map(|dfa| dfa.byte_classes().get(letter)).collect();
    (b' '..=b'~').filter(|letter| classes.insert(class(*letter))).collect()
}
