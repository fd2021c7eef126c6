//! What was refused, by its manifest: found without a search, and counted.
//!
//! A refusal stands in the last component of its key, with how often it was given and when last.
//! A greater count is a new key, and the smaller ones go. The object holds what its caller says
//! about the pushes.

use std::{collections::BTreeMap, fmt};

use bytes::Bytes;
use jiff::Timestamp;

use roadstead_oci::{Digest, Repository};

use super::ids::is_id;
use crate::{
    Result, Storage,
    layout::{Key, Prefix},
};

/// Refusals kept of one manifest, with their verdicts: the newest.
const REFUSALS_MAX: usize = 100;

/// A refusal of a manifest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// what was refused and why: letters and digits of the caller's choice
    pub grounds: String,
    /// the verdict's id
    pub verdict: String,
    /// how often it was given, at least
    pub times: u64,
    /// when it was given last
    pub last: Timestamp,
}

impl Refusal {
    fn parse(name: &str) -> Option<Self> {
        let mut parts = name.split('-');
        let mut next = || parts.next();
        let (grounds, verdict, times, last) = (next()?, next()?, next()?, next()?);
        let last = Timestamp::from_second(last.parse().ok()?).ok()?;
        let (grounds, verdict) = (grounds.to_owned(), verdict.to_owned());
        let refusal = Self { grounds, verdict, times: times.parse().ok()?, last };
        (is_id(&refusal.verdict) && next().is_none()).then_some(refusal)
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { grounds, verdict, times, last } = self;
        write!(f, "{grounds}-{verdict}-{times}-{}", last.as_second())
    }
}

impl Storage {
    /// The refusals of a manifest in a repository, the newest verdict last. Verdicts are swept, so
    /// one may be gone.
    pub async fn refusals(&self, repository: &Repository, digest: &Digest) -> Result<Vec<Refusal>> {
        let names = self.resolver.names(&Prefix::Refusals(repository, digest)).await?;
        let mut greatest = BTreeMap::<String, Refusal>::new();
        for refusal in names.iter().filter_map(|name| Refusal::parse(name)) {
            let known = greatest.entry(refusal.verdict.clone()).or_insert_with(|| refusal.clone());
            if known.times < refusal.times {
                *known = refusal;
            }
        }
        Ok(greatest.into_values().collect())
    }

    /// What was said about the pushes when a refusal was kept.
    pub async fn refused_pushes(
        &self,
        repository: &Repository,
        digest: &Digest,
        refusal: &Refusal,
    ) -> Result<Option<Bytes>> {
        self.backend.read(&Key::Refusal(repository, digest, refusal).path()).await
    }

    /// Keeps a refusal, whose verdict is kept already, with its new count and what there is to say
    /// about the pushes. Of too many of one manifest the oldest go, and their verdicts: a client
    /// that is refused for ever new reasons fills nothing. Returns those that went.
    pub async fn put_refusal(
        &self,
        repository: &Repository,
        digest: &Digest,
        refusal: &Refusal,
        pushes: Bytes,
    ) -> Result<Vec<Refusal>> {
        let key = Key::Refusal(repository, digest, refusal).path();
        self.backend.create(&key, pushes).await?;
        let mut oldest = self.refusals(repository, digest).await?;
        let kept = oldest.split_off(oldest.len().saturating_sub(REFUSALS_MAX));
        self.retain_refusals(repository, digest, |refusal| kept.contains(refusal)).await?;
        for Refusal { verdict, .. } in &oldest {
            self.discard_verdict(repository, verdict).await;
        }
        Ok(oldest)
    }

    /// Removes the refusals that were given with a verdict.
    pub(super) async fn forget_refusal(
        &self,
        repository: &Repository,
        digest: &Digest,
        verdict: &str,
    ) -> Result<()> {
        self.retain_refusals(repository, digest, |refusal| refusal.verdict != verdict).await
    }

    async fn retain_refusals(
        &self,
        repository: &Repository,
        digest: &Digest,
        retain: impl Fn(&Refusal) -> bool,
    ) -> Result<()> {
        for name in self.resolver.names(&Prefix::Refusals(repository, digest)).await? {
            let Some(refusal) = Refusal::parse(&name).filter(|refusal| !retain(refusal)) else {
                continue;
            };
            self.backend.discard(&Key::Refusal(repository, digest, &refusal).path()).await;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_stands_in_its_name() {
        let (grounds, verdict) = ("0a1b".to_owned(), "M9DWFBKHSF3".to_owned());
        let last = Timestamp::from_second(1_800_000_000).unwrap();
        let refusal = Refusal { grounds, verdict, times: 17, last };
        assert_eq!(refusal.to_string(), "0a1b-M9DWFBKHSF3-17-1800000000");
        assert_eq!(Refusal::parse(&refusal.to_string()), Some(refusal));
        for none in ["", "0a1b-M9DWFBKHSF3-17", "0a1b-M9DWFBKHSF3-17-1-1", "0a1b-M9-17-1"] {
            assert_eq!(Refusal::parse(none), None, "{none}");
        }
    }
}
