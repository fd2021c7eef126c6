//! Folders of YAML files.

use std::path::Path;

/// Whether an entry of a folder is one of the folder's YAML files: it ends in `.yaml` or `.yml`,
/// and it is neither hidden, as what editors and mounted volumes leave is, nor a folder.
///
/// A link to nothing is a file that can't be read, and not one that was never there.
pub fn is_yaml_file(path: &Path) -> bool {
    let hidden = path.file_name().is_none_or(|name| name.as_encoded_bytes().starts_with(b"."));
    let yaml = path.extension().is_some_and(|end| end == "yaml" || end == "yml");
    yaml && !hidden && !path.is_dir()
}
