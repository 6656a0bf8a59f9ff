//! A vote's answer comes after a flush to disk, seen from outside in strace.
//!
//! Votes are cast one after the other, so none can share another's flush: each must see one begin between call and answer.
use crate::SLACK;
use crate::book::TOOLS;
use crate::harness::postgres::Cluster;
use crate::harness::process::program;
use crate::harness::server::Home;
use crate::harness::{Backend, eventually, run};
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

const VOTES: usize = 50;
const START: Duration = Duration::from_secs(5);

/// Nobody can promise a vote on such a Postgres, so nobody may take one.
#[test]
fn a_postgres_without_fsync_is_refused_on_postgres() {
    run(async {
        let cluster = Arc::new(Cluster::start(&["fsync=off"], &[]));
        let home = Home::on(cluster.fresh_database());
        let setup = home.setup();
        let refused = setup.start_refused(START * SLACK).await;
        assert_eq!(refused.code(), 2, "{}", refused.stderr);
        let named = |word: &str| refused.stderr.contains(word);
        assert!(
            named("database.url") && named("fsync=off"),
            "{}",
            refused.stderr
        );
        let tables = home.number(
            "SELECT count(*) AS n FROM information_schema.tables WHERE table_schema = 'public'",
        );
        assert_eq!(tables, 0, "nothing was written to it");
    });
}

#[test]
fn each_vote_is_flushed_before_its_answer_on_sqlite() {
    run(async {
        let strace = program("strace", "strace").display().to_string();
        let home = Home::new(Backend::Sqlite);
        let trace = home.path().join("flushes").display().to_string();
        // -D: the tracer is the grandchild, so the server keeps the process id that the harness kills.
        let argv = [
            &strace,
            "-D",
            "-f",
            "-ttt",
            "-e",
            "trace=fsync,fdatasync",
            "-o",
            &trace,
        ];
        let server = home.setup().generous().wrapper(&argv).start().await;
        let client = server.client();
        let token = client.visitor().await;
        let mut windows = Vec::new();
        for n in 0..VOTES {
            let start = now();
            let answer = client
                .put_vote(&token, TOOLS[0], ["ship", "skip"][n % 2])
                .await;
            assert!(answer.success(), "{}", answer.text);
            windows.push((start, now()));
        }
        server.kill9();
        let last = windows[VOTES - 1].1;
        let mut flushes = Vec::new();
        eventually(
            "strace has written all it saw",
            Duration::from_secs(20),
            async || {
                let text = std::fs::read_to_string(&trace).unwrap_or_default();
                flushes = text
                    .lines()
                    .filter_map(begun)
                    .filter(|at| *at >= windows[0].0 && *at <= last)
                    .collect();
                text.contains("+++ killed by SIGKILL") || text.contains("+++ exited")
            },
        )
        .await;
        let unflushed = windows
            .iter()
            .filter(|(from, to)| !flushes.iter().any(|at| at >= from && at <= to))
            .count();
        println!(
            "{VOTES} votes one by one: {} flushes seen, {unflushed} votes answered without one",
            flushes.len()
        );
        assert!(
            flushes.len() >= VOTES,
            "{} flushes for {VOTES} votes",
            flushes.len()
        );
        assert_eq!(unflushed, 0, "votes answered before a flush");
    });
}

/// When the flush of this line of strace began: `PID 1764000000.123456 fdatasync(9) = 0`.
fn begun(line: &str) -> Option<f64> {
    let mut words = line.split_whitespace().skip(1);
    let at = words.next()?.parse().ok()?;
    let call = words.next()?;
    (call.starts_with("fsync(") || call.starts_with("fdatasync(")).then_some(at)
}

fn now() -> f64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .expect("after 1970")
        .as_secs_f64()
}
