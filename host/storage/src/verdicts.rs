//! Verdicts that are found by their id. What they say is admission's business.

use bytes::Bytes;

use crate::{
    Result, Storage,
    id::{encode, random_text},
    key::Key,
};

const SECONDS_A_DAY: i64 = 86_400;

impl Storage {
    /// A new verdict id: 11 characters of Crockford's base32, 3 for the day and 8 random, so that
    /// an id alone finds its object.
    pub fn new_verdict_id(&self) -> String {
        let day = self.clock.now().as_second() / SECONDS_A_DAY;
        let digit = |shift: u32| u8::try_from((day >> shift) & 31).unwrap_or_default();
        let day = encode(&[digit(10), digit(5), digit(0)]);
        format!("{day}{}", random_text::<8>()).to_uppercase()
    }

    /// Keeps a verdict with findings. One that is there already stays.
    pub async fn put_verdict(&self, id: &str, verdict: Bytes) -> Result<()> {
        self.backend.create(&Key::Verdict(id).path(), verdict).await?;
        Ok(())
    }

    /// A verdict with findings, by its id, in any case of letters.
    pub async fn verdict(&self, id: &str) -> Result<Option<Bytes>> {
        let id = id.to_uppercase();
        let valid = id.len() == 11 && id.bytes().all(|byte| byte.is_ascii_alphanumeric());
        if !valid {
            return Ok(None);
        }
        self.backend.read(&Key::Verdict(&id).path()).await
    }
}
