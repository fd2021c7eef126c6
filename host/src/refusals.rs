//! Repeated refusals: they share a verdict, and are counted.
//!
//! What was refused is found by a key in the store, so that neither a restart nor many other
//! refusals make a retry loop fill it. The count lives in memory and reaches the store each time
//! that it has doubled, or an hour after it did last: a loop costs few writes, however fast it is,
//! and a restart may lose up to half of the count.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use moka::sync::Cache;
use serde_json::json;
use tokio::sync::Mutex;

use roadstead_oci::{Algorithm, Digest, Repository};
use roadstead_storage::{Refusal, Result, Storage};

use crate::{
    admission::Verdict,
    records::{VerdictsConfig, keep},
};

/// Refusals that are counted in memory; of more the counts come from the store.
const COUNTED_MAX: u64 = 10_000;
/// Seconds after which a count that changed is written, however little it grew.
const WRITTEN_AFTER_SECONDS: i64 = 60 * 60;
/// Seconds for which a verdict is shared at least.
const SHARED_SECONDS_MIN: i64 = 12 * 60 * 60;

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
    first: Timestamp,
    now: Refusal,
    written: Refusal,
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

    /// Keeps the verdict on what is refused. Where the same was refused before, the push shares
    /// that verdict, which is counted once more.
    pub(crate) async fn keep(&self, verdict: &mut Verdict) {
        let grounds = grounds(verdict);
        // one lock a refusal: whoever pushes the same at the same time waits, and nobody else
        let counted = self.counted.get_with(grounds.clone(), Arc::default);
        let mut counted = counted.lock().await;
        if counted.is_none() {
            *counted = self.stored(verdict, &grounds).await.unwrap_or_else(|error| {
                tracing::error!(cause = ?error, "an earlier refusal can't be read");
                None
            });
        }
        let last = self.storage.clock().now();
        counted.take_if(|counted| last.duration_since(counted.first) > self.shared_for);
        if let Some(counted) = &mut *counted {
            counted.now.times += 1;
            counted.now.last = last;
            verdict.id.clone_from(&counted.now.verdict);
            if counted.is_due() && self.write(verdict, &counted.now).await {
                counted.written = counted.now.clone();
            }
        } else if keep(&self.storage, verdict).await {
            let now = Refusal { grounds, verdict: verdict.id.clone(), times: 1, last };
            self.write(verdict, &now).await;
            *counted = Some(Counted { first: last, written: now.clone(), now });
        }
    }

    /// How often a refusal was given, and when last. Exact since the process started, and before
    /// that as far as it was written.
    pub(crate) async fn of(&self, verdict: &Verdict) -> Result<Option<Refusal>> {
        if let Some(counted) = self.counted.get(&grounds(verdict))
            && let Some(counted) = &*counted.lock().await
            && counted.now.verdict == verdict.id
        {
            return Ok(Some(counted.now.clone()));
        }
        written(&self.storage, verdict).await
    }

    /// What the store says of a refusal on the same grounds whose verdict is there.
    async fn stored(&self, verdict: &Verdict, grounds: &str) -> Result<Option<Counted>> {
        let Some((repository, digest)) = named(verdict) else { return Ok(None) };
        let refusals = self.storage.refusals(&repository, &digest).await?;
        let same = refusals.into_iter().rev().find(|refusal| refusal.grounds == grounds);
        let Some(now) = same else { return Ok(None) };
        let Some(first) = self.storage.verdict(&now.verdict).await? else { return Ok(None) };
        let first: Option<Verdict> = serde_json::from_slice(&first).ok();
        let first = first.and_then(|first| first.at.parse().ok());
        Ok(first.map(|first| Counted { first, written: now.clone(), now }))
    }

    async fn write(&self, verdict: &Verdict, refusal: &Refusal) -> bool {
        let Some((repository, digest)) = named(verdict) else { return false };
        let put = self.storage.put_refusal(&repository, &digest, refusal).await;
        if let Err(error) = &put {
            tracing::error!(verdict = verdict.id, cause = ?error, "a refusal is not counted");
        }
        put.is_ok()
    }
}

/// How often a refusal was given, as far as it was written.
pub(crate) async fn written(storage: &Storage, verdict: &Verdict) -> Result<Option<Refusal>> {
    let Some((repository, digest)) = named(verdict) else { return Ok(None) };
    let refusals = storage.refusals(&repository, &digest).await?;
    Ok(refusals.into_iter().find(|refusal| refusal.verdict == verdict.id))
}

/// What was refused and why, in few characters: the same for the same push under the same policy.
fn grounds(verdict: &Verdict) -> String {
    const CHARS: usize = 32;
    let Verdict { repository, digest, tags, pushed_by, decision, policy, findings, .. } = verdict;
    let codes: Vec<_> = findings.iter().map(|finding| &finding.code).collect();
    let all = json!([repository, digest, tags, pushed_by, decision, policy, codes]).to_string();
    Digest::of(Algorithm::Sha256, all.as_bytes()).hex()[..CHARS].to_owned()
}

fn named(verdict: &Verdict) -> Option<(Repository, Digest)> {
    let repository = Repository::parse(&verdict.repository).ok()?;
    Some((repository, Digest::parse(&verdict.digest).ok()?))
}
