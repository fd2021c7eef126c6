//! Platforms: `os/architecture`, and where there are several of one, `os/architecture/variant`.

use roadstead_plugin_sdk::Platform;

/// The variant that containerd and others mean where none is given.
fn implied(architecture: &str) -> &'static str {
    match architecture {
        "amd64" => "v1",
        "arm" => "v7",
        "arm64" => "v8",
        _ => "",
    }
}

/// Names of architectures that are not Go's, and Go's.
const FOREIGN: [(&str, &str); 5] = [
    ("x86_64", "amd64"),
    ("x86-64", "amd64"),
    ("aarch64", "arm64"),
    ("i386", "386"),
    ("armhf", "arm/v7"),
];

/// os, architecture and variant; the variant that goes without saying is said.
pub(crate) fn parts(platform: &Platform) -> (&str, &str, &str) {
    let Platform { os, architecture, variant, .. } = platform;
    let variant = variant.as_deref().filter(|variant| !variant.is_empty());
    (os, architecture, variant.unwrap_or_else(|| implied(architecture)))
}

/// As people write it.
pub(crate) fn shown(platform: &Platform) -> String {
    let Platform { os, architecture, variant, .. } = platform;
    match variant.as_deref().filter(|variant| !variant.is_empty()) {
        Some(variant) => format!("{os}/{architecture}/{variant}"),
        None => format!("{os}/{architecture}"),
    }
}

/// What buildkit gives to attestations, which no client selects.
pub(crate) fn is_unknown(platform: &Platform) -> bool {
    platform.os == "unknown" && platform.architecture == "unknown"
}

/// Whether a platform is one of a list that passed [`problem`]. One without variant in the list
/// means all of them.
pub(crate) fn is_among(platform: &Platform, allowed: &[String]) -> bool {
    let (os, architecture, variant) = parts(platform);
    allowed.iter().any(|entry| {
        let mut fields = entry.split('/');
        fields.next() == Some(os)
            && fields.next() == Some(architecture)
            && fields.next().is_none_or(|wanted| wanted == variant)
    })
}

/// What is wrong with a platform in a list of them.
pub(crate) fn problem(entry: &str) -> Option<String> {
    let fields: Vec<&str> = entry.split('/').collect();
    let is_name = |field: &&str| {
        let plain =
            |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"._-".contains(&byte);
        !field.is_empty() && field.bytes().all(plain)
    };
    if !matches!(fields.len(), 2 | 3) || !fields.iter().all(is_name) {
        return Some(
            "is not a platform; write os/architecture or os/architecture/variant in lower case, \
             such as linux/amd64"
                .to_owned(),
        );
    }
    let (_, go) = FOREIGN.iter().find(|(name, _)| *name == fields[1])?;
    Some(format!("names an architecture in a way that images do not; write {}/{go}", fields[0]))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn platform(os: &str, architecture: &str, variant: Option<&str>) -> Platform {
        Platform {
            os: os.to_owned(),
            architecture: architecture.to_owned(),
            variant: variant.map(ToOwned::to_owned),
            os_version: None,
            os_features: Vec::new(),
        }
    }

    #[test]
    fn a_list_without_variants_means_all_of_them() {
        let allowed = ["linux/amd64", "linux/arm64/v8", "linux/arm/v6"].map(ToOwned::to_owned);
        for (os, architecture, variant, fits) in [
            ("linux", "amd64", None, true),
            ("linux", "amd64", Some("v3"), true),
            ("linux", "arm64", None, true),
            ("linux", "arm64", Some(""), true),
            ("linux", "arm64", Some("v8"), true),
            ("linux", "arm64", Some("v9"), false),
            ("linux", "arm", None, false),
            ("linux", "arm", Some("v6"), true),
            ("windows", "amd64", None, false),
            ("linux", "s390x", None, false),
            ("", "", None, false),
        ] {
            let platform = platform(os, architecture, variant);
            assert_eq!(is_among(&platform, &allowed), fits, "{}", shown(&platform));
        }
    }

    #[test]
    fn a_platform_in_the_settings_is_one() {
        for good in ["linux/amd64", "linux/arm/v7", "wasip1/wasm", "windows/amd64"] {
            assert_eq!(problem(good), None, "{good}");
        }
        for bad in ["", "linux", "linux/", "/amd64", "linux/arm/v7/x", "Linux/amd64", "linux/*"] {
            assert!(problem(bad).unwrap().starts_with("is not a platform"), "{bad}");
        }
        assert!(problem("linux/x86_64").unwrap().ends_with("write linux/amd64"));
    }
}
