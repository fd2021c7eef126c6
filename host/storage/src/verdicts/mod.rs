//! Verdicts: those that are found by their id, and the judgements that stand with a manifest. What
//! they say is admission's business, but for the manifest that they name.

mod refusals;

pub use refusals::Refusal;

use std::cmp::Reverse;

use bytes::Bytes;
use futures::{
    Stream, StreamExt, TryStreamExt,
    future::{Ready, ready},
    stream,
};
use serde_json::Value;

use roadstead_oci::{Digest, Repository};

use crate::{
    Manifest, Push, Result, Storage,
    layout::{Key, Prefix, day_of, decode, encode, random_text, record},
};

const DAY_NANOSECONDS: i128 = 86_400 * 1_000_000_000;
/// Characters of a verdict's id.
const ID_CHARS: usize = 11;
/// Bits of an id that tell the time within its day, in steps of 82 ms, and those that tell the day.
const STEP_BITS: u32 = 20;
const DAY_BITS: u32 = 15;
/// Judgements kept of one manifest after the one that let it in.
const LATER_MAX: usize = 100;
/// Objects read or removed at a time.
const AT_ONCE: usize = 8;

impl Storage {
    /// A new verdict id: 11 characters of Crockford's base32. 3 tell the day, so that an id alone
    /// finds its object, 4 the time of that day, so that ids are listed by their age, and 4 are
    /// random.
    pub fn new_verdict_id(&self) -> String {
        let time = self.steps();
        let digit = |shift: u32| u8::try_from((time >> shift) & 31).unwrap_or_default();
        let time = encode(&[30, 25, 20, 15, 10, 5, 0].map(digit));
        format!("{time}{}", random_text::<4>()).to_uppercase()
    }

    /// The time in steps, of which a day has 2^20.
    fn steps(&self) -> i128 {
        (self.clock.exactly().as_nanosecond() << STEP_BITS) / DAY_NANOSECONDS
    }

    /// Keeps a verdict with findings. One that is there already stays; false then.
    pub async fn put_verdict(&self, id: &str, verdict: Bytes) -> Result<bool> {
        self.backend.create(&Key::Verdict(id).path(), verdict).await
    }

    /// A verdict with findings, by its id, in any case of letters.
    pub async fn verdict(&self, id: &str) -> Result<Option<Bytes>> {
        let id = id.to_uppercase();
        match is_id(&id) {
            true => self.backend.read(&Key::Verdict(&id).path()).await,
            false => Ok(None),
        }
    }

    /// The verdicts with findings, each with its id, the newest first; only those that are older
    /// than the one called `before`. They are read as far as somebody asks, and names are listed
    /// day by day.
    pub async fn verdicts<'a>(
        &'a self,
        before: Option<&'a str>,
    ) -> Result<impl Stream<Item = Result<(String, Bytes)>> + Send + use<'a>> {
        let mut days = self.resolver.names(&Prefix::VerdictDays).await?;
        days.retain(|day| before.is_none_or(|before| day.as_str() <= day_of(before)));
        let ids = stream::iter(days.into_iter().rev().map(Ok)).and_then(move |day| async move {
            let mut ids = self.resolver.names(&Prefix::VerdictsOf(&day)).await?;
            ids.retain(|id| is_id(id) && before.is_none_or(|before| id.as_str() < before));
            Ok(stream::iter(ids.into_iter().rev().map(Ok)))
        });
        let verdict = move |id: String| async move {
            let verdict = self.backend.read(&Key::Verdict(&id).path()).await?;
            Ok(verdict.map(|verdict| (id, verdict)))
        };
        Ok(ids.try_flatten().map_ok(verdict).try_buffered(AT_ONCE).try_filter_map(gone))
    }

    /// Removes the verdicts with findings of days that were over more than `days_max` days ago.
    /// Answers how many went. Those that stand with manifests stay.
    pub async fn sweep_verdicts(&self, days_max: u32) -> Result<usize> {
        let today = u64::try_from(self.steps() >> STEP_BITS).unwrap_or_default();
        let mut removed = 0;
        for day in self.resolver.names(&Prefix::VerdictDays).await? {
            if !decode(&day).is_some_and(|day| is_older(day, today, days_max)) {
                continue;
            }
            let ids = self.resolver.names(&Prefix::VerdictsOf(&day)).await?;
            removed += ids.len();
            let swept = stream::iter(ids.into_iter().map(Ok));
            swept.try_for_each_concurrent(AT_ONCE, |id| self.sweep_verdict(id)).await?;
        }
        Ok(removed)
    }

    /// The refusal goes first: it never names a verdict that is not there.
    async fn sweep_verdict(&self, id: String) -> Result<()> {
        let key = Key::Verdict(&id).path();
        let verdict = self.backend.read(&key).await?.unwrap_or_default();
        let verdict: Value = serde_json::from_slice(&verdict).unwrap_or_default();
        let names = ["repository", "digest"].map(|name| verdict[name].as_str().unwrap_or_default());
        if let (Ok(repository), Ok(digest)) = (Repository::parse(names[0]), Digest::parse(names[1]))
        {
            self.forget_refusal(&repository, &digest, &id).await?;
        }
        self.backend.discard(&key).await;
        Ok(())
    }

    /// Everything that was judged about a stored manifest, the newest first: the verdict that let
    /// it in, and later ones. They are read one by one, as far as somebody asks.
    pub async fn judgements<'a>(
        &'a self,
        repository: &'a Repository,
        manifest: &'a Manifest,
    ) -> Result<impl Stream<Item = Result<Value>> + Send + use<'a>> {
        let later = Prefix::LaterVerdicts(repository, &manifest.digest);
        let mut ids = self.resolver.names(&later).await?;
        let record = manifest.record();
        let first = record.verdict_id().unwrap_or_default().to_owned();
        ids.retain(|id| is_id(id) && *id != first);
        ids.push(first.clone());
        ids.sort_unstable_by_key(|id| Reverse(id.clone()));
        let judged_first = record.verdict;
        Ok(stream::iter(ids).map(Ok).try_filter_map(move |id| {
            let own = (id == first).then(|| judged_first.clone());
            async move {
                if own.is_some() {
                    return Ok(own);
                }
                let key = Key::LaterVerdict(repository, &manifest.digest, &id).path();
                let Some(verdict) = self.resolver.immutable(&key).await? else { return Ok(None) };
                Ok(Some(record::decode(&key, &verdict)?.0))
            }
        }))
    }

    /// Keeps a judgement of a manifest that is stored already. Of too many the oldest go, also from
    /// where their ids find them.
    pub(crate) async fn put_later_verdict(
        &self,
        (repository, digest): &(Repository, Digest),
        push: &Push,
    ) -> Result<()> {
        let key = Key::LaterVerdict(repository, digest, &push.verdict_id).path();
        if !self.backend.create(&key, record::encode(&push.record.verdict, b"")).await? {
            return Ok(());
        }
        let ids = self.resolver.names(&Prefix::LaterVerdicts(repository, digest)).await?;
        for id in &ids[..ids.len().saturating_sub(LATER_MAX)] {
            self.backend.discard(&Key::LaterVerdict(repository, digest, id).path()).await;
            self.backend.discard(&Key::Verdict(id).path()).await;
        }
        Ok(())
    }
}

/// Leaves out what went between its listing and its reading.
fn gone<T>(found: Option<T>) -> Ready<Result<Option<T>>> {
    ready(Ok(found))
}

fn is_id(text: &str) -> bool {
    text.len() == ID_CHARS && text.bytes().all(|byte| byte.is_ascii_alphanumeric())
}

/// Whether a day was over more than `days_max` days before `today`. Ids know a day's last 15 bits
/// only, so what seems to be more than half of all days ago is yet to come.
fn is_older(day: u64, today: u64, days_max: u32) -> bool {
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
}
