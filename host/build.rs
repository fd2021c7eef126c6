//! Finds the components of the bundled plugins, which `plugins/build` makes.

use std::path::Path;

const BUNDLED: [&str; 1] = ["helm"];

fn main() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/plugins");
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
