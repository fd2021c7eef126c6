//! Asks plugins, each question once, whatever rules ask it.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use futures::{FutureExt, StreamExt, stream};
use roadstead_engine::{BlobTarget, Content, ManifestTarget, Named, ReviewError, Target};

use super::{
    Candidate,
    memo::{Memo, Outcome},
    plan::{Ask, Check, Part},
};
use crate::policy::{Installed, Policy};

/// Questions of one push that are under way at once.
const ASKED_AT_ONCE: usize = 8;

/// A question, and what came of it.
#[derive(Debug)]
pub(super) struct Answered<'a> {
    pub(super) ask: Ask<'a>,
    pub(super) answer: Answer,
    /// microseconds; zero where the answer was remembered
    pub(super) duration_us: u64,
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
    (policy, memo): (&Policy, &Memo),
    checks: &[Check<'a>],
    candidate: &Candidate,
    content: &Arc<dyn Content>,
) -> Vec<Answered<'a>> {
    let mut asks: Vec<Ask<'a>> = Vec::new();
    for check in checks {
        if !asks.contains(&check.ask) {
            asks.push(check.ask.clone());
        }
    }
    let answers = asks.into_iter().map(|ask| {
        async move {
            let started = Instant::now();
            let (answer, new) = answer((policy, memo), &ask, candidate, content).await;
            let duration_us = if new { micros(started.elapsed()).max(1) } else { 0 };
            Answered { ask, answer, duration_us }
        }
        .boxed()
    });
    let answers: Vec<_> = answers.collect();
    stream::iter(answers).buffered(ASKED_AT_ONCE).collect().await
}

/// What comes of a question, and whether a plugin had to be asked.
async fn answer(
    (policy, memo): (&Policy, &Memo),
    ask: &Ask<'_>,
    candidate: &Candidate,
    content: &Arc<dyn Content>,
) -> (Answer, bool) {
    let Some(installed) = policy.plugin(ask.plugin) else {
        let missing = ReviewError::Internal("it is not loaded".to_owned());
        return (Answer::Reviewed(Err(missing)), false);
    };
    if let Part::Layer(layer) = &ask.part {
        match content.size(&layer.digest).await {
            Ok(Some(_)) => {}
            Ok(None) => return (Answer::Absent, false),
            Err(error) => return (Answer::Reviewed(Err(ReviewError::Content(error.0))), false),
        }
    }
    let key = Memo::key(installed, &ask.part, candidate);
    if let Some(remembered) = memo.get(&key) {
        return (Answer::Reviewed(remembered), false);
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
    let review = plugin.review(target, settings, Arc::clone(content), limits).await;
    if review.memoisable {
        memo.keep(key, review.outcome.clone());
    }
    (Answer::Reviewed(review.outcome), true)
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
        tags: candidate.tags.iter().map(ToString::to_string).collect(),
        principal: candidate.principal.clone(),
    })
}

pub(super) fn micros(duration: Duration) -> u64 {
    u64::try_from(duration.as_micros()).unwrap_or(u64::MAX)
}
