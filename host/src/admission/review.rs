//! Asks plugins, each question once, whatever rules ask it.

use std::{net::IpAddr, sync::Arc, time::Duration};

use futures::{FutureExt, StreamExt, stream};
use roadstead_engine::{
    BlobTarget, Caller, ManifestTarget, Named, Push, Review, ReviewError, Statistics, Target,
};

use super::{
    Candidate, Matter,
    memo::{Memo, Outcome},
    plan::{Ask, Check, Part},
};
use crate::{policy::Installed, principal::Principal};

/// Questions of one push that are under way at once.
const ASKED_AT_ONCE: usize = 8;

/// A question, and what came of it.
#[derive(Debug)]
pub(super) struct Answered<'a> {
    pub(super) ask: Ask<'a>,
    pub(super) answer: Answer,
    /// what the review cost; none where nothing was reviewed
    pub(super) made: Option<Statistics>,
    /// whether the answer is that of an earlier review
    pub(super) remembered: bool,
}

/// What came of a question.
#[derive(Debug)]
pub(super) enum Answer {
    /// what the plugin says, now or before
    Reviewed(Outcome),
    /// the layer is not stored here
    Absent,
}

/// Asks everything that a plan's checks ask.
pub(super) async fn ask_all<'a>(
    matter: Matter<'_>,
    memo: &Memo,
    checks: &[Check<'a>],
) -> Vec<Answered<'a>> {
    let mut asks: Vec<Ask<'a>> = Vec::new();
    for check in checks {
        if !asks.contains(&check.ask) {
            asks.push(check.ask.clone());
        }
    }
    let answers: Vec<_> = asks.into_iter().map(|ask| answer(matter, memo, ask).boxed()).collect();
    stream::iter(answers).buffered(ASKED_AT_ONCE).collect().await
}

/// What comes of a question.
async fn answer<'a>(matter: Matter<'_>, memo: &Memo, ask: Ask<'a>) -> Answered<'a> {
    let Matter { policy, candidate, content } = matter;
    let unasked = |ask, answer| Answered { ask, answer, made: None, remembered: false };
    let Some(installed) = policy.plugin(ask.plugin) else {
        let missing = ReviewError::Internal("it is not loaded".to_owned());
        return unasked(ask, Answer::Reviewed(Err(missing)));
    };
    if let Part::Layer(layer) = &ask.part {
        match content.size(&layer.digest).await {
            Ok(Some(_)) => {}
            Ok(None) => return unasked(ask, Answer::Absent),
            Err(error) => {
                return unasked(ask, Answer::Reviewed(Err(ReviewError::Content(error.0))));
            }
        }
    }
    let key = Memo::key(installed, &ask.part, candidate, content.mended());
    let push = push(candidate);
    if let Some(outcome) = memo.get(&key, &push) {
        return Answered { ask, answer: Answer::Reviewed(outcome), made: None, remembered: true };
    }
    let target = || match &ask.part {
        Part::Manifest => target(candidate),
        Part::Layer(layer) => Target::Blob(BlobTarget {
            digest: layer.digest.clone(),
            media_type: layer.media_type.clone(),
            size: layer.size,
        }),
    };
    let Installed { plugin, settings, limits, .. } = installed;
    let plugin = plugin.on_behalf_of(caller(candidate));
    let review = plugin.review(target, settings, Arc::clone(content), limits).await;
    log(&ask, &review);
    if review.memoisable {
        memo.keep(key, &review.asked, &push, review.outcome.clone());
    }
    let made = Some(review.statistics);
    Answered { ask, answer: Answer::Reviewed(review.outcome), made, remembered: false }
}

/// Tells what a review cost.
fn log(ask: &Ask<'_>, review: &Review) {
    let Statistics { queue, duration, memory_bytes, read_bytes, host_calls } = review.statistics;
    let blob = match &ask.part {
        Part::Manifest => None,
        Part::Layer(layer) => Some(layer.digest.to_string()),
    };
    tracing::info!(
        plugin = ask.plugin,
        blob,
        queue_us = micros(queue),
        duration_us = micros(duration),
        memory_bytes,
        read_bytes,
        host_calls,
        "review"
    );
}

/// The candidate as plugins see it.
pub fn target(candidate: &Candidate) -> Target {
    let manifest = &candidate.manifest;
    let descriptors = manifest.descriptors().map(|(role, index, descriptor)| Named {
        role,
        index: u32::try_from(index).unwrap_or(u32::MAX),
        descriptor: descriptor.clone(),
    });
    let annotations = manifest.annotations.iter();
    let annotations = annotations.map(|(key, value)| (key.to_owned(), value.to_owned()));
    Target::Manifest(ManifestTarget {
        digest: candidate.digest.clone(),
        media_type: manifest.media_type.clone(),
        artifact_type: manifest.effective_artifact_type().map(ToOwned::to_owned),
        kind: candidate.kind().name().to_owned(),
        bytes: candidate.bytes.clone(),
        annotations: annotations.collect(),
        descriptors: descriptors.collect(),
        repository: candidate.repository.to_string(),
        push: push(candidate),
    })
}

/// What differs between two pushes of the candidate.
fn push(candidate: &Candidate) -> Push {
    Push {
        tags: candidate.told_tags.iter().map(ToString::to_string).collect(),
        principal: candidate.principal.recorded(),
    }
}

/// Who takes turns with whom: users, where they are known, else addresses; then the repositories of
/// each. A site has as many IPv6 addresses as it likes, and all of them in one network of 64 bits.
fn caller(candidate: &Candidate) -> Caller {
    let who = match (&candidate.principal, candidate.peer) {
        (Principal::User(name), _) => format!("user {name}"),
        (Principal::Anonymous, Some(IpAddr::V4(address))) => address.to_string(),
        (Principal::Anonymous, Some(IpAddr::V6(address))) => {
            let [a, b, c, d, ..] = address.segments();
            format!("{a:x}:{b:x}:{c:x}:{d:x}")
        }
        (Principal::Anonymous, None) => String::new(),
    };
    Caller::new(&who, candidate.repository.as_str())
}

pub(super) fn micros(duration: Duration) -> u64 {
    u64::try_from(duration.as_micros()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use roadstead_oci::{Digest, Manifest, Repository, media_type::OCI_INDEX};

    use super::{super::ReadManifest, *};

    fn of(repository: &str, principal: Option<&str>, peer: Option<&str>) -> Caller {
        let bytes = br#"{"schemaVersion":2,"manifests":[]}"#;
        let manifest = Manifest::parse(bytes, Some(OCI_INDEX)).unwrap();
        let digest = Digest::of(roadstead_oci::Algorithm::Sha256, bytes);
        let repository = Repository::parse(repository).unwrap();
        let read = ReadManifest { digest, manifest, bytes: bytes.as_slice().into() };
        let candidate = Candidate::new(repository, read, Vec::new());
        let principal = principal.map(Principal::user).unwrap_or_default();
        let peer = peer.map(|peer| peer.parse().unwrap());
        caller(&Candidate { principal, peer, ..candidate })
    }

    #[test]
    fn users_take_turns_and_addresses_where_there_are_none() {
        let ann = of("a", Some("ann"), Some("10.0.0.1"));
        assert_eq!(ann, of("a", Some("ann"), Some("10.0.0.2")), "a user from anywhere");
        assert_ne!(ann, of("a", Some("bob"), Some("10.0.0.1")));
        assert_ne!(ann, of("b", Some("ann"), Some("10.0.0.1")), "then its repositories");
        let nobody = of("a", None, Some("10.0.0.1"));
        assert_ne!(nobody, of("a", None, Some("10.0.0.2")));
        assert_ne!(nobody, of("a", Some("10.0.0.1"), Some("10.0.0.1")), "a name is no address");
        let v6 = of("a", None, Some("2001:db8:1:2:3::4"));
        assert_eq!(v6, of("a", None, Some("2001:db8:1:2:ffff::1")), "one site");
        assert_ne!(v6, of("a", None, Some("2001:db8:1:3::1")));
    }
}
