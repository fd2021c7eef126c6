//! What helm makes of the tags `!!binary` and `!!timestamp`: the first it decodes, the second it
//! only checks. Readers of YAML 1.2 know neither, and see the text as it stands there.

use base64::{
    Engine as _, alphabet,
    engine::{GeneralPurpose, GeneralPurposeConfig},
};

/// As Go has it, which does not mind the bits that are left over.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_allow_trailing_bits(true),
);

/// What a text with the tag `!!binary` says. Each byte that belongs to no letter becomes U+FFFD, as
/// it does in Go's JSON.
pub(super) fn binary(text: &str) -> Option<String> {
    let text: String = text.chars().filter(|letter| !matches!(letter, '\r' | '\n')).collect();
    let bytes = BASE64.decode(text).ok()?;
    let mut decoded = String::with_capacity(bytes.len());
    for chunk in bytes.utf8_chunks() {
        decoded.push_str(chunk.valid());
        decoded.extend(chunk.invalid().iter().map(|_| char::REPLACEMENT_CHARACTER));
    }
    Some(decoded)
}

/// Whether a text is a time as Go reads one here: a date, or a date and a time with its zone behind
/// `T`, or without one behind a space.
pub(super) fn is_timestamp(text: &str) -> bool {
    let Some((date, time)) = date(text) else { return false };
    date && match time.as_bytes().first() {
        None => true,
        Some(b'T' | b't') => clock(&time[1..]).is_some_and(is_zone),
        Some(b' ') => clock(&time[1..]).is_some_and(str::is_empty),
        Some(_) => false,
    }
}

/// Whether the date exists, and what follows it.
fn date(text: &str) -> Option<(bool, &str)> {
    let (year, rest) = text.split_at_checked(4)?;
    let year: u32 = year.bytes().all(|b| b.is_ascii_digit()).then(|| year.parse().ok())??;
    let (month, rest) = number(rest.strip_prefix('-')?)?;
    let (day, rest) = number(rest.strip_prefix('-')?)?;
    let is_leap = year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    let days = match month {
        2 if is_leap => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        1..=12 => 31,
        _ => 0,
    };
    Some(((1..=days).contains(&day), rest))
}

/// What follows hours, minutes, seconds and their fraction.
fn clock(text: &str) -> Option<&str> {
    let (hours, rest) = number(text)?;
    let (minutes, rest) = number(rest.strip_prefix(':')?)?;
    let (seconds, rest) = number(rest.strip_prefix(':')?)?;
    let fits = hours < 24 && minutes < 60 && seconds < 60;
    let fraction = rest.strip_prefix(['.', ',']).map_or(rest, |fraction| {
        let end = fraction.trim_start_matches(|c: char| c.is_ascii_digit());
        if end.len() == fraction.len() { rest } else { end }
    });
    fits.then_some(fraction)
}

fn is_zone(text: &str) -> bool {
    let Some(zone) = text.strip_prefix(['+', '-']) else { return text == "Z" };
    let Some((hours, minutes)) = zone.split_once(':') else { return false };
    let number = |text: &str, max: u32| {
        let is_number = text.len() == 2 && text.bytes().all(|byte| byte.is_ascii_digit());
        is_number && text.parse::<u32>().is_ok_and(|number| number <= max)
    };
    number(hours, 24) && number(minutes, 60)
}

/// One digit or two.
fn number(text: &str) -> Option<(u32, &str)> {
    let len = text.bytes().take(2).take_while(u8::is_ascii_digit).count();
    Some((text[..len].parse().ok()?, &text[len..]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn binary_is_decoded_as_go_does() {
        for (text, decoded) in [
            ("MS4yLjM=", Some("1.2.3")),
            ("MS4y\nLjM=\n", Some("1.2.3")),
            ("", Some("")),
            ("YR==", Some("a")),
            ("/+S4", Some("\u{fffd}\u{fffd}\u{fffd}")),
            ("YQ", None),
            ("YQ=", None),
            ("Y Q==", None),
            ("%", None),
        ] {
            assert_eq!(binary(text).as_deref(), decoded, "{text}");
        }
    }

    #[test]
    fn times_are_those_that_go_reads() {
        for text in [
            "2001-01-31",
            "2001-1-1",
            "2000-02-29",
            "2001-12-14t21:59:43.10-05:00",
            "2001-12-14T1:2:3Z",
            "2001-12-14 21:59:43.10",
        ] {
            assert!(is_timestamp(text), "{text}");
        }
        for text in [
            "",
            "2001",
            "2001-02-29",
            "2001-13-01",
            "2001-1-0",
            "01-01-01",
            "2001-12-14T21:59:43",
            "2001-12-14 21:59:43.10 -5",
            "2001-12-14T24:00:00Z",
            "2001-12-14T21:59:43.Z",
            "2001-12-14 21:59:43Z",
            "2001-01-011",
        ] {
            assert!(!is_timestamp(text), "{text}");
        }
    }
}
