//! The connection under HTTP: it ends what hangs, and can be given away once an answer's head is out.
//!
//! `server` serves on [`Connection`]s; every request carries its [`ConnState`], by which a handler asks for the socket. It must
//! cost a vote next to nothing: no timer a request, one lazily armed a connection.

mod io;
pub mod parse_errors;

use std::cell::Cell;
use std::io::{Error, ErrorKind, Result};
use std::net::SocketAddr;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, ready};
use std::time::{Duration, Instant};

use bytes::{Buf, Bytes};
use socket2::Socket;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::Sleep;

pub use io::ClientStream;

/// What the client began must be whole within this time; with one [`TICK`] more it stays under 15 s. A body that a handler
/// waits for has the handler's own deadline.
const WHOLE_WITHIN: Duration = Duration::from_secs(10);
/// Writing may stand still for this long.
const STUCK_FOR: Duration = Duration::from_secs(30);
/// While something is under way, the connection is looked at this often.
const TICK: Duration = Duration::from_secs(3);

/// Receives the socket, in non-blocking mode, with the answer's head already sent.
pub type OnUpgrade = Box<dyn FnOnce(Socket)>;

/// What a connection and the handlers of its requests know of each other.
#[derive(Default)]
pub struct ConnState {
    /// A call waits for its handler: meanwhile the handler's deadlines count, not the guard's.
    handled: Cell<bool>,
    taker: Cell<Option<OnUpgrade>>,
    is_closing: Cell<bool>,
}

impl ConnState {
    /// Asks for the socket as soon as everything written so far has been sent. HTTP on this connection ends then.
    pub fn give_to(&self, taker: OnUpgrade) {
        self.taker.set(Some(taker));
    }

    /// The connection ends with the present answer: what the client sent behind that request must not be done.
    pub fn close(&self) {
        self.is_closing.set(true);
    }

    pub fn is_closing(&self) -> bool {
        self.is_closing.get()
    }
}

/// While it lives, a whole head is being handled, and the connection's own guard waits. A call that never waits needs none.
pub struct InFlight(Option<Rc<ConnState>>);

impl InFlight {
    pub fn of(line: Option<&Rc<ConnState>>) -> Self {
        let line = line.cloned();
        if let Some(line) = &line {
            line.handled.set(true);
        }
        Self(line)
    }

    /// See [`ConnState::close`].
    pub fn close(&self) {
        if let Some(line) = &self.0 {
            line.close();
        }
    }
}

impl Drop for InFlight {
    fn drop(&mut self) {
        if let Some(line) = &self.0 {
            line.handled.set(false);
        }
    }
}

/// A client's connection.
pub struct Connection {
    /// `None`: given away.
    io: Option<ClientStream>,
    line: Rc<ConnState>,
    /// Whether the client has ever said anything.
    heard: bool,
    /// Since when there are bytes of a request whose answer has not begun.
    begun: Option<Instant>,
    /// The last bytes that were read are the beginning of a head.
    has_half_head: bool,
    /// Since when nothing can be written.
    stuck: Option<Instant>,
    clock: Option<Pin<Box<Sleep>>>,
    ticking: bool,
    /// Goes out in the place of what the framework writes; what is left of it.
    instead: Option<Bytes>,
}

impl Connection {
    pub fn new(io: impl Into<ClientStream>) -> Self {
        Self {
            io: Some(io.into()),
            line: Rc::default(),
            heard: false,
            begun: None,
            has_half_head: false,
            stuck: None,
            clock: None,
            ticking: false,
            instead: None,
        }
    }

    pub fn line(&self) -> &Rc<ConnState> {
        &self.line
    }

    /// `None` for the peer of a Unix socket.
    pub fn peer(&self) -> Option<SocketAddr> {
        self.io.as_ref()?.peer()
    }

    /// Makes sure that the next tick comes. The timer wakes the one task that ever polls this connection.
    fn tick(&mut self, now: Instant, cx: &mut Context<'_>) {
        if self.ticking {
            return;
        }
        self.ticking = true;
        let at = (now + TICK).into();
        let clock = self
            .clock
            .get_or_insert_with(|| Box::pin(tokio::time::sleep_until(at)));
        clock.as_mut().reset(at);
        if clock.as_mut().poll(cx).is_ready() {
            cx.waker().wake_by_ref();
        }
    }

    /// Judges the connection at its ticks, and only then.
    fn judge(&mut self, cx: &mut Context<'_>) -> Result<()> {
        let due = self.ticking && self.clock.as_ref().is_some_and(|clock| clock.is_elapsed());
        if !due {
            return Ok(());
        }
        self.ticking = false;
        let now = Instant::now();
        let longer = |since: Option<Instant>, limit: Duration| {
            since.is_some_and(|since| now.duration_since(since) >= limit)
        };
        // Requests behind an answer that nobody reads wait for their reader.
        let waits_for_us = self.line.handled.get() || self.stuck.is_some();
        if longer(self.stuck, STUCK_FOR) || (longer(self.begun, WHOLE_WITHIN) && !waits_for_us) {
            return Err(Error::from(ErrorKind::TimedOut));
        }
        if self.stuck.is_some() || self.begun.is_some() {
            self.tick(now, cx);
        }
        Ok(())
    }

    /// Writes `bytes`, or what goes out in their place.
    fn write(&mut self, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<Result<usize>> {
        if !self.heard {
            // Clients and balancers keep spare connections. A 408 on one that has waited too long would be taken for the
            // answer to the first request that is sent on it; its end says enough.
            return Poll::Ready(Ok(bytes.len()));
        }
        if self.instead.is_none() {
            self.instead = parse_errors::filled(bytes);
        }
        let Some(mut instead) = self.instead.take() else {
            return self.io()?.poll_write(cx, bytes);
        };
        while instead.has_remaining() {
            match self.io()?.poll_write(cx, &instead) {
                Poll::Ready(written) => instead.advance(written?),
                Poll::Pending => {
                    self.instead = Some(instead);
                    return Poll::Pending;
                }
            }
        }
        Poll::Ready(Ok(bytes.len()))
    }

    fn io(&mut self) -> Result<Pin<&mut ClientStream>> {
        let gone = || Error::from(ErrorKind::NotConnected);
        self.io.as_mut().map(Pin::new).ok_or_else(gone)
    }
}

/// Whether what follows the last end of a head is the beginning of another; `None` if no head ends here. A body of ours never
/// begins with a capital letter, as a method does.
fn ends_in_head(read: &[u8]) -> Option<bool> {
    const END: &[u8] = b"\r\n\r\n";
    if read.ends_with(END) {
        return Some(false);
    }
    let last = read.windows(END.len()).rposition(|bytes| bytes == END)?;
    Some(
        read.get(last + END.len())
            .is_some_and(u8::is_ascii_uppercase),
    )
}

impl AsyncRead for Connection {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        into: &mut ReadBuf<'_>,
    ) -> Poll<Result<()>> {
        let this = self.get_mut();
        this.judge(cx)?;
        let before = into.filled().len();
        ready!(this.io()?.poll_read(cx, into))?;
        let read = into.filled().get(before..).unwrap_or_default();
        this.heard |= !read.is_empty();
        this.has_half_head = ends_in_head(read).unwrap_or(this.has_half_head);
        if this.begun.is_none() && into.filled().len() > before {
            let now = Instant::now();
            this.begun = Some(now);
            this.tick(now, cx);
        }
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Connection {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<Result<usize>> {
        let this = self.get_mut();
        let outcome = this.write(cx, bytes);
        if outcome.is_ready() {
            this.begun = None;
            this.stuck = None;
            if this.has_half_head {
                // It came with the request that was just answered, and must be whole in time too.
                let now = Instant::now();
                this.begun = Some(now);
                this.tick(now, cx);
            }
        } else {
            this.judge(cx)?;
            let now = Instant::now();
            this.stuck.get_or_insert(now);
            this.tick(now, cx);
        }
        outcome
    }

    /// Everything was written: the moment to give the socket away, if somebody asked for it.
    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<()>> {
        let this = self.get_mut();
        this.judge(cx)?;
        if let Some(taker) = this.line.taker.take() {
            if let Some(io) = this.io.take() {
                taker(io.into_socket()?);
            }
            // The next read finds nothing here, which ends HTTP on this connection and frees its buffers.
            cx.waker().wake_by_ref();
        }
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<()>> {
        match self.get_mut().io() {
            Ok(io) => io.poll_shutdown(cx),
            Err(_given_away) => Poll::Ready(Ok(())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::ends_in_head;

    #[test]
    fn the_beginning_of_another_head_is_told_from_a_body() {
        for (read, expected) in [
            ("GET / HTTP/1.1\r\nhost: x\r\n\r\n", Some(false)),
            ("PUT / HTTP/1.1\r\n\r\n{\"choice\":\"ship\"}", Some(false)),
            ("POST / HTTP/1.1\r\n\r\nchoice=ship", Some(false)),
            ("GET / HTTP/1.1\r\n\r\nGET / HT", Some(true)),
            ("GET / HTTP/1.1\r\n\r\nP", Some(true)),
            ("GET / HTTP/1.1\r\nhost", None),
            ("", None),
        ] {
            assert_eq!(ends_in_head(read.as_bytes()), expected, "{read:?}");
        }
    }
}
