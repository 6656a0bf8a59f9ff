//! Databases with many votes in them, as those would be that grew: ten thousand tools of Zipf popularity, one voter in five
//! with a random id.
//!
//! `growth` calls it. The tables are filled by SQL in the order in which votes would have come, tallies and ledger with
//! them, and `verify` must find nothing. Once filled, the database has nothing left to do for it.
use crate::cpu;
use crate::harness::Backend;
use crate::harness::eventually;
use crate::harness::postgres::Cluster;
use crate::harness::server::{Home, Setup};
use crate::subjects::raised;
use std::sync::Arc;
use std::time::{Duration, Instant};

pub const TOOLS: usize = 10_000;

/// A database of so many votes, and the process of a Postgres that it is alone in.
pub struct Filled {
    pub backend: Backend,
    pub votes: usize,
    pub setup: Setup,
    pub cluster: Option<Arc<Cluster>>,
}

impl Filled {
    pub async fn with(backend: Backend, votes: usize) -> Filled {
        let began = Instant::now();
        let cluster = (backend == Backend::Postgres).then(Cluster::private);
        let home = cluster.as_ref().map_or_else(
            || Home::new(backend),
            |cluster| Home::on(cluster.fresh_database()),
        );
        let setup = raised(home.setup()).env("TALLYSHIP_CATALOG__FILE", "tools.json");
        let tools: Vec<_> = (1..=TOOLS).map(|n| serde_json::json!({"slug": format!("tool-{n}"), "name": format!("Tool {n}"), "reviews": [{"reviewer": "R", "verdict": "ship"}]})).collect();
        home.write("tools.json", serde_json::to_vec(&tools).expect("json"));
        let imported = setup.run_cli(&["catalog", "import", "tools.json"]).await;
        imported.success("import");
        for sql in quantiles().into_iter().chain(fill(backend, votes)) {
            home.execute(&sql);
        }
        if let Some(cluster) = &cluster {
            home.execute("VACUUM ANALYZE");
            home.execute("CHECKPOINT");
            quiet(cluster).await;
        }
        println!(
            "  {backend:?}: {votes} votes filled in {:?}",
            began.elapsed()
        );
        Filled {
            backend,
            votes,
            setup,
            cluster,
        }
    }
}

/// Until a Postgres has nothing left to do of its own, such as a vacuum that the filling called for: what it still did
/// would count as the cost of votes.
async fn quiet(cluster: &Cluster) {
    let still = Duration::from_secs(3);
    let mut seen = (cpu::of_family(cluster.pid()), Instant::now());
    eventually("Postgres is quiet", Duration::from_secs(300), async || {
        let now = cpu::of_family(cluster.pid());
        if now > seen.0 + Duration::from_millis(30) {
            seen = (now, Instant::now());
        }
        seen.1.elapsed() > still
    })
    .await;
}

/// A tool by Zipf's law (exponent 1) from a uniform number: the inverse of the continuous harmonic sum.
pub fn zipf(uniform: f64) -> usize {
    ((TOOLS as f64).powf(uniform) as usize).clamp(1, TOOLS)
}

/// SQL for so many votes: time-ordered ids but for one voter in five, tools by the same law as the load.
fn fill(backend: Backend, votes: usize) -> Vec<String> {
    let (series, hash, bytes) = match backend {
        Backend::Sqlite => (
            format!(
                "WITH RECURSIVE s(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM s WHERE i < {votes})"
            ),
            "(i * 2654435761 % 4294967296)",
            "unhex(CASE WHEN i % 5 = 0 THEN printf('%08x%08x', h, (h * 40503 + i) % 4294967296) ELSE printf('%012x7000', 1700000000000 + i) END || printf('%016x', i))",
        ),
        Backend::Postgres => (
            format!("WITH s AS (SELECT i FROM generate_series(1::bigint, {votes}) AS i)"),
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
        format!("INSERT INTO ledger_entries (tool_id, version, at, changes) SELECT tool_id, 1 + row_number() OVER (PARTITION BY tool_id ORDER BY cast_at), cast_at, {change} FROM votes"),
        "UPDATE tallies SET ship = (SELECT count(*) FROM votes v WHERE v.tool_id = tallies.tool_id AND choice = 1), skip = (SELECT count(*) FROM votes v WHERE v.tool_id = tallies.tool_id AND choice = 2)".to_owned(),
        "UPDATE tallies SET version = 1 + ship + skip".to_owned(),
    ]
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
