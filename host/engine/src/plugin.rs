//! A plugin, and a review by it.

use std::{fmt, sync::Arc, time::Instant};

use futures::FutureExt;

use roadstead_oci::Digest;

use crate::{
    Content, Limits, Metadata, Report, Review, ReviewError, SettingsProblem, Statistics, Target,
    abi,
    limits::MESSAGE_BYTES_MAX,
    line::line,
    sandbox::{Call, Caller, Linked, Run},
    state::State,
};

/// What a guest answers about a target.
type Answer = Result<Option<abi::types::Report>, abi::types::Failure>;

/// A component, compiled, linked and described, under the policy's name for it. Holds nothing
/// between reviews. All plugins of one component share its turns, so that no policy can give one
/// component more than its part by naming it twice.
#[derive(Clone)]
pub struct Plugin {
    pub(crate) name: String,
    pub(crate) loaded: Arc<Loaded>,
    pub(crate) caller: Caller,
}

/// What a component is loaded to, once.
pub(crate) struct Loaded {
    pub(crate) linked: Linked,
    pub(crate) digest: Digest,
    pub(crate) metadata: Metadata,
    pub(crate) imports: Vec<String>,
}

impl fmt::Debug for Plugin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Plugin({} {})", self.name, self.digest())
    }
}

impl fmt::Debug for Loaded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Loaded({})", self.digest)
    }
}

impl Plugin {
    /// The same plugin, with its reviews on that caller's account: where more want to run than may,
    /// callers take turns.
    #[must_use]
    pub fn on_behalf_of(&self, caller: Caller) -> Self {
        Self { caller, ..self.clone() }
    }

    /// What the policy calls it.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The digest of the component.
    pub fn digest(&self) -> &Digest {
        &self.loaded.digest
    }

    /// What it says about itself.
    pub fn metadata(&self) -> &Metadata {
        &self.loaded.metadata
    }

    /// The interfaces that it imports, which lie in the contract's package.
    pub fn imports(&self) -> &[String] {
        &self.loaded.imports
    }

    /// Asks the plugin about settings, which are JSON text. The problems, at most 100; settings
    /// with nothing but warnings are accepted.
    pub async fn validate_settings(
        &self,
        settings: &str,
    ) -> Result<Vec<SettingsProblem>, ReviewError> {
        const PROBLEMS_MAX: usize = 100;
        let state = State::without_target(self.name(), Limits::default());
        let (linked, settings) = (&self.loaded.linked, settings.to_owned());
        let call: Call<_> = Box::new(move |store, plugin| {
            let reviewer = plugin.roadstead_admission_reviewer();
            async move { reviewer.call_validate_settings(store, &settings).await }.boxed()
        });
        let run = linked.run(linked.turn(&self.caller).await?, state, call).await?;
        let problems = run.answer?.err().unwrap_or_default();
        let text = |text: &str| line(text, MESSAGE_BYTES_MAX);
        let problems = problems.iter().take(PROBLEMS_MAX).map(|problem| SettingsProblem {
            severity: problem.severity.into(),
            pointer: text(&problem.pointer),
            message: text(&problem.message),
        });
        Ok(problems.collect())
    }

    /// Reviews a target in a sandbox of its own. It is made when the review has its turn, so that
    /// reviews that wait take no memory for theirs. `settings` are JSON text. Whatever the plugin
    /// does, there is an end within [`Limits::wall`] and the wait for a turn.
    pub async fn review(
        &self,
        target: impl FnOnce() -> Target,
        settings: &str,
        content: Arc<dyn Content>,
        limits: &Limits,
    ) -> Review {
        let called = Instant::now();
        let run = self.run_review(target, settings, content, limits.clone());
        let Run { answer, state, statistics } = match run.await {
            Ok(run) => run,
            Err(error) => {
                // it had no turn, or its thread is gone with all that was counted
                let statistics = Statistics { queue: called.elapsed(), ..Statistics::default() };
                let asked = Vec::new();
                return Review { outcome: Err(error), memoisable: false, asked, statistics };
            }
        };
        // what a host call found out counts more than what the guest made of it
        let outcome = match state.failure {
            Some(failure) => Err(failure),
            None => answer.and_then(|answer| self.outcome(answer)),
        };
        let lasting = outcome.as_ref().err().is_none_or(ReviewError::is_property_of_content);
        Review { outcome, memoisable: state.pure && lasting, asked: state.asked, statistics }
    }

    async fn run_review(
        &self,
        target: impl FnOnce() -> Target,
        settings: &str,
        content: Arc<dyn Content>,
        limits: Limits,
    ) -> Result<Run<Answer>, ReviewError> {
        let linked = &self.loaded.linked;
        let turn = linked.turn(&self.caller).await?;
        let target = target();
        let state = State::for_review(self.name(), limits, &target, content);
        let (target, settings) = ((&target).into(), settings.to_owned());
        let call: Call<_> = Box::new(move |store, plugin| {
            let reviewer = plugin.roadstead_admission_reviewer();
            async move { reviewer.call_review(store, &target, &settings).await }.boxed()
        });
        linked.run(turn, state, call).await
    }

    /// What the guest answered, if it keeps to the contract.
    fn outcome(&self, answer: Answer) -> Result<Option<Report>, ReviewError> {
        let text = |text: String| line(&text, MESSAGE_BYTES_MAX);
        let report = answer.map_err(|failure| match failure {
            abi::types::Failure::Unavailable(why) => ReviewError::Guest(text(why)),
            abi::types::Failure::Internal(why) => ReviewError::Internal(text(why)),
        })?;
        report.map(|report| abi::report(report, self.metadata())).transpose()
    }
}
