//! Listings that several nouns share.

use roadstead_oci::{Algorithm, Digest};

use crate::{Result, Storage, key::Key};

/// A page of names, in byte order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page<T> {
    /// what is on it
    pub items: Vec<T>,
    /// whether another one follows
    pub more: bool,
}

impl Storage {
    /// The digests that have a folder below the one that each algorithm has.
    pub(crate) async fn digests_in<'a>(
        &self,
        folder: impl Fn(Algorithm) -> Key<'a>,
    ) -> Result<Vec<Digest>> {
        let mut digests = Vec::new();
        for algorithm in Algorithm::ALL {
            digests.extend(self.digests_of(algorithm, folder(algorithm)).await?);
        }
        Ok(digests)
    }

    /// The digests of one algorithm that have a folder below this one.
    pub(crate) async fn digests_of(
        &self,
        algorithm: Algorithm,
        folder: Key<'_>,
    ) -> Result<Vec<Digest>> {
        let names = self.backend.names(&folder.path()).await?;
        let parse = |hex: String| Digest::parse(&format!("{}:{hex}", algorithm.as_str())).ok();
        Ok(names.into_iter().filter_map(parse).collect())
    }
}
