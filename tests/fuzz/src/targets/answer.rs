use std::{
    ops::Range,
    path::Path,
    sync::{Arc, LazyLock},
};

use bytes::Bytes;
use futures::future::BoxFuture;
use roadstead_engine::{
    Annotation, BlobTarget, Content, ContentError, Engine, EngineConfig, Limits, Listed, Plugin,
    Report, ReviewError, Target,
};
use roadstead_oci::{Algorithm, Digest};
use serde_json::{Value, json};
use tokio::runtime::Runtime;

/// The code that the guest declared.
const DECLARED: &str = "BAD001";
/// What a guest may hand over in one call, less what the records around its texts take.
const CALL_BYTES_SAFE: u64 = 3 << 20;

/// A real plugin's answers, told to a real guest by its settings: one that keeps to the contract
/// comes through, and every other one is refused for what it is. The bytes choose every part.
pub fn answer(bytes: &[u8]) {
    static SANDBOX: LazyLock<(Runtime, Plugin)> = LazyLock::new(sandbox);
    let (runtime, plugin) = &*SANDBOX;
    let mut chosen = Chosen { bytes, total: 0, fits: true };
    let report = chosen.report();
    let settings = json!({ "mode": "say", "report": report }).to_string();
    let nothing = Digest::of(Algorithm::Sha256, b"");
    let target =
        Target::Blob(BlobTarget { digest: nothing, media_type: "text/plain".into(), size: 0 });
    let limits = Limits::default();
    let review = plugin.review(|| target, &settings, Arc::new(Nothing), &limits);
    match runtime.block_on(review).outcome {
        Ok(report) => {
            assert!(chosen.fits, "it breaks the contract: {settings}");
            check(&report.unwrap());
        }
        Err(ReviewError::Output(_) | ReviewError::Malformed(_)) if !chosen.fits => {}
        Err(ReviewError::Output(_) | ReviewError::Memory { .. })
            if chosen.total > CALL_BYTES_SAFE => {}
        Err(error) => panic!("{error}: {settings}"),
    }
}

fn sandbox() -> (Runtime, Plugin) {
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/plugins/misbehave.wasm");
    let component = std::fs::read(file).unwrap();
    let engine = Engine::new(EngineConfig::default(), None).unwrap();
    let plugin = runtime.block_on(engine.load("said", &component)).unwrap();
    (runtime, plugin)
}

/// What the engine promises of every report that it hands on.
fn check(report: &Report) {
    assert!(report.findings.len() <= 100 && report.annotations.len() <= 64);
    let line = |text: &str, max: usize| {
        assert!(text.len() <= max && !text.chars().any(char::is_control), "{text:?}");
    };
    for finding in &report.findings {
        assert_eq!(finding.code, DECLARED);
        line(&finding.message, 300);
        let place = &finding.location;
        for text in [&place.blob, &place.path, &place.pointer].into_iter().flatten() {
            line(text, 4096);
        }
        assert!(finding.properties.len() <= 16);
        assert!(finding.properties.iter().all(|(k, v)| k.len() <= 256 && v.len() <= 4096));
    }
    for fact in &report.annotations {
        assert!(fact.key.len() <= 256 && fact.value.len() <= 4096);
    }
}

/// An answer that bytes choose, zeros where they end.
struct Chosen<'a> {
    bytes: &'a [u8],
    /// bytes of all texts
    total: u64,
    /// whether it keeps to the contract
    fits: bool,
}

impl Chosen<'_> {
    fn byte(&mut self) -> u8 {
        let Some((first, rest)) = self.bytes.split_first() else { return 0 };
        self.bytes = rest;
        *first
    }

    /// One of a few; the first where the bytes have ended.
    fn one<T: Copy, const N: usize>(&mut self, of: [T; N]) -> T {
        of[usize::from(self.byte()) % N]
    }

    fn report(&mut self) -> Value {
        let findings = self.one([1, 0, 2, 3, 100, 101]);
        let annotations = self.one([1, 0, 2, 3, 64, 65]);
        let finding = self.finding();
        // what is wrong with one that is not there is no matter
        self.fits |= findings == 0;
        let of_findings = std::mem::replace(&mut self.fits, true);
        let annotation = self.annotation();
        self.fits |= annotations == 0;
        self.fits &= of_findings && findings <= 100 && annotations <= 64;
        // many are alike, so that a few bytes make a large answer
        let texts = self.total;
        let findings: Vec<_> = (0..findings).map(|_| finding.clone()).collect();
        let annotations: Vec<_> = (0..annotations).map(|_| annotation.clone()).collect();
        self.total = texts * (findings.len().max(annotations.len()) as u64 + 1);
        json!({ "findings": findings, "annotations": annotations })
    }

    fn finding(&mut self) -> Value {
        let code = self.one([DECLARED, "BAD002", "", "bad001", "BAD001 "]);
        let properties = self.one([0, 1, 16, 17]);
        self.fits &= code == DECLARED && properties <= 16;
        let before = self.total;
        let (key, value) = (self.text(256), self.text(4096));
        self.total = before + (self.total - before) * properties as u64;
        let (key, value) = match properties {
            0 => (Value::Null, Value::Null),
            _ => (self.keep(key), self.keep(value)),
        };
        // what is too long here is cut
        let mut cut = || self.text(u64::MAX).0;
        let (message, blob, path, pointer) = (cut(), cut(), cut(), cut());
        json!({
            "code": code,
            "severity": self.one(["error", "warning"]),
            "message": message,
            "blob": blob, "path": path, "pointer": pointer,
            "line": u32::from(self.byte()) << self.one([0, 8, 24]),
            "properties": vec![[key, value]; properties],
        })
    }

    fn annotation(&mut self) -> Value {
        let digest = format!("sha256:{}", "a".repeat(64));
        let about = match self.one([0, 1, 2]) {
            0 => Value::Null,
            1 => digest.into(),
            _ => {
                let (text, _) = self.text(u64::MAX);
                self.fits &= text.as_str().is_some_and(|text| Digest::parse(text).is_ok());
                text
            }
        };
        let (key, value) = (self.text(256), self.text(4096));
        let (key, value) = (self.keep(key), self.keep(value));
        json!({ "about": about, "authenticated": self.one([true, false]), "key": key,
                "value": value })
    }

    /// A text that must not be longer than it may.
    fn keep(&mut self, (text, fits): (Value, bool)) -> Value {
        self.fits &= fits;
        text
    }

    /// A text and whether it has at most so many bytes.
    fn text(&mut self, bytes_max: u64) -> (Value, bool) {
        let count = self.one([1, 0, 2, 255, 256, 257, 4095, 4096, 4097, 20_000]);
        let len = usize::from(self.byte() % 8).min(self.bytes.len());
        let (text, rest) = self.bytes.split_at(len);
        self.bytes = rest;
        let text = String::from_utf8_lossy(text).into_owned();
        let bytes = text.len() as u64 * count;
        self.total += bytes;
        match count {
            1 => (text.into(), bytes <= bytes_max),
            _ => (json!([text, count]), bytes <= bytes_max),
        }
    }
}

/// There is nothing to read.
struct Nothing;

impl Content for Nothing {
    fn size<'a>(&'a self, _: &'a Digest) -> BoxFuture<'a, Result<Option<u64>, ContentError>> {
        Box::pin(async { Ok(None) })
    }

    fn read<'a>(
        &'a self,
        _: &'a Digest,
        _: Range<u64>,
    ) -> BoxFuture<'a, Result<Bytes, ContentError>> {
        Box::pin(async { Ok(Bytes::new()) })
    }

    fn now(&self) -> u64 {
        0
    }

    fn manifest<'a>(
        &'a self,
        _: &'a Digest,
    ) -> BoxFuture<'a, Result<Option<Listed>, ContentError>> {
        Box::pin(async { Ok(None) })
    }

    fn referrers<'a>(
        &'a self,
        _: &'a Digest,
        _: Option<&'a str>,
        _: usize,
    ) -> BoxFuture<'a, Result<Option<Vec<Listed>>, ContentError>> {
        Box::pin(async { Ok(None) })
    }

    fn annotations<'a>(
        &'a self,
        _: &'a Digest,
        _: &'a str,
    ) -> BoxFuture<'a, Result<Vec<Annotation>, ContentError>> {
        Box::pin(async { Ok(Vec::new()) })
    }
}
