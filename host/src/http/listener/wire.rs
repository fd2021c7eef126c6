//! What the two ends of a connection's service know of each other: its stream, which sees bytes,
//! and its requests and answers.

use std::sync::{
    Arc, Mutex, PoisonError,
    atomic::{AtomicBool, Ordering},
};

use axum::http::StatusCode;
use bytes::Bytes;

use super::{head::Head, seats::Seat};
use crate::http::{body::Companion, respond};

/// One connection.
#[derive(Debug)]
pub(super) struct Wire {
    /// its right to be open
    pub(super) seat: Seat,
    /// a header is awaited, or a part of it has come
    awaits_head: AtomicBool,
    head: Mutex<Head>,
    /// the answer is complete, and perhaps not yet written
    is_answered: AtomicBool,
    /// the body of some request was not read to its end
    has_unread: AtomicBool,
}

impl Wire {
    /// A connection on which nothing has come yet.
    pub(super) fn new(seat: Seat) -> Arc<Self> {
        Arc::new(Self {
            seat,
            awaits_head: AtomicBool::new(true),
            head: Mutex::default(),
            is_answered: AtomicBool::new(false),
            has_unread: AtomicBool::new(false),
        })
    }

    /// Says that the header of a request is there, and returns whether that held `Content-Length`.
    pub(super) fn begin(&self) -> bool {
        self.awaits_head.store(false, Ordering::Relaxed);
        self.is_answered.store(false, Ordering::Relaxed);
        self.seat.busy();
        std::mem::take(&mut *self.head.lock().unwrap_or_else(PoisonError::into_inner))
            .has_content_length()
    }

    /// Whether no request is under way. What is written then is hyper's own answer to a header that
    /// it rejects.
    pub(super) fn awaits_head(&self) -> bool {
        self.awaits_head.load(Ordering::Relaxed)
    }

    /// Builds the response that replaces hyper's own, which carries only a status and a date.
    pub(super) fn rejection(&self, own: &[u8]) -> Bytes {
        // the client may be sending a body
        self.left_unread();
        let own = String::from_utf8_lossy(own);
        let status = own.split(' ').nth(1).and_then(|status| status.parse().ok());
        let date = own.lines().find(|line| line.starts_with("date: ")).unwrap_or("date: ");
        let head = self.head.lock().unwrap_or_else(PoisonError::into_inner);
        let error = head.rejected(status.unwrap_or(StatusCode::BAD_REQUEST));
        respond::last_words(&error, date).into()
    }

    /// Hands on what was read.
    pub(super) fn has_read(&self, bytes: &[u8]) {
        // what a body left unread may be among the bytes then
        if self.awaits_head() && !self.has_unread() {
            self.head.lock().unwrap_or_else(PoisonError::into_inner).read(bytes);
        }
    }

    /// Says that everything was written that was to be.
    pub(super) fn has_written(&self) {
        if self.is_answered.swap(false, Ordering::Relaxed) {
            self.awaits_head.store(true, Ordering::Relaxed);
            self.seat.idle();
        }
    }

    /// Says that the body of a request was dropped before its end.
    pub(super) fn left_unread(&self) {
        self.has_unread.store(true, Ordering::Relaxed);
    }

    /// Whether the client may still be sending what nobody reads.
    pub(super) fn has_unread(&self) -> bool {
        self.has_unread.load(Ordering::Relaxed)
    }
}

/// Goes along with the body of an answer, so that the connection learns of its end.
pub(super) struct End(pub(super) Arc<Wire>);

impl Companion for End {}

impl Drop for End {
    fn drop(&mut self) {
        self.0.is_answered.store(true, Ordering::Relaxed);
    }
}
