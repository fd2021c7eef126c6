//! The entries by which a manifest knows what names it: its referrers, with it as their subject,
//! and the indexes that it is a child of; then those that name these, and so on up.

use std::{
    collections::{BTreeMap, HashSet},
    sync::Arc,
};

use roadstead_oci::{Digest, Repository, Tag};

use super::Resolver;
use crate::{
    Manifest, Result,
    layout::{Entry, Prefix, undashed},
};

/// A manifest that leads to another.
#[derive(Clone, Debug)]
pub struct Above {
    /// the manifest
    pub manifest: Arc<Manifest>,
    /// all of its tags, if any
    pub tags: Vec<Tag>,
}

impl Resolver {
    /// The entries of a manifest, by their names, that count: it is visible by their claims.
    async fn counting(
        &self,
        repository: &Repository,
        manifest: &Digest,
        names: &[String],
    ) -> Result<Vec<Entry>> {
        let mut counting = Vec::new();
        for entry in names.iter().filter_map(|name| Entry::parse(name)) {
            if self.is_visible(repository, manifest, &entry.claim).await? {
                counting.push(entry);
            }
        }
        Ok(counting)
    }

    /// The manifests that have a folder of entries in a folder, whether or not they count.
    pub(crate) async fn named_in(&self, folder: &Prefix<'_>) -> Result<Vec<Digest>> {
        let names = self.names(folder).await?;
        Ok(names.iter().filter_map(|name| undashed(name)).collect())
    }

    /// The entries of a visible manifest in a folder of them.
    pub(crate) async fn entries(
        &self,
        repository: &Repository,
        manifest: &Digest,
        folder: &Prefix<'_>,
    ) -> Result<Vec<Entry>> {
        let names = self.names(folder).await?;
        self.counting(repository, manifest, &names).await
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
                for naming in self.naming(repository, &folder, usize::MAX).await? {
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

    /// At most `max` of the visible manifests that have an entry in a folder of referrers or
    /// parents.
    pub(crate) async fn naming(
        &self,
        repository: &Repository,
        folder: &Prefix<'_>,
        max: usize,
    ) -> Result<Vec<Digest>> {
        let mut naming = Vec::new();
        for name in self.names(folder).await? {
            let Some(digest) = undashed(&name) else { continue };
            let entries = self.backend.names(&folder.with(name)).await?;
            if !self.counting(repository, &digest, &entries).await?.is_empty() {
                naming.push(digest);
            }
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
