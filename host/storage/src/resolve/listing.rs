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

/// How much a page may have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limit {
    /// names
    pub names: usize,
    /// bytes of those names as JSON strings with a comma each
    pub bytes: usize,
}

impl From<usize> for Limit {
    /// So many names, however long they are.
    fn from(names: usize) -> Self {
        Self { names, bytes: usize::MAX }
    }
}

impl Limit {
    /// What a name takes beside its own bytes: quotes and a comma.
    const AROUND_A_NAME: usize = 3;

    /// Takes the room of one more name. False: there is none, and nothing was taken.
    pub(super) fn take(&mut self, name: &str) -> bool {
        let bytes = self.bytes.checked_sub(name.len() + Self::AROUND_A_NAME);
        let (Some(names), Some(bytes)) = (self.names.checked_sub(1), bytes) else { return false };
        *self = Self { names, bytes };
        true
    }
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
