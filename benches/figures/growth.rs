//! Growth: what a vote costs with 100,000 and with 10,000,000 votes in the table, on 10,000 tools of Zipf popularity, one
//! voter in five with a random id, after a start with cold caches; and how long start and recount take then.
//!
//! Called last. The tables are filled by SQL in the order in which votes would have come, tallies and ledger with them,
//! and `verify` must find nothing.
use crate::cpu;
use crate::harness::Backend;
use crate::harness::postgres::Cluster;
use crate::harness::server::{Home, Setup};
use crate::load::closed;
use crate::report::Report;
use crate::subjects::{self, Subject, of_server, raised};
use crate::wishes::{Voters, get, request};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tallyship::identity::new_voter;
use tallyship::vocabulary::VoterId;

const TOOLS: usize = 10_000;
const SMALL: usize = 100_000;
pub const LARGE: usize = 10_000_000;
const SPAN: Duration = Duration::from_secs(5);
const ROUNDS: usize = 3;

/// A tool by Zipf's law (exponent 1) from a uniform number: the inverse of the continuous harmonic sum.
fn zipf(uniform: f64) -> usize {
    ((TOOLS as f64).powf(uniform) as usize).clamp(1, TOOLS)
}

/// SQL for votes `from+1..=to`: time-ordered ids but for one voter in five, tools by the same law as the load.
fn fill(backend: Backend, from: usize, to: usize) -> Vec<String> {
    let (series, hash, bytes) = match backend {
        Backend::Sqlite => (
            format!(
                "WITH RECURSIVE s(i) AS (SELECT {} UNION ALL SELECT i + 1 FROM s WHERE i < {to})",
                from + 1
            ),
            "(i * 2654435761 % 4294967296)",
            "unhex(CASE WHEN i % 5 = 0 THEN printf('%08x%08x', h, (h * 40503 + i) % 4294967296) ELSE printf('%012x7000', 1700000000000 + i) END || printf('%016x', i))",
        ),
        Backend::Postgres => (
            format!(
                "WITH s AS (SELECT i FROM generate_series({}::bigint, {to}) AS i)",
                from + 1
            ),
            "(i * 2654435761 % 4294967296)",
            "decode(CASE WHEN i % 5 = 0 THEN lpad(to_hex(h), 8, '0') || lpad(to_hex((h * 40503 + i) % 4294967296), 8, '0') ELSE lpad(to_hex(1700000000000 + i), 12, '0') || '7000' END || lpad(to_hex(i), 16, '0'), 'hex')",
        ),
    };
    let tool = "(SELECT tool_id FROM zipf WHERE quantile = h % 10000)";
    let zero = if backend == Backend::Sqlite {
        "zeroblob(16)"
    } else {
        "decode(repeat('00', 16), 'hex')"
    };
    let change = if backend == Backend::Sqlite {
        "CAST(voter || char(choice) AS BLOB)"
    } else {
        "voter || set_byte('\\x00', 0, choice)"
    };
    let rows = format!("{series}, h AS (SELECT i, {hash} AS h FROM s)");
    vec![
        format!("{rows} INSERT INTO votes (tool_id, voter, choice, cast_at, network, token_age) SELECT {tool}, {bytes}, 1 + i % 2, 1700000000000000 + i, {zero}, 0 FROM h"),
        "DELETE FROM ledger_entries".to_owned(),
        format!("INSERT INTO ledger_entries (tool_id, version, at, changes) SELECT tool_id, 1 + row_number() OVER (PARTITION BY tool_id ORDER BY cast_at), cast_at, {change} FROM votes"),
        "UPDATE tallies SET ship = (SELECT count(*) FROM votes v WHERE v.tool_id = tallies.tool_id AND choice = 1), skip = (SELECT count(*) FROM votes v WHERE v.tool_id = tallies.tool_id AND choice = 2)".to_owned(),
        "UPDATE tallies SET version = 1 + ship + skip".to_owned(),
    ]
}

/// Page caches are dropped where that is allowed; else the report says that it was not.
fn drop_caches() -> bool {
    std::process::Command::new("sync").status().is_ok()
        && std::fs::write("/proc/sys/vm/drop_caches", "3").is_ok()
}

/// An id that lies anywhere: a site user's.
fn scattered(n: u64) -> VoterId {
    let (high, low) = (
        n.wrapping_mul(0x9e37_79b9_7f4a_7c15),
        n.wrapping_mul(0xd1b5_4a32_d192_ed03),
    );
    VoterId((u128::from(high) << 64 | u128::from(low)).to_be_bytes())
}

struct Measured {
    /// Microseconds of CPU.
    vote: f64,
    /// As a multiple of the ceiling's CPU, measured in turn with it: the machine's own moods fall on both.
    ratio: f64,
    /// As a multiple of the ceiling's.
    read: f64,
    start: f64,
    memory: f64,
    verify: f64,
    cold: bool,
}

/// Starts cold, votes, reads, recounts.
async fn measured(setup: &Setup, others: Vec<u32>, ceiling: &Subject) -> Measured {
    let cold = drop_caches();
    let subject = of_server("growing", setup.clone(), others, Box::new(())).await;
    let start = subject.server().started_in.as_secs_f64();
    let voters = Voters::new();
    let make = {
        let voters = voters.clone();
        move || {
            let n = voters.next();
            let spread =
                (n.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 11) as f64 / (1_u64 << 53) as f64;
            let voter = if n.is_multiple_of(5) {
                scattered(n)
            } else {
                new_voter()
            };
            request(
                "PUT",
                &format!("tool-{}", zipf(spread)),
                &voters.token(voter),
                // As people are: one hand's votes would be held.
                Some(if n.is_multiple_of(3) { "skip" } else { "ship" }),
            )
        }
    };
    let cost = async |subject: &Subject, make: Arc<dyn Fn() -> Vec<u8> + Send + Sync>| {
        let before = subject.cpu();
        let result = closed(&subject.url, 256, SPAN, move || make()).await;
        assert!(
            result
                .statuses
                .keys()
                .all(|status| (200..300).contains(status)),
            "{:?}",
            result.statuses
        );
        (subject.cpu() - before).as_secs_f64() * 1e6 / result.calls as f64
    };
    let votes: Arc<dyn Fn() -> Vec<u8> + Send + Sync> = Arc::new(make);
    let (mut costs, mut ratios) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        let vote = cost(&subject, Arc::clone(&votes)).await;
        costs.push(vote);
        ratios.push(vote / cost(ceiling, Arc::clone(&votes)).await);
    }
    let read: Arc<dyn Fn() -> Vec<u8> + Send + Sync> =
        Arc::new(|| get("/v1/tools/tool-1/tally", None));
    let mut reads = Vec::new();
    for _ in 0..ROUNDS {
        let ours = cost(&subject, Arc::clone(&read)).await;
        reads.push(ours / cost(ceiling, Arc::clone(&read)).await);
    }
    let memory = cpu::memory(subject.server().pid());
    let began = Instant::now();
    subject.server().verify().await;
    let verify = began.elapsed().as_secs_f64();
    subject.server().sigterm(Duration::from_secs(30)).await;
    Measured {
        vote: crate::report::spread(&costs).0,
        ratio: crate::report::spread(&ratios).0,
        read: crate::report::spread(&reads).0,
        start,
        memory,
        verify,
        cold,
    }
}

/// Which tool each ten-thousandth of the votes goes to, as a table: not every SQLite can raise to a power.
fn quantiles() -> Vec<String> {
    let rows: Vec<String> = (0..10_000)
        .map(|q| format!("({q}, 'tool-{}')", zipf((f64::from(q) + 0.5) / 10_000.0)))
        .collect();
    vec![
        "CREATE TABLE named (quantile INTEGER PRIMARY KEY, slug TEXT)".to_owned(),
        format!("INSERT INTO named VALUES {}", rows.join(", ")),
        "CREATE TABLE zipf (quantile INTEGER PRIMARY KEY, tool_id INTEGER)".to_owned(),
        "INSERT INTO zipf SELECT quantile, id FROM named JOIN tools USING (slug)".to_owned(),
    ]
}

pub async fn measure(report: &mut Report, large: usize) {
    report.line("\n## Growth\n");
    report.line(&format!("{TOOLS} tools of Zipf popularity, one voter in five with a random id, start with cold caches; medians of {ROUNDS} spans of {} s, each followed by one of the ceiling, so that what the machine does besides falls on both.\n", SPAN.as_secs()));
    report.line("| database | votes | CPU a vote | of the ceiling | a tally read, of the ceiling | start to ready (1 s) | memory (200 MiB) | verify (60 s) |\n| --- | --- | --- | --- | --- | --- | --- | --- |");
    let ceiling = subjects::ceiling("ceiling", b"{}").await;
    for backend in [Backend::Sqlite, Backend::Postgres] {
        let cluster = (backend == Backend::Postgres).then(Cluster::private);
        let home = cluster.as_ref().map_or_else(
            || Home::new(backend),
            |cluster| Home::on(cluster.fresh_database()),
        );
        let setup = raised(home.setup()).env("TALLYSHIP_CATALOG__FILE", "tools.json");
        let tools: Vec<_> = (1..=TOOLS).map(|n| serde_json::json!({"slug": format!("tool-{n}"), "name": format!("Tool {n}"), "reviews": [{"reviewer": "R", "verdict": "ship"}]})).collect();
        home.write("tools.json", serde_json::to_vec(&tools).expect("json"));
        setup
            .run_cli(&["catalog", "import", "tools.json"])
            .await
            .success("import");
        let others = cluster
            .as_ref()
            .map(|cluster| cluster.pid())
            .into_iter()
            .collect::<Vec<_>>();
        for sql in quantiles() {
            home.execute(&sql);
        }
        let mut small = None;
        for (from, to) in [(0, SMALL), (SMALL, large)] {
            let began = Instant::now();
            for sql in fill(backend, from, to) {
                home.execute(&sql);
            }
            if backend == Backend::Postgres {
                home.execute("VACUUM ANALYZE");
            }
            println!("  {backend:?}: {to} votes filled in {:?}", began.elapsed());
            let now = measured(&setup, others.clone(), &ceiling).await;
            report.line(&format!(
                "| {backend:?} | {to} | {:.1} us | {:.2} | {:.2} | {:.2} s | {:.0} MiB | {:.1} s |{}",
                now.vote,
                now.ratio,
                now.read,
                now.start,
                now.memory,
                now.verify,
                if now.cold {
                    ""
                } else {
                    " caches could not be dropped |"
                }
            ));
            match small {
                None => small = Some(now),
                Some(ref before) => {
                    let (vote, read) = (now.ratio / before.ratio, now.read / before.read);
                    let holds =
                        vote <= 1.25 && now.start < 1.0 && now.memory < 200.0 && now.verify < 60.0;
                    report.line(&format!("| {backend:?} | growth | | {vote:.2} times (1.25) | {read:.2} times | | | {} |", if holds { "holds" } else { "**does not hold**" }));
                }
            }
        }
    }
}
