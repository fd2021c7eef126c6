//! What HTTP/1.1 wants of a request's header and hyper leaves to us: one valid `Host`, one way to
//! tell where the body ends, no unknown expectation.
//!
//! hyper itself rejects a request where `chunked` is not the last transfer coding, where lengths
//! differ or are no numbers, and any transfer coding in HTTP/1.0. `listener/head.rs` says why.

use std::net::Ipv6Addr;

use axum::{
    extract::Request,
    http::{HeaderMap, HeaderName, HeaderValue, Version, header},
};

use super::listener::Lengths;
use crate::error::{Case, Error};

/// Rejects a request that two readers could read in two ways, or that asks for what we don't do.
pub(super) fn check(request: &Request) -> Result<(), Error> {
    let (headers, version) = (request.headers(), request.version());
    check_host(headers, version)?;
    check_target(request)?;
    check_coding(request)?;
    check_expectation(headers)
}

/// RFC 9112, 3.2.
fn check_host(headers: &HeaderMap, version: Version) -> Result<(), Error> {
    let mut hosts = headers.get_all(header::HOST).iter();
    let problem = match (hosts.next(), hosts.next()) {
        (None, _) if version < Version::HTTP_11 => return Ok(()),
        (Some(host), None) if is_host(host.as_bytes()) => return Ok(()),
        (None, _) => "the request has no Host header",
        (Some(_), None) => "the Host header is not a host with an optional port",
        (Some(_), Some(_)) => "the request has more than one Host header",
    };
    Err(Error::new(Case::RequestInvalid, problem))
}

/// RFC 9112, 3.2.2: an absolute target names a host, which overrides `Host`.
fn check_target(request: &Request) -> Result<(), Error> {
    match request.uri().authority() {
        Some(host) if !is_host(host.as_str().as_bytes()) => {
            let problem = "the request's target does not name a host with an optional port";
            Err(Error::new(Case::RequestInvalid, problem))
        }
        _ => Ok(()),
    }
}

/// A name or address with an optional port, or nothing. A comma is what a list of two hosts has.
fn is_host(host: &[u8]) -> bool {
    let Ok(host) = std::str::from_utf8(host) else { return false };
    let (name, port) = match host.strip_prefix('[') {
        Some(literal) => {
            let Some((address, port)) = literal.split_once(']') else { return false };
            // a zone, such as `%25eth0`, means nothing here and some clients send it
            let address = address.split('%').next().unwrap_or_default();
            if address.parse::<Ipv6Addr>().is_err() {
                return false;
            }
            match port.strip_prefix(':') {
                None if port.is_empty() => ("", ""),
                None => return false,
                Some(port) => ("", port),
            }
        }
        None => match host.split_once(':') {
            Some(("", _)) => return false,
            Some(parts) => parts,
            None => (host, ""),
        },
    };
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~%!$&'()*+;=".contains(&byte);
    name.bytes().all(plain) && is_port(port)
}

/// A port that there is, or none. A number's own parser would take a sign as well.
fn is_port(port: &str) -> bool {
    port.bytes().all(|byte| byte.is_ascii_digit())
        && (port.is_empty() || port.parse::<u16>().is_ok())
}

/// RFC 9112, 6.1 and 6.3. A body is known by its length or by `chunked`, and nothing else.
fn check_coding(request: &Request) -> Result<(), Error> {
    let mut codings = all_elements(request.headers(), header::TRANSFER_ENCODING).peekable();
    if codings.peek().is_none() {
        return Ok(());
    }
    let lengths = request.extensions().get::<Lengths>();
    if lengths.is_some_and(|lengths| lengths.content_length) {
        let message = "the request has both Content-Length and Transfer-Encoding";
        return Err(Error::new(Case::RequestInvalid, message));
    }
    let (chunked, others): (Vec<_>, Vec<_>) = codings.partition(|coding| is_chunked(coding));
    if !others.is_empty() {
        return Err(unknown_coding());
    }
    if chunked.len() > 1 {
        let message = "the chunked transfer coding may be applied only once";
        return Err(Error::new(Case::RequestInvalid, message));
    }
    Ok(())
}

/// Whether a transfer coding is the one that we undo.
pub(super) fn is_chunked(coding: &[u8]) -> bool {
    coding.eq_ignore_ascii_case(b"chunked")
}

/// 501: a transfer coding that we don't undo.
pub(super) fn unknown_coding() -> Error {
    Error::new(Case::NotImplemented, "the only supported transfer coding is chunked")
}

/// RFC 9110, 10.1.1.
fn check_expectation(headers: &HeaderMap) -> Result<(), Error> {
    let known = |expected: &[u8]| expected.eq_ignore_ascii_case(b"100-continue");
    if all_elements(headers, header::EXPECT).all(known) {
        return Ok(());
    }
    let message = "the only supported expectation is 100-continue";
    Err(Error::new(Case::ExpectationUnknown, message))
}

/// The elements of a list, over all its lines.
fn all_elements(headers: &HeaderMap, name: HeaderName) -> impl Iterator<Item = &[u8]> {
    headers.get_all(name).into_iter().map(HeaderValue::as_bytes).flat_map(elements)
}

/// The elements of one line of a list, without the empty ones.
pub(super) fn elements(line: &[u8]) -> impl Iterator<Item = &[u8]> {
    let elements = line.split(|byte| *byte == b',').map(<[u8]>::trim_ascii);
    elements.filter(|element| !element.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_is_a_name_or_an_address_with_an_optional_port() {
        for host in [
            "localhost:5000",
            "registry.example.org",
            "my_registry:5000",
            "192.0.2.1:80",
            "[::1]:5000",
            "[2001:db8::1]",
            "[fe80::1%25eth0]:5000",
            "xn--bcher-kva.example.",
            "localhost:",
            "localhost:0",
            "localhost:65535",
            "localhost:0080",
            "",
        ] {
            assert!(is_host(host.as_bytes()), "{host}");
        }
        for host in [
            "a, b",
            "a,b",
            "a b",
            "user@host",
            "host:port",
            "host:80:80",
            "host:65536",
            "host:99999999999",
            "host:+80",
            "[::1]:99999",
            ":80",
            ":",
            "::1",
            "[::1",
            "[::1]x",
            "[localhost]",
            "host/path",
            "http://host",
            "b\u{fc}cher",
            "host?",
            "host#",
            "a\\b",
        ] {
            assert!(!is_host(host.as_bytes()), "{host}");
        }
    }
}
