//! From a [`Plugin`] to the exports of a component.

use serde::de::DeserializeOwned;

use crate::{
    Blob, Failure, Manifest, Report, Severity, Target,
    bindings::exports::roadstead::admission::reviewer,
};

/// What a plugin can find: id, severity, one line, and an explanation in Markdown.
pub type Codes = &'static [(&'static str, Severity, &'static str, &'static str)];

/// What a plugin says about itself.
#[derive(Clone, Debug)]
pub struct Metadata {
    name: &'static str,
    version: &'static str,
    description: &'static str,
    codes: Codes,
    media_types: &'static [&'static str],
    settings_schema: Option<&'static str>,
}

impl Metadata {
    /// A name that is stable over versions, a semantic version, a paragraph, and the codes.
    pub const fn new(
        name: &'static str,
        version: &'static str,
        description: &'static str,
        codes: Codes,
    ) -> Self {
        Self { name, version, description, codes, media_types: &[], settings_schema: None }
    }

    /// The media types that the plugin understands, as globs: advice for whoever writes policies.
    #[must_use]
    pub const fn media_types(mut self, media_types: &'static [&'static str]) -> Self {
        self.media_types = media_types;
        self
    }

    /// The JSON Schema (2020-12) of the settings. Without one the plugin takes none.
    #[must_use]
    pub const fn settings_schema(mut self, schema: &'static str) -> Self {
        self.settings_schema = Some(schema);
        self
    }
}

/// A plugin. What it does not review is outside its remit.
pub trait Plugin {
    /// What an operator may set. `()` where there is nothing.
    type Settings: DeserializeOwned;

    /// Whether [`Plugin::review_manifest`] is for something.
    const MANIFESTS: bool = true;
    /// Whether [`Plugin::review_blob`] is for something.
    const BLOBS: bool = false;

    /// Constant for a given component.
    fn metadata() -> Metadata;

    /// Judges a manifest with all that it names. None: not this plugin's business.
    fn review_manifest(manifest: &Manifest, settings: &Self::Settings) -> Option<Report> {
        let (_, _) = (manifest, settings);
        None
    }

    /// Judges one layer or config. None: not this plugin's business.
    fn review_blob(blob: &Blob, settings: &Self::Settings) -> Option<Report> {
        let (_, _) = (blob, settings);
        None
    }
}

/// Makes the component's exports of a [`Plugin`].
#[macro_export]
macro_rules! export {
    ($plugin:ty) => {
        const _: () = {
            struct Component;

            impl $crate::__private::Guest for Component {
                fn describe() -> $crate::__private::GuestMetadata {
                    $crate::__private::describe::<$plugin>()
                }

                fn validate_settings(
                    settings: ::std::string::String,
                ) -> ::std::result::Result<(), ::std::vec::Vec<$crate::__private::SettingsProblem>>
                {
                    $crate::__private::validate_settings::<$plugin>(&settings)
                }

                fn review(
                    target: $crate::Target,
                    settings: ::std::string::String,
                ) -> $crate::__private::Answer {
                    $crate::__private::review::<$plugin>(&target, &settings)
                }
            }

            $crate::bindings::export_component!(Component with_types_in $crate::bindings);
        };
    };
}

/// What [`export!`] needs.
#[doc(hidden)]
pub mod __private {
    pub use super::reviewer::{Guest, Metadata as GuestMetadata, SettingsProblem};
    use super::{DeserializeOwned, Failure, Plugin, Report, Target, reviewer};
    use crate::bindings::roadstead::admission::types;

    /// What `review` answers.
    pub type Answer = Result<Option<types::Report>, Failure>;

    /// `describe`
    pub fn describe<P: Plugin>() -> GuestMetadata {
        tell_panics();
        let metadata = P::metadata();
        let code = |(id, severity, summary, explanation): &(&str, _, &str, &str)| reviewer::Code {
            id: (*id).to_owned(),
            severity: *severity,
            summary: (*summary).to_owned(),
            explanation: (*explanation).to_owned(),
        };
        let mut targets = reviewer::Targets::empty();
        targets.set(reviewer::Targets::MANIFESTS, P::MANIFESTS);
        targets.set(reviewer::Targets::BLOBS, P::BLOBS);
        GuestMetadata {
            name: metadata.name.to_owned(),
            version: metadata.version.to_owned(),
            description: metadata.description.to_owned(),
            targets,
            media_types: metadata.media_types.iter().map(ToString::to_string).collect(),
            settings_schema: metadata.settings_schema.map(ToOwned::to_owned),
            codes: metadata.codes.iter().map(code).collect(),
            properties: Vec::new(),
        }
    }

    /// `validate-settings`
    pub fn validate_settings<P: Plugin>(settings: &str) -> Result<(), Vec<SettingsProblem>> {
        tell_panics();
        let problem = |error: serde_json::Error| {
            vec![SettingsProblem { pointer: String::new(), message: error.to_string() }]
        };
        read::<P::Settings>(settings).map(drop).map_err(problem)
    }

    /// `review`
    pub fn review<P: Plugin>(target: &Target, settings: &str) -> Answer {
        tell_panics();
        let settings = read::<P::Settings>(settings)
            .map_err(|error| Failure::Internal(format!("the settings can't be read: {error}")))?;
        let report = match target {
            Target::Manifest(manifest) => P::review_manifest(manifest, &settings),
            Target::Blob(blob) => P::review_blob(blob, &settings),
        };
        Ok(report.map(Report::into_guest))
    }

    /// No settings are an empty object, which `()` is not to serde.
    fn read<T: DeserializeOwned>(settings: &str) -> Result<T, serde_json::Error> {
        serde_json::from_str(settings).or_else(|error| match settings {
            "{}" => serde_json::from_str("null").map_err(|_| error),
            _ => Err(error),
        })
    }

    /// WebAssembly shows a panic as a trap without its message: so it goes to the log first.
    fn tell_panics() {
        #[cfg(target_family = "wasm")]
        std::panic::set_hook(Box::new(|info| {
            use crate::bindings::roadstead::admission::log;
            log::write(log::Level::Error, &info.to_string());
        }));
    }
}
