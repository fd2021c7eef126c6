//! The policies that the binary brings along, from the folder `policies`.

/// The names that `include: [builtin:NAME]` knows.
pub(super) const NAMES: [&str; 1] = ["default"];

/// The text of a built-in policy.
pub(super) fn text(name: &str) -> Option<&'static str> {
    match name {
        "default" => Some(include_str!("../../../policies/default.yaml")),
        _ => None,
    }
}
