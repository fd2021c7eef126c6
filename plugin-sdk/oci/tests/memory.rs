//! What reading a manifest takes, of the 4 MiB that cost most.

#![expect(clippy::unwrap_used, reason = "a test may fail")]

use std::process::Command;

use roadstead_oci::{Manifest, media_type::OCI_INDEX};

/// Bytes of each manifest, as many as a registry takes unless it is told otherwise.
const BYTES: usize = 4 << 20;
/// Bytes that reading one may take besides: `host/src/http/body.rs` counts on it.
const TAKEN_MAX: usize = 6 * BYTES;
/// Names the manifest to a process that reads one.
const NUMBER: &str = "ROADSTEAD_TEST_MANIFEST";
/// How many there are.
const COSTLY: usize = 16;
/// What that process says begins so.
const TOOK: &str = "it took ";

/// `head`, then `item` of as many numbers as fit, then `tail`.
fn filled(head: &str, item: impl Fn(usize) -> String, tail: &str) -> String {
    let mut text = String::with_capacity(BYTES);
    text.push_str(head);
    for number in 0.. {
        let item = item(number);
        if text.len() + item.len() + tail.len() > BYTES {
            break;
        }
        text.push_str(&item);
    }
    text.truncate(text.trim_end_matches(',').len());
    text + tail
}

/// Three letters and more, another one for each number.
fn name(mut number: usize) -> String {
    let mut name = String::new();
    for _ in 0..4 {
        let digit = b"0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"[number % 62];
        name.push(char::from(digit));
        number /= 62;
    }
    name
}

/// Most that the process had in memory so far, in bytes.
fn peak() -> usize {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with("VmHWM")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse::<usize>().unwrap() << 10
}

/// A manifest of 4 MiB, made of as much as fits of what takes much for few bytes; below `COSTLY`.
fn costly(number: usize) -> (&'static str, String) {
    let head = format!("{{\"schemaVersion\":2,\"mediaType\":\"{OCI_INDEX}\",");
    let digest = format!("sha256:{}", "a".repeat(64));
    let child = format!("{{\"digest\":\"{digest}\",\"size\":0");
    let unknown = |item: &str| filled(&format!("{head}\"x\":["), |_| item.to_owned(), "]}");
    let in_child = |more: &str| format!("{head}\"manifests\":[{child},{more}");
    let children = |more: &str| {
        filled(&format!("{head}\"manifests\":["), |_| format!("{child}{more}}},"), "]}")
    };
    let key = |number| format!("\"{}\":0,", name(number));
    let pair = |number| format!("\"{}\":\"\",", name(number));
    match number {
        0 => ("lists", unknown("[],")),
        1 => ("objects", unknown("{},")),
        2 => ("objects with a key", unknown("{\"\":0},")),
        3 => ("texts", unknown("\"\",")),
        4 => ("numbers", unknown("0,")),
        5 => ("keys", filled(&format!("{head}\"x\":{{"), key, "}}")),
        6 => ("fields", filled(&head, key, ",\"annotations\":{}}")),
        7 => ("annotations", filled(&format!("{head}\"annotations\":{{"), pair, "}}")),
        8 => ("annotations of a child", filled(&in_child("\"annotations\":{"), pair, "}}]}")),
        9 => ("urls", filled(&in_child("\"urls\":["), |_| "\"\",".into(), "]}]}")),
        10 => ("children", children("")),
        11 => ("children with types", children(",\"mediaType\":\"a\",\"artifactType\":\"b\"")),
        12 => ("children with annotations", children(",\"annotations\":{\"\":\"\"}")),
        13 => {
            ("children with platforms", children(",\"platform\":{\"os\":\"a\",\"variant\":\"\"}"))
        }
        14 => ("children with urls", children(",\"urls\":[\"\"],\"platform\":{}")),
        _ => ("a text", filled(&format!("{head}\"artifactType\":\""), |_| "x".repeat(999), "\"}")),
    }
}

/// Reads one of them, and says what that took. What was freed is used again, so that each takes a
/// process of its own.
#[test]
fn read_one() {
    let Ok(number) = std::env::var(NUMBER) else { return };
    let (of, text) = costly(number.parse().unwrap());
    assert!(text.len() > BYTES - 1200 && text.len() <= BYTES, "{of}: {}", text.len());
    // the peak becomes what there is now
    std::fs::write("/proc/self/clear_refs", "5").unwrap();
    let before = peak();
    let read = Manifest::parse(text.as_bytes(), None).map(drop);
    println!("{TOOK}{} {of} {read:?}", peak() - before);
}

#[test]
fn reading_a_manifest_takes_six_times_its_bytes_at_the_most() {
    for number in 0..COSTLY {
        let mut command = Command::new(std::env::current_exe().unwrap());
        command.args(["--exact", "read_one", "--nocapture"]).env(NUMBER, number.to_string());
        let output = command.output().unwrap();
        let output = String::from_utf8(output.stdout).unwrap();
        let said = output.split(TOOK).nth(1).and_then(|said| said.lines().next()).unwrap();
        println!("{said}");
        assert!(said.ends_with(" Ok(())"), "{said}");
        let took: usize = said.split(' ').next().unwrap().parse().unwrap();
        assert!(took <= TAKEN_MAX, "{said}");
    }
}
