//! Generated from `wit/0.1`, which documents all of it.

#![expect(missing_docs, reason = "the contract's own comments are there; the rest is glue")]
#![expect(clippy::pedantic, reason = "generated code")]

wit_bindgen::generate!({
    path: "wit/0.1",
    world: "plugin",
    pub_export_macro: true,
    export_macro_name: "export_reviewer",
    default_bindings_module: "roadstead_plugin_sdk::bindings",
    additional_derives: [PartialEq],
});
