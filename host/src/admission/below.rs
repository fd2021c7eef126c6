//! What a manifest leads to, judged with its tags.
//!
//! What lies below was decided when it was pushed, but by other tags or by none. Whoever pulls an
//! index gets what it wraps, so rules about tags hold for that, or wrapping would be a way round
//! them. helm goes further: from what it pulls it follows everything whose type is a manifest's, in
//! an index, among the layers and as the subject, and takes the parts of a chart from wherever they
//! stand. So for rules about charts that is the way down, and a chart that stands beside the config
//! of another is one that helm installs.
//!
//! A subject that is no chart is of no interest: helm takes nothing of it, and nobody else follows.
//!
//! What is named but not stored yet is judged when it arrives, by the same way down: from every
//! manifest that leads to it.

use std::collections::{HashSet, VecDeque};

use roadstead_engine::{Content, ContentError};
use roadstead_oci::{Digest, Manifest, Role, Tag, TagForm, media_type};

use super::{Candidate, ReadManifest, plan::leaves_out_all};
use crate::{
    kind::{Kind, carries_chart},
    policy::{Globs, Match, Policy, Rule, Verb},
};

/// Manifests below one, or above it, that are looked at: more than the largest index names.
pub(super) const BELOW_MAX: usize = 32_768;
/// Largest of them, in bytes.
const MANIFEST_BYTES_MAX: u64 = 16 << 20;

/// Goes down, one manifest at a time.
pub(super) struct Below<'a> {
    top: &'a Candidate,
    /// what is being pushed, if that is not the top: what leads elsewhere was judged before
    arriving: Option<&'a Candidate>,
    seen: HashSet<(Digest, bool)>,
    ahead: VecDeque<Ahead>,
    /// carries a chart without being one, with its type
    loose: Vec<(Digest, String)>,
    has_config: bool,
    awaits: bool,
}

struct Ahead {
    digest: Digest,
    media_type: String,
    role: Role,
    /// whether indexes alone lead there
    in_index: bool,
    /// whether what is being pushed leads there, or is there
    is_new: bool,
}

/// Why there is no candidate.
#[derive(Debug)]
pub(super) enum Hidden {
    /// too many are below
    TooMany,
    /// not stored, and not found from there when it comes
    Absent(Digest),
    /// pushed as another media type than an index names it by
    OtherType {
        /// which
        digest: Digest,
        /// as what it is pushed
        pushed_as: String,
        /// as what it is named
        named_as: String,
    },
    /// damaged
    Unreadable(Digest),
    /// the store failed; a retry may cure it
    Failed(ContentError),
}

/// The rules that hold for what a candidate leads to.
pub(super) struct Rules<'a> {
    /// about the candidate's tags
    tagged: Vec<&'a Rule>,
    /// that ask plugins about charts, who may look at tags
    charts: Vec<&'a Rule>,
}

impl<'a> Rules<'a> {
    /// Those that hold with its tags.
    pub(super) fn new(policy: &'a Policy, top: &Candidate) -> Self {
        Self::that(policy, top, |of| {
            let fits = |globs: &Globs| top.tags.iter().any(|tag| globs.fit(tag.as_str()));
            of.tags.as_ref().is_none_or(fits) && !leaves_out_all(of, top)
        })
    }

    /// Those that would hold with some tag or other.
    pub(super) fn of_any_tag(policy: &'a Policy, top: &Candidate) -> Self {
        Self::that(policy, top, |_| true)
    }

    fn that(policy: &'a Policy, top: &Candidate, hold: impl Fn(&Match) -> bool) -> Self {
        let mut rules = Self { tagged: Vec::new(), charts: Vec::new() };
        for rule in policy.rules() {
            let of = &rule.about;
            let elsewhere =
                of.repositories.as_ref().is_some_and(|globs| !globs.fit(top.repository.as_str()));
            if elsewhere || !hold(of) {
                continue;
            }
            let asks = matches!(rule.verb, Verb::Check(_)) && may_be_about_charts(rule);
            let except_tags = of.except.as_deref().is_some_and(|except| except.tags.is_some());
            if of.tags.is_some() || except_tags {
                rules.tagged.push(rule);
            } else if asks {
                rules.charts.push(rule);
            }
        }
        rules
    }

    pub(super) fn is_empty(&self) -> bool {
        self.tagged.is_empty() && self.charts.is_empty()
    }

    /// Whether one may hold for a manifest or for what it leads to.
    pub(super) fn may_reach(&self, candidate: &Candidate) -> bool {
        let named = || candidate.manifest.descriptors();
        let leads_to_chart = || {
            candidate.kinds.contains(&Kind::HELM_CHART)
                || carries_chart(&candidate.manifest)
                || named().any(|(_, _, named)| media_type::is_manifest(&named.media_type))
        };
        !self.tagged.is_empty() || !self.charts.is_empty() && leads_to_chart()
    }

    /// Those that hold for a manifest below.
    pub(super) fn of(&self, below: &Candidate) -> impl Iterator<Item = &'a Rule> {
        let is_chart = below.kinds.contains(&Kind::HELM_CHART);
        let tagged = self.tagged.iter().filter(move |_| is_chart || below.in_index);
        // without tags nothing is asked that was not asked before
        let charts = self.charts.iter().filter(move |_| is_chart && !below.told_tags.is_empty());
        tagged.chain(charts).copied()
    }

    /// Those that hold for a chart that helm would put together.
    pub(super) fn of_charts(&self) -> impl Iterator<Item = &'a Rule> {
        self.charts.iter().chain(&self.tagged).copied()
    }
}

fn may_be_about_charts(rule: &Rule) -> bool {
    rule.about.kinds.as_ref().is_none_or(|kinds| kinds.contains(&Kind::HELM_CHART))
}

impl<'a> Below<'a> {
    /// Down from what is being pushed, or from what leads to that.
    pub(super) fn new(top: &'a Candidate, arriving: Option<&'a Candidate>) -> Self {
        let mut below = Self {
            top,
            arriving,
            seen: HashSet::new(),
            ahead: VecDeque::new(),
            loose: Vec::new(),
            has_config: false,
            awaits: false,
        };
        below.note(top);
        below.add(&top.manifest, true, arriving.is_none());
        below
    }

    /// What helm would take from a manifest.
    fn note(&mut self, candidate: &Candidate) {
        // of this kind is what names a config of helm's type, or claims to
        if candidate.kinds.contains(&Kind::HELM_CHART) {
            self.has_config = true;
        } else if carries_chart(&candidate.manifest) {
            self.loose.push((candidate.digest.clone(), candidate.manifest.media_type.clone()));
        }
    }

    fn add(&mut self, manifest: &Manifest, in_index: bool, is_new: bool) {
        let named = manifest.descriptors();
        let named = named.filter(|(_, _, named)| media_type::is_manifest(&named.media_type));
        for (role, _, named) in named {
            let in_index = in_index && role == Role::Manifest;
            if self.seen.insert((named.digest.clone(), in_index)) {
                let (digest, media_type) = (named.digest.clone(), named.media_type.clone());
                let is_new = is_new || self.arriving.is_some_and(|of| of.digest == digest);
                self.ahead.push_back(Ahead { digest, media_type, role, in_index, is_new });
            }
        }
    }

    /// The next manifest, as if it had been pushed with the tags. None: there are no more.
    pub(super) async fn next(
        &mut self,
        content: &dyn Content,
    ) -> Option<Result<Candidate, Hidden>> {
        loop {
            let ahead = self.ahead.pop_front()?;
            if self.seen.len() > BELOW_MAX {
                self.ahead.clear();
                return Some(Err(Hidden::TooMany));
            }
            let Ahead { digest, media_type, role, in_index, is_new } = ahead;
            if let Some(arriving) = self.arriving.filter(|of| of.digest == digest)
                && role == Role::Manifest
                && media_type::essence(&media_type) != arriving.manifest.media_type
            {
                let pushed_as = arriving.manifest.media_type.clone();
                return Some(Err(Hidden::OtherType { digest, pushed_as, named_as: media_type }));
            }
            let candidate = match self.read(&digest, &media_type, content).await {
                Ok(Some(read)) => Candidate { in_index, ..self.candidate(read) },
                Err(hidden) if is_new => return Some(Err(hidden)),
                Ok(None) if is_new && matches!(role, Role::Subject | Role::Manifest) => {
                    self.awaits = true;
                    continue;
                }
                Ok(None) if is_new => return Some(Err(Hidden::Absent(digest))),
                Ok(None) | Err(_) => continue,
            };
            self.note(&candidate);
            self.add(&candidate.manifest, in_index, is_new);
            if is_new {
                return Some(Ok(candidate));
            }
        }
    }

    /// Whether something was not there that is judged, with what named it, when it comes.
    pub(super) fn awaits(&self) -> bool {
        self.awaits
    }

    /// What helm would install a chart from although it is none: its config stands elsewhere. None:
    /// there are no more.
    pub(super) async fn next_loose(
        &mut self,
        content: &dyn Content,
    ) -> Option<Result<Candidate, Hidden>> {
        let (digest, media_type) = self.loose.pop().filter(|_| self.has_config)?;
        if digest == self.top.digest {
            return Some(Ok(self.top.also(Kind::HELM_CHART)));
        }
        Some(match self.read(&digest, &media_type, content).await {
            Ok(Some(read)) => Ok(self.candidate(read).also(Kind::HELM_CHART)),
            Ok(None) => Err(Hidden::Unreadable(digest)),
            Err(hidden) => Err(hidden),
        })
    }

    async fn read(
        &self,
        digest: &Digest,
        media_type: &str,
        content: &dyn Content,
    ) -> Result<Option<ReadManifest>, Hidden> {
        let unreadable = || Hidden::Unreadable(digest.clone());
        let arriving = self.arriving.filter(|arriving| arriving.digest == *digest);
        let bytes = if let Some(arriving) = arriving {
            arriving.bytes.clone()
        } else {
            let size = content.size(digest).await.map_err(Hidden::Failed)?;
            let Some(size) = size else { return Ok(None) };
            if size > MANIFEST_BYTES_MAX {
                return Err(unreadable());
            }
            content.read(digest, 0..size).await.map_err(Hidden::Failed)?
        };
        let manifest = Manifest::parse(&bytes, Some(media_type)).map_err(|_| unreadable())?;
        Ok(Some(ReadManifest { digest: digest.clone(), manifest, bytes }))
    }

    fn candidate(&self, read: ReadManifest) -> Candidate {
        let Candidate { repository, tags, principal, peer, .. } = self.top;
        let told = tags.iter().filter(|tag| !names(tag, &read.digest)).cloned().collect();
        let below = Candidate::new(repository.clone(), read, told);
        Candidate { tags: tags.clone(), principal: principal.clone(), peer: *peer, ..below }
    }
}

/// Whether a tag names a manifest by its digest, as that of a list of its referrers does: who pulls
/// that asks for this very manifest.
fn names(tag: &Tag, digest: &Digest) -> bool {
    match tag.form() {
        TagForm::Attachment { subject, .. } | TagForm::FallbackIndex { subject } => {
            subject == *digest
        }
        TagForm::Plain => false,
    }
}
