//! What helm makes of a scalar: YAML 1.1 as go-yaml 2 resolves it, and the text of a Go string.
//!
//! `version: 1.10` is the number 1.1 and `yes` is true, so a text field holds `1.1` or `true`.

use data_encoding::BASE64;
use serde_json::Value;

const TAGS: &str = "tag:yaml.org,2002:";

/// A scalar by its tag, or by its form where it has neither tag nor quotes.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Scalar {
    Null,
    Flag(bool),
    Integer(i128),
    Float(f64),
    Text(String),
}

impl Scalar {
    /// Resolves a scalar. `is_plain`: it has no quotes.
    pub(super) fn of(text: String, tag: Option<&str>, is_plain: bool) -> Self {
        match tag.map(|tag| tag.strip_prefix(TAGS).unwrap_or_default()) {
            None if is_plain => Self::of_plain(text),
            Some("null" | "bool" | "int" | "float") => Self::of_plain(text),
            Some("binary") => Self::of_binary(text),
            _ => Self::Text(text),
        }
    }

    fn of_plain(text: String) -> Self {
        match text.as_str() {
            "" | "~" | "null" | "Null" | "NULL" => Self::Null,
            "y" | "Y" | "yes" | "Yes" | "YES" | "on" | "On" | "ON" | "true" | "True" | "TRUE" => {
                Self::Flag(true)
            }
            "n" | "N" | "no" | "No" | "NO" | "off" | "Off" | "OFF" | "false" | "False"
            | "FALSE" => Self::Flag(false),
            _ if text.starts_with(['.', '+', '-'])
                || text.starts_with(|c| char::is_ascii_digit(&c)) =>
            {
                let number = text.replace('_', "");
                let integer = integer(&number).map(Self::Integer);
                integer.or_else(|| float(&number).map(Self::Float)).unwrap_or(Self::Text(text))
            }
            _ => Self::Text(text),
        }
    }

    fn of_binary(text: String) -> Self {
        let letters = text.replace(['\r', '\n'], "");
        match BASE64.decode(letters.as_bytes()) {
            Ok(bytes) => Self::Text(String::from_utf8_lossy(&bytes).into_owned()),
            Err(_) => Self::Text(text),
        }
    }

    /// The text that a Go field of type string gets. `None` for null, which leaves the field alone.
    pub(super) fn text(&self) -> Option<String> {
        match self {
            Self::Null => None,
            Self::Flag(flag) => Some(flag.to_string()),
            Self::Integer(integer) => Some(integer.to_string()),
            Self::Float(float) => Some(go_float(*float)),
            Self::Text(text) => Some(text.clone()),
        }
    }

    /// The JSON that a Go field of any type gets: each number is a float.
    pub(super) fn json(&self) -> Value {
        match self {
            Self::Null => Value::Null,
            Self::Flag(flag) => (*flag).into(),
            #[expect(clippy::cast_precision_loss, reason = "Go's JSON has floats only")]
            Self::Integer(integer) => (*integer as f64).into(),
            Self::Float(float) => (*float).into(),
            Self::Text(text) => text.as_str().into(),
        }
    }
}

/// Go's `ParseInt` and `ParseUint` with base 0.
fn integer(text: &str) -> Option<i128> {
    let (sign, magnitude) = match text.strip_prefix('-') {
        Some(magnitude) => (-1, magnitude),
        None => (1, text.strip_prefix('+').unwrap_or(text)),
    };
    let (radix, digits) = match magnitude.as_bytes() {
        [b'0', b'x' | b'X', ..] => (16, &magnitude[2..]),
        [b'0', b'b' | b'B', ..] => (2, &magnitude[2..]),
        [b'0', b'o' | b'O', ..] => (8, &magnitude[2..]),
        [b'0', _, ..] => (8, &magnitude[1..]),
        _ => (10, magnitude),
    };
    let are_digits = !digits.is_empty() && digits.chars().all(|digit| digit.is_digit(radix));
    let magnitude = are_digits.then(|| i128::from_str_radix(digits, radix).ok())??;
    let integer = sign * magnitude;
    let fits = match text.starts_with(['-', '+']) {
        true => i64::try_from(integer).is_ok(),
        false => u64::try_from(integer).is_ok(),
    };
    fits.then_some(integer)
}

/// `[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?`: of what Rust parses, what has digits.
fn float(text: &str) -> Option<f64> {
    let plain = |byte: u8| byte.is_ascii_digit() || b"+-.eE".contains(&byte);
    let number: f64 = text.bytes().all(plain).then(|| text.parse().ok())??;
    number.is_finite().then_some(number)
}

/// Go's `FormatFloat(number, 'g', -1, 32)`.
fn go_float(number: f64) -> String {
    #[expect(clippy::cast_possible_truncation, reason = "Go rounds to 32 bits as well")]
    let number = number as f32;
    let scientific = format!("{number:e}");
    let (mantissa, exponent) = scientific.split_once('e').unwrap_or((&scientific, "0"));
    let exponent: i32 = exponent.parse().unwrap_or_default();
    if (-4..6).contains(&exponent) {
        return number.to_string();
    }
    let sign = if exponent < 0 { '-' } else { '+' };
    format!("{mantissa}e{sign}{:02}", exponent.abs())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_field_holds_what_go_makes_of_a_scalar() {
        for (written, text) in [
            ("1.10", Some("1.1")),
            ("1.2.3", Some("1.2.3")),
            ("010", Some("8")),
            ("1_000", Some("1000")),
            ("1e6", Some("1e+06")),
            ("100000.0", Some("100000")),
            ("-5", Some("-5")),
            ("9223372036854775808", Some("9223372036854775808")),
            ("yes", Some("true")),
            ("~", None),
            ("e", Some("e")),
            (".5", Some("0.5")),
        ] {
            let scalar = Scalar::of(written.to_owned(), None, true);
            assert_eq!(scalar.text().as_deref(), text, "{written}");
        }
        let quoted = Scalar::of("1.10".to_owned(), None, false);
        assert_eq!(quoted.text().as_deref(), Some("1.10"));
        let tagged = |tag| Scalar::of("aGk=".to_owned(), Some(tag), true).text();
        assert_eq!(tagged("tag:yaml.org,2002:binary").as_deref(), Some("hi"));
        assert_eq!(tagged("tag:yaml.org,2002:str").as_deref(), Some("aGk="));
    }
}
