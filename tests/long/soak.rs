//! A steady load for an hour: tallies do not drift, memory does not creep.
//!
//! `TALLYSHIP_SOAK_MINUTES=5 cargo test --test long soak -- --nocapture` makes it shorter; memory is judged only where the
//! span is long enough to tell a slope from noise. It must never let voters or their votes grow without an end: what grows
//! then is the server's alone.
use crate::book::{Dice, TOOLS};
use crate::deaf::memory_mib;
use crate::harness::client::{Answer, Call, Client};
use crate::harness::redis::Redis;
use crate::harness::server::{Home, Server};
use crate::harness::stream::Stream;
use crate::harness::{Backend, eventually, run};
use futures_util::future::join_all;
use std::cell::{Cell, RefCell};
use std::time::{Duration, Instant};

/// Calls a second, half of them votes.
const RATE: u32 = 200;
const VOTERS: usize = 2_000;
const SUBSCRIBERS: usize = 20;
/// A tenth of the span warms up; a slope is judged from this span on.
const JUDGED: Duration = Duration::from_secs(30 * 60);
const SAMPLE: Duration = Duration::from_secs(5);
const SLOPE: f64 = 1.0;
const RIGHT: Duration = Duration::from_secs(5);

type Votes = Vec<[Option<&'static str>; TOOLS.len()]>;

/// Its answer; tried again, once, where the connection was closed as it was being used, as every client does.
async fn sent(call: impl Fn() -> Call) -> Answer {
    match call().try_send().await {
        Ok(answer) => answer,
        Err(_) => call().send().await,
    }
}

/// One call of a voter whom nobody else calls for.
async fn call(client: &Client, token: &str, mine: &RefCell<Votes>, voter: usize, dice: u64) {
    let mut dice = Dice(dice);
    let tool = dice.below(TOOLS.len() as u64) as usize;
    let command = [Some("ship"), Some("ship"), Some("skip"), None][dice.below(4) as usize];
    match dice.below(10) {
        0..=4 => {
            let answer = sent(|| match command {
                Some(choice) => client.vote(token, TOOLS[tool], choice),
                None => client.withdrawal(token, TOOLS[tool]),
            })
            .await;
            assert!(answer.success(), "{}: {}", answer.status, answer.text);
            mine.borrow_mut()[voter][tool] = command;
        }
        reads => {
            let path = match reads {
                5 => format!("/v1/tools/{}/vote", TOOLS[tool]),
                6 => "/v1/tools?sort=votes".into(),
                _ => format!("/v1/tools/{}/tally", TOOLS[tool]),
            };
            sent(|| client.get(&path).bearer(token)).await.expect(200);
        }
    }
}

/// MiB an hour by least squares, of samples (time, MiB).
fn slope(samples: &[(Duration, f64)]) -> f64 {
    let n = samples.len() as f64;
    let hours = |at: Duration| at.as_secs_f64() / 3_600.0;
    let (x, y) = samples
        .iter()
        .fold((0.0, 0.0), |(x, y), (at, mib)| (x + hours(*at), y + mib));
    let (x, y) = (x / n, y / n);
    let (mut above, mut below) = (0.0, 0.0);
    for (at, mib) in samples {
        above += (hours(*at) - x) * (mib - y);
        below += (hours(*at) - x).powi(2);
    }
    above / below
}

fn expected(votes: &Votes) -> [(i64, i64); TOOLS.len()] {
    let mut counts = [(0, 0); TOOLS.len()];
    for (count, vote) in votes.iter().flat_map(|of| (0..).zip(of)) {
        match vote {
            Some("ship") => counts[count].0 += 1,
            Some(_) => counts[count].1 += 1,
            None => {}
        }
    }
    counts
}

async fn soak(backend: Backend, span: Duration) {
    let redis = (backend == Backend::Postgres).then(Redis::start);
    let mut setup = Home::new(backend).setup().generous();
    if let Some(redis) = &redis {
        setup = setup.redis(redis.url());
    }
    let server = setup.start().await;
    let tokens = setup.mint(VOTERS).await;
    let votes = RefCell::new(vec![[None; TOOLS.len()]; VOTERS]);
    let (begin, stop) = (Instant::now(), Cell::new(false));
    let listening = join_all((0..SUBSCRIBERS).map(|_| listen(&server, &stop)));
    let load = steady(&server, &tokens, &votes, span);
    let watching = async {
        let mut samples = Vec::new();
        while begin.elapsed() < span {
            tokio::time::sleep(SAMPLE).await; // one sample in so much time
            samples.push((begin.elapsed(), memory_mib(server.pid())));
        }
        samples
    };
    let (calls, samples, events) = tokio::join!(
        async {
            let calls = load.await;
            stop.set(true);
            calls
        },
        watching,
        listening
    );
    let client = server.client();
    let right = expected(&votes.borrow());
    eventually("no drift", RIGHT, async || {
        crate::book::counts(&client).await == right
    })
    .await;
    setup.verify().await;
    let warm: Vec<(Duration, f64)> = samples
        .into_iter()
        .filter(|(at, _)| *at > span / 10)
        .collect();
    let tenths = warm.chunks(warm.len().div_ceil(9).max(1));
    let course: Vec<String> = tenths.map(|part| format!("{:.1}", part[0].1)).collect();
    println!(
        "{backend:?}: MiB at each tenth of the span: {}",
        course.join(", ")
    );
    let (first, last) = (warm[0].1, warm[warm.len() - 1].1);
    let slope = slope(&warm);
    println!(
        "{backend:?}: {calls} calls in {span:?}, {} events to {SUBSCRIBERS} subscribers, drift 0; memory {first:.1} to \
         {last:.1} MiB after the warm-up, slope {slope:.2} MiB an hour",
        events.into_iter().sum::<usize>()
    );
    if span >= JUDGED {
        assert!(slope < SLOPE, "{slope:.2} MiB an hour");
    }
}

/// Calls at `RATE`, open-loop; a voter's next call waits for the one before.
async fn steady(server: &Server, tokens: &[String], votes: &RefCell<Votes>, span: Duration) -> u32 {
    let client = server.client();
    let (begin, lanes) = (tokio::time::Instant::now(), 50_u32);
    let calls = Cell::new(0);
    let lane = async |lane: u32| {
        for n in 0_u32.. {
            let due = begin + Duration::from_secs(1) * (n * lanes + lane) / RATE;
            if due - begin >= span {
                break;
            }
            tokio::time::sleep_until(due).await;
            let voter = ((n * lanes + lane) as usize) % tokens.len();
            let dice = u64::from(n) * 1_000_003 + u64::from(lane);
            call(&client, &tokens[voter], votes, voter, dice).await;
            calls.set(calls.get() + 1);
        }
    };
    join_all((0..lanes).map(lane)).await;
    calls.get()
}

/// A subscriber; how many events it had.
async fn listen(server: &Server, stop: &Cell<bool>) -> usize {
    let mut stream = Stream::of(&server.url, &TOOLS.join(",")).await;
    let mut events = 0;
    while !stop.get() {
        events += stream.gather(Duration::from_millis(500)).await.len();
    }
    events
}

fn span() -> Duration {
    let minutes = std::env::var("TALLYSHIP_SOAK_MINUTES").unwrap_or_else(|_| "60".into());
    let minutes: f64 = minutes.parse().expect("TALLYSHIP_SOAK_MINUTES: a number");
    Duration::from_secs_f64(minutes * 60.0)
}

#[test]
fn soak_on_sqlite() {
    run(soak(Backend::Sqlite, span()));
}

#[test]
fn soak_on_postgres_and_redis() {
    run(soak(Backend::Postgres, span()));
}

/// The twin: a leak of two MiB an hour under noise of one is told from none.
#[test]
fn soak_sees_a_slope() {
    let samples = |leak: f64| -> Vec<(Duration, f64)> {
        let mut dice = Dice(1);
        let at = |n: u32| SAMPLE * n;
        (0..720)
            .map(|n| {
                let noise = dice.below(1_000) as f64 / 1_000.0;
                (at(n), 40.0 + noise + leak * at(n).as_secs_f64() / 3_600.0)
            })
            .collect()
    };
    assert!(slope(&samples(0.0)) < SLOPE && slope(&samples(2.0)) > SLOPE);
}
