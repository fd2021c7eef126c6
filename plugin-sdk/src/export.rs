//! From the contract's three functions to a [`Plugin`] and back.

use std::marker::PhantomData;

use crate::{
    Failure, Plugin, Report, Severity,
    bindings::{
        exports::roadstead::admission::reviewer::{self, Guest},
        roadstead::admission::types,
    },
    log,
    plugin::parse_settings,
};

/// Makes a component of a [`Plugin`]: `export!(MyPlugin);`, once in a crate of the type `cdylib`.
#[macro_export]
macro_rules! export {
    ($plugin:ty) => {
        #[cfg(target_family = "wasm")]
        type RoadsteadExport = $crate::Exported<$plugin>;
        #[cfg(target_family = "wasm")]
        $crate::bindings::export_reviewer!(RoadsteadExport with_types_in $crate::bindings);
        // natively there is nothing to export, but the type is checked all the same
        #[cfg(not(target_family = "wasm"))]
        const _: fn() -> $crate::Metadata = <$plugin as $crate::Plugin>::describe;
    };
}

/// What [`export!`](crate::export!) exports.
#[derive(Debug)]
pub struct Exported<P>(PhantomData<P>);

impl<P: Plugin> Guest for Exported<P> {
    fn describe() -> reviewer::Metadata {
        report_panics();
        P::describe().into_wire::<P>()
    }

    fn validate_settings(settings: String) -> Result<(), Vec<reviewer::SettingsProblem>> {
        report_panics();
        let (problems, severity) = match parse_settings::<P>(&settings) {
            Ok(settings) => match P::validate_settings(&settings) {
                problems if problems.is_empty() => {
                    (P::settings_warnings(&settings), Severity::Warning)
                }
                problems => (problems, Severity::Error),
            },
            Err(problem) => (vec![problem], Severity::Error),
        };
        if problems.is_empty() {
            return Ok(());
        }
        Err(problems.into_iter().map(|problem| problem.into_wire(severity)).collect())
    }

    fn review(target: types::Target, settings: String) -> Result<Option<types::Report>, Failure> {
        report_panics();
        let settings = parse_settings::<P>(&settings).map_err(|problem| {
            Failure::Internal(format!("settings{}: {}", problem.pointer, problem.message))
        })?;
        P::review(&target.into(), &settings)?.map(Report::into_wire).transpose()
    }
}

/// A trap says where a plugin stopped, but not why: the message goes out through the log, from
/// which the host takes it into the failure.
fn report_panics() {
    #[cfg(target_family = "wasm")]
    std::panic::set_hook(Box::new(|info| log::error(&info.to_string())));
    #[cfg(not(target_family = "wasm"))]
    let _ = log::error; // natively a panic is the test's affair
}
