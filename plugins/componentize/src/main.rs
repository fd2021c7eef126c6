//! Makes components of the modules that cargo built: `cargo build --message-format
//! json … | roadstead-componentize DIR`.
//!
//! Each package's `cdylib` becomes `DIR/<name>.wasm`, without `roadstead-plugin-` before the name.
//! A component that would import more than the contract allows is refused here, long before a
//! registry refuses to load it.

mod component;

use std::{
    fmt::Write as _,
    fs,
    io::{self, BufRead, IsTerminal, Write as _},
    path::{Path, PathBuf},
};

use anyhow::{Context, Result, bail};
use serde::Deserialize;
use sha2::{Digest, Sha256};

/// What first-party packages are called.
const PREFIX: &str = "roadstead-plugin-";

/// The lines of cargo that matter here. cargo could show the compiler's messages itself, but only
/// all of them.
#[derive(Deserialize)]
#[serde(tag = "reason", rename_all = "kebab-case")]
enum Message {
    CompilerArtifact {
        package_id: String,
        target: Target,
        filenames: Vec<PathBuf>,
    },
    CompilerMessage {
        message: Diagnostic,
    },
    BuildFinished {
        success: bool,
    },
    #[serde(other)]
    Other,
}

/// What the compiler says of a package.
#[derive(Deserialize)]
struct Diagnostic {
    message: String,
    /// as it shows it
    rendered: Option<String>,
}

impl Diagnostic {
    /// Whether it is about a flag of `plugins/build`, and not about the package. rustc has no lint
    /// for it that could be allowed.
    fn is_expected(&self) -> bool {
        self.message.ends_with("feature specified for `-Ctarget-feature`: `wide-arithmetic`")
            // the sum of what is shown, which is then wrong
            || self.message.ends_with(" warning emitted")
            || self.message.ends_with(" warnings emitted")
    }
}

#[derive(Deserialize)]
struct Target {
    name: String,
    kind: Vec<String>,
}

fn main() -> Result<()> {
    let Some(folder) = std::env::args_os().nth(1).map(PathBuf::from) else {
        bail!("usage: cargo build --message-format json … | roadstead-componentize DIR");
    };
    if io::stdin().is_terminal() {
        bail!("it reads cargo's messages from its standard input");
    }
    fs::create_dir_all(&folder).with_context(|| folder.display().to_string())?;
    let mut finished = false;
    let mut modules = Vec::new();
    for line in io::stdin().lock().lines() {
        let line = line?;
        if !line.starts_with('{') {
            continue;
        }
        match serde_json::from_str(&line).context("a message of cargo's")? {
            Message::CompilerArtifact { package_id, target, filenames } => {
                let module =
                    filenames.iter().find(|name| name.extension() == Some("wasm".as_ref()));
                let is_plugin = target.kind.iter().any(|kind| kind == "cdylib");
                if let (true, Some(module)) = (is_plugin, module) {
                    modules.push((plugin_name(&package_id, &target.name), module.clone()));
                }
            }
            Message::CompilerMessage { message } if !message.is_expected() => {
                write!(io::stderr(), "{}", message.rendered.unwrap_or(message.message))?;
            }
            Message::CompilerMessage { .. } => {}
            Message::BuildFinished { success } => finished = success,
            Message::Other => {}
        }
    }
    if !finished {
        bail!("the build failed");
    }
    modules.iter().try_for_each(|(name, module)| componentize(name, module, &folder))
}

/// `path+file:///…/plugins/helm#roadstead-plugin-helm@0.1.0` is `helm`. Where the folder and the
/// package have one name cargo leaves the latter out; then the library's name must do.
fn plugin_name(package_id: &str, target: &str) -> String {
    let package = package_id
        .rsplit_once('#')
        .and_then(|(_, package)| package.split_once('@'))
        .map_or_else(|| target.replace('_', "-"), |(name, _)| name.to_owned());
    package.strip_prefix(PREFIX).unwrap_or(&package).to_owned()
}

/// Writes one component, and says what it is.
fn componentize(name: &str, module: &Path, folder: &Path) -> Result<()> {
    let module = fs::read(module).with_context(|| module.display().to_string())?;
    let made = component::encode(&module).with_context(|| format!("plugin {name}"))?;
    let path = folder.join(name).with_added_extension("wasm");
    // renamed into place, so that nobody embeds half of it
    let unfinished = path.with_added_extension("new");
    fs::write(&unfinished, &made.bytes)
        .and_then(|()| fs::rename(&unfinished, &path))
        .with_context(|| path.display().to_string())?;
    let mut line = format!("{}  {} KiB  sha256:", path.display(), made.bytes.len().div_ceil(1024));
    for byte in Sha256::digest(&made.bytes) {
        write!(line, "{byte:02x}")?;
    }
    writeln!(io::stdout(), "{line}  imports {}", made.imports.join(" "))?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_build_s_own_flag_is_no_news() {
        for (message, is_expected) in [
            ("unstable feature specified for `-Ctarget-feature`: `wide-arithmetic`", true),
            ("2 warnings emitted", true),
            ("unstable feature specified for `-Ctarget-feature`: `other`", false),
            ("unused variable: `x`", false),
        ] {
            let diagnostic = Diagnostic { message: message.to_owned(), rendered: None };
            assert_eq!(diagnostic.is_expected(), is_expected, "{message}");
        }
    }

    #[test]
    fn a_plugin_is_called_after_its_package() {
        for (id, target, name) in [
            ("path+file:///src/plugins/helm#roadstead-plugin-helm@0.1.0", "x", "helm"),
            ("path+file:///src/tests/plugins/spin#0.1.0", "spin_for_ever", "spin-for-ever"),
            ("path+file:///src/tests/plugins/a#spin@0.1.0", "x", "spin"),
        ] {
            assert_eq!(plugin_name(id, target), name);
        }
    }
}
