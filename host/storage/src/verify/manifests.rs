//! Manifests, and the entries by which subjects and children know of them.

use roadstead_oci::{Digest, Repository};

use super::{Look, digests::Digests};
use crate::{
    Result,
    layout::{Entry, Id, Key, Prefix, record},
    manifests::{Manifest, Names},
    resolve::{State, describes},
};

impl Look<'_> {
    /// Each visible manifest has its bytes, all that it names, and its entries elsewhere.
    pub(super) async fn manifests(&mut self) -> Result<()> {
        let repository = self.repository;
        let folder = |algorithm| Prefix::ManifestsOf(repository, algorithm);
        let mut digests = Digests::below(folder);
        while let Some(digest) = digests.next(&self.storage.backend).await? {
            let names =
                self.storage.resolver.names(&Prefix::Manifests(repository, &digest)).await?;
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
        let claims = self.storage.resolver.claims(&name.0, &name.1).await?;
        let mut copies = Vec::new();
        for claim in &claims.visible {
            copies.push(self.storage.resolver.copy(name, &claims, claim).await?);
        }
        Ok(copies)
    }

    async fn manifest(&mut self, manifest: &Manifest) -> Result<()> {
        let before = self.audit.fault_count;
        let (repository, digest) = (self.repository, &manifest.digest);
        let Some(claim) = manifest.claims.first() else { return Ok(()) };
        let key = Key::Body(repository, digest, claim).path();
        self.required(digest, claim).await?;
        let record = manifest.record();
        if let Some(subject) = &record.subject
            && !self.has_entry(&Prefix::Referrers(repository, subject), manifest).await?
        {
            self.audit.fault(key.clone(), "its subject does not list it");
        }
        for child in &record.children {
            if !self.has_entry(&Prefix::Parents(repository, child), manifest).await? {
                self.audit.fault(key.clone(), format!("its child {child} does not list it"));
            }
        }
        if self.audit.fault_count == before {
            self.audit.sound("manifests");
        }
        Ok(())
    }

    /// What the manifest's claim requires is there.
    async fn required(&mut self, manifest: &Digest, claim: &Id) -> Result<()> {
        // read directly: the resolver would remember each claim, and the look's memory would grow
        let key = Key::Claim(self.repository, manifest, claim).path();
        let Some(bytes) = self.storage.backend.read(&key).await? else { return Ok(()) };
        let (names, _): (Names, _) = match record::decode(&key, &bytes) {
            Ok(decoded) => decoded,
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
        if !self.storage.resolver.links(self.repository, content).await?.is_empty() {
            return Ok(true);
        }
        Ok(!self.storage.resolver.claims(self.repository, content).await?.visible.is_empty())
    }

    async fn has_entry(&self, folder: &Prefix<'_>, manifest: &Manifest) -> Result<bool> {
        // nearly always the copy that is served, and then it takes no listing
        let (resolver, of) = (&self.storage.resolver, &manifest.digest);
        if !resolver.entries_of(folder, of, &manifest.claims[..1]).await?.is_empty() {
            return Ok(true);
        }
        Ok(!resolver.entries_of(folder, of, &manifest.claims).await?.is_empty())
    }

    /// Later judgements can be read. Of a manifest that went, they are what a cut delete leaves.
    pub(super) async fn verdicts(&mut self) -> Result<()> {
        let repository = self.repository;
        let folder = |algorithm| Prefix::LaterVerdictsOf(repository, algorithm);
        let mut digests = Digests::below(folder);
        while let Some(digest) = digests.next(&self.storage.backend).await? {
            let visible =
                !self.storage.resolver.claims(repository, &digest).await?.visible.is_empty();
            let ids = Prefix::LaterVerdicts(repository, &digest);
            for id in self.storage.resolver.names(&ids).await? {
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
        let folder = |algorithm| Prefix::RefusalsOf(repository, algorithm);
        let mut digests = Digests::below(folder);
        while let Some(digest) = digests.next(&self.storage.backend).await? {
            let names = Prefix::Refusals(repository, &digest);
            let all = self.storage.resolver.names(&names).await?.len();
            let refusals = self.storage.refusals(repository, &digest).await?;
            for _ in 0..all.saturating_sub(refusals.len()) {
                self.audit.litter("refusals");
            }
            for refusal in refusals {
                match self.storage.keeps_verdict(repository, &refusal.verdict).await? {
                    true => self.audit.sound("refusals"),
                    false => self.audit.litter("refusals"),
                }
            }
        }
        Ok(())
    }

    /// Referrer entries: live ones are readable. Entries are written before the body, so one
    /// without a visible manifest is what a cut push or delete leaves.
    pub(super) async fn referrers(&mut self) -> Result<()> {
        let repository = self.repository;
        let folder = |algorithm| Prefix::ReferrersOf(repository, algorithm);
        for subject in self.storage.resolver.digests_in(folder).await? {
            let folder = Prefix::Referrers(repository, &subject);
            let entries = self.live_entries(&folder).await?;
            for entries in entries.chunk_by(|one, next| one.manifest == next.manifest) {
                let (mut sound, mut damaged) = (0, Vec::new());
                for entry in entries {
                    let key = Key::Referrer(repository, &subject, entry).path();
                    let descriptor = self.storage.backend.read(&key).await?.unwrap_or_default();
                    match describes(&descriptor, &entry.manifest) {
                        true => sound += 1,
                        false => damaged.push(key),
                    }
                }
                for key in damaged {
                    match sound {
                        0 => self.audit.fault(key, "it has no descriptor of its manifest"),
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
        for child in self.storage.resolver.named_in(&Prefix::ParentsOf(repository)).await? {
            self.live_entries(&Prefix::Parents(repository, &child)).await?;
        }
        Ok(())
    }

    /// The entries of a folder whose manifest is visible; the others are litter.
    async fn live_entries(&mut self, folder: &Prefix<'_>) -> Result<Vec<Entry>> {
        let entries = self.storage.resolver.entries(folder).await?;
        let all = entries.len();
        let live = self.storage.resolver.counting(self.repository, entries).await?;
        for _ in live.len()..all {
            self.audit.litter("entries");
        }
        Ok(live)
    }
}
