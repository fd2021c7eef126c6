//! `roadstead plugin test`

use std::{path::PathBuf, sync::Arc, time::Duration};

use clap::Args;

use roadstead_cases::{self as cases, Case, Expectation, Fact, Found, Judged, Outcome, Tester};
use roadstead_engine::{
    BlobTarget, Limits, Plugin, Report, Review, ReviewError, SettingsProblem, Severity, Target,
};

use super::{Component, load};
use crate::{
    admission,
    cli::cases::{Stored, Tally, candidate},
};

/// Most bytes that a read answers, in turn: what a plugin says must not depend on it.
const CHUNK_BYTES_MAX: [u32; 3] = [1 << 20, 7, 1];

#[derive(Debug, Args)]
pub(in crate::cli) struct Test {
    /// A component, such as naming.wasm, or a built-in plugin: helm, cosign, image
    #[arg(value_name = "FILE|NAME")]
    plugin: PathBuf,
    /// Files of test cases, or folders of such files
    #[arg(required = true)]
    cases: Vec<PathBuf>,
}

/// What became of a case.
struct Ran {
    outcome: Outcome,
    memoisable: bool,
    /// whether a limit ended it
    is_limit: bool,
    duration: Duration,
}

impl Test {
    /// Answers whether every case became what it expects.
    pub(super) async fn run(self) -> anyhow::Result<bool> {
        let component = load(&self.plugin).await?;
        let cases = cases::read(&self.cases, Tester::Plugin)?;
        let mut tally = Tally::default();
        for case in cases {
            let (name, place) = (case.name.clone(), case.place.clone());
            let expect = case.expect.clone();
            let (differences, ran) = match ran(&component, case).await {
                Ok(ran) => (expect.differences(&ran.outcome), Some(ran)),
                Err(differences) => (differences, None),
            };
            let found = ran.map(|ran| format!(": {}", told(&ran))).unwrap_or_default();
            tally.tell(&name, &place, &found, &differences)?;
        }
        tally.end()
    }
}

fn told(ran: &Ran) -> String {
    let Ran { outcome, memoisable, duration, .. } = ran;
    let (whole, tenths) = (duration.as_millis(), duration.subsec_micros() / 100 % 10);
    let memo = match memoisable {
        true => "would be cached",
        false => "would not be cached",
    };
    format!("{outcome} ({whole}.{tenths} ms, {memo})")
}

/// Runs a case six times, twice with each of three sizes of reads: it must become the same each
/// time. Where a limit stopped it, other sizes would only meet it elsewhere.
async fn ran(component: &Component, case: Case) -> Result<Ran, Vec<String>> {
    let Component { plugin, limits: usual, .. } = component;
    let settings = case.settings.clone();
    let problems = plugin.validate_settings(&settings).await;
    let problems = problems.map_err(|error| vec![error.to_string()])?;
    let mut errors = problems.iter().filter(|problem| problem.severity == Severity::Error);
    if let Some(SettingsProblem { pointer, message, .. }) = errors.next() {
        return Err(vec![format!("settings{pointer}: {message}")]);
    }
    let target = target(plugin, &case).map_err(|difference| vec![difference])?;
    let mut first: Option<Ran> = None;
    for bytes in CHUNK_BYTES_MAX.into_iter().flat_map(|bytes| [bytes; 2]) {
        if bytes != CHUNK_BYTES_MAX[0] && first.as_ref().is_some_and(|first| first.is_limit) {
            break;
        }
        let content = Stored { case: case.clone(), piece_bytes_max: bytes as usize };
        let target = || target.clone();
        let limits = limits(usual, bytes);
        let review = plugin.review(target, &settings, Arc::new(content), &limits).await;
        let ran = Ran::from(review);
        match &first {
            None => first = Some(ran),
            Some(first) if first.outcome == ran.outcome && first.memoisable == ran.memoisable => {}
            Some(first) => {
                let memo = [told(first), told(&ran)].join(", then ");
                let mut differences =
                    vec![format!("the result changes with reads of {bytes} bytes: {memo}")];
                differences.extend(Expectation::exactly(&first.outcome).differences(&ran.outcome));
                return Err(differences);
            }
        }
    }
    first.ok_or_else(|| vec!["it never ran".to_owned()])
}

/// Production's, as long as reads are production's; small ones need more calls and time.
fn limits(usual: &Limits, chunk_bytes_max: u32) -> Limits {
    if chunk_bytes_max == CHUNK_BYTES_MAX[0] {
        return usual.clone();
    }
    let (cpu, wall) = (Duration::from_mins(1), Duration::from_mins(2));
    Limits { chunk_bytes_max, cpu, wall, host_calls_max: u32::MAX, ..usual.clone() }
}

fn is_limit(error: &ReviewError) -> bool {
    matches!(
        error,
        ReviewError::Memory { .. }
            | ReviewError::Cpu { .. }
            | ReviewError::Budget(_)
            | ReviewError::Wall { .. }
    )
}

/// What the plugin reviews. A policy that sent it anything else would be refused.
fn target(plugin: &Plugin, case: &Case) -> Result<Target, String> {
    let metadata = plugin.metadata();
    let reviewed = match &case.target {
        cases::Target::Blob { .. } => metadata.blobs,
        cases::Target::Manifest(_) => metadata.manifests,
    };
    if !reviewed {
        return Err("the plugin does not review this kind of target".to_owned());
    }
    match &case.target {
        cases::Target::Blob { media_type, digest, size } => Ok(Target::Blob(BlobTarget {
            digest: digest.clone(),
            media_type: media_type.clone(),
            size: *size,
        })),
        cases::Target::Manifest(push) => {
            candidate(push).map(|candidate| admission::target(&candidate))
        }
    }
}

impl From<Review> for Ran {
    fn from(review: Review) -> Self {
        let is_limit = review.outcome.as_ref().is_err_and(is_limit);
        let outcome = match review.outcome {
            Ok(None) => Outcome::NotMine,
            Ok(Some(report)) => Outcome::Judged(judged(report)),
            Err(error) => Outcome::Failed(error.to_string()),
        };
        let (memoisable, duration) = (review.memoisable, review.statistics.duration);
        Self { outcome, memoisable, is_limit, duration }
    }
}

fn judged(report: Report) -> Judged {
    let findings = report.findings.into_iter().map(|finding| Found {
        code: finding.code,
        severity: match finding.severity {
            Severity::Error => cases::Severity::Error,
            Severity::Warning => cases::Severity::Warning,
        },
        message: finding.message,
        path: finding.location.path,
        line: finding.location.line.map(u64::from),
    });
    let facts = report.annotations.into_iter().map(|fact| Fact {
        key: fact.key,
        value: fact.value,
        about: fact.about.map(|about| about.to_string()),
        authenticated: fact.authenticated,
    });
    Judged::by_plugin(findings.collect(), facts.collect())
}
