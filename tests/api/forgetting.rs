//! The walk over all votes that frees old ones of their networks leaves the processors to votes.
use crate::harness::server::Home;
use crate::harness::{Backend, eventually, run};
use std::time::{Duration, Instant};

const VOTES: usize = 500_000;

/// What a thread of a process has used, in hundredths of a second (`man 5 proc`).
fn used(pid: u32, thread: &str) -> u64 {
    let tasks = std::fs::read_dir(format!("/proc/{pid}/task")).expect("threads");
    let of_it = tasks.flatten().filter_map(|task| {
        let name = std::fs::read_to_string(task.path().join("comm")).ok()?;
        let stat = std::fs::read_to_string(task.path().join("stat")).ok()?;
        let fields: Vec<&str> = stat[stat.rfind(')')? + 1..].split_whitespace().collect();
        let ticks = |at: usize| fields[at].parse::<u64>().expect("ticks");
        (name.trim() == thread).then(|| ticks(11) + ticks(12))
    });
    of_it.sum()
}

/// What a walk over all votes came to.
pub struct Walk {
    pub took: Duration,
    /// By the thread that walks.
    pub used: Duration,
}

/// A server begins with so many votes that are older than any day's key, `kept` of which still bear their networks.
pub async fn walk(backend: Backend, votes: usize, kept: usize, guard: Duration) -> Walk {
    let home = Home::new(backend);
    let setup = home.setup();
    let server = setup.start().await;
    assert_eq!(server.sigterm(Duration::from_secs(20)).await, 0);
    let (series, voter, kept_network, none) = match backend {
        Backend::Sqlite => (
            format!(
                "WITH RECURSIVE s(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM s WHERE i < {votes})"
            ),
            "unhex(printf('%034x', i))",
            "unhex(printf('%032x', i))",
            "zeroblob(16)",
        ),
        Backend::Postgres => (
            format!("WITH s AS (SELECT i FROM generate_series(1::bigint, {votes}) AS i)"),
            "decode(lpad(to_hex(i), 34, '0'), 'hex')",
            "decode(lpad(to_hex(i), 32, '0'), 'hex')",
            "decode(repeat('00', 16), 'hex')",
        ),
    };
    let every = votes.checked_div(kept).unwrap_or(votes + 1);
    home.execute(&format!(
        "{series} INSERT INTO votes (tool_id, voter, choice, cast_at, network, token_age) \
         SELECT 1, {voter}, 1, 1700000000000000, CASE WHEN i % {every} = 0 THEN {kept_network} ELSE {none} END, 0 FROM s"
    ));
    // That nothing is left is noted by nobody.
    home.execute("UPDATE site_facts SET value = '0' WHERE name = 'networks.forgotten_before'");
    let bear = || {
        home.number(&format!(
            "SELECT COUNT(*) AS n FROM votes WHERE network <> {none}"
        ))
    };
    assert_eq!(bear(), kept as i64);

    let server = setup.start().await;
    let (began, before) = (Instant::now(), used(server.pid(), "forgetting"));
    eventually("the walk has ended", guard, async || {
        home.number("SELECT COUNT(*) AS n FROM site_facts WHERE name = 'networks.forgotten_before' AND value <> '0'") == 1
    })
    .await;
    let walk = Walk {
        took: began.elapsed(),
        used: Duration::from_millis(10 * (used(server.pid(), "forgetting") - before)),
    };
    assert_eq!(bear(), 0);
    println!(
        "{backend:?}: {votes} votes, {kept} with their networks, in {:?}, of which {:?} were work",
        walk.took, walk.used
    );
    walk
}

#[test]
fn a_walk_over_all_votes_rests_on_sqlite() {
    run(async {
        let walk = walk(Backend::Sqlite, VOTES, 0, Duration::from_secs(150)).await;
        assert!(!walk.used.is_zero(), "nothing was measured");
        // One part in twenty-one, where it would else be one in eight and more.
        assert!(
            walk.used * 12 < walk.took,
            "{:?} of {:?}",
            walk.used,
            walk.took
        );
    });
}
