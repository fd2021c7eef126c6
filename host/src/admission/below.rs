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

use std::collections::{HashSet, VecDeque};

use roadstead_engine::{Content, ContentError};
use roadstead_oci::{Digest, Manifest, Role, Tag, TagForm, media_type};

use super::{Candidate, plan::leaves_out_all};
use crate::{
    kind::{Kind, carries_chart},
    policy::{Policy, Rule, Verb},
};

/// Manifests below one that are looked at: more than the largest index names.
const BELOW_MAX: usize = 32_768;
/// Largest of them, in bytes.
const MANIFEST_BYTES_MAX: u64 = 16 << 20;

/// Goes down, one manifest at a time.
pub(super) struct Below<'a> {
    top: &'a Candidate,
    seen: HashSet<(Digest, bool)>,
    ahead: VecDeque<Ahead>,
    /// carries a chart without being one, with its type
    loose: Vec<(Digest, String)>,
    has_config: bool,
}

struct Ahead {
    digest: Digest,
    media_type: String,
    /// whether indexes alone lead there
    in_index: bool,
}

/// Why there is no candidate.
#[derive(Debug)]
pub(super) enum Hidden {
    /// too many are below
    TooMany,
    /// not stored
    Absent {
        /// which
        digest: Digest,
        /// whether indexes alone lead there
        in_index: bool,
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
    pub(super) fn new(policy: &'a Policy, top: &Candidate) -> Self {
        let mut rules = Self { tagged: Vec::new(), charts: Vec::new() };
        for rule in policy.rules() {
            let of = &rule.about;
            let fits_tag =
                |globs: &crate::policy::Globs| top.tags.iter().any(|tag| globs.fit(tag.as_str()));
            let elsewhere =
                of.repositories.as_ref().is_some_and(|globs| !globs.fit(top.repository.as_str()));
            if elsewhere || leaves_out_all(of, top) {
                continue;
            }
            let asks = matches!(rule.verb, Verb::Check(_)) && may_be_about_charts(rule);
            match &of.tags {
                Some(globs) if !fits_tag(globs) => {}
                Some(_) => rules.tagged.push(rule),
                None if asks => rules.charts.push(rule),
                None => {}
            }
        }
        rules
    }

    pub(super) fn is_empty(&self) -> bool {
        self.tagged.is_empty() && self.charts.is_empty()
    }

    /// Those that hold for a manifest below.
    pub(super) fn of(&self, below: &Candidate) -> impl Iterator<Item = &'a Rule> {
        let is_chart = below.kinds.contains(&Kind::HELM_CHART);
        let tagged = self.tagged.iter().filter(move |_| is_chart || below.in_index);
        // without tags nothing is asked that was not asked before
        let charts = self.charts.iter().filter(move |_| is_chart && !below.tags.is_empty());
        tagged.chain(charts).copied()
    }

    /// Those that hold for a chart that helm would put together.
    pub(super) fn of_charts(&self) -> impl Iterator<Item = &'a Rule> {
        self.charts.iter().chain(&self.tagged).copied()
    }

    /// Those that can't be applied to what is hidden. What is not there yet may come later
    /// (D-28), unless an index names it or a rule says that it is about charts with such tags.
    pub(super) fn against(&self, hidden: &Hidden) -> Vec<&'a Rule> {
        let says_charts = |rule: &&&Rule| {
            rule.about.kinds.as_ref().is_some_and(|kinds| kinds.contains(&Kind::HELM_CHART))
        };
        let tagged = self.tagged.iter();
        match hidden {
            Hidden::Absent { in_index: true, .. } => tagged.copied().collect(),
            Hidden::Absent { .. } => tagged.filter(says_charts).copied().collect(),
            _ => self.of_charts().collect(),
        }
    }
}

fn may_be_about_charts(rule: &Rule) -> bool {
    rule.about.kinds.as_ref().is_none_or(|kinds| kinds.contains(&Kind::HELM_CHART))
}

impl<'a> Below<'a> {
    pub(super) fn new(top: &'a Candidate) -> Self {
        let mut below = Self {
            top,
            seen: HashSet::new(),
            ahead: VecDeque::new(),
            loose: Vec::new(),
            has_config: false,
        };
        below.note(top);
        below.add(&top.manifest, true);
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

    fn add(&mut self, manifest: &Manifest, in_index: bool) {
        let named = manifest.descriptors();
        let named = named.filter(|(_, _, named)| media_type::is_manifest(&named.media_type));
        for (role, _, named) in named {
            let in_index = in_index && role == Role::Manifest;
            if self.seen.insert((named.digest.clone(), in_index)) {
                let (digest, media_type) = (named.digest.clone(), named.media_type.clone());
                self.ahead.push_back(Ahead { digest, media_type, in_index });
            }
        }
    }

    /// The next manifest, as if it had been pushed with the tags. None: there are no more.
    pub(super) async fn next(
        &mut self,
        content: &dyn Content,
    ) -> Option<Result<Candidate, Hidden>> {
        let ahead = self.ahead.pop_front()?;
        if self.seen.len() > BELOW_MAX {
            self.ahead.clear();
            return Some(Err(Hidden::TooMany));
        }
        let Ahead { digest, media_type, in_index } = ahead;
        let read = match read(&digest, &media_type, content).await {
            Ok(Some(read)) => read,
            Ok(None) => return Some(Err(Hidden::Absent { digest, in_index })),
            Err(hidden) => return Some(Err(hidden)),
        };
        let candidate = Candidate { in_index, ..self.candidate(digest, read) };
        self.note(&candidate);
        self.add(&candidate.manifest, in_index);
        Some(Ok(candidate))
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
        Some(match read(&digest, &media_type, content).await {
            Ok(Some(read)) => Ok(self.candidate(digest, read).also(Kind::HELM_CHART)),
            Ok(None) => Err(Hidden::Unreadable(digest)),
            Err(hidden) => Err(hidden),
        })
    }

    fn candidate(&self, digest: Digest, read: (Manifest, bytes::Bytes)) -> Candidate {
        let Candidate { repository, tags, principal, peer, .. } = self.top;
        let tags = tags.iter().filter(|tag| !names(tag, &digest)).cloned().collect();
        let below = Candidate::new(repository.clone(), (digest, tags), read);
        Candidate { principal: principal.clone(), peer: *peer, ..below }
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

async fn read(
    digest: &Digest,
    media_type: &str,
    content: &dyn Content,
) -> Result<Option<(Manifest, bytes::Bytes)>, Hidden> {
    let unreadable = || Hidden::Unreadable(digest.clone());
    let Some(size) = content.size(digest).await.map_err(Hidden::Failed)? else { return Ok(None) };
    if size > MANIFEST_BYTES_MAX {
        return Err(unreadable());
    }
    let bytes = content.read(digest, 0..size).await.map_err(Hidden::Failed)?;
    match Manifest::parse(&bytes, Some(media_type)) {
        Ok(manifest) => Ok(Some((manifest, bytes))),
        Err(_) => Err(unreadable()),
    }
}
