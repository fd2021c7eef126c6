//! The tags of a repository in their order, with the claims that they count by.

use std::{
    collections::{BTreeMap, HashSet},
    ops::Bound,
};

use roadstead_oci::Tag;

use super::{Claims, Limit, Page, kept::Whole};
use crate::layout::Id;

/// The tags of a repository; one takes some 130 bytes.
#[derive(Debug)]
pub(crate) struct Tags {
    live: BTreeMap<Tag, Id>,
    /// what changed while the store is read; nothing after that
    changes: Option<Changes>,
}

#[derive(Debug, Default)]
struct Changes {
    tags: BTreeMap<Tag, Option<Id>>,
    dead: HashSet<Id>,
}

impl Default for Tags {
    fn default() -> Self {
        Self { live: BTreeMap::new(), changes: Some(Changes::default()) }
    }
}

impl Whole for Tags {
    const MAX: usize = 250_000;

    fn count(&self) -> usize {
        self.live.len()
    }
}

impl Tags {
    /// The store was read; what changed meanwhile is newer.
    pub(super) fn fill(&mut self, read: impl IntoIterator<Item = (Tag, Id)>) {
        let changes = self.changes.take().unwrap_or_default();
        self.live = read.into_iter().collect();
        self.live.retain(|_, claim| !changes.dead.contains(claim));
        for (tag, claim) in changes.tags {
            match claim.filter(|claim| !changes.dead.contains(claim)) {
                Some(claim) => self.live.insert(tag, claim),
                None => self.live.remove(&tag),
            };
        }
    }

    /// A tag points at a manifest by this claim; none: it is gone.
    pub(super) fn points(&mut self, tag: &Tag, claim: Option<Id>) {
        if let Some(changes) = &mut self.changes {
            changes.tags.insert(tag.clone(), claim);
            return;
        }
        match claim {
            Some(claim) => self.live.insert(tag.clone(), claim),
            None => self.live.remove(tag),
        };
    }

    /// These claims are gone, and with them those of the tags that point at one: no other tag does.
    pub(super) fn died(&mut self, claims: &Claims, tags: &[Tag]) {
        if let Some(changes) = &mut self.changes {
            changes.dead.extend(claims.all().cloned());
            return;
        }
        for tag in tags {
            if self.live.get(tag).is_some_and(|claim| claims.contain(claim)) {
                self.live.remove(tag);
            }
        }
    }

    /// The tags after `last` that the limit has room for.
    pub(super) fn page(&self, last: Option<&str>, mut limit: Limit) -> Page<Tag> {
        let after = match last {
            Some(last) => Bound::Excluded(last),
            None => Bound::Unbounded,
        };
        let mut items = Vec::new();
        for (tag, _) in self.live.range::<str, _>((after, Bound::Unbounded)) {
            if !limit.take(tag.as_str()) {
                return Page { items, more: true };
            }
            items.push(tag.clone());
        }
        Page { items, more: false }
    }

    /// The tags that count by one of some claims.
    pub(super) fn of_claims(&self, claims: impl Fn(&Id) -> bool) -> Vec<Tag> {
        let pointing = self.live.iter().filter(|(_, claim)| claims(claim));
        pointing.map(|(tag, _)| tag.clone()).collect()
    }
}
