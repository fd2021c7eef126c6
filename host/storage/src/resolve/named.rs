//! Which manifests of a repository name a blob: what a delete has to know.
//!
//! The claims say so, one object a manifest. They are read once, before anybody has to wait, and
//! whoever claims something later adds it here before he looks for it. What is known here may be
//! more than what is so: an entry of a push that was refused says nothing, and is looked at.

use std::{
    collections::{HashMap, HashSet},
    hash::{BuildHasher, RandomState},
    sync::Arc,
};

use futures::{StreamExt, TryStreamExt, stream};

use roadstead_oci::{Digest, Repository};

use super::{
    Resolver,
    kept::{Index, Unsure, Whole},
};
use crate::{
    Error, Result,
    layout::{Id, Key, Prefix, record},
    manifests::Names,
};

/// What the claims of a repository name; one of them takes some 250 bytes.
#[derive(Debug, Default)]
pub(crate) struct Named {
    hasher: RandomState,
    by: HashMap<Id, Claimed>,
}

/// A claim on a manifest.
#[derive(Debug)]
struct Claimed {
    manifest: Digest,
    /// hashes of what it names; none where that can't be read
    names: Option<Box<[u64]>>,
}

impl Whole for Named {
    const MAX: usize = 150_000;

    fn count(&self) -> usize {
        self.by.len()
    }
}

impl Named {
    fn add(&mut self, claim: Id, manifest: &Digest, names: Option<&Names>) {
        let hash = |digest| self.hasher.hash_one(digest);
        let names = names.map(|names| names.all().map(hash).collect());
        self.by.insert(claim, Claimed { manifest: manifest.clone(), names });
    }

    /// The manifests that may name the blob.
    fn candidates(&self, blob: &Digest) -> HashSet<Digest> {
        let hash = self.hasher.hash_one(blob);
        let may = |of: &&Claimed| of.names.as_ref().is_none_or(|names| names.contains(&hash));
        self.by.values().filter(may).map(|claimed| claimed.manifest.clone()).collect()
    }
}

impl Resolver {
    /// A claim is about to be written.
    pub(crate) fn is_claiming(
        &self,
        (repository, manifest): &(Repository, Digest),
        claim: &Id,
        names: &Names,
    ) {
        let claim = claim.clone();
        self.known.named.change(repository, |named| named.add(claim, manifest, Some(names)));
    }

    /// Some claims are gone.
    pub(crate) fn claims_nothing<'a>(
        &self,
        repository: &Repository,
        claims: impl IntoIterator<Item = &'a Id>,
    ) {
        self.known.named.change(repository, |named| {
            for claim in claims {
                named.by.remove(claim);
            }
        });
    }

    /// Reads what the manifests of a repository name, unless that is known.
    pub(crate) async fn names_known(&self, repository: &Repository) -> Result<Arc<Index<Named>>> {
        let index = self.known.named.of(repository);
        let unsure: Unsure<'_, Named> = self.known.named.unsure(repository);
        let built = index.built.get_or_try_init(async || {
            const AT_ONCE: usize = 32;
            let folder = |algorithm| Prefix::ManifestsOf(repository, algorithm);
            let read = stream::iter(self.digests_in(folder).await?)
                .map(async |manifest| {
                    Ok((self.claimed_names(repository, &manifest).await?, manifest))
                })
                .buffer_unordered(AT_ONCE);
            let mut read = std::pin::pin!(read);
            while let Some((claimed, manifest)) = read.try_next().await? {
                let mut named = index.known();
                for (claim, names) in claimed {
                    named.add(claim, &manifest, names.as_ref());
                }
            }
            self.known.named.trim();
            Ok::<_, Error>(true)
        });
        built.await?;
        unsure.settled();
        Ok(index)
    }

    /// What each claim on a manifest names; none where that can't be read.
    async fn claimed_names(
        &self,
        repository: &Repository,
        manifest: &Digest,
    ) -> Result<Vec<(Id, Option<Names>)>> {
        let mut all = Vec::new();
        for claim in self.claims(repository, manifest).await?.all() {
            let key = Key::Claim(repository, manifest, claim).path();
            // withdrawn meanwhile
            let Some(bytes) = self.backend.read(&key).await? else { continue };
            let names = record::decode::<Names>(&key, &bytes).ok().map(|(names, _)| names);
            all.push((claim.clone(), names));
        }
        Ok(all)
    }

    /// A visible manifest that names the blob. With the repository held, and what is known of it
    /// from before that.
    pub(crate) async fn manifest_naming(
        &self,
        repository: &Repository,
        blob: &Digest,
        mut known: Arc<Index<Named>>,
    ) -> Result<Option<Digest>> {
        if !self.known.named.reaches(repository, &known) {
            known = self.names_known(repository).await?;
        }
        let candidates = known.known().candidates(blob);
        for manifest in candidates {
            let (mut readable, mut damage) = (false, None);
            for claim in self.claims(repository, &manifest).await?.visible {
                match self.claimed(repository, &manifest, &claim).await {
                    Ok(names) if names.contains(blob) => return Ok(Some(manifest)),
                    Ok(_) => readable = true,
                    Err(error) => damage = Some(error),
                }
            }
            // of one copy that can be read the others have nothing to add
            if let Some(error) = damage.filter(|_| !readable) {
                return Err(error);
            }
        }
        Ok(None)
    }
}
