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

#[test]
fn a_walk_over_all_votes_rests_on_sqlite() {
    run(async {
        let home = Home::new(Backend::Sqlite);
        let setup = home.setup();
        let server = setup.start().await;
        assert_eq!(server.sigterm(Duration::from_secs(20)).await, 0);
        // Long free of their networks, but nobody has noted that.
        home.execute(&format!(
            "WITH RECURSIVE s(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM s WHERE i < {VOTES}) \
             INSERT INTO votes (tool_id, voter, choice, cast_at, network, token_age) \
             SELECT 1, unhex(printf('%034x', i)), 1, 1700000000000000, zeroblob(16), 0 FROM s"
        ));
        home.execute("UPDATE site_facts SET value = '0' WHERE name = 'networks.forgotten_before'");

        let server = setup.start().await;
        let (began, before) = (Instant::now(), used(server.pid(), "forgetting"));
        eventually("the walk has ended", Duration::from_secs(150), async || {
            home.number("SELECT COUNT(*) AS n FROM site_facts WHERE name = 'networks.forgotten_before' AND value <> '0'") == 1
        })
        .await;
        let took = began.elapsed();
        let used = Duration::from_millis(10 * (used(server.pid(), "forgetting") - before));
        println!("{VOTES} votes in {took:?}, of which {used:?} were work");
        assert!(!used.is_zero(), "nothing was measured");
        // One part in twenty-one, where it would else be one in eight and more.
        assert!(used * 12 < took, "{used:?} of {took:?}");
    });
}
