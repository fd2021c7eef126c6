//! Reviews that were made already.
//!
//! The key is the hash of every input that a review was given, and of what it asked about the push,
//! with the answers. What it asks next can depend on what it was answered before, so a memory is
//! looked up in steps: under the inputs stands the outcome, or the first question; under that with
//! its answer the outcome, or the next question. Only reviews that depend on nothing else are kept,
//! and failures that are properties of the content: pushing it again would fail in the same way and
//! cost as much.

use moka::sync::Cache;

use roadstead_engine::{Location, Push, Question, Report, ReviewError};
use roadstead_oci::{Algorithm, Digest};

use super::{Candidate, plan::Part};
use crate::policy::Installed;

/// What a review came to.
pub(super) type Outcome = Result<Option<Report>, ReviewError>;

/// The contract and the decoders that a review was made with.
const VERSION: &str = "roadstead:admission@0.1.0 decoder 1";
const BYTES_MAX: u64 = 8 << 20;
const ENTRY_BYTES: usize = 256;

#[derive(Debug)]
pub(super) struct Memo(Cache<Digest, Step>);

/// What a review does that was given, and asked, so much.
#[derive(Clone, Debug)]
enum Step {
    Ends(Outcome),
    Asks(Question),
}

impl Memo {
    pub(super) fn new() -> Self {
        let weigh = |_: &Digest, step: &Step| {
            let bytes = match step {
                Step::Ends(Ok(Some(report))) => bytes_of(report),
                Step::Ends(Err(error)) => error.to_string().len(),
                Step::Ends(Ok(None)) | Step::Asks(_) => 0,
            };
            u32::try_from(bytes + ENTRY_BYTES).unwrap_or(u32::MAX)
        };
        Self(Cache::builder().max_capacity(BYTES_MAX).weigher(weigh).build())
    }

    /// Everything that a review is given. A digest covers the bytes, and so a manifest's
    /// annotations and descriptors; but for damage, which ends when it is mended.
    pub(super) fn key(
        installed: &Installed,
        part: &Part,
        candidate: &Candidate,
        mended: u64,
    ) -> Digest {
        let Installed { plugin, settings_digest, limits, .. } = installed;
        let plugin = plugin.digest();
        let by = format!("{VERSION}\n{plugin}\n{settings_digest}\n{limits:?}\n{mended}");
        let text = match part {
            Part::Manifest => {
                let Candidate { repository, digest, manifest, .. } = candidate;
                let (media_type, kind) = (&manifest.media_type, candidate.kind().name());
                format!("{by}\nmanifest\n{digest}\n{media_type}\n{kind}\n{repository}")
            }
            Part::Layer(layer) => {
                format!("{by}\nblob\n{}\n{}\n{}", layer.digest, layer.media_type, layer.size)
            }
        };
        Digest::of(Algorithm::Sha256, text.as_bytes())
    }

    /// What a review of this push would come to, if one of the like is remembered.
    pub(super) fn get(&self, key: &Digest, push: &Push) -> Option<Outcome> {
        let mut step = self.0.get(key)?;
        let mut key = key.clone();
        // each question makes another key, so this ends
        loop {
            match step {
                Step::Ends(outcome) => return Some(outcome),
                Step::Asks(question) => key = after(&key, &question, push),
            }
            step = self.0.get(&key)?;
        }
    }

    /// Keeps what a review came to that asked these questions.
    pub(super) fn keep(&self, mut key: Digest, asked: &[Question], push: &Push, outcome: Outcome) {
        for question in asked {
            let next = after(&key, question, push);
            self.0.insert(key, Step::Asks(question.clone()));
            key = next;
        }
        self.0.insert(key, Step::Ends(outcome));
    }
}

/// Where the rest stands after a question and its answer.
fn after(key: &Digest, question: &Question, push: &Push) -> Digest {
    let text = format!("{key}\n{}", question.answered(push));
    Digest::of(Algorithm::Sha256, text.as_bytes())
}

fn bytes_of(report: &Report) -> usize {
    let text = |text: &Option<String>| text.as_ref().map_or(0, String::len);
    let findings = report.findings.iter().map(|finding| {
        let Location { blob, path, pointer, .. } = &finding.location;
        let place = text(blob) + text(path) + text(pointer);
        let more = finding.properties.iter().map(|(key, value)| key.len() + value.len());
        ENTRY_BYTES + finding.code.len() + finding.message.len() + place + more.sum::<usize>()
    });
    let facts =
        report.annotations.iter().map(|fact| ENTRY_BYTES + fact.key.len() + fact.value.len());
    findings.chain(facts).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn push(tags: &[&str], principal: Option<&str>) -> Push {
        Push {
            tags: tags.iter().map(ToString::to_string).collect(),
            principal: principal.map(ToOwned::to_owned),
        }
    }

    fn outcome(why: &str) -> Outcome {
        Err(ReviewError::Internal(why.to_owned()))
    }

    fn key() -> Digest {
        Digest::of(Algorithm::Sha256, b"all that is given")
    }

    #[test]
    fn what_asked_for_nothing_is_remembered_however_it_is_pushed() {
        let memo = Memo::new();
        memo.keep(key(), &[], &push(&["1"], None), outcome("x"));
        for push in [push(&["1"], None), push(&["2", "3"], Some("ann")), push(&[], None)] {
            assert_eq!(memo.get(&key(), &push), Some(outcome("x")));
        }
        assert_eq!(memo.get(&Digest::of(Algorithm::Sha256, b"else"), &push(&["1"], None)), None);
    }

    #[test]
    fn what_asked_is_remembered_for_the_same_answers_alone() {
        let memo = Memo::new();
        let other = Question::OtherTag("1".to_owned());
        // who is tagged with more than 1 is asked for all tags, and only then who pushes
        memo.keep(key(), std::slice::from_ref(&other), &push(&["1"], None), outcome("only 1"));
        let asked = [other, Question::Tags, Question::Principal];
        memo.keep(key(), &asked, &push(&["2"], Some("ann")), outcome("2 by ann"));
        for (push, remembered) in [
            (push(&["1"], None), Some("only 1")),
            (push(&["1"], Some("bob")), Some("only 1")),
            (push(&[], Some("bob")), Some("only 1")),
            (push(&["2"], Some("ann")), Some("2 by ann")),
            (push(&["2"], Some("bob")), None),
            (push(&["2"], None), None),
            (push(&["3"], Some("ann")), None),
            (push(&["1", "2"], Some("ann")), None),
        ] {
            assert_eq!(memo.get(&key(), &push), remembered.map(outcome), "{push:?}");
        }
    }

    #[test]
    fn answers_can_t_be_taken_for_one_another() {
        let memo = Memo::new();
        memo.keep(key(), &[Question::Tags], &push(&["a", "b"], None), outcome("x"));
        assert_eq!(memo.get(&key(), &push(&["a b"], None)), None);
        assert_eq!(memo.get(&key(), &push(&["b", "a"], None)), None);
        memo.keep(key(), &[Question::Principal], &push(&[], None), outcome("nobody"));
        assert_eq!(memo.get(&key(), &push(&[], Some("None"))), None);
    }
}
