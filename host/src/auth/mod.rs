//! Who is it? Static users of an htpasswd file, by HTTP Basic. Whoever is one of them may do
//! everything.
//!
//! bcrypt is slow on purpose, so a check never runs on a thread that serves requests, half of the
//! cores stay free of them, and a success is remembered for a minute. A name that nobody has costs
//! as much as one that somebody has. Knows neither HTTP's types nor what is stored.

mod basic;
mod remembered;
mod users;

use std::{path::PathBuf, sync::Arc, time::Duration};

use serde::{Deserialize, Serialize};
use tokio::{
    sync::{Semaphore, watch},
    task::spawn_blocking,
    time::timeout,
};

use crate::{
    error::{Case, Error},
    principal::Principal,
};
use basic::Credential;
use remembered::Remembered;
use users::{File, Users};

/// What a client is asked for that has not logged in (RFC 7617 §2).
const CHALLENGE: &str = "Basic realm=\"roadstead\"";
/// How often the file is looked at.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// Longest wait for a check's turn; those who guess can make no longer queue than this.
const QUEUE_MAX: Duration = Duration::from_secs(10);

/// `[auth]`: who may come in.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct AuthConfig {
    /// File of names and bcrypt hashes, as `htpasswd -B` writes it; then every request needs a
    /// login. Empty: nobody does. Default: empty.
    pub htpasswd: PathBuf,
    /// Whether to listen beyond loopback although passwords then cross the network in the clear,
    /// unless a proxy with TLS stands in between. Default: false.
    pub allow_plain_http_beyond_loopback: bool,
}

impl AuthConfig {
    /// Whether a login is asked for.
    pub fn is_on(&self) -> bool {
        !self.htpasswd.as_os_str().is_empty()
    }
}

/// Tells who a request comes from.
#[derive(Debug)]
pub struct Auth {
    /// none: no login is asked for
    gate: Option<Gate>,
}

#[derive(Debug)]
struct Gate {
    file: File,
    users: watch::Sender<Arc<Users>>,
    remembered: Remembered,
    /// checks at once
    turns: Arc<Semaphore>,
    queue_max: Duration,
}

impl Auth {
    /// Asks for no login: where only the owner of everything can ask at all.
    pub fn off() -> Self {
        Self { gate: None }
    }

    /// Reads the users, if there are to be any. A file that can't be read whole is an error.
    pub fn open(config: &AuthConfig) -> anyhow::Result<Self> {
        if !config.is_on() {
            return Ok(Self::off());
        }
        let mut file = File::new(config.htpasswd.clone());
        let users = watch::Sender::new(Arc::new(file.read()?));
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        let turns = Arc::new(Semaphore::new(1.max(cores / 2)));
        let (remembered, queue_max) = (Remembered::new()?, QUEUE_MAX);
        Ok(Self { gate: Some(Gate { file, users, remembered, turns, queue_max }) })
    }

    /// Who the values of `Authorization` prove to ask; anonymous where no login is asked for.
    ///
    /// # Errors
    ///
    /// [`Case::Unauthorized`] if they prove no user, and [`Case::Unavailable`] if too many logins
    /// wait to be checked.
    pub async fn login(&self, authorization: &[&[u8]]) -> Result<Principal, Error> {
        let Some(gate) = &self.gate else { return Ok(Principal::Anonymous) };
        let credential = Credential::parse(authorization)?;
        gate.check(credential).await.map(|name| Principal::user(&name))
    }

    /// Keeps up with the file, for as long as the server runs. A file that can't be read changes
    /// nothing.
    pub async fn follow(&self) {
        let Some(gate) = &self.gate else { return };
        let mut file = gate.file.clone();
        loop {
            tokio::time::sleep(LOOK_EVERY).await;
            let looked = spawn_blocking(move || {
                let changed = file.changed();
                (changed.then(|| file.read()), file)
            });
            let Ok((read, same)) = looked.await else { return };
            file = same;
            match read {
                None => {}
                Some(Ok(users)) => {
                    tracing::info!(users = users.len(), "the users file was reloaded");
                    gate.users.send_replace(Arc::new(users));
                }
                Some(Err(cause)) => {
                    let message =
                        "the users file could not be reloaded; the previous users stay in force";
                    tracing::error!(%cause, message);
                }
            }
        }
    }
}

impl Gate {
    async fn check(&self, credential: Credential) -> Result<String, Error> {
        let (hash, known) = self.users.borrow().hash_for(&credential.name);
        let key = self.remembered.key(&credential, &hash);
        if known && self.remembered.holds(&key) {
            return Ok(credential.name);
        }
        let turn = timeout(self.queue_max, Arc::clone(&self.turns).acquire_owned());
        let Ok(Ok(turn)) = turn.await else {
            let message = "too many logins are waiting to be checked; try again";
            return Err(Error::new(Case::Unavailable, message));
        };
        // a client that opens with several requests at once proves itself with the first
        if known && self.remembered.holds(&key) {
            return Ok(credential.name);
        }
        let Credential { name, password } = credential;
        let fits = spawn_blocking(move || {
            let fits = hash.fits(&password);
            // not before the end, even where the request is gone
            drop(turn);
            fits
        });
        let fits = fits.await.map_err(|panicked| {
            Error::new(Case::Internal, "the login could not be checked").because(panicked)
        })?;
        if !(fits && known) {
            return Err(Error::unauthorized(CHALLENGE, "wrong name or password"));
        }
        self.remembered.keep(key);
        Ok(name)
    }
}

#[cfg(test)]
mod tests {
    use base64::{Engine, engine::general_purpose::STANDARD};

    use super::*;

    /// What `anna` and `bert` wrote into a file with `htpasswd -B -C 4`.
    fn auth(lines: &str) -> (Auth, tempfile::TempDir) {
        let folder = tempfile::tempdir().unwrap();
        let htpasswd = folder.path().join("users");
        std::fs::write(&htpasswd, lines).unwrap();
        let config = AuthConfig { htpasswd, ..AuthConfig::default() };
        (Auth::open(&config).unwrap(), folder)
    }

    fn line(name: &str, password: &str) -> String {
        format!("{name}:{}\n", bcrypt::hash(password, 4).unwrap())
    }

    fn basic(text: &str) -> String {
        format!("Basic {}", STANDARD.encode(text))
    }

    async fn login(auth: &Auth, text: &str) -> Result<String, Case> {
        let login = auth.login(&[basic(text).as_bytes()]).await;
        login.map(|user| user.recorded().unwrap()).map_err(|error| error.case)
    }

    #[tokio::test]
    async fn a_name_with_its_own_password_is_let_in() {
        let (auth, _folder) = auth(&(line("anna", "a:b:") + &line("bért", "pässwörd")));
        assert_eq!(login(&auth, "anna:a:b:").await, Ok("anna".into()));
        assert_eq!(login(&auth, "bért:pässwörd").await, Ok("bért".into()));
        for wrong in ["anna:a:b", "anna:pässwörd", "anna:", "anna", ":a:b:", "carl:a:b:", ""] {
            assert_eq!(login(&auth, wrong).await, Err(Case::Unauthorized), "{wrong}");
        }
    }

    #[tokio::test]
    async fn an_unknown_name_gets_in_with_nobodys_password() {
        let (auth, _folder) = auth(&line("anna", "secret"));
        login(&auth, "anna:secret").await.unwrap();
        // the one hash there is stands in for every unknown name
        assert_eq!(login(&auth, "carl:secret").await, Err(Case::Unauthorized));
        assert_eq!(login(&auth, "carl:secret").await, Err(Case::Unauthorized));
    }

    #[tokio::test]
    async fn a_password_that_bcrypt_would_cut_is_refused() {
        let long = "x".repeat(72);
        let (auth, _folder) = auth(&line("anna", &long));
        login(&auth, &format!("anna:{long}")).await.unwrap();
        assert_eq!(login(&auth, &format!("anna:{long}x")).await, Err(Case::Unauthorized));
    }

    #[tokio::test]
    async fn a_success_is_remembered_until_the_password_changes_and_a_failure_is_not() {
        let (auth, folder) = auth(&line("anna", "old"));
        login(&auth, "anna:old").await.unwrap();
        login(&auth, "anna:new").await.unwrap_err();
        let gate = auth.gate.as_ref().unwrap();
        let turns = u32::try_from(gate.turns.available_permits()).unwrap();
        // no turn is left, so only what is remembered is answered
        let _all = gate.turns.acquire_many(turns).await.unwrap();
        let moment = Duration::from_millis(50);
        login(&auth, "anna:old").await.unwrap();
        timeout(moment, login(&auth, "anna:new")).await.unwrap_err();
        std::fs::write(folder.path().join("users"), line("anna", "new")).unwrap();
        gate.users.send_replace(Arc::new(gate.file.clone().read().unwrap()));
        timeout(moment, login(&auth, "anna:old")).await.unwrap_err();
    }

    #[tokio::test]
    async fn whoever_waits_too_long_for_a_turn_may_try_again() {
        let (mut auth, _folder) = auth(&line("anna", "secret"));
        auth.gate.as_mut().unwrap().queue_max = Duration::from_millis(20);
        let gate = auth.gate.as_ref().unwrap();
        let turns = u32::try_from(gate.turns.available_permits()).unwrap();
        let _all = gate.turns.acquire_many(turns).await.unwrap();
        assert_eq!(login(&auth, "anna:secret").await, Err(Case::Unavailable));
    }
}
