//! A case: what is pushed, and what must become of it.

use std::collections::BTreeSet;

use roadstead_oci::{Algorithm, Descriptor, Digest, Manifest, Repository, Tag};
use roadstead_yaml::{Node, Value};

use crate::{
    Expectation,
    content::{self, Blobs, FORMS, content},
    expect,
    fields::Fields,
    settings::settings,
    source::{CaseError, Source, Tester},
    yaml::documents,
};

const KEYS: [&str; 11] = [
    "name",
    "repository",
    "tags",
    "principal",
    "kind",
    "now",
    "settings",
    "manifest",
    "blob",
    "blobs",
    "expect",
];

/// Keys that say something of a manifest's push.
const PUSH_KEYS: [&str; 5] = ["repository", "tags", "principal", "kind", "blobs"];

/// One push, and what must become of it.
#[derive(Clone, Debug)]
pub struct Case {
    /// unique among those that are read together
    pub name: String,
    /// where it stands: `file:line`
    pub place: String,
    /// what is judged
    pub target: Target,
    /// the plugin's settings, as JSON text
    pub settings: String,
    /// seconds since the epoch, if it says so
    pub now: Option<u64>,
    /// what is stored
    pub blobs: Blobs,
    /// what must become of it
    pub expect: Expectation,
}

impl Case {
    /// The manifests among what is stored: they are in the repository, for whoever asks for the
    /// context of a push. With the digest of the subject of each.
    pub fn manifests(&self) -> Vec<(Descriptor, Option<Digest>)> {
        let listed = self.blobs.iter().filter_map(|(digest, bytes)| {
            let manifest = Manifest::parse(bytes, None).ok()?;
            let listed = manifest.listed(digest, bytes.len() as u64);
            Some((listed, manifest.subject.map(|subject| subject.digest)))
        });
        listed.collect()
    }
}

/// What is judged.
#[derive(Clone, Debug)]
pub enum Target {
    /// a manifest with all that it names
    Manifest(Box<Push>),
    /// one layer or config
    Blob {
        /// as a manifest would call it
        media_type: String,
        /// of its content
        digest: Digest,
        /// bytes
        size: u64,
    },
}

/// The push of a manifest.
#[derive(Clone, Debug)]
pub struct Push {
    /// where to; `example`, if the case does not say
    pub repository: Repository,
    /// none for a push by digest
    pub tags: Vec<Tag>,
    /// who pushes
    pub principal: Option<String>,
    /// what the host must take it for, if the case says so
    pub kind: Option<String>,
    /// of the bytes
    pub digest: Digest,
    /// exactly what is pushed
    pub bytes: Vec<u8>,
    /// as clients read the bytes
    pub manifest: Manifest,
}

/// The cases of one file: documents, each a case or a list of them.
pub(crate) fn read(
    source: &Source<'_>,
    text: &str,
    names: &mut BTreeSet<String>,
) -> Result<Vec<Case>, CaseError> {
    let documents = documents(text).map_err(|(at, what)| source.error(at, what))?;
    let nodes = documents.into_iter().flat_map(|node| match node.value {
        Value::List(cases) => cases,
        value => vec![Node { value, spot: node.spot }],
    });
    let mut cases = Vec::new();
    for node in nodes {
        let case = case(source, &node)?;
        if !names.insert(case.name.clone()) {
            let what = format!(
                "there is already a case {:?}; give this one another \
                                name",
                case.name
            );
            return Err(source.error(node.spot, what));
        }
        cases.push(case);
    }
    if cases.is_empty() {
        return Err(Source::whole(source.path, "it has no cases"));
    }
    Ok(cases)
}

fn case(source: &Source<'_>, node: &Node) -> Result<Case, CaseError> {
    let fields = Fields::of(source, node, &[&KEYS])?;
    let name = fields.required_text("name")?.to_owned();
    if source.tester == Tester::Policy
        && let Some(key) = ["settings", "blob"].into_iter().find(|key| fields.has(key))
    {
        let what = format!("{key:?} is for the test of a plugin; a policy has its own");
        return Err(fields.error(what));
    }
    let mut blobs = Blobs::new();
    let target = match (fields.get("manifest"), fields.get("blob")) {
        (Some(node), None) => push(&fields, node, &mut blobs)?,
        (None, Some(node)) => {
            if let Some(key) = PUSH_KEYS.into_iter().find(|key| fields.has(key)) {
                let what = format!("a review of a blob gets no {key:?}; leave it out");
                return Err(fields.error(what));
            }
            let (media_type, digest, size) = content::blob(source, node, &mut blobs)?;
            Target::Blob { media_type, digest, size }
        }
        _ => return Err(fields.error("a case must have a \"manifest\" or a \"blob\"")),
    };
    let Some(expected) = fields.get("expect") else {
        return Err(fields.error("\"expect\" is missing here"));
    };
    Ok(Case {
        name,
        place: source.place(node.spot),
        target,
        settings: fields.get("settings").map_or(Ok("{}".to_owned()), |s| settings(source, s))?,
        now: fields.number("now")?,
        blobs,
        expect: expect::read(source, expected)?,
    })
}

fn push(fields: &Fields<'_>, node: &Node, blobs: &mut Blobs) -> Result<Target, CaseError> {
    let source = fields.source;
    for node in fields.list("blobs")? {
        let part = Fields::of(source, node, &[&FORMS])?;
        let bytes = content(&part, blobs)?.ok_or_else(|| part.error("the content is missing"))?;
        blobs.insert(Digest::of(Algorithm::Sha256, &bytes), bytes);
    }
    let bytes = content::manifest(source, node, blobs)?;
    let manifest = Manifest::parse(&bytes, None).map_err(|why| {
        source.error(node.spot, format!("a registry rejects this before any plugin sees it: {why}"))
    })?;
    let repository = match fields.get("repository") {
        None => "example",
        Some(_) => fields.required_text("repository")?,
    };
    let tag =
        |(at, text): (_, &str)| Tag::parse(text).map_err(|why| source.error(at, why.to_string()));
    Ok(Target::Manifest(Box::new(Push {
        repository: Repository::parse(repository).map_err(|why| fields.error(why.to_string()))?,
        tags: fields.texts("tags")?.into_iter().map(tag).collect::<Result<_, _>>()?,
        principal: fields.text("principal")?.map(ToOwned::to_owned),
        kind: fields.text("kind")?.map(ToOwned::to_owned),
        digest: Digest::of(Algorithm::Sha256, &bytes),
        bytes,
        manifest,
    })))
}
