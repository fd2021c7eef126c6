//! The tags of a repository in their order, with the claims that they count by: kept in memory
//! while they are asked for, and corrected by every change.

use std::{
    collections::{BTreeMap, HashSet},
    ops::Bound,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use tokio::sync::OnceCell;

use roadstead_oci::{Repository, Tag};

use super::{Claims, Page};
use crate::layout::Id;

/// Tags kept of all repositories together; one takes some 130 bytes.
pub(super) const TAGS_MAX: usize = 250_000;

/// The repositories whose tags are kept, the one that was asked for last at the end.
#[derive(Debug, Default)]
pub(crate) struct Indexes(Mutex<Vec<(Repository, Arc<Index>)>>);

/// The tags of a repository.
#[derive(Debug, Default)]
pub(crate) struct Index {
    /// once the tags are all there; false where they are too many
    pub(super) built: OnceCell<bool>,
    tags: Mutex<Tags>,
}

/// A change of what tags say that is under way. If it does not come to its end, nobody knows what
/// they say, and the store is asked again.
pub(crate) struct Unsure<'a> {
    pub(super) indexes: &'a Indexes,
    pub(super) repository: &'a Repository,
}

#[derive(Debug, Default)]
struct Tags {
    live: BTreeMap<Tag, Id>,
    /// what changed while the store was read; nothing after that
    changes: Option<Changes>,
}

#[derive(Debug, Default)]
struct Changes {
    tags: BTreeMap<Tag, Option<Id>>,
    dead: HashSet<Id>,
}

impl Indexes {
    /// The index of a repository, as far as it is built.
    pub(super) fn of(&self, repository: &Repository) -> Arc<Index> {
        let mut all = self.all();
        let known = all.iter().position(|(of, _)| of == repository);
        let (name, index) = match known {
            Some(position) => all.remove(position),
            None => {
                let index = Index::default();
                index.tags().changes = Some(Changes::default());
                (repository.clone(), Arc::new(index))
            }
        };
        all.push((name, Arc::clone(&index)));
        index
    }

    /// Lets go of what was asked for longest ago, as far as all together are too many.
    pub(super) fn trim(&self) {
        let mut all = self.all();
        let mut room = TAGS_MAX;
        let sizes = all.iter().rev().map(|(_, index)| index.tags().live.len() + 1);
        let kept = sizes.take_while(|size| {
            let fits = *size <= room;
            room = room.saturating_sub(*size);
            fits
        });
        let kept = kept.count();
        let gone = all.len() - kept;
        all.drain(..gone);
    }

    /// The index is what the store says no longer, or nobody knows.
    pub(super) fn forget(&self, repository: &Repository) {
        self.all().retain(|(of, _)| of != repository);
    }

    /// A tag points at a manifest by this claim; none: it is gone.
    pub(super) fn points(&self, repository: &Repository, tag: &Tag, claim: Option<&Id>) {
        if let Some(index) = self.kept(repository) {
            index.change(tag, claim.cloned());
        }
    }

    /// These claims are gone, and the tags with them.
    pub(super) fn died(&self, repository: &Repository, claims: &Claims) {
        if let Some(index) = self.kept(repository) {
            index.died(claims);
        }
    }

    fn kept(&self, repository: &Repository) -> Option<Arc<Index>> {
        let all = self.all();
        all.iter().find(|(of, _)| of == repository).map(|(_, index)| Arc::clone(index))
    }

    fn all(&self) -> MutexGuard<'_, Vec<(Repository, Arc<Index>)>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Unsure<'_> {
    /// It came to its end.
    pub(crate) fn settled(self) {
        std::mem::forget(self);
    }
}

impl Drop for Unsure<'_> {
    fn drop(&mut self) {
        self.indexes.forget(self.repository);
    }
}

impl Index {
    /// The store was read; what changed meanwhile is newer.
    pub(super) fn fill(&self, read: impl IntoIterator<Item = (Tag, Id)>) {
        let mut tags = self.tags();
        let changes = tags.changes.take().unwrap_or_default();
        tags.live = read.into_iter().collect();
        tags.live.retain(|_, claim| !changes.dead.contains(claim));
        for (tag, claim) in changes.tags {
            match claim.filter(|claim| !changes.dead.contains(claim)) {
                Some(claim) => tags.live.insert(tag, claim),
                None => tags.live.remove(&tag),
            };
        }
    }

    fn change(&self, tag: &Tag, claim: Option<Id>) {
        let mut tags = self.tags();
        if let Some(changes) = &mut tags.changes {
            changes.tags.insert(tag.clone(), claim);
            return;
        }
        match claim {
            Some(claim) => tags.live.insert(tag.clone(), claim),
            None => tags.live.remove(tag),
        };
    }

    fn died(&self, claims: &Claims) {
        let mut tags = self.tags();
        match &mut tags.changes {
            Some(changes) => changes.dead.extend(claims.all().cloned()),
            None => tags.live.retain(|_, claim| !claims.contain(claim)),
        }
    }

    /// At most `limit` tags after `last`.
    pub(super) fn page(&self, last: Option<&str>, limit: usize) -> Page<Tag> {
        let tags = self.tags();
        let after = match last {
            Some(last) => Bound::Excluded(last),
            None => Bound::Unbounded,
        };
        let mut names = tags.live.range::<str, _>((after, Bound::Unbounded)).map(|(tag, _)| tag);
        let items = names.by_ref().take(limit).cloned().collect();
        Page { items, more: names.next().is_some() }
    }

    /// The tags that count by one of some claims.
    pub(super) fn of_claims(&self, claims: impl Fn(&Id) -> bool) -> Vec<Tag> {
        let tags = self.tags();
        let pointing = tags.live.iter().filter(|(_, claim)| claims(claim));
        pointing.map(|(tag, _)| tag.clone()).collect()
    }

    fn tags(&self) -> MutexGuard<'_, Tags> {
        self.tags.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
