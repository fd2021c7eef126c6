//! Who may have an instance, and who waits.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::ReviewError;

/// The turns of an engine: as many as its pool has room for, since a full pool would be an error
/// and not a wait.
#[derive(Debug)]
pub(crate) struct Turns {
    all: Arc<Semaphore>,
    max: usize,
    patience: Duration,
}

/// What one component may have of them: half, so that loops in one do not hold up the others.
pub(crate) struct Share {
    all: Arc<Semaphore>,
    own: Arc<Semaphore>,
    patience: Duration,
}

/// The right to have one instance.
pub(crate) struct Turn {
    pub(crate) waited: Duration,
    _permits: [OwnedSemaphorePermit; 2],
}

impl Turns {
    /// `max` at once; who waits for longer than `patience` is turned away.
    pub(crate) fn new(max: usize, patience: Duration) -> Self {
        Self { all: Arc::new(Semaphore::new(max)), max, patience }
    }

    /// For one more component.
    pub(crate) fn share(&self) -> Share {
        let own = Arc::new(Semaphore::new((self.max / 2).max(1)));
        Share { all: Arc::clone(&self.all), own, patience: self.patience }
    }
}

impl Share {
    /// Waits for a turn: for the component's own first, so that no wait holds up another's.
    pub(crate) async fn turn(&self) -> Result<Turn, ReviewError> {
        let started = Instant::now();
        let wait = async {
            let own = Arc::clone(&self.own).acquire_owned().await.ok()?;
            let of_all = Arc::clone(&self.all).acquire_owned().await.ok()?;
            Some([own, of_all])
        };
        let permits = tokio::time::timeout(self.patience, wait).await.ok().flatten();
        let permits = permits.ok_or(ReviewError::Busy)?;
        Ok(Turn { waited: started.elapsed(), _permits: permits })
    }
}
