//! The audit: verifies every invariant of the layout, beside pushes that go on.
//!
//! A fault breaks a promise: a name without bytes, a manifest without something that it names.
//! Litter is what crashes leave, and nobody sees it. Listings are no snapshots, so whatever looks
//! wrong in a repository is looked at once more with the repository held still.

use std::collections::{BTreeMap, HashSet};

use serde::{Deserialize, Serialize};

use roadstead_oci::{Algorithm, Digest, Repository, Tag};

use crate::{
    Error, Result, Storage,
    id::Id,
    key::{Key, UPLOADS, is_held, undashed, unterminated},
    manifests::Manifest,
    names::{Entry, TagKey},
};

/// Most faults that a report lists; the count goes on.
const FAULTS_MAX: usize = 1000;
const REPOSITORIES_AT_ONCE: usize = 1000;

/// What an audit found.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Audit {
    /// how many of each thing are sound
    pub sound: BTreeMap<String, u64>,
    /// how much of each kind crashes have left
    pub litter: BTreeMap<String, u64>,
    /// broken promises, at most a thousand of them
    pub faults: Vec<AuditFault>,
    /// all broken promises
    pub fault_count: u64,
}

/// A broken promise.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuditFault {
    /// the key at which it shows
    pub key: String,
    /// what is wrong
    pub what: String,
}

impl Audit {
    fn sound(&mut self, what: &str) {
        *self.sound.entry(what.to_owned()).or_default() += 1;
    }

    fn litter(&mut self, what: &str) {
        *self.litter.entry(what.to_owned()).or_default() += 1;
    }

    fn fault(&mut self, key: String, what: impl ToString) {
        self.fault_count += 1;
        if self.faults.len() < FAULTS_MAX {
            self.faults.push(AuditFault { key, what: what.to_string() });
        }
    }

    fn add(&mut self, other: Self) {
        for (what, count) in other.sound {
            *self.sound.entry(what).or_default() += count;
        }
        for (what, count) in other.litter {
            *self.litter.entry(what).or_default() += count;
        }
        self.fault_count += other.fault_count;
        let room = FAULTS_MAX.saturating_sub(self.faults.len());
        self.faults.extend(other.faults.into_iter().take(room));
    }
}

impl Storage {
    /// Verifies every invariant of the layout.
    ///
    /// Takes memory for the ids of records and segments, some 100 bytes each. Content is not
    /// hashed again, manifests excepted.
    pub async fn audit(&self) -> Result<Audit> {
        let mut audit = Audit::default();
        let mut linked = HashSet::new();
        let mut last = None;
        loop {
            let page = self.repositories(last.as_deref(), REPOSITORIES_AT_ONCE).await?;
            for repository in &page.items {
                audit.add(self.audit_repository(repository, &mut linked).await?);
            }
            last = page.items.last().map(ToString::to_string);
            if !page.more {
                break;
            }
        }
        self.audit_strays(&mut audit).await?;
        self.audit_blobs(&mut audit, &linked).await?;
        Ok(audit)
    }

    async fn audit_repository(
        &self,
        repository: &Repository,
        linked: &mut HashSet<Id>,
    ) -> Result<Audit> {
        let audit = self.audit_unlocked(repository, linked).await?;
        if audit.fault_count == 0 {
            return Ok(audit);
        }
        let _still = self.locks.remove(repository).await;
        self.audit_unlocked(repository, linked).await
    }

    async fn audit_unlocked(
        &self,
        repository: &Repository,
        linked: &mut HashSet<Id>,
    ) -> Result<Audit> {
        let mut audit = Audit::default();
        audit.sound("repositories");
        self.audit_links(repository, linked, &mut audit).await?;
        self.audit_manifests(repository, &mut audit).await?;
        self.audit_tags(repository, &mut audit).await?;
        self.audit_entries(repository, &mut audit).await?;
        let uploads = self.backend.names(&Key::Uploads(repository).path()).await?;
        for _ in uploads {
            audit.litter("uploads");
        }
        Ok(audit)
    }

    /// Each link names a record that says the same.
    async fn audit_links(
        &self,
        repository: &Repository,
        linked: &mut HashSet<Id>,
        audit: &mut Audit,
    ) -> Result<()> {
        let folder = |algorithm| Key::LinksOf(repository, algorithm);
        for digest in self.digests_in(folder).await? {
            for link in self.links(repository, &digest).await? {
                match self.blob_record(&digest, &link.record).await {
                    Ok((record, inline)) => {
                        let inline = record.segments.is_empty().then_some(inline.len() as u64);
                        let same = record.size == link.size && record.form() == link.form;
                        if same && inline.is_none_or(|size| size == link.size) {
                            audit.sound("links");
                        } else {
                            let key = Key::Link(repository, &digest, &link).path();
                            audit.fault(key, "its record says otherwise");
                        }
                    }
                    Err(error @ Error::Corrupt { .. }) => {
                        audit.fault(Key::Link(repository, &digest, &link).path(), error);
                    }
                    Err(error) => return Err(error),
                }
                linked.insert(link.record);
            }
        }
        Ok(())
    }

    /// Each visible manifest has its bytes, all that it names, and its entries elsewhere.
    async fn audit_manifests(&self, repository: &Repository, audit: &mut Audit) -> Result<()> {
        let folder = |algorithm| Key::ManifestsOf(repository, algorithm);
        for digest in self.digests_in(folder).await? {
            let names = self.backend.names(&Key::Manifests(repository, &digest).path()).await?;
            let visible = self.visible_claims(repository, &digest).await?;
            for _ in 0..names.len().saturating_sub(2 * visible.len()) {
                audit.litter("claims and bodies");
            }
            if visible.is_empty() {
                continue;
            }
            match self.manifest(repository, &digest).await {
                Ok(Some(manifest)) => self.audit_manifest(repository, &manifest, audit).await?,
                Ok(None) => {}
                Err(error @ Error::Corrupt { .. }) => {
                    audit.fault(Key::Manifests(repository, &digest).path(), error);
                }
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    async fn audit_manifest(
        &self,
        repository: &Repository,
        manifest: &Manifest,
        audit: &mut Audit,
    ) -> Result<()> {
        let before = audit.fault_count;
        let digest = &manifest.digest;
        let Some(claim) = manifest.claims.first() else { return Ok(()) };
        let key = Key::Body(repository, digest, claim).path();
        if !digest.verifies(&manifest.bytes) {
            audit.fault(key.clone(), "its bytes have another digest");
        }
        for required in self.claimed(repository, digest, claim).await?.required {
            let there = self.blob(repository, &required).await?.is_some()
                || self.manifest(repository, &required).await?.is_some();
            if !there {
                audit.fault(key.clone(), format!("it names {required}, which is missing"));
            }
        }
        if let Some(subject) = &manifest.record.subject {
            let entries = Key::ReferrerEntries(repository, subject, digest);
            if !self.has_entry(&entries, manifest).await? {
                audit.fault(key.clone(), "its subject does not list it");
            }
        }
        for child in &manifest.record.children {
            if !self.has_entry(&Key::ParentEntries(repository, child, digest), manifest).await? {
                audit.fault(key.clone(), format!("its child {child} does not know it"));
            }
        }
        if audit.fault_count == before {
            audit.sound("manifests");
        }
        Ok(())
    }

    async fn has_entry(&self, folder: &Key<'_>, manifest: &Manifest) -> Result<bool> {
        let names = self.backend.names(&folder.path()).await?;
        let mut entries = names.iter().filter_map(|name| Entry::parse(name));
        Ok(entries.any(|entry| manifest.claims.contains(&entry.claim)))
    }

    /// A tag's greatest key is its value; one that names no visible manifest is dead.
    async fn audit_tags(&self, repository: &Repository, audit: &mut Audit) -> Result<()> {
        for folder in self.backend.names(&Key::Tags(repository).path()).await? {
            let Some(tag) = unterminated(&folder).and_then(|tag| Tag::parse(tag).ok()) else {
                audit.fault(format!("{}/{folder}", Key::Tags(repository).path()), "no tag");
                continue;
            };
            let keys: Vec<TagKey> = self.tag_keys(repository, &tag).await?;
            let Some(value) = keys.last() else { continue };
            let live =
                !value.gone && self.is_visible(repository, &value.digest, &value.claim).await?;
            if live {
                audit.sound("tags");
            } else {
                audit.litter("tags");
            }
            for _ in 1..keys.len() {
                audit.litter("tags");
            }
        }
        Ok(())
    }

    /// Referrer and parent entries: dead ones are litter, live ones must be readable.
    async fn audit_entries(&self, repository: &Repository, audit: &mut Audit) -> Result<()> {
        let subjects = self.digests_in(|algorithm| Key::ReferrersOf(repository, algorithm)).await?;
        for subject in subjects {
            for name in self.backend.names(&Key::Referrers(repository, &subject).path()).await? {
                let Some(referrer) = undashed(&name) else { continue };
                let folder = Key::ReferrerEntries(repository, &subject, &referrer).path();
                for name in self.backend.names(&folder).await? {
                    self.audit_referrer(repository, (&subject, &referrer), &name, audit).await?;
                }
            }
        }
        for name in self.backend.names(&Key::ParentsOf(repository).path()).await? {
            let Some(child) = undashed(&name) else { continue };
            for name in self.backend.names(&Key::Parents(repository, &child).path()).await? {
                let Some(index) = undashed(&name) else { continue };
                let folder = Key::ParentEntries(repository, &child, &index).path();
                for name in self.backend.names(&folder).await? {
                    let Some(entry) = Entry::parse(&name) else { continue };
                    if !self.is_visible(repository, &index, &entry.claim).await? {
                        audit.litter("entries");
                    }
                }
            }
        }
        Ok(())
    }

    async fn audit_referrer(
        &self,
        repository: &Repository,
        (subject, referrer): (&Digest, &Digest),
        name: &str,
        audit: &mut Audit,
    ) -> Result<()> {
        let Some(entry) = Entry::parse(name) else { return Ok(()) };
        if !self.is_visible(repository, referrer, &entry.claim).await? {
            audit.litter("entries");
            return Ok(());
        }
        let key = Key::Referrer(repository, subject, referrer, &entry).path();
        let descriptor = self.backend.read(&key).await?.unwrap_or_default();
        let descriptor: Option<serde_json::Value> = serde_json::from_slice(&descriptor).ok();
        let names = descriptor.is_some_and(|value| value["digest"] == referrer.as_str());
        if names {
            audit.sound("referrers");
        } else {
            audit.fault(key, "it holds no descriptor of its manifest");
        }
        Ok(())
    }

    /// Repositories that hold something and are not on the catalog.
    async fn audit_strays(&self, audit: &mut Audit) -> Result<()> {
        let mut pending = vec![String::new()];
        while let Some(folder) = pending.pop() {
            for name in self.backend.names(&Key::RepositoriesBelow(&folder).path()).await? {
                if !is_held(&name) {
                    pending.push(format!("{folder}{name}/"));
                    continue;
                }
                let repository = Repository::parse(folder.trim_end_matches('/'));
                let known = match repository {
                    Ok(repository) => self.repository_exists(&repository).await?,
                    Err(_) => false,
                };
                if !known && name != UPLOADS {
                    let key = Key::RepositoriesBelow(&format!("{folder}{name}")).path();
                    audit.fault(key, "its repository is not on the catalog");
                }
            }
        }
        Ok(())
    }

    /// Each record has its segments; what no link names is litter, and so is other data.
    async fn audit_blobs(&self, audit: &mut Audit, linked: &HashSet<Id>) -> Result<()> {
        let mut named = HashSet::new();
        for algorithm in Algorithm::ALL {
            for prefix in self.backend.names(&Key::BlobPrefixes(algorithm).path()).await? {
                let folder = Key::BlobsBelow(algorithm, &prefix);
                for digest in self.digests_of(algorithm, folder).await? {
                    self.audit_records(&digest, linked, &mut named, audit).await?;
                }
            }
        }
        for prefix in self.backend.names(&Key::DataPrefixes.path()).await? {
            for name in self.backend.names(&Key::DataBelow(&prefix).path()).await? {
                if !named.contains(&name) {
                    audit.litter("segments");
                }
            }
        }
        Ok(())
    }

    async fn audit_records(
        &self,
        digest: &Digest,
        linked: &HashSet<Id>,
        named: &mut HashSet<String>,
        audit: &mut Audit,
    ) -> Result<()> {
        for name in self.backend.names(&Key::BlobRecords(digest).path()).await? {
            let Some(id) = Id::parse(&name) else { continue };
            let key = Key::BlobRecord(digest, &id).path();
            let (record, _) = match self.blob_record(digest, &id).await {
                Ok(record) => record,
                Err(error) => {
                    audit.fault(key, error);
                    continue;
                }
            };
            let mut sound = true;
            for segment in record.segments {
                let data = Id::parse(&segment.id).map(|id| Key::Data(&id).path());
                let stored = match &data {
                    Some(data) => self.backend.size(data).await?,
                    None => None,
                };
                if stored != Some(segment.size) {
                    sound = false;
                    audit.fault(key.clone(), format!("segment {} is not as it says", segment.id));
                }
                named.insert(segment.id);
            }
            match linked.contains(&id) {
                _ if !sound => {}
                true => audit.sound("blobs"),
                // or its link was made after the links were read
                false => audit.litter("records"),
            }
        }
        Ok(())
    }
}
