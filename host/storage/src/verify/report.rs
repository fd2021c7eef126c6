//! What an audit tells.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{Error, Result};

/// Most faults that a report lists; the count goes on.
const FAULTS_MAX: usize = 1000;

/// What an audit found.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Audit {
    /// how many of each thing are sound
    pub sound: BTreeMap<String, u64>,
    /// how much of each kind crashes have left
    pub litter: BTreeMap<String, u64>,
    /// broken promises, at most a thousand of them
    pub faults: Vec<AuditFault>,
    /// all broken promises
    pub fault_count: u64,
}

/// A broken promise.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuditFault {
    /// the key at which it shows
    pub key: String,
    /// what is wrong
    pub what: String,
}

impl Audit {
    pub(super) fn sound(&mut self, what: &str) {
        *self.sound.entry(what.to_owned()).or_default() += 1;
    }

    pub(super) fn litter(&mut self, what: &str) {
        *self.litter.entry(what.to_owned()).or_default() += 1;
    }

    pub(super) fn fault(&mut self, key: String, what: impl ToString) {
        self.fault_count += 1;
        if self.faults.len() < FAULTS_MAX {
            self.faults.push(AuditFault { key, what: what.to_string() });
        }
    }

    /// What can't be read is a fault; what can't be reached ends the audit.
    pub(super) fn damage(&mut self, error: Error) -> Result<()> {
        match error {
            Error::Corrupt { key, why } => {
                self.fault(key, why);
                Ok(())
            }
            error => Err(error),
        }
    }

    pub(super) fn add(&mut self, other: Self) {
        for (what, count) in other.sound {
            *self.sound.entry(what).or_default() += count;
        }
        for (what, count) in other.litter {
            *self.litter.entry(what).or_default() += count;
        }
        self.fault_count += other.fault_count;
        let room = FAULTS_MAX.saturating_sub(self.faults.len());
        self.faults.extend(other.faults.into_iter().take(room));
    }
}
