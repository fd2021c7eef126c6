//! HTTP Basic (RFC 7617): what a client sends as its name and password.

use base64::{Engine, engine::general_purpose::STANDARD_NO_PAD};

use super::CHALLENGE;
use crate::error::Error;

/// A name with its password, which nothing prints.
pub(super) struct Credential {
    pub(super) name: String,
    pub(super) password: String,
}

const LOG_IN: &str = "log in first: this registry requires a name and a password";
/// bcrypt reads no more of a password.
const PASSWORD_BYTES_MAX: usize = 72;

impl Credential {
    /// Reads the values of `Authorization`, of which there must be one.
    pub(super) fn parse(authorization: &[&[u8]]) -> Result<Self, Error> {
        let value = match authorization {
            [] => return refused(LOG_IN),
            [value] => value,
            [..] => return refused("there is more than one Authorization header; send one"),
        };
        let space = value.iter().position(|byte| *byte == b' ').unwrap_or(value.len());
        let (scheme, encoded) = value.split_at(space);
        if !scheme.eq_ignore_ascii_case(b"basic") {
            return refused(
                "log in with a name and a password; only Basic authentication is \
                            supported",
            );
        }
        let decoded = STANDARD_NO_PAD.decode(unpadded(encoded.trim_ascii()));
        let text = decoded.ok().and_then(|bytes| String::from_utf8(bytes).ok());
        let Some((name, password)) = text.as_deref().and_then(|text| text.split_once(':')) else {
            return refused("the credential is not base64 of name:password in UTF-8");
        };
        if name.is_empty() {
            // what skopeo and podman send where they know no password
            return refused(LOG_IN);
        }
        if text.iter().any(|text| text.contains(char::is_control)) {
            return refused("the name or the password has a control character");
        }
        if password.len() > PASSWORD_BYTES_MAX {
            return refused("the password is longer than 72 bytes, the most that bcrypt supports");
        }
        Ok(Self { name: name.to_owned(), password: password.to_owned() })
    }
}

fn refused<T>(message: &str) -> Result<T, Error> {
    Err(Error::unauthorized(CHALLENGE, message))
}

/// Base64 without its padding, which some clients leave out.
fn unpadded(mut encoded: &[u8]) -> &[u8] {
    while let [before @ .., b'='] = encoded {
        encoded = before;
    }
    encoded
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(value: &str) -> Result<(String, String), String> {
        let credential = Credential::parse(&[value.as_bytes()]);
        credential.map(|read| (read.name, read.password)).map_err(|error| error.to_string())
    }

    #[test]
    fn a_credential_is_read_as_clients_write_it() {
        let anna = Ok(("anna".to_owned(), "a:b".to_owned()));
        for value in ["Basic YW5uYTphOmI=", "basic  YW5uYTphOmI", "BASIC YW5uYTphOmI= "] {
            assert_eq!(parsed(value), anna, "{value}");
        }
        assert_eq!(parsed("Basic YTo="), Ok(("a".to_owned(), String::new())));
    }

    #[test]
    fn anything_else_is_a_login_that_is_missing() {
        for value in [
            "",
            "Basic",
            "Basic ",
            "Basic %%%",
            "Basic YW5uYQ==",
            "Basic OmI=",
            "Basic //86/w==",
            "Basic YTphAGI=",
            "Basic YQo6Yg==",
            "Bearer YW5uYTphOmI=",
            "BasicYW5uYTphOmI=",
        ] {
            assert!(parsed(value).unwrap_err().starts_with("UNAUTHORIZED: "), "{value}");
        }
        let twice: [&[u8]; 2] = [b"Basic YTpi", b"Basic YTpi"];
        assert!(Credential::parse(&twice).is_err());
        assert!(Credential::parse(&[]).is_err());
        assert!(Credential::parse(&[b"Basic \xff\xfe"]).is_err());
    }
}
