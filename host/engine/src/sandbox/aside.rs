//! Long reviews make way for whoever serves.

use std::{future::poll_fn, task::Poll, thread, time::Duration};

use futures::future::BoxFuture;
use tokio::{runtime::Handle, sync::oneshot};
use tracing::{Instrument, Span};

use crate::meter::Meter;

/// What a review computes among the requests before it goes aside: several times what a chart, a
/// signature or an image's manifest takes.
const AMONG_REQUESTS_MAX: Duration = Duration::from_millis(20);
/// How much less the scheduler gives to what is aside; a tenth of what it gives to a request.
#[cfg(target_os = "linux")]
const NICENESS: i32 = 10;

/// Carries a call out: where the request is, and, once it has computed for long, on a thread of
/// its own with a low priority. A guest that only yielded would still take turns with requests, and
/// a few of them most of the machine. There are never more such threads than turns. None: the
/// thread has panicked.
///
/// Who drops this ends the call, where it next waits or yields.
pub(super) async fn run<T: Send + 'static>(
    mut work: BoxFuture<'static, T>,
    meter: &Meter,
) -> Option<T> {
    let among_requests = poll_fn(|context| match work.as_mut().poll(context) {
        Poll::Ready(done) => Poll::Ready(Some(done)),
        Poll::Pending if meter.spent_before() > AMONG_REQUESTS_MAX => Poll::Ready(None),
        Poll::Pending => Poll::Pending,
    });
    if let Some(done) = among_requests.await {
        return Some(done);
    }
    let (hand, handed) = oneshot::channel::<BoxFuture<'static, T>>();
    let (answer, answered) = oneshot::channel();
    let (runtime, span) = (Handle::current(), Span::current());
    let aside = move || {
        let Ok(work) = handed.blocking_recv() else { return };
        make_way();
        runtime.block_on(until_unwanted(work, answer).instrument(span));
    };
    // handed over only then, since a thread that can't start would take the call with it
    let started = thread::Builder::new().name("review".to_owned()).spawn(aside);
    if let Err(error) = &started {
        tracing::warn!(%error, "a long review stays among the requests");
    }
    match hand.send(work) {
        Ok(()) => answered.await.ok(),
        Err(work) => Some(work.await),
    }
}

/// Answers what `work` comes to, unless nobody waits for it any more.
async fn until_unwanted<T>(work: BoxFuture<'static, T>, mut answer: oneshot::Sender<T>) {
    let done = tokio::select! {
        biased;
        () = answer.closed() => return,
        done = work => done,
    };
    // who went away in this moment needs nothing
    drop(answer.send(done));
}

/// Lowers the priority of this thread.
#[cfg(target_os = "linux")]
fn make_way() {
    use rustix::{process::setpriority_process, thread::gettid};
    // for Linux a thread is a process of its own here
    if let Err(error) = setpriority_process(Some(gettid()), NICENESS) {
        tracing::debug!(%error, "a long review keeps its priority");
    }
}

/// Elsewhere a priority is all of a process's, and being on its own thread has to do.
#[cfg(not(target_os = "linux"))]
fn make_way() {}
