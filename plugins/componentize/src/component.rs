//! One component: made, and looked at.

use anyhow::{Context, Result, bail};
use wit_component::{ComponentEncoder, DecodedWasm};

/// All that a component may import.
const CONTRACT: &str = "roadstead:admission/";
/// What it must export.
const REVIEWER: &str = "roadstead:admission/reviewer@";

/// A component.
#[derive(Debug)]
pub(crate) struct Component {
    pub(crate) bytes: Vec<u8>,
    /// the interfaces that it imports
    pub(crate) imports: Vec<String>,
}

/// Makes a component of a core module that holds wit-bindgen's description of itself.
pub(crate) fn encode(module: &[u8]) -> Result<Component> {
    let bytes = ComponentEncoder::default()
        .module(module)
        .and_then(|encoder| encoder.validate(true).encode())
        .context(
            "the module can't become a component; it may import only what the contract offers \
             (getrandom, clocks and threads need more), and needs the SDK's `export!`",
        )?;
    let DecodedWasm::Component(resolve, world) = wit_component::decode(&bytes)? else {
        bail!("the encoder did not make a component");
    };
    let world = &resolve.worlds[world];
    let names = |items: &mut dyn Iterator<Item = _>| -> Vec<String> {
        items.map(|key| resolve.name_world_key(key)).collect()
    };
    let imports = names(&mut world.imports.keys());
    let exports = names(&mut world.exports.keys());
    check(&imports, &exports)?;
    Ok(Component { bytes, imports })
}

/// Refuses what a registry would refuse to load.
fn check(imports: &[String], exports: &[String]) -> Result<()> {
    if let Some(import) = imports.iter().find(|import| !import.starts_with(CONTRACT)) {
        let advice = if import.starts_with("wasi:") {
            "build it for wasm32-unknown-unknown, which has no WASI"
        } else {
            "remove the dependency that needs it"
        };
        bail!("it imports {import}, but a plugin may import only {CONTRACT}*; {advice}");
    }
    if !exports.iter().any(|export| export.starts_with(REVIEWER)) {
        bail!("it does not export {REVIEWER}0.1.0; is `export!` there?");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(imports: &[&str], exports: &[&str]) -> String {
        let own = |names: &[&str]| names.iter().map(ToString::to_string).collect::<Vec<_>>();
        check(&own(imports), &own(exports)).expect_err("it must be refused").to_string()
    }

    #[test]
    fn a_component_that_wants_more_is_refused() {
        let reviewer = "roadstead:admission/reviewer@0.1.0";
        let refused =
            refusal(&["roadstead:admission/log@0.1.0", "wasi:io/poll@0.2.9"], &[reviewer]);
        assert!(refused.starts_with("it imports wasi:io/poll@0.2.9"), "{refused}");
        assert!(refused.ends_with("which has no WASI"), "{refused}");
        assert!(refusal(&["env"], &[reviewer]).ends_with("remove the dependency that needs it"));
        assert!(refusal(&[], &[]).ends_with("is `export!` there?"));
    }

    #[test]
    fn a_module_without_description_is_refused() {
        let empty = [0, b'a', b's', b'm', 1, 0, 0, 0];
        let refused = encode(&empty).expect_err("nothing is exported").to_string();
        assert!(refused.contains("export!"), "{refused}");
    }
}
