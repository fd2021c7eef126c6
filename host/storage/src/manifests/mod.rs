//! Manifests: a claim, then what refers to it, then the body. Visible when body and claim are.
//!
//! Crash argument of a push: claim, catalog, referrer and parent entries, body with its verdict,
//! tags. A crash after any step leaves litter that nobody sees, never a name without bytes or a
//! manifest without its verdict. Entries come before the body, since a client that finds the
//! manifest skips the push, and a referrer would stay hidden for ever.
//!
//! Crash argument of a delete: the claim first. From then on manifest, tags and referrer entry
//! are absent, whatever is left of them.
//!
//! A copy that is damaged is not served (see `sound`). A push finds it on the disk, whatever is
//! remembered, and stores another one by the same steps. So a digest keeps one media type: that of
//! the copy that can be served.

mod delete;
mod referrers;

use std::sync::{Arc, atomic::Ordering};

use bytes::Bytes;
use serde::{Deserialize, Serialize};
use serde_json::json;

use roadstead_oci::{Digest, Repository, Tag};

use crate::{
    Error, Result, Storage,
    layout::{Entry, Id, Key, Prefix, record},
    resolve::{Claims, Held, Proof, State, Stored},
};

/// A manifest that a repository serves.
///
/// Many are kept in memory, so what is rarely asked for stays as it was read.
#[derive(Clone, Debug)]
pub struct Manifest {
    /// the digest that it was pushed by
    pub digest: Digest,
    /// the exact bytes pushed
    pub bytes: Bytes,
    /// as the client sent it
    pub media_type: Arc<str>,
    /// the first line of its body, which was read once
    head: Bytes,
    /// Every claim on it, first that of the copy which these bytes are. More than one after pushes
    /// by several processes, or where a damaged copy was mended.
    pub(crate) claims: Vec<Id>,
}

/// The first line of a manifest's body.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ManifestRecord {
    /// as the client sent it
    pub media_type: String,
    /// what admission takes it for
    pub kind: String,
    /// the manifest that it refers to
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subject: Option<Digest>,
    /// the children, of an index
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub children: Vec<Digest>,
    /// RFC 3339
    pub pushed_at: String,
    /// who pushed it, if that is known
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pushed_by: Option<String>,
    /// what was judged when it was pushed
    pub verdict: serde_json::Value,
}

/// Something that a manifest names, to be found in its repository with the size that it says.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Need {
    /// what is named
    pub digest: Digest,
    /// bytes, as the descriptor says
    pub size: u64,
    /// blob or manifest
    pub of: Named,
    /// the media type that it must be stored with, without parameters; none: any
    pub media_type: Option<String>,
    /// whether it may be absent: a foreign layer, a child of a sparse index
    pub optional: bool,
}

/// What kind of content a descriptor names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Named {
    /// a config or a layer
    Blob,
    /// a child of an index
    Manifest,
}

/// A need that is not met.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unmet {
    /// the need
    pub need: Need,
    /// what is stored in its place: nothing, or as many bytes as these
    pub stored_size: Option<u64>,
    /// the media type that is stored instead
    pub stored_type: Option<String>,
}

/// A claim on a digest, made before what it names is looked for.
#[derive(Debug)]
#[must_use = "a claim is committed or withdrawn"]
pub struct Claim {
    repository: Repository,
    digest: Digest,
    needs: Vec<Need>,
    /// none where a sound copy of the manifest is visible already
    id: Option<Id>,
    /// the media type that the repository serves the digest with
    served_as: Option<String>,
}

/// A manifest that was judged and may be stored.
#[derive(Clone, Debug)]
pub struct Push {
    /// the exact bytes
    pub bytes: Bytes,
    /// what is kept with them
    pub record: ManifestRecord,
    /// the descriptor that the referrers API lists, if it has a subject
    pub referrer: Option<Bytes>,
    /// the tags that shall point at it
    pub tags: Vec<Tag>,
    /// The verdict's id, under which a later judgement is kept. Where a verdict with this id
    /// stands with the manifest already, that one stays.
    pub verdict_id: String,
}

/// What became of a push.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Committed {
    /// It is stored, visible and tagged, durably.
    Done,
    /// Something that it names went away meanwhile. Nothing was stored.
    Unmet(Vec<Unmet>),
    /// The repository serves the digest with this media type, and not with the one that was
    /// pushed. Nothing was stored.
    ServedAs(String),
}

/// The digests that a manifest names; the content of its claim.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Names {
    /// these are there as long as the manifest is
    pub(crate) required: Vec<Digest>,
    /// these may be absent
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) optional: Vec<Digest>,
}

impl Manifest {
    /// Reads a body; `claims` begin with its own.
    pub(crate) fn read(key: &str, digest: &Digest, body: &Bytes, claims: Vec<Id>) -> Result<Self> {
        let (record, bytes): (ManifestRecord, _) = record::decode(key, body)?;
        if !digest.verifies(&bytes) {
            return Err(Error::corrupt(key, "its bytes have a different digest"));
        }
        let head = body.slice(..body.len() - bytes.len());
        let media_type = record.media_type.into();
        Ok(Self { digest: digest.clone(), bytes, media_type, head, claims })
    }

    /// What is known about it.
    ///
    /// # Panics
    ///
    /// Never: it was read before.
    pub fn record(&self) -> ManifestRecord {
        serde_json::from_slice(&self.head).expect("it was read before")
    }

    /// Bytes that it takes in memory, about.
    pub(crate) fn weight(&self) -> usize {
        const CLAIM_BYTES: usize = 64;
        let texts = self.digest.as_str().len() + self.media_type.len();
        self.head.len() + self.bytes.len() + texts + CLAIM_BYTES * self.claims.len()
    }
}

impl ManifestRecord {
    /// The id of the verdict that let it in.
    pub(crate) fn verdict_id(&self) -> Option<&str> {
        self.verdict.get("id")?.as_str()
    }
}

impl Claim {
    /// The media type that the repository serves the digest with, if it does.
    pub fn served_as(&self) -> Option<&str> {
        self.served_as.as_deref()
    }
}

impl Names {
    fn of(needs: &[Need]) -> Self {
        let (optional, required): (Vec<_>, Vec<_>) = needs.iter().partition(|need| need.optional);
        let digests = |needs: Vec<&Need>| needs.iter().map(|need| need.digest.clone()).collect();
        Self { required: digests(required), optional: digests(optional) }
    }

    /// Everything that the manifest names.
    pub(crate) fn all(&self) -> impl Iterator<Item = &Digest> {
        self.required.iter().chain(&self.optional)
    }

    /// Whether the manifest names `digest` at all.
    pub(crate) fn contains(&self, digest: &Digest) -> bool {
        self.required.contains(digest) || self.optional.contains(digest)
    }
}

impl Storage {
    /// The manifest, if the repository serves it (end-3).
    pub async fn manifest(
        &self,
        repository: &Repository,
        digest: &Digest,
    ) -> Result<Option<Arc<Manifest>>> {
        self.resolver.manifest(repository, digest).await
    }

    /// The manifest, if the repository serves it and it is in memory: this costs nothing, and an
    /// answer of none says nothing.
    pub fn manifest_at_hand(
        &self,
        repository: &Repository,
        digest: &Digest,
    ) -> Option<Arc<Manifest>> {
        self.resolver.manifest_at_hand(repository, digest)
    }

    /// The first step of a push: says what the manifest names, before anyone looks for it.
    pub async fn claim(
        &self,
        repository: &Repository,
        digest: &Digest,
        needs: Vec<Need>,
    ) -> Result<Claim> {
        let name = (repository.clone(), digest.clone());
        // on the disk: what is remembered may be sound where that is not
        let stored = self.resolver.hold_manifest(&name).await.examine().await?;
        let served_as = stored.manifest().map(|stored| stored.media_type.to_string());
        let (repository, digest) = name;
        let mut claim = Claim { repository, digest, needs, id: None, served_as };
        if !matches!(stored.state, State::Sound(_)) {
            claim.id = Some(self.put_claim(&claim).await?);
        }
        Ok(claim)
    }

    async fn put_claim(&self, claim: &Claim) -> Result<Id> {
        let (id, names) = (Id::random(), Names::of(&claim.needs));
        let key = Key::Claim(&claim.repository, &claim.digest, &id).path();
        let name = (claim.repository.clone(), claim.digest.clone());
        self.resolver.is_claiming(&name, &id, &names);
        self.backend.put(&key, record::encode(&names, b"")).await?;
        Ok(id)
    }

    /// Takes a claim back: the push was refused. What stays of it is litter.
    pub async fn withdraw(&self, claim: Claim) {
        if let Some(id) = &claim.id {
            let key = Key::Claim(&claim.repository, &claim.digest, id).path();
            self.backend.discard(&key).await;
            self.resolver.claims_nothing(&claim.repository, [id]);
        }
    }

    /// Looks for everything that a claimed manifest needs, and answers what is not as it should be.
    /// What is damaged is not there.
    pub async fn look(&self, claim: &Claim) -> Result<Vec<Unmet>> {
        self.unmet(claim, Proof::Readable).await
    }

    async fn unmet(&self, claim: &Claim, proof: Proof) -> Result<Vec<Unmet>> {
        let repository = &claim.repository;
        let mut unmet = Vec::new();
        for need in &claim.needs {
            let (stored_size, stored_type) = match need.of {
                Named::Blob => {
                    let link = self.resolver.link(repository, &need.digest, proof).await?;
                    (link.map(|link| link.size), None)
                }
                Named::Manifest => {
                    let found = self.manifest(repository, &need.digest).await?;
                    found.map(|of| (of.bytes.len() as u64, of.media_type.to_string())).unzip()
                }
            };
            let is_wanted = |stored: &String| need.media_type.as_ref().is_none_or(|t| t == stored);
            let stored_type = stored_type.filter(|stored| !is_wanted(stored));
            let met = stored_size.map_or(need.optional, |size| size == need.size);
            if !met || stored_type.is_some() {
                unmet.push(Unmet { need: need.clone(), stored_size, stored_type });
            }
        }
        Ok(unmet)
    }

    /// The last step of a push: stores the manifest with its verdict, and moves the tags.
    ///
    /// A manifest of which a sound copy is visible already keeps that; this judgement is kept
    /// beside it.
    pub async fn commit(&self, mut claim: Claim, push: Push) -> Result<Committed> {
        let (repository, digest) = (claim.repository.clone(), claim.digest.clone());
        let _shared = self.resolver.refer(&repository).await;
        // what can be deleted meanwhile; damage was looked for a moment ago
        let unmet = self.unmet(&claim, Proof::Named).await?;
        if !unmet.is_empty() {
            self.withdraw(claim).await;
            return Ok(Committed::Unmet(unmet));
        }
        let name = (repository, digest);
        let counts_by = {
            let held = self.resolver.hold_manifest(&name).await;
            let Stored { claims, state } = held.examine().await?;
            match state {
                State::Sound(stored) | State::Unclaimed(stored, _)
                    if *stored.media_type != *push.record.media_type =>
                {
                    self.withdraw(claim).await;
                    return Ok(Committed::ServedAs(stored.media_type.to_string()));
                }
                State::Sound(manifest) => {
                    self.withdraw(claim).await;
                    self.judge_again(&name, &manifest, &push).await?
                }
                State::Absent | State::Damaged(_) | State::Unclaimed(..) => {
                    if !matches!(state, State::Absent) {
                        self.mended.fetch_add(1, Ordering::AcqRel);
                    }
                    // a delete takes every claim along, of pushes under way as well
                    let id = match claim.id.take().filter(|id| claims.contain(id)) {
                        Some(id) => id,
                        None => self.put_claim(&claim).await?,
                    };
                    self.store_manifest(&name, &held, (id, claims), &push).await?
                }
            }
        };
        for tag in &push.tags {
            let said = json!({ "at": self.clock.now().to_string(), "by": push.record.pushed_by });
            self.resolver.put_tag(&name, tag, &counts_by, &said).await?;
        }
        Ok(Committed::Done)
    }

    async fn store_manifest(
        &self,
        name: &(Repository, Digest),
        held: &Held<'_>,
        (claim, others): (Id, Claims),
        push: &Push,
    ) -> Result<Id> {
        let (repository, digest) = name;
        let record = &push.record;
        // not with the claim: what is refused shall not leave a repository behind
        self.resolver.ensure_repository(repository).await?;
        let listing = record.subject.as_ref().map(|of| self.resolver.lists(repository, of, digest));
        let entry = Entry::first(digest, &claim);
        self.put_referrer(repository, &entry, push).await?;
        let entries = record.children.iter().map(|of| Key::Parent(repository, of, &entry).path());
        self.backend.put_names(&entries.collect()).await?;
        let body = record::encode(record, &push.bytes);
        self.backend.put(&Key::Body(repository, digest, &claim).path(), body.clone()).await?;
        let others = others.all().filter(|other| **other != claim);
        let claims = std::iter::once(&claim).chain(others).cloned().collect();
        let (head, bytes) = (body.len() - push.bytes.len(), &body);
        held.is_now(Arc::new(Manifest {
            digest: digest.clone(),
            bytes: bytes.slice(head..),
            media_type: record.media_type.as_str().into(),
            head: bytes.slice(..head),
            claims,
        }));
        if let Some(listing) = listing {
            listing.settled(push.referrer.as_ref());
        }
        Ok(claim)
    }

    async fn put_referrer(
        &self,
        repository: &Repository,
        entry: &Entry,
        push: &Push,
    ) -> Result<()> {
        let (Some(subject), Some(referrer)) = (&push.record.subject, &push.referrer) else {
            return Ok(());
        };
        let key = Key::Referrer(repository, subject, entry).path();
        self.backend.put(&key, referrer.clone()).await
    }

    /// Keeps the verdict of a manifest that was stored before, and mends its referrer entry.
    async fn judge_again(
        &self,
        name: &(Repository, Digest),
        manifest: &Manifest,
        push: &Push,
    ) -> Result<Id> {
        self.mend_referrer(name, manifest, push).await?;
        if manifest.record().verdict_id() != Some(&push.verdict_id) {
            self.put_later_verdict(name, push).await?;
        }
        Ok(manifest.claims[0].clone())
    }

    /// Its subject lists it by a descriptor that is as it should be.
    async fn mend_referrer(
        &self,
        name: &(Repository, Digest),
        manifest: &Manifest,
        push: &Push,
    ) -> Result<()> {
        let (Some(subject), Some(referrer)) = (&push.record.subject, &push.referrer) else {
            return Ok(());
        };
        let (repository, digest) = name;
        let listing = self.resolver.lists(repository, subject, digest);
        let entries = Prefix::Referrers(repository, subject);
        let mut damaged = Vec::new();
        for entry in self.resolver.entries_of(&entries, digest, &manifest.claims).await? {
            let key = Key::Referrer(repository, subject, &entry).path();
            if self.backend.read(&key).await?.as_ref() == Some(referrer) {
                listing.settled(Some(referrer));
                return Ok(());
            }
            damaged.push(key);
        }
        self.put_referrer(repository, &Entry::mended(digest, &manifest.claims[0]), push).await?;
        listing.settled(Some(referrer));
        for key in damaged {
            self.backend.discard(&key).await;
        }
        Ok(())
    }
}
