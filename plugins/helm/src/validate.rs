//! What helm finds when it validates Chart.yaml. It validates no config.

use std::collections::BTreeSet;

use roadstead_chart::{Metadata, Value, sanitised};
use roadstead_plugin_sdk::{Code, Quoted};

use crate::{codes, version::Version};

/// What helm looks at.
#[derive(Debug)]
pub(crate) struct Claims<'a> {
    pub(crate) name: String,
    pub(crate) version: &'a str,
    pub(crate) api_version: &'a str,
    pub(crate) chart_type: &'a str,
    /// what a version is that only helm takes
    pub(crate) lenient: &'static Code,
    /// of the list's entries one is null
    pub(crate) has_empty_maintainer: bool,
    /// none: the entry is null
    pub(crate) dependencies: Vec<Option<Dependency<'a>>>,
}

/// What tells one dependency from another.
#[derive(Debug)]
pub(crate) struct Dependency<'a> {
    pub(crate) name: &'a str,
    pub(crate) alias: &'a str,
}

/// Something that helm would stop at, or that a tool of its would.
#[derive(Debug)]
pub(crate) struct Problem {
    pub(crate) code: &'static Code,
    /// the field
    pub(crate) field: &'static str,
    pub(crate) why: String,
}

impl<'a> Claims<'a> {
    /// `lenient`: the code for a version that only helm takes.
    pub(crate) fn of(metadata: &'a Metadata, lenient: &'static Code) -> Self {
        let entries = |name| match metadata.field(name) {
            Value::List(entries) => &entries[..],
            _ => &[],
        };
        Claims {
            name: metadata.name(),
            version: metadata.text("version"),
            api_version: metadata.text("apiVersion"),
            chart_type: metadata.text("type"),
            lenient,
            has_empty_maintainer: entries("maintainers").contains(&Value::Absent),
            dependencies: entries("dependencies").iter().map(dependency).collect(),
        }
    }

    /// All that is wrong with them.
    pub(crate) fn problems(&self) -> Vec<Problem> {
        let maintainers = self.has_empty_maintainer.then(|| {
            let why = "an entry of maintainers is empty; remove it from Chart.yaml";
            (&codes::MAINTAINERS, "maintainers", why.to_owned())
        });
        let dependencies =
            self.dependency_problem().map(|why| (&codes::DEPENDENCIES, "dependencies", why));
        let name = self.name_problem().map(|why| (&codes::NAME, "name", why));
        let found = [
            name,
            self.version_problem(),
            self.api_version_problem(),
            self.type_problem(),
            maintainers,
            dependencies,
        ];
        let problem = |(code, field, why)| Problem { code, field, why };
        found.into_iter().flatten().map(problem).collect()
    }

    fn name_problem(&self) -> Option<String> {
        let name = self.name.as_str();
        if name.is_empty() {
            return Some("Chart.yaml has no name; add it".to_owned());
        }
        let fits =
            !matches!(name, "." | "..") && !name.contains(['/', '\\']) && sanitised(name) == name;
        let name = Quoted(name);
        (!fits).then(|| {
            format!(
                "the name {name} is not a valid chart name; use letters, digits \
                                 and -"
            )
        })
    }

    fn version_problem(&self) -> Option<(&'static Code, &'static str, String)> {
        let shown = Quoted(self.version);
        let (code, why) = match Version::of(self.version) {
            Version::Strict => return None,
            Version::Lenient => (
                self.lenient,
                format!("the version {shown} is not SemVer 2; use one such as 1.4.0"),
            ),
            Version::Invalid if self.version.is_empty() => {
                (&codes::VERSION, "Chart.yaml has no version; add one such as 1.4.0".to_owned())
            }
            Version::Invalid => (
                &codes::VERSION,
                format!("the version {shown} is not a valid version; use one such as 1.4.0"),
            ),
        };
        Some((code, "version", why))
    }

    fn api_version_problem(&self) -> Option<(&'static Code, &'static str, String)> {
        let (code, why) = match self.api_version {
            "v1" | "v2" => return None,
            "" => {
                let why = "requirements.yaml sets an empty apiVersion; remove it there";
                (&codes::API_VERSION, why.to_owned())
            }
            other => (
                &codes::API_VERSION_UNKNOWN,
                format!("helm 4 does not install charts of apiVersion {}; use v2", Quoted(other)),
            ),
        };
        Some((code, "apiVersion", why))
    }

    fn type_problem(&self) -> Option<(&'static Code, &'static str, String)> {
        let is_known = matches!(self.chart_type, "" | "application" | "library");
        let shown = Quoted(self.chart_type);
        let why = || format!("the type {shown} is unknown; use application or library");
        (!is_known).then(|| (&codes::TYPE, "type", why()))
    }

    fn dependency_problem(&self) -> Option<String> {
        let mut known = BTreeSet::new();
        for dependency in &self.dependencies {
            let Some(Dependency { name, alias }) = dependency else {
                return Some("an entry of dependencies is empty; remove it from Chart.yaml".into());
            };
            let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-');
            if !alias.chars().all(is_plain) {
                return Some(format!(
                    "the alias {} of a dependency may have only letters, digits, _ and -",
                    Quoted(alias)
                ));
            }
            let key = if alias.is_empty() { sanitised(name) } else { (*alias).to_owned() };
            if known.contains(&key) && key.is_empty() {
                return Some("two dependencies have no name; give each its chart's name".into());
            }
            if known.contains(&key) {
                return Some(format!(
                    "two dependencies have the name or alias {}; give one a different alias",
                    Quoted(&key)
                ));
            }
            known.insert(key);
        }
        None
    }
}

fn dependency(entry: &Value) -> Option<Dependency<'_>> {
    let dependency =
        Dependency { name: entry.entry("name").text(), alias: entry.entry("alias").text() };
    matches!(entry, Value::Map(_)).then_some(dependency)
}
