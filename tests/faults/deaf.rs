//! Subscribers that never read: dropped in time, costing next to nothing, unnoticed by those who do read.
//!
//! The short form runs here, the long one in `tests/long`. Its twin reads every event and stays.
use crate::SLACK;
use crate::harness::server::{Home, Server};
use crate::harness::stream::Stream;
use crate::harness::{Backend, run};
use crate::queues::Queues;
use socket2::{Domain, Socket, Type};
use std::net::SocketAddr;
use std::time::{Duration, Instant};

const TOOL: &str = "codestral-2";
const DROPPED: Duration = Duration::from_secs(30);
/// What a server may grow by for those who never read.
const GROWTH_MIB: f64 = 50.0;

pub fn address(server: &Server) -> SocketAddr {
    let text = server.url.trim_start_matches("http://");
    text.parse().expect("an address")
}

/// Asks for a stream with a receive buffer as small as the kernel allows, and never reads a byte.
fn never_reading(address: SocketAddr) -> Socket {
    let socket = Socket::new(Domain::IPV4, Type::STREAM, None).expect("a socket");
    socket.set_recv_buffer_size(1024).expect("a small buffer");
    socket.connect(&address.into()).expect("connects");
    let request = format!("GET /v1/stream?tools={TOOL} HTTP/1.1\r\nhost: x\r\n\r\n");
    let sent = socket.send(request.as_bytes()).expect("sends");
    assert_eq!(sent, request.len());
    socket
}

fn port(socket: &Socket) -> u16 {
    let address = socket.local_addr().expect("an address");
    address.as_socket().expect("of IP").port()
}

pub fn memory_mib(pid: u32) -> f64 {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).expect("status");
    let line = status.lines().find(|line| line.starts_with("VmRSS:"));
    let kib = line.and_then(|line| line.split_whitespace().nth(1));
    kib.and_then(|n| n.parse::<f64>().ok()).expect("kB") / 1024.0
}

pub async fn metric(server: &Server, name: &str) -> f64 {
    let text = server.admin().get("/metrics").send().await.text;
    let line = text
        .lines()
        .find(|line| line.starts_with(&format!("{name} ")));
    let value = line.and_then(|line| line.split(' ').nth(1));
    value
        .and_then(|n| n.parse().ok())
        .unwrap_or_else(|| panic!("{name}\n{text}"))
}

/// `count` subscribers that never read, for `span`; whoever is dropped comes again. Others see no delay.
pub async fn never_read(count: usize, span: Duration) {
    let server = Home::new(Backend::Sqlite).setup().generous().start().await;
    let (address, client) = (address(&server), server.client());
    let token = client.visitor().await;
    let mut reader = Stream::of(&server.url, TOOL).await;
    // The twin of those who do not read: one that reads stays, though it gets every event that they do not.
    let mut twin = Stream::of(&server.url, TOOL).await;
    reader.tally(DROPPED).await;
    let before = memory_mib(server.pid());
    let mut deaf: Vec<Socket> = (0..count).map(|_| never_reading(address)).collect();
    let began = Instant::now();
    let mut queues = Queues::of(address);
    let (mut slowest, mut grown, mut votes) = (Duration::ZERO, 0.0_f64, 0);
    let mut all_gone = None;
    while began.elapsed() < span || all_gone.is_none() {
        let choice = ["ship", "skip"][votes % 2];
        let answer = client.put_vote(&token, TOOL, choice).await;
        let answered = Instant::now();
        let version = answer.json["tally"]["version"].as_i64().expect("a version");
        while reader.tally(DROPPED).await.version() < version {}
        slowest = slowest.max(answered.elapsed());
        votes += 1;
        queues.look(deaf.iter().map(port));
        if votes % 20 == 0 {
            grown = grown.max(memory_mib(server.pid()) - before);
            let gone = metric(&server, "tallyship_streams_let_go_total").await;
            if gone >= count as f64 && all_gone.is_none() {
                all_gone = Some(began.elapsed());
            }
            if all_gone.is_some() && began.elapsed() < span && gone >= count as f64 {
                // Those who were dropped come again.
                let open = metric(&server, "tallyship_streams").await as usize;
                let missing = (count + 2).saturating_sub(open);
                deaf.drain(..missing.min(deaf.len()));
                deaf.extend((0..missing).map(|_| never_reading(address)));
            }
        }
        assert!(
            began.elapsed() < span + DROPPED * SLACK,
            "those who never read are still there"
        );
        tokio::time::sleep(Duration::from_millis(60)).await; // some ten votes a second
    }
    queues.look(deaf.iter().map(port));
    let (longest, seen_going) = queues.longest();
    println!(
        "{count} that never read, {votes} votes: each dropped {longest:?} at the latest after the last byte that it took (the \
         first {count} after {all_gone:?}); memory grew by {grown:.1} MiB at most; \
         a reader saw a vote {slowest:?} later at the latest"
    );
    assert!(
        seen_going >= count,
        "{seen_going} of {count} were seen going"
    );
    assert!(longest < DROPPED * SLACK, "{longest:?}");
    assert!(grown < GROWTH_MIB, "{grown:.1} MiB");
    assert!(slowest < Duration::from_secs(1), "{slowest:?}");
    let seen = twin.tally(DROPPED).await;
    assert!(seen.version() > 0, "who reads stays");
    drop(deaf);
}

#[test]
fn who_never_reads_is_dropped_on_sqlite() {
    run(never_read(300, Duration::ZERO));
}
