//! What takes many minutes: run one by name, `cargo test --test long ten_minutes -- --nocapture`.
//!
//! `cargo test` alone leaves them out. Each is the long form of a test in `tests/faults`.
#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::pedantic,
    reason = "a test may fail loudly and count freely"
)]

#[path = "../faults/deaf.rs"]
mod deaf;
#[path = "../harness/mod.rs"]
mod harness;
#[path = "../faults/import.rs"]
mod import;

use std::time::Duration;

/// What a promise of one second may take here, where two cores run the tests, a debug server and its databases.
const SLACK: u32 = 5;

#[test]
fn a_thousand_never_read_for_ten_minutes_on_sqlite() {
    harness::run(deaf::never_read(1_000, Duration::from_secs(600)));
}

/// The figures: under 30 s on SQLite with an optimised build, bounded memory, no vote refused.
#[test]
fn a_million_votes_are_imported_on_sqlite() {
    harness::run(import::beside(harness::Backend::Sqlite, 1_000_000, 200));
}

#[test]
fn a_million_votes_are_imported_on_postgres() {
    harness::run(import::beside(harness::Backend::Postgres, 1_000_000, 200));
}
