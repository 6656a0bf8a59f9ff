//! An upgrade that is killed at every step of every migration: afterwards the database has the old schema or the new one,
//! never something between, the next `migrate` ends well, and every vote is there.
//!
//! The old database is made from the oldest migration, with votes as that version wrote them. The short form runs here, that
//! of a million votes in `tests/long`. It must never take the migrations' word for what a schema is: each is seen made in peace.
#![allow(dead_code)] // `tests/long` uses a part of it, `tests/faults` another
use crate::harness::Backend;
use crate::harness::postgres::{Cluster, Database, empty_database};
use crate::harness::process::{Finished, Process, program};
use crate::harness::server::{Home, Setup};
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Of a migration, or of a whole upgrade.
const GUARD: Duration = Duration::from_secs(600);
const DIESEL: &str = "CREATE TABLE __diesel_schema_migrations (version VARCHAR(50) PRIMARY KEY NOT NULL, \
                      run_on TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP)";

struct Step {
    version: String,
    up: String,
}

/// Every migration, in order.
fn steps(backend: Backend) -> Vec<Step> {
    let name = match backend {
        Backend::Sqlite => "sqlite",
        Backend::Postgres => "postgres",
    };
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("migrations")
        .join(name);
    let entries = std::fs::read_dir(folder).expect("migrations");
    let mut paths: Vec<_> = entries.map(|entry| entry.expect("one").path()).collect();
    paths.sort();
    let read = |path: &std::path::PathBuf| {
        let name = path.file_name().expect("a name").to_string_lossy();
        let stamp = name.split('_').next().expect("a stamp");
        Step {
            version: stamp.replace('-', ""),
            up: std::fs::read_to_string(path.join("up.sql")).expect("up.sql"),
        }
    };
    paths.iter().map(read).collect()
}

fn apply(home: &Home, step: &Step) {
    home.execute(&step.up);
    let version = &step.version;
    home.execute(&format!(
        "INSERT INTO __diesel_schema_migrations (version) VALUES ('{version}')"
    ));
}

/// Tables, columns, indexes, constraints and functions, and the facts that migrations leave.
fn schema(home: &Home) -> String {
    let parts: &[&str] = match home.backend() {
        Backend::Sqlite => &[
            "SELECT coalesce(group_concat(line, char(10)), '') AS n FROM (SELECT type || ' ' || name || ' ' || coalesce(sql, '') AS line \
             FROM sqlite_master WHERE name NOT LIKE '%diesel%' AND name NOT LIKE 'sqlite_%' ORDER BY 1)",
        ],
        Backend::Postgres => &[
            "SELECT coalesce(string_agg(concat_ws(' ', table_name, column_name, data_type, is_nullable, column_default), \
             chr(10) ORDER BY table_name, ordinal_position), '') AS n FROM information_schema.columns \
             WHERE table_schema = 'public' AND table_name NOT LIKE '%diesel%'",
            "SELECT coalesce(string_agg(indexdef, chr(10) ORDER BY indexdef), '') AS n FROM pg_indexes \
             WHERE schemaname = 'public' AND tablename NOT LIKE '%diesel%'",
            "SELECT coalesce(string_agg(conrelid::regclass || ' ' || pg_get_constraintdef(oid), chr(10) \
             ORDER BY conrelid::regclass::text, pg_get_constraintdef(oid)), '') AS n FROM pg_constraint \
             WHERE connamespace = 'public'::regnamespace AND conrelid::regclass::text NOT LIKE '%diesel%'",
            "SELECT coalesce(string_agg(prosrc, chr(10) ORDER BY prosrc), '') AS n FROM pg_proc \
             WHERE pronamespace = 'public'::regnamespace",
        ],
    };
    let mut text: Vec<String> = parts.iter().filter_map(|part| home.text(part)).collect();
    if text.iter().any(|part| part.contains("site_facts")) {
        let facts = match home.backend() {
            Backend::Sqlite => {
                "SELECT coalesce(group_concat(name), '') AS n FROM (SELECT name FROM site_facts ORDER BY 1)"
            }
            Backend::Postgres => {
                "SELECT coalesce(string_agg(name, ',' ORDER BY name), '') AS n FROM site_facts"
            }
        };
        text.extend(home.text(facts));
    }
    text.join("\n")
}

/// The schema after each number of steps, made in peace.
fn schemas(backend: Backend, steps: &[Step]) -> Vec<String> {
    let home = Home::empty(backend);
    ready(&home);
    home.execute(DIESEL);
    let mut schemas = vec![schema(&home)];
    for step in steps {
        apply(&home, step);
        schemas.push(schema(&home));
    }
    schemas
}

fn ready(home: &Home) {
    std::fs::create_dir_all(home.path().join("data")).expect("its folder");
}

/// So many votes of one tool, as the oldest version wrote them: each cast, each third changed since.
fn fill(home: &Home, tool: usize, slug: &str, votes: usize) {
    let changed = votes / 3;
    home.execute(&format!(
        "INSERT INTO tools (id, slug, name, updated_at) VALUES ({tool}, '{slug}', '{slug}', 1); \
         INSERT INTO tallies (tool_id, ship, skip, version, updated_at) \
         VALUES ({tool}, {}, {changed}, {}, 1764000000000000);",
        votes - changed,
        1 + votes + changed
    ));
    let (numbers, voter, network) = match home.backend() {
        Backend::Sqlite => (
            format!(
                "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {votes})"
            ),
            "unhex(printf('%016x%016x', 1764000000000 + i, i * 7919))",
            "zeroblob(16)",
        ),
        Backend::Postgres => (
            format!("WITH n (i) AS (SELECT generate_series(1::bigint, {votes}))"),
            "decode(lpad(to_hex(1764000000000 + i), 16, '0') || lpad(to_hex(i * 7919), 16, '0'), 'hex')",
            "decode(repeat('00', 16), 'hex')",
        ),
    };
    let into = |table: &str, columns: &str, select: &str| match home.backend() {
        Backend::Sqlite => format!("INSERT INTO {table} ({columns}) {numbers} {select}"),
        Backend::Postgres => format!("{numbers} INSERT INTO {table} ({columns}) {select}"),
    };
    let votes_columns = "tool_id, voter, choice, cast_at, network, token_age";
    let events_columns = "tool_id, version, voter, old, new, at";
    for statement in [
        into(
            "votes",
            votes_columns,
            &format!(
                "SELECT {tool}, {voter}, CASE WHEN i % 3 = 0 THEN 2 ELSE 1 END, 1764000000000000 + i, {network}, 5 FROM n"
            ),
        ),
        into(
            "vote_events",
            events_columns,
            &format!("SELECT {tool}, 1 + i, {voter}, 0, 1, 1764000000000000 + i FROM n"),
        ),
        into(
            "vote_events",
            events_columns,
            &format!(
                "SELECT {tool}, 1 + {votes} + i / 3, {voter}, 1, 2, 1764000000000000 + {votes} + i FROM n WHERE i % 3 = 0"
            ),
        ),
    ] {
        home.execute(&statement);
    }
}

/// Where old databases come from: each trial has a copy of its own.
struct Origin {
    backend: Backend,
    home: Arc<Home>,
    cluster: Option<Arc<Cluster>>,
    database: Option<String>,
    steps: Vec<Step>,
    schemas: Vec<String>,
    votes: i64,
}

impl Origin {
    /// With `cluster`, on a Postgres that may be killed.
    fn new(backend: Backend, cluster: Option<Arc<Cluster>>, votes: usize) -> Origin {
        let steps = steps(backend);
        let schemas = schemas(backend, &steps);
        let database = match (backend, &cluster) {
            (Backend::Sqlite, _) => None,
            (Backend::Postgres, Some(cluster)) => Some(cluster.fresh_database()),
            (Backend::Postgres, None) => Some(empty_database()),
        };
        let name = database.as_ref().map(|database| database.name().to_owned());
        let home = database.map_or_else(|| Home::empty(backend), Home::on);
        ready(&home);
        home.execute(DIESEL);
        apply(&home, &steps[0]);
        fill(&home, 1, "codestral-2", votes - votes / 4);
        fill(&home, 2, "cursor-background-agents", votes / 4);
        Origin {
            backend,
            home,
            cluster,
            database: name,
            steps,
            schemas,
            votes: votes as i64,
        }
    }

    fn copy(&self) -> Setup {
        let copied: Option<Database> = match (&self.database, &self.cluster) {
            (None, _) => None,
            (Some(name), Some(cluster)) => Some(cluster.copy_of(name)),
            (Some(name), None) => Some(crate::harness::postgres::shared_copy_of(name)),
        };
        let Some(database) = copied else {
            let home = Home::new(Backend::Sqlite);
            ready(&home);
            let name = "data/tallyship.db";
            std::fs::copy(self.home.path().join(name), home.path().join(name)).expect("a copy");
            return home.setup();
        };
        Home::on(database).setup()
    }

    /// How many steps have been done, if the database is at the end of one; else what is wrong.
    fn judge(&self, home: &Home) -> Result<usize, String> {
        let list = match self.backend {
            Backend::Sqlite => {
                "SELECT group_concat(version) AS n FROM (SELECT version FROM __diesel_schema_migrations ORDER BY 1)"
            }
            Backend::Postgres => {
                "SELECT string_agg(version, ',' ORDER BY version) AS n FROM __diesel_schema_migrations"
            }
        };
        let done = home.text(list).unwrap_or_default();
        let known: Vec<&str> = self
            .steps
            .iter()
            .map(|step| step.version.as_str())
            .collect();
        let count = done.split(',').count();
        if done != known[..count.min(known.len())].join(",") {
            return Err(format!("the steps that are noted: {done}"));
        }
        let (found, made) = (schema(home), &self.schemas[count]);
        if found != *made {
            return Err(format!(
                "between two schemas after {count} steps:\n{found}\n--- not\n{made}"
            ));
        }
        let votes = home.number("SELECT count(*) AS n FROM votes");
        if votes != self.votes {
            return Err(format!("{votes} votes after {count} steps"));
        }
        Ok(count)
    }

    /// Holds a database that an upgrade was killed on against both schemas, and upgrades it; gives the steps that were done.
    async fn recovers(&self, setup: &Setup, what: &str) -> usize {
        let wrong = |cause: String| -> usize { panic!("{what}: {cause}") };
        let done = self.judge(&setup.home).unwrap_or_else(wrong);
        let again = setup.spawn_cli(&["migrate"]).wait(GUARD).await;
        again.success(what);
        let all = self.judge(&setup.home).unwrap_or_else(wrong);
        assert_eq!(all, self.steps.len(), "{what}");
        let verified = setup.spawn_cli(&["verify"]).wait(GUARD).await;
        verified.success(what);
        done
    }
}

/// `migrate` under strace; with `expression` it meets what that says.
async fn traced(setup: &Setup, call: &str, expression: Option<&str>) -> (Finished, usize) {
    let trace = setup.home.path().join("calls");
    let strace = program("strace", "strace").display().to_string();
    let mut argv = vec![strace, "-f".into(), "-e".into()];
    argv.extend([
        format!("trace={call}"),
        "-o".into(),
        trace.display().to_string(),
    ]);
    if let Some(expression) = expression {
        argv.extend(["-e".into(), format!("inject={call}:{expression}")]);
    }
    argv.push(env!("CARGO_BIN_EXE_tallyship").into());
    argv.push("migrate".into());
    let process = Process::start(
        "strace",
        "KILL",
        &argv,
        &setup.environment(),
        setup.home.path(),
    );
    let ended = process.wait(GUARD).await;
    let text = std::fs::read_to_string(&trace).unwrap_or_default();
    let calls = text
        .lines()
        .filter(|line| line.contains(&format!("{call}(")));
    (ended, calls.count())
}

/// Killed as it makes the first, the last, and so many evenly chosen calls between, of each kind that changes the database.
pub async fn killed(backend: Backend, votes: usize, points: usize) {
    let origin = Origin::new(backend, None, votes);
    let calls: &[&str] = match backend {
        Backend::Sqlite => &["pwrite64", "fsync"],
        Backend::Postgres => &["sendto"],
    };
    for call in calls {
        let (ended, count) = traced(&origin.copy(), call, None).await;
        ended.success("an upgrade in peace");
        assert!(count > 1, "{count} calls of {call}");
        let mut reached = vec![0; origin.steps.len() + 1];
        let chosen = points.min(count);
        for n in 0..chosen {
            let point = 1 + n * (count - 1) / (chosen - 1).max(1);
            let setup = origin.copy();
            let what = format!("killed at {call} {point} of {count}");
            let expression = format!("signal=KILL:when={point}");
            let (ended, _) = traced(&setup, call, Some(&expression)).await;
            assert!(!ended.status.success(), "{what}: it was not killed");
            reached[origin.recovers(&setup, &what).await] += 1;
        }
        println!(
            "{backend:?}, {votes} votes: killed at {chosen} of {count} calls of {call}; by the steps done: {reached:?}"
        );
        let different = reached.iter().filter(|times| **times > 0).count();
        assert!(different > 1, "the kills all met one step: {reached:?}");
    }
}

/// Postgres itself is killed, at times spread over the upgrade.
pub async fn postgres_killed(votes: usize, times: u32) {
    let cluster = Cluster::private();
    let origin = Origin::new(Backend::Postgres, Some(Arc::clone(&cluster)), votes);
    let start = Instant::now();
    let peace = origin.copy().spawn_cli(&["migrate"]).wait(GUARD).await;
    peace.success("an upgrade in peace");
    let whole = start.elapsed();
    let mut reached = vec![0; origin.steps.len() + 1];
    for time in 0..times {
        let setup = origin.copy();
        let upgrade = setup.spawn_cli(&["migrate"]);
        tokio::time::sleep(whole * (time + 1) / (times + 1)).await; // the moment of the kill
        cluster.kill9();
        upgrade.wait(GUARD).await;
        let again = Arc::clone(&cluster);
        let launched = tokio::task::spawn_blocking(move || again.launch());
        launched.await.expect("Postgres is back");
        let what = format!("Postgres killed, {} of {times}", time + 1);
        reached[origin.recovers(&setup, &what).await] += 1;
    }
    println!("Postgres killed {times} times within {whole:?}; by the steps done: {reached:?}");
}

/// The twin: half of a migration, outside of a transaction, must be told from both schemas.
async fn half_a_step_is_seen(backend: Backend) {
    let origin = Origin::new(backend, None, 100);
    for (n, step) in origin.steps.iter().enumerate().skip(1) {
        let mut statements = step.up.split_inclusive(";\n");
        let first = statements.next().expect("a statement");
        // One statement is whole or not there; a function's own statements cannot be told from others here.
        if statements.next().is_none() || step.up.contains("$$") {
            continue;
        }
        let setup = origin.copy();
        for before in &origin.steps[1..n] {
            apply(&setup.home, before);
        }
        assert_eq!(origin.judge(&setup.home), Ok(n));
        setup.home.execute(first);
        let seen = origin.judge(&setup.home);
        assert!(seen.is_err(), "half of {} was not seen", step.version);
    }
}

async fn an_upgrade_is_killed(backend: Backend) {
    killed(backend, 3_000, 30).await;
}

crate::both!(an_upgrade_is_killed, half_a_step_is_seen);

#[test]
fn an_upgrade_meets_the_end_of_postgres() {
    crate::harness::run(postgres_killed(30_000, 6));
}
