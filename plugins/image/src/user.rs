//! Whom a container runs as.

/// What a config's `User` comes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum User {
    /// nothing, which is root
    Unset,
    /// root, under one of its names
    Root,
    /// a name, which the image's `/etc/passwd` turns into any number, or a number that runtimes
    /// read in different ways
    Named,
    /// a number of 31 bits other than 0
    Numbered,
}

impl User {
    /// `user`, `user:group`, `uid` or `uid:gid`, as runtimes read it: what Go takes for the number
    /// 0 is root, and so is what some of them cut down to it. The group makes nobody root.
    pub(crate) fn of(text: &str, os: &str) -> Self {
        let user = text.split(':').next().unwrap_or_default();
        let digits = user.strip_prefix(['+', '-']).unwrap_or(user);
        let is_number = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
        let is_windows = os.eq_ignore_ascii_case("windows");
        if user.is_empty() {
            Self::Unset
        } else if is_number {
            match user.parse::<i64>() {
                Ok(number) if number & i64::from(u32::MAX) == 0 => Self::Root,
                Ok(number) if (1..=i64::from(i32::MAX)).contains(&number) => Self::Numbered,
                // too large for Go's number is a name, and what has no 31 bits is refused by some
                _ => Self::Named,
            }
        } else if user == "root"
            || is_windows && user.to_ascii_lowercase().ends_with("containeradministrator")
        {
            Self::Root
        } else {
            Self::Named
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn root_has_many_names() {
        for (text, expected) in [
            ("", User::Unset),
            (":", User::Unset),
            (":1000", User::Unset),
            ("0", User::Root),
            ("00", User::Root),
            ("+0", User::Root),
            ("-0", User::Root),
            ("0:0", User::Root),
            ("0:1000", User::Root),
            ("root", User::Root),
            ("root:wheel", User::Root),
            ("1000", User::Numbered),
            ("1001:0", User::Numbered),
            ("65532:65532", User::Numbered),
            ("+1000", User::Numbered),
            ("2147483647", User::Numbered),
            ("2147483648", User::Named),
            ("-1", User::Named),
            ("4294967296", User::Root),
            ("-4294967296", User::Root),
            ("8589934592:1", User::Root),
            ("4294967297", User::Named),
            ("18446744073709551616", User::Named),
            ("00000000000000000000000", User::Root),
            ("nobody", User::Named),
            ("rooty", User::Named),
            ("ContainerAdministrator", User::Named),
        ] {
            assert_eq!(User::of(text, "linux"), expected, "{text}");
        }
        for admin in ["ContainerAdministrator", "User Manager\\containeradministrator"] {
            assert_eq!(User::of(admin, "windows"), User::Root);
        }
        assert_eq!(User::of("ContainerUser", "windows"), User::Named);
    }
}
