//! What a scalar means by YAML 1.1 as go-yaml 2 has it, and what becomes of it in a Go string.
//!
//! `appVersion: 1.10` is the number 1.1, `yes` is true and `0123` is 83; in a field of type string
//! they become the text `1.1`, `true` and `83`.

use super::{
    Content, Node,
    tagged::{binary, is_timestamp},
};

/// A scalar.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Scalar {
    /// null, `~`, or nothing
    Null,
    /// true or false
    Flag(bool),
    /// within 64 bits, signed or not
    Integer(i128),
    /// any other number
    Float(f64),
    /// the text as it stands there
    Text,
    /// what stands there in base64
    Binary,
}

const TAGS: &str = "tag:yaml.org,2002:";

impl Scalar {
    /// By its tag; without one by its form, if it has no quotes.
    pub(super) fn resolve(
        text: &str,
        tag: Option<&str>,
        is_plain: bool,
    ) -> Result<Self, &'static str> {
        const MISMATCH: &str = "a value does not match its tag";
        let Some(tag) = tag else {
            return Ok(if is_plain { Self::of_plain(text) } else { Self::Text });
        };
        let value = Self::of_plain(text);
        match (tag.strip_prefix(TAGS), value) {
            (Some("binary"), _) => match binary(text) {
                Some(_) => Ok(Self::Binary),
                None => Err("a value with the tag !!binary is not base64"),
            },
            (Some("timestamp"), _) if is_timestamp(text) => Ok(Self::Text),
            (Some("null"), Self::Null)
            | (Some("bool"), Self::Flag(_))
            | (Some("int"), Self::Integer(_))
            | (Some("float"), Self::Float(_)) => Ok(value),
            (Some("float"), Self::Integer(integer)) => {
                #[expect(clippy::cast_precision_loss, reason = "as Go converts it")]
                let float = integer as f64;
                Ok(Self::Float(float))
            }
            (Some("timestamp" | "null" | "bool" | "int" | "float"), _) => Err(MISMATCH),
            _ => Ok(Self::Text),
        }
    }

    fn of_plain(text: &str) -> Self {
        match text {
            "" | "~" | "null" | "Null" | "NULL" => return Self::Null,
            "y" | "Y" | "yes" | "Yes" | "YES" | "on" | "On" | "ON" | "true" | "True" | "TRUE" => {
                return Self::Flag(true);
            }
            "n" | "N" | "no" | "No" | "NO" | "off" | "Off" | "OFF" | "false" | "False"
            | "FALSE" => return Self::Flag(false),
            ".nan" | ".NaN" | ".NAN" => return Self::Float(f64::NAN),
            ".inf" | ".Inf" | ".INF" | "+.inf" | "+.Inf" | "+.INF" => {
                return Self::Float(f64::INFINITY);
            }
            "-.inf" | "-.Inf" | "-.INF" => return Self::Float(f64::NEG_INFINITY),
            _ => {}
        }
        match text.as_bytes().first() {
            Some(b'.') => dotted(text).map_or(Self::Text, Self::Float),
            Some(b'0'..=b'9' | b'+' | b'-') => number(&text.replace('_', "")),
            _ => Self::Text,
        }
    }

    /// The text that a Go field of type string gets; none for null, which leaves it alone.
    pub fn to_go_string(self, text: &str) -> Option<String> {
        match self {
            Self::Null => None,
            Self::Flag(flag) => Some(flag.to_string()),
            Self::Integer(integer) => Some(integer.to_string()),
            Self::Float(float) => Some(go_float(float)),
            Self::Text => Some(text.to_owned()),
            Self::Binary => binary(text),
        }
    }
}

/// The text of a key: JSON has no other keys.
pub(super) fn key_text(key: &Node) -> Result<String, &'static str> {
    let Content::Scalar { text, value } = &key.content else {
        return Err("a key is not a scalar");
    };
    match value {
        Scalar::Null => Err("a key is null"),
        Scalar::Integer(integer) if i64::try_from(*integer).is_err() => Err("a key is too large"),
        Scalar::Float(float) if float.is_nan() => Ok(".nan".to_owned()),
        // a float beyond 32 bits, too
        Scalar::Float(_) => Ok(match value.to_go_string(text).as_deref() {
            Some("+Inf") => ".inf".to_owned(),
            Some("-Inf") => "-.inf".to_owned(),
            other => other.unwrap_or_default().to_owned(),
        }),
        _ => Ok(value.to_go_string(text).unwrap_or_default()),
    }
}

fn number(text: &str) -> Scalar {
    if let Some(integer) = integer(text) {
        return Scalar::Integer(integer);
    }
    if let Some(float) = float(text) {
        return Scalar::Float(float);
    }
    // binary numbers, in which go-yaml lets a sign stand behind the prefix
    let signed = text.strip_prefix("0b").filter(|rest| rest.starts_with(['+', '-']));
    let digits = signed.filter(|rest| rest[1..].starts_with(['0', '1']));
    let integer = digits.and_then(|rest| i64::from_str_radix(rest, 2).ok());
    integer.map_or(Scalar::Text, |integer| Scalar::Integer(integer.into()))
}

/// Go's `ParseFloat`, which takes underscores between digits.
fn dotted(text: &str) -> Option<f64> {
    let bytes = text.as_bytes();
    let is_digit = |i: usize| bytes.get(i).is_some_and(u8::is_ascii_digit);
    let mut marks = bytes.iter().enumerate().filter(|(_, byte)| **byte == b'_');
    let between = marks.all(|(i, _)| is_digit(i.wrapping_sub(1)) && is_digit(i + 1));
    if between { float(&text.replace('_', "")) } else { None }
}

/// Go's `ParseInt` and `ParseUint` with base 0. A sign means that it must fit into an `int64`.
fn integer(text: &str) -> Option<i128> {
    let (sign, magnitude) = match text.as_bytes().first()? {
        b'-' => (Some(-1), &text[1..]),
        b'+' => (Some(1), &text[1..]),
        _ => (None, text),
    };
    let (radix, digits) = match magnitude.as_bytes() {
        [b'0', b'x' | b'X', ..] => (16, &magnitude[2..]),
        [b'0', b'b' | b'B', ..] => (2, &magnitude[2..]),
        [b'0', b'o' | b'O', ..] => (8, &magnitude[2..]),
        [b'0', _, ..] => (8, &magnitude[1..]),
        _ => (10, magnitude),
    };
    if digits.is_empty() || !digits.chars().all(|digit| digit.is_digit(radix)) {
        return None;
    }
    let magnitude = i128::from_str_radix(digits, radix).ok()?;
    match sign {
        None => u64::try_from(magnitude).ok().map(i128::from),
        Some(sign) => i64::try_from(sign * magnitude).ok().map(i128::from),
    }
}

/// `[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?`, if it is not too large.
fn float(text: &str) -> Option<f64> {
    let unsigned = text.strip_prefix(['-', '+']).unwrap_or(text);
    let (mantissa, exponent) = match unsigned.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, Some(exponent)),
        None => (unsigned, None),
    };
    let are_digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    let fits = match mantissa.split_once('.') {
        Some(("", fraction)) => !fraction.is_empty() && are_digits(fraction),
        Some((whole, fraction)) => are_digits(whole) && are_digits(fraction),
        None => !mantissa.is_empty() && are_digits(mantissa),
    };
    let exponent_fits = exponent.is_none_or(|exponent| {
        let digits = exponent.strip_prefix(['-', '+']).unwrap_or(exponent);
        !digits.is_empty() && are_digits(digits)
    });
    let number: f64 = (fits && exponent_fits).then(|| text.parse().ok()).flatten()?;
    number.is_finite().then_some(number)
}

/// Go's `FormatFloat(number, 'g', -1, 32)`: the shortest digits that tell it from other 32-bit
/// floats; with an exponent below 1e-4 and from 1e6 on.
fn go_float(number: f64) -> String {
    #[expect(clippy::cast_possible_truncation, reason = "Go rounds to 32 bits as well")]
    let number = number as f32;
    if number.is_nan() {
        return "NaN".to_owned();
    }
    if number.is_infinite() {
        return if number > 0.0 { "+Inf" } else { "-Inf" }.to_owned();
    }
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
        let text = |text: &str, tag, is_plain| {
            Scalar::resolve(text, tag, is_plain).ok()?.to_go_string(text)
        };
        for (written, wanted) in [
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
            assert_eq!(text(written, None, true).as_deref(), wanted, "{written}");
        }
        assert_eq!(text("1.10", None, false).as_deref(), Some("1.10"));
        let tagged = |tag| text("aGk=", Some(tag), true);
        assert_eq!(tagged("tag:yaml.org,2002:binary").as_deref(), Some("hi"));
        assert_eq!(tagged("tag:yaml.org,2002:str").as_deref(), Some("aGk="));
    }
}
