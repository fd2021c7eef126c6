//! Tags: the greatest key of a tag's folder is its value.
//!
//! A value names the manifest's claim as well as its digest, so that a tag never revives a
//! manifest that was deleted and pushed again. A write puts the next greater key before it
//! removes the smaller ones, so that the tag is never absent to readers; it lists again in
//! between, so that of two writers the one with the greater key has the last word.

use std::{collections::HashSet, sync::Arc};

use futures::{StreamExt, TryStreamExt, stream};
use serde_json::Value;

use roadstead_oci::{Algorithm, Digest, Repository, Tag};

use super::{
    Claims, Limit, Page, Resolver,
    kept::{Index, Unsure, Whole},
    tag_index::Tags,
};
use crate::{
    Error, Manifest, Result,
    layout::{Id, Key, Prefix, TagKey, record, unterminated},
};

impl Resolver {
    /// The manifest that the tag points at (end-3).
    pub(crate) async fn tagged(
        &self,
        repository: &Repository,
        tag: &Tag,
    ) -> Result<Option<Arc<Manifest>>> {
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
        let mut unsure = None;
        let points_there = |key: &TagKey| !key.gone && key.claim == *claim && key.digest == *digest;
        let value = match greatest {
            Some(key) if points_there(&key) => key,
            greatest => {
                let number = greatest.map_or(0, |key| key.number) + 1;
                let (claim, digest) = (claim.clone(), digest.clone());
                let key = TagKey { number, id: Id::random(), claim, digest, gone: false };
                let path = Key::Tag(repository, tag, &key).path();
                self.known.tags.invalidate(&name);
                unsure = Some(self.unsure(repository));
                self.backend.put(&path, record::encode(said, b"")).await?;
                key
            }
        };
        self.remove_smaller_keys(repository, tag).await?;
        let claim = value.claim.clone();
        self.known.all_tags.change(repository, |tags| tags.points(tag, Some(claim)));
        self.known.tags.insert(name, value);
        if let Some(unsure) = unsure {
            unsure.settled();
        }
        Ok(())
    }

    /// Removes the keys of each of some tags whose value names one of the claims. They are dead
    /// already.
    pub(crate) async fn remove_tags(
        &self,
        repository: &Repository,
        tags: Vec<Tag>,
        claims: &Claims,
    ) -> Result<()> {
        const AT_ONCE: usize = 16;
        self.known.all_tags.change(repository, |known| known.died(claims, &tags));
        let tags = stream::iter(tags.into_iter().map(Ok));
        tags.try_for_each_concurrent(AT_ONCE, |tag| self.remove_tag(repository, tag, claims)).await
    }

    async fn remove_tag(&self, repository: &Repository, tag: Tag, claims: &Claims) -> Result<()> {
        let name = (repository.clone(), tag);
        let _lock = self.locks.tag(&name).await;
        let keys = self.tag_keys(repository, &name.1).await?;
        if !keys.last().is_some_and(|key| claims.contain(&key.claim)) {
            return Ok(());
        }
        // the smaller ones first, or an older value would surface
        for key in &keys {
            self.backend.discard(&Key::Tag(repository, &name.1, key).path()).await;
        }
        self.backend.discard_folder(&Prefix::TagKeys(repository, &name.1).path()).await;
        self.known.tags.invalidate(&name);
        Ok(())
    }

    /// The tags that point at one of some manifests by these claims, and perhaps more.
    pub(crate) async fn tags_of(
        &self,
        repository: &Repository,
        claims: impl Fn(&Id) -> bool,
    ) -> Result<Vec<Tag>> {
        match self.index(repository).await? {
            Some(index) => Ok(index.known().of_claims(claims)),
            None => self.all_tags(repository).await,
        }
    }

    async fn all_tags(&self, repository: &Repository) -> Result<Vec<Tag>> {
        let folders = self.names(&Prefix::Tags(repository)).await?;
        let tags = folders.iter().filter_map(|folder| Tag::parse(unterminated(folder)?).ok());
        Ok(tags.collect())
    }

    /// The tags of a repository in their order; none where they are too many to be kept.
    pub(crate) async fn index(&self, repository: &Repository) -> Result<Option<Arc<Index<Tags>>>> {
        let index = self.known.all_tags.of(repository);
        let unsure = self.unsure(repository);
        let built = index.built.get_or_try_init(async || {
            if self.names(&Prefix::Tags(repository)).await?.len() > Tags::MAX {
                return Ok(false);
            }
            let live = self.live_tags(repository).await?;
            index.known().fill(live);
            self.known.all_tags.trim();
            Ok::<_, Error>(true)
        });
        if !*built.await? {
            return Ok(None);
        }
        unsure.settled();
        Ok(Some(index))
    }

    /// Begins a change of what tags say.
    pub(crate) fn unsure<'a>(&'a self, repository: &'a Repository) -> Unsure<'a, Tags> {
        self.known.all_tags.unsure(repository)
    }

    /// What a GET would find of each tag, as the store has it.
    async fn live_tags(&self, repository: &Repository) -> Result<Vec<(Tag, Id)>> {
        let value = |folder: String, names: Vec<String>| {
            let tag = Tag::parse(unterminated(&folder)?).ok()?;
            let keys = names.iter().filter_map(|name| Some((name, TagKey::parse(name)?)));
            let (_, greatest) = keys.max_by(|a, b| a.0.cmp(b.0))?;
            (!greatest.gone).then_some((tag, greatest.claim))
        };
        let mut tags = self.backend.names_below(&Prefix::Tags(repository).path(), value).await?;
        // after the tags, since a push writes its tag last
        let mut visible = HashSet::new();
        for algorithm in Algorithm::ALL {
            let folder = Prefix::ManifestsOf(repository, algorithm).path();
            let claims = |_, names: Vec<String>| Some(Claims::of(names));
            for claims in self.backend.names_below(&folder, claims).await? {
                if !claims.visible.is_empty() {
                    visible.extend(claims.all().cloned());
                }
            }
        }
        tags.retain(|(_, claim)| visible.contains(claim));
        Ok(tags)
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
        let unsure = self.unsure(repository);
        self.backend.put(&path, record::encode(said, b"")).await?;
        for key in self.tag_keys(repository, tag).await?.iter().filter(|key| !key.gone) {
            self.backend.delete(&Key::Tag(repository, tag, key).path()).await?;
        }
        // durably, so the tombstone has nothing left to hide
        self.backend.discard(&path).await;
        self.backend.discard_folder(&Prefix::TagKeys(repository, tag).path()).await;
        self.known.all_tags.change(repository, |tags| tags.points(tag, None));
        unsure.settled();
        Ok(true)
    }

    /// The tags after `last` that the limit has room for, in byte order (end-8): those that a GET
    /// would find.
    pub(crate) async fn tags(
        &self,
        repository: &Repository,
        last: Option<&str>,
        mut limit: Limit,
    ) -> Result<Page<Tag>> {
        const AT_ONCE: usize = 16;
        const NAMES_MAX: usize = 10_000;
        if let Some(index) = self.index(repository).await? {
            return Ok(index.known().page(last, limit));
        }
        let names_max = limit.names.saturating_add(1).min(NAMES_MAX);
        let (mut items, mut after) = (Vec::new(), last.map(ToOwned::to_owned));
        loop {
            let named = self.tags_after(repository, after, names_max).await?;
            let (full, next) = (named.len() == names_max, named.last().map(ToString::to_string));
            let live = stream::iter(named).map(|tag| async move {
                let live = self.is_live(repository, &tag).await?;
                Ok::<_, Error>(live.then_some(tag))
            });
            let mut live = std::pin::pin!(live.buffered(AT_ONCE));
            while let Some(live) = live.try_next().await? {
                let Some(tag) = live else { continue };
                if !limit.take(tag.as_str()) {
                    return Ok(Page { items, more: true });
                }
                items.push(tag);
            }
            if !full {
                return Ok(Page { items, more: false });
            }
            after = next;
        }
    }

    /// At most `max` tags after another one, whether or not they are live.
    async fn tags_after(
        &self,
        repository: &Repository,
        after: Option<String>,
        max: usize,
    ) -> Result<Vec<Tag>> {
        let tag = move |folder: String| {
            let tag = unterminated(&folder)?;
            let follows = after.as_deref().is_none_or(|after| tag > after);
            (follows && Tag::parse(tag).is_ok()).then(|| tag.to_owned())
        };
        let names = self.backend.first_names(&Prefix::Tags(repository).path(), max, tag).await?;
        Ok(names.iter().filter_map(|name| Tag::parse(name).ok()).collect())
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
