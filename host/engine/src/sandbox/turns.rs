//! Who may have an instance, and who waits.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::queue::{Caller, Held, Queue};
use crate::{ReviewError, meter::Meter};

/// The turns of an engine: as many as its pool has room for, since a full pool would be an error
/// and not a wait.
#[derive(Debug)]
pub(crate) struct Turns {
    all: Arc<Semaphore>,
    max: usize,
    patience: Duration,
}

/// What one component may have of them: half, so that loops in one do not hold up the others.
/// Callers share it fairly.
pub(crate) struct Share {
    all: Arc<Semaphore>,
    own: Arc<Queue>,
    patience: Duration,
}

/// The right to have one instance.
pub(crate) struct Turn {
    pub(crate) waited: Duration,
    own: Held,
    _of_all: OwnedSemaphorePermit,
}

impl Turns {
    /// `max` at once; who waits for longer than `patience` is turned away.
    pub(crate) fn new(max: usize, patience: Duration) -> Self {
        Self { all: Arc::new(Semaphore::new(max)), max, patience }
    }

    /// For one more component.
    pub(crate) fn share(&self) -> Share {
        let own = Queue::new((self.max / 2).max(1));
        Share { all: Arc::clone(&self.all), own, patience: self.patience }
    }
}

impl Share {
    /// Waits for a turn: for the component's own first, so that no wait holds up another's.
    pub(crate) async fn turn(&self, caller: &Caller) -> Result<Turn, ReviewError> {
        let started = Instant::now();
        let wait = async {
            let own = self.own.turn(caller).await?;
            let of_all = Arc::clone(&self.all).acquire_owned().await;
            Ok((own, of_all.map_err(|_| ReviewError::Busy)?))
        };
        let permits = tokio::time::timeout(self.patience, wait).await;
        let (own, of_all) = permits.map_err(|_| ReviewError::Busy)??;
        Ok(Turn { waited: started.elapsed(), own, _of_all: of_all })
    }
}

impl Turn {
    /// Puts what is computed in this turn on its caller's account.
    pub(crate) fn charge_by(&mut self, meter: &Arc<Meter>) {
        self.own.meter = Some(Arc::clone(meter));
    }
}
