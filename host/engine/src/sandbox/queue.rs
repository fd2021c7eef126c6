//! Whose review runs next, where more want to run than may.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use tokio::sync::oneshot;

use crate::{ReviewError, meter::Meter};

/// Reviews that wait; more are turned away at once.
const WAITING_MAX: usize = 4096;
/// After so long, half of what was computed is forgotten.
const HALF_LIFE: Duration = Duration::from_secs(10);
/// Accounts that are remembered before those that owe next to nothing are dropped.
const ACCOUNTS_MAX: usize = 4096;
/// What a newcomer is taken to owe, so that who is known to push small things goes first.
const NEWCOMER_SECONDS: f64 = 0.1;
/// Less than this is next to nothing.
const SMALL_SECONDS: f64 = 0.001;

/// On whose behalf a review runs, as two keys that the engine compares and never reads: first come
/// callers, then the parts of one caller.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Caller {
    who: Arc<str>,
    part: Arc<str>,
}

impl Caller {
    /// `who` has a share of the turns, and `part` a share of those.
    pub fn new(who: &str, part: &str) -> Self {
        Self { who: who.into(), part: part.into() }
    }
}

impl Default for Caller {
    /// The server itself, or a command.
    fn default() -> Self {
        Self::new("", "")
    }
}

/// The turns of one component, shared out fairly: the next is the caller's with the fewest reviews
/// under way, then the one's that has computed least of late; then the same among the parts of that
/// caller. Nobody takes the last free turn who has one already, so a newcomer does not wait for the
/// end of reviews that are long.
#[derive(Debug)]
pub(super) struct Queue {
    max: usize,
    inner: Mutex<Inner>,
}

#[derive(Debug)]
struct Inner {
    free: usize,
    /// in the order in which they came
    waiting: Vec<Waiting>,
    callers: HashMap<Arc<str>, Account>,
    parts: HashMap<Caller, Account>,
}

#[derive(Debug)]
struct Waiting {
    caller: Caller,
    grant: oneshot::Sender<Held>,
}

/// What somebody has of the turns.
#[derive(Clone, Copy, Debug)]
struct Account {
    running: usize,
    /// seconds computed, as of `at`
    used: f64,
    at: Instant,
}

/// One of the turns. Dropped, it goes to the next.
#[derive(Debug)]
pub(super) struct Held {
    queue: Arc<Queue>,
    caller: Caller,
    /// what the review computes
    pub(super) meter: Option<Arc<Meter>>,
}

impl Queue {
    pub(super) fn new(max: usize) -> Arc<Self> {
        let (waiting, callers, parts) = (Vec::new(), HashMap::new(), HashMap::new());
        let inner = Mutex::new(Inner { free: max, waiting, callers, parts });
        Arc::new(Self { max, inner })
    }

    /// Waits for a turn. Whoever stops waiting, loses nothing for others.
    pub(super) async fn turn(self: &Arc<Self>, caller: &Caller) -> Result<Held, ReviewError> {
        let (grant, granted) = oneshot::channel();
        {
            let mut inner = self.inner();
            if inner.waiting.len() >= WAITING_MAX {
                inner.waiting.retain(|waiting| !waiting.grant.is_closed());
            }
            if inner.waiting.len() >= WAITING_MAX {
                return Err(ReviewError::Busy);
            }
            inner.waiting.push(Waiting { caller: caller.clone(), grant });
        }
        self.grant();
        granted.await.map_err(|_| ReviewError::Busy)
    }

    /// Gives out what is free.
    fn grant(self: &Arc<Self>) {
        loop {
            let mut inner = self.inner();
            inner.waiting.retain(|waiting| !waiting.grant.is_closed());
            let Some(next) = inner.next(self.max, Instant::now()) else { return };
            let Waiting { caller, grant } = inner.waiting.remove(next);
            inner.begin(&caller);
            drop(inner);
            let held = Held { queue: Arc::clone(self), caller, meter: None };
            // who has just stopped waiting hands it back, which gives it to the next
            drop(grant.send(held));
        }
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Inner {
    /// The position of who comes next, if anyone may.
    fn next(&self, max: usize, now: Instant) -> Option<usize> {
        let newcomer = Account { used: NEWCOMER_SECONDS, ..Account::default() };
        let standing = |waiting: &Waiting| {
            let caller = self.callers.get(&waiting.caller.who).copied().unwrap_or(newcomer);
            let part = self.parts.get(&waiting.caller).copied().unwrap_or(newcomer);
            (caller, part)
        };
        let may = |(caller, part): &(Account, Account)| {
            let left_to_others = match (caller.running, part.running) {
                (0, _) => 0,
                (_, 0) => 1,
                _ => 2,
            };
            self.free > left_to_others.min(max - 1)
        };
        let all = self.waiting.iter().map(standing).enumerate();
        let first = all.filter(|(_, standing)| may(standing)).min_by(|(_, a), (_, b)| {
            let ((caller_a, part_a), (caller_b, part_b)) = (a, b);
            caller_a.compare(caller_b, now).then_with(|| part_a.compare(part_b, now))
        });
        first.map(|(position, _)| position)
    }

    fn begin(&mut self, caller: &Caller) {
        self.free -= 1;
        self.callers.entry(Arc::clone(&caller.who)).or_default().running += 1;
        self.parts.entry(caller.clone()).or_default().running += 1;
    }

    fn end(&mut self, caller: &Caller, spent: Duration) {
        self.free += 1;
        let now = Instant::now();
        for account in
            [self.callers.get_mut(&caller.who), self.parts.get_mut(caller)].into_iter().flatten()
        {
            account.running -= 1;
            (account.used, account.at) = (account.used_by(now) + spent.as_secs_f64(), now);
        }
        let owes = |account: &Account| account.running > 0 || account.used_by(now) > SMALL_SECONDS;
        if self.callers.len() > ACCOUNTS_MAX {
            self.callers.retain(|_, account| owes(account));
        }
        if self.parts.len() > ACCOUNTS_MAX {
            self.parts.retain(|_, account| owes(account));
        }
    }
}

impl Default for Account {
    fn default() -> Self {
        Self { running: 0, used: 0.0, at: Instant::now() }
    }
}

impl Account {
    /// What it has computed, less what is forgotten.
    fn used_by(&self, now: Instant) -> f64 {
        let age = now.saturating_duration_since(self.at).as_secs_f64();
        self.used * (-age / HALF_LIFE.as_secs_f64()).exp2()
    }

    fn compare(&self, other: &Self, now: Instant) -> std::cmp::Ordering {
        let running = self.running.cmp(&other.running);
        running.then_with(|| self.used_by(now).total_cmp(&other.used_by(now)))
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        let spent = self.meter.as_ref().map(|meter| meter.spent_before()).unwrap_or_default();
        self.queue.inner().end(&self.caller, spent);
        self.queue.grant();
    }
}

#[cfg(test)]
mod tests {
    use futures::FutureExt;

    use super::*;

    /// Who gets the turns that become free one after the other, each after it computed for so long.
    fn order(max: usize, callers: &[(&str, &str, u64)]) -> Vec<usize> {
        let queue = Queue::new(max);
        let mut waiting: Vec<_> = callers
            .iter()
            .enumerate()
            .map(|(number, (who, part, millis))| {
                let (queue, caller) = (Arc::clone(&queue), Caller::new(who, part));
                let turn = async move { queue.turn(&caller).await };
                (number, *millis, turn.boxed())
            })
            .collect();
        let (mut running, mut order) = (Vec::new(), Vec::new());
        while order.len() < callers.len() {
            let mut still = Vec::new();
            for (number, millis, mut turn) in waiting {
                match (&mut turn).now_or_never() {
                    Some(held) => {
                        running.push((held.unwrap(), millis));
                        order.push(number);
                    }
                    None => still.push((number, millis, turn)),
                }
            }
            waiting = still;
            if !running.is_empty() {
                let (held, millis) = running.remove(0);
                let (caller, queue) = (held.caller.clone(), Arc::clone(&queue));
                // as if its meter had said so, just before it ends
                let seconds = Duration::from_millis(millis).as_secs_f64();
                let mut inner = queue.inner();
                inner.callers.get_mut(&caller.who).unwrap().used += seconds;
                inner.parts.get_mut(&caller).unwrap().used += seconds;
                drop(inner);
                drop(held);
            }
        }
        order
    }

    #[tokio::test]
    async fn callers_take_turns_whoever_came_first() {
        let mut callers = vec![("a", "x", 500); 6];
        callers.extend([("b", "x", 5), ("b", "x", 5), ("c", "x", 5)]);
        // when the first one came, nobody else was there
        assert_eq!(order(1, &callers)[..4], [0, 6, 7, 8]);
    }

    #[tokio::test]
    async fn so_do_the_parts_of_one_caller() {
        let mut callers = vec![("a", "heavy", 500); 6];
        callers.extend([("a", "light", 5), ("a", "light", 5)]);
        assert_eq!(order(1, &callers)[..3], [0, 6, 7]);
        // many parts give a caller no more than one
        let mut callers: Vec<_> =
            ["p", "q", "r", "s"].map(|part| ("a", part, 500)).into_iter().collect();
        callers.push(("b", "x", 5));
        assert_eq!(order(1, &callers)[..2], [0, 4]);
    }

    #[tokio::test]
    async fn who_is_known_for_small_things_goes_before_newcomers() {
        let known = ("a", "light", 5);
        let mut callers = vec![known];
        callers.extend(["p", "q", "r", "s"].map(|part| ("a", part, 500)));
        callers.push(known);
        assert_eq!(order(1, &callers)[..3], [0, 5, 1]);
    }

    #[tokio::test]
    async fn the_last_turns_are_left_to_newcomers() {
        let queue = Queue::new(4);
        let turn = |who: &'static str, part: &'static str| {
            let queue = Arc::clone(&queue);
            async move { queue.turn(&Caller::new(who, part)).await.unwrap() }.boxed()
        };
        let first = turn("a", "x").now_or_never().unwrap();
        let _second = turn("a", "x").now_or_never().unwrap();
        let mut third = turn("a", "x");
        assert!((&mut third).now_or_never().is_none());
        let _other_part = turn("a", "y").now_or_never().unwrap();
        assert!(turn("a", "z").now_or_never().is_none());
        let _other_caller = turn("b", "x").now_or_never().unwrap();
        assert!(turn("c", "x").now_or_never().is_none(), "there are no more");
        drop(first);
        assert!((&mut third).now_or_never().is_none(), "that one is left to others, too");
        assert!(turn("c", "x").now_or_never().is_some());
    }

    #[tokio::test]
    async fn whoever_stops_waiting_takes_nothing_along() {
        let queue = Queue::new(1);
        let held = queue.turn(&Caller::default()).now_or_never().unwrap().unwrap();
        for _ in 0..100 {
            assert!(queue.turn(&Caller::default()).now_or_never().is_none());
        }
        let caller = Caller::default();
        let mut granted = queue.turn(&caller).boxed();
        assert!((&mut granted).now_or_never().is_none());
        drop(held);
        // it has a turn that it never looks at
        drop(granted);
        assert!(queue.turn(&Caller::default()).now_or_never().is_some());
    }

    #[tokio::test]
    async fn the_queue_is_bounded() {
        let queue = Queue::new(1);
        let _held = queue.turn(&Caller::default()).now_or_never().unwrap().unwrap();
        let caller = Caller::default();
        let mut waiting: Vec<_> = (0..WAITING_MAX).map(|_| queue.turn(&caller).boxed()).collect();
        assert!(waiting.iter_mut().all(|turn| turn.now_or_never().is_none()));
        let more = queue.turn(&caller).now_or_never().unwrap();
        assert_eq!(more.err(), Some(ReviewError::Busy));
        // those who are gone no longer count
        waiting.truncate(10);
        assert!(queue.turn(&caller).now_or_never().is_none());
    }
}
