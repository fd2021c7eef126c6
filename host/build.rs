//! Finds the components of the bundled plugins, which `plugins/build` makes.

use std::{env, path::PathBuf};

const BUNDLED: [&str; 3] = ["cosign", "helm", "image"];

fn main() {
    // asked when it runs: another checkout may share the compiled script
    let package = PathBuf::from(env::var_os("CARGO_MANIFEST_DIR").unwrap_or_default());
    let folder = package.join("../target/plugins");
    for name in BUNDLED {
        let component = folder.join(format!("{name}.wasm"));
        println!("cargo::rerun-if-changed={}", component.display());
        if !component.exists() {
            println!("cargo::error=target/plugins/{name}.wasm is missing; run `make plugins`");
            return;
        }
        let variable = format!("ROADSTEAD_PLUGIN_{}", name.to_uppercase());
        println!("cargo::rustc-env={variable}={}", component.display());
    }
}
