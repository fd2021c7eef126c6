//! The audit: verifies every invariant of the layout, beside pushes that go on.
//!
//! A fault breaks a promise: a name without bytes, a manifest without something that it names.
//! Litter is what crashes leave, and nobody sees it. Nothing is taken from memory, or damage on
//! the disk would stay unseen as long as the process remembers better.
//!
//! Listings are no snapshots, and what a look remembers may change behind it. So whatever looks
//! wrong in a repository is looked at once more, anew, with the repository held still.

mod blobs;
mod digests;
mod manifests;
mod report;
mod tags;
mod uploads;

use std::collections::HashSet;

use roadstead_oci::Repository;

use crate::{
    Result, Storage,
    layout::{MANIFESTS, Prefix, REFUSALS, UPLOADS, is_held},
};

use digests::Digests;
pub use report::{Audit, AuditFault};

const REPOSITORIES_AT_ONCE: usize = 1000;

/// What the repositories name of the things that they share, as the bits of ids.
#[derive(Default)]
struct Named {
    /// records, by links
    records: HashSet<u128>,
    /// data, by records and by the parts of uploads
    segments: HashSet<u128>,
}

/// One look at a repository.
struct Look<'a> {
    /// remembers what this look has read, and nothing else
    storage: Storage,
    repository: &'a Repository,
    named: &'a mut Named,
    audit: Audit,
}

impl Storage {
    /// Verifies every invariant of the layout.
    ///
    /// Takes memory for the ids of records and segments, some 40 bytes each. Content is not hashed
    /// again, manifests excepted.
    pub async fn audit(&self) -> Result<Audit> {
        let storage = self.forgetful();
        self.backend.walk(async move { storage.audit_all().await }).await
    }

    async fn audit_all(&self) -> Result<Audit> {
        let (mut audit, mut named) = (Audit::default(), Named::default());
        let mut last = None;
        loop {
            let page = self.repositories(last.as_deref(), REPOSITORIES_AT_ONCE).await?;
            for repository in &page.items {
                audit.add(self.audit_repository(repository, &mut named).await?);
            }
            last = page.items.last().map(ToString::to_string);
            if !page.more {
                break;
            }
        }
        self.audit_strays(&mut audit).await?;
        self.audit_blobs(&mut named, &mut audit).await?;
        Ok(audit)
    }

    async fn audit_repository(&self, repository: &Repository, named: &mut Named) -> Result<Audit> {
        let audit = self.look_at(repository, named).await?;
        if audit.fault_count == 0 {
            return Ok(audit);
        }
        let _still = self.resolver.remove(repository).await;
        self.look_at(repository, named).await
    }

    async fn look_at(&self, repository: &Repository, named: &mut Named) -> Result<Audit> {
        let (storage, audit) = (self.forgetful(), Audit::default());
        let mut look = Look { storage, repository, named, audit };
        look.audit.sound("repositories");
        look.links().await?;
        look.manifests().await?;
        look.verdicts().await?;
        look.refusals().await?;
        look.tags().await?;
        look.referrers().await?;
        look.parents().await?;
        look.uploads().await?;
        Ok(look.audit)
    }

    /// Repositories that show something and are not on the catalog.
    async fn audit_strays(&self, audit: &mut Audit) -> Result<()> {
        let mut pending = vec![String::new()];
        while let Some(folder) = pending.pop() {
            for name in self.resolver.names(&Prefix::Repositories(&folder)).await? {
                if !is_held(&name) {
                    pending.push(format!("{folder}{name}/"));
                    continue;
                }
                let repository = Repository::parse(folder.trim_end_matches('/'));
                // in this order, since a push is on the catalog before it shows anything
                let stray = match repository {
                    Ok(repository) => {
                        self.shows(&repository, &name).await?
                            && !self.resolver.repository_exists(&repository).await?
                    }
                    Err(_) => true,
                };
                if stray {
                    let key = Prefix::Repositories(&format!("{folder}{name}")).path();
                    audit.fault(key, "its repository is not in the catalog");
                }
            }
        }
        Ok(())
    }

    /// Whether what a repository holds below `name` makes it one: uploads have no name yet, and
    /// claims may be of pushes that are refused.
    async fn shows(&self, repository: &Repository, name: &str) -> Result<bool> {
        if name != MANIFESTS {
            return Ok(name != UPLOADS && name != REFUSALS);
        }
        let folder = |algorithm| Prefix::ManifestsOf(repository, algorithm);
        let mut digests = Digests::below(folder);
        while let Some(digest) = digests.next(&self.backend).await? {
            if !self.resolver.claims(repository, &digest).await?.visible.is_empty() {
                return Ok(true);
            }
        }
        Ok(false)
    }
}
