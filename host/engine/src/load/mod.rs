//! From the bytes of a component to a plugin.

mod cache;
mod carried;
mod compiler;
mod shape;

use std::{collections::HashSet, sync::Arc};

use futures::FutureExt;
use tokio::sync::AcquireError;
use wasmtime::component::Component;

use roadstead_oci::{Algorithm, Digest};

pub(crate) use cache::Cache;
use cache::Code as Compiled;
pub(crate) use carried::Carried;
pub use carried::carry;
use compiler::Failure;
pub use compiler::{Compiler, compile_stdin};
use shape::Unfit;

use crate::{
    Code, Engine, Limits, LoadError, Metadata, Plugin, ReviewError,
    limits::{
        CODE_BYTES_MAX, CODES_MAX, COMPONENT_BYTES_MAX, DESCRIPTION_BYTES_MAX,
        MEDIA_TYPE_BYTES_MAX, MEDIA_TYPES_MAX, NAME_BYTES_MAX,
    },
    line::line,
    plugin::Loaded,
    sandbox::{Call, Caller, Linked},
    state::State,
};

impl Engine {
    /// Makes a plugin of a component. `name` is what the policy calls it. A component that a
    /// plugin of this engine still is of is not loaded again.
    pub async fn load(self: &Arc<Self>, name: &str, bytes: &[u8]) -> Result<Plugin, LoadError> {
        if bytes.len() as u64 > COMPONENT_BYTES_MAX {
            let why = "it has more than 64 MiB".to_owned();
            return Err(LoadError::Invalid { plugin: name.to_owned(), why });
        }
        if !bytes.starts_with(b"\0asm") {
            let why = "it is not WebAssembly; a plugin is a WebAssembly component".to_owned();
            return Err(LoadError::Invalid { plugin: name.to_owned(), why });
        }
        let digest = Digest::of(Algorithm::Sha256, bytes);
        let loaded = if let Some(loaded) = self.loaded(&digest) {
            loaded
        } else {
            let loaded = Loaded::load(self, digest, name, bytes).await?;
            self.keep(Arc::new(loaded))
        };
        Ok(Plugin { name: name.to_owned(), loaded, caller: Caller::default() })
    }
}

impl Loaded {
    async fn load(
        engine: &Arc<Engine>,
        digest: Digest,
        name: &str,
        bytes: &[u8],
    ) -> Result<Self, LoadError> {
        let refused = |why: String| LoadError::Invalid { plugin: name.to_owned(), why };
        let invalid = |error: wasmtime::Error| refused(format!("{error:#}"));
        let imports = read(bytes).await.map_err(|unfit| match unfit {
            Unfit::Import(import) => foreign(name, import),
            Unfit::Other(why) => refused(why),
        })?;
        let component = compile(engine, &digest, name, bytes).await?;
        let linked = Linked::new(&component, &engine.turns).map_err(invalid)?;
        // once now, so that an error of types shows here and not on the first push
        let described = describe(&linked, name).await;
        let metadata =
            described.map_err(|source| LoadError::Describe { plugin: name.to_owned(), source })?;
        check(&metadata).map_err(refused)?;
        Ok(Self { linked, digest, metadata, imports })
    }
}

async fn describe(linked: &Linked, name: &str) -> Result<Metadata, ReviewError> {
    let state = State::without_target(name, Limits::default());
    let call: Call<_> = Box::new(|store, plugin| {
        plugin.roadstead_admission_reviewer().call_describe(store).boxed()
    });
    linked.run(linked.turn(&Caller::default()).await?, state, call).await?.answer.map(Into::into)
}

/// Reads what it imports, on a thread that may block: Python's has 18 MiB.
async fn read(component: &[u8]) -> Result<Vec<String>, Unfit> {
    let component = component.to_vec();
    let read = tokio::task::spawn_blocking(move || shape::imports(&component)).await;
    read.unwrap_or_else(|panicked| Err(Unfit::Other(panicked.to_string())))
}

/// The component's code: as it was kept, as the binary carries it, or compiled now. One at a time:
/// each may take all cores, and who waited for the same component finds it in the cache.
async fn compile(
    engine: &Arc<Engine>,
    digest: &Digest,
    name: &str,
    bytes: &[u8],
) -> Result<Component, LoadError> {
    let refused = |why: String| LoadError::Invalid { plugin: name.to_owned(), why };
    let invalid = |error: wasmtime::Error| refused(format!("{error:#}"));
    let closed = |error: AcquireError| LoadError::Engine(error.to_string());
    let _one = engine.compiling.acquire().await.map_err(closed)?;
    if let Some(component) = ready(engine, digest).await {
        return Ok(component);
    }
    // silence for half a minute would look like a server that hangs
    let message = "compiling a plugin; this happens once for each version";
    tracing::info!(plugin = name, %digest, "{message}");
    let code = if let Some(compiler) = &engine.compiler {
        compiler.compile(bytes, engine.has_pool).await.map_err(|failure| match failure {
            Failure::Bound(why) => refused(why),
            Failure::Machine(why) => LoadError::Engine(why),
        })?
    } else {
        let (wasmtime, bytes) = (engine.wasmtime.clone(), bytes.to_vec());
        let compile = move || wasmtime.precompile_component(&bytes);
        let compiled = tokio::task::spawn_blocking(compile).await;
        compiled.unwrap_or_else(|panicked| Err(panicked.into())).map_err(invalid)?
    };
    keep(engine, digest, &code).map_err(invalid)
}

/// A component that need not be compiled.
async fn ready(engine: &Arc<Engine>, digest: &Digest) -> Option<Component> {
    let (engine, digest) = (Arc::clone(engine), digest.clone());
    let find = move || {
        let kept = engine.cache.as_ref().and_then(|cache| cache.load(&engine.wasmtime, &digest));
        kept.or_else(|| {
            let code = engine.carried.as_ref()?.code(&digest)?;
            let unfit = |error: &wasmtime::Error| {
                let error = format!("{error:#}");
                let message = "the compiled code in the binary is for another engine";
                tracing::info!(%digest, error, message);
            };
            keep(&engine, &digest, &code).inspect_err(unfit).ok()
        })
    };
    tokio::task::spawn_blocking(find).await.ok().flatten()
}

/// The component of new code, from the file that it is kept in where it is.
fn keep(engine: &Engine, digest: &Digest, code: &[u8]) -> wasmtime::Result<Component> {
    let cache = engine.cache.as_ref().filter(|cache| cache.keep(digest, code));
    match cache.and_then(|cache| cache.load(&engine.wasmtime, digest)) {
        Some(component) => Ok(component),
        None => cache::component(&engine.wasmtime, Compiled::Bytes(code)),
    }
}

/// Refuses one that wants more than a plugin gets.
fn foreign(name: &str, import: String) -> LoadError {
    let advice = if import.starts_with("wasi:") {
        "build it for wasm32-unknown-unknown, or with --stub-wasi in other languages"
    } else {
        "remove the dependency that needs it"
    };
    LoadError::Import { plugin: name.to_owned(), import, advice }
}

/// Refuses what no policy can do anything with, and what would fill logs and answers: whoever made
/// the component chose every letter of it. All of it together is bounded by what a guest may hand
/// over in one call.
fn check(metadata: &Metadata) -> Result<(), String> {
    let Metadata { name, version, description, manifests, blobs, media_types, codes, .. } =
        metadata;
    let fits = |text: &str, max: usize| (1..=max).contains(&text.len());
    let plain = |letter: u8| letter.is_ascii_lowercase() || letter.is_ascii_digit();
    if !fits(name, NAME_BYTES_MAX) || !name.bytes().all(|letter| plain(letter) || letter == b'-') {
        let name = line(name, 40);
        return Err(format!("its name is {name:?}; use 1 to 64 lower case letters, digits and -"));
    }
    if !fits(version, NAME_BYTES_MAX) || !version.bytes().all(|letter| letter.is_ascii_graphic()) {
        let version = line(version, 40);
        return Err(format!(
            "its version is {version:?}; use 1 to 64 printable ASCII characters \
                            without spaces"
        ));
    }
    if description.len() > DESCRIPTION_BYTES_MAX {
        return Err("its description is longer than 4 KiB".to_owned());
    }
    if !manifests && !blobs {
        return Err("it reviews neither manifests nor blobs".to_owned());
    }
    if media_types.len() > MEDIA_TYPES_MAX {
        return Err("it understands more than 1000 media types".to_owned());
    }
    if let Some(long) = media_types.iter().find(|long| !fits(long, MEDIA_TYPE_BYTES_MAX)) {
        let long = line(long, 40);
        return Err(format!("it understands the media type {long:?}; use 1 to 300 bytes"));
    }
    check_codes(codes)
}

fn check_codes(codes: &[Code]) -> Result<(), String> {
    if codes.len() > CODES_MAX {
        return Err("it has more than 1000 codes".to_owned());
    }
    let plain = |letter: u8| letter.is_ascii_uppercase() || letter.is_ascii_digit();
    let mut ids = HashSet::new();
    for id in codes.iter().map(|code| code.id.as_str()) {
        let fits = (1..=CODE_BYTES_MAX).contains(&id.len());
        let shown = || line(id, 40);
        if !fits || !id.bytes().all(|letter| plain(letter) || letter == b'-') {
            let advice = "use 1 to 32 upper case letters, digits and -";
            return Err(format!("it has the code {:?}; {advice}", shown()));
        }
        if !ids.insert(id) {
            return Err(format!("it has the code {:?} twice", shown()));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Severity;

    fn code(id: &str) -> Code {
        let (id, severity) = (id.to_owned(), Severity::Error);
        Code { id, severity, summary: String::new(), explanation: String::new() }
    }

    fn codes(count: usize) -> Vec<Code> {
        (0..count).map(|n| code(&format!("X{n}"))).collect()
    }

    fn largest() -> Metadata {
        Metadata {
            name: "a-9".repeat(21) + "z",
            version: "1".repeat(64),
            description: "d".repeat(4096),
            manifests: false,
            blobs: true,
            media_types: vec!["m".repeat(300); 1000],
            settings_schema: None,
            codes: [codes(999), vec![code(&"A-9".repeat(10))]].concat(),
        }
    }

    #[test]
    fn metadata_is_bounded() {
        type Change = fn(&mut Metadata);
        let changes: [(Change, &str); 16] = [
            (|m| m.name.push('z'), "its name is"),
            (|m| m.name.clear(), "its name is \"\""),
            (|m| m.name = "Helm".into(), "its name is \"Helm\"; use 1 to 64 lower case"),
            (|m| m.name = "a\u{1b}[2J".into(), "its name is \"a [2J\""),
            (|m| m.version.push('1'), "its version is \"11"),
            (|m| m.version.clear(), "its version is \"\""),
            (|m| m.version = "1 2".into(), "its version is \"1 2\""),
            (|m| m.version = "1.0ä".into(), "its version is"),
            (|m| m.description.push('d'), "its description is longer than 4 KiB"),
            (|m| m.blobs = false, "it reviews neither manifests nor blobs"),
            (|m| m.media_types.push("a/b".into()), "it understands more than 1000 media types"),
            (|m| m.media_types[7].push('m'), "it understands the media type \"mmm"),
            (|m| m.codes.push(code("Y")), "it has more than 1000 codes"),
            (|m| m.codes[3] = code("bad001"), "it has the code \"bad001\"; use 1 to 32 upper"),
            (|m| m.codes[3] = code(&"A".repeat(33)), "it has the code \"AAA"),
            (|m| m.codes[3] = code("X2"), "it has the code \"X2\" twice"),
        ];
        assert_eq!(check(&largest()), Ok(()));
        for (change, why) in changes {
            let mut metadata = largest();
            change(&mut metadata);
            let says = check(&metadata).unwrap_err();
            assert!(says.starts_with(why) && says.len() < 150, "{says}");
        }
        assert!(check_codes(&[code("")]).is_err());
    }
}
