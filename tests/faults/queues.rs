//! What the kernel holds for each of a server's connections, as `/proc/net/tcp` tells it: when one last took a byte from the
//! server, and when the server let it go.
//!
//! Only `deaf` uses it: whose client never reads takes bytes until its buffers are full, and from then on makes no progress.
use std::collections::{HashMap, HashSet};
use std::net::SocketAddr;
use std::time::{Duration, Instant};

const ESTABLISHED: &str = "01";

/// Bytes that lie in a connection's two buffers, by the client's port.
type Lying = HashMap<u16, u64>;

/// The connections of one server, looked at again and again.
pub struct Queues {
    server: String,
    /// By the client's port: what lies there, and since when no less and no more.
    still: HashMap<u16, (u64, Instant)>,
    longest: Duration,
    let_go: usize,
}

impl Queues {
    pub fn of(server: SocketAddr) -> Queues {
        let SocketAddr::V4(server) = server else {
            panic!("an address of version 4");
        };
        Queues {
            server: format!(
                "{:08X}:{:04X}",
                u32::from_ne_bytes(server.ip().octets()),
                server.port()
            ),
            still: HashMap::new(),
            longest: Duration::ZERO,
            let_go: 0,
        }
    }

    /// Looks at the connections of `clients`, by their ports.
    pub fn look(&mut self, clients: impl IntoIterator<Item = u16>) {
        let now = Instant::now();
        let lying = lying(&self.server);
        for port in clients {
            match (lying.get(&port), self.still.get_mut(&port)) {
                (Some(bytes), Some(still)) => {
                    if still.0 != *bytes {
                        *still = (*bytes, now);
                    }
                }
                (Some(bytes), None) => {
                    self.still.insert(port, (*bytes, now));
                }
                (None, Some(_)) => {
                    let since = self.still.remove(&port).expect("it was there").1;
                    self.longest = self.longest.max(now - since);
                    self.let_go += 1;
                }
                // Let go before, or not there yet.
                (None, None) => {}
            }
        }
    }

    /// The longest that one took no byte before it was let go, and how many were; as exact as looks are close together.
    pub fn longest(&self) -> (Duration, usize) {
        (self.longest, self.let_go)
    }
}

/// Of the connections that the server at `address` has not closed.
fn lying(address: &str) -> Lying {
    let table = std::fs::read_to_string("/proc/net/tcp").expect("the kernel's table");
    let mut lying = Lying::new();
    let mut open = HashSet::new();
    for line in table.lines().skip(1) {
        let fields: Vec<&str> = line.split_whitespace().take(5).collect();
        let [_, local, remote, state, queues] = fields[..] else {
            panic!("a line of another kind: {line}");
        };
        let (sending, received) = queues.split_once(':').expect("two queues");
        let bytes = |hex: &str| u64::from_str_radix(hex, 16).expect("a number");
        let port = |end: &str| u16::from_str_radix(&end[9..], 16).expect("a port");
        if local == address && state == ESTABLISHED {
            open.insert(port(remote));
            *lying.entry(port(remote)).or_default() += bytes(sending);
        } else if remote == address {
            *lying.entry(port(local)).or_default() += bytes(received);
        }
    }
    lying.retain(|port, _| open.contains(port));
    lying
}
