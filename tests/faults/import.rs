//! An import beside a server that takes votes, and one that is killed in the middle and run again.
//!
//! `tests/long` runs the first with a million rows. The twin of the second does not run it again, and has to be caught.
#![allow(dead_code)] // `tests/long` uses its own part of it
use crate::harness::Backend;
use crate::harness::server::{Home, Server};
use futures_util::future::join_all;
use std::fmt::Write;
use std::sync::Arc;
use std::time::{Duration, Instant};

#[cfg(test)]
crate::both!(
    killed_in_the_middle_and_run_again,
    the_twin_is_caught,
    votes_go_on
);

const TOOL: &str = "codestral-2";
/// Two of three ship.
const SHIP_OF: usize = 3;

/// `rows` votes over a year, of as many voters, in no order of time or key.
fn file(rows: usize) -> String {
    let mut text = String::with_capacity(rows * 64 + 64);
    text.push_str("tool,voter,choice,cast_at\n");
    for n in 0..rows {
        let choice = if n % SHIP_OF == 0 { "skip" } else { "ship" };
        let (month, day, hour) = (n % 10 + 1, n / 10 % 28 + 1, n / 280 % 24);
        let _ = writeln!(
            text,
            "{TOOL},voter {n},{choice},2026-{month:02}-{day:02}T{hour:02}:00:00Z"
        );
    }
    text
}

fn counts(rows: usize) -> (i64, i64) {
    let skip = rows.div_ceil(SHIP_OF);
    (
        i64::try_from(rows - skip).expect("small"),
        i64::try_from(skip).expect("small"),
    )
}

async fn server(backend: Backend, rows: usize) -> Server {
    let server = Home::new(backend).setup().generous().start().await;
    server.home().write("votes.csv", file(rows));
    server
}

async fn shows(server: &Server, expected: (i64, i64)) {
    let (client, guard) = (server.client(), Duration::from_secs(25));
    crate::harness::eventually("the counts are shown", guard, async || {
        client.counts(TOOL).await == expected
    })
    .await;
}

/// Starts the import, and kills it once some of it is on disk; returns how many rows that were.
async fn killed(server: &Server) -> i64 {
    let votes = "SELECT count(*) AS n FROM votes";
    let before = server.home().number(votes);
    let importing = server.setup.spawn_cli(&["import", "votes", "votes.csv"]);
    let guard = Duration::from_secs(60);
    crate::harness::eventually("some of it is written", guard, async || {
        assert!(
            importing.exited().is_none(),
            "it ended before it was killed\n{}",
            importing.tail()
        );
        server.home().number(votes) > before
    })
    .await;
    importing.kill9();
    server.home().number(votes) - before
}

const ROWS: usize = 30_000;

async fn killed_in_the_middle_and_run_again(backend: Backend) {
    let server = server(backend, ROWS).await;
    for _ in 0..3 {
        println!("killed after {} rows", killed(&server).await);
        // What is there agrees with itself at any point.
        server.verify().await;
    }
    let done = server
        .run_cli(&["import", "votes", "votes.csv"])
        .await
        .success("import");
    println!("{}", done.stdout);
    shows(&server, counts(ROWS)).await;
    assert_eq!(
        server
            .home()
            .number("SELECT count(*) AS n FROM hours_to_make"),
        0
    );
    // The hours of the whole year, as if nothing had happened.
    let path = format!("/v1/tools/{TOOL}/history?step=day");
    let history = server.client().get(&path).send().await;
    assert_eq!(
        history.status,
        200,
        "{}
{}",
        history.text,
        server.stderr()
    );
    let points = history.json["points"].as_array().expect("points");
    // The newest hour is the present one's; the last of the file's days has everything.
    let last = &points[points.len() - 2];
    let all = counts(ROWS);
    assert_eq!(
        (last["ship"].as_i64(), last["skip"].as_i64()),
        (Some(all.0), Some(all.1)),
        "{last}"
    );
    assert_eq!(points.len(), 281, "280 days, and today");
    server.verify().await;
}

async fn the_twin_is_caught(backend: Backend) {
    let server = server(backend, ROWS).await;
    let written = killed(&server).await;
    assert!(
        0 < written && written < ROWS as i64,
        "killed in the middle: {written}"
    );
    server.verify().await;
    assert_ne!(
        server.client().counts(TOOL).await,
        counts(ROWS),
        "without another run it is not whole"
    );
}

async fn votes_go_on(backend: Backend) {
    beside(backend, 30_000, 100).await;
}

/// The most memory that a process had, in MiB.
fn peak_mib(pid: u32) -> Option<u64> {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    let line = status.lines().find(|line| line.starts_with("VmHWM:"))?;
    let kib: u64 = line.split_whitespace().nth(1)?.parse().ok()?;
    Some(kib / 1024)
}

/// Imports `rows` while `a_second` votes a second are cast: none is refused, and the tallies are the sum of both.
pub async fn beside(backend: Backend, rows: usize, a_second: u64) {
    let server = server(backend, rows).await;
    // None speaks twice within seconds, so that the order of each voter's votes is the order of the schedule.
    let voters = server.setup.mint(5 * a_second as usize).await;
    let importing = server.setup.spawn_cli(&["import", "votes", "votes.csv"]);
    let began = Instant::now();
    let (mut cast, mut memory) = (0_usize, 0);
    let mut waiting = Vec::new();
    let client = Arc::new(server.client());
    while importing.exited().is_none() {
        // Each voter in turn says the other thing: every vote is a change.
        let voter = voters[cast % voters.len()].clone();
        let choice = if (cast / voters.len()).is_multiple_of(2) {
            "ship"
        } else {
            "skip"
        };
        // By the clock, whatever becomes of those before: a slow answer thins nothing out.
        let due = Duration::from_micros(1_000_000 * cast as u64 / a_second);
        tokio::time::sleep(due.saturating_sub(began.elapsed())).await;
        let client = Arc::clone(&client);
        waiting.push(tokio::spawn(async move {
            let sent = Instant::now();
            let answer = client.put_vote(&voter, TOOL, choice).await;
            assert!(
                answer.success(),
                "a vote was refused: {} {}",
                answer.status,
                answer.text
            );
            sent.elapsed()
        }));
        cast += 1;
        memory = memory.max(peak_mib(importing.pid()).unwrap_or(0));
    }
    let elapsed = began.elapsed();
    let done = importing
        .wait(Duration::from_secs(60))
        .await
        .success("import");
    let took = join_all(waiting).await;
    let mut took: Vec<Duration> = took.into_iter().map(|one| one.expect("a vote")).collect();
    took.sort_unstable();
    println!(
        "{}{rows} rows in {elapsed:?} and {memory} MiB; {cast} votes beside it, {:.0} a second, half within {:?}, the slowest took {:?}",
        done.stdout,
        cast as f64 / elapsed.as_secs_f64(),
        took[took.len() / 2],
        took[took.len() - 1]
    );
    let ships = |n: usize| {
        let (rounds, rest) = (n / voters.len(), n % voters.len());
        let ship_now = rounds.is_multiple_of(2);
        let of_round = if ship_now { rest } else { voters.len() - rest };
        (
            of_round,
            n.min(voters.len()) - of_round.min(n.min(voters.len())),
        )
    };
    let (ship, skip) = ships(cast);
    let all = counts(rows);
    let sum = (
        all.0 + i64::try_from(ship).expect("small"),
        all.1 + i64::try_from(skip).expect("small"),
    );
    shows(&server, sum).await;
    assert!(memory < 300, "{memory} MiB");
    server.verify().await;
}
