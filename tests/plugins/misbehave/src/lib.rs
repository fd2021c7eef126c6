//! A guest that breaks each promise of the contract when its settings tell it to. It speaks the
//! contract itself, since the SDK would not let it.

mod say;

use roadstead_plugin_sdk::bindings::{
    self,
    exports::roadstead::admission::reviewer::{Code, Guest, Metadata, SettingsProblem, Targets},
    roadstead::admission::{
        content, context, log, push,
        types::{Annotation, Failure, Finding, Location, Property, Report, Severity, Target},
    },
};

/// What would move the cursor of a terminal, or turn the direction of its text.
const TRAPS: &str = "\0\t\r\u{8}\u{1b}[2J\u{7f}\u{85}\u{9b}\u{61c}\u{200e}\u{200f}\u{2028}\u{202a}\
                     \u{202b}\u{202c}\u{202d}\u{202e}\u{2066}\u{2067}\u{2068}\u{2069}";

struct Misbehave;

#[cfg(target_family = "wasm")]
bindings::export_reviewer!(Misbehave with_types_in bindings);

impl Guest for Misbehave {
    fn describe() -> Metadata {
        Metadata {
            name: "misbehave".into(),
            version: "0.1.0".into(),
            description: format!("Breaks promises{TRAPS}"),
            targets: Targets::MANIFESTS | Targets::BLOBS,
            media_types: Vec::new(),
            settings_schema: Some(format!(
                "{{\"type\":\"object\",\"title\":\"{}\"}}",
                TRAPS.replace(|letter: char| letter < ' ', "")
            )),
            codes: vec![Code {
                id: "BAD001".into(),
                severity: Severity::Error,
                summary: format!("bad{TRAPS}"),
                explanation: format!("Bad.{TRAPS}"),
            }],
            properties: Vec::new(),
        }
    }

    fn validate_settings(settings: String) -> Result<(), Vec<SettingsProblem>> {
        let problem =
            |severity| SettingsProblem { severity, pointer: "/mode".into(), message: "no".into() };
        match mode(&settings).as_str() {
            "refuse-settings" => Err(vec![problem(Severity::Warning), problem(Severity::Error)]),
            "refuse-all-settings" => Err(vec![problem(Severity::Error); 1000]),
            "warn-of-settings" => Err(vec![problem(Severity::Warning)]),
            "spin" => spin(),
            _ => Ok(()),
        }
    }

    fn review(target: Target, settings: String) -> Result<Option<Report>, Failure> {
        let digest = match &target {
            Target::Manifest(manifest) => manifest.descriptors[0].digest.as_str(),
            Target::Blob(blob) => blob.digest.as_str(),
        };
        match mode(&settings).as_str() {
            "silent" => Ok(None),
            "find" => Ok(Some(report(vec![finding("BAD001", "it is bad")]))),
            "give-up" => Err(Failure::Internal("no\u{1b}[31m idea".into())),
            "unavailable" => Err(Failure::Unavailable("later".into())),
            "say" => Ok(Some(say::report(&settings))),
            "open" => Ok(Some(annotated("said", &open(&settings)))),
            "facts" => Ok(Some(annotated("said", &facts(&settings)))),
            mode => answers(mode)
                .or_else(|| loads(mode, digest))
                .or_else(|| reads(mode, digest))
                .map_or(Err(Failure::Internal("no such mode".into())), |report| Ok(Some(report))),
        }
    }
}

/// Reports that break the contract, or nearly.
fn answers(mode: &str) -> Option<Report> {
    let mut annotation = annotated("k", "v").annotations.remove(0);
    Some(match mode {
        "long" => report(vec![finding("BAD001", &"ä".repeat(1000))]),
        "escapes" => report(vec![finding("BAD001", "a\r\nb\u{1b}[2Jc\u{202e}d\u{200f}\u{61c}e")]),
        "traps" => {
            let mut trap = finding("BAD001", TRAPS);
            trap.location.path = Some(TRAPS.into());
            let annotations = annotated(&format!("k{TRAPS}"), TRAPS).annotations;
            Report { findings: vec![trap], annotations }
        }
        "undeclared" => report(vec![finding("NEW001", "?")]),
        "findings" => report(vec![finding("BAD001", "?"); 101]),
        "annotations" => Report { findings: Vec::new(), annotations: vec![annotation; 65] },
        "flood-100" => {
            let mut flood = finding("BAD001", "");
            flood.message = "x".repeat(100 << 20);
            report(vec![flood])
        }
        "flood" => report(vec![finding("BAD001", &"x".repeat(30 << 20))]),
        "key" => annotated(&"k".repeat(257), "v"),
        "value" => annotated("k", &"v".repeat(4097)),
        "properties" => with_properties(16, "k", "v"),
        "many-properties" => with_properties(17, "k", "v"),
        "property-key" => with_properties(1, &"k".repeat(257), "v"),
        "property-value" => with_properties(1, "k", &"v".repeat(4097)),
        "about-nothing" => {
            annotation.about = Some("sha256:0".into());
            Report { findings: Vec::new(), annotations: vec![annotation] }
        }
        "garbled" => {
            let bytes = std::hint::black_box(vec![0xff, 0xfe]);
            // SAFETY: none, that is the point; but nothing here looks at the text before the host
            annotation.value = unsafe { String::from_utf8_unchecked(bytes) };
            Report { findings: Vec::new(), annotations: vec![annotation] }
        }
        _ => return None,
    })
}

/// Takes more of everything than there is.
fn loads(mode: &str, digest: &str) -> Option<Report> {
    match mode {
        "panic" => {
            log::write(log::Level::Error, "panicked: the reason");
            std::process::abort();
        }
        "spin" | "spin-in-reviews" => spin(),
        "allocate" => {
            let mut hoard = Vec::new();
            loop {
                hoard.push(std::hint::black_box(vec![1_u8; 1 << 20]));
            }
        }
        "allocate-at-once" => {
            std::hint::black_box(vec![1_u8; 400 << 20]);
        }
        "recurse" => return Some(annotated("k", &recurse(1).to_string())),
        "log" => (0..1000).for_each(|_| log::write(log::Level::Info, &"x".repeat(5000))),
        "log-flood" => log::write(log::Level::Info, &"x".repeat(30 << 20)),
        "calls" => loop {
            log::write(log::Level::Debug, "");
        },
        "hoard" => {
            let _blobs: Vec<_> = (0..1001).map(|_| content::open(digest)).collect();
        }
        "hoard-decoded" => {
            let _readers: Vec<_> = (0..5).map(|_| content::open_decoded(digest)).collect();
        }
        "open-and-drop" => (0..3000).for_each(|_| {
            drop(content::open(digest).expect("it is there"));
            drop(content::open_decoded(digest).expect("it is there"));
        }),
        "read-for-ever" => {
            let blob = content::open(digest).expect("it is there");
            while blob.read(0, 1 << 20).is_ok() {}
        }
        "decode-for-ever" => while content::decoded_digest(digest).is_ok() {},
        _ => return None,
    }
    Some(report(Vec::new()))
}

/// Says what it was given to read, and in the log that it was asked: a test can count reviews.
fn reads(mode: &str, digest: &str) -> Option<Report> {
    log::write(log::Level::Info, "reviewing");
    let said = match mode {
        "unnamed" => {
            let other = format!("sha256:{}", "0".repeat(64));
            let opened = [&other, "nonsense"].map(|digest| content::open(digest).err());
            let decoded = content::open_decoded(&other).err();
            format!("{opened:?} {decoded:?} {:?}", content::decoded_digest(&other).err())
        }
        "read" => read(digest),
        // as if a read answered all that there is
        "read-once" => match content::open(digest).and_then(|blob| blob.read(0, 1 << 20)) {
            Ok(bytes) => format!("{} bytes", bytes.len()),
            Err(error) => format!("{error:?}"),
        },
        "decode" => decode(digest),
        "decode-on" => decode_on(digest),
        "decode-twice" => format!("{}, then {}", decode(digest), decode(digest)),
        "skip" => match content::open_decoded(digest) {
            Ok(reader) => format!("{:?}", reader.skip(u64::MAX)),
            Err(error) => format!("{error:?}"),
        },
        "digest" => content::decoded_digest(digest).unwrap_or_else(|error| format!("{error:?}")),
        "now" => context::now().to_string(),
        "tags" => push::tags().join(" "),
        "other-tag" => push::has_other_tag("1").to_string(),
        "principal" => format!("{:?}", push::principal()),
        // what it asks second depends on what it was answered
        "tags-of-others" => match push::has_other_tag("1") {
            true => push::tags().join(" "),
            false => "only 1".to_owned(),
        },
        "many-questions" => {
            (0..17).filter(|n| push::has_other_tag(&n.to_string())).count().to_string()
        }
        "random" => random(),
        "referrers" => context::referrers(digest, None).len().to_string(),
        "now-then-panic" => {
            context::now();
            std::process::abort();
        }
        _ => return None,
    };
    Some(annotated("said", &said))
}

/// What comes of opening content that the settings name, and no target need name.
fn open(settings: &str) -> String {
    let settings: serde_json::Value = serde_json::from_str(settings).unwrap_or_default();
    let digest = settings["digest"].as_str().unwrap_or_default();
    match content::open(digest).and_then(|blob| blob.read(0, 1 << 20)) {
        Ok(bytes) => format!("{} bytes", bytes.len()),
        Err(error) => format!("{error:?}"),
    }
}

/// What is recorded about the manifest that the settings name, by the plugin that they name, and
/// how many refer to it.
fn facts(settings: &str) -> String {
    let settings: serde_json::Value = serde_json::from_str(settings).unwrap_or_default();
    let of = |key: &str| settings[key].as_str().unwrap_or_default();
    let facts = context::annotations(of("digest"), of("by"));
    let facts: Vec<_> = facts.iter().map(|fact| format!("{}={}", fact.key, fact.value)).collect();
    let referrers = context::referrers(of("digest"), None).len();
    format!("{} and {referrers} referrers", facts.join(" "))
}

/// What each line of getrandom answers, and whether it touched the buffer.
fn random() -> String {
    let (mut old, mut newer, mut newest) = ([7; 16], [7; 16], [7; 16]);
    let answers = [
        getrandom_02::getrandom(&mut old).map_err(|error| error.to_string()),
        getrandom_03::fill(&mut newer).map_err(|error| error.to_string()),
        getrandom_04::fill(&mut newest).map_err(|error| error.to_string()),
    ];
    // 0.2 clears the buffer itself
    let is_untouched = old.iter().all(|byte| *byte == 0) && newer == [7; 16] && newest == [7; 16];
    format!("{answers:?}, untouched: {is_untouched}")
}

fn spin() -> ! {
    loop {
        std::hint::black_box(0);
    }
}

fn mode(settings: &str) -> String {
    let settings: serde_json::Value = serde_json::from_str(settings).unwrap_or_default();
    settings["mode"].as_str().unwrap_or_default().to_owned()
}

fn report(findings: Vec<Finding>) -> Report {
    Report { findings, annotations: Vec::new() }
}

fn annotated(key: &str, value: &str) -> Report {
    let (key, value) = (key.to_owned(), value.to_owned());
    let annotations = vec![Annotation { about: None, authenticated: false, key, value }];
    Report { findings: Vec::new(), annotations }
}

fn finding(code: &str, message: &str) -> Finding {
    Finding {
        code: code.to_owned(),
        severity: Severity::Error,
        message: message.to_owned(),
        location: Location { blob: None, path: None, pointer: None, line: None },
        properties: Vec::new(),
    }
}

fn with_properties(count: usize, key: &str, value: &str) -> Report {
    let property = Property { key: key.to_owned(), value: value.to_owned() };
    report(vec![Finding { properties: vec![property; count], ..finding("BAD001", "?") }])
}

fn recurse(depth: u64) -> u64 {
    let room = std::hint::black_box([depth; 64]);
    if depth == u64::MAX { 0 } else { recurse(depth + 1) + room[0] }
}

fn read(digest: &str) -> String {
    let blob = match content::open(digest) {
        Ok(blob) => blob,
        Err(error) => return format!("{error:?}"),
    };
    let (mut offset, mut sum) = (0, 0_u64);
    loop {
        match blob.read(offset, 64 << 10) {
            Ok(bytes) if bytes.is_empty() => return format!("{offset} bytes, sum {sum}"),
            Ok(bytes) => {
                offset += bytes.len() as u64;
                sum += bytes.iter().map(|byte| u64::from(*byte)).sum::<u64>();
            }
            Err(error) => return format!("{error:?}"),
        }
    }
}

fn decode(digest: &str) -> String {
    let reader = match content::open_decoded(digest) {
        Ok(reader) => reader,
        Err(error) => return format!("{error:?}"),
    };
    let mut len = match reader.skip(10) {
        Ok(skipped) => skipped,
        Err(error) => return format!("{error:?}"),
    };
    loop {
        match reader.read(256 << 10) {
            Ok(bytes) if bytes.is_empty() => return format!("{len} bytes"),
            Ok(bytes) => len += bytes.len() as u64,
            Err(error) => return format!("{error:?}"),
        }
    }
}

/// Goes on after an error, as if it were nothing.
fn decode_on(digest: &str) -> String {
    let reader = content::open_decoded(digest).expect("it is there");
    let (mut before, mut after, mut errors) = (0, 0, 0);
    for _ in 0..1000 {
        match reader.read(256 << 10) {
            Ok(bytes) if errors == 0 => before += bytes.len(),
            Ok(bytes) => after += bytes.len(),
            Err(_) => errors += 1,
        }
    }
    format!("errors: {}, {before} bytes before and {after} after", errors > 0)
}
