//! Notices that a policy was saved.
//!
//! By looking, not by being told: what looks the same twice in a row was written to its end, and a
//! look finds every way of saving, over network file systems and mounted volumes too.

use std::time::Duration;

use tokio::time::{MissedTickBehavior, interval};

use super::{Loaded, Loader, Watched};

const PERIOD: Duration = Duration::from_millis(250);

/// Loads the policy again whenever something that it is made of has changed, for ever. `watched`:
/// what it was made of when it was loaded last.
pub async fn watch(loader: Loader, watched: Watched, apply: impl Fn(Loaded) -> Watched) {
    let mut loaded = watched;
    let mut before = loaded.clone();
    let mut looks = interval(PERIOD);
    looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        looks.tick().await;
        let marks = loaded.clone();
        let Ok(now) = tokio::task::spawn_blocking(move || marks.now()).await else { continue };
        if now != loaded && now == before {
            loaded = apply(loader.load().await);
            before = loaded.clone();
        } else {
            before = now;
        }
    }
}
