//! From files to a policy that is ready to judge: as a whole, or not at all.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    path::PathBuf,
    sync::Arc,
};

use roadstead_engine::{Engine, FAILURES, Limits, LoadError, Plugin, SettingsProblem, Severity};
use roadstead_oci::{Algorithm, Digest};

use super::{
    Bundled, Installed, Policy,
    document::{Bounds, Written},
    lint::{self, Whole},
    overrides,
    problem::{At, Invalid, Problem, Spot, did_you_mean},
    settings,
    source::{Gathered, Gotten, gather},
    watched::Watched,
};
use crate::codes;

/// Reads policies from where the operator keeps them.
#[derive(Clone, Debug)]
pub struct Loader {
    engine: Arc<Engine>,
    bundled: &'static [Bundled],
    root: Option<PathBuf>,
}

/// What came of it.
#[derive(Debug)]
pub struct Loaded {
    /// the policy, or all that is wrong with it
    pub policy: Result<Policy, Invalid>,
    /// what is most likely not meant
    pub warnings: Vec<Problem>,
    /// what to look at to know when to load it again
    pub watched: Watched,
}

impl Loader {
    /// Of a file, a folder of files, or, without either, of the built-in policy.
    pub fn new(engine: Arc<Engine>, bundled: &'static [Bundled], root: Option<PathBuf>) -> Self {
        Self { engine, bundled, root }
    }

    /// The same for another file or folder of files.
    #[must_use]
    pub fn of(&self, root: PathBuf) -> Self {
        Self { root: Some(root), ..self.clone() }
    }

    /// Reads it all anew. Plugins that are in use already are not loaded again.
    pub async fn load(&self) -> Loaded {
        let (root, bundled) = (self.root.clone(), self.bundled);
        let gathered = tokio::task::spawn_blocking(move || gather(root.as_deref(), bundled)).await;
        let Gathered { plugins, mut rules, changes, mut problems, watched, included, .. } =
            gathered.unwrap_or_default();
        let whole = problems.is_empty();
        let declared = plugins.values().map(|gotten| (gotten.name.clone(), gotten.document));
        let declared: Vec<_> = declared.collect();
        let (mut installed, mut warnings) = (BTreeMap::new(), Vec::new());
        for (name, gotten) in plugins {
            match self.install(&gotten).await {
                Ok((plugin, warned)) => {
                    warnings.extend(warned);
                    installed.insert(name, plugin);
                }
                Err(found) => problems.extend(found),
            }
        }
        // where a part could not be read, what refers to it would be found wrong as well
        if whole {
            check_names(&rules, &included, &mut problems);
            problems.extend(overrides::apply(&mut rules, changes, &included));
            for rule in &rules {
                check_rule(rule, &installed, &declared, &mut problems);
            }
        }
        if !problems.is_empty() {
            return Loaded { policy: Err(problems.into()), warnings: Vec::new(), watched };
        }
        let (plugins, declared, included) = (&installed, &declared, &included);
        warnings.extend(lint::warnings(&Whole { rules: &rules, plugins, declared, included }));
        let rules = rules.into_iter().map(Written::into_rule).collect();
        Loaded { policy: Ok(Policy::new(rules, installed)), warnings, watched }
    }

    /// Loads a plugin and asks it about its settings. Also what it warns of.
    async fn install(&self, gotten: &Gotten) -> Result<(Installed, Vec<Problem>), Vec<Problem>> {
        let Gotten { name, origin, component, settings: json, written, .. } = gotten;
        let plugin = self.engine.load(&name.value, component).await;
        let plugin = plugin.map_err(|error| vec![unloaded(&origin.spot, &error)])?;
        let schema = plugin.metadata().settings_schema.as_deref();
        let found = settings::check(schema, json, written.as_ref(), &origin.spot);
        if !found.is_empty() {
            return Err(found);
        }
        let settings = json.to_string();
        let found = plugin.validate_settings(&settings).await.map_err(|error| {
            let message = format!("plugin {} failed to check its settings: {error}", name.value);
            vec![Problem::error(&origin.spot, message).help(TO_MEND)]
        })?;
        let spot = |problem: &SettingsProblem| {
            settings::find(written.as_ref(), &problem.pointer).unwrap_or(&origin.spot)
        };
        let (errors, warnings): (Vec<_>, Vec<_>) =
            found.into_iter().partition(|problem| problem.severity == Severity::Error);
        if !errors.is_empty() {
            let error = |found: SettingsProblem| Problem::error(spot(&found), found.message);
            return Err(errors.into_iter().map(error).collect());
        }
        let warning = |found: SettingsProblem| Problem::warning(spot(&found), found.message);
        let warnings = warnings.into_iter().map(warning).collect();
        let limits = bounded(&gotten.limits, gotten.usual.clone());
        let settings_digest = Digest::of(Algorithm::Sha256, settings.as_bytes());
        Ok((Installed { plugin, settings, settings_digest, limits }, warnings))
    }
}

/// What the policy sets, over what is usual for the plugin.
fn bounded(bounds: &Bounds, usual: Limits) -> Limits {
    Limits {
        wall: bounds.time.unwrap_or(usual.wall),
        cpu: bounds.cpu.unwrap_or(usual.cpu),
        memory_bytes_max: bounds.memory_bytes.unwrap_or(usual.memory_bytes_max),
        decoded_bytes_max: bounds.decoded_bytes.unwrap_or(usual.decoded_bytes_max),
        host_calls_max: bounds.calls.unwrap_or(usual.host_calls_max),
        ..usual
    }
}

/// Whoever made the plugin has to act.
const TO_MEND: &str = "ask the plugin's author; `roadstead plugin inspect` shows whether it loads";

fn unloaded(spot: &Spot, error: &LoadError) -> Problem {
    let help = match error {
        // the message says what to do
        LoadError::Import { .. } => "",
        LoadError::Invalid { .. } | LoadError::Describe { .. } => TO_MEND,
        LoadError::Engine(_) => "most likely the machine lacks memory or threads",
    };
    Problem::error(spot, error.to_string()).help(help)
}

fn check_names(rules: &[Written], included: &[BTreeSet<usize>], problems: &mut Vec<Problem>) {
    let mut names: HashMap<&str, &Written> = HashMap::new();
    for rule in rules {
        if let Some(other) = names.insert(&rule.name.value, rule) {
            let message = format!("there are two rules named {:?}", rule.name.value);
            let includes =
                included.get(rule.document).is_some_and(|of| of.contains(&other.document));
            let place = &other.name.spot;
            let help = match includes {
                true => format!(
                    "rename this one, or leave its verb out to change the included rule at {place}"
                ),
                false => format!("rename one; the other is at {place}"),
            };
            problems.push(Problem::error(&rule.name.spot, message).help(help));
        }
    }
}

/// Whether everything that a rule names exists and does what it is asked to.
fn check_rule(
    rule: &Written,
    installed: &BTreeMap<String, Installed>,
    declared: &[(At<String>, usize)],
    problems: &mut Vec<Problem>,
) {
    let (of_manifests, of_layers) = rule.verb.plugins();
    let mut plugins = Vec::new();
    for (name, manifests) in of_manifests
        .iter()
        .map(|name| (name, true))
        .chain(of_layers.iter().map(|name| (name, false)))
    {
        let Some(Installed { plugin, .. }) = installed.get(&name.value) else {
            let mut known = declared.iter().map(|(name, _)| name.value.as_str());
            if !known.clone().any(|known| known == name.value) {
                let mut help = did_you_mean(&name.value, known.by_ref());
                if help.is_empty() {
                    "declare it under `plugins:`".clone_into(&mut help);
                }
                let message = format!("there is no plugin {:?}", name.value);
                problems.push(Problem::error(&name.spot, message).help(help));
            }
            return;
        };
        plugins.push(plugin);
        let metadata = plugin.metadata();
        let (able, what, verb) = match manifests {
            true => (metadata.manifests, "manifests", "checkLayers"),
            false => (metadata.blobs, "single layers", "check"),
        };
        if !able {
            let message = format!("plugin {:?} does not review {what}", name.value);
            problems.push(Problem::error(&name.spot, message).help(format!("use it in `{verb}:`")));
        }
    }
    check_codes(&rule.what.severity, &plugins, installed, problems);
}

fn check_codes<T>(
    severity: &[(At<String>, T)],
    plugins: &[&Plugin],
    others: &BTreeMap<String, Installed>,
    problems: &mut Vec<Problem>,
) {
    let of_plugins = plugins.iter().flat_map(|plugin| &plugin.metadata().codes);
    let of_plugins = of_plugins.map(|code| code.id.as_str());
    let known: Vec<_> = of_plugins.chain(codes::OF_RULES.iter().map(|code| code.id)).collect();
    for (code, _) in severity.iter().filter(|(code, _)| !known.contains(&code.value.as_str())) {
        let message = format!("no plugin of this rule has a code {:?}", code.value);
        let help = match codes::spelled(&code.value, known.iter().copied()) {
            Some(spelled) => format!("did you mean {spelled:?}?"),
            None if FAILURES.iter().any(|failure| failure.id == code.value) => {
                "`failurePolicy` says what happens if a plugin can't judge".to_owned()
            }
            None => of_others(&code.value, others).unwrap_or_else(|| of_these(plugins)),
        };
        problems.push(Problem::error(&code.spot, message).help(help));
    }
}

/// A plugin of the policy that has a code.
fn of_others(code: &str, others: &BTreeMap<String, Installed>) -> Option<String> {
    let (name, _) = others
        .iter()
        .find(|(_, other)| other.plugin.metadata().codes.iter().any(|known| known.id == code))?;
    Some(format!("it is a code of plugin {name:?}, which this rule does not use"))
}

/// Where the codes of a rule's plugins are listed.
fn of_these(plugins: &[&Plugin]) -> String {
    let families = plugins.iter().filter_map(|plugin| {
        let ids = plugin.metadata().codes.iter().map(|code| &code.id);
        let (first, last) = (ids.clone().min()?, ids.max()?);
        Some(format!("the codes of plugin {:?} are {first} to {last}", plugin.name()))
    });
    let families: Vec<_> = families.collect();
    match families.is_empty() {
        true => "a rule without plugins finds only RSA codes".to_owned(),
        false => families.join(", "),
    }
}
