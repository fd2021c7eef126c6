//! Runs a plugin natively over blobs in memory: no sandbox, no registry, an ordinary test.
//!
//! [`cases()`] runs files of cases, which `roadstead plugin test` runs again in the sandbox. A
//! [`Scene`] is for what is easier to say in Rust:
//!
//! ```
//! use roadstead_plugin_sdk::{prelude::*, testing::Scene};
//! # struct TwoLayers;
//! # const FEW: Code = Code::error("TL001", "too few layers", "");
//! # impl Plugin for TwoLayers {
//! #     type Settings = NoSettings;
//! #     fn describe() -> Metadata {
//! #         Metadata::new("two-layers", "0.1.0", "Wants two").reviews_manifests().codes(&[FEW])
//! #     }
//! #     fn review(target: &Target, _: &NoSettings) -> Review {
//! #         let Target::Manifest(manifest) = target else { return Ok(None) };
//! #         let mut report = Report::new();
//! #         if manifest.layers().count() < 2 {
//! #             report.find(&FEW, "there is one layer");
//! #         }
//! #         Ok(Some(report))
//! #     }
//! # }
//! let mut scene = Scene::new();
//! let manifest = scene
//!     .manifest("unknown")
//!     .config("application/vnd.example.config+json", b"{}")
//!     .layer("text/plain", b"hello")
//!     .tag("1.0.0")
//!     .build();
//! let report = scene.review::<TwoLayers>(&manifest, "{}").unwrap().unwrap();
//! assert_eq!(report.findings()[0].code(), "TL001");
//! ```

mod decode;
mod handed;
pub(crate) mod host;
mod manifest;
mod native;

use std::{
    cell::{Cell, RefCell},
    collections::{BTreeMap, BTreeSet},
    rc::Rc,
};

use roadstead_oci::{Algorithm, Digest};

pub use handed::{descriptor, handed};
pub use manifest::ManifestBuilder;
pub use native::cases;
pub use roadstead_cases::{Tar, TarHeader, gzip};

use crate::{
    BlobTarget, Descriptor, Failure, Plugin, Report, SettingsProblem, Target,
    bindings::roadstead::admission::types, plugin::parse_settings,
};

/// What a test's plugin sees: blobs, other manifests, a clock.
#[derive(Clone, Debug)]
pub struct Scene {
    blobs: BTreeMap<String, Rc<[u8]>>,
    stored: Vec<Stored>,
    view: View,
    read_bytes_max: usize,
    now: u64,
    asked_context: Rc<Cell<bool>>,
    log: Rc<RefCell<Vec<String>>>,
}

/// What the target of the review under way lets a plugin see.
#[derive(Clone, Debug, Default)]
struct View {
    named: BTreeSet<String>,
    is_manifest: bool,
}

impl View {
    fn of(target: &Target) -> Self {
        match target {
            Target::Manifest(manifest) => Self {
                named: manifest.descriptors.iter().map(|part| part.digest.clone()).collect(),
                is_manifest: true,
            },
            Target::Blob(blob) => Self { named: [blob.digest.clone()].into(), is_manifest: false },
        }
    }
}

/// A manifest that is in the repository already.
#[derive(Clone, Debug)]
struct Stored {
    descriptor: Descriptor,
    subject: Option<String>,
    annotations: Vec<(String, types::Annotation)>,
}

impl Default for Scene {
    fn default() -> Self {
        Self::new()
    }
}

impl Scene {
    /// An empty repository, at the beginning of 2026.
    pub fn new() -> Self {
        Self {
            blobs: BTreeMap::new(),
            stored: Vec::new(),
            view: View::default(),
            read_bytes_max: 1 << 20,
            now: 1_767_225_600,
            asked_context: Rc::default(),
            log: Rc::default(),
        }
    }

    /// What [`context::now`](crate::context::now) says, in seconds since the epoch.
    pub fn set_now(&mut self, seconds: u64) {
        self.now = seconds;
    }

    /// Lets no read answer more than this: a plugin must not depend on the size of the pieces.
    pub fn set_read_bytes_max(&mut self, bytes: usize) {
        self.read_bytes_max = bytes.max(1);
    }

    /// Stores a blob, and answers its digest.
    pub fn blob(&mut self, bytes: &[u8]) -> String {
        let digest = Digest::of(Algorithm::Sha256, bytes).to_string();
        self.blobs.insert(digest.clone(), bytes.into());
        digest
    }

    /// Takes a blob away: what named it finds it absent.
    pub fn forget(&mut self, digest: &str) {
        self.blobs.remove(digest);
    }

    /// Begins a manifest of that kind, such as `helm-chart`.
    pub fn manifest(&mut self, kind: &str) -> ManifestBuilder<'_> {
        ManifestBuilder::new(self, kind)
    }

    /// A layer or config, as a review of blobs gets it.
    pub fn blob_target(&mut self, media_type: &str, bytes: &[u8]) -> Target {
        Target::Blob(BlobTarget {
            digest: self.blob(bytes),
            media_type: media_type.to_owned(),
            size: bytes.len() as u64,
            properties: Vec::new(),
        })
    }

    /// Puts a manifest into the repository, for [`context`](crate::context) to find, with the facts
    /// that plugins, by the policy's names for them, recorded about it.
    pub fn store(
        &mut self,
        descriptor: Descriptor,
        subject: Option<&str>,
        annotations: Vec<(String, types::Annotation)>,
    ) {
        let subject = subject.map(ToOwned::to_owned);
        self.stored.push(Stored { descriptor, subject, annotations });
    }

    /// Reviews a target. `settings` are JSON text.
    ///
    /// # Panics
    /// Where the plugin breaks the contract: a finding whose code it never declared, facts that are
    /// too large, [`context`](crate::context) in the review of a blob. The host would call that a
    /// failure; a test should end there.
    pub fn review<P: Plugin>(
        &self,
        target: &Target,
        settings: &str,
    ) -> Result<Option<Report>, Failure> {
        let settings = parse_settings::<P>(settings).expect("the settings fit");
        self.asked_context.set(false);
        let scene = Self { view: View::of(target), ..self.clone() };
        let report = host::with(&scene, || P::review(target, &settings))?;
        let metadata = P::describe();
        for finding in report.iter().flat_map(Report::findings) {
            assert!(metadata.declares(finding.code()), "{} is not declared", finding.code());
        }
        if let Some(report) = report.clone() {
            report.into_wire().expect("the report is within the contract's bounds");
        }
        Ok(report)
    }

    /// What the plugin says about settings, which are JSON text.
    pub fn validate_settings<P: Plugin>(&self, settings: &str) -> Vec<SettingsProblem> {
        match parse_settings::<P>(settings) {
            Ok(settings) => host::with(self, || P::validate_settings(&settings)),
            Err(problem) => vec![problem],
        }
    }

    /// What the plugin warns of in valid settings, which are JSON text.
    ///
    /// # Panics
    /// Where the settings do not fit.
    pub fn settings_warnings<P: Plugin>(&self, settings: &str) -> Vec<SettingsProblem> {
        let settings = parse_settings::<P>(settings).expect("the settings fit");
        host::with(self, || P::settings_warnings(&settings))
    }

    /// Whether the last review asked for anything that may differ from one push to the next, so
    /// that a host does not remember it.
    pub fn asked_context(&self) -> bool {
        self.asked_context.get()
    }

    /// What was logged, a level and a message each: `warn: …`.
    pub fn log(&self) -> Vec<String> {
        self.log.borrow().clone()
    }
}
