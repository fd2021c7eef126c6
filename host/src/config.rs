//! The configuration: flags over environment over files over defaults.
//!
//! The sections live beside what they configure; this file only composes and loads them. Each
//! file is read by itself first, since the merged whole no longer knows lines; after that the
//! `config` crate merges.

use std::path::{Path, PathBuf};

use anyhow::{Context, anyhow, bail};
use config::{Environment, File, FileFormat};
use serde::{Deserialize, Serialize};

use roadstead_engine::EngineConfig;
use roadstead_storage::StorageConfig;

use crate::{
    auth::AuthConfig, http::listener::HttpConfig, nearest::nearest, policy::PolicyConfig,
    registry::ManifestsConfig, registry::records::VerdictsConfig, telemetry::LogConfig,
};

/// Everything that can be set.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// how the registry listens
    pub http: HttpConfig,
    /// who may come in
    pub auth: AuthConfig,
    /// how the store keeps things
    pub storage: StorageConfig,
    /// what a manifest may be
    pub manifests: ManifestsConfig,
    /// who decides what may be stored
    pub policy: PolicyConfig,
    /// how long verdicts are kept
    pub verdicts: VerdictsConfig,
    /// how plugins run
    pub engine: EngineConfig,
    /// what goes to stderr
    pub log: LogConfig,
}

const PREFIX: &str = "ROADSTEAD__";

impl Config {
    /// Loads the files in their order, then the environment, then the flags.
    pub fn load(
        files: &[PathBuf],
        environment: &[(String, String)],
        flags: &[(&str, String)],
    ) -> anyhow::Result<Self> {
        let defaults = config::Config::try_from(&Self::default())?;
        let mut merged = config::Config::builder().add_source(defaults.clone());
        for path in files {
            let text = std::fs::read_to_string(path)
                .with_context(|| format!("{} can't be read", path.display()))?;
            check_file(path, &text)?;
            merged = merged.add_source(File::from_str(&text, FileFormat::Toml));
        }
        let ours = environment.iter().filter(|(name, _)| name.starts_with(PREFIX));
        let ours: config::Map<String, String> = ours.cloned().collect();
        for (name, value) in &ours {
            check_variable(&defaults, name, value)?;
        }
        merged = merged.add_source(source(ours));
        for (key, value) in flags {
            merged = merged.set_override(key, value.as_str())?;
        }
        Ok(merged.build()?.try_deserialize()?)
    }

    /// Refuses what can't work, and to let everybody in or passwords out by accident.
    pub fn check(&self) -> anyhow::Result<()> {
        self.check_bounds()?;
        let HttpConfig { listen, allow_anonymous_beyond_loopback: anonymous, .. } = self.http;
        match (listen.ip().is_loopback(), self.auth.is_on()) {
            (true, _) => {}
            (false, false) if anonymous => {}
            (false, false) => bail!(
                "refusing to listen on {listen}: without a login anyone who reaches it could push \
                 and delete; set auth.htpasswd to a file of users, listen on 127.0.0.1, or set \
                 http.allow_anonymous_beyond_loopback = true"
            ),
            (false, true) if self.auth.allow_plain_http_beyond_loopback => {}
            (false, true) => bail!(
                "refusing to listen on {listen}: passwords would cross the network unencrypted; \
                 listen on 127.0.0.1 behind a proxy with TLS, or, if you control the network up to \
                 that proxy, set auth.allow_plain_http_beyond_loopback = true"
            ),
        }
        Ok(())
    }

    /// Zero would stop everything, and much more than is sensible overflow something.
    fn check_bounds(&self) -> anyhow::Result<()> {
        const YEAR_SECONDS: u64 = 366 * 24 * 60 * 60;
        let HttpConfig { connections_max, header_seconds_max, .. } = self.http;
        let HttpConfig { body_idle_seconds_max, write_idle_seconds_max, .. } = self.http;
        let upload_seconds_max = u64::try_from(self.storage.upload_seconds_max).unwrap_or_default();
        for (key, value, most) in [
            ("http.connections_max", connections_max as u64, 1_000_000),
            ("http.address_percent_max", u64::from(self.http.address_percent_max), 100),
            ("http.header_seconds_max", header_seconds_max, YEAR_SECONDS),
            ("http.body_idle_seconds_max", body_idle_seconds_max, YEAR_SECONDS),
            ("http.write_idle_seconds_max", write_idle_seconds_max, YEAR_SECONDS),
            ("storage.upload_seconds_max", upload_seconds_max, YEAR_SECONDS),
            ("verdicts.days_max", u64::from(self.verdicts.days_max), 10_000),
            ("engine.reviews_per_core_max", self.engine.reviews_per_core_max as u64, 64),
            ("engine.queue_seconds_max", self.engine.queue_seconds_max, YEAR_SECONDS),
        ] {
            if !(1..=most).contains(&value) {
                bail!("{key} must be between 1 and {most}");
            }
        }
        Ok(())
    }
}

/// The variables that may be ours.
pub fn environment() -> anyhow::Result<Vec<(String, String)>> {
    let ours = std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value)))
        .filter(|(name, _)| name.starts_with(PREFIX));
    ours.map(|(name, value)| match value.into_string() {
        Ok(value) => Ok((name, value)),
        Err(_) => bail!("environment variable {name} is not valid UTF-8"),
    })
    .collect()
}

/// Reads a file by itself, for a message with file, line and the nearest known key.
fn check_file(path: &Path, text: &str) -> anyhow::Result<()> {
    let parsed = toml::Deserializer::parse(text).map_err(|error| (String::new(), error));
    let read = parsed.and_then(|document| {
        let read = serde_path_to_error::deserialize::<_, Config>(document);
        read.map_err(|error| (error.path().to_string(), error.into_inner()))
    });
    let Err((key, error)) = read else { return Ok(()) };
    let span = error.span().unwrap_or_default();
    let before = text.get(..span.start).unwrap_or_default();
    let line = before.matches('\n').count() + 1;
    let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
    let place = format!("{}:{line}:{column}", path.display());
    if error.message().starts_with("unknown field") {
        let key = text.get(span).unwrap_or_default().trim_matches('"');
        bail!("{place}: unknown key {key:?}{}", place_of(key));
    }
    match key.as_str() {
        "" | "." => Err(anyhow!("{place}: {}", error.message())),
        key => Err(anyhow!("{place}: {key}: {}", error.message())),
    }
}

/// Where a key belongs that stands in the wrong place, or the one that was meant.
fn place_of(key: &str) -> String {
    let known = keys();
    let homes = known.iter().filter_map(|known| known.split_once('.'));
    match homes.clone().find(|(_, name)| *name == key) {
        Some((section, _)) => format!("; it belongs to [{section}]"),
        None => suggestion(key, homes.flat_map(|(section, name)| [section, name])),
    }
}

fn check_variable(defaults: &config::Config, name: &str, value: &str) -> anyhow::Result<()> {
    let variables: Vec<String> = keys().iter().map(|key| variable(key)).collect();
    if !variables.iter().any(|known| known == name) {
        let nearest = suggestion(name, variables.iter().map(String::as_str));
        bail!("unknown environment variable {name}{nearest}");
    }
    let alone = [(name.to_owned(), value.to_owned())].into_iter().collect();
    let merged = config::Config::builder().add_source(defaults.clone()).add_source(source(alone));
    let merged = merged.build().and_then(config::Config::try_deserialize::<Config>);
    merged.map(drop).map_err(|error| anyhow!("environment variable {name}: {error}"))
}

fn source(variables: config::Map<String, String>) -> Environment {
    Environment::with_prefix("ROADSTEAD")
        .prefix_separator("__")
        .separator("__")
        .source(Some(variables))
}

/// The variable of a key.
fn variable(key: &str) -> String {
    format!("{PREFIX}{}", key.to_uppercase().replace('.', "__"))
}

/// Every key, such as `http.listen`.
fn keys() -> Vec<String> {
    let Ok(sections) = toml::Table::try_from(Config::default()) else { return Vec::new() };
    let keys_of = |(section, keys): (String, toml::Value)| {
        let keys = keys.as_table().cloned().unwrap_or_default();
        keys.into_iter().map(move |(key, _)| format!("{section}.{key}")).collect::<Vec<_>>()
    };
    sections.into_iter().flat_map(keys_of).collect()
}

fn suggestion<'a>(unknown: &str, known: impl Iterator<Item = &'a str>) -> String {
    let nearest = nearest(unknown, known);
    nearest.map(|name| format!("; did you mean {name:?}?")).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn load(text: &str, environment: &[(&str, &str)]) -> Result<Config, String> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("r.toml");
        std::fs::write(&path, text).unwrap();
        let environment: Vec<_> =
            environment.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect();
        Config::load(&[path], &environment, &[("http.listen", "127.0.0.1:7".into())])
            .map_err(|error| error.to_string().replace(folder.path().to_str().unwrap(), ""))
    }

    #[test]
    fn flags_win_over_environment_over_files_over_defaults() {
        let text = "[http]\nlisten = \"127.0.0.1:1\"\nconnections_max = 2\ndrain_seconds_max = 2";
        let variables = [
            ("ROADSTEAD__HTTP__CONNECTIONS_MAX", "3"),
            ("ROADSTEAD__HTTP__LISTEN", "127.0.0.1:2"),
            ("ROADSTEAD__STORAGE__FSYNC", "false"),
            ("OTHER", "x"),
        ];
        let config = load(text, &variables).unwrap();
        assert_eq!(config.http.listen.port(), 7);
        assert_eq!((config.http.connections_max, config.http.drain_seconds_max), (3, 2));
        assert!(!config.storage.fsync);
        assert_eq!(config.log, LogConfig::default());
    }

    #[test]
    fn a_mistake_is_named_with_its_place_and_its_cure() {
        for (text, says) in [
            (
                "[http]\nlisen = \"x\"",
                "/r.toml:2:1: unknown key \"lisen\"; did you mean \"listen\"?",
            ),
            (
                "\n[storge]\nfsync = true",
                "/r.toml:2:2: unknown key \"storge\"; did you mean \"storage\"?",
            ),
            (
                "[http]\nconnections_max = \"many\"",
                "/r.toml:2:19: http.connections_max: invalid type: string \"many\", expected usize",
            ),
            (
                "[storage]\nlisten = \"127.0.0.1:5000\"",
                "/r.toml:2:1: unknown key \"listen\"; it belongs to [http]",
            ),
            ("fsync = true", "/r.toml:1:1: unknown key \"fsync\"; it belongs to [storage]"),
            ("[http", "/r.toml:1:6: "),
        ] {
            let error = load(text, &[]).unwrap_err();
            assert!(error.starts_with(says), "{error}");
        }
        let error = load("", &[("ROADSTEAD__HTTP__LISEN", "x")]).unwrap_err();
        assert_eq!(
            error,
            "unknown environment variable ROADSTEAD__HTTP__LISEN; did you mean \
             \"ROADSTEAD__HTTP__LISTEN\"?"
        );
        let error = load("", &[("ROADSTEAD__STORAGE__FSYNC", "perhaps")]).unwrap_err();
        assert!(error.starts_with("environment variable ROADSTEAD__STORAGE__FSYNC: "), "{error}");
    }

    #[test]
    fn beyond_loopback_only_when_told_so() {
        let mut config = Config::default();
        config.check().unwrap();
        config.http.listen = "0.0.0.0:5000".parse().unwrap();
        assert!(config.check().unwrap_err().to_string().contains("allow_anonymous_beyond"));
        config.http.allow_anonymous_beyond_loopback = true;
        config.check().unwrap();
        config.auth.htpasswd = "users".into();
        assert!(config.check().unwrap_err().to_string().contains("auth.allow_plain_http_beyond"));
        config.http.allow_anonymous_beyond_loopback = false;
        config.auth.allow_plain_http_beyond_loopback = true;
        config.check().unwrap();
    }
}
