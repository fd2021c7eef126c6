//! Repeated refusals: they share a verdict, and are counted.
//!
//! They do so whoever pushes and under whatever tag, as long as the findings are the same: of tags
//! and users the last few are kept beside the count. So new tags write no new verdict, unless a
//! finding is about the tag, and of these the store keeps the newest hundred of a manifest.
//!
//! What was refused is found by a key in the store, so that neither a restart nor many other
//! refusals make a retry loop fill it. The count lives in memory and reaches the store each time
//! that it has doubled, or an hour after it did last, and when the server stops: a loop costs few
//! writes, however fast it is, and a kill may lose up to half of the count.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use moka::sync::Cache;
use serde::{Deserialize, Serialize};
use serde_json::json;
use tokio::sync::Mutex;

use roadstead_oci::{Algorithm, Digest, Repository};
use roadstead_storage::{Refusal, Result, Storage};

use super::records::{VerdictsConfig, keep};
use crate::admission::{Candidate, Judgement, Verdict};

/// Refusals that are counted in memory; of more the counts come from the store.
const COUNTED_MAX: u64 = 10_000;
/// Seconds after which a count that changed is written, however little it grew.
const WRITTEN_AFTER_SECONDS: i64 = 60 * 60;
/// Seconds for which a verdict is shared at least.
const SHARED_SECONDS_MIN: i64 = 12 * 60 * 60;

/// Tags and users kept of a refusal: the last ones.
const PUSHES_MAX: usize = 10;

/// When and how often a refusal was given: beside its verdict, as `seen`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Seen {
    /// at least so many times
    pub times: u64,
    /// RFC 3339
    pub last: String,
    /// for whom
    #[serde(flatten)]
    pub pushes: Pushes,
}

impl Seen {
    fn new(refusal: &Refusal, pushes: Pushes) -> Self {
        Self { times: refusal.times, last: refusal.last.to_string(), pushes }
    }
}

/// What the pushes said that were refused, the newest first.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pushes {
    /// the last ten tags
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<String>,
    /// the last ten users, where they are known
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub pushed_by: Vec<String>,
}

impl Pushes {
    fn of(judgement: &Judgement) -> Self {
        let mut pushes = Self::default();
        pushes.add(judgement);
        pushes
    }

    fn add(&mut self, judgement: &Judgement) {
        put_first(&mut self.tags, &judgement.tags);
        put_first(&mut self.pushed_by, judgement.pushed_by.as_slice());
    }
}

fn put_first(kept: &mut Vec<String>, newest: &[String]) {
    kept.retain(|one| !newest.contains(one));
    kept.splice(0..0, newest.iter().cloned());
    kept.truncate(PUSHES_MAX);
}

/// Refusals, and how often each was given.
#[derive(Debug)]
pub struct Refusals {
    storage: Arc<Storage>,
    counted: Cache<String, Arc<Mutex<Option<Counted>>>>,
    /// how long a verdict is shared: half of the time that it is kept, so that who is told its id
    /// finds it for the other half
    shared_for: SignedDuration,
}

/// A refusal that is being counted.
#[derive(Clone, Debug)]
struct Counted {
    repository: Repository,
    manifest: Digest,
    first: Timestamp,
    now: Refusal,
    written: Refusal,
    pushes: Pushes,
}

impl Counted {
    fn is_due(&self) -> bool {
        let Self { now, written, .. } = self;
        let seconds = now.last.as_second() - written.last.as_second();
        now.times >= written.times.saturating_mul(2) || seconds >= WRITTEN_AFTER_SECONDS
    }
}

impl Refusals {
    /// Counts what is refused, from what the store says on.
    pub fn new(storage: Arc<Storage>, config: &VerdictsConfig) -> Self {
        const HALF_A_DAY_SECONDS: i64 = 12 * 60 * 60;
        let half = i64::from(config.days_max).saturating_mul(HALF_A_DAY_SECONDS);
        let shared_for = SignedDuration::from_secs(half.max(SHARED_SECONDS_MIN));
        Self { storage, counted: Cache::new(COUNTED_MAX), shared_for }
    }

    /// Keeps the verdict on a candidate that is refused. Where the same was refused before, the
    /// push shares that verdict, which is counted once more.
    pub(super) async fn keep(&self, candidate: &Candidate, judgement: Judgement) -> Verdict {
        let Candidate { repository, digest, .. } = candidate;
        let grounds = grounds(&judgement);
        // one lock a refusal: whoever pushes the same at the same time waits, and nobody else
        let counted = self.counted.get_with(grounds.clone(), Arc::default);
        let mut counted = counted.lock().await;
        if counted.is_none() {
            *counted = self.stored(candidate, &grounds).await.unwrap_or_else(|error| {
                tracing::error!(cause = ?error, "an earlier rejection could not be read");
                None
            });
        }
        let last = self.storage.clock().now();
        counted.take_if(|counted| last.duration_since(counted.first) > self.shared_for);
        if let Some(counted) = &mut *counted {
            counted.now.times += 1;
            counted.now.last = last;
            counted.pushes.add(&judgement);
            if counted.is_due() {
                self.write(counted).await;
            }
            let (id, at) = (counted.now.verdict.clone(), last.to_string());
            return Verdict { id, at, judgement };
        }
        let (verdict, kept) = keep(&self.storage, repository, judgement).await;
        if kept {
            let (repository, manifest) = (repository.clone(), digest.clone());
            let now = Refusal { grounds, verdict: verdict.id.clone(), times: 1, last };
            let pushes = Pushes::of(&verdict.judgement);
            let (first, written) = (last, now.clone());
            let mut new = Counted { repository, manifest, first, now, written, pushes };
            self.write(&mut new).await;
            *counted = Some(new);
        }
        verdict
    }

    /// Writes the counts that the store does not have yet: the process is about to end.
    pub(super) async fn flush(&self) {
        for (_, counted) in &self.counted {
            let mut counted = counted.lock().await;
            let Some(counted) = counted.as_mut().filter(|it| it.now != it.written) else {
                continue;
            };
            // a refusal must not name a verdict that was swept
            let id = &counted.now.verdict;
            if let Ok(true) = self.storage.keeps_verdict(&counted.repository, id).await {
                self.write(counted).await;
            }
        }
    }

    /// How often a refusal was given, when last and for whom. Exact since the process started, and
    /// before that as far as it was written.
    pub(super) async fn of(&self, verdict: &Verdict) -> Result<Option<Seen>> {
        if let Some(counted) = self.counted.get(&grounds(&verdict.judgement))
            && let Some(counted) = &*counted.lock().await
            && counted.now.verdict == verdict.id
        {
            return Ok(Some(Seen::new(&counted.now, counted.pushes.clone())));
        }
        written(&self.storage, verdict).await
    }

    /// What the store says of a refusal on the same grounds whose verdict is there.
    async fn stored(&self, candidate: &Candidate, grounds: &str) -> Result<Option<Counted>> {
        let Candidate { repository, digest, .. } = candidate;
        let refusals = self.storage.refusals(repository, digest).await?;
        let same = refusals.into_iter().rev().find(|refusal| refusal.grounds == grounds);
        let Some(now) = same else { return Ok(None) };
        let first = self.storage.verdict_of(repository, &now.verdict).await?;
        let first: Option<Verdict> = first.and_then(|first| serde_json::from_slice(&first).ok());
        let Some(first) = first.and_then(|first| first.at.parse().ok()) else { return Ok(None) };
        let pushes = pushes(&self.storage, repository, digest, &now).await?;
        let (repository, manifest) = (repository.clone(), digest.clone());
        let written = now.clone();
        Ok(Some(Counted { repository, manifest, first, now, written, pushes }))
    }

    async fn write(&self, counted: &mut Counted) {
        let Counted { repository, manifest, now, pushes, .. } = counted;
        let pushes = json!(pushes).to_string().into();
        match self.storage.put_refusal(repository, manifest, now, pushes).await {
            Ok(went) => {
                // nobody is told the id of a verdict that is gone
                for refusal in went {
                    self.counted.invalidate(&refusal.grounds);
                }
                counted.written = counted.now.clone();
            }
            Err(error) => {
                let id = &now.verdict;
                tracing::error!(verdict = id, cause = ?error, "a rejection could not be counted");
            }
        }
    }
}

/// How often a refusal was given, when last and for whom, as far as it was written.
pub(super) async fn written(storage: &Storage, verdict: &Verdict) -> Result<Option<Seen>> {
    let Some((repository, digest)) = named(&verdict.judgement) else { return Ok(None) };
    let refusals = storage.refusals(&repository, &digest).await?;
    let Some(refusal) = refusals.into_iter().find(|refusal| refusal.verdict == verdict.id) else {
        return Ok(None);
    };
    let pushes = pushes(storage, &repository, &digest, &refusal).await?;
    Ok(Some(Seen::new(&refusal, pushes)))
}

/// For whom a refusal was given, as far as it was written. A greater count may have replaced it.
async fn pushes(
    storage: &Storage,
    repository: &Repository,
    digest: &Digest,
    refusal: &Refusal,
) -> Result<Pushes> {
    let said = storage.refused_pushes(repository, digest, refusal).await?;
    Ok(said.and_then(|said| serde_json::from_slice(&said).ok()).unwrap_or_default())
}

/// What was refused and why, in few characters: the same for the same manifest and findings under
/// the same policy.
fn grounds(judgement: &Judgement) -> String {
    const CHARS: usize = 32;
    let Judgement { repository, digest, kind, decision, policy, findings, .. } = judgement;
    let all = json!([repository, digest, kind, decision, policy, findings]).to_string();
    Digest::of(Algorithm::Sha256, all.as_bytes()).hex()[..CHARS].to_owned()
}

fn named(judgement: &Judgement) -> Option<(Repository, Digest)> {
    let repository = Repository::parse(&judgement.repository).ok()?;
    Some((repository, Digest::parse(&judgement.digest).ok()?))
}
