//! By which link a repository serves a blob, and whether the blob is as that says.

use bytes::Bytes;
use futures::StreamExt;

use roadstead_oci::{Digest, Hasher, Repository};

use super::Resolver;
use crate::{
    Error, Result,
    backend::segment,
    blobs::BlobRecord,
    layout::{Form, Id, Key, Link, Prefix, record},
};

/// How much of a blob is looked at. A greater one holds the smaller ones.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Proof {
    /// its link
    Named,
    /// the sizes of what readers read; of a small blob its bytes
    Readable,
    /// its record as well, and every byte as long as that takes a moment
    Whole,
    /// every byte. What was hashed within the hour is believed, unless its file was written to
    Hashed,
}

/// Bytes of a blob that are hashed for a HEAD: who finds it by that skips its push.
const MOMENT_BYTES_MAX: u64 = 16 << 20;

/// The links of a blob, by what they lead to.
#[derive(Debug, Default)]
pub(crate) struct Sifted {
    pub(crate) sound: Option<Link>,
    pub(crate) damaged: Vec<Link>,
}

impl Resolver {
    /// The link by which the repository serves a blob of which so much is proven.
    pub(crate) async fn link(
        &self,
        repository: &Repository,
        digest: &Digest,
        proof: Proof,
    ) -> Result<Option<Link>> {
        let name = (repository.clone(), digest.clone());
        if let Some(link) = self.known.links.get(&name)
            && self.proves(digest, &link, proof).await?
        {
            return Ok(Some(link));
        }
        let _lock = self.locks.blob(&name).await;
        let Sifted { sound, damaged } = self.sift(&name, proof).await?;
        if let Some(link) = sound {
            self.known.links.insert(name, link.clone());
            return Ok(Some(link));
        }
        self.known.links.invalidate(&name);
        if !damaged.is_empty() {
            tracing::error!(%repository, %digest, "a blob is damaged; push it again");
        }
        Ok(None)
    }

    /// Every link of a blob.
    pub(crate) async fn links(
        &self,
        repository: &Repository,
        digest: &Digest,
    ) -> Result<Vec<Link>> {
        let names = self.names(&Prefix::Links(repository, digest)).await?;
        Ok(names.iter().filter_map(|name| Link::parse(name)).collect())
    }

    /// Adds a link, by which the repository serves the blob from now on.
    pub(crate) async fn add_link(&self, name: (Repository, Digest), link: Link) -> Result<()> {
        let _lock = self.locks.blob(&name).await;
        self.backend.put(&Key::Link(&name.0, &name.1, &link).path(), Bytes::new()).await?;
        self.known.links.insert(name, link);
        Ok(())
    }

    /// Removes some links.
    pub(crate) async fn remove_links(
        &self,
        name: &(Repository, Digest),
        links: &[Link],
    ) -> Result<()> {
        if links.is_empty() {
            return Ok(());
        }
        let _lock = self.locks.blob(name).await;
        if self.known.links.get(name).is_some_and(|link| links.contains(&link)) {
            self.known.links.invalidate(name);
        }
        for link in links {
            self.backend.delete(&Key::Link(&name.0, &name.1, link).path()).await?;
        }
        Ok(())
    }

    /// Looks for a link that leads to a sound blob. Those behind it are not looked at, but where
    /// every byte is.
    pub(crate) async fn sift(
        &self,
        (repository, digest): &(Repository, Digest),
        proof: Proof,
    ) -> Result<Sifted> {
        let mut sifted = Sifted::default();
        for link in self.links(repository, digest).await? {
            if sifted.sound.is_some() && proof < Proof::Hashed {
                break;
            }
            match self.proves(digest, &link, proof).await? {
                true => sifted.sound = Some(link),
                false => sifted.damaged.push(link),
            }
        }
        Ok(sifted)
    }

    /// A record of the blob with every byte, as a new link of any repository names it.
    pub(crate) async fn sound_record(&self, digest: &Digest) -> Result<Option<Link>> {
        for name in self.names(&Prefix::BlobRecords(digest)).await? {
            let Some(record) = Id::parse(&name) else { continue };
            let head = match self.blob_record(digest, &record).await {
                Ok((head, _)) => head,
                Err(Error::Corrupt { .. }) => continue,
                Err(error) => return Err(error),
            };
            let link = Link { id: Id::random(), form: head.form(), record, size: head.size };
            if self.proves(digest, &link, Proof::Hashed).await? {
                return Ok(Some(link));
            }
        }
        Ok(None)
    }

    /// Whether a blob is as its link says. What can't be reached is an error.
    pub(crate) async fn proves(&self, digest: &Digest, link: &Link, proof: Proof) -> Result<bool> {
        match self.prove(digest, link, proof).await {
            Ok(proven) => Ok(proven),
            Err(error @ Error::Corrupt { .. }) => {
                tracing::warn!(%error, "a copy of a blob is damaged");
                Ok(false)
            }
            Err(error) => Err(error),
        }
    }

    async fn prove(&self, digest: &Digest, link: &Link, proof: Proof) -> Result<bool> {
        if proof == Proof::Named {
            return Ok(true);
        }
        let mut segments = vec![(link.record.clone(), link.size)];
        if link.form != Form::One || proof >= Proof::Whole {
            let (record, inline) = self.blob_record(digest, &link.record).await?;
            if !agree(link, &record, inline.len() as u64) {
                return Ok(false);
            }
            if link.form == Form::Inline {
                return Ok(digest.verifies(&inline));
            }
            segments = record.parts()?;
        }
        let mut seen = String::new();
        for (id, size) in &segments {
            match self.backend.stamp(&Key::Data(id).path()).await? {
                Some(stamp) if stamp.size == *size => seen.extend([&stamp.tag, " "]),
                _ => return Ok(false),
            }
        }
        let hashed = match proof {
            Proof::Named | Proof::Readable => false,
            Proof::Whole => link.size <= MOMENT_BYTES_MAX,
            Proof::Hashed => true,
        };
        if self.known.broken.get(&link.record).as_ref() == Some(&seen) {
            return Ok(false);
        }
        if !hashed || self.known.hashed.get(&link.record).as_ref() == Some(&seen) {
            return Ok(true);
        }
        let proven = self.hash(digest, segments).await?;
        let known = if proven { &self.known.hashed } else { &self.known.broken };
        known.insert(link.record.clone(), seen);
        Ok(proven)
    }

    /// A blob's record, and the bytes that stand in it.
    pub(crate) async fn blob_record(
        &self,
        digest: &Digest,
        record: &Id,
    ) -> Result<(BlobRecord, Bytes)> {
        let key = Key::BlobRecord(digest, record).path();
        let Some(bytes) = self.backend.read(&key).await? else {
            return Err(Error::corrupt(&key, "a link names it, but it is missing"));
        };
        record::decode(&key, &bytes)
    }

    async fn hash(&self, digest: &Digest, segments: Vec<(Id, u64)>) -> Result<bool> {
        let mut hasher = Hasher::new(digest.algorithm());
        for (id, size) in segments {
            let key = Key::Data(&id).path();
            let mut chunks = std::pin::pin!(segment::read(self.backend.clone(), key, 0..size));
            while let Some(chunk) = chunks.next().await {
                hasher.update(&chunk?);
                // what is at hand never waits, and others want to go on
                tokio::task::yield_now().await;
            }
        }
        Ok(hasher.finish() == *digest)
    }
}

/// Whether whoever reads by the link alone gets what the record says.
pub(crate) fn agree(link: &Link, record: &BlobRecord, inline_bytes: u64) -> bool {
    let bytes = match link.form {
        Form::Inline => inline_bytes,
        Form::One | Form::Many => record.segments.iter().map(|segment| segment.size).sum(),
    };
    let is_record = |id: &str| id == link.record.as_str();
    let in_place = link.form != Form::One || record.segments.iter().all(|one| is_record(&one.id));
    record.form() == link.form && [record.size, bytes] == [link.size; 2] && in_place
}
