//! Load: kept-alive connections that send ready-made requests and read each answer whole.
//!
//! `throughput` keeps them all busy (closed loop), `openloop` sends on a schedule. It must add no work of its own that a
//! server could be blamed for: requests are made before they are due.
use std::collections::BTreeMap;
use std::net::Ipv4Addr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};

/// Makes the next request.
pub type Make = Arc<dyn Fn() -> Vec<u8> + Send + Sync>;

pub struct Connection {
    stream: TcpStream,
    buffer: Vec<u8>,
}

impl Connection {
    pub async fn open(address: &str) -> Connection {
        Self::on(TcpStream::connect(address).await.expect("connects"))
    }

    /// Calls from `source`, one of this machine's many addresses 127.x.x.x: to the server, a network of its own.
    pub async fn open_from(address: &str, source: Ipv4Addr) -> Connection {
        let socket = TcpSocket::new_v4().expect("a socket");
        socket.bind((source, 0).into()).expect("its address");
        let address = address.parse().expect("an address");
        Self::on(socket.connect(address).await.expect("connects"))
    }

    fn on(stream: TcpStream) -> Connection {
        stream.set_nodelay(true).expect("nodelay");
        Connection {
            stream,
            buffer: Vec::with_capacity(64 * 1024),
        }
    }

    /// The last answer, whole.
    pub fn answer(&self) -> &[u8] {
        &self.buffer
    }

    /// Sends a request and reads its answer; returns the status.
    pub async fn call(&mut self, request: &[u8]) -> u16 {
        self.stream.write_all(request).await.expect("sends");
        self.buffer.clear();
        loop {
            let n = self.stream.read_buf(&mut self.buffer).await.expect("reads");
            assert!(n > 0, "the server closed a connection");
            if let Some((status, length)) = head(&self.buffer)
                && self.buffer.len() >= length
            {
                return status;
            }
        }
    }
}

/// Status and whole length of an answer, once its head is there.
pub fn head(bytes: &[u8]) -> Option<(u16, usize)> {
    const LENGTH: &[u8] = b"content-length:";
    let end = bytes.windows(4).position(|four| four == b"\r\n\r\n")? + 4;
    let number = |digits: &[u8]| -> usize {
        let text = std::str::from_utf8(digits).expect("digits");
        text.trim().parse().expect("a number")
    };
    let status = number(bytes.get(9..12)?) as u16;
    let length = bytes[..end]
        .split(|byte| *byte == b'\n')
        .find(|line| line.len() > LENGTH.len() && line[..LENGTH.len()].eq_ignore_ascii_case(LENGTH))
        .map_or(0, |line| number(&line[LENGTH.len()..]));
    Some((status, end + if status == 304 { 0 } else { length }))
}

/// What a closed loop came to.
#[derive(Default, Clone)]
pub struct Loop {
    pub calls: u64,
    pub took: Duration,
    pub statuses: BTreeMap<u16, u64>,
}

impl Loop {
    pub fn rate(&self) -> f64 {
        self.calls as f64 / self.took.as_secs_f64()
    }
}

/// Keeps `connections` busy for `span` with what `make` gives.
pub async fn closed(
    url: &str,
    connections: usize,
    span: Duration,
    make: impl Fn() -> Vec<u8> + Send + Sync + Clone + 'static,
) -> Loop {
    let address = url.trim_start_matches("http://").to_owned();
    let (address, make) = (&address, &make);
    let open = (0..connections).map(|_| async move { Connection::open(address).await });
    let ready = futures_util::future::join_all(open).await;
    let stop = Arc::new(AtomicBool::new(false));
    let began = Instant::now();
    let tasks: Vec<_> = ready
        .into_iter()
        .map(|mut connection| {
            let (stop, make) = (Arc::clone(&stop), make.clone());
            tokio::spawn(async move {
                let mut statuses = BTreeMap::new();
                while !stop.load(Ordering::Relaxed) {
                    *statuses
                        .entry(connection.call(&make()).await)
                        .or_insert(0_u64) += 1;
                }
                statuses
            })
        })
        .collect();
    tokio::time::sleep(span).await;
    stop.store(true, Ordering::Relaxed);
    let mut result = Loop::default();
    for task in tasks {
        for (status, count) in task.await.expect("a connection") {
            *result.statuses.entry(status).or_insert(0) += count;
            result.calls += count;
        }
    }
    result.took = began.elapsed();
    result
}
