//! Test cases for Roadstead's plugins and policies: what is pushed, and what must become of it, as
//! YAML. One file of them runs natively in a plugin's own tests (`testing::cases` of the SDK), in
//! the sandbox (`roadstead plugin test`), and against a policy (`roadstead policy test`).
//!
//! ```yaml
//! name: a chart that is shown as another version than it installs
//! repository: charts/web
//! tags: ["1.2.3"]
//! manifest:
//!   config:
//!     mediaType: application/vnd.cncf.helm.config.v1+json
//!     json: { apiVersion: v2, name: web, version: 1.2.3 }
//!   layers:
//!     - mediaType: application/vnd.cncf.helm.chart.content.v1.tar+gzip
//!       tgz:
//!         web/Chart.yaml: |
//!           apiVersion: v2
//!           name: web
//!           version: 9.9.9
//!         web/link: { symlink: /etc/passwd }
//! expect:
//!   decision: reject
//!   findings: [RSH025, { code: RSH041, message: 9.9.9 }]
//! ```
//!
//! Content is one of `json`, `text`, `base64`, `file` (relative to the file of cases), `tar`,
//! `tgz`, `gzip` (of other content) and `manifest`. Sizes and digests are computed; `size` and
//! `digest` lie, and `absent: true` leaves the content out of the store. What a key or a value
//! means in full stands in `README.md` beside this crate.

mod case;
mod content;
mod expect;
mod fields;
mod outcome;
mod settings;
mod source;
mod tar;
mod yaml;

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

pub use case::{Case, Push, Target};
pub use expect::{Decision, Expectation, ExpectedFact, ExpectedFinding, Severity};
pub use outcome::{Fact, Found, Judged, Outcome};
pub use source::{CaseError, Tester};
pub use tar::{Tar, TarHeader, gzip};

use roadstead_yaml::is_yaml_file;

use source::Source;

/// Reads the cases of files, or of every `.yaml` and `.yml` file in folders. Their names must
/// differ, and there must be at least one in each.
pub fn read<P: AsRef<Path>>(paths: &[P], tester: Tester) -> Result<Vec<Case>, CaseError> {
    let mut names = BTreeSet::new();
    let mut cases = Vec::new();
    for path in paths.iter().map(AsRef::as_ref) {
        for file in files(path)? {
            let text = fs::read_to_string(&file)
                .map_err(|error| Source::whole(&file, format!("it can't be read: {error}")))?;
            let source = Source { path: &file, tester };
            cases.extend(case::read(&source, &text, &mut names)?);
        }
    }
    Ok(cases)
}

fn files(path: &Path) -> Result<Vec<PathBuf>, CaseError> {
    if !path.is_dir() {
        return Ok(vec![path.to_owned()]);
    }
    let unreadable = |error| Source::whole(path, format!("it can't be read: {error}"));
    let mut files = Vec::new();
    for entry in fs::read_dir(path).map_err(unreadable)? {
        let file = entry.map_err(unreadable)?.path();
        if is_yaml_file(&file) {
            files.push(file);
        }
    }
    files.sort();
    match files.is_empty() {
        true => Err(Source::whole(path, "there is no .yaml file in this folder")),
        false => Ok(files),
    }
}
