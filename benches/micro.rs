//! The small steps of a vote and of a read, each by itself, so that a regression has an address: `cargo bench --bench micro`.
//!
//! They call the library as the server does. A figure of a whole vote is never made of these; see `benches/run`.

#![expect(clippy::expect_used, reason = "a measurement may fail loudly")]

use std::hint::black_box;

use tallyship::auth::keys::Keys;
use tallyship::auth::{new_voter, visitor_token};
use tallyship::config::Secret;
use tallyship::domain::{Quota, Slug, Timestamp, ToolState};
use tallyship::rate_limit::local::Local;
use tallyship::rate_limit::{Charge, Policy};
use tallyship::tallies::cache::{TallyCache, etag};
use tallyship::tallies::percent::{interval, percent};
use tallyship::tallies::{Tally, TallyRow};

fn main() {
    divan::main();
}

fn row(version: i64) -> TallyRow {
    TallyRow {
        tool: 1,
        ship: 1_300,
        skip: 200,
        panel_ship: 3,
        panel_skip: 1,
        state: ToolState::Open,
        version,
        updated_at: Timestamp(1_795_485_600_000_000),
        ..TallyRow::default()
    }
}

fn slug() -> Slug {
    Slug::parse("codestral-2").expect("a slug")
}

/// A vote's two quotas, charged in process.
#[divan::bench]
fn limiter_decision(bencher: divan::Bencher) {
    let quota = Quota::parse("1000000/1s").expect("a quota");
    let policies = [Policy::VotesPerVoter, Policy::VotesPerNetwork];
    let local = Local::new(&policies.map(|policy| (policy, quota)));
    let charges = policies.map(|policy| Charge {
        policy,
        quota,
        key: [7; 16],
    });
    bencher.bench(|| local.check(black_box(charges)));
}

#[divan::bench]
fn token_check(bencher: divan::Bencher) {
    let keys = Keys::new(
        &Secret::new("a secret of this benchmark alone".to_owned()),
        None,
    );
    let now = Timestamp::now();
    let token = visitor_token::sign(&keys, new_voter(), now);
    bencher.bench(|| visitor_token::verify(&keys, black_box(&token), now));
}

#[divan::bench]
fn network_hash(bencher: divan::Bencher) {
    let keys = Keys::new(
        &Secret::new("a secret of this benchmark alone".to_owned()),
        None,
    );
    bencher.bench(|| keys.ban(black_box(&[4, 203, 0, 113, 7, 0, 0, 0, 0])));
}

#[divan::bench]
fn tally_arithmetic() -> (Option<i64>, Option<[i64; 2]>) {
    let (ship, skip) = black_box((1_300, 200));
    (percent(ship, skip), interval(ship, skip))
}

/// A version of a tally, written as JSON with its entity tag: once for each version.
#[divan::bench]
fn tally_writing(bencher: divan::Bencher) {
    let slug = slug();
    bencher.bench(|| {
        let body = serde_json::to_vec(&Tally::of(&slug, &black_box(row(42)), 5)).expect("json");
        etag(&body)
    });
}

/// What a read of one tally does with the board.
#[divan::bench]
fn board_read(bencher: divan::Bencher) {
    let board = TallyCache::new(5);
    board.admit(&slug(), row(42));
    bencher.bench(|| {
        board
            .find(black_box("codestral-2"))
            .map(|slot| slot.tally().body.clone())
    });
}
