//! The copies of a manifest: nearly always one, a claim with its body.
//!
//! A damaged copy keeps its claim until the manifest is deleted, since tags and entries name it:
//! they count by any claim on a manifest that has a sound copy.

use std::sync::Arc;

use tokio::sync::MutexGuard;

use roadstead_oci::{Digest, Repository};

use super::Resolver;
use crate::{
    Error, Manifest, Result,
    layout::{Id, Key, Prefix, body_of, record},
    manifests::Names,
};

/// The claims on a manifest, by the names in its folder.
#[derive(Debug, Default)]
pub(crate) struct Claims {
    /// without a body: of a push under way, or what a crash or damage left
    pub(crate) bodiless: Vec<Id>,
    /// with one
    pub(crate) visible: Vec<Id>,
}

/// A manifest as it lies in the store.
pub(crate) struct Stored {
    pub(crate) claims: Claims,
    pub(crate) state: State,
}

/// What can be read of a manifest.
pub(crate) enum State {
    /// no body
    Absent,
    /// bodies, none of which is as it was written
    Damaged(Error),
    /// the bytes, and not what they name
    Unclaimed(Arc<Manifest>, Error),
    /// everything
    Sound(Arc<Manifest>),
}

impl Claims {
    /// By the names in a manifest's folder.
    pub(crate) fn of(mut names: Vec<String>) -> Self {
        names.sort_unstable();
        let claims = names.iter().filter_map(|name| Id::parse(name));
        let has_body = |claim: &Id| names.binary_search(&body_of(claim)).is_ok();
        let (visible, bodiless) = claims.partition(has_body);
        Self { bodiless, visible }
    }

    /// Whether tags and entries that name this claim count.
    pub(crate) fn count(&self, claim: &Id) -> bool {
        !self.visible.is_empty() && self.contain(claim)
    }

    pub(crate) fn contain(&self, claim: &Id) -> bool {
        self.all().any(|one| one == claim)
    }

    /// Those without a body first: so a delete that is cut leaves the manifest visible, or none.
    pub(crate) fn all(&self) -> impl Iterator<Item = &Id> {
        self.bodiless.iter().chain(&self.visible)
    }
}

impl Stored {
    /// The manifest, if its bytes can be served.
    pub(crate) fn manifest(&self) -> Option<&Arc<Manifest>> {
        match &self.state {
            State::Sound(manifest) | State::Unclaimed(manifest, _) => Some(manifest),
            State::Absent | State::Damaged(_) => None,
        }
    }
}

impl Resolver {
    /// The manifest, if the repository serves it.
    pub(crate) async fn manifest(
        &self,
        repository: &Repository,
        digest: &Digest,
    ) -> Result<Option<Arc<Manifest>>> {
        let name = (repository.clone(), digest.clone());
        if let Some(manifest) = self.known.manifests.get(&name) {
            return Ok(Some(manifest));
        }
        let held = self.hold_manifest(&name).await;
        if let Some(manifest) = self.known.manifests.get(&name) {
            return Ok(Some(manifest));
        }
        let stored = held.examine().await?;
        if let State::Damaged(error) = &stored.state {
            tracing::error!(%repository, %digest, %error, "a manifest is damaged; push it again");
        }
        Ok(stored.manifest().cloned())
    }

    /// The manifest, if it is remembered.
    pub(crate) fn manifest_at_hand(
        &self,
        repository: &Repository,
        digest: &Digest,
    ) -> Option<Arc<Manifest>> {
        self.known.manifests.get(&(repository.clone(), digest.clone()))
    }

    /// Holds a manifest, so that nobody else changes what it stands for.
    pub(crate) async fn hold_manifest<'a>(&'a self, name: &'a (Repository, Digest)) -> Held<'a> {
        Held { resolver: self, name, _lock: self.locks.manifest(name).await }
    }

    /// Whether tags and entries count that name this very claim on a manifest.
    pub(crate) async fn is_visible(
        &self,
        repository: &Repository,
        digest: &Digest,
        claim: &Id,
    ) -> Result<bool> {
        let name = (repository.clone(), digest.clone());
        if let Some(manifest) = self.known.manifests.get(&name) {
            return Ok(manifest.claims.contains(claim));
        }
        Ok(self.claims(repository, digest).await?.count(claim))
    }

    /// The digests that a claim names.
    pub(crate) async fn claimed(
        &self,
        repository: &Repository,
        manifest: &Digest,
        claim: &Id,
    ) -> Result<Names> {
        let key = Key::Claim(repository, manifest, claim).path();
        let Some(bytes) = self.immutable(&key).await? else { return Ok(Names::default()) };
        Ok(record::decode(&key, &bytes)?.0)
    }

    /// The claims on a manifest.
    pub(crate) async fn claims(&self, repository: &Repository, digest: &Digest) -> Result<Claims> {
        let names = self.names(&Prefix::Manifests(repository, digest)).await?;
        Ok(Claims::of(names))
    }

    /// Reads a manifest from the disk, whatever is remembered of it.
    async fn stored(&self, name: &(Repository, Digest)) -> Result<Stored> {
        let (repository, digest) = name;
        let claims = self.claims(repository, digest).await?;
        let mut state = State::Absent;
        for claim in &claims.visible {
            let copy = self.copy(name, &claims, claim).await?;
            if copy.rank() > state.rank() {
                state = copy;
            }
            if matches!(state, State::Sound(_)) {
                break;
            }
        }
        Ok(Stored { claims, state })
    }

    /// One copy of a manifest.
    pub(crate) async fn copy(
        &self,
        (repository, digest): &(Repository, Digest),
        claims: &Claims,
        claim: &Id,
    ) -> Result<State> {
        let key = Key::Body(repository, digest, claim).path();
        let body = self.backend.read(&key).await?;
        let body = body.ok_or_else(|| Error::corrupt(&key, "it was listed, but it is missing"));
        let others = claims.all().filter(|other| *other != claim);
        let claims = std::iter::once(claim).chain(others).cloned().collect();
        let read = body.and_then(|body| Manifest::read(&key, digest, &body, claims));
        let manifest = match read {
            Ok(manifest) => Arc::new(manifest),
            Err(error) => return Ok(State::Damaged(error)),
        };
        let key = Key::Claim(repository, digest, claim).path();
        // from the disk: what is remembered of the claim may be sound where that is not
        let names = match self.backend.read(&key).await? {
            None => Err(Error::corrupt(&key, "it was listed, but it is missing")),
            Some(claim) => record::decode::<Names>(&key, &claim),
        };
        Ok(match names {
            Ok(_) => State::Sound(manifest),
            Err(error) => State::Unclaimed(manifest, error),
        })
    }
}

/// A manifest's name that is held.
pub(crate) struct Held<'a> {
    resolver: &'a Resolver,
    name: &'a (Repository, Digest),
    _lock: MutexGuard<'a, ()>,
}

impl Held<'_> {
    /// What the disk has of the manifest, which is what is remembered from now on.
    pub(crate) async fn examine(&self) -> Result<Stored> {
        let stored = self.resolver.stored(self.name).await?;
        match stored.manifest() {
            Some(manifest) => self.is_now(Arc::clone(manifest)),
            None => self.is_gone(),
        }
        Ok(stored)
    }

    /// The manifest was stored.
    pub(crate) fn is_now(&self, manifest: Arc<Manifest>) {
        self.resolver.known.manifests.insert(self.name.clone(), manifest);
    }

    /// The manifest is about to go: whoever misses it here asks the store.
    pub(crate) fn is_gone(&self) {
        self.resolver.known.manifests.invalidate(self.name);
    }
}

impl State {
    /// The greater, the better.
    pub(crate) fn rank(&self) -> u8 {
        match self {
            Self::Absent => 0,
            Self::Damaged(_) => 1,
            Self::Unclaimed(..) => 2,
            Self::Sound(_) => 3,
        }
    }
}
