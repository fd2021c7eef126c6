//! Reads two facts from the bytes of a request's header that hyper keeps to itself.
//!
//! hyper drops `Content-Length` where there is `Transfer-Encoding` as well, although a proxy in
//! front may have gone by it. And it answers a header that it can't read without a body.

use axum::http::StatusCode;

use crate::{
    error::{Case, Error},
    http::framing,
};

/// Bytes kept of a line: enough for the two names and any list of codings that a client sends.
const LINE_BYTES_MAX: usize = 256;

/// The header of a request, as far as it was read.
#[derive(Debug, Default)]
pub(super) struct Head {
    /// the beginning of the current line
    line: Vec<u8>,
    at: At,
    has_content_length: bool,
    has_unknown_coding: bool,
}

/// How far it was read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum At {
    /// before its first line
    #[default]
    Start,
    Lines,
    End,
}

impl Head {
    /// Takes the bytes that come next. What follows the header is not looked at.
    pub(super) fn read(&mut self, bytes: &[u8]) {
        for &byte in bytes {
            if self.at == At::End {
                return;
            }
            match byte {
                b'\n' => self.end_of_line(),
                b'\r' => {}
                _ if self.line.len() < LINE_BYTES_MAX => self.line.push(byte),
                _ => {}
            }
        }
    }

    fn end_of_line(&mut self) {
        if self.line.is_empty() {
            // empty lines before the first one are skipped
            if self.at == At::Lines {
                self.at = At::End;
            }
            return;
        }
        let mut parts = self.line.splitn(2, |byte| *byte == b':');
        let (name, value) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
        self.has_content_length |= name.eq_ignore_ascii_case(b"content-length");
        self.has_unknown_coding |= name.eq_ignore_ascii_case(b"transfer-encoding")
            && framing::elements(value).any(|coding| !framing::is_chunked(coding));
        self.at = At::Lines;
        self.line.clear();
    }

    /// Whether a line of it is `Content-Length`.
    pub(super) fn has_content_length(&self) -> bool {
        self.has_content_length
    }

    /// Explains why hyper rejects this header with `status`.
    pub(super) fn rejected(&self, status: StatusCode) -> Error {
        match status {
            StatusCode::URI_TOO_LONG => {
                Error::new(Case::TargetTooLong, "the request's path and query are too long")
            }
            StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE => {
                Error::new(Case::HeaderTooLarge, "the request's header is too large")
            }
            _ if self.has_unknown_coding && !self.has_content_length => framing::unknown_coding(),
            _ => Error::new(Case::RequestInvalid, "the request's header is not valid HTTP/1.1"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_line_is_found_however_the_bytes_come() {
        for (head, found) in [
            ("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\n", true),
            ("\r\n\r\nPOST / HTTP/1.1\ncOnTent-lEngth:5\n\n", true),
            ("POST / HTTP/1.1\r\nX-Content-Length: 5\r\n\r\n", false),
            ("POST / HTTP/1.1\r\nContent-Length-X: 5\r\n\r\n", false),
            ("POST / HTTP/1.1\r\nHost: x\r\n\r\nContent-Length: 5\r\n\r\n", false),
        ] {
            for size in [1, 7, 1000] {
                let mut read = Head::default();
                head.as_bytes().chunks(size).for_each(|chunk| read.read(chunk));
                assert_eq!(read.has_content_length(), found, "{head}");
            }
        }
    }

    #[test]
    fn a_header_that_hyper_rejects_has_a_reason() {
        for (line, status, case) in [
            ("Transfer-Encoding: gzip", 400, Case::NotImplemented),
            ("transfer-encoding:\tchunked , gzip", 400, Case::NotImplemented),
            ("Transfer-Encoding: chunked", 400, Case::RequestInvalid),
            ("Transfer-Encoding: ,", 400, Case::RequestInvalid),
            ("Transfer-Encoding : gzip", 400, Case::RequestInvalid),
            ("X-Transfer-Encoding: gzip", 400, Case::RequestInvalid),
            ("Transfer-Encoding: gzip\r\nContent-Length: 5", 400, Case::RequestInvalid),
            ("Transfer-Encoding: gzip", 414, Case::TargetTooLong),
            ("Transfer-Encoding: gzip", 431, Case::HeaderTooLarge),
        ] {
            let mut read = Head::default();
            read.read(format!("POST / HTTP/1.1\r\n{line}\r\n\r\n").as_bytes());
            let status = StatusCode::from_u16(status).unwrap();
            assert_eq!(read.rejected(status).case, case, "{line}");
        }
    }
}
