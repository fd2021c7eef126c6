//! Links, records and the data behind them.

use bytes::Bytes;

use roadstead_oci::{Algorithm, Digest};

use super::{Audit, Look, Named};
use crate::{
    Error, Result, Storage,
    blobs::BlobRecord,
    id::Id,
    key::Key,
    names::{Form, Link},
};

impl Look<'_> {
    /// Each link names a record that says the same.
    pub(super) async fn links(&mut self) -> Result<()> {
        let repository = self.repository;
        let folder = |algorithm| Key::LinksOf(repository, algorithm);
        for digest in self.storage.digests_in(folder).await? {
            for link in self.storage.links(repository, &digest).await? {
                let key = Key::Link(repository, &digest, &link).path();
                match self.storage.blob_record(&digest, &link.record).await {
                    Ok((record, inline)) if agree(&link, &record, &inline) => {
                        self.audit.sound("links");
                    }
                    Ok(_) => self.audit.fault(key, "its record says otherwise"),
                    Err(error @ Error::Corrupt { .. }) => self.audit.fault(key, error),
                    Err(error) => return Err(error),
                }
                self.named.records.insert(link.record);
            }
        }
        Ok(())
    }
}

/// Whether whoever reads by the link alone gets what the record says.
fn agree(link: &Link, record: &BlobRecord, inline: &Bytes) -> bool {
    let bytes = match link.form {
        Form::Inline => inline.len() as u64,
        Form::One | Form::Many => record.segments.iter().map(|segment| segment.size).sum(),
    };
    let is_record = |id: &str| id == link.record.as_str();
    let in_place = link.form != Form::One || record.segments.iter().all(|one| is_record(&one.id));
    record.form() == link.form && [record.size, bytes] == [link.size; 2] && in_place
}

impl Storage {
    /// Each record has its segments; what no link names is litter, and so is other data.
    pub(super) async fn audit_blobs(&self, named: &mut Named, audit: &mut Audit) -> Result<()> {
        for algorithm in Algorithm::ALL {
            for prefix in self.backend.names(&Key::BlobPrefixes(algorithm).path()).await? {
                let folder = Key::BlobsBelow(algorithm, &prefix);
                for digest in self.digests_of(algorithm, folder).await? {
                    self.audit_records(&digest, named, audit).await?;
                }
            }
        }
        for prefix in self.backend.names(&Key::DataPrefixes.path()).await? {
            for name in self.backend.names(&Key::DataBelow(&prefix).path()).await? {
                if !Id::parse(&name).is_some_and(|id| named.segments.contains(&id)) {
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
        for name in self.backend.names(&Key::BlobRecords(digest).path()).await? {
            let Some(id) = Id::parse(&name) else { continue };
            let record = match self.blob_record(digest, &id).await {
                Ok((record, _)) => record,
                Err(error) => {
                    audit.damage(error)?;
                    continue;
                }
            };
            let before = audit.fault_count;
            for segment in record.segments {
                if !self.holds(&segment.id, segment.size, named).await? {
                    let what = format!("segment {} is not as it says", segment.id);
                    audit.fault(Key::BlobRecord(digest, &id).path(), what);
                }
            }
            match named.records.contains(&id) {
                _ if audit.fault_count > before => {}
                true => audit.sound("blobs"),
                // or its link was made after the links were read
                false => audit.litter("records"),
            }
        }
        Ok(())
    }

    /// Whether that segment is there, of that size; from now on something names it.
    pub(super) async fn holds(&self, segment: &str, size: u64, named: &mut Named) -> Result<bool> {
        let Some(id) = Id::parse(segment) else { return Ok(false) };
        let stored = self.backend.size(&Key::Data(&id).path()).await?;
        named.segments.insert(id);
        Ok(stored == Some(size))
    }
}
