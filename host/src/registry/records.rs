//! What was judged, kept and looked up: verdicts by their ids, and all about one manifest.

use std::{
    collections::HashMap,
    pin::pin,
    sync::{Mutex, MutexGuard, PoisonError},
};

use bytes::Bytes;
use futures::{StreamExt, TryStreamExt, stream};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use roadstead_oci::{Digest, Reference, Repository};
use roadstead_storage::{NameHash, Result, Storage};

use super::refusals::{self, Refusals};
use crate::{
    admission::{Decision, Judge, Judgement, Verdict},
    policy::Globs,
};

/// Most verdicts of a page, and most that are read for one.
pub const PAGE_MAX: usize = 1000;
const READ_MAX: usize = 10_000;
/// About as many bytes as a page has at the most; one verdict can have that many.
const PAGE_BYTES_MAX: usize = 4 << 20;

/// `[verdicts]`: how long verdicts are kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct VerdictsConfig {
    /// Days for which a refusal or warning is found by its id. What stands with a manifest stays
    /// as long as that does. Default: 90.
    pub days_max: u32,
}

impl Default for VerdictsConfig {
    fn default() -> Self {
        Self { days_max: 90 }
    }
}

/// Which verdicts are wanted.
#[derive(Clone, Debug, Default)]
pub struct Wanted {
    /// of repositories that fit
    repositories: Option<Globs>,
    /// set if the pattern is a plain name: the hash of that repository
    only: Option<NameHash>,
    /// with this decision
    decision: Option<Decision>,
}

impl Wanted {
    /// Those of the repositories that fit a glob, as a policy has them, and with a decision by its
    /// name. Or what is wrong with them.
    pub fn new(
        repository: Option<&str>,
        decision: Option<&str>,
    ) -> std::result::Result<Self, String> {
        let decision = decision.map(|name| {
            let known = serde_json::from_value(Value::String(name.to_owned()));
            known.map_err(|_| {
                format!(
                    "{name:?} is not a decision; use accept, reject or \
                                       unavailable"
                )
            })
        });
        let repositories = repository.map(|pattern| {
            Globs::of_repositories(pattern)
                .map_err(|why| format!("{pattern:?} is not a valid glob: {why}"))
        });
        let (repositories, decision) = (repositories.transpose()?, decision.transpose()?);
        // a valid repository name has no wildcards
        let only = repository.and_then(|name| Repository::parse(name).ok());
        Ok(Self { repositories, only: only.as_ref().map(NameHash::of), decision })
    }

    fn fits(&self, verdict: &Value) -> bool {
        let repository = verdict["repository"].as_str().unwrap_or_default();
        let decision = self.decision.is_none_or(|decision| {
            serde_json::to_value(decision).is_ok_and(|decision| decision == verdict["decision"])
        });
        decision && self.fits_name(repository)
    }

    fn fits_name(&self, repository: &str) -> bool {
        self.repositories.as_ref().is_none_or(|globs| globs.fit(repository))
    }
}

/// Whether repositories match, by the hash of their name. A hash does not reveal a name, so the
/// first verdict of each repository has to be read to learn it.
struct KnownNames<'a> {
    wanted: &'a Wanted,
    fit: Mutex<HashMap<NameHash, bool>>,
}

impl<'a> KnownNames<'a> {
    fn new(wanted: &'a Wanted) -> Self {
        Self { wanted, fit: Mutex::default() }
    }

    fn may_fit(&self, repository: &NameHash) -> bool {
        match &self.wanted.only {
            Some(only) => only == repository,
            None => *self.fit().get(repository).unwrap_or(&true),
        }
    }

    fn learn(&self, verdict: &Value) {
        let name = verdict["repository"].as_str().unwrap_or_default();
        let Ok(repository) = Repository::parse(name) else { return };
        self.fit().entry(NameHash::of(&repository)).or_insert(self.wanted.fits_name(name));
    }

    fn fit(&self) -> MutexGuard<'_, HashMap<NameHash, bool>> {
        self.fit.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Verdicts, the newest first.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Page {
    /// as they were recorded
    pub verdicts: Vec<Value>,
    /// The id that the next page comes after, if there may be one. A page can be empty and have
    /// one: it is told how far was read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
}

/// Everything that was judged about a manifest in a repository, the newest first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Judged {
    /// the manifest
    pub digest: Digest,
    /// as they were recorded
    pub verdicts: Vec<Value>,
    /// whether older ones are left out, since there is too much
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub more: bool,
}

/// What was judged, to be looked up.
#[derive(Clone, Copy, Debug)]
pub struct Records<'a> {
    storage: &'a Storage,
    /// of the process that counts refusals; elsewhere the store has the counts
    refusals: Option<&'a Refusals>,
}

impl<'a> Records<'a> {
    /// What a store holds that no server uses.
    pub fn stored(storage: &'a Storage) -> Self {
        Self { storage, refusals: None }
    }

    /// What a server knows.
    pub(crate) fn counted(storage: &'a Storage, refusals: &'a Refusals) -> Self {
        Self { storage, refusals: Some(refusals) }
    }

    /// At most `limit` of the verdicts that found something, which are older than the one called
    /// `before`.
    pub async fn kept(self, wanted: &Wanted, before: Option<&str>, limit: usize) -> Result<Page> {
        let (mut page, mut bytes, mut read) = (Page::default(), 0, 0);
        let known = KnownNames::new(wanted);
        let may_fit = |repository: &NameHash| known.may_fit(repository);
        let mut found = pin!(self.storage.verdicts(before, may_fit).await?);
        while let Some((id, recorded)) = found.try_next().await? {
            read += 1;
            let verdict = parsed(&id, &recorded);
            if let Some(verdict) = &verdict {
                known.learn(verdict);
            }
            if let Some(verdict) = verdict.filter(|verdict| wanted.fits(verdict)) {
                bytes += recorded.len();
                page.verdicts.push(self.with_seen(verdict).await?);
            }
            if page.verdicts.len() >= limit || bytes >= PAGE_BYTES_MAX || read >= READ_MAX {
                page.next = Some(id);
                break;
            }
        }
        Ok(page)
    }

    /// The verdict with this id, in any case of letters, if it found something.
    pub async fn verdict(self, id: &str) -> Result<Option<Value>> {
        self.read(id, self.storage.verdict(id).await?).await
    }

    /// Returns the verdict with this id in a repository, without listing a folder. It can return
    /// another repository's verdict if an older version stored it.
    pub async fn verdict_of(self, repository: &Repository, id: &str) -> Result<Option<Value>> {
        self.read(id, self.storage.verdict_of(repository, id).await?).await
    }

    async fn read(self, id: &str, recorded: Option<Bytes>) -> Result<Option<Value>> {
        let Some(recorded) = recorded else { return Ok(None) };
        match parsed(id, &recorded) {
            Some(verdict) => self.with_seen(verdict).await.map(Some),
            None => Ok(None),
        }
    }

    /// Everything that was judged about a manifest: what let it in and what was judged later, if
    /// the repository serves it, and refusals of it.
    pub async fn judged(
        self,
        repository: &Repository,
        reference: &Reference,
    ) -> Result<Option<Judged>> {
        let manifest = self.storage.referenced(repository, reference).await?;
        let digest = match (&manifest, reference) {
            (Some(manifest), _) => &manifest.digest,
            (None, Reference::Digest(digest)) => digest,
            (None, Reference::Tag(_)) => return Ok(None),
        };
        // the greatest id is the newest
        let mut refused = self.storage.refusals(repository, digest).await?;
        refused.sort_unstable_by(|a, b| a.verdict.cmp(&b.verdict));
        let stored = match &manifest {
            Some(manifest) => self.storage.judgements(repository, manifest).await?.left_stream(),
            None => stream::empty().right_stream(),
        };
        let mut judged = Judged { digest: digest.clone(), verdicts: Vec::new(), more: false };
        let mut bytes = 0;
        let mut stored = pin!(stored);
        let mut next = stored.try_next().await?;
        loop {
            let id = next.as_ref().map(|verdict| verdict["id"].as_str().unwrap_or_default());
            let verdict = match refused.pop_if(|one| id.is_none_or(|id| *one.verdict > *id)) {
                Some(refusal) => self.verdict_of(repository, &refusal.verdict).await?,
                None => match std::mem::take(&mut next) {
                    Some(verdict) => {
                        next = stored.try_next().await?;
                        Some(verdict)
                    }
                    None => break,
                },
            };
            // or it was kept for long enough
            let Some(verdict) = verdict else { continue };
            bytes += verdict.to_string().len();
            if bytes > PAGE_BYTES_MAX && !judged.verdicts.is_empty() {
                judged.more = true;
                break;
            }
            judged.verdicts.push(verdict);
        }
        Ok((manifest.is_some() || !judged.verdicts.is_empty()).then_some(judged))
    }

    /// Adds to a refusal how often it was given.
    async fn with_seen(self, mut recorded: Value) -> Result<Value> {
        let verdict: Option<Verdict> = serde_json::from_value(recorded.clone()).ok();
        let refused = verdict.filter(|verdict| verdict.judgement.decision != Decision::Accept);
        let Some(verdict) = refused else { return Ok(recorded) };
        let seen = match self.refusals {
            Some(refusals) => refusals.of(&verdict).await?,
            None => refusals::written(self.storage, &verdict).await?,
        };
        if let Some(seen) = seen {
            recorded["seen"] = json!(seen);
        }
        Ok(recorded)
    }
}

fn parsed(id: &str, recorded: &[u8]) -> Option<Value> {
    serde_json::from_slice(recorded)
        .inspect_err(|error| tracing::error!(verdict = id, %error, "a stored verdict is damaged"))
        .ok()
        .filter(Value::is_object)
}

/// Keeps a new verdict on a push to this repository where its id finds it; whether that is so is
/// told beside it. A push does not fail when that does.
pub(super) async fn keep(
    storage: &Storage,
    repository: &Repository,
    judgement: Judgement,
) -> (Verdict, bool) {
    const TRIES: usize = 3;
    let mut verdict = new(storage, judgement);
    for _ in 0..TRIES {
        let record = verdict.to_record().to_string();
        match storage.put_verdict(repository, &verdict.id, record.into()).await {
            Ok(true) => return (verdict, true),
            // another verdict of this very moment
            Ok(false) => verdict.id = storage.new_verdict_id(),
            Err(error) => {
                let message = "a verdict could not be stored";
                tracing::error!(verdict = verdict.id, cause = ?error, message);
                break;
            }
        }
    }
    (verdict, false)
}

fn new(storage: &Storage, judgement: Judgement) -> Verdict {
    let (id, at) = (storage.new_verdict_id(), storage.clock().now().to_string());
    Verdict { id, at, judgement }
}

/// Keeps the verdict on what is let in, where something was found. One that says what the latest
/// about the stored manifest says shares that verdict, so that a manifest which is pushed again and
/// again fills nothing.
pub(super) async fn keep_acceptance(
    storage: &Storage,
    repository: &Repository,
    digest: &Digest,
    judgement: Judgement,
) -> Verdict {
    let standing = standing(storage, repository, digest, &judgement).await;
    let standing = standing.unwrap_or_else(|error| {
        tracing::error!(%digest, cause = ?error, "an earlier verdict could not be read");
        None
    });
    match standing {
        Some(Verdict { id, at, .. }) => Verdict { id, at, judgement },
        None if judgement.findings.is_empty() => new(storage, judgement),
        None => keep(storage, repository, judgement).await.0,
    }
}

/// The latest verdict on a stored manifest, if it says the same. One with findings that is not
/// found by its id any more is of no use to whoever is told it.
async fn standing(
    storage: &Storage,
    repository: &Repository,
    digest: &Digest,
    judgement: &Judgement,
) -> Result<Option<Verdict>> {
    let Some(manifest) = storage.manifest(repository, digest).await? else { return Ok(None) };
    let mut judgements = pin!(storage.judgements(repository, &manifest).await?);
    let latest = judgements.try_next().await?;
    // one that can't be read is none
    let latest: Option<Verdict> = latest.and_then(|latest| serde_json::from_value(latest).ok());
    let Some(latest) = latest.filter(|latest| say_the_same(&latest.judgement, judgement)) else {
        return Ok(None);
    };
    let of_nothing = latest.judgement.findings.is_empty();
    let found = of_nothing || storage.keeps_verdict(repository, &latest.id).await?;
    Ok(found.then_some(latest))
}

/// Whether two judgements of one manifest say the same on the same grounds, to the same user.
fn say_the_same(one: &Judgement, other: &Judgement) -> bool {
    let grounds = |judge: &Judge| {
        let Judge { plugin, digest, settings, .. } = judge;
        [plugin, digest, settings].map(Clone::clone)
    };
    one.digest == other.digest
        && one.pushed_by == other.pushed_by
        && one.decision == other.decision
        && one.kind == other.kind
        && one.policy == other.policy
        && one.findings == other.findings
        && one.annotations == other.annotations
        && one.judges.iter().map(grounds).eq(other.judges.iter().map(grounds))
}
