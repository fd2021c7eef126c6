//! Tags: the greatest key of a tag's folder is its value.
//!
//! A value names the manifest's claim as well as its digest, so that a tag never revives a
//! manifest that was deleted and pushed again. A write puts the next greater key before it
//! removes the smaller ones, so that the tag is never absent to readers; it lists again in
//! between, so that of two writers the one with the greater key has the last word.

use futures::{StreamExt, TryStreamExt, stream};
use serde_json::Value;

use roadstead_oci::{Digest, Repository, Tag};

use super::{Claims, Page, Resolver};
use crate::{
    Manifest, Result,
    layout::{Id, Key, Prefix, TagKey, record, unterminated},
};

impl Resolver {
    /// The manifest that the tag points at (end-3).
    pub(crate) async fn tagged(
        &self,
        repository: &Repository,
        tag: &Tag,
    ) -> Result<Option<std::sync::Arc<Manifest>>> {
        let name = (repository.clone(), tag.clone());
        let mut key = self.tag_value(&name).await?;
        loop {
            let Some(value) = key else { return Ok(None) };
            let manifest = self.manifest(repository, &value.digest).await?;
            if manifest.as_ref().is_some_and(|found| found.claims.contains(&value.claim)) {
                return Ok(manifest);
            }
            // Deleted after the tag was read, perhaps because the tag had moved on.
            let now = self.tag_value(&name).await?;
            if now.as_ref() == Some(&value) {
                return Ok(None);
            }
            key = now;
        }
    }

    /// What the tag says, whether or not that manifest is still visible.
    pub(crate) async fn tag_value(&self, name: &(Repository, Tag)) -> Result<Option<TagKey>> {
        if let Some(value) = self.known.tags.get(name) {
            return Ok(Some(value));
        }
        let _lock = self.locks.tag(name).await;
        let greatest = self.tag_keys(&name.0, &name.1).await?.pop();
        let value = greatest.filter(|key| !key.gone);
        if let Some(value) = &value {
            self.known.tags.insert(name.clone(), value.clone());
        }
        Ok(value)
    }

    /// A tag's keys, the greatest last.
    pub(crate) async fn tag_keys(&self, repository: &Repository, tag: &Tag) -> Result<Vec<TagKey>> {
        let names = self.names(&Prefix::TagKeys(repository, tag)).await?;
        Ok(names.iter().filter_map(|name| TagKey::parse(name)).collect())
    }

    /// Points a tag at a manifest, by the claim that it counts by.
    pub(crate) async fn put_tag(
        &self,
        manifest: &(Repository, Digest),
        tag: &Tag,
        claim: &Id,
        said: &Value,
    ) -> Result<()> {
        let (repository, digest) = manifest;
        let name = (repository.clone(), tag.clone());
        let _lock = self.locks.tag(&name).await;
        let greatest = self.tag_keys(repository, tag).await?.pop();
        let points_there = |key: &TagKey| !key.gone && key.claim == *claim && key.digest == *digest;
        let value = match greatest {
            Some(key) if points_there(&key) => key,
            greatest => {
                let number = greatest.map_or(0, |key| key.number) + 1;
                let (claim, digest) = (claim.clone(), digest.clone());
                let key = TagKey { number, id: Id::random(), claim, digest, gone: false };
                let path = Key::Tag(repository, tag, &key).path();
                self.known.tags.invalidate(&name);
                self.backend.put(&path, record::encode(said, b"")).await?;
                key
            }
        };
        self.remove_smaller_keys(repository, tag).await?;
        self.known.tags.insert(name, value);
        Ok(())
    }

    /// Removes the keys of each tag whose value names one of the claims. They are dead already.
    pub(crate) async fn remove_tags_of(
        &self,
        repository: &Repository,
        claims: &Claims,
    ) -> Result<()> {
        for folder in self.names(&Prefix::Tags(repository)).await? {
            let Some(tag) = unterminated(&folder).and_then(|tag| Tag::parse(tag).ok()) else {
                continue;
            };
            let name = (repository.clone(), tag.clone());
            let _lock = self.locks.tag(&name).await;
            let keys = self.tag_keys(repository, &tag).await?;
            if !keys.last().is_some_and(|key| claims.contain(&key.claim)) {
                continue;
            }
            // the smaller ones first, or an older value would surface
            for key in &keys {
                self.backend.discard(&Key::Tag(repository, &tag, key).path()).await;
            }
            self.known.tags.invalidate(&name);
        }
        Ok(())
    }

    async fn remove_smaller_keys(&self, repository: &Repository, tag: &Tag) -> Result<()> {
        let mut keys = self.tag_keys(repository, tag).await?;
        keys.pop();
        for key in keys {
            self.backend.discard(&Key::Tag(repository, tag, &key).path()).await;
        }
        Ok(())
    }

    /// Deletes a tag and leaves its manifest (end-9). False: there was none.
    pub(crate) async fn delete_tag(
        &self,
        repository: &Repository,
        tag: &Tag,
        said: &Value,
    ) -> Result<bool> {
        let _shared = self.locks.refer(repository).await;
        if self.tagged(repository, tag).await?.is_none() {
            return Ok(false);
        }
        let name = (repository.clone(), tag.clone());
        let _lock = self.locks.tag(&name).await;
        let greatest = self.tag_keys(repository, tag).await?.pop();
        let Some(value) = greatest.filter(|key| !key.gone) else { return Ok(false) };
        let tombstone = TagKey { gone: true, ..value };
        let path = Key::Tag(repository, tag, &tombstone).path();
        self.known.tags.invalidate(&name);
        self.backend.put(&path, record::encode(said, b"")).await?;
        self.remove_smaller_keys(repository, tag).await?;
        Ok(true)
    }

    /// At most `limit` tags after `last`, in byte order (end-8): those that a GET would find.
    pub(crate) async fn tags(
        &self,
        repository: &Repository,
        last: Option<&str>,
        limit: usize,
    ) -> Result<Page<Tag>> {
        const AT_ONCE: usize = 16;
        let folders = self.names(&Prefix::Tags(repository)).await?;
        let named = folders.iter().filter_map(|folder| Tag::parse(unterminated(folder)?).ok());
        let named: Vec<Tag> =
            named.filter(|tag| last.is_none_or(|last| tag.as_str() > last)).collect();
        let live = stream::iter(named)
            .map(|tag| async move {
                let live = self.is_live(repository, &tag).await?;
                Ok(live.then_some(tag))
            })
            .buffered(AT_ONCE);
        let live = live.try_filter_map(|tag| async { Ok(tag) });
        let mut items: Vec<Tag> = live.take(limit + 1).try_collect().await?;
        let more = items.len() > limit;
        items.truncate(limit);
        Ok(Page { items, more })
    }

    async fn is_live(&self, repository: &Repository, tag: &Tag) -> Result<bool> {
        let name = (repository.clone(), tag.clone());
        let Some(value) = self.tag_value(&name).await? else { return Ok(false) };
        if self.is_visible(repository, &value.digest, &value.claim).await? {
            return Ok(true);
        }
        Ok(self.tagged(repository, tag).await?.is_some())
    }
}
