//! Calls on a fixed schedule, sent and received by one thread: a load generator that shares two cores with what it
//! measures must itself cost little, or it measures itself.
//!
//! `openloop` calls it. Each call is timed from when it was due until its whole answer was read. It must never wait for an
//! answer before it sends what is due, unless every connection waits for one: then what is due waits, and its clock runs.
use crate::load::head;
use rustix::event::epoll;
use rustix::time::{
    Itimerspec, TimerfdClockId, TimerfdFlags, TimerfdTimerFlags, Timespec, timerfd_create,
    timerfd_settime,
};
use std::collections::VecDeque;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

/// How often it looks what is due. More often would cost more than it shows.
const TICK_NANOS: i64 = 100_000;
/// No answer for this long: the server hangs.
const HUNG: Duration = Duration::from_secs(60);
/// An answer with all its headers.
const BUFFER_BYTES: usize = 16 * 1024;

struct Connection {
    stream: TcpStream,
    buffer: Vec<u8>,
    /// When the call under way was due.
    due: Instant,
}

impl Connection {
    fn open(address: &str) -> Connection {
        let stream = TcpStream::connect(address).expect("connects");
        stream.set_nodelay(true).expect("nodelay");
        stream.set_nonblocking(true).expect("no blocking");
        Connection {
            stream,
            buffer: Vec::with_capacity(BUFFER_BYTES),
            due: Instant::now(),
        }
    }

    fn send(&mut self, request: &[u8], due: Instant) {
        // Some hundred bytes into an empty buffer of the kernel's.
        self.stream.write_all(request).expect("sends");
        self.buffer.clear();
        self.due = due;
    }

    /// The status, once the whole answer is there.
    fn answered(&mut self, bytes: &mut [u8]) -> Option<u16> {
        match self.stream.read(bytes) {
            Ok(0) => panic!("the server closed a connection"),
            Ok(n) => self.buffer.extend_from_slice(&bytes[..n]),
            Err(cause) if cause.kind() == std::io::ErrorKind::WouldBlock => return None,
            Err(cause) => panic!("reads: {cause}"),
        }
        let (status, length) = head(&self.buffer)?;
        (self.buffer.len() >= length).then_some(status)
    }
}

/// Sends `requests` at `rate` a second over so many `connections`; how long each took, in no order. All must succeed.
pub fn run(address: &str, connections: usize, rate: f64, requests: &[Vec<u8>]) -> Vec<Duration> {
    let epoll = epoll::create(epoll::CreateFlags::CLOEXEC).expect("epoll");
    let mut all: Vec<Connection> = (0..connections)
        .map(|_| Connection::open(address))
        .collect();
    for (n, connection) in (0..).zip(&all) {
        let data = epoll::EventData::new_u64(n);
        epoll::add(&epoll, &connection.stream, data, epoll::EventFlags::IN).expect("watches");
    }
    let tick = timerfd_create(TimerfdClockId::Monotonic, TimerfdFlags::CLOEXEC).expect("a timer");
    let span = Timespec {
        tv_sec: 0,
        tv_nsec: TICK_NANOS,
    };
    let every = Itimerspec {
        it_interval: span,
        it_value: span,
    };
    timerfd_settime(&tick, TimerfdTimerFlags::empty(), &every).expect("ticks");
    let data = epoll::EventData::new_u64(u64::MAX);
    epoll::add(&epoll, &tick, data, epoll::EventFlags::IN).expect("watches");

    let mut free: VecDeque<usize> = (0..connections).collect();
    let mut times = Vec::with_capacity(requests.len());
    let mut waiting = requests.iter();
    let mut events = Vec::with_capacity(connections + 1);
    let mut bytes = vec![0; BUFFER_BYTES];
    let (begin, mut heard) = (Instant::now(), Instant::now());
    let mut due = begin;
    while times.len() < requests.len() {
        while due <= Instant::now()
            && let Some(&next) = free.front()
            && let Some(request) = waiting.next()
        {
            free.pop_front();
            all[next].send(request, due);
            let sent = (requests.len() - waiting.len()) as f64;
            due = begin + Duration::from_secs_f64(sent / rate);
        }
        events.clear();
        epoll::wait(&epoll, rustix::buffer::spare_capacity(&mut events), None).expect("waits");
        for event in &events {
            let Some(connection) = all.get_mut(event.data.u64() as usize) else {
                // Until it is read it does not tick again.
                rustix::io::read(&tick, &mut [0; 8]).expect("a tick");
                assert!(heard.elapsed() < HUNG, "no answer for {HUNG:?}");
                continue;
            };
            if let Some(status) = connection.answered(&mut bytes) {
                assert!((200..300).contains(&status), "{status}");
                heard = Instant::now();
                times.push(heard - connection.due);
                free.push_back(event.data.u64() as usize);
            }
        }
    }
    times
}
