//! What the referrers API lists of a subject.
//!
//! The first listing of a subject reads all of its descriptors together, and the resolver keeps
//! them in their order. A push or delete corrects what is kept before it is acknowledged.

use std::{
    collections::{BTreeMap, VecDeque},
    ops::Bound,
    sync::Arc,
};

use bytes::Bytes;
use futures::{Stream, TryStreamExt, stream};
use moka::{ops::compute::Op, policy::EvictionPolicy, sync::Cache};
use tokio::sync::Semaphore;

use roadstead_oci::{Descriptor, Digest, Repository};

use super::{Resolver, entries::ENTRIES_AT_ONCE, kept::Index};
use crate::{
    Error, ManifestRecord, Result,
    layout::{Entry, Key, Prefix},
};

/// Bytes of all descriptors that are kept, with what they cost beside.
const BYTES_MAX: usize = 32 << 20;
/// The same of one subject. More than that is read anew for each listing.
const SUBJECT_BYTES_MAX: usize = 16 << 20;
/// What a referrer costs in memory beside its descriptor, about.
const OVERHEAD_BYTES: usize = 320;
/// What a subject costs in memory beside its referrers, about.
const SUBJECT_BYTES: usize = 1024;
/// Descriptors are read until they have this many bytes together.
const READ_BYTES: usize = 1 << 20;
/// Referrers that a listing takes from memory at once.
const LISTED_AT_ONCE: usize = 256;
/// Subjects that are read at a time: what is being read is not in `BYTES_MAX` yet.
const BUILDS_MAX: usize = 2;

type Subject = (Repository, Digest);

/// The subjects whose referrers are kept.
#[derive(Debug)]
pub(super) struct Subjects {
    kept: Cache<Subject, Arc<Index<Referrers>>>,
    builds: Semaphore,
}

/// The referrers of one subject.
#[derive(Debug)]
pub(super) struct Referrers {
    live: BTreeMap<Digest, Referrer>,
    bytes: usize,
    /// what changed while the store is read; nothing after that
    changes: Option<BTreeMap<Digest, Option<Referrer>>>,
}

#[derive(Clone, Debug)]
struct Referrer {
    descriptor: Bytes,
    artifact_type: Option<Box<str>>,
}

/// Whether it is a descriptor of that manifest, and so is listed.
pub(crate) fn describes(descriptor: &Bytes, manifest: &Digest) -> bool {
    Referrer::read(manifest, descriptor.clone()).is_some()
}

/// A change of what a subject lists, under way.
///
/// If this is dropped before it is settled, the change may have been made or not, and the store is
/// read again.
#[must_use]
pub(crate) struct Relisting<'a> {
    subjects: &'a Subjects,
    repository: &'a Repository,
    /// none: it is unknown, or there is none
    subject: Option<&'a Digest>,
    referrer: &'a Digest,
    settled: bool,
}

/// The store is being read for a subject. If that does not come to its end, the subject is let go
/// of.
struct Reading<'a> {
    subjects: &'a Subjects,
    name: &'a Subject,
}

/// Reads referrers from the store, in the order of their entries.
struct Reader<'a> {
    resolver: &'a Resolver,
    repository: &'a Repository,
    subject: &'a Digest,
    entries: VecDeque<Entry>,
    /// those of the entries that count, and were not read yet
    counting: VecDeque<Entry>,
    last: Option<Digest>,
}

/// Where a listing takes its referrers from.
enum Source<'a> {
    Kept(Arc<Index<Referrers>>, Option<Digest>),
    Store(Reader<'a>),
}

impl Referrer {
    /// None: this is no descriptor of that manifest.
    fn read(manifest: &Digest, descriptor: Bytes) -> Option<Self> {
        let read = Descriptor::parse(&descriptor).filter(|read| read.digest == *manifest)?;
        Some(Self { descriptor, artifact_type: read.artifact_type.map(Into::into) })
    }

    /// Whether one of the types is its own. No types: any will do.
    fn is_of(&self, types: &[&str]) -> bool {
        types.is_empty() || self.artifact_type.as_deref().is_some_and(|of| types.contains(&of))
    }

    /// Bytes that it takes in memory, about.
    fn weight(&self) -> usize {
        let artifact_type = self.artifact_type.as_ref().map_or(0, |of| of.len());
        self.descriptor.len() + artifact_type + OVERHEAD_BYTES
    }
}

impl Default for Subjects {
    fn default() -> Self {
        let weigh = |_: &Subject, of: &Arc<Index<Referrers>>| of.known().weight();
        let kept = Cache::builder()
            .max_capacity(BYTES_MAX as u64)
            .weigher(weigh)
            // by how often they are used, thousands of small subjects would keep a large one out
            .eviction_policy(EvictionPolicy::lru())
            .build();
        Self { kept, builds: Semaphore::new(BUILDS_MAX) }
    }
}

impl Subjects {
    /// Weighs a subject again, unless it was let go of meanwhile.
    fn weigh(&self, subject: &Subject, index: &Arc<Index<Referrers>>) {
        let entry = self.kept.entry(subject.clone());
        entry.and_compute_with(|entry| match entry {
            Some(entry) if Arc::ptr_eq(entry.value(), index) => Op::Put(Arc::clone(index)),
            _ => Op::Nop,
        });
    }

    /// Changes what is known of a subject, if anything is.
    fn set(&self, subject: &Subject, referrer: &Digest, now: Option<Referrer>) {
        let Some(index) = self.kept.get(subject) else { return };
        if index.built.get() == Some(&false) {
            return;
        }
        let bytes = {
            let mut known = index.known();
            known.set(referrer, now);
            known.bytes
        };
        match bytes > SUBJECT_BYTES_MAX {
            true => self.kept.invalidate(subject),
            false => self.weigh(subject, &index),
        }
    }
}

impl Default for Referrers {
    fn default() -> Self {
        Self { live: BTreeMap::new(), bytes: 0, changes: Some(BTreeMap::new()) }
    }
}

impl Referrers {
    fn weight(&self) -> u32 {
        u32::try_from(self.bytes + SUBJECT_BYTES).unwrap_or(u32::MAX)
    }

    fn set(&mut self, referrer: &Digest, now: Option<Referrer>) {
        if let Some(changes) = &mut self.changes {
            changes.insert(referrer.clone(), now);
            return;
        }
        self.bytes += now.as_ref().map_or(0, Referrer::weight);
        let before = match now {
            Some(now) => self.live.insert(referrer.clone(), now),
            None => self.live.remove(referrer),
        };
        self.bytes -= before.as_ref().map_or(0, Referrer::weight);
    }

    /// The store was read. What changed meanwhile is newer.
    fn fill(&mut self, read: BTreeMap<Digest, Referrer>) {
        self.bytes = read.values().map(Referrer::weight).sum();
        self.live = read;
        for (referrer, now) in self.changes.take().unwrap_or_default() {
            self.set(&referrer, now);
        }
    }

    /// Some referrers of these types after `last`.
    fn after(&self, last: Option<&Digest>, types: &[&str]) -> Vec<(Digest, Bytes)> {
        let after = last.map_or(Bound::Unbounded, Bound::Excluded);
        let all = self.live.range::<Digest, _>((after, Bound::Unbounded));
        let fitting = all.filter(|(_, referrer)| referrer.is_of(types)).take(LISTED_AT_ONCE);
        fitting.map(|(digest, referrer)| (digest.clone(), referrer.descriptor.clone())).collect()
    }
}

impl Resolver {
    /// The descriptors of the visible manifests that name the subject, each with its digest, in
    /// the order of the digests after `last`. Of these artifact types only, if any are given.
    pub(crate) async fn referrers<'a>(
        &'a self,
        repository: &'a Repository,
        subject: &'a Digest,
        last: Option<&Digest>,
        types: &'a [&'a str],
    ) -> Result<impl Stream<Item = Result<(Digest, Bytes)>> + Send + use<'a>> {
        let source = match self.kept_referrers(repository, subject).await? {
            Some(kept) => Source::Kept(kept, last.cloned()),
            None => Source::Store(self.reader(repository, subject, last).await?),
        };
        let batches = stream::try_unfold(source, async move |mut source| {
            let batch = source.next(types).await?;
            Ok::<_, Error>(batch.map(|batch| (batch, source)))
        });
        Ok(batches.map_ok(|batch| stream::iter(batch.into_iter().map(Ok))).try_flatten())
    }

    /// The referrers of a subject, read at once if they are not kept yet. None: they take too much
    /// memory.
    async fn kept_referrers(
        &self,
        repository: &Repository,
        subject: &Digest,
    ) -> Result<Option<Arc<Index<Referrers>>>> {
        let subjects = &self.known.referrers;
        let name = (repository.clone(), subject.clone());
        let index = subjects.kept.get_with_by_ref(&name, Arc::default);
        if let Some(built) = index.built.get() {
            return Ok(built.then_some(index));
        }
        // what changes is noted down as long as the store is read, so nobody may give up half way
        let reading = Reading { subjects, name: &name };
        let built = index.built.get_or_try_init(async || {
            let _turn = subjects.builds.acquire().await;
            let mut reader = self.reader(repository, subject, None).await?;
            let (mut read, mut bytes) = (BTreeMap::new(), 0);
            while let Some(batch) = reader.next().await? {
                bytes += batch.iter().map(|(_, referrer)| referrer.weight()).sum::<usize>();
                if bytes > SUBJECT_BYTES_MAX {
                    return Ok(false);
                }
                read.extend(batch);
            }
            index.known().fill(read);
            subjects.weigh(&name, &index);
            Ok::<_, Error>(true)
        });
        let built = *built.await?;
        // a subject without referrers is read in a moment, and anybody can ask for thousands
        if !built || !index.known().live.is_empty() {
            std::mem::forget(reading);
        }
        Ok(built.then_some(index))
    }

    async fn reader<'a>(
        &'a self,
        repository: &'a Repository,
        subject: &'a Digest,
        last: Option<&Digest>,
    ) -> Result<Reader<'a>> {
        let mut entries = self.entries(&Prefix::Referrers(repository, subject)).await?;
        entries.retain(|entry| last.is_none_or(|last| entry.manifest > *last));
        let (entries, counting) = (entries.into(), VecDeque::new());
        Ok(Reader { resolver: self, repository, subject, entries, counting, last: None })
    }

    /// A manifest is about to be listed by its subject, or by another descriptor than before.
    pub(crate) fn lists<'a>(
        &'a self,
        repository: &'a Repository,
        subject: &'a Digest,
        referrer: &'a Digest,
    ) -> Relisting<'a> {
        let subjects = &self.known.referrers;
        Relisting { subjects, repository, subject: Some(subject), referrer, settled: false }
    }

    /// A manifest is about to be deleted, and is listed no longer from now on. Without its record,
    /// any subject of the repository may be its own.
    pub(crate) fn unlists<'a>(
        &'a self,
        (repository, referrer): &'a (Repository, Digest),
        record: Option<&'a ManifestRecord>,
    ) -> Relisting<'a> {
        let subjects = &self.known.referrers;
        let subject = record.and_then(|record| record.subject.as_ref());
        let settled = record.is_some() && subject.is_none();
        let change = Relisting { subjects, repository, subject, referrer, settled };
        match subject {
            Some(_) => change.set(None),
            None if settled => {}
            None => change.forget(),
        }
        change
    }
}

impl Reader<'_> {
    /// Some more referrers; none: there are no more.
    async fn next(&mut self) -> Result<Option<Vec<(Digest, Referrer)>>> {
        let mut found = Vec::new();
        while found.is_empty() {
            if self.counting.is_empty() {
                if self.entries.is_empty() {
                    return Ok(None);
                }
                let entries = self.entries.drain(..self.entries.len().min(ENTRIES_AT_ONCE));
                let counting = self.resolver.counting(self.repository, entries.collect()).await?;
                self.counting = counting.into();
                continue;
            }
            let key = |entry| Key::Referrer(self.repository, self.subject, entry).path();
            let keys = self.counting.iter().map(key).collect();
            let read = self.resolver.backend.read_some(keys, READ_BYTES).await?;
            for (entry, descriptor) in self.counting.drain(..read.len()).zip(read) {
                // a copy of what was found already, or deleted meanwhile
                let Some(descriptor) =
                    descriptor.filter(|_| self.last.as_ref() != Some(&entry.manifest))
                else {
                    continue;
                };
                if let Some(referrer) = Referrer::read(&entry.manifest, descriptor) {
                    self.last = Some(entry.manifest.clone());
                    found.push((entry.manifest, referrer));
                } else {
                    let key = Key::Referrer(self.repository, self.subject, &entry).path();
                    tracing::error!(key, "a descriptor is damaged; push its manifest again");
                }
            }
        }
        Ok(Some(found))
    }
}

impl Source<'_> {
    /// Some more descriptors of these types; none: there are no more.
    async fn next(&mut self, types: &[&str]) -> Result<Option<Vec<(Digest, Bytes)>>> {
        match self {
            Self::Kept(kept, last) => {
                let batch = kept.known().after(last.as_ref(), types);
                *last = batch.last().map(|(digest, _)| digest.clone());
                Ok((!batch.is_empty()).then_some(batch))
            }
            Self::Store(reader) => {
                let batch = reader.next().await?.map(|batch| {
                    let fitting = batch.into_iter().filter(|(_, referrer)| referrer.is_of(types));
                    fitting.map(|(digest, referrer)| (digest, referrer.descriptor)).collect()
                });
                Ok(batch)
            }
        }
    }
}

impl Relisting<'_> {
    /// The change was made: the manifest is listed by this descriptor, or not at all.
    pub(crate) fn settled(mut self, descriptor: Option<&Bytes>) {
        let read = |descriptor: &Bytes| Referrer::read(self.referrer, descriptor.clone());
        if self.subject.is_some() {
            self.set(descriptor.and_then(read));
            self.settled = true;
        }
    }

    fn set(&self, now: Option<Referrer>) {
        if let Some(subject) = self.subject {
            let name = (self.repository.clone(), subject.clone());
            self.subjects.set(&name, self.referrer, now);
        }
    }

    fn forget(&self) {
        if let Some(subject) = self.subject {
            self.subjects.kept.invalidate(&(self.repository.clone(), subject.clone()));
            return;
        }
        for (name, _) in &self.subjects.kept {
            if name.0 == *self.repository {
                self.subjects.kept.invalidate(&*name);
            }
        }
    }
}

impl Drop for Reading<'_> {
    fn drop(&mut self) {
        self.subjects.kept.invalidate(self.name);
    }
}

impl Drop for Relisting<'_> {
    fn drop(&mut self) {
        if !self.settled {
            self.forget();
        }
    }
}
