//! Digests that folders are named after, read one by one: a repository can have very many.

use roadstead_oci::{Algorithm, Digest};

use crate::{
    Result,
    backend::{Backend, walk::Entries},
    layout::Prefix,
};

/// The digests of all algorithms; each algorithm has a folder with one folder per digest.
pub(super) struct Digests {
    pending: Vec<(Algorithm, String)>,
    reading: Option<(Algorithm, Entries)>,
}

impl Digests {
    pub(super) fn below<'a>(folder: impl Fn(Algorithm) -> Prefix<'a>) -> Self {
        let pending = Algorithm::ALL.map(|algorithm| (algorithm, folder(algorithm).path()));
        Self { pending: pending.into(), reading: None }
    }

    pub(super) async fn next(&mut self, backend: &Backend) -> Result<Option<Digest>> {
        loop {
            if let Some((algorithm, entries)) = &mut self.reading {
                while let Some(hex) = entries.next()? {
                    if let Ok(digest) = Digest::parse(&format!("{}:{hex}", algorithm.as_str())) {
                        return Ok(Some(digest));
                    }
                }
            }
            let Some((algorithm, folder)) = self.pending.pop() else { return Ok(None) };
            self.reading = Some((algorithm, backend.entries(&folder).await?));
        }
    }
}
