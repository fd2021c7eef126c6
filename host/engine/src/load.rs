//! From the bytes of a component to a plugin.

use std::{collections::HashSet, sync::Arc};

use wasmtime::{Store, component::Component};

use roadstead_oci::{Algorithm, Digest};

use crate::{
    Engine, Limits, LoadError, Metadata, Plugin, ReviewError, abi, sandbox::Linked, state::State,
};

/// Everything that a plugin may import lies in this package.
const PACKAGE: &str = "roadstead:admission/";

impl Plugin {
    pub(crate) async fn load(
        engine: Arc<Engine>,
        name: &str,
        bytes: &[u8],
    ) -> Result<Self, LoadError> {
        let invalid = |error: wasmtime::Error| LoadError::Invalid {
            plugin: name.to_owned(),
            why: format!("{error:#}"),
        };
        let digest = Digest::of(Algorithm::Sha256, bytes);
        let component = compile(&engine, &digest, bytes).await.map_err(invalid)?;
        check_imports(name, &component)?;
        let linked = Linked::new(engine, name, &component).map_err(invalid)?;
        // once now, so that an error of types shows here and not on the first push
        let described = describe(&linked).await.and_then(checked);
        let metadata =
            described.map_err(|source| LoadError::Describe { plugin: name.to_owned(), source })?;
        Ok(Self { linked, digest, metadata })
    }
}

async fn describe(linked: &Linked) -> Result<Metadata, ReviewError> {
    let state = State::without_target(linked.name(), Limits::default());
    let call = async |store: &mut Store<State>, plugin: &abi::Plugin| {
        plugin.roadstead_admission_reviewer().call_describe(store).await
    };
    linked.run(state, call).await?.answer.map(Into::into)
}

/// Compiles on a thread that may block: Python takes ten seconds.
async fn compile(
    engine: &Arc<Engine>,
    digest: &Digest,
    bytes: &[u8],
) -> wasmtime::Result<Component> {
    let (engine, digest, bytes) = (Arc::clone(engine), digest.clone(), bytes.to_vec());
    let compile = move || match &engine.cache {
        Some(cache) => cache.load(&engine.wasmtime, &digest, &bytes),
        None => Component::from_binary(&engine.wasmtime, &bytes),
    };
    tokio::task::spawn_blocking(compile).await?
}

/// Refuses a component that wants more than a plugin gets.
fn check_imports(name: &str, component: &Component) -> Result<(), LoadError> {
    let component_type = component.component_type();
    let engine = component.engine();
    let mut imports = component_type.imports(engine).map(|(import, _)| import);
    let Some(import) = imports.find(|import| !import.starts_with(PACKAGE)) else { return Ok(()) };
    let advice = if import.starts_with("wasi:") {
        "build it for wasm32-unknown-unknown, or with --stub-wasi in other languages"
    } else {
        "remove what needs it"
    };
    Err(LoadError::Import { plugin: name.to_owned(), import: import.to_owned(), advice })
}

/// What it says about itself, if a policy can do something with it.
fn checked(metadata: Metadata) -> Result<Metadata, ReviewError> {
    let malformed = |what: String| Err(ReviewError::Malformed(what));
    let plain = |letter: u8| letter.is_ascii_lowercase() || letter.is_ascii_digit();
    let name = metadata.name.as_str();
    if name.is_empty() || !name.bytes().all(|letter| plain(letter) || letter == b'-') {
        let name = abi::line(name, 40);
        return malformed(format!("that its name is {name:?}; use lower case, digits and -"));
    }
    if !metadata.manifests && !metadata.blobs {
        return malformed("that it reviews neither manifests nor blobs".to_owned());
    }
    let mut ids = HashSet::new();
    if let Some(twice) = metadata.codes.iter().find(|code| !ids.insert(code.id.as_str())) {
        return malformed(format!("with code {:?} twice", abi::line(&twice.id, 40)));
    }
    Ok(metadata)
}
