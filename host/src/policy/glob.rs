//! Globs: of repositories, tags and media types.

use globset::{Glob, GlobBuilder, GlobSet, GlobSetBuilder};
use serde::{Serialize, Serializer};

const BYTES_MAX: usize = 512;

/// Globs of which one has to fit.
#[derive(Clone, Debug)]
pub struct Globs {
    patterns: Vec<String>,
    set: GlobSet,
}

/// What names are made of: it decides what `*` is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Names {
    /// `*` stays within one component, `**` does not; `a/**` is `a` as well
    Repositories,
    /// `*` is anything
    Plain,
}

impl Globs {
    /// None of the patterns, or why one of them is no glob: its position, and what is wrong.
    pub(super) fn new(patterns: Vec<String>, names: Names) -> Result<Self, (usize, String)> {
        let mut set = GlobSetBuilder::new();
        for (position, pattern) in patterns.iter().enumerate() {
            for form in forms(pattern, names) {
                let glob = glob(form, names);
                let fits = !pattern.is_empty() && pattern.len() <= BYTES_MAX;
                match glob {
                    Ok(glob) if fits => set.add(glob),
                    Ok(_) => {
                        return Err((position, format!("a glob must have 1 to {BYTES_MAX} bytes")));
                    }
                    Err(error) => return Err((position, error.kind().to_string())),
                };
            }
        }
        match set.build() {
            Ok(set) => Ok(Self { patterns, set }),
            Err(error) => Err((0, error.kind().to_string())),
        }
    }

    /// The repositories that a pattern fits, or why it is no glob.
    pub fn of_repositories(pattern: &str) -> Result<Self, String> {
        Self::new(vec![pattern.to_owned()], Names::Repositories).map_err(|(_, why)| why)
    }

    /// Whether one of them fits.
    pub fn fit(&self, name: &str) -> bool {
        self.set.is_match(name)
    }

    /// As they were written.
    pub fn patterns(&self) -> &[String] {
        &self.patterns
    }
}

fn glob(form: &str, names: Names) -> Result<Glob, globset::Error> {
    GlobBuilder::new(form)
        .literal_separator(names == Names::Repositories)
        .backslash_escape(true)
        .build()
}

/// The regular expression that matches what a glob does. None: it is not a glob.
pub(super) fn regex(pattern: &str, names: Names) -> Option<String> {
    let forms =
        forms(pattern, names).map(|form| Some(format!("(?:{})", glob(form, names).ok()?.regex())));
    Some(forms.collect::<Option<Vec<_>>>()?.join("|"))
}

/// A folder's glob is the folder's as well.
fn forms(pattern: &str, names: Names) -> impl Iterator<Item = &str> {
    let folder = pattern.strip_suffix("/**").filter(|_| names == Names::Repositories);
    std::iter::once(pattern).chain(folder.filter(|folder| !folder.is_empty()))
}

impl Serialize for Globs {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.patterns.serialize(serializer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fits(pattern: &str, names: Names, name: &str) -> bool {
        Globs::new(vec![pattern.to_owned()], names).unwrap().fit(name)
    }

    #[test]
    fn a_star_stays_in_a_component_of_a_repository() {
        for (pattern, name, expected) in [
            ("charts/**", "charts", true),
            ("charts/**", "charts/a", true),
            ("charts/**", "charts/a/b", true),
            ("charts/**", "chartsa", false),
            ("charts/*", "charts/a", true),
            ("charts/*", "charts/a/b", false),
            ("charts/*", "charts", false),
            ("**", "a/b/c", true),
            ("*", "a", true),
            ("*", "a/b", false),
            ("**/web", "web", true),
            ("**/web", "a/b/web", true),
            ("team-?/{app,web}", "team-a/web", true),
            ("a.b", "axb", false),
        ] {
            assert_eq!(fits(pattern, Names::Repositories, name), expected, "{pattern} {name}");
        }
    }

    #[test]
    fn a_star_is_anything_in_a_media_type_or_tag() {
        let layer = "application/vnd.oci.image.layer.v1.tar+gzip";
        assert!(fits("application/vnd.oci.image.layer.v1.tar*", Names::Plain, layer));
        assert!(fits("*", Names::Plain, layer));
        assert!(fits("v1.*", Names::Plain, "v1.2"));
        assert!(!fits("v1.*", Names::Plain, "v11"));
    }

    #[test]
    fn what_is_no_glob_is_named() {
        let wrong = ["ok", "a[", ""].map(ToOwned::to_owned).to_vec();
        assert_eq!(Globs::new(wrong, Names::Plain).unwrap_err().0, 1);
        assert!(Globs::new(vec![String::new()], Names::Plain).is_err());
        assert!(Globs::new(vec!["a".repeat(513)], Names::Plain).is_err());
    }
}
