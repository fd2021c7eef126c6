//! Looks for `Content-Length` among the bytes of a request's header.
//!
//! hyper drops that line where there is `Transfer-Encoding` as well, so that nobody behind it can
//! tell, and a proxy in front may have gone by the other one.

/// Longer than the name that is looked for.
const NAME_BYTES_MAX: usize = 16;

/// The header of a request, as far as it was read.
#[derive(Debug, Default)]
pub(super) struct Head {
    /// the beginning of the current line
    line: Vec<u8>,
    has_lines: bool,
    is_over: bool,
    has_content_length: bool,
}

impl Head {
    /// Takes the bytes that come next. What follows the header is not looked at.
    pub(super) fn read(&mut self, bytes: &[u8]) {
        for &byte in bytes {
            if self.is_over {
                return;
            }
            match byte {
                b'\n' => self.end_of_line(),
                b'\r' => {}
                _ if self.line.len() < NAME_BYTES_MAX => self.line.push(byte),
                _ => {}
            }
        }
    }

    fn end_of_line(&mut self) {
        if self.line.is_empty() {
            // empty lines before the first one are skipped
            self.is_over = self.has_lines;
            return;
        }
        let name = self.line.split(|byte| *byte == b':').next().unwrap_or_default();
        self.has_content_length |= name.eq_ignore_ascii_case(b"content-length");
        self.has_lines = true;
        self.line.clear();
    }

    /// Whether a line of it is `Content-Length`.
    pub(super) fn has_content_length(&self) -> bool {
        self.has_content_length
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
}
