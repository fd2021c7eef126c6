//! Who asks.

use std::sync::Arc;

/// Who a request comes from, as far as that is proven.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub enum Principal {
    /// nobody in particular: no login is asked for, or an operator's command asks
    #[default]
    Anonymous,
    /// one of the users who may log in, by name
    User(Arc<str>),
}

impl Principal {
    /// The user of this name.
    pub fn user(name: &str) -> Self {
        Self::User(name.into())
    }

    /// The name that stands in records and in the log, if there is one.
    pub fn name(&self) -> Option<&str> {
        match self {
            Self::Anonymous => None,
            Self::User(name) => Some(name),
        }
    }

    /// The same, for a record.
    pub fn recorded(&self) -> Option<String> {
        self.name().map(ToOwned::to_owned)
    }
}
