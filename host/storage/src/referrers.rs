//! What names a manifest: its referrers, with it as their subject (end-12), and the indexes that it
//! is a child of; then those that name these, and so on up.

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
};

use bytes::Bytes;
use futures::{Stream, StreamExt, TryStreamExt, stream};

use roadstead_oci::{Digest, Repository, Tag};

use crate::{
    Manifest, Result, Storage,
    key::{Key, undashed, unterminated},
    names::Entry,
};

/// A manifest with tags that leads to another.
#[derive(Clone, Debug)]
pub struct Above {
    /// the manifest
    pub manifest: Arc<Manifest>,
    /// all of its tags
    pub tags: Vec<Tag>,
}

/// Whether it is a descriptor of that manifest; the rest of it is for whoever reads it.
pub(crate) fn describes(descriptor: &[u8], manifest: &Digest) -> bool {
    let descriptor = serde_json::from_slice::<serde_json::Value>(descriptor).unwrap_or_default();
    descriptor["digest"] == manifest.as_str()
}

impl Storage {
    /// The descriptors of the visible manifests that name `subject`, as the API lists them, each
    /// with its digest, in the order of the digests after `last`.
    ///
    /// A descriptor holds its manifest's annotations, so all of them may be large together: they
    /// are read one by one, as far as somebody asks.
    pub async fn referrers<'a>(
        &'a self,
        repository: &'a Repository,
        subject: &'a Digest,
        last: Option<&Digest>,
    ) -> Result<impl Stream<Item = Result<(Digest, Bytes)>> + Send + use<'a>> {
        let names = self.backend.names(&Key::Referrers(repository, subject).path()).await?;
        let mut referrers: Vec<_> = names.iter().filter_map(|name| undashed(name)).collect();
        referrers.retain(|referrer| last.is_none_or(|last| referrer > last));
        Ok(stream::iter(referrers).map(Ok).try_filter_map(move |referrer| async move {
            let descriptor = self.referrer(repository, subject, &referrer).await?;
            Ok(descriptor.map(|descriptor| (referrer, descriptor)))
        }))
    }

    async fn referrer(
        &self,
        repository: &Repository,
        subject: &Digest,
        referrer: &Digest,
    ) -> Result<Option<Bytes>> {
        let entries = Key::ReferrerEntries(repository, subject, referrer).path();
        for name in self.backend.names(&entries).await? {
            let Some(entry) = Entry::parse(&name) else { continue };
            if !self.is_visible(repository, referrer, &entry.claim).await? {
                continue;
            }
            let key = Key::Referrer(repository, subject, referrer, &entry).path();
            match self.immutable(&key).await? {
                Some(descriptor) if describes(&descriptor, referrer) => {
                    return Ok(Some(descriptor));
                }
                Some(_) => tracing::error!(key, "a descriptor is damaged; push its manifest again"),
                None => {}
            }
        }
        Ok(None)
    }

    /// The visible manifests with tags that lead to `manifest`, which need not be there itself.
    /// None: more than `max` manifests lead to it.
    pub async fn above(
        &self,
        repository: &Repository,
        manifest: &Digest,
        max: usize,
    ) -> Result<Option<Vec<Above>>> {
        let mut above = HashSet::new();
        let mut ahead = vec![manifest.clone()];
        while let Some(below) = ahead.pop() {
            for folder in [Key::Referrers(repository, &below), Key::Parents(repository, &below)] {
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
        self.tagged_among(repository, &above).await.map(Some)
    }

    /// At most `max` of the visible manifests that have an entry in a folder of referrers or
    /// parents.
    pub(crate) async fn naming(
        &self,
        repository: &Repository,
        folder: &Key<'_>,
        max: usize,
    ) -> Result<Vec<Digest>> {
        let folder = folder.path();
        let mut naming = Vec::new();
        for name in self.backend.names(&folder).await? {
            let Some(digest) = undashed(&name) else { continue };
            for entry in self.backend.names(&format!("{folder}/{name}")).await? {
                let Some(entry) = Entry::parse(&entry) else { continue };
                if self.is_visible(repository, &digest, &entry.claim).await? {
                    naming.push(digest);
                    break;
                }
            }
            if naming.len() >= max {
                break;
            }
        }
        Ok(naming)
    }

    /// Those of some manifests that have tags. A tag says what it points at and no manifest says
    /// by what it is tagged, so this looks at every tag of the repository.
    async fn tagged_among(
        &self,
        repository: &Repository,
        among: &HashSet<Digest>,
    ) -> Result<Vec<Above>> {
        const AT_ONCE: usize = 16;
        if among.is_empty() {
            return Ok(Vec::new());
        }
        let folders = self.backend.names(&Key::Tags(repository).path()).await?;
        let tags = folders.iter().filter_map(|folder| Tag::parse(unterminated(folder)?).ok());
        let tags: Vec<Tag> = tags.collect();
        let pointing = stream::iter(tags)
            .map(|tag| async move {
                let value = self.tag_value(&(repository.clone(), tag.clone())).await?;
                if !value.is_some_and(|value| among.contains(&value.digest)) {
                    return Ok(None);
                }
                let manifest = self.tagged(repository, &tag).await?;
                Ok(manifest.map(|manifest| (manifest, tag)))
            })
            .buffered(AT_ONCE);
        let mut pointing = std::pin::pin!(pointing);
        let mut found: HashMap<Digest, Above> = HashMap::new();
        while let Some(pointing) = pointing.try_next().await? {
            let Some((manifest, tag)) = pointing else { continue };
            let at = found.entry(manifest.digest.clone());
            at.or_insert_with(|| Above { manifest, tags: Vec::new() }).tags.push(tag);
        }
        let mut found: Vec<_> = found.into_values().collect();
        found.sort_by(|a, b| a.manifest.digest.cmp(&b.manifest.digest));
        Ok(found)
    }
}
