//! A push of a manifest: claim, look, judge, commit. What is refused leaves nothing behind.

use std::collections::HashSet;

use roadstead_oci::{Descriptor, Manifest, Role, media_type};
use roadstead_storage::{Claim, Committed, ManifestRecord, Named, Need, Push, Result, Unmet};

use super::{Registry, records};
use crate::admission::{Candidate, Decision, Judgement, Verdict};

/// What became of a push.
#[derive(Clone, Debug)]
pub enum Pushed {
    /// It is stored, with its tags.
    Stored(Verdict),
    /// It was rejected, or could not be judged now.
    Refused(Verdict),
    /// These of the things that it names are not there as it says.
    Unmet(Vec<Unmet>),
    /// The repository serves the digest with this media type: one digest has one, or what is judged
    /// would not be what is served.
    ServedAs(String),
}

impl Registry {
    /// Judges a manifest, and stores it if nothing stands against that.
    ///
    /// # Errors
    ///
    /// The store failed. The same push may be tried again.
    pub async fn push(&self, candidate: &Candidate) -> Result<Pushed> {
        let Candidate { repository, digest, manifest, .. } = candidate;
        let needs = needs(manifest, self.manifests.allow_sparse_indexes);
        let claim = self.storage.claim(repository, digest, needs).await?;
        let other = claim.served_as().filter(|served_as| *served_as != manifest.media_type);
        if let Some(other) = other.map(ToOwned::to_owned) {
            self.storage.withdraw(claim).await;
            return Ok(Pushed::ServedAs(other));
        }
        let unmet = self.storage.look(&claim).await?;
        if !unmet.is_empty() {
            self.storage.withdraw(claim).await;
            return Ok(Pushed::Unmet(unmet));
        }
        let mut arrival = self.arrivals.together(repository).await;
        let mut judgement = self.judge(candidate).await;
        if judgement.awaits && judgement.decision == Decision::Accept {
            // what it awaits may be on its way, and must not miss it
            drop(arrival);
            arrival = self.arrivals.alone(repository).await;
            judgement = self.judge(candidate).await;
        }
        if judgement.decision != Decision::Accept {
            self.storage.withdraw(claim).await;
            return Ok(Pushed::Refused(self.refusals.keep(candidate, judgement).await));
        }
        let pushed = self.store(claim, candidate, judgement).await;
        drop(arrival);
        pushed
    }

    /// The judgement of the policy that is in force when it is given: a push that straddles a
    /// reload is judged again.
    async fn judge(&self, candidate: &Candidate) -> Judgement {
        /// Policies that are saved faster than this many reviews take are their operator's affair.
        const AGAIN_MAX: usize = 10;
        let place = || self.place(&candidate.repository);
        let mut judgement = self.admission.judge(candidate, place()).await;
        for _ in 0..AGAIN_MAX {
            if self.admission.is_current(&judgement) {
                break;
            }
            judgement = self.admission.judge(candidate, place()).await;
        }
        judgement
    }

    async fn store(
        &self,
        claim: Claim,
        candidate: &Candidate,
        judgement: Judgement,
    ) -> Result<Pushed> {
        let Candidate { repository, digest, .. } = candidate;
        let verdict = records::keep_acceptance(&self.storage, repository, digest, judgement).await;
        let push = self.record(candidate, &verdict);
        Ok(match self.storage.commit(claim, push).await? {
            Committed::Done => Pushed::Stored(verdict),
            Committed::Unmet(unmet) => Pushed::Unmet(unmet),
            Committed::ServedAs(other) => Pushed::ServedAs(other),
        })
    }

    fn record(&self, candidate: &Candidate, verdict: &Verdict) -> Push {
        let Candidate { digest, manifest, bytes, .. } = candidate;
        let children = manifest.descriptors().filter(|(role, _, child)| {
            *role == Role::Manifest && media_type::is_manifest(&child.media_type)
        });
        let mut seen = HashSet::new();
        let children = children.map(|(_, _, child)| child.digest.clone());
        let children = children.filter(|child| seen.insert(child.clone())).collect();
        let descriptor = manifest.referrer_descriptor(digest, bytes.len() as u64);
        let subject = manifest.subject.as_ref().map(|subject| subject.digest.clone());
        Push {
            bytes: bytes.clone(),
            referrer: subject.is_some().then(|| descriptor.to_string().into()),
            tags: candidate.tags.clone(),
            verdict_id: verdict.id.clone(),
            record: ManifestRecord {
                media_type: manifest.media_type.clone(),
                kind: verdict.judgement.kind.clone(),
                subject,
                children,
                pushed_at: self.storage.clock().now().to_string(),
                pushed_by: candidate.principal.recorded(),
                verdict: verdict.to_record(),
            },
        }
    }
}

/// What the manifest names, to be found in the repository with the size that it says.
///
/// Foreign layers may be elsewhere, a subject may come later (D-28), and where the operator allows
/// it an index may lack children and an image layers. A child of an index that is no manifest, as
/// in a build cache, is a blob. What is named twice is needed once.
fn needs(manifest: &Manifest, sparse: bool) -> Vec<Need> {
    let named = manifest.descriptors().filter_map(|(role, _, descriptor)| {
        let is_manifest = media_type::is_manifest(&descriptor.media_type);
        let (of, optional) = match role {
            Role::Config => (Named::Blob, false),
            Role::Layer => (Named::Blob, sparse || descriptor.is_foreign_layer()),
            Role::Manifest if is_manifest => (Named::Manifest, sparse),
            Role::Manifest => (Named::Blob, sparse),
            Role::Subject => return None,
        };
        let Descriptor { digest, size, media_type, .. } = descriptor;
        // clients read a child by the type that its descriptor says
        let is_manifest = of == Named::Manifest;
        let media_type = is_manifest.then(|| media_type::essence(media_type).to_owned());
        Some(Need { digest: digest.clone(), size: *size, of, media_type, optional })
    });
    let mut seen = HashSet::new();
    named.filter(|need| seen.insert(need.clone())).collect()
}
