//! Answers that the host remembers a review by.

use std::{cell::OnceCell, fmt, ops::Deref};

/// Something about the push that the host is asked for when it is first looked at. A review that
/// never looks is remembered whatever the answer would have been. Reads like the value itself.
///
/// In a test it is made from a value: `tags: vec!["1.0.0".to_owned()].into()`.
#[derive(Clone)]
pub struct Asked<T> {
    answer: OnceCell<T>,
    ask: fn() -> T,
}

impl<T> Asked<T> {
    /// Calls `ask` when the value is first needed.
    pub(crate) fn later(ask: fn() -> T) -> Self {
        Self { answer: OnceCell::new(), ask }
    }

    /// The answer, if it was asked for.
    pub(crate) fn known(&self) -> Option<&T> {
        self.answer.get()
    }
}

impl<T: Default> From<T> for Asked<T> {
    fn from(answer: T) -> Self {
        Self { answer: answer.into(), ask: T::default }
    }
}

impl<T> Deref for Asked<T> {
    type Target = T;

    fn deref(&self) -> &T {
        self.answer.get_or_init(self.ask)
    }
}

impl<'a, T> IntoIterator for &'a Asked<Vec<T>> {
    type Item = &'a T;
    type IntoIter = std::slice::Iter<'a, T>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

impl<T: PartialEq> PartialEq for Asked<T> {
    fn eq(&self, other: &Self) -> bool {
        **self == **other
    }
}

/// Shows what is known: to look must not be to ask.
impl<T: fmt::Debug> fmt::Debug for Asked<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.answer.fmt(f)
    }
}
