//! Whom a container runs as.

/// What a config's `User` comes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum User {
    /// nothing, which is root
    Unset,
    /// root, under one of its names
    Root,
    /// a name, which the image's `/etc/passwd` turns into any number
    Named,
    /// a number other than 0
    Numbered,
}

impl User {
    /// `user`, `user:group`, `uid` or `uid:gid`, as runtimes read it: what Go takes for the number
    /// 0 is root. The group makes nobody root.
    pub(crate) fn of(text: &str, os: &str) -> Self {
        let user = text.split(':').next().unwrap_or_default();
        let digits = user.strip_prefix(['+', '-']).unwrap_or(user);
        let is_number = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
        let is_windows = os.eq_ignore_ascii_case("windows");
        if user.is_empty() {
            Self::Unset
        } else if is_number {
            if digits.bytes().all(|byte| byte == b'0') { Self::Root } else { Self::Numbered }
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
