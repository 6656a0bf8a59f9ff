//! [`Subscriber`]: one open stream. It holds at most the unsent rest of one shared event: a slow reader costs the same as
//! any other, and gets the newest when it reads again.
//!
//! Only `audience` calls it, on its own thread. It never waits: what the socket does not take now is tried again later.

use std::cell::{Cell, RefCell};
use std::io::{ErrorKind, Read, Write};
use std::rc::Rc;
use std::time::Instant;

use bytes::Bytes;
use socket2::Socket;

use super::event::{END, Frame, HEARTBEAT};
use crate::tallies::stream::fanout_pass::Tool;
use crate::tallies::stream::stream_limit::StreamPermit;

/// What the kernel holds for one stream (it doubles this): some twenty events, and then it shows that nobody reads.
const SEND_BUFFER: usize = 8 * 1024;

/// A tool on this stream, and the edition that was sent last (0: none).
pub(super) struct Watched {
    pub tool: Rc<Tool>,
    pub sent: Cell<u64>,
}

/// How a write went.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sent {
    Whole,
    /// The socket takes no more for now.
    Stuck,
    Gone,
}

struct Open {
    socket: Socket,
    /// Of a piece whose beginning was sent.
    rest: Bytes,
    _permit: StreamPermit,
}

pub(super) struct Subscriber {
    /// `None`: over.
    open: RefCell<Option<Open>>,
    pub watched: Box<[Watched]>,
    chunked: bool,
    /// Which of the looks at who hung up is its own.
    pub part: u64,
    /// Since when the socket has taken nothing.
    pub stuck: Cell<Option<Instant>>,
    /// When the next heartbeat is due.
    pub beat_at: Cell<Instant>,
}

impl Subscriber {
    pub(super) fn new(
        socket: Socket,
        watched: Box<[Watched]>,
        chunked: bool,
        permit: StreamPermit,
        part: u64,
        beat_at: Instant,
    ) -> Self {
        // Where the kernel refuses one of these, the stream works all the same, only less tidily.
        let _ = socket.set_tcp_nodelay(true);
        let _ = socket.set_send_buffer_size(SEND_BUFFER);
        let open = Open {
            socket,
            rest: Bytes::new(),
            _permit: permit,
        };
        Self {
            open: RefCell::new(Some(open)),
            watched,
            chunked,
            part,
            stuck: Cell::new(None),
            beat_at: Cell::new(beat_at),
        }
    }

    pub(super) fn is_gone(&self) -> bool {
        self.open.borrow().is_none()
    }

    /// Ends the stream; its place is free at once.
    pub(super) fn close(&self) {
        self.open.take();
    }

    /// The proper end of the stream.
    pub(super) fn end(&self) {
        if let Some(mut open) = self.open.take()
            && self.chunked
            && open.rest.is_empty()
        {
            let _ = open.socket.write(END);
        }
    }

    /// Sends what must come first.
    pub(super) fn greet(&self, piece: &Frame, now: Instant) -> Sent {
        self.write(piece.bytes(self.chunked).clone(), true, now)
    }

    /// Sends a heartbeat, unless something is stuck before it.
    pub(super) fn beat(&self, now: Instant) -> Sent {
        if self.stuck.get().is_some() {
            return Sent::Stuck;
        }
        // Kept, so that it is a write that decides when the stream is stuck no longer.
        self.write(HEARTBEAT.bytes(self.chunked).clone(), true, now)
    }

    /// Sends what is newer than what was sent last, tool by tool, after the rest of what was begun.
    pub(super) fn catch_up(&self, now: Instant) -> Sent {
        let rest = match self.open.borrow_mut().as_mut() {
            Some(open) => std::mem::take(&mut open.rest),
            None => return Sent::Gone,
        };
        let mut outcome = if rest.is_empty() {
            Sent::Whole
        } else {
            self.write(rest, true, now)
        };
        for watched in &self.watched {
            if outcome != Sent::Whole {
                return outcome;
            }
            outcome = self.tell(watched, now);
        }
        outcome
    }

    /// Sends one tool's newest event, if it is newer than what was sent.
    pub(super) fn tell(&self, watched: &Watched, now: Instant) -> Sent {
        let event = watched.tool.event.borrow();
        if watched.sent.get() >= event.edition {
            return Sent::Whole;
        }
        let before = watched.sent.replace(event.edition);
        let bytes = event.piece.bytes(self.chunked).clone();
        let outcome = self.write(bytes, false, now);
        // Not a byte of it went out: once the socket takes more, what is newest then goes instead.
        if outcome == Sent::Stuck && self.has_no_rest() {
            watched.sent.set(before);
        }
        outcome
    }

    fn has_no_rest(&self) -> bool {
        self.open
            .borrow()
            .as_ref()
            .is_none_or(|open| open.rest.is_empty())
    }

    /// Writes; `keep` says whether bytes of which the socket took none are sent later all the same.
    fn write(&self, bytes: Bytes, keep: bool, now: Instant) -> Sent {
        let mut slot = self.open.borrow_mut();
        let Some(open) = slot.as_mut() else {
            return Sent::Gone;
        };
        match open.socket.write(&bytes) {
            Ok(all) if all == bytes.len() => {
                self.stuck.set(None);
                Sent::Whole
            }
            Ok(part) => {
                open.rest = bytes.slice(part..);
                self.stuck.set(Some(now));
                Sent::Stuck
            }
            Err(cause)
                if matches!(cause.kind(), ErrorKind::WouldBlock | ErrorKind::Interrupted) =>
            {
                if keep {
                    open.rest = bytes;
                }
                if self.stuck.get().is_none() {
                    self.stuck.set(Some(now));
                }
                Sent::Stuck
            }
            Err(_) => {
                slot.take();
                Sent::Gone
            }
        }
    }

    /// Whether the client has closed its end. What it sends on a stream is read and forgotten.
    pub(super) fn hung_up(&self) -> bool {
        let mut slot = self.open.borrow_mut();
        let Some(open) = slot.as_mut() else {
            return true;
        };
        let mut waste = [0; 512];
        match open.socket.read(&mut waste) {
            Ok(0) => true,
            Ok(_) => false,
            Err(cause) => !matches!(cause.kind(), ErrorKind::WouldBlock | ErrorKind::Interrupted),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config;
    use crate::tallies::stream::stream_limit::StreamLimit;
    use std::net::{TcpListener, TcpStream};

    /// A subscriber of no tool, and its client.
    fn pair() -> (Subscriber, TcpStream) {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let client = TcpStream::connect(listener.local_addr().expect("bound")).expect("connects");
        client.set_nonblocking(true).expect("non-blocking");
        let (socket, _) = listener.accept().expect("accepts");
        socket.set_nonblocking(true).expect("non-blocking");
        let limit = StreamLimit::new(&config::Live {
            streams: 1,
            streams_per_network: 1,
        });
        let (permit, now) = (limit.take(None).expect("a permit"), Instant::now());
        (
            Subscriber::new(socket.into(), Box::new([]), true, permit, 0, now),
            client,
        )
    }

    fn read_all(client: &mut TcpStream, into: &mut Vec<u8>) {
        let mut bytes = [0; 16_384];
        while let Ok(n @ 1..) = client.read(&mut bytes) {
            into.extend_from_slice(bytes.get(..n).expect("read"));
        }
    }

    #[test]
    fn a_stuck_stream_goes_on_where_it_was() {
        let (subscriber, mut client) = pair();
        let (piece, now) = (Frame::new(&[b'x'; 5_000]), Instant::now());
        let mut greeted = 0;
        loop {
            greeted += 1;
            if subscriber.greet(&piece, now) == Sent::Stuck {
                break;
            }
        }
        assert_eq!(subscriber.stuck.get(), Some(now));
        assert_eq!(
            subscriber.beat(now),
            Sent::Stuck,
            "nothing may come between"
        );
        let mut seen = Vec::new();
        while subscriber.catch_up(now) != Sent::Whole {
            read_all(&mut client, &mut seen);
        }
        assert_eq!(subscriber.stuck.get(), None);
        assert_eq!(subscriber.beat(now), Sent::Whole);
        subscriber.end();
        while !seen.ends_with(END) {
            read_all(&mut client, &mut seen);
        }
        let mut expected = piece.bytes(true).repeat(greeted);
        expected.extend_from_slice(HEARTBEAT.bytes(true));
        expected.extend_from_slice(END);
        assert!(
            seen == expected,
            "{} bytes of {}",
            seen.len(),
            expected.len()
        );
        assert!(subscriber.is_gone());
    }

    #[test]
    fn who_hangs_up_is_gone_at_the_next_look() {
        let (subscriber, client) = pair();
        assert!(!subscriber.hung_up());
        drop(client);
        while !subscriber.hung_up() {
            std::thread::yield_now();
        }
    }
}
