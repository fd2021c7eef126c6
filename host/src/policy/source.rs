//! Reads everything that a policy is made of from the disk: its files, what they include, what
//! their settings name, their plugins. Blocks.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Path, PathBuf},
    sync::Arc,
};

use bytes::Bytes;
use roadstead_engine::{COMPONENT_BYTES_MAX, Limits};
use roadstead_yaml::is_yaml_file;
use serde_json::Value as Json;

use super::{
    Bundled, builtin,
    document::{Bounds, Change, Declared, Document, Origin, Written},
    fields::Reader,
    problem::{At, Problem, Source, did_you_mean},
    read,
    settings::Resolver,
    watched::Watched,
    yaml::Node,
};

const POLICY_BYTES_MAX: u64 = 1 << 20;
const FILES_MAX: usize = 1000;
/// Files that include one another.
const DEPTH_MAX: usize = 16;
const PLUGINS_MAX: usize = 256;
/// What would be right where a file can't be read.
const POLICY_HELP: &str = "a policy must be YAML of at most 1 MiB; a folder may have many files";
const COMPONENT_HELP: &str = "it must be a component of at most 64 MiB; its path is relative to \
                              this file";
/// What begins the name of something that the binary brings along.
const BUILTIN: &str = "builtin:";

/// Everything that was read, and what must be watched to know when to read it again.
#[derive(Debug, Default)]
pub(super) struct Gathered {
    pub(super) plugins: BTreeMap<String, Gotten>,
    pub(super) rules: Vec<Written>,
    pub(super) changes: Vec<Change>,
    pub(super) problems: Vec<Problem>,
    pub(super) watched: Watched,
    documents: BTreeMap<String, Option<usize>>,
    /// Of each document the documents that it includes, with their own. These have smaller numbers.
    pub(super) included: Vec<BTreeSet<usize>>,
    /// documents that are being read, each included by the one before
    depth: usize,
}

/// A plugin that a policy declares, with its bytes.
#[derive(Debug)]
pub(super) struct Gotten {
    pub(super) name: At<String>,
    /// where it comes from, as it was written
    pub(super) origin: At<String>,
    pub(super) component: Bytes,
    pub(super) settings: Json,
    pub(super) written: Option<Node>,
    pub(super) limits: Bounds,
    /// what a review may use where the policy sets nothing
    pub(super) usual: Limits,
    /// the number of the file that declares it
    pub(super) document: usize,
}

/// What the names in a policy file are looked up in.
#[derive(Clone, Copy)]
struct Around<'a> {
    /// where its relative paths begin
    folder: &'a Path,
    bundled: &'a [Bundled],
}

/// Where a policy file stands.
enum Place {
    Builtin(String),
    File(PathBuf),
}

/// Reads a policy: a file, a folder of files, or none for the built-in one.
pub(super) fn gather(root: Option<&Path>, bundled: &[Bundled]) -> Gathered {
    let mut gathered = Gathered::default();
    match root {
        None => {
            gathered.visit(&Place::Builtin("default".to_owned()), None, bundled);
        }
        Some(root) => {
            gathered.watched.mark(root);
            for file in files(root, &mut gathered) {
                gathered.visit(&Place::File(file), None, bundled);
            }
        }
    }
    gathered
}

/// The files of a folder by their names, or the file itself.
fn files(root: &Path, gathered: &mut Gathered) -> Vec<PathBuf> {
    let mut wrong = |why: String| {
        let message = format!("policy {} can't be read: {why}", root.display());
        gathered.problems.push(Problem::of_file(message).help(POLICY_HELP));
        Vec::new()
    };
    if !root.is_dir() {
        return vec![root.to_owned()];
    }
    let entries = match std::fs::read_dir(root) {
        Ok(entries) => entries,
        Err(error) => return wrong(error.to_string()),
    };
    let paths = entries.map(|entry| entry.map(|entry| entry.path()));
    let paths = paths.filter(|path| path.as_ref().map_or(true, |path| is_yaml_file(path)));
    let mut paths = match paths.take(FILES_MAX + 1).collect::<Result<Vec<_>, _>>() {
        Ok(paths) => paths,
        Err(error) => return wrong(error.to_string()),
    };
    paths.sort();
    if paths.len() > FILES_MAX {
        return wrong(format!("the folder has more than {FILES_MAX} .yaml files"));
    }
    if paths.is_empty() {
        return wrong("the folder has no .yaml file".to_owned());
    }
    paths
}

impl Gathered {
    /// Reads a document and what it includes, once. None: it has problems.
    fn visit(
        &mut self,
        place: &Place,
        asked: Option<&At<String>>,
        bundled: &[Bundled],
    ) -> Option<usize> {
        let (name, folder) = match place {
            Place::Builtin(name) => (format!("{BUILTIN}{name}"), None),
            Place::File(path) => {
                let whole = path.canonicalize().unwrap_or_else(|_| path.clone());
                (whole.display().to_string(), Some(path.parent().unwrap_or(Path::new(""))))
            }
        };
        if let Some(visited) = self.documents.get(&name) {
            return *visited;
        }
        if self.documents.len() >= FILES_MAX || self.depth >= DEPTH_MAX {
            let message = format!(
                "a policy may have at most {FILES_MAX} files, and {DEPTH_MAX} levels of includes"
            );
            let problem = match asked {
                Some(asked) => Problem::error(&asked.spot, message),
                None => Problem::of_file(message),
            };
            self.problems.push(problem.help("use fewer and larger files"));
            return None;
        }
        // a file that includes itself is included already
        self.documents.insert(name.clone(), None);
        let source = self.source(place, asked)?;
        let document = match read::read(&source) {
            Ok(document) => document,
            Err(problems) => {
                self.problems.extend(problems);
                return None;
            }
        };
        self.depth += 1;
        let includes = document.include.iter().filter_map(|include| {
            let place = match include.value.strip_prefix(BUILTIN) {
                Some(name) => Place::Builtin(name.to_owned()),
                None => Place::File(folder.unwrap_or(Path::new("")).join(&include.value)),
            };
            self.visit(&place, Some(include), bundled)
        });
        let mut included: BTreeSet<usize> = includes.collect();
        self.depth -= 1;
        for document in included.clone() {
            included.extend(self.included.get(document).into_iter().flatten());
        }
        let number = self.included.len();
        self.included.push(included);
        self.documents.insert(name, Some(number));
        self.take(document, number, Around { folder: folder.unwrap_or(Path::new("")), bundled });
        Some(number)
    }

    fn source(&mut self, place: &Place, asked: Option<&At<String>>) -> Option<Arc<Source>> {
        let read = match place {
            Place::Builtin(name) => {
                if let Some(text) = builtin::text(name) {
                    Ok(Source { name: format!("{BUILTIN}{name}"), text: text.to_owned() })
                } else {
                    let near = did_you_mean(name, builtin::NAMES.into_iter());
                    Err((format!("there is no built-in policy {name:?}"), near))
                }
            }
            Place::File(path) => {
                let name = path.display().to_string();
                let bytes = self.watched.read(path, POLICY_BYTES_MAX);
                let text = bytes.and_then(|bytes| {
                    String::from_utf8(bytes).map_err(|_| "it is not UTF-8".to_owned())
                });
                match text {
                    Ok(text) => Ok(Source { name, text }),
                    Err(why) => {
                        Err((format!("policy {name} can't be read: {why}"), POLICY_HELP.to_owned()))
                    }
                }
            }
        };
        match read {
            Ok(source) => Some(Arc::new(source)),
            Err((message, help)) => {
                let problem = match asked {
                    Some(asked) => Problem::error(&asked.spot, message),
                    None => Problem::of_file(message),
                };
                self.problems.push(problem.help(help));
                None
            }
        }
    }

    fn take(&mut self, document: Document, number: usize, around: Around<'_>) {
        let rules = document.rules.into_iter();
        self.rules.extend(rules.map(|rule| Written { document: number, ..rule }));
        let changes = document.changes.into_iter();
        self.changes.extend(changes.map(|change| Change { document: number, ..change }));
        for declared in document.plugins {
            if self.plugins.len() >= PLUGINS_MAX {
                let message = format!("a policy may have at most {PLUGINS_MAX} plugins");
                let problem = Problem::error(&declared.name.spot, message);
                self.problems.push(problem.help("let rules share plugins with the same settings"));
                break;
            }
            if let Some(other) = self.plugins.get(&declared.name.value) {
                let ours = self.included.get(number);
                if !ours.is_some_and(|included| included.contains(&other.document)) {
                    let message = format!("plugin {:?} is declared twice", declared.name.value);
                    let help = format!("the other one is at {}", other.name.spot);
                    self.problems.push(Problem::error(&declared.name.spot, message).help(help));
                    continue;
                }
            }
            if let Some(gotten) = self.get(declared, number, around) {
                self.plugins.insert(gotten.name.value.clone(), gotten);
            }
        }
    }

    fn get(&mut self, declared: Declared, document: usize, around: Around<'_>) -> Option<Gotten> {
        let Around { folder, bundled } = around;
        let Declared { name, origin, settings: written, limits } = declared;
        let mut reader = Reader::default();
        let settings = match &written {
            Some(node) => {
                let (reader, watched) = (&mut reader, &mut self.watched);
                Resolver { folder, reader, watched }.resolve(node)
            }
            None => Json::Object(serde_json::Map::new()),
        };
        let known = || bundled.iter().map(|bundled| bundled.name);
        let (origin, component, usual) = match origin {
            Origin::Builtin(name) => {
                let found = bundled.iter().find(|bundled| bundled.name == name.value);
                if found.is_none() {
                    let mut help = did_you_mean(&name.value, known());
                    if help.is_empty() {
                        help = format!("there are {}", known().collect::<Vec<_>>().join(", "));
                    }
                    let message = format!("there is no built-in plugin {:?}", name.value);
                    reader.error(&name.spot, message, &help);
                }
                let component = found.map(|found| Bytes::from_static(found.component));
                (name, component, found.map(Bundled::limits).unwrap_or_default())
            }
            Origin::File(file) => {
                let path = folder.join(&file.value);
                let read = self.watched.read(&path, COMPONENT_BYTES_MAX);
                let read = read.map_err(|why| {
                    let message = format!("plugin {} can't be read: {why}", path.display());
                    reader.error(&file.spot, message, COMPONENT_HELP);
                });
                (file, read.ok().map(Bytes::from), Limits::default())
            }
        };
        // without one of its files a plugin would find fault with what is not there
        let component = component.filter(|_| reader.problems.is_empty());
        self.problems.append(&mut reader.problems);
        let component = component?;
        Some(Gotten { name, origin, component, settings, written, limits, usual, document })
    }
}
