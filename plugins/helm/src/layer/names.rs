//! Names as file systems keep them that do not tell case apart.

use std::collections::{BTreeMap, btree_map::Entry};

use unicode_normalization::char::{canonical_combining_class, decompose_canonical};

use super::known::is_known;

/// The files and folders of an archive, as a tree: a folder's name is kept once, however many files
/// lie in it.
#[derive(Debug, Default)]
pub(crate) struct Names(BTreeMap<(usize, String), Name>);

#[derive(Debug)]
struct Name {
    /// what those in it have for a parent; the top's is 0
    id: usize,
    written: String,
    is_file: bool,
}

/// Why a name can't stand beside those before it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Clash {
    /// two files
    Twice,
    /// a file and a folder
    FileAndFolder,
    /// a name that some systems take for this one; and whether helm goes by it
    Alike(String, bool),
}

impl Names {
    /// Adds a file or a folder, and the folders around it; the first is the chart's.
    pub(crate) fn add(&mut self, path: &str, is_file: bool) -> Result<(), Clash> {
        let mut clash = None;
        let (mut parent, mut end) = (0, 0);
        let mut parts = path.split('/').peekable();
        while let Some(part) = parts.next() {
            let is_file = is_file && parts.peek().is_none();
            end += part.len() + 1;
            let id = self.0.len() + 1;
            parent = match self.0.entry((parent, folded(part))) {
                Entry::Vacant(vacant) => {
                    vacant.insert(Name { id, written: part.to_owned(), is_file }).id
                }
                Entry::Occupied(known) => {
                    let known = known.get();
                    let inner = || path[..end - 1].split_once('/').map_or("", |(_, inner)| inner);
                    let found = known.clash(part, is_file, || is_known(inner()));
                    clash = clash.or(found);
                    known.id
                }
            };
        }
        clash.map_or(Ok(()), Err)
    }

    /// How many there are.
    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }
}

impl Name {
    fn clash(&self, part: &str, is_file: bool, is_known: impl Fn() -> bool) -> Option<Clash> {
        match (self.is_file, is_file) {
            _ if self.written != part => Some(Clash::Alike(self.written.clone(), is_known())),
            (true, true) => Some(Clash::Twice),
            (false, false) => None,
            _ => Some(Clash::FileAndFolder),
        }
    }
}

/// One text for all that macOS and Windows take for one name: to capital letters and back, as some
/// have several small ones, and then to NFD. The crate's own iterators would bring the tables of
/// NFKD, which are as large again.
pub(super) fn folded(name: &str) -> String {
    if name.is_ascii() {
        return name.to_ascii_lowercase();
    }
    let mut letters = Vec::new();
    for letter in name.chars().flat_map(char::to_uppercase).flat_map(char::to_lowercase) {
        decompose_canonical(letter, |letter| letters.push(letter));
    }
    for marked in letters.chunk_by_mut(|_, next| canonical_combining_class(*next) > 0) {
        marked.sort_by_key(|letter| canonical_combining_class(*letter));
    }
    letters.into_iter().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_some_systems_take_for_one_clash() {
        for (left, right) in [
            ("a/Chart.yaml", "a/chart.yaml"),
            ("\u{e4}", "A\u{308}"),
            ("\u{1ea1}\u{302}", "a\u{302}\u{323}"),
            ("\u{1fb3}", "\u{3b1}\u{345}"),
            ("\u{1f0}", "j\u{30c}"),
            ("\u{ac00}", "\u{1100}\u{1161}"),
            ("stra\u{df}e", "STRASSE"),
            ("\u{3c3}", "\u{3c2}"),
            ("\u{212a}", "k"),
            ("\u{17f}", "S"),
        ] {
            let mut names = Names::default();
            assert_eq!(names.add(left, true), Ok(()));
            let clash = names.add(right, true);
            assert!(matches!(clash, Err(Clash::Alike(..))), "{left} {right}: {clash:?}");
        }
    }

    #[test]
    fn folders_may_be_named_again_and_files_may_not() {
        let mut names = Names::default();
        for (path, is_file, clash) in [
            ("a/b", true, Ok(())),
            ("a/c/d", true, Ok(())),
            ("a/c", false, Ok(())),
            ("a", false, Ok(())),
            ("a/b", true, Err(Clash::Twice)),
            ("a/b/c", true, Err(Clash::FileAndFolder)),
            ("a/c", true, Err(Clash::FileAndFolder)),
            ("a/C/e", true, Err(Clash::Alike("c".to_owned(), false))),
            ("a/C", false, Err(Clash::Alike("c".to_owned(), false))),
            ("b/C/e", true, Ok(())),
        ] {
            assert_eq!(names.add(path, is_file), clash, "{path}");
        }
        assert_eq!(names.len(), 9);
    }
}
