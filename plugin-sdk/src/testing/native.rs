//! Runs files of cases natively.

use std::{
    env,
    panic::{AssertUnwindSafe, catch_unwind},
    path::PathBuf,
};

use roadstead_cases::{self as cases, Case, Expectation, Fact, Found, Judged, Outcome, Tester};

use super::{Scene, handed};
use crate::{BlobTarget, Failure, Manifest, Plugin, Report, Severity, Target, oci};

/// Most bytes that a read answers, in turn: what a plugin says must not depend on it.
const READ_BYTES_MAX: [usize; 3] = [1, 7, 1 << 20];

/// Runs every case of a file, or of the `.yaml` and `.yml` files of a folder; relative paths
/// begin at the package's folder. Each case runs six times, twice with each of three sizes of
/// reads, and must become the same each time.
///
/// ```no_run
/// # use roadstead_plugin_sdk::{prelude::*, testing};
/// # struct NoLatest;
/// # impl Plugin for NoLatest {
/// #     type Settings = NoSettings;
/// #     fn describe() -> Metadata { Metadata::new("no-latest", "0.1.0", "").reviews_manifests() }
/// #     fn review(_: &Target, _: &NoSettings) -> Review { Ok(None) }
/// # }
/// // tests/cases.rs, as a #[test]
/// fn cases() {
///     testing::cases::<NoLatest>("cases");
/// }
/// ```
///
/// # Panics
/// Where a case does not become what it expects, with all that is otherwise; where a file can't be
/// read; where there is no case.
pub fn cases<P: Plugin>(path: &str) {
    let package = env::var_os("CARGO_MANIFEST_DIR").map(PathBuf::from);
    let elsewhere = package.filter(|package| env::current_dir().ok().as_ref() != Some(package));
    let path = elsewhere.map_or_else(|| path.into(), |package| package.join(path));
    let told = match cases::read(&[path], Tester::Plugin) {
        Ok(cases) => all_told::<P>(&cases),
        Err(error) => error.to_string(),
    };
    assert!(told.is_empty(), "{told}");
}

/// What is otherwise than the cases expect; nothing if all is as it should be.
fn all_told<P: Plugin>(cases: &[Case]) -> String {
    let told: Vec<_> = cases.iter().filter_map(told::<P>).collect();
    match told.len() {
        0 => String::new(),
        failed => format!("{failed} of {} cases failed\n{}", cases.len(), told.join("\n")),
    }
}

fn told<P: Plugin>(case: &Case) -> Option<String> {
    let differences = match run::<P>(case) {
        Ok(outcome) => case.expect.differences(&outcome),
        Err(differences) => differences,
    };
    let Case { name, place, .. } = case;
    let differences = differences.join("\n  ");
    (!differences.is_empty()).then(|| format!("{place}: {name}\n  {differences}"))
}

/// What becomes of a case, whatever the size of reads.
fn run<P: Plugin>(case: &Case) -> Result<Outcome, Vec<String>> {
    let mut scene = Scene::new();
    let problems = scene.validate_settings::<P>(&case.settings);
    if let Some(problem) = problems.first() {
        return Err(vec![format!("settings{}: {}", problem.pointer, problem.message)]);
    }
    scene.now = case.now.unwrap_or(scene.now);
    for (digest, bytes) in &case.blobs {
        scene.blobs.insert(digest.to_string(), bytes.as_slice().into());
    }
    for (listed, subject) in case.manifests() {
        let subject = subject.map(|subject| subject.to_string());
        scene.store(
            handed::of_part((oci::Role::Manifest, 0, &listed)),
            subject.as_deref(),
            Vec::new(),
        );
    }
    let target = target(case);
    if !P::describe().reviews(&target) {
        return Err(vec!["the plugin does not review this kind of target".to_owned()]);
    }
    let mut first: Option<Outcome> = None;
    for bytes in READ_BYTES_MAX.into_iter().flat_map(|bytes| [bytes; 2]) {
        scene.set_read_bytes_max(bytes);
        let outcome = review::<P>(&scene, &target, &case.settings);
        match &first {
            Some(first) if *first != outcome => {
                let mut told = vec![format!("the result changes with reads of {bytes} bytes")];
                told.extend(Expectation::exactly(first).differences(&outcome));
                return Err(told);
            }
            _ => first = Some(outcome),
        }
    }
    first.ok_or_else(|| vec!["it never ran".to_owned()])
}

fn review<P: Plugin>(scene: &Scene, target: &Target, settings: &str) -> Outcome {
    let review = AssertUnwindSafe(|| scene.review::<P>(target, settings));
    match catch_unwind(review) {
        Ok(Ok(None)) => Outcome::NotMine,
        Ok(Ok(Some(report))) => Outcome::Judged(judged(&report)),
        Ok(Err(Failure::Unavailable(why) | Failure::Internal(why))) => Outcome::Failed(why),
        Err(payload) => {
            let text = payload.downcast_ref::<String>().map(String::as_str);
            let text = text.or_else(|| payload.downcast_ref::<&str>().copied());
            Outcome::Failed(format!("the plugin panicked: {}", text.unwrap_or_default()))
        }
    }
}

fn judged(report: &Report) -> Judged {
    let findings = report.findings().iter().map(|finding| Found {
        code: finding.code().to_owned(),
        severity: match finding.severity() {
            Severity::Error => cases::Severity::Error,
            Severity::Warning => cases::Severity::Warning,
        },
        message: finding.message().to_owned(),
        path: finding.found_path().map(ToOwned::to_owned),
        line: finding.found_line().map(u64::from),
    });
    let facts = report.annotations().iter().map(|fact| Fact {
        key: fact.key().to_owned(),
        value: fact.value().to_owned(),
        about: fact.found_about().map(ToOwned::to_owned),
        authenticated: fact.is_authenticated(),
    });
    Judged::by_plugin(findings.collect(), facts.collect())
}

fn target(case: &Case) -> Target {
    match &case.target {
        cases::Target::Blob { media_type, digest, size } => Target::Blob(BlobTarget {
            digest: digest.to_string(),
            media_type: media_type.clone(),
            size: *size,
            properties: Vec::new(),
        }),
        cases::Target::Manifest(push) => {
            let handed = handed::of_parsed(&push.manifest, &push.bytes);
            Target::Manifest(Manifest {
                digest: push.digest.to_string(),
                kind: push.kind.clone().unwrap_or(handed.kind),
                repository: push.repository.to_string(),
                tags: push.tags.iter().map(ToString::to_string).collect::<Vec<_>>().into(),
                principal: push.principal.clone().into(),
                ..handed
            })
        }
    }
}
