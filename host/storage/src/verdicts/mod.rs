//! Verdicts: those that are found by their id, and the judgements that stand with a manifest. What
//! they say is admission's business, but for the manifest that they name.

mod ids;
mod refusals;

pub(crate) use ids::Ids;
pub use refusals::Refusal;

use std::{cmp::Reverse, collections::BTreeMap};

use bytes::Bytes;
use futures::{
    Stream, StreamExt, TryStreamExt,
    future::{Ready, ready},
    stream,
};
use serde_json::Value;

use roadstead_oci::{Digest, Repository};

use crate::{
    Manifest, NameHash, Push, Result, Storage,
    layout::{Key, Prefix, VerdictName, day_of, decode, record, slice_of},
};
use ids::{is_id, is_older};

const DAY_NANOSECONDS: i128 = 86_400 * 1_000_000_000;
/// Judgements kept of one manifest after the one that let it in.
const LATER_MAX: usize = 100;
/// Objects read or removed at a time.
const AT_ONCE: usize = 8;

/// A 32nd of a day: a folder of verdicts, and the verdicts of that time from older versions.
struct Slice {
    day: String,
    name: String,
    is_folder: bool,
    /// ids
    unmarked: Vec<String>,
}

impl Storage {
    /// Stores a verdict with findings. Returns false if the repository already has one with this
    /// id, which is kept.
    pub async fn put_verdict(
        &self,
        repository: &Repository,
        id: &str,
        verdict: Bytes,
    ) -> Result<bool> {
        self.backend.create(&Key::Verdict(repository, id).path(), verdict).await
    }

    /// Returns a verdict with findings by its repository and id; the case of letters is ignored.
    pub async fn verdict_of(&self, repository: &Repository, id: &str) -> Result<Option<Bytes>> {
        let id = id.to_uppercase();
        if !is_id(&id) {
            return Ok(None);
        }
        match self.backend.read(&Key::Verdict(repository, &id).path()).await? {
            Some(verdict) => Ok(Some(verdict)),
            None => self.backend.read(&Key::UnmarkedVerdict(&id).path()).await,
        }
    }

    /// Returns a verdict with findings by its id alone; the case of letters is ignored. Lists the
    /// folder of the id's time.
    pub async fn verdict(&self, id: &str) -> Result<Option<Bytes>> {
        let id = id.to_uppercase();
        if !is_id(&id) {
            return Ok(None);
        }
        let slice = Prefix::VerdictSlice(day_of(&id), slice_of(&id));
        let names = self.resolver.names(&slice).await?;
        let of = |name: &String| VerdictName::parse(name).is_some_and(|name| name.id == id);
        match names.iter().find(|name| of(name)) {
            Some(name) => self.backend.read(&slice.with(name)).await,
            None => self.backend.read(&Key::UnmarkedVerdict(&id).path()).await,
        }
    }

    /// Returns whether a verdict with findings is stored.
    pub async fn keeps_verdict(&self, repository: &Repository, id: &str) -> Result<bool> {
        for key in [Key::Verdict(repository, id), Key::UnmarkedVerdict(id)] {
            if self.backend.stamp(&key.path()).await?.is_some() {
                return Ok(true);
            }
        }
        Ok(false)
    }

    async fn discard_verdict(&self, repository: &Repository, id: &str) {
        for key in [Key::Verdict(repository, id), Key::UnmarkedVerdict(id)] {
            self.backend.discard(&key.path()).await;
        }
    }

    /// The verdicts with findings, each with its id, the newest first; only those that are older
    /// than the one called `before`. If `wanted` rejects a repository, its verdicts are skipped
    /// without being read; only verdicts from older versions are read regardless. Folders are
    /// listed and verdicts read lazily.
    pub async fn verdicts<'a>(
        &'a self,
        before: Option<&'a str>,
        wanted: impl Fn(&NameHash) -> bool + Send + 'a,
    ) -> Result<impl Stream<Item = Result<(String, Bytes)>> + Send> {
        let mut days = self.resolver.names(&Prefix::VerdictDays).await?;
        days.retain(|day| before.is_none_or(|before| day.as_str() <= day_of(before)));
        let slices = stream::iter(days.into_iter().rev().map(Ok)).and_then(move |day| async move {
            let slices = self.slices(&day).await?;
            Ok(stream::iter(slices.into_iter().rev().map(Ok)))
        });
        let slices = slices.try_flatten().try_filter(move |slice| {
            let reached =
                |before| (&*slice.day, &*slice.name) <= (day_of(before), slice_of(before));
            ready(before.is_none_or(reached))
        });
        let found = slices.and_then(move |slice| async move {
            let mut found = self.in_slice(slice).await?;
            found.retain(|(id, _, _)| before.is_none_or(|before| id.as_str() < before));
            Ok(stream::iter(found.into_iter().rev().map(Ok)))
        });
        let found = found
            .try_flatten()
            .try_filter(move |(_, repository, _)| ready(repository.as_ref().is_none_or(&wanted)));
        let verdict = move |(id, _, key): (String, _, String)| async move {
            let verdict = self.backend.read(&key).await?;
            Ok(verdict.map(|verdict| (id, verdict)))
        };
        Ok(found.map_ok(verdict).try_buffered(AT_ONCE).try_filter_map(gone))
    }

    /// Returns the slices of a day, the oldest first.
    async fn slices(&self, day: &str) -> Result<Vec<Slice>> {
        let mut slices = BTreeMap::<String, Slice>::new();
        for name in self.resolver.names(&Prefix::VerdictDay(day)).await? {
            let unmarked = is_id(&name);
            let of = if unmarked { slice_of(&name).to_owned() } else { name.clone() };
            let slice = slices.entry(of.clone()).or_insert_with(|| Slice {
                day: day.to_owned(),
                name: of,
                is_folder: false,
                unmarked: Vec::new(),
            });
            match unmarked {
                true => slice.unmarked.push(name),
                false => slice.is_folder = true,
            }
        }
        Ok(slices.into_values().collect())
    }

    /// Returns the ids, repositories and keys of a slice's verdicts, the oldest first.
    async fn in_slice(&self, slice: Slice) -> Result<Vec<(String, Option<NameHash>, String)>> {
        let folder = Prefix::VerdictSlice(&slice.day, &slice.name);
        let names = match slice.is_folder {
            true => self.resolver.names(&folder).await?,
            false => Vec::new(),
        };
        let marked = names.iter().filter_map(|name| {
            let VerdictName { id, repository } = VerdictName::parse(name)?;
            is_id(&id).then(|| (id, Some(repository), folder.with(name)))
        });
        let unmarked = slice.unmarked.into_iter().map(|id| {
            let key = Key::UnmarkedVerdict(&id).path();
            (id, None, key)
        });
        let mut found: Vec<_> = marked.chain(unmarked).collect();
        found.sort_unstable_by(|(one, ..), (other, ..)| one.cmp(other));
        Ok(found)
    }

    /// Removes the verdicts with findings of days that were over more than `days_max` days ago.
    /// Answers how many went. Those that stand with manifests stay.
    pub async fn sweep_verdicts(&self, days_max: u32) -> Result<usize> {
        let today = self.today();
        let mut removed = 0;
        for day in self.resolver.names(&Prefix::VerdictDays).await? {
            if !decode(&day).is_some_and(|day| is_older(day, today, days_max)) {
                continue;
            }
            for slice in self.slices(&day).await? {
                let folder = Prefix::VerdictSlice(&slice.day, &slice.name).path();
                let found = self.in_slice(slice).await?;
                removed += found.len();
                let swept = stream::iter(found.into_iter().map(Ok));
                let sweep = |(id, _, key)| self.sweep_verdict(id, key);
                swept.try_for_each_concurrent(AT_ONCE, sweep).await?;
                self.backend.discard_folder(&folder).await;
            }
            self.backend.discard_folder(&Prefix::VerdictDay(&day).path()).await;
        }
        Ok(removed)
    }

    /// The refusal goes first: it never names a verdict that is not there.
    async fn sweep_verdict(&self, id: String, key: String) -> Result<()> {
        let verdict = self.backend.read(&key).await?.unwrap_or_default();
        let verdict: Value = serde_json::from_slice(&verdict).unwrap_or_default();
        let names = ["repository", "digest"].map(|name| verdict[name].as_str().unwrap_or_default());
        if let (Ok(repository), Ok(digest)) = (Repository::parse(names[0]), Digest::parse(names[1]))
        {
            self.forget_refusal(&repository, &digest, &id).await?;
        }
        self.backend.discard(&key).await;
        Ok(())
    }

    /// Everything that was judged about a stored manifest, the newest first: the verdict that let
    /// it in, and later ones. They are read one by one, as far as somebody asks.
    pub async fn judgements<'a>(
        &'a self,
        repository: &'a Repository,
        manifest: &'a Manifest,
    ) -> Result<impl Stream<Item = Result<Value>> + Send + use<'a>> {
        let later = Prefix::LaterVerdicts(repository, &manifest.digest);
        let mut ids = self.resolver.names(&later).await?;
        let record = manifest.record();
        let first = record.verdict_id().unwrap_or_default().to_owned();
        ids.retain(|id| is_id(id) && *id != first);
        ids.push(first.clone());
        ids.sort_unstable_by_key(|id| Reverse(id.clone()));
        let judged_first = record.verdict;
        Ok(stream::iter(ids).map(Ok).try_filter_map(move |id| {
            let own = (id == first).then(|| judged_first.clone());
            async move {
                if own.is_some() {
                    return Ok(own);
                }
                let key = Key::LaterVerdict(repository, &manifest.digest, &id).path();
                let Some(verdict) = self.resolver.immutable(&key).await? else { return Ok(None) };
                Ok(Some(record::decode(&key, &verdict)?.0))
            }
        }))
    }

    /// Keeps a judgement of a manifest that is stored already. Of too many the oldest go, also from
    /// where their ids find them.
    pub(crate) async fn put_later_verdict(
        &self,
        (repository, digest): &(Repository, Digest),
        push: &Push,
    ) -> Result<()> {
        let key = Key::LaterVerdict(repository, digest, &push.verdict_id).path();
        if !self.backend.create(&key, record::encode(&push.record.verdict, b"")).await? {
            return Ok(());
        }
        let ids = self.resolver.names(&Prefix::LaterVerdicts(repository, digest)).await?;
        for id in &ids[..ids.len().saturating_sub(LATER_MAX)] {
            self.backend.discard(&Key::LaterVerdict(repository, digest, id).path()).await;
            self.discard_verdict(repository, id).await;
        }
        Ok(())
    }
}

/// Leaves out what went between its listing and its reading.
fn gone<T>(found: Option<T>) -> Ready<Result<Option<T>>> {
    ready(Ok(found))
}
