//! Versions of charts.

/// How much of a version a text is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Version {
    /// by semantic versioning 2
    Strict,
    /// helm takes it: `1`, `1.2`, `v1.2.3`, `01.2.3`
    Lenient,
    /// helm refuses it
    Invalid,
}

impl Version {
    pub(crate) fn of(text: &str) -> Self {
        match parts(text) {
            Some(parts) if parts.is_strict() => Self::Strict,
            Some(parts) if parts.is_lenient() => Self::Lenient,
            _ => Self::Invalid,
        }
    }
}

struct Parts<'a> {
    has_v: bool,
    numbers: Vec<&'a str>,
    pre_release: Option<&'a str>,
    build: Option<&'a str>,
}

/// `[v]<number>[.<number>[.<number>]][-<pre-release>][+<build>]`
fn parts(text: &str) -> Option<Parts<'_>> {
    let (rest, build) = split(text, '+');
    let (rest, pre_release) = split(rest, '-');
    let numbers: Vec<&str> = rest.strip_prefix('v').unwrap_or(rest).split('.').collect();
    let is_number =
        |number: &&str| !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit());
    let valid = numbers.len() <= 3 && numbers.iter().all(is_number);
    valid.then_some(Parts { has_v: rest.starts_with('v'), numbers, pre_release, build })
}

fn split(text: &str, mark: char) -> (&str, Option<&str>) {
    text.split_once(mark).map_or((text, None), |(rest, part)| (rest, Some(part)))
}

impl Parts<'_> {
    fn is_strict(&self) -> bool {
        let is_canonical = |number: &str| number == "0" || !number.starts_with('0');
        !self.has_v
            && self.numbers.len() == 3
            && self.numbers.iter().all(|number| is_canonical(number))
            && self.is_lenient()
    }

    /// As the library has it that helm uses, which wants numbers to fit into 64 bits.
    fn is_lenient(&self) -> bool {
        let identifier = |text: &str| {
            !text.is_empty()
                && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
        };
        let canonical = |text: &str| {
            text == "0" || !text.starts_with('0') || !text.bytes().all(|b| b.is_ascii_digit())
        };
        self.numbers.iter().all(|number| number.parse::<u64>().is_ok())
            && self
                .pre_release
                .is_none_or(|pre| pre.split('.').all(|id| identifier(id) && canonical(id)))
            && self.build.is_none_or(|build| build.split('.').all(identifier))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn helm_is_lenient() {
        for (text, version) in [
            ("1.2.3", Version::Strict),
            ("0.0.0-alpha.1+b.01", Version::Strict),
            ("1.2.3--.-", Version::Strict),
            ("1", Version::Lenient),
            ("1.2-rc.1", Version::Lenient),
            ("v1.2.3", Version::Lenient),
            ("01.2.3", Version::Lenient),
            ("", Version::Invalid),
            ("1.2.3.4", Version::Invalid),
            ("1.2.x", Version::Invalid),
            ("1.2.3-01", Version::Invalid),
            ("1.2.3-", Version::Invalid),
            ("1.2.3+", Version::Invalid),
            ("1.2.3+a_b", Version::Invalid),
            (" 1.2.3", Version::Invalid),
            ("99999999999999999999.0.0", Version::Invalid),
        ] {
            assert_eq!(Version::of(text), version, "{text}");
        }
    }
}
