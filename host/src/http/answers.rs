//! Answers that are in memory until their client has taken them, which a client may do slowly.
//!
//! Small ones are bounded by the number of connections. All large ones together have a limited
//! room, and equal ones share their bytes, so that many who read one page hold it once. Whoever has
//! to wait for room waits with nothing in memory, and makes the answer after that.

use std::{
    sync::{Arc, Mutex, PoisonError, Weak},
    time::Duration,
};

use axum::{
    body::{Body, HttpBody},
    response::Response,
};
use bytes::Bytes;
use http_body_util::BodyExt;
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore},
    time::timeout,
};

use crate::error::{Case, Error};

/// Bytes of an answer that needs no room.
pub(super) const SMALL_BYTES_MAX: usize = 64 << 10;
/// Bytes that a page may have, whatever it lists.
pub(super) const PAGE_BYTES_MAX: usize = 4 << 20;
/// KiB of all large answers at once.
const LARGE_KIB_MAX: u32 = 128 << 10;
/// Longest wait for room, which costs no memory. After that the client is asked to try again.
const WAIT_MAX: Duration = Duration::from_secs(30);

/// The large answers that are under way.
#[derive(Debug)]
pub(super) struct Answers {
    room: Arc<Semaphore>,
    pages: Mutex<Vec<Weak<Page>>>,
}

/// The bytes of a large answer, and the room that they take.
#[derive(Debug)]
struct Page {
    bytes: Bytes,
    _room: OwnedSemaphorePermit,
}

/// One of those who hold a page.
struct Share(Arc<Page>);

impl AsRef<[u8]> for Share {
    fn as_ref(&self) -> &[u8] {
        &self.0.bytes
    }
}

/// Room for one answer that is being made.
pub(super) struct Space<'a> {
    answers: &'a Answers,
    room: Option<OwnedSemaphorePermit>,
}

impl Answers {
    pub(super) fn new() -> Self {
        let room = Arc::new(Semaphore::new(LARGE_KIB_MAX as usize));
        Self { room, pages: Mutex::default() }
    }

    /// For an answer that is small, as far as is known.
    pub(super) fn space(&self) -> Space<'_> {
        Space { answers: self, room: None }
    }

    /// The same bytes, held by another answer already.
    fn share(&self, bytes: &Bytes) -> Option<Arc<Page>> {
        let mut pages = self.pages.lock().unwrap_or_else(PoisonError::into_inner);
        pages.retain(|page| page.strong_count() > 0);
        pages.iter().filter_map(Weak::upgrade).find(|page| page.bytes == bytes)
    }

    fn hold(&self, bytes: Bytes, room: OwnedSemaphorePermit) -> Arc<Page> {
        let page = Arc::new(Page { bytes, _room: room });
        let mut pages = self.pages.lock().unwrap_or_else(PoisonError::into_inner);
        pages.push(Arc::downgrade(&page));
        page
    }
}

impl Space<'_> {
    /// Takes room for a page, if there is some now. Without it the answer must stay small, or be
    /// given up until [`Space::wait`] found room.
    pub(super) fn grow(&mut self) -> bool {
        self.grow_to(PAGE_BYTES_MAX)
    }

    fn grow_to(&mut self, bytes: usize) -> bool {
        let held = self.room.as_ref().map_or(0, OwnedSemaphorePermit::num_permits);
        let Some(missing) = kib(bytes).checked_sub(held).filter(|missing| *missing > 0) else {
            return true;
        };
        let missing = u32::try_from(missing).unwrap_or(u32::MAX);
        let Ok(more) = Arc::clone(&self.answers.room).try_acquire_many_owned(missing) else {
            return false;
        };
        match &mut self.room {
            Some(room) => room.merge(more),
            None => self.room = Some(more),
        }
        true
    }

    /// Waits until there is room for so many bytes, a page at least.
    ///
    /// # Errors
    ///
    /// [`Case::Unavailable`] if there is none for thirty seconds.
    pub(super) async fn wait(&mut self, bytes: usize) -> Result<(), Error> {
        // whoever holds some and waits for more would be waited for by another one
        self.room = None;
        let wanted = u32::try_from(kib(bytes.max(PAGE_BYTES_MAX))).unwrap_or(u32::MAX);
        let room = Arc::clone(&self.answers.room).acquire_many_owned(wanted);
        let room = timeout(WAIT_MAX, room).await.ok().and_then(Result::ok);
        let busy = "too many large answers are being sent; try again";
        self.room = Some(room.ok_or_else(|| Error::new(Case::Unavailable, busy))?);
        Ok(())
    }

    /// Makes an answer hold its room until it has gone out. Fails with its size in bytes where
    /// there is too little room now.
    pub(super) async fn keep(&mut self, response: Response) -> Result<Response, usize> {
        let size = response.body().size_hint().lower();
        let size = usize::try_from(size).unwrap_or(usize::MAX);
        if size <= SMALL_BYTES_MAX {
            self.room = None;
            return Ok(response);
        }
        let (head, mut body) = response.into_parts();
        // in memory, and so in one piece
        let bytes =
            body.frame().await.and_then(Result::ok).and_then(|frame| frame.into_data().ok());
        let bytes = bytes.unwrap_or_default();
        let page = match self.answers.share(&bytes) {
            Some(page) => page,
            None if !self.grow_to(size) => return Err(size),
            None => {
                let held = self.room.take().and_then(|mut room| room.split(kib(size)));
                self.answers.hold(bytes, held.ok_or(size)?)
            }
        };
        self.room = None;
        Ok(Response::from_parts(head, Body::from(Bytes::from_owner(Share(page)))))
    }
}

/// The room that so many bytes take; what is larger than all of it takes all.
fn kib(bytes: usize) -> usize {
    bytes.div_ceil(1 << 10).min(LARGE_KIB_MAX as usize)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(letter: u8) -> Response {
        Response::new(Body::from(vec![letter; PAGE_BYTES_MAX]))
    }

    #[tokio::test]
    async fn equal_answers_share_their_bytes_and_others_have_a_limit() {
        let answers = Answers::new();
        let mut held = Vec::new();
        for _ in 0..100 {
            held.push(answers.space().keep(page(0)).await.unwrap());
        }
        for letter in 1..32 {
            held.push(answers.space().keep(page(letter)).await.unwrap());
        }
        assert_eq!(answers.space().keep(page(99)).await.unwrap_err(), PAGE_BYTES_MAX);
        assert!(!answers.space().grow());
        answers.space().keep(page(5)).await.unwrap();
        let small = Response::new(Body::from(vec![0; SMALL_BYTES_MAX]));
        answers.space().keep(small).await.unwrap();
        held.truncate(101);
        answers.space().keep(page(99)).await.unwrap();
    }

    #[tokio::test]
    async fn room_that_was_waited_for_is_free_again_afterwards() {
        let answers = Answers::new();
        let mut all = answers.space();
        all.wait(usize::MAX).await.unwrap();
        assert!(all.grow() && !answers.space().grow());
        let kept = all.keep(page(0)).await.unwrap();
        answers.space().wait(1).await.unwrap();
        drop(kept);
        answers.space().wait(usize::MAX).await.unwrap();
    }
}
