//! The plugin against what each reader of tar unpacks: `golden/tar/make.py` asked them.

use std::{collections::BTreeMap, io::Read};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use flate2::read::GzDecoder;
use roadstead_plugin_sdk::{
    Report,
    testing::{Tar, gzip},
};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::push::{Push, codes};

static TABLE: &[u8] = include_bytes!("../golden/tar.json.gz");

/// What no reader in the table unpacks differently, and the plugin rejects or may reject all the
/// same: a part of the case's name. No program writes any of it, and not every reader is in the
/// table.
const STRICTER_THAN_READERS: &[&str] = &[
    // numbers with a NUL before, among or behind the digits, or with a sign
    "a NUL among zeros",
    "a NUL before",
    "a NUL behind the first digit",
    "a NUL and a space before",
    "a space and a NUL before",
    "NULs and letters",
    "NULs before",
    "behind a NUL",
    "devmajor, old",
    "devminor, old",
    "PAX number atime: a plus",
    "PAX number ctime: a plus",
    "PAX number mtime: a plus",
    "PAX number uid",
    "PAX number gid",
    // a link's target in the header of something else
    "GNU K",
    "GNU link",
    "PAX link",
    "link in",
    "with a link",
    "type 0x4b",
    // files with holes, and what only such a file's header holds
    "sparse",
    "GNU real size",
    "gnu realsize",
    "gnu extended",
    "gnu longnames",
    "type 0x53",
    "with a GNU time",
    // several headers of a kind, and names that are empty or go on after their end
    "order: ",
    "a NUL alone",
    "GNU L before a folder: nothing",
    "GNU L before an old folder: nothing",
    "PAX form",
    // content behind a folder, the mode of one, and contiguous files
    "with content",
    "mode 0040755",
    "type b'5'",
    "type b'7'",
    "type 0x37",
    // what follows the end, which helm does not read and others complain of
    "end: two blocks, then",
    "gzip with an end",
    "gzip without an end, behind it",
    "gzip, member behind the end",
    "gzip, zeros behind the end",
    "reserved flag",
    // names that Windows or macOS read otherwise, or that lie beside the chart's folder
    "name, ",
    "name of a folder",
    "prefix, posix: a ",
    "prefix, star: a ",
    "a line behind",
    "a space at the end",
];

/// What some reader unpacks under another name, and the plugin accepts: on Windows backslashes part
/// names, and libarchive writes one form of a letter for another.
const LENIENT: &[&str] = &["backslashes: in all names", "name, PAX: decomposed"];

#[derive(Deserialize)]
struct Table {
    /// form, bytes, and how the readers take it
    cases: BTreeMap<String, (String, String, String)>,
}

/// A case: the archive, and how the readers take it.
struct Case {
    layer: Vec<u8>,
    readers: String,
}

impl Case {
    /// Whether helm loads nothing, or some reader unpacks something else and keeps quiet.
    fn is_unsafe(&self) -> bool {
        self.readers.split(' ').any(|word| matches!(word, "none" | "other"))
    }
}

fn cases() -> BTreeMap<String, Case> {
    let mut json = Vec::new();
    GzDecoder::new(TABLE).read_to_end(&mut json).expect("the table is gzip");
    let table: Table = serde_json::from_slice(&json).expect("the table is JSON");
    let case = |(name, (form, bytes, readers)): (String, (String, String, String))| {
        let bytes = STANDARD.decode(bytes).expect("base64");
        let layer = if form == "tar" { gzip(&bytes) } else { bytes };
        (name, Case { layer, readers })
    };
    table.cases.into_iter().map(case).collect()
}

/// Reviews it as a chart of its own.
fn alone(layer: &[u8]) -> Report {
    Push::new(&chart("web"), layer).review()
}

/// Reviews it as a chart within another.
fn within(layer: &[u8]) -> Report {
    let outer = Tar::new()
        .file("outer/Chart.yaml", "apiVersion: v2\nname: outer\nversion: 1.2.3\n")
        .file("outer/charts/web-1.2.3.tgz", layer);
    Push::new(&chart("outer"), &outer.gzip()).review()
}

fn chart(name: &str) -> Value {
    json!({ "apiVersion": "v2", "name": name, "version": "1.2.3" })
}

fn compare(review: fn(&[u8]) -> Report) {
    let mut wrong = Vec::new();
    for (name, case) in cases() {
        if STRICTER_THAN_READERS.iter().any(|part| name.contains(part)) && !case.is_unsafe() {
            continue;
        }
        let report = review(&case.layer);
        if report.rejects() != case.is_unsafe() && !LENIENT.contains(&name.as_str()) {
            wrong.push(format!("{name} ({}): {:?}", case.readers, codes(&report)));
        }
    }
    assert!(wrong.is_empty(), "{} cases:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn a_chart_is_accepted_if_and_only_if_all_readers_unpack_what_helm_loads() {
    compare(alone);
}

#[test]
fn so_is_a_chart_within_a_chart() {
    compare(within);
}
