//! Manifests, and the entries by which subjects and children know of them.

use roadstead_oci::{Digest, Repository};

use super::Look;
use crate::{
    Result,
    id::Id,
    key::{Key, undashed},
    manifests::Manifest,
    names::Entry,
    record,
    referrers::describes,
    sound::State,
};

impl Look<'_> {
    /// Each visible manifest has its bytes, all that it names, and its entries elsewhere.
    pub(super) async fn manifests(&mut self) -> Result<()> {
        let repository = self.repository;
        let folder = |algorithm| Key::ManifestsOf(repository, algorithm);
        for digest in self.storage.digests_in(folder).await? {
            let folder = Key::Manifests(repository, &digest).path();
            let names = self.storage.backend.names(&folder).await?;
            let name = (repository.clone(), digest);
            let copies = self.copies(&name).await?;
            // beside a sound copy the damaged ones are what was mended, of no use but that tags
            // may name their claims
            let sound = copies.iter().filter(|copy| matches!(copy, State::Sound(_))).count();
            let visible = copies.len();
            let damaged = if sound > 0 { visible - sound } else { 0 };
            for _ in 0..names.len().saturating_sub(2 * visible) {
                self.audit.litter("claims and bodies");
            }
            for _ in 0..damaged {
                self.audit.litter("damaged copies");
            }
            let best = copies.into_iter().max_by_key(State::rank);
            match best {
                Some(State::Sound(manifest)) => self.manifest(&manifest).await?,
                Some(State::Damaged(error) | State::Unclaimed(_, error)) => {
                    self.audit.damage(error)?;
                }
                Some(State::Absent) | None => {}
            }
        }
        Ok(())
    }

    async fn copies(&self, name: &(Repository, Digest)) -> Result<Vec<State>> {
        let claims = self.storage.claims(&name.0, &name.1).await?;
        let mut copies = Vec::new();
        for claim in &claims.visible {
            copies.push(self.storage.copy(name, &claims, claim).await?);
        }
        Ok(copies)
    }

    async fn manifest(&mut self, manifest: &Manifest) -> Result<()> {
        let before = self.audit.fault_count;
        let (repository, digest) = (self.repository, &manifest.digest);
        let Some(claim) = manifest.claims.first() else { return Ok(()) };
        let key = Key::Body(repository, digest, claim).path();
        self.required(digest, claim).await?;
        if let Some(subject) = &manifest.record.subject {
            let entries = Key::ReferrerEntries(repository, subject, digest);
            if !self.has_entry(&entries, manifest).await? {
                self.audit.fault(key.clone(), "its subject does not list it");
            }
        }
        for child in &manifest.record.children {
            if !self.has_entry(&Key::ParentEntries(repository, child, digest), manifest).await? {
                self.audit.fault(key.clone(), format!("its child {child} does not know it"));
            }
        }
        if self.audit.fault_count == before {
            self.audit.sound("manifests");
        }
        Ok(())
    }

    /// What the manifest's claim requires is there.
    async fn required(&mut self, manifest: &Digest, claim: &Id) -> Result<()> {
        let names = match self.storage.claimed(self.repository, manifest, claim).await {
            Ok(names) => names,
            Err(error) => return self.audit.damage(error),
        };
        for required in names.required {
            if !self.is_there(&required).await? {
                let key = Key::Body(self.repository, manifest, claim).path();
                self.audit.fault(key, format!("it names {required}, which is missing"));
            }
        }
        Ok(())
    }

    async fn is_there(&self, content: &Digest) -> Result<bool> {
        // what is damaged is there, and a fault at its own key
        if !self.storage.links(self.repository, content).await?.is_empty() {
            return Ok(true);
        }
        Ok(!self.storage.claims(self.repository, content).await?.visible.is_empty())
    }

    async fn has_entry(&self, folder: &Key<'_>, manifest: &Manifest) -> Result<bool> {
        let names = self.storage.backend.names(&folder.path()).await?;
        let mut entries = names.iter().filter_map(|name| Entry::parse(name));
        Ok(entries.any(|entry| manifest.claims.contains(&entry.claim)))
    }

    /// Later judgements can be read. Of a manifest that went, they are what a cut delete leaves.
    pub(super) async fn verdicts(&mut self) -> Result<()> {
        let repository = self.repository;
        let folder = |algorithm| Key::LaterVerdictsOf(repository, algorithm);
        for digest in self.storage.digests_in(folder).await? {
            let visible = !self.storage.claims(repository, &digest).await?.visible.is_empty();
            let ids = Key::LaterVerdicts(repository, &digest).path();
            for id in self.storage.backend.names(&ids).await? {
                if !visible {
                    self.audit.litter("verdicts");
                    continue;
                }
                let key = Key::LaterVerdict(repository, &digest, &id).path();
                // of many the oldest go meanwhile
                let Some(verdict) = self.storage.backend.read(&key).await? else { continue };
                match record::decode::<serde_json::Value>(&key, &verdict) {
                    Ok(_) => self.audit.sound("later verdicts"),
                    Err(error) => self.audit.damage(error)?,
                }
            }
        }
        Ok(())
    }

    /// A refusal names a verdict that is kept; smaller counts of one are what a cut leaves.
    pub(super) async fn refusals(&mut self) -> Result<()> {
        let repository = self.repository;
        let folder = |algorithm| Key::RefusalsOf(repository, algorithm);
        for digest in self.storage.digests_in(folder).await? {
            let names = Key::Refusals(repository, &digest).path();
            let all = self.storage.backend.names(&names).await?.len();
            let refusals = self.storage.refusals(repository, &digest).await?;
            for _ in 0..all.saturating_sub(refusals.len()) {
                self.audit.litter("refusals");
            }
            for refusal in refusals {
                let verdict = Key::Verdict(&refusal.verdict).path();
                match self.storage.backend.stamp(&verdict).await? {
                    Some(_) => self.audit.sound("refusals"),
                    None => self.audit.litter("refusals"),
                }
            }
        }
        Ok(())
    }

    /// Referrer entries: live ones are readable. Entries are written before the body, so one
    /// without a visible manifest is what a cut push or delete leaves.
    pub(super) async fn referrers(&mut self) -> Result<()> {
        let repository = self.repository;
        let folder = |algorithm| Key::ReferrersOf(repository, algorithm);
        for subject in self.storage.digests_in(folder).await? {
            let folder = Key::Referrers(repository, &subject);
            for referrer in self.dashed_in(folder).await? {
                let folder = Key::ReferrerEntries(repository, &subject, &referrer);
                let (mut sound, mut damaged) = (0, Vec::new());
                for entry in self.live_entries(folder, &referrer).await? {
                    let key = Key::Referrer(repository, &subject, &referrer, &entry).path();
                    let descriptor = self.storage.backend.read(&key).await?.unwrap_or_default();
                    match describes(&descriptor, &referrer) {
                        true => sound += 1,
                        false => damaged.push(key),
                    }
                }
                for key in damaged {
                    match sound {
                        0 => self.audit.fault(key, "it holds no descriptor of its manifest"),
                        _ => self.audit.litter("entries"),
                    }
                }
                for _ in 0..sound {
                    self.audit.sound("referrers");
                }
            }
        }
        Ok(())
    }

    /// Parent entries say everything by their names.
    pub(super) async fn parents(&mut self) -> Result<()> {
        let repository = self.repository;
        for child in self.dashed_in(Key::ParentsOf(repository)).await? {
            for index in self.dashed_in(Key::Parents(repository, &child)).await? {
                let folder = Key::ParentEntries(repository, &child, &index);
                self.live_entries(folder, &index).await?;
            }
        }
        Ok(())
    }

    /// The entries of a folder whose manifest is visible; the others are litter.
    async fn live_entries(&mut self, folder: Key<'_>, manifest: &Digest) -> Result<Vec<Entry>> {
        let mut live = Vec::new();
        for name in self.storage.backend.names(&folder.path()).await? {
            let Some(entry) = Entry::parse(&name) else { continue };
            match self.storage.is_visible(self.repository, manifest, &entry.claim).await? {
                true => live.push(entry),
                false => self.audit.litter("entries"),
            }
        }
        Ok(live)
    }

    async fn dashed_in(&self, folder: Key<'_>) -> Result<Vec<Digest>> {
        let names = self.storage.backend.names(&folder.path()).await?;
        Ok(names.iter().filter_map(|name| undashed(name)).collect())
    }
}
