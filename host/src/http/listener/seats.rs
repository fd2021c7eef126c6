//! Which connections may be open: a limited number in all and for each address.
//!
//! A connection is idle while no request is under way on it: before the first one, between two, and
//! while the header of the next one is incomplete. When a limit is reached, the connection that has
//! been idle for longest is closed to admit a new one. A connection with a request under way is
//! never closed for another. While all seats are taken, neither is one that became idle only just
//! now, since its next request may be on its way.

use std::{
    collections::{BTreeSet, HashMap},
    net::{IpAddr, Ipv6Addr},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use tokio::{
    sync::Notify,
    time::{Duration, Instant, timeout_at},
};

/// Up to so many connections in all, a single address may have each of them: a share of these
/// would be too few for one client.
const SHARED_FROM: usize = 17;
/// How long what became idle just now is spared where there are few seats. With more of them the
/// longest idle is idle for longer anyway, and a flood of connections waits for less.
pub(super) const GRACE: Duration = Duration::from_secs(1);
const GRACE_SEATS: usize = 16;

/// The connections of a listener.
#[derive(Debug)]
pub(super) struct Seats {
    all_max: usize,
    address_max: usize,
    grace: Duration,
    state: Mutex<State>,
    /// tells the accept loop that a connection ended or became idle
    changed: Notify,
}

#[derive(Debug, Default)]
struct State {
    open: HashMap<u64, Open>,
    /// idle connections, the longest idle first
    idle: BTreeSet<(Instant, u64)>,
    /// the same by address
    idle_of: BTreeSet<(Address, Instant, u64)>,
    /// connections of an address, without those that were told to close
    count_of: HashMap<Address, usize>,
    /// connections that were told to close and are still open
    closing: usize,
    /// the number of the last connection
    last: u64,
}

#[derive(Debug)]
struct Open {
    address: Address,
    /// when it became idle, unless a request is under way
    idle_since: Option<Instant>,
    closing: bool,
    close: Arc<Notify>,
}

/// Where a connection comes from. None: the operator's socket, which has no limit for each address.
type Address = Option<IpAddr>;

/// An address, or the network that a client of IPv6 usually has for itself.
fn address_of(peer: Option<IpAddr>) -> Address {
    let network = |address: Ipv6Addr| Ipv6Addr::from_bits(address.to_bits() & !0 << 64);
    peer.map(|peer| match peer.to_canonical() {
        IpAddr::V4(address) => address.into(),
        IpAddr::V6(address) => network(address).into(),
    })
}

/// What became of a try to get a seat.
enum Try {
    Seated(Seat),
    /// none is free yet; at that time one may be, if not before
    Wait(Option<Instant>),
    /// the address has its share, and a request is under way on each of its connections
    Refused,
}

impl Seats {
    /// `all_max` connections, `address_percent` of them for each address.
    pub(super) fn new(all_max: usize, address_percent: u8, grace: Duration) -> Arc<Self> {
        let share = all_max.saturating_mul(usize::from(address_percent)).div_ceil(100);
        let address_max = if all_max < SHARED_FROM { all_max } else { share };
        let parts = u32::try_from((all_max / GRACE_SEATS).max(1)).unwrap_or(u32::MAX);
        let grace = grace / parts;
        let (state, changed) = (Mutex::default(), Notify::new());
        Arc::new(Self { all_max, address_max, grace, state, changed })
    }

    /// Waits for a seat for a connection from `peer`. Returns `None` if its address has its share
    /// and none of its connections is idle. Only one caller at a time may wait.
    pub(super) async fn take(self: &Arc<Self>, peer: Option<IpAddr>) -> Option<Seat> {
        let address = address_of(peer);
        loop {
            match self.try_take(address) {
                Try::Seated(seat) => return Some(seat),
                Try::Refused => return None,
                Try::Wait(None) => self.changed.notified().await,
                // either way it is tried again
                Try::Wait(Some(until)) => {
                    timeout_at(until, self.changed.notified()).await.unwrap_or_default();
                }
            }
        }
    }

    /// A seat for a connection from `peer`, if one is free at once.
    pub(super) fn take_now(self: &Arc<Self>, peer: Option<IpAddr>) -> Option<Seat> {
        match self.try_take(address_of(peer)) {
            Try::Seated(seat) => Some(seat),
            Try::Wait(_) | Try::Refused => None,
        }
    }

    fn try_take(self: &Arc<Self>, address: Address) -> Try {
        let mut state = self.state();
        let own = state.count_of.get(&address).copied().unwrap_or_default();
        if address.is_some() && self.address_max < self.all_max && own >= self.address_max {
            let Some(longest) = state.longest_idle_of(address) else { return Try::Refused };
            state.tell_to_close(longest);
        }
        if state.open.len() >= self.all_max {
            return match state.idle.first().copied() {
                // one is enough
                _ if state.closing > 0 => Try::Wait(None),
                None => Try::Wait(None),
                Some((since, longest)) if self.is_over(since) => {
                    state.tell_to_close(longest);
                    Try::Wait(None)
                }
                Some((since, _)) => Try::Wait(Some(since + self.grace)),
            };
        }
        let (id, close) = state.add(address);
        drop(state);
        Try::Seated(Seat { seats: Arc::clone(self), id, close })
    }

    /// Whether the time is over for which what is idle gives way to nothing.
    fn is_over(&self, idle_since: Instant) -> bool {
        idle_since.elapsed() >= self.grace
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn longest_idle_of(&self, address: Address) -> Option<u64> {
        // the first of all that come after any of the addresses before it
        let longest = self.idle_of.range((address, self.idle.first()?.0, 0)..).next()?;
        (longest.0 == address).then_some(longest.2)
    }

    fn add(&mut self, address: Address) -> (u64, Arc<Notify>) {
        self.last += 1;
        let (id, close) = (self.last, Arc::new(Notify::new()));
        let open = Open { address, idle_since: None, closing: false, close: Arc::clone(&close) };
        self.open.insert(id, open);
        *self.count_of.entry(address).or_default() += 1;
        self.set_idle(id);
        (id, close)
    }

    fn set_idle(&mut self, id: u64) {
        let now = Instant::now();
        let Some(open) = self.open.get_mut(&id) else { return };
        if open.closing || open.idle_since.is_some() {
            return;
        }
        open.idle_since = Some(now);
        self.idle.insert((now, id));
        self.idle_of.insert((open.address, now, id));
    }

    fn set_busy(&mut self, id: u64) {
        let Some(open) = self.open.get_mut(&id) else { return };
        if let Some(since) = open.idle_since.take() {
            self.idle.remove(&(since, id));
            self.idle_of.remove(&(open.address, since, id));
        }
        if std::mem::take(&mut open.closing) {
            // a request came in that very moment: it is served, and counts again until its end
            self.closing -= 1;
            *self.count_of.entry(open.address).or_default() += 1;
        }
    }

    fn tell_to_close(&mut self, id: u64) {
        self.set_busy(id);
        let Some(open) = self.open.get_mut(&id) else { return };
        open.closing = true;
        open.close.notify_one();
        self.closing += 1;
        let address = open.address;
        self.uncount(address);
    }

    fn remove(&mut self, id: u64) {
        self.set_busy(id);
        let Some(open) = self.open.remove(&id) else { return };
        self.uncount(open.address);
    }

    fn uncount(&mut self, address: Address) {
        if let Some(count) = self.count_of.get_mut(&address) {
            *count -= 1;
            if *count == 0 {
                self.count_of.remove(&address);
            }
        }
    }
}

/// The right of one connection to be open. It ends when this is dropped.
#[derive(Debug)]
pub(super) struct Seat {
    seats: Arc<Seats>,
    id: u64,
    close: Arc<Notify>,
}

impl Seat {
    /// Says that a request is under way.
    pub(super) fn busy(&self) {
        self.seats.state().set_busy(self.id);
        self.seats.changed.notify_one();
    }

    /// Says that no request is under way any more.
    pub(super) fn idle(&self) {
        self.seats.state().set_idle(self.id);
        self.seats.changed.notify_one();
    }

    /// Waits until the connection shall close for another one.
    pub(super) async fn told_to_close(&self) {
        self.close.notified().await;
    }

    /// Whether the connection may be cut: it was told to close, and no request came since.
    pub(super) fn may_be_cut(&self) -> bool {
        self.seats.state().open.get(&self.id).is_none_or(|open| open.closing)
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        self.seats.state().remove(self.id);
        self.seats.changed.notify_one();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ONE: Address = Some(IpAddr::V4(std::net::Ipv4Addr::new(192, 0, 2, 1)));
    const TWO: Address = Some(IpAddr::V4(std::net::Ipv4Addr::new(192, 0, 2, 2)));

    fn seated(seats: &Arc<Seats>, address: Address) -> Seat {
        match seats.try_take(address) {
            Try::Seated(seat) => seat,
            Try::Wait(_) | Try::Refused => panic!("there is no seat"),
        }
    }

    #[test]
    fn the_longest_idle_of_an_address_gives_way_to_its_next() {
        let seats = Seats::new(20, 10, Duration::ZERO);
        let (first, second) = (seated(&seats, ONE), seated(&seats, ONE));
        let other = seated(&seats, TWO);
        first.busy();
        first.idle();
        let _third = seated(&seats, ONE);
        assert_eq!([&first, &second, &other].map(Seat::may_be_cut), [false, true, false]);
    }

    #[test]
    fn an_address_whose_connections_are_all_busy_gets_no_more_and_others_do() {
        let seats = Seats::new(20, 10, Duration::ZERO);
        let mine = [seated(&seats, ONE), seated(&seats, ONE)];
        mine.iter().for_each(Seat::busy);
        assert!(matches!(seats.try_take(ONE), Try::Refused));
        let _other = seated(&seats, TWO);
        mine[1].idle();
        let _next = seated(&seats, ONE);
        assert!(mine[1].may_be_cut() && !mine[0].may_be_cut());
    }

    #[test]
    fn with_all_seats_taken_one_idle_connection_gives_way_at_a_time() {
        let seats = Seats::new(2, 100, Duration::ZERO);
        let (first, second) = (seated(&seats, ONE), seated(&seats, TWO));
        assert!(matches!(seats.try_take(TWO), Try::Wait(None)));
        assert!(matches!(seats.try_take(TWO), Try::Wait(None)));
        assert!(first.may_be_cut() && !second.may_be_cut());
        drop(first);
        let _third = seated(&seats, TWO);
    }

    #[test]
    fn a_request_that_comes_in_that_very_moment_is_served_and_another_gives_way() {
        let seats = Seats::new(2, 100, Duration::ZERO);
        let (first, second) = (seated(&seats, ONE), seated(&seats, ONE));
        assert!(matches!(seats.try_take(TWO), Try::Wait(None)));
        first.busy();
        assert!(!first.may_be_cut());
        assert!(matches!(seats.try_take(TWO), Try::Wait(None)));
        assert!(second.may_be_cut());
        drop((first, second));
        assert!(seats.state().count_of.is_empty() && seats.state().closing == 0);
    }

    #[test]
    fn with_all_seats_taken_what_became_idle_only_just_now_is_spared() {
        let seats = Seats::new(2, 100, GRACE);
        let (first, second) = (seated(&seats, ONE), seated(&seats, TWO));
        let Try::Wait(Some(until)) = seats.try_take(TWO) else { panic!("it shall wait") };
        assert!(until > Instant::now() && until <= Instant::now() + GRACE);
        assert!(!first.may_be_cut() && !second.may_be_cut());
    }

    #[test]
    fn a_network_of_ipv6_is_one_address() {
        let address = |text: &str| address_of(Some(text.parse().unwrap()));
        assert_eq!(address("2001:db8::1"), address("2001:db8::ffff:0:0:1"));
        assert_ne!(address("2001:db8::1"), address("2001:db8:0:1::1"));
        assert_eq!(address("::ffff:192.0.2.1"), ONE);
        assert_ne!(ONE, TWO);
    }

    #[test]
    fn few_connections_are_not_shared_out() {
        for (all, percent, most) in [(2, 50, 2), (16, 50, 16), (17, 50, 9), (4096, 50, 2048)] {
            assert_eq!(Seats::new(all, percent, GRACE).address_max, most);
        }
    }
}
