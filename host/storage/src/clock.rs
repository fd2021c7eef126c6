//! The time, handed in, so that tests can hold it.

use std::{fmt, sync::Arc};

use jiff::Timestamp;

/// Tells the time.
#[derive(Clone)]
pub struct Clock(Arc<dyn Fn() -> Timestamp + Send + Sync>);

impl Clock {
    /// The machine's own clock.
    pub fn system() -> Self {
        Self(Arc::new(Timestamp::now))
    }

    /// A clock that says what `now` says.
    pub fn from_fn(now: impl Fn() -> Timestamp + Send + Sync + 'static) -> Self {
        Self(Arc::new(now))
    }

    /// The time as exactly as it is known, for what is only sorted by it.
    pub(crate) fn exactly(&self) -> Timestamp {
        (self.0)()
    }

    /// The time, to the second: nothing that is told needs more.
    pub fn now(&self) -> Timestamp {
        Timestamp::from_second((self.0)().as_second()).unwrap_or(Timestamp::UNIX_EPOCH)
    }
}

impl fmt::Debug for Clock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Clock")
    }
}
