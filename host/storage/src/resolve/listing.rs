//! Listings that several nouns share.

use roadstead_oci::{Algorithm, Digest};

use super::Resolver;
use crate::{Result, layout::Prefix};

/// A page of names, in byte order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page<T> {
    /// what is on it
    pub items: Vec<T>,
    /// whether another one follows
    pub more: bool,
}

impl Resolver {
    /// The digests that have a folder below the one that each algorithm has.
    pub(crate) async fn digests_in<'a>(
        &self,
        folder: impl Fn(Algorithm) -> Prefix<'a>,
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
        folder: Prefix<'_>,
    ) -> Result<Vec<Digest>> {
        let names = self.names(&folder).await?;
        let parse = |hex: String| Digest::parse(&format!("{}:{hex}", algorithm.as_str())).ok();
        Ok(names.into_iter().filter_map(parse).collect())
    }
}
