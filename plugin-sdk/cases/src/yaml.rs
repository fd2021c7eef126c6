//! Reads the documents of a file.

use roadstead_yaml::{Node, Place};

/// Every document of a file, those aside that hold nothing.
pub(crate) fn documents(text: &str) -> Result<Vec<Node>, (Place, String)> {
    // as in JSON: `yes` and `y` are text
    let options = serde_saphyr::options! { strict_booleans: true };
    serde_saphyr::from_multiple_with_options(text, options).map_err(|error| {
        let place = error.location().map(Place::from).unwrap_or_default();
        let what = error.without_snippet().to_string();
        let what = what.lines().next().unwrap_or_default();
        // it repeats the place at its end
        let end = what.find(" at line ").unwrap_or(what.len());
        (place, format!("no valid YAML: {}", &what[..end]))
    })
}
