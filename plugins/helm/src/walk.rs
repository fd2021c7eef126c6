//! What helm walks over when it pulls: not the manifest alone, but every manifest that it names, be
//! it as the subject, among the layers or in an index, and what those name in turn. Out of all of
//! it helm takes parts by media type, and of two of a kind the one that arrived last.
//!
//! A plugin reads what its target names, and of what lies deeper it knows the type alone. The host
//! walks all the way, and refuses a chart there that is carried by what is no chart.

use std::collections::BTreeSet;

use roadstead_plugin_sdk::{
    Descriptor, Failure, Manifest, Quoted, Report, Role,
    content::{self, ReadError},
    context,
    oci::{self, media_type},
};

use crate::{
    codes,
    manifest::{Part, is_helm},
};

/// What helm's client reads as another manifest.
const FOLLOWED: [&str; 5] = [
    media_type::OCI_MANIFEST,
    media_type::OCI_INDEX,
    media_type::DOCKER_MANIFEST,
    media_type::DOCKER_LIST,
    "application/vnd.oci.artifact.manifest.v1+json",
];
/// Bytes of a manifest; the registry stores no larger one.
const MANIFEST_BYTES_MAX: u64 = 4 << 20;
/// Findings that are told one by one.
const FINDINGS_MAX: usize = 10;
/// Manifests below another one that are looked up.
const LOOKED_UP_MAX: usize = 1_000;

/// Finds whatever helm could take in place of the chart's own parts. An index has none: there helm
/// may take what it likes, as long as it takes charts that were judged.
pub(crate) fn check(manifest: &Manifest, report: &mut Report) -> Result<(), Failure> {
    let mut walk = Walk { own: own(manifest), seen: Seen::default() };
    for named in &manifest.descriptors {
        walk.named(named)?;
    }
    let Seen { taken, loose, hidden, has_config, absent, .. } = walk.seen;
    let is_index = manifest.config().is_none();
    // without a config helm installs nothing
    let unjudged = if is_index && !has_config { Vec::new() } else { [loose, hidden].concat() };
    for problem in taken.into_iter().chain(unjudged).take(FINDINGS_MAX) {
        let message = format!("{}; push the chart without it", problem.why);
        report.find(&codes::MISPLACED, message).pointer(&problem.pointer);
    }
    for problem in absent.into_iter().take(if is_index { 0 } else { FINDINGS_MAX }) {
        report.find(&codes::ABSENT, problem.why).pointer(&problem.pointer);
    }
    Ok(())
}

/// The parts that stand where they may: of an image manifest, and not of an index.
fn own(manifest: &Manifest) -> BTreeSet<(Part, &str)> {
    let has_own_config = manifest.config().is_some_and(|config| {
        // a config among the layers beside it is another one
        Part::of(&config.media_type) == Some(Part::Config)
    });
    let named = manifest.descriptors.iter();
    let own = named.filter_map(|named| {
        let part = Part::of(&named.media_type)?;
        let fits = match (part, named.role) {
            (Part::Config, Role::Config) | (Part::Chart | Part::Provenance, Role::Layer) => true,
            (Part::Config, Role::Layer) => !has_own_config,
            _ => false,
        };
        fits.then_some((part, named.digest.as_str()))
    });
    own.collect()
}

struct Walk<'a> {
    own: BTreeSet<(Part, &'a str)>,
    seen: Seen,
}

#[derive(Default)]
struct Seen {
    /// what helm would take for a part of the chart, and is none
    taken: Vec<Problem>,
    /// charts that nobody judges, as what carries them is none
    loose: Vec<Problem>,
    /// what could carry such a chart, and can't be read
    hidden: Vec<Problem>,
    absent: Vec<Problem>,
    /// of helm's type, anywhere
    has_config: bool,
    looked_up: usize,
}

#[derive(Clone)]
struct Problem {
    why: String,
    pointer: String,
}

impl Walk<'_> {
    /// Looks at what the manifest itself names.
    fn named(&mut self, named: &Descriptor) -> Result<(), Failure> {
        let (place, pointer) = place(named);
        let pointer = format!("{pointer}/mediaType");
        let media_type = Quoted(&named.media_type);
        let part = Part::of(&named.media_type);
        let own = part.is_none_or(|part| self.own.contains(&(part, &named.digest)));
        self.seen.has_config |= part == Some(Part::Config);
        if let Some(part) = part.filter(|_| !own) {
            let what = part.name();
            let why = format!(
                "{place} has the type {media_type}, which helm reads as the chart's {what} \
                 wherever it is"
            );
            self.seen.taken.push(Problem { why, pointer });
            return Ok(());
        }
        if !FOLLOWED.contains(&named.media_type.as_str()) {
            return Ok(());
        }
        match read(named)? {
            Read::Manifest(manifest) => self.manifest(&manifest, &place, &pointer),
            Read::Absent => {
                let why = format!(
                    "{place} is not stored here, but helm fetches it with the chart; push it first"
                );
                self.seen.absent.push(Problem { why, pointer });
            }
            Read::Unclear => {
                let why = format!(
                    "{place} has the type {media_type} and can't be read, but helm reads its parts \
                     as the chart's"
                );
                self.seen.hidden.push(Problem { why, pointer });
            }
        }
        Ok(())
    }

    /// Looks at what a manifest names in turn.
    fn manifest(&mut self, manifest: &oci::Manifest, place: &str, pointer: &str) {
        let is_chart = manifest.effective_artifact_type().is_some_and(is_helm)
            || manifest
                .descriptors()
                .any(|(_, _, named)| Part::of(&named.media_type) == Some(Part::Config));
        for (_, _, named) in manifest.descriptors() {
            let digest = named.digest.to_string();
            let Some(part) = Part::of(&named.media_type) else {
                if FOLLOWED.contains(&named.media_type.as_str()) {
                    self.below(&digest, place, pointer);
                }
                continue;
            };
            self.seen.has_config |= part == Part::Config;
            let why = format!(
                "{place} names {}, which helm reads as the chart's {}",
                Quoted(&named.media_type),
                part.name()
            );
            let problem = Problem { why, pointer: pointer.to_owned() };
            if self.own.is_empty() {
                if part == Part::Chart && !is_chart {
                    self.seen.loose.push(problem);
                }
            } else if !self.own.contains(&(part, digest.as_str())) {
                self.seen.taken.push(problem);
            }
        }
    }

    /// Looks up what lies too deep to be read.
    fn below(&mut self, digest: &str, place: &str, pointer: &str) {
        self.seen.looked_up += 1;
        let found = context::manifest(digest).map(|found| found.artifact_type.unwrap_or_default());
        let problem = |why| Problem { why, pointer: pointer.to_owned() };
        match found {
            _ if self.seen.looked_up > LOOKED_UP_MAX => {
                let why = format!("{place} names more than {LOOKED_UP_MAX} manifests");
                self.seen.hidden.push(problem(why));
            }
            // in an index it is judged like any other
            Some(of) if is_helm(&of) && !self.own.is_empty() => {
                let of = Quoted(&of);
                let why = format!("{place} names a manifest with the type {of} of another chart");
                self.seen.hidden.push(problem(why));
            }
            Some(_) => {}
            None => {
                let why = format!(
                    "{place} names {digest}, which is not stored here, but helm fetches it with \
                     the chart; push it first"
                );
                self.seen.absent.push(problem(why));
            }
        }
    }
}

enum Read {
    Manifest(Box<oci::Manifest>),
    Absent,
    /// larger than any that is stored, or no manifest that all clients read alike
    Unclear,
}

fn read(named: &Descriptor) -> Result<Read, Failure> {
    let bytes = match content::read(&named.digest, MANIFEST_BYTES_MAX) {
        Ok(bytes) => bytes,
        Err(ReadError::Absent(_)) => return Ok(Read::Absent),
        Err(ReadError::TooLarge(_)) => return Ok(Read::Unclear),
        Err(error) => return Err(error.into()),
    };
    let parsed = oci::Manifest::parse(&bytes, Some(&named.media_type));
    Ok(parsed.map_or(Read::Unclear, |manifest| Read::Manifest(Box::new(manifest))))
}

/// Where a descriptor stands: in words, and as a JSON pointer.
fn place(named: &Descriptor) -> (String, String) {
    let index = named.index;
    match named.role {
        Role::Layer => (format!("layer {index}"), format!("/layers/{index}")),
        Role::Manifest => (format!("child {index}"), format!("/manifests/{index}")),
        Role::Config => ("the config".to_owned(), "/config".to_owned()),
        Role::Subject => ("the subject".to_owned(), "/subject".to_owned()),
    }
}
