//! Three times as many votes as can be taken, open-loop: the excess is held back, nothing grows, and soon after all is as before.
//!
//! The short form has fewer connections than votes may wait, that in `tests/long` more; that a full queue refuses is a test of
//! `votes::routes`. It must never wait for the server beyond that: a vote is sent as soon as it is due and a connection is free.
#![allow(dead_code)] // `tests/long` uses a part of it, `tests/faults` another
use crate::SLACK;
use crate::deaf::{address, memory_mib};
use crate::harness::server::Home;
use crate::harness::{Backend, eventually, run, to_the_end};
use futures_util::future::join_all;
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

const HEALTH: Duration = Duration::from_millis(100);
const NORMAL: Duration = Duration::from_secs(2);
/// What a vote takes in quiet times, generously.
const QUIET: Duration = Duration::from_millis(100);
/// What a server may grow by once all connections are there: the queue, the new votes.
const GROWTH_MIB: f64 = 48.0;
/// Clients that reach the peak.
const PEAK_CLIENTS: usize = 128;
const GATHERED: Duration = Duration::from_secs(120);
const PEAK_SPAN: Duration = Duration::from_secs(2);

#[derive(Default)]
struct Count {
    sent: AtomicUsize,
    taken: AtomicUsize,
    refused: AtomicUsize,
    /// Answers that should not be, and calls without one, by what they were.
    wrong: Mutex<BTreeMap<String, usize>>,
    begun: AtomicBool,
    stop: AtomicBool,
}

/// Status of the next answer, if it is whole and says when to come again where it must.
async fn answer(socket: &mut TcpStream, bytes: &mut Vec<u8>) -> Result<u16, String> {
    bytes.clear();
    loop {
        let head = bytes.windows(4).position(|w| w == b"\r\n\r\n");
        if let Some(end) = head {
            let head = String::from_utf8_lossy(&bytes[..end]).to_ascii_lowercase();
            let length = head
                .split("content-length: ")
                .nth(1)
                .and_then(|rest| rest.split("\r\n").next()?.parse::<usize>().ok());
            let length = length.ok_or_else(|| format!("no length: {head}"))?;
            if bytes.len() >= end + 4 + length {
                let status = head.get(9..12).and_then(|status| status.parse().ok());
                let status: u16 = status.ok_or_else(|| format!("no status: {head}"))?;
                if status == 503 && !head.contains("\r\nretry-after: ") {
                    return Err("503 without Retry-After".into());
                }
                return Ok(status);
            }
        }
        match socket.read_buf(bytes).await {
            Ok(0) => return Err("the connection was closed".into()),
            Ok(_) => {}
            Err(cause) => return Err(cause.kind().to_string()),
        }
    }
}

struct Voter {
    socket: TcpStream,
    token: String,
    votes: usize,
    bytes: Vec<u8>,
}

impl Voter {
    /// One vote, and the status of its answer.
    async fn vote(&mut self) -> Result<u16, String> {
        let body = ["{\"choice\":\"ship\"}", "{\"choice\":\"skip\"}"][self.votes % 2];
        self.votes += 1;
        let request = format!(
            "PUT /v1/tools/codestral-2/vote HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {}\r\n\
             content-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
            self.token,
            body.len()
        );
        match self.socket.write_all(request.as_bytes()).await {
            Ok(()) => answer(&mut self.socket, &mut self.bytes).await,
            Err(cause) => Err(format!("not sent: {}", cause.kind())),
        }
    }

    /// Votes at its `pace`, or without a pause where there is none.
    async fn votes(mut self, pace: Option<Duration>, count: Arc<Count>) {
        let begin = tokio::time::Instant::now();
        for n in 0_u32.. {
            if let Some(pace) = pace {
                tokio::time::sleep_until(begin + pace * n).await;
            }
            if count.stop.load(SeqCst) {
                break;
            }
            count.sent.fetch_add(1, SeqCst);
            match self.vote().await {
                Ok(200 | 201) => count.taken.fetch_add(1, SeqCst),
                Ok(503) => count.refused.fetch_add(1, SeqCst),
                Ok(status) => return count.wrong(status.to_string()),
                Err(what) => return count.wrong(what),
            };
        }
    }
}

impl Count {
    fn wrong(&self, what: String) {
        *self.wrong.lock().expect("wrong").entry(what).or_default() += 1;
    }
}

/// Everybody is there, and has voted once: a load that opens its connections while it floods is late itself, and is told so (408).
async fn gather(address: SocketAddr, tokens: Vec<String>, count: &Count) -> Vec<Voter> {
    let mut voters = Vec::new();
    for group in tokens.chunks(64) {
        let come = group.iter().map(async |token| {
            let mut voter = Voter {
                socket: TcpStream::connect(address).await.expect("connects"),
                token: token.clone(),
                votes: 0,
                bytes: Vec::new(),
            };
            match voter.vote().await {
                Ok(200 | 201) => Some(voter),
                other => {
                    count.wrong(format!("before the flood: {other:?}"));
                    None
                }
            }
        });
        voters.extend(join_all(come).await.into_iter().flatten());
    }
    voters
}

/// Lets connections loose on a thread of their own; `meanwhile` says when to stop.
async fn under<T>(
    address: SocketAddr,
    tokens: Vec<String>,
    pace: Option<Duration>,
    meanwhile: impl AsyncFnOnce(&Count) -> T,
) -> (Arc<Count>, T) {
    let count = Arc::new(Count::default());
    let own = Arc::clone(&count);
    let thread = std::thread::spawn(move || {
        to_the_end(async {
            let voters = gather(address, tokens, &own).await;
            own.begun.store(true, SeqCst);
            let all = voters.into_iter().enumerate().map(async |(n, voter)| {
                if let Some(pace) = pace {
                    // Not all at one moment.
                    tokio::time::sleep(pace * (n as u32 % 64) / 64).await;
                }
                voter.votes(pace, Arc::clone(&own)).await;
            });
            join_all(all).await;
        });
    });
    eventually("everybody is there", GATHERED, async || {
        count.begun.load(SeqCst)
    })
    .await;
    let told = meanwhile(&count).await;
    count.stop.store(true, SeqCst);
    thread.join().expect("the load");
    (count, told)
}

/// A flood from so many connections for `span`.
pub async fn flood(connections: usize, span: Duration) {
    let server = Home::new(Backend::Sqlite).setup().generous().start().await;
    let address = address(&server);
    let (client, admin) = (server.client(), server.admin());
    let mut tokens = server.setup.mint(connections + 1).await;
    let own = tokens.pop().expect("a token");

    let peak_tokens = tokens[..PEAK_CLIENTS].to_vec();
    let (peak, ()) = under(address, peak_tokens, None, async |_| {
        tokio::time::sleep(PEAK_SPAN).await; // the span of the load
    })
    .await;
    let peak = peak.taken.load(SeqCst) as f64 / PEAK_SPAN.as_secs_f64();

    let pace = Duration::from_secs_f64(connections as f64 / (peak * 3.0));
    let (count, (slowest, grown, taken)) = under(address, tokens, Some(pace), async |count| {
        let (begin, before) = (Instant::now(), memory_mib(server.pid()));
        let (mut slowest, mut grown) = (Duration::ZERO, 0.0_f64);
        while begin.elapsed() < span {
            let asked = Instant::now();
            admin.get("/healthz").send().await.expect(200);
            slowest = slowest.max(asked.elapsed());
            grown = grown.max(memory_mib(server.pid()) - before);
            tokio::time::sleep(Duration::from_millis(20)).await; // fifty questions a second
        }
        (slowest, grown, count.taken.load(SeqCst))
    })
    .await;
    let normal = eventually("a vote is quick again", NORMAL * SLACK, async || {
        let asked = Instant::now();
        client.put_vote(&own, "codestral-2", "ship").await.success() && asked.elapsed() < QUIET
    })
    .await;
    let goodput = taken as f64 / span.as_secs_f64() / peak;
    println!(
        "{connections} connections at three times the peak of {peak:.0} votes/s: {:?} sent, goodput {:.0} %, {:?} refused, memory \
         grew by {grown:.1} MiB, health within {slowest:?}, normal after {normal:?}",
        count.sent,
        goodput * 100.0,
        count.refused
    );
    let wrong = count.wrong.lock().expect("wrong").clone();
    assert!(wrong.is_empty(), "wrong or missing answers: {wrong:?}");
    assert!(slowest < HEALTH * SLACK, "health took {slowest:?}");
    assert!(grown < GROWTH_MIB, "{grown:.1} MiB");
    assert!(goodput > 0.8 / f64::from(SLACK), "{goodput}");
    server.verify().await;
}

#[test]
fn a_flood_of_votes_on_sqlite() {
    run(flood(1_000, Duration::from_secs(5)));
}
