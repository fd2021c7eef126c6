//! A plugin's settings, with the files that they name, as in a policy.

use roadstead_yaml::{Key, Node, SettingsFiles};

use crate::{
    fields::text,
    source::{CaseError, Source},
};

/// The settings as JSON text.
pub(crate) fn settings(source: &Source<'_>, node: &Node) -> Result<String, CaseError> {
    Ok(roadstead_yaml::settings(node, &mut Files(source))?.to_string())
}

struct Files<'a>(&'a Source<'a>);

impl SettingsFiles<roadstead_yaml::Place> for Files<'_> {
    type Error = CaseError;

    fn text(&mut self, name: &Node) -> Result<String, CaseError> {
        let Self(source) = self;
        let bytes = source.file(name.spot, text(source, name)?)?;
        String::from_utf8(bytes).map_err(|_| source.error(name.spot, "this file is not UTF-8"))
    }

    fn twice(&mut self, key: &Key, setting: &str) -> Result<(), CaseError> {
        let what = format!("{setting:?} is set twice: as text, and as a file");
        Err(self.0.error(key.spot, what))
    }
}
