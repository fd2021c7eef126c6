//! A push in the making, and what the plugin says to it.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use p256::ecdsa::{Signature, SigningKey, signature::Signer as _};
use roadstead_plugin_cosign::Cosign;
use roadstead_plugin_sdk::{
    Annotation, Finding, Manifest, Report, Role, Target,
    oci::{Algorithm, Digest, media_type},
    testing::{self, Scene},
};
use serde_json::{Value, json};

pub(crate) const PAYLOAD: &str = "application/vnd.dev.cosign.simplesigning.v1+json";
pub(crate) const BUNDLE: &str = "application/vnd.dev.sigstore.bundle.v0.3+json";
pub(crate) const SIGNATURE: &str = "dev.cosignproject.cosign/signature";

/// A key of P-256; another one for each seed.
#[derive(Clone, Debug)]
pub(crate) struct Signer(SigningKey);

impl Signer {
    pub(crate) fn new(seed: u8) -> Self {
        Self(SigningKey::from_slice(&[seed; 32]).expect("a number below the order"))
    }

    pub(crate) fn sign(&self, message: &[u8]) -> Vec<u8> {
        let signature: Signature = self.0.sign(message);
        signature.to_der().as_bytes().to_vec()
    }

    /// As IEEE P1363 has it: two numbers side by side.
    pub(crate) fn sign_side_by_side(&self, message: &[u8]) -> Vec<u8> {
        let signature: Signature = self.0.sign(message);
        signature.to_bytes().to_vec()
    }

    /// The public key as cosign writes it.
    pub(crate) fn pem(&self) -> String {
        let mut der = vec![0x30, 0x59, 0x30, 0x13, 6, 7, 0x2a, 0x86, 0x48, 0xce, 0x3d, 2, 1];
        der.extend([6, 8, 0x2a, 0x86, 0x48, 0xce, 0x3d, 3, 1, 7, 3, 0x42, 0]);
        der.extend(self.0.verifying_key().to_sec1_point(false).as_bytes());
        pem::encode(&pem::Pem::new("PUBLIC KEY", der))
    }
}

/// What is signed unless a test says otherwise.
pub(crate) fn signed() -> String {
    Digest::of(Algorithm::Sha256, b"{}").to_string()
}

/// The tag of its signatures.
pub(crate) fn tag() -> String {
    format!("{}.sig", signed().replace(':', "-"))
}

/// A payload as cosign writes it.
pub(crate) fn payload(digest: &str) -> Value {
    json!({
        "critical": {
            "identity": { "docker-reference": "example.org/app" },
            "image": { "docker-manifest-digest": digest },
            "type": "cosign container image signature",
        },
        "optional": null,
    })
}

/// A manifest with the blobs that it names.
#[derive(Clone, Debug)]
pub(crate) struct Push {
    pub(crate) manifest: Value,
    blobs: Vec<Vec<u8>>,
    tags: Vec<String>,
    settings: Value,
    has_signed: bool,
    absent: Vec<String>,
}

fn named(media_type: &str, bytes: &[u8]) -> Value {
    let digest = Digest::of(Algorithm::Sha256, bytes).to_string();
    json!({ "mediaType": media_type, "digest": digest, "size": bytes.len() })
}

impl Push {
    fn of(manifest: Value, blobs: Vec<Vec<u8>>) -> Self {
        let (tags, absent) = (Vec::new(), Vec::new());
        Self { manifest, blobs, tags, settings: json!({}), has_signed: true, absent }
    }

    /// The tag form, without a signature yet.
    pub(crate) fn tagged() -> Self {
        let manifest = json!({
            "schemaVersion": 2, "mediaType": media_type::OCI_MANIFEST,
            "config": {}, "layers": [],
        });
        Self::of(manifest, Vec::new()).tag(&tag()).listed()
    }

    /// The tag form with one signature.
    pub(crate) fn signed_by(signer: &Signer) -> Self {
        Self::tagged().signature(signer, &payload(&signed()))
    }

    /// The bundle form.
    pub(crate) fn bundle(bundle: &Value, subject: &str) -> Self {
        Self::bundle_of(bundle.to_string().as_bytes(), subject)
    }

    /// The bundle form, of any bytes.
    pub(crate) fn bundle_of(bytes: &[u8], subject: &str) -> Self {
        let manifest = json!({
            "schemaVersion": 2, "mediaType": media_type::OCI_MANIFEST, "artifactType": BUNDLE,
            "config": named(media_type::OCI_EMPTY, b"{}"), "layers": [named(BUNDLE, bytes)],
            "subject": {
                "mediaType": media_type::OCI_MANIFEST, "digest": subject, "size": 2,
            },
        });
        Self::of(manifest, vec![b"{}".to_vec(), bytes.to_vec()])
    }

    /// What a client pushed.
    pub(crate) fn stored(manifest: &[u8], blobs: Vec<Vec<u8>>) -> Self {
        Self::of(serde_json::from_slice(manifest).expect("JSON"), blobs)
    }

    /// One more signature over a payload.
    #[must_use]
    pub(crate) fn signature(self, signer: &Signer, payload: &Value) -> Self {
        let payload = payload.to_string();
        let signature = signer.sign(payload.as_bytes());
        self.layer(payload.as_bytes(), Some(&STANDARD.encode(signature)))
    }

    /// One more payload, with what stands beside it.
    #[must_use]
    pub(crate) fn layer(mut self, payload: &[u8], signature: Option<&str>) -> Self {
        let mut layer = named(PAYLOAD, payload);
        if let Some(signature) = signature {
            layer["annotations"] = json!({ SIGNATURE: signature });
        }
        self.layers().push(layer);
        self.blobs.push(payload.to_vec());
        self.listed()
    }

    /// Annotates the last layer.
    #[must_use]
    pub(crate) fn annotated(mut self, key: &str, value: &str) -> Self {
        let layer = self.layers().last_mut().expect("a layer");
        layer["annotations"][key] = value.into();
        self
    }

    /// Another type of the last layer.
    #[must_use]
    pub(crate) fn typed(mut self, media_type: &str) -> Self {
        let layer = self.layers().last_mut().expect("a layer");
        layer["mediaType"] = media_type.into();
        self
    }

    /// What the policy accepts.
    #[must_use]
    pub(crate) fn accepting(mut self, accepted: &[&str]) -> Self {
        self.settings["accept"] = accepted.into();
        self
    }

    /// One more layer of another type.
    #[must_use]
    pub(crate) fn other(mut self, media_type: &str) -> Self {
        self.layers().push(named(media_type, b"other"));
        self.blobs.push(b"other".to_vec());
        self.listed()
    }

    /// Another config.
    #[must_use]
    pub(crate) fn config(mut self, media_type: &str, bytes: &[u8]) -> Self {
        self.manifest["config"] = named(media_type, bytes);
        self.blobs.push(bytes.to_vec());
        self
    }

    #[must_use]
    pub(crate) fn subject(self, digest: &str) -> Self {
        let subject = json!({ "mediaType": media_type::OCI_MANIFEST, "digest": digest, "size": 2 });
        self.set("/subject", subject)
    }

    /// Changes the manifest.
    #[must_use]
    pub(crate) fn set(mut self, pointer: &str, value: Value) -> Self {
        let (parent, key) = pointer.rsplit_once('/').expect("a pointer");
        let parent = self.manifest.pointer_mut(parent).expect("a parent");
        match parent {
            Value::Array(items) => items[key.parse::<usize>().expect("an index")] = value,
            parent => parent[key] = value,
        }
        self
    }

    /// Takes a field out of the manifest.
    #[must_use]
    pub(crate) fn without(mut self, key: &str) -> Self {
        self.manifest.as_object_mut().expect("an object").remove(key);
        self
    }

    #[must_use]
    pub(crate) fn tag(mut self, tag: &str) -> Self {
        self.tags.push(tag.to_owned());
        self
    }

    #[must_use]
    pub(crate) fn by_digest(mut self) -> Self {
        self.tags.clear();
        self
    }

    /// The keys that the policy knows, by names.
    #[must_use]
    pub(crate) fn known(mut self, keys: &[(&str, &str)]) -> Self {
        self.settings["keys"] =
            keys.iter().map(|(name, key)| json!({ "name": name, "key": key })).collect();
        self
    }

    /// Refuses what no known key signed.
    #[must_use]
    pub(crate) fn required(mut self) -> Self {
        self.settings["requireKnownKey"] = true.into();
        self
    }

    /// The signed manifest is not in the repository.
    #[must_use]
    pub(crate) fn early(mut self) -> Self {
        self.has_signed = false;
        self
    }

    /// A blob that nobody pushed.
    #[must_use]
    pub(crate) fn absent(mut self, bytes: &[u8]) -> Self {
        self.absent.push(Digest::of(Algorithm::Sha256, bytes).to_string());
        self
    }

    /// Reviews it.
    pub(crate) fn review(&self) -> Report {
        self.reviewed().expect("it is a signature")
    }

    /// Reviews what may not be any of the plugin's business.
    pub(crate) fn reviewed(&self) -> Option<Report> {
        let mut scene = Scene::new();
        for blob in &self.blobs {
            scene.blob(blob);
        }
        for digest in &self.absent {
            scene.forget(digest);
        }
        let handed = testing::handed(self.manifest.to_string().as_bytes(), None);
        let tags = self.tags.clone().into();
        let target = Target::Manifest(Manifest { repository: "app".to_owned(), tags, ..handed });
        if self.has_signed {
            let suffixes = [".sig", ".att"];
            let strip = |tag: &String| {
                suffixes.iter().find_map(|suffix| tag.strip_suffix(suffix)).map(ToOwned::to_owned)
            };
            for digest in self.tags.iter().filter_map(strip) {
                let digest = digest.replace("sha256-", "sha256:");
                let signed =
                    testing::descriptor(Role::Manifest, media_type::OCI_MANIFEST, &digest, 2);
                scene.store(signed, None, Vec::new());
            }
        }
        let settings = self.settings.to_string();
        assert_eq!(scene.validate_settings::<Cosign>(&settings), [], "the settings are valid");
        scene.review::<Cosign>(&target, &settings).expect("it can judge")
    }

    fn layers(&mut self) -> &mut Vec<Value> {
        self.manifest["layers"].as_array_mut().expect("layers")
    }

    /// With a config that lists the layers.
    fn listed(mut self) -> Self {
        let digests: Vec<Value> =
            self.layers().iter().map(|layer| layer["digest"].clone()).collect();
        let config = json!({ "rootfs": { "type": "layers", "diff_ids": digests } });
        self.config(media_type::OCI_CONFIG, config.to_string().as_bytes())
    }
}

/// The codes of what was found.
pub(crate) fn codes(report: &Report) -> Vec<&str> {
    report.findings().iter().map(Finding::code).collect()
}

/// The one thing that was found.
pub(crate) fn only(report: &Report) -> (&str, &str) {
    assert_eq!(report.findings().len(), 1, "{:?}", report.findings());
    (report.findings()[0].code(), report.findings()[0].message())
}

/// Keys and values that were recorded.
pub(crate) fn facts(report: &Report) -> Vec<(&str, &str)> {
    report.annotations().iter().map(|fact| (fact.key(), fact.value())).collect()
}

/// What the plugin says is in a manifest.
pub(crate) fn kind(kind: &str) -> Annotation {
    let mut report = Report::new();
    report.annotate("kind", kind);
    report.annotations()[0].clone()
}

/// A fact about a manifest, proven or not, as the SDK would make it.
pub(crate) fn fact(key: &str, value: &str, about: &str, is_proven: bool) -> Annotation {
    let mut report = Report::new();
    let fact = report.annotate(key, value).about(about);
    if is_proven {
        fact.authenticated();
    }
    report.annotations()[0].clone()
}
