//! Bounds for clients that stop sending or stop taking.

use std::{
    io,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
    time::Duration,
};

use bytes::{Buf, Bytes};
use hyper::body::{Body, Frame, Incoming, SizeHint};
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    time::{Instant, Sleep, sleep, sleep_until},
};

use super::wire::Wire;
use crate::http::request_log::BytesIn;

/// How long the other end may do nothing. It costs a clock's reading and no timer for as long as
/// things move.
struct Patience {
    idle: Duration,
    waiting_since: Option<Instant>,
    /// set once and moved only when it rings too early
    alarm: Option<Pin<Box<Sleep>>>,
}

impl Patience {
    fn new(idle: Duration) -> Self {
        Self { idle, waiting_since: None, alarm: None }
    }

    fn progress(&mut self) {
        self.waiting_since = None;
    }

    /// Ready when it is over. To be asked whenever there was no progress.
    fn poll_end(&mut self, context: &mut Context<'_>) -> Poll<()> {
        let deadline = *self.waiting_since.get_or_insert_with(Instant::now) + self.idle;
        let alarm = self.alarm.get_or_insert_with(|| Box::pin(sleep_until(deadline)));
        loop {
            ready!(alarm.as_mut().poll(context));
            if Instant::now() >= deadline {
                return Poll::Ready(());
            }
            alarm.as_mut().reset(deadline);
        }
    }
}

/// A request's body that fails when nothing of it comes for a while, and counts its bytes.
pub(super) struct IdleBody {
    body: Incoming,
    patience: Patience,
    received: BytesIn,
    wire: Arc<Wire>,
    has_ended: bool,
}

impl IdleBody {
    /// `idle` is the longest pause between two frames.
    pub(super) fn new(body: Incoming, idle: Duration, received: BytesIn, wire: Arc<Wire>) -> Self {
        Self { body, patience: Patience::new(idle), received, wire, has_ended: false }
    }
}

impl Drop for IdleBody {
    fn drop(&mut self) {
        if !self.has_ended && !self.body.is_end_stream() {
            self.wire.left_unread();
        }
    }
}

impl Body for IdleBody {
    type Data = Bytes;
    type Error = Box<dyn std::error::Error + Send + Sync>;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        if let Poll::Ready(frame) = Pin::new(&mut self.body).poll_frame(context) {
            self.patience.progress();
            self.has_ended = frame.is_none();
            if let Some(Ok(frame)) = &frame
                && let Some(data) = frame.data_ref()
            {
                self.received.add(data.len());
            }
            return Poll::Ready(frame.map(|frame| frame.map_err(Into::into)));
        }
        ready!(self.patience.poll_end(context));
        let error = io::Error::new(io::ErrorKind::TimedOut, "the client sent nothing for too long");
        Poll::Ready(Some(Err(error.into())))
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

/// A connection that breaks when the other end takes nothing for a while.
pub(super) struct Progressing<T> {
    stream: T,
    patience: Patience,
    wire: Arc<Wire>,
    /// what is still to be written of the answer to a header that hyper rejects
    rejection: Option<Bytes>,
    lingering: Option<Lingering>,
}

/// What is still read after the last answer. Closed at once, a connection whose client is sending a
/// body that nobody wants would be reset, and the answer with it.
struct Lingering {
    end: Pin<Box<Sleep>>,
    bytes: usize,
}

/// Longest time of that, and most bytes.
const LINGER: Duration = Duration::from_secs(2);
const LINGER_BYTES_MAX: usize = 64 << 20;

impl<T> Progressing<T> {
    /// `idle` is the longest time without a byte taken while some wait to be.
    pub(super) fn new(stream: T, idle: Duration, wire: Arc<Wire>) -> Self {
        let patience = Patience::new(idle);
        Self { stream, patience, wire, rejection: None, lingering: None }
    }

    fn bound<R>(
        &mut self,
        context: &mut Context<'_>,
        written: Poll<io::Result<R>>,
    ) -> Poll<io::Result<R>> {
        if written.is_ready() {
            self.patience.progress();
            return written;
        }
        ready!(self.patience.poll_end(context));
        let error =
            io::Error::new(io::ErrorKind::TimedOut, "the client received nothing for too long");
        Poll::Ready(Err(error))
    }
}

impl<T: AsyncWrite + Unpin> Progressing<T> {
    /// Writes our answer to a header that hyper rejects, where `own` of `bytes` is the beginning of
    /// hyper's.
    fn poll_reject(
        &mut self,
        context: &mut Context<'_>,
        own: &[u8],
        bytes: usize,
    ) -> Poll<io::Result<usize>> {
        let mut rest = self.rejection.take().unwrap_or_else(|| self.wire.rejection(own));
        while !rest.is_empty() {
            let written = Pin::new(&mut self.stream).poll_write(context, &rest);
            match self.bound(context, written) {
                Poll::Ready(Ok(0)) => return Poll::Ready(Err(io::ErrorKind::WriteZero.into())),
                Poll::Ready(Ok(written)) => rest.advance(written),
                Poll::Ready(Err(error)) => return Poll::Ready(Err(error)),
                Poll::Pending => {
                    self.rejection = Some(rest);
                    return Poll::Pending;
                }
            }
        }
        self.rejection = Some(rest);
        Poll::Ready(Ok(bytes))
    }
}

impl<T: AsyncRead + Unpin> Progressing<T> {
    /// Reads and drops until the client has closed as well, or that is enough.
    fn poll_linger(&mut self, context: &mut Context<'_>) -> Poll<()> {
        let Self { stream, lingering, .. } = self;
        let new = || Lingering { end: Box::pin(sleep(LINGER)), bytes: 0 };
        let Lingering { end, bytes } = lingering.get_or_insert_with(new);
        let mut space = [0; 16 << 10];
        while end.as_mut().poll(context).is_pending() && *bytes < LINGER_BYTES_MAX {
            let mut buffer = ReadBuf::new(&mut space);
            let read = ready!(Pin::new(&mut *stream).poll_read(context, &mut buffer));
            if read.is_err() || buffer.filled().is_empty() {
                break;
            }
            *bytes += buffer.filled().len();
        }
        Poll::Ready(())
    }
}

impl<T: AsyncRead + Unpin> AsyncRead for Progressing<T> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        ready!(Pin::new(&mut self.stream).poll_read(context, buffer))?;
        self.wire.has_read(buffer.filled().get(before..).unwrap_or_default());
        Poll::Ready(Ok(()))
    }
}

impl<T: AsyncRead + AsyncWrite + Unpin> AsyncWrite for Progressing<T> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        if self.wire.awaits_head() {
            return self.poll_reject(context, bytes, bytes.len());
        }
        let written = Pin::new(&mut self.stream).poll_write(context, bytes);
        self.bound(context, written)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let flushed = Pin::new(&mut self.stream).poll_flush(context);
        ready!(self.bound(context, flushed))?;
        // only once nothing waits to be written is a connection flushed
        self.wire.has_written();
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.lingering.is_none() {
            let closed = Pin::new(&mut self.stream).poll_shutdown(context);
            ready!(self.bound(context, closed))?;
        }
        if self.wire.has_unread() {
            ready!(self.poll_linger(context));
        }
        Poll::Ready(Ok(()))
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        if self.wire.awaits_head() {
            let own = bytes.first().map_or(&[][..], |own| own);
            return self.poll_reject(context, own, bytes.iter().map(|part| part.len()).sum());
        }
        let written = Pin::new(&mut self.stream).poll_write_vectored(context, bytes);
        self.bound(context, written)
    }
}
