//! What is stored, judged once more without a push: by another policy, or as if it went elsewhere.

use std::{fmt, sync::Arc};

use serde_json::Value;

use roadstead_oci::{Reference, Repository, Tag};
use roadstead_storage::Storage;

use super::{
    RepositoryContent,
    content::{failed, read},
};
use crate::{
    admission::{Admission, Candidate, ContentError, Verdict, explain, look},
    policy::Policy,
};

/// A stored manifest, and what it would be pushed as.
#[derive(Clone, Debug)]
pub struct Wanted {
    /// where it is stored
    pub repository: Repository,
    /// which it is
    pub reference: Reference,
    /// where it would be pushed to; none: where it is, with the tag that it is asked for by
    pub named: Option<Name>,
}

/// Where something would be pushed to.
#[derive(Clone, Debug)]
pub struct Name {
    /// the repository
    pub repository: Repository,
    /// the tag that it would have
    pub tag: Option<Tag>,
}

impl Name {
    /// Reads `charts/web` or `charts/web:1.0.0`. Or what is wrong with it.
    pub fn parse(text: &str) -> Result<Self, String> {
        if text.contains('@') {
            return Err(format!(
                "{text}: the artifact has its own digest; name repository or repository:tag"
            ));
        }
        let (repository, tag) = match text.split_once(':') {
            Some((repository, tag)) => (repository, Some(Tag::parse(tag))),
            None => (text, None),
        };
        let repository = Repository::parse(repository).map_err(|why| why.to_string())?;
        let tag = tag.transpose().map_err(|why| why.to_string())?;
        Ok(Self { repository, tag })
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.tag {
            Some(tag) => write!(f, "{}:{tag}", self.repository),
            None => write!(f, "{}", self.repository),
        }
    }
}

/// A stored manifest that is judged once more. Whatever comes of it, nothing is kept.
#[derive(Debug)]
pub struct Trial {
    candidate: Candidate,
    content: Arc<RepositoryContent>,
    /// RFC 3339
    at: String,
}

impl Trial {
    /// Finds what is wanted. None: it is not stored.
    ///
    /// # Errors
    ///
    /// The store failed.
    pub async fn find(
        storage: &Arc<Storage>,
        wanted: Wanted,
    ) -> Result<Option<Self>, ContentError> {
        let Wanted { repository, reference, named } = wanted;
        let stored = storage.referenced(&repository, &reference).await.map_err(failed)?;
        let Some(stored) = stored else { return Ok(None) };
        let content = Arc::new(RepositoryContent::new(Arc::clone(storage), repository.clone()));
        let Name { repository, tag } = named.unwrap_or_else(|| {
            let tag = match reference {
                Reference::Tag(tag) => Some(tag),
                Reference::Digest(_) => None,
            };
            Name { repository, tag }
        });
        let candidate = Candidate::new(repository, read(&stored)?, tag.into_iter().collect());
        Ok(Some(Self { candidate, content, at: storage.clock().now().to_string() }))
    }

    /// What would become of it.
    pub async fn judge(&self, admission: &Admission) -> Verdict {
        let place = Arc::clone(&self.content);
        let judgement = admission.judge(&self.candidate, place).await;
        Verdict::tried(self.at.clone(), judgement)
    }

    /// Which rules of a policy are about it, and why.
    ///
    /// # Errors
    ///
    /// The store failed.
    pub async fn explain(&self, policy: &Policy) -> Result<Value, ContentError> {
        Ok(explain(policy, &*look(&self.candidate, &*self.content).await?))
    }
}
