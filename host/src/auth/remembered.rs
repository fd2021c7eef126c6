//! Logins that were proven a moment ago.

use std::{fmt, time::Duration};

use anyhow::anyhow;
use hmac::{Hmac, KeyInit, Mac};
use moka::sync::Cache;
use sha2::Sha256;

use super::{basic::Credential, users::Hash};

/// How long a success counts, and how many are kept.
const KEPT: Duration = Duration::from_mins(1);
const LOGINS_MAX: u64 = 10_000;

/// Proven logins, by a keyed hash that tells nothing of the password and outlives no process.
pub(super) struct Remembered {
    secret: [u8; 32],
    proven: Cache<Key, ()>,
}

/// Stands for name, password and the user's hash: a password that was changed is forgotten.
pub(super) type Key = [u8; 32];

impl Remembered {
    pub(super) fn new() -> anyhow::Result<Self> {
        let mut secret = [0; 32];
        let filled = getrandom::fill(&mut secret);
        filled.map_err(|error| anyhow!("the system can't provide random bytes: {error}"))?;
        let proven = Cache::builder().max_capacity(LOGINS_MAX).time_to_live(KEPT).build();
        Ok(Self { secret, proven })
    }

    pub(super) fn key(&self, credential: &Credential, hash: &Hash) -> Key {
        // HMAC takes keys of every length
        let mut mac = Hmac::<Sha256>::new_from_slice(&self.secret).expect("a key of any length");
        for part in [credential.name.as_str(), hash.as_str(), &credential.password] {
            mac.update(&(part.len() as u64).to_be_bytes());
            mac.update(part.as_bytes());
        }
        mac.finalize().into_bytes().into()
    }

    pub(super) fn holds(&self, key: &Key) -> bool {
        self.proven.contains_key(key)
    }

    pub(super) fn keep(&self, key: Key) {
        self.proven.insert(key, ());
    }
}

/// The secret stays out of logs.
impl fmt::Debug for Remembered {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Remembered")
    }
}
