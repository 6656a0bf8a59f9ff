//! Thousands of clients that drip, stall and dawdle: everybody else is answered as if they were not there.
//!
//! The short form runs here, that of 5,000 in `tests/long`. Its twin sees that they were really there, and open.
use crate::SLACK;
use crate::book::TOOLS;
use crate::deaf::{address, metric};
use crate::harness::server::Home;
use crate::harness::{Backend, eventually, run, to_the_end};
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst};
use std::time::Duration;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tokio::time::Instant;

const P99: Duration = Duration::from_millis(100);
/// Others' calls a second.
const RATE: u32 = 100;
const DRIP: Duration = Duration::from_secs(1);

/// What slow clients begin with; then comes a byte every second, or nothing but the next of them.
const BEGINNINGS: [&str; 3] = [
    "GET /v1/tallies?tools=codestral-2 HTTP/1.1\r\nhost: x\r\nx-more: ",
    "PUT /v1/tools/codestral-2/vote HTTP/1.1\r\nhost: x\r\nauthorization: Bearer x\r\n\
     content-type: application/json\r\ncontent-length: 900\r\n\r\n{\"",
    "GET /v1/stream?tools=codestral-2 HTTP/1.1\r\nhost: x\r\n\r\n",
];

struct Slow {
    open: AtomicUsize,
    stop: AtomicBool,
}

/// One slow client, who comes again whenever it is shown out.
async fn dawdle(address: SocketAddr, n: usize, slow: Arc<Slow>) {
    while !slow.stop.load(SeqCst) {
        let Ok(mut socket) = TcpStream::connect(address).await else {
            tokio::time::sleep(DRIP).await;
            continue;
        };
        slow.open.fetch_add(1, SeqCst);
        let mut fine = socket
            .write_all(BEGINNINGS[n % BEGINNINGS.len()].as_bytes())
            .await;
        while fine.is_ok() && !slow.stop.load(SeqCst) {
            tokio::time::sleep(DRIP).await; // the drip's pace
            // A stream's client has said all that it has to say, and reads nothing.
            let more: &[u8] = if n % BEGINNINGS.len() == 2 { b"" } else { b"x" };
            fine = socket.write_all(more).await;
        }
        slow.open.fetch_sub(1, SeqCst);
    }
}

/// `count` slow clients, and others beside them for `span`; their times run from when a call was due.
pub async fn beside_slow_clients(count: usize, span: Duration) {
    let server = Home::new(Backend::Sqlite).setup().generous().start().await;
    let (client, address) = (server.client(), address(&server));
    let tokens = server.setup.mint(100).await;
    let slow = Arc::new(Slow {
        open: AtomicUsize::new(0),
        stop: AtomicBool::new(false),
    });
    let crowd = Arc::clone(&slow);
    // On a thread of their own: the others' clock must not wait for them.
    let thread = std::thread::spawn(move || {
        to_the_end(async {
            let all = (0..count).map(|n| tokio::spawn(dawdle(address, n, Arc::clone(&crowd))));
            futures_util::future::join_all(all).await;
        });
    });
    let guard = Duration::from_secs(60);
    eventually("all slow clients are there", guard, async || {
        slow.open.load(SeqCst) >= count * 9 / 10
    })
    .await;
    eventually("they are not only accepted", guard, async || {
        metric(&server, "tallyship_streams").await > 0.0
    })
    .await;

    let begin = Instant::now();
    let mut calls = Vec::new();
    for n in 0..span.as_secs() as u32 * RATE {
        let due = begin + Duration::from_secs(1) * n / RATE;
        tokio::time::sleep_until(due).await;
        let n = n as usize;
        let call = if n.is_multiple_of(2) {
            client.get("/v1/tools/codestral-2/tally")
        } else {
            let choice = ["ship", "skip"][n / tokens.len() % 2];
            client.vote(&tokens[n % tokens.len()], TOOLS[1], choice)
        };
        calls.push(tokio::spawn(async move {
            let answer = call.send().await;
            (answer.status, due.elapsed())
        }));
    }
    let mut times = Vec::new();
    for call in calls {
        let (status, took) = call.await.expect("a call");
        assert!((200..300).contains(&status), "{status}");
        times.push(took);
    }
    let there = slow.open.load(SeqCst);
    slow.stop.store(true, SeqCst);
    thread.join().expect("the slow clients");
    times.sort();
    let p99 = times[times.len() * 99 / 100];
    println!(
        "{there} slow clients: p99 of {} others {p99:?}",
        times.len()
    );
    assert!(there >= count / 2, "only {there} slow clients were left");
    assert!(p99 < P99 * SLACK, "{p99:?}");
    server.verify().await;
}

#[test]
fn others_do_not_wait_for_slow_clients_on_sqlite() {
    run(beside_slow_clients(600, Duration::from_secs(5)));
}
