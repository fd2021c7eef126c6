//! A guest that breaks each promise of the contract when its settings tell it to. It speaks the
//! contract itself, since the SDK would not let it.

use roadstead_plugin_sdk::bindings::{
    self,
    exports::roadstead::admission::reviewer::{Code, Guest, Metadata, SettingsProblem, Targets},
    roadstead::admission::{
        content, context, log,
        types::{Annotation, Failure, Finding, Location, Report, Severity, Target},
    },
};

struct Misbehave;

#[cfg(target_family = "wasm")]
bindings::export_reviewer!(Misbehave with_types_in bindings);

impl Guest for Misbehave {
    fn describe() -> Metadata {
        Metadata {
            name: "misbehave".into(),
            version: "0.1.0".into(),
            description: "Breaks promises".into(),
            targets: Targets::MANIFESTS | Targets::BLOBS,
            media_types: Vec::new(),
            settings_schema: None,
            codes: vec![Code {
                id: "BAD001".into(),
                severity: Severity::Error,
                summary: "bad".into(),
                explanation: "Bad.".into(),
            }],
            properties: Vec::new(),
        }
    }

    fn validate_settings(settings: String) -> Result<(), Vec<SettingsProblem>> {
        if mode(&settings) == "refuse-settings" {
            let problem = SettingsProblem { pointer: "/mode".into(), message: "no".into() };
            return Err(vec![problem]);
        }
        Ok(())
    }

    fn review(target: Target, settings: String) -> Result<Option<Report>, Failure> {
        let digest = match &target {
            Target::Manifest(manifest) => manifest.descriptors[0].digest.clone(),
            Target::Blob(blob) => blob.digest.clone(),
        };
        match mode(&settings).as_str() {
            "silent" => return Ok(None),
            "find" => return Ok(Some(report(vec![finding("BAD001", "it is bad")]))),
            "long" => return Ok(Some(report(vec![finding("BAD001", &"ä".repeat(1000))]))),
            "undeclared" => return Ok(Some(report(vec![finding("NEW001", "?")]))),
            "findings" => return Ok(Some(report(vec![finding("BAD001", "?"); 101]))),
            "flood" => return Ok(Some(report(vec![finding("BAD001", &"x".repeat(30 << 20))]))),
            "key" => return Ok(Some(annotated(&"k".repeat(257), "v"))),
            "value" => return Ok(Some(annotated("k", &"v".repeat(4097)))),
            "give-up" => return Err(Failure::Internal("no idea".into())),
            "unavailable" => return Err(Failure::Unavailable("later".into())),
            "panic" => {
                log::write(log::Level::Error, "panicked: the reason");
                std::process::abort();
            }
            "spin" => loop {
                std::hint::black_box(0);
            },
            "allocate" => {
                let mut hoard = Vec::new();
                loop {
                    hoard.push(std::hint::black_box(vec![1_u8; 1 << 20]));
                }
            }
            "recurse" => return Ok(Some(annotated("k", &recurse(1).to_string()))),
            "log" => (0..1000).for_each(|_| log::write(log::Level::Info, &"x".repeat(5000))),
            "calls" => loop {
                log::write(log::Level::Debug, "");
            },
            "unnamed" => {
                let other = format!("sha256:{}", "0".repeat(64));
                return Ok(Some(annotated("opened", &format!("{:?}", content::open(&other).err()))));
            }
            "read" => return Ok(Some(annotated("read", &read(&digest)))),
            "read-for-ever" => {
                if let Ok(blob) = content::open(&digest) {
                    while blob.read(0, 1 << 20).is_ok() {}
                }
            }
            "decode" => return Ok(Some(annotated("decoded", &decode(&digest)))),
            "digest" => {
                let decoded = content::decoded_digest(&digest);
                return Ok(Some(annotated("digest", &decoded.unwrap_or_else(|e| format!("{e:?}")))));
            }
            "now" => return Ok(Some(annotated("now", &context::now().to_string()))),
            _ => {}
        }
        Ok(Some(report(Vec::new())))
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
