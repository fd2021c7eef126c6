//! `roadstead policy`

mod check;
mod eval;
mod explain;
mod kinds;
mod quay;
mod test;

use std::path::PathBuf;

use anyhow::Context;
use clap::{Args, Subcommand, ValueEnum};

use super::{Exit, compiled_code, print_error, with_compiler};
use crate::{
    app,
    config::{self, Config},
    policy::{self, Loaded},
};

#[derive(Debug, Subcommand)]
pub(in crate::cli) enum Policy {
    /// Finds mistakes in a policy
    Check(check::Check),
    /// Lists the kinds of artifacts, with the media types of each
    Kinds(kinds::Kinds),
    /// Shows which rules match a stored or described artifact, and why
    Explain(explain::Explain),
    /// Judges a chart's .tgz, an OCI layout, or a stored artifact, as if it were pushed
    Eval(eval::Eval),
    /// Runs test cases against a policy
    Test(test::Test),
    /// Makes a policy of the artifact types that another registry is configured to accept
    #[command(subcommand)]
    Import(Import),
}

#[derive(Debug, Subcommand)]
pub(in crate::cli) enum Import {
    /// Converts Quay's list of artifact types, from its config.yaml
    Quay(quay::Quay),
}

/// How an answer is printed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
enum Output {
    /// for people
    #[default]
    Table,
    /// for machines
    Json,
}

/// Where the policy is.
#[derive(Debug, Args)]
pub(in crate::cli) struct Where {
    /// A policy: a file, or a folder of files. Default: the configured policy; or else, if a
    /// running server is asked, the policy in force there; or else the built-in policy
    #[arg(long, value_name = "PATH")]
    policy: Option<PathBuf>,
}

impl Policy {
    pub(super) async fn run(self) -> anyhow::Result<Exit> {
        let ran = match self {
            Self::Check(check) => check.run().await,
            Self::Kinds(kinds) => kinds.run(),
            Self::Explain(explain) => explain.run().await,
            Self::Eval(eval) => eval.run().await,
            Self::Test(test) => test.run().await,
            Self::Import(Import::Quay(quay)) => quay.run(),
        };
        ran.or_else(|error| {
            print_error(&error);
            Ok(Exit::Usage)
        })
    }
}

impl Where {
    fn configured(&self) -> anyhow::Result<Config> {
        let mut flags = Vec::new();
        flags.extend(self.policy.as_ref().map(|path| ("policy.path", path.display().to_string())));
        Config::load(&[], &config::environment()?, &flags)
    }

    /// Where it is, for another process. None: nothing is configured here.
    pub(in crate::cli) fn path(&self) -> anyhow::Result<Option<String>> {
        let path = self.configured()?.policy.path;
        if path.as_os_str().is_empty() {
            return Ok(None);
        }
        let path = std::path::absolute(path)?;
        let text = path.to_str().with_context(|| format!("{} is not UTF-8", path.display()))?;
        Ok(Some(text.to_owned()))
    }

    async fn loaded(&self) -> anyhow::Result<Loaded> {
        let mut config = self.configured()?;
        config.engine = with_compiler(&config.engine)?;
        Ok(app::loader(&config, compiled_code().as_deref())?.load().await)
    }

    /// The policy. What is wrong with it is an error.
    pub(in crate::cli) async fn load(&self) -> anyhow::Result<policy::Policy> {
        Ok(self.loaded().await?.policy?)
    }
}
