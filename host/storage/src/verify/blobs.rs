//! Links, records and the data behind them.

use roadstead_oci::{Algorithm, Digest};

use super::{Audit, Look, Named, digests::Digests};
use crate::{
    Error, Result, Storage,
    layout::{Form, Id, Key, Link, Prefix},
    resolve::{Proof, agree},
};

impl Look<'_> {
    /// Each link names a record that says the same. Beside a sound one those that lead to damage
    /// are what a cut push leaves that mended it.
    pub(super) async fn links(&mut self) -> Result<()> {
        let repository = self.repository;
        let folder = |algorithm| Prefix::LinksOf(repository, algorithm);
        let mut digests = Digests::below(folder);
        while let Some(digest) = digests.next(&self.storage.backend).await? {
            let name = (repository.clone(), digest);
            let links = self.storage.resolver.links(repository, &name.1).await?;
            let mended = links.len() > 1
                && self.storage.resolver.sift(&name, Proof::Whole).await?.sound.is_some();
            for link in links {
                if mended && !self.storage.resolver.proves(&name.1, &link, Proof::Whole).await? {
                    self.audit.litter("links");
                    continue;
                }
                self.link(&name.1, link).await?;
            }
        }
        Ok(())
    }

    async fn link(&mut self, digest: &Digest, link: Link) -> Result<()> {
        let key = Key::Link(self.repository, digest, &link).path();
        match self.storage.resolver.blob_record(digest, &link.record).await {
            Ok((record, inline)) if !agree(&link, &record, inline.len() as u64) => {
                self.audit.fault(key, "its record contradicts the link");
            }
            Ok((_, inline)) if link.form == Form::Inline && !digest.verifies(&inline) => {
                self.audit.fault(key, "its record has different content");
            }
            Ok(_) => self.audit.sound("links"),
            Err(error @ Error::Corrupt { .. }) => self.audit.fault(key, error),
            Err(error) => return Err(error),
        }
        self.named.records.insert(link.record.bits());
        Ok(())
    }
}

impl Storage {
    /// Each record has its segments; what no link names is litter, damaged or not, and so is other
    /// data.
    pub(super) async fn audit_blobs(&self, named: &mut Named, audit: &mut Audit) -> Result<()> {
        for algorithm in Algorithm::ALL {
            for prefix in self.resolver.names(&Prefix::BlobPrefixes(algorithm)).await? {
                let folder = Prefix::Blobs(algorithm, &prefix);
                for digest in self.resolver.digests_of(algorithm, folder).await? {
                    self.audit_records(&digest, named, audit).await?;
                }
            }
        }
        for prefix in self.resolver.names(&Prefix::DataPrefixes).await? {
            for name in self.resolver.names(&Prefix::Data(&prefix)).await? {
                if !Id::parse(&name).is_some_and(|id| named.segments.contains(&id.bits())) {
                    audit.litter("segments");
                }
            }
        }
        Ok(())
    }

    async fn audit_records(
        &self,
        digest: &Digest,
        named: &mut Named,
        audit: &mut Audit,
    ) -> Result<()> {
        for name in self.resolver.names(&Prefix::BlobRecords(digest)).await? {
            let Some(id) = Id::parse(&name) else { continue };
            // what no link names is litter; or its link was made after the links were read
            let is_named = named.records.contains(&id.bits());
            let record = match self.resolver.blob_record(digest, &id).await {
                Ok((record, _)) => record,
                Err(Error::Corrupt { .. }) if !is_named => {
                    audit.litter("records");
                    continue;
                }
                Err(error) => {
                    audit.damage(error)?;
                    continue;
                }
            };
            let mut whole = true;
            for segment in record.segments {
                if !self.holds(&segment.id, segment.size, named).await? {
                    whole = false;
                    if is_named {
                        let what = format!("segment {} is missing or damaged", segment.id);
                        audit.fault(Key::BlobRecord(digest, &id).path(), what);
                    }
                }
            }
            match is_named {
                true if whole => audit.sound("blobs"),
                true => {}
                false => audit.litter("records"),
            }
        }
        Ok(())
    }

    /// Whether that segment is there, of that size; from now on something names it.
    pub(super) async fn holds(&self, segment: &str, size: u64, named: &mut Named) -> Result<bool> {
        let Some(id) = Id::parse(segment) else { return Ok(false) };
        let stored = self.backend.stamp(&Key::Data(&id).path()).await?;
        named.segments.insert(id.bits());
        Ok(stored.is_some_and(|stored| stored.size == size))
    }
}
