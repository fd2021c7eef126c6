//! What was judged, looked up: the verdicts that are kept by their ids, and all about one manifest.

use std::pin::pin;

use futures::{Stream, TryStreamExt};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use roadstead_oci::{Digest, Reference, Repository};
use roadstead_storage::{Manifest, Result, Storage};

use crate::{
    admission::{Decision, Judge, Verdict},
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
            known.map_err(|_| format!("{name:?} is no decision: accept, reject or unavailable"))
        });
        let repositories = repository.map(|pattern| {
            Globs::of_repositories(pattern).map_err(|why| format!("{pattern:?} is no glob: {why}"))
        });
        Ok(Self { repositories: repositories.transpose()?, decision: decision.transpose()? })
    }

    fn fits(&self, verdict: &Value) -> bool {
        let repository = verdict["repository"].as_str().unwrap_or_default();
        let decision = self.decision.is_none_or(|decision| {
            serde_json::to_value(decision).is_ok_and(|decision| decision == verdict["decision"])
        });
        decision && self.repositories.as_ref().is_none_or(|globs| globs.fit(repository))
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

/// At most `limit` of the verdicts that found something, which are older than the one called
/// `before`.
pub async fn kept(
    storage: &Storage,
    wanted: &Wanted,
    before: Option<&str>,
    limit: usize,
) -> Result<Page> {
    let (mut page, mut bytes, mut read) = (Page::default(), 0, 0);
    let mut found = pin!(storage.verdicts(before).await?);
    while let Some((id, recorded)) = found.try_next().await? {
        read += 1;
        let verdict = serde_json::from_slice(&recorded).unwrap_or_else(|error| {
            tracing::error!(verdict = id, %error, "a kept verdict is damaged");
            Value::Null
        });
        if !verdict.is_null() && wanted.fits(&verdict) {
            bytes += recorded.len();
            page.verdicts.push(verdict);
        }
        if page.verdicts.len() >= limit || bytes >= PAGE_BYTES_MAX || read >= READ_MAX {
            page.next = Some(id);
            break;
        }
    }
    Ok(page)
}

/// Everything that was judged about a manifest, the newest first; the last one let it in.
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

/// Everything that was judged about a manifest that a repository serves.
pub async fn judged(
    storage: &Storage,
    repository: &Repository,
    reference: &Reference,
) -> Result<Option<Judged>> {
    let manifest = match reference {
        Reference::Tag(tag) => storage.tagged(repository, tag).await?,
        Reference::Digest(digest) => storage.manifest(repository, digest).await?,
    };
    let Some(manifest) = manifest else { return Ok(None) };
    let judgements = storage.judgements(repository, &manifest).await?;
    let (verdicts, more) = bounded(judgements).await?;
    Ok(Some(Judged { digest: manifest.digest.clone(), verdicts, more }))
}

async fn bounded(judgements: impl Stream<Item = Result<Value>>) -> Result<(Vec<Value>, bool)> {
    let (mut verdicts, mut bytes) = (Vec::new(), 0);
    let mut judgements = pin!(judgements);
    while let Some(verdict) = judgements.try_next().await? {
        bytes += verdict.to_string().len();
        if bytes > PAGE_BYTES_MAX && !verdicts.is_empty() {
            return Ok((verdicts, true));
        }
        verdicts.push(verdict);
    }
    Ok((verdicts, false))
}

/// What was judged last about a stored manifest. One that can't be read is none.
pub(crate) async fn latest(
    storage: &Storage,
    repository: &Repository,
    manifest: &Manifest,
) -> Result<Option<Verdict>> {
    let mut judgements = pin!(storage.judgements(repository, manifest).await?);
    let latest = judgements.try_next().await?;
    Ok(latest.and_then(|verdict| serde_json::from_value(verdict).ok()))
}

/// Whether two verdicts about one manifest say the same on the same grounds, to the same user.
pub(crate) fn say_the_same(one: &Verdict, other: &Verdict) -> bool {
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
