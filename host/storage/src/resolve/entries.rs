//! The entries by which a manifest knows what names it: its referrers, with it as their subject,
//! and the indexes that it is a child of; then those that name these, and so on up.

use std::{
    collections::{BTreeMap, HashMap, HashSet},
    sync::Arc,
};

use roadstead_oci::{Digest, Repository, Tag};

use super::{Claims, Resolver};
use crate::{
    Manifest, Result,
    layout::{Entry, Id, Prefix, dashed, undashed},
};

/// Entries that are looked at together.
pub(super) const ENTRIES_AT_ONCE: usize = 1024;

/// A manifest that leads to another.
#[derive(Clone, Debug)]
pub struct Above {
    /// the manifest
    pub manifest: Arc<Manifest>,
    /// all of its tags, if any
    pub tags: Vec<Tag>,
}

impl Resolver {
    /// The manifests that have a folder of entries in a folder, whether or not they count.
    pub(crate) async fn named_in(&self, folder: &Prefix<'_>) -> Result<Vec<Digest>> {
        let names = self.names(folder).await?;
        Ok(names.iter().filter_map(|name| undashed(name)).collect())
    }

    /// The entries below a subject or child, whether or not they count, by their manifests.
    pub(crate) async fn entries(&self, folder: &Prefix<'_>) -> Result<Vec<Entry>> {
        let keys = self.backend.keys_below(&folder.path()).await?;
        let mut entries: Vec<_> = keys.iter().filter_map(|key| Entry::parse(key)).collect();
        // those of older stores have other keys
        entries.sort_by(|a, b| a.manifest.cmp(&b.manifest));
        Ok(entries)
    }

    /// The entries of one manifest that count with these claims.
    ///
    /// There may be thousands of others in the folder, so it is listed only if an entry is not
    /// where the push of its claim wrote it.
    pub(crate) async fn entries_of(
        &self,
        folder: &Prefix<'_>,
        manifest: &Digest,
        claims: &[Id],
    ) -> Result<Vec<Entry>> {
        let mut found = Vec::new();
        for claim in claims {
            let entry = Entry::first(manifest, claim);
            if self.backend.stamp(&folder.with(&entry)).await?.is_some() {
                found.push(entry);
            }
        }
        if found.len() == claims.len() {
            return Ok(found);
        }
        let nested = dashed(manifest);
        for name in self.backend.names(&folder.with(&nested)).await? {
            found.extend(Entry::parse(&format!("{nested}/{name}")));
        }
        found.retain(|entry| claims.contains(&entry.claim));
        let lacks = |claim: &Id| !found.iter().any(|entry| entry.claim == *claim);
        if claims.iter().any(lacks) {
            found = self.entries(folder).await?;
            found.retain(|of| of.manifest == *manifest && claims.contains(&of.claim));
        }
        Ok(found)
    }

    /// Those of some entries that count: their manifests are visible by their claims.
    pub(crate) async fn counting(
        &self,
        repository: &Repository,
        mut entries: Vec<Entry>,
    ) -> Result<Vec<Entry>> {
        let mut manifests: Vec<_> = entries.iter().map(|entry| entry.manifest.clone()).collect();
        manifests.dedup();
        let mut claims = HashMap::new();
        for manifests in manifests.chunks(ENTRIES_AT_ONCE) {
            let folder = |of| Prefix::Manifests(repository, of).path();
            let names = self.backend.names_in_each(manifests.iter().map(folder).collect()).await?;
            claims.extend(manifests.iter().zip(names.into_iter().map(Claims::of)));
        }
        entries.retain(|of| claims.get(&of.manifest).is_some_and(|by| by.count(&of.claim)));
        Ok(entries)
    }

    /// The visible manifests that lead to `manifest`, which need not be there itself.
    /// None: more than `max` manifests lead to it.
    pub(crate) async fn above(
        &self,
        repository: &Repository,
        manifest: &Digest,
        max: usize,
    ) -> Result<Option<Vec<Above>>> {
        let mut above = HashSet::new();
        let mut ahead = vec![manifest.clone()];
        while let Some(below) = ahead.pop() {
            for folder in
                [Prefix::Referrers(repository, &below), Prefix::Parents(repository, &below)]
            {
                for naming in self.naming(repository, &folder, max.saturating_add(2)).await? {
                    if naming != *manifest && above.insert(naming.clone()) {
                        ahead.push(naming);
                    }
                }
                if above.len() > max {
                    return Ok(None);
                }
            }
        }
        self.with_tags(repository, &above).await.map(Some)
    }

    /// About `max` of the visible manifests that have an entry in a folder of referrers or
    /// parents, or all of them if they are fewer.
    pub(crate) async fn naming(
        &self,
        repository: &Repository,
        folder: &Prefix<'_>,
        max: usize,
    ) -> Result<Vec<Digest>> {
        let mut naming = Vec::new();
        let entries = self.entries(folder).await?;
        // of a few, most count: looking at more than a few at once would be in vain
        let at_once = max.clamp(16, ENTRIES_AT_ONCE);
        for entries in entries.chunks(at_once) {
            let counting = self.counting(repository, entries.to_vec()).await?;
            naming.extend(counting.into_iter().map(|entry| entry.manifest));
            naming.dedup();
            if naming.len() >= max {
                break;
            }
        }
        Ok(naming)
    }

    /// Some manifests, as far as they are there, with their tags.
    async fn with_tags(
        &self,
        repository: &Repository,
        digests: &HashSet<Digest>,
    ) -> Result<Vec<Above>> {
        let (mut claims, mut found) = (HashSet::new(), BTreeMap::<Digest, Above>::new());
        for digest in digests {
            let Some(manifest) = self.manifest(repository, digest).await? else { continue };
            claims.extend(manifest.claims.iter().cloned());
            found.insert(digest.clone(), Above { manifest, tags: Vec::new() });
        }
        if claims.is_empty() {
            return Ok(Vec::new());
        }
        for tag in self.tags_of(repository, |claim| claims.contains(claim)).await? {
            let Some(manifest) = self.tagged(repository, &tag).await? else { continue };
            if let Some(above) = found.get_mut(&manifest.digest) {
                above.tags.push(tag);
            }
        }
        Ok(found.into_values().collect())
    }
}
