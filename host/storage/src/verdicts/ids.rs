//! The ids of verdicts, which hold their time.

use std::{
    collections::HashSet,
    sync::{Mutex, PoisonError},
};

use super::DAY_NANOSECONDS;
use crate::{
    Storage,
    layout::{encode, random_text},
};

/// Characters of a verdict's id.
const ID_CHARS: usize = 11;
/// Bits of an id that tell the time within its day, in steps of 82 ms, and those that tell the day.
const STEP_BITS: u32 = 20;
const DAY_BITS: u32 = 15;

/// The ids issued in the current time step. Ids must be unique in the whole store, but creating a
/// key only detects a duplicate within one repository.
#[derive(Debug, Default)]
pub(crate) struct Ids(Mutex<(i128, HashSet<String>)>);

impl Ids {
    fn is_new(&self, step: i128, id: &str) -> bool {
        let mut given = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if given.0 != step {
            *given = (step, HashSet::new());
        }
        given.1.insert(id.to_owned())
    }
}

impl Storage {
    /// Returns a new verdict id: 11 characters of Crockford's base32. 3 encode the day and 4 the
    /// time of day, so an id alone leads to its folder and ids sort by age. 4 are random.
    pub fn new_verdict_id(&self) -> String {
        loop {
            let step = self.steps();
            let digit = |shift: u32| u8::try_from((step >> shift) & 31).unwrap_or_default();
            let time = encode(&[30, 25, 20, 15, 10, 5, 0].map(digit));
            let id = format!("{time}{}", random_text::<4>()).to_uppercase();
            if self.verdict_ids.is_new(step, &id) {
                return id;
            }
        }
    }

    /// Returns the time in steps; a day has 2^20 of them.
    fn steps(&self) -> i128 {
        (self.clock.exactly().as_nanosecond() << STEP_BITS) / DAY_NANOSECONDS
    }

    /// Returns the current day as a number.
    pub(super) fn today(&self) -> u64 {
        u64::try_from(self.steps() >> STEP_BITS).unwrap_or_default()
    }
}

pub(super) fn is_id(text: &str) -> bool {
    text.len() == ID_CHARS && text.bytes().all(|byte| byte.is_ascii_alphanumeric())
}

/// Whether a day was over more than `days_max` days before `today`. Ids know a day's last 15 bits
/// only, so what seems to be more than half of all days ago is yet to come.
pub(super) fn is_older(day: u64, today: u64, days_max: u32) -> bool {
    let age = today.wrapping_sub(day) & ((1 << DAY_BITS) - 1);
    age > u64::from(days_max) && age < 1 << (DAY_BITS - 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_to_come_is_never_old() {
        assert!(is_older(20_000, 20_091, 90));
        assert!(!is_older(20_001, 20_091, 90));
        assert!(!is_older(20_092, 20_091, 90), "the clock was wrong");
        assert!(is_older(32_767, 32_768 + 90, 90), "the days begin anew in 2059");
        assert!(!is_older(5, 32_768 + 90, 90));
    }

    #[test]
    fn no_id_is_given_twice_in_a_step() {
        let ids = Ids::default();
        assert!(ids.is_new(1, "a") && ids.is_new(1, "b"));
        assert!(!ids.is_new(1, "a"));
        assert!(ids.is_new(2, "a"));
    }
}
