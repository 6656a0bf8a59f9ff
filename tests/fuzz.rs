//! The short form of `fuzz/run`: every parser of outside bytes, fed with the committed seeds, with what fuzzing once found,
//! and with some thousand changed ones of both.

#![expect(
    clippy::expect_used,
    clippy::pedantic,
    reason = "a test may fail loudly"
)]

#[path = "../fuzz/targets/mod.rs"]
mod targets;

use std::fs;
use std::path::Path;

use proptest::prelude::*;
use proptest::sample::Index;
use proptest::test_runner::{Config, TestCaseError, TestRunner};

/// Each file of the target's folder below `fuzz/`; none where there is no such folder.
fn committed(folder: &str, target: &str) -> Vec<Vec<u8>> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("fuzz")
        .join(folder)
        .join(target);
    let Ok(entries) = fs::read_dir(path) else {
        return Vec::new();
    };
    let mut paths: Vec<_> = entries
        .map(|entry| entry.expect("an entry").path())
        .collect();
    paths.sort();
    paths
        .iter()
        .map(|path| fs::read(path).expect("a file of ours"))
        .collect()
}

/// A change of a seed: bytes in the place of others, or a piece of another seed.
#[derive(Debug, Clone)]
enum Change {
    Bytes(Index, usize, Vec<u8>),
    Piece(Index, Index, Index, usize),
}

fn change() -> impl Strategy<Value = Change> {
    let bytes = prop_oneof![
        prop::collection::vec(any::<u8>(), 0..6),
        "[ -~]{0,6}".prop_map(String::into_bytes),
        ".{0,3}".prop_map(String::into_bytes),
    ];
    prop_oneof![
        3 => (any::<Index>(), 0usize..4, bytes).prop_map(|(at, out, bytes)| Change::Bytes(at, out, bytes)),
        1 => (any::<Index>(), any::<Index>(), any::<Index>(), 0usize..60)
            .prop_map(|(at, of, from, length)| Change::Piece(at, of, from, length)),
    ]
}

fn changed(mut input: Vec<u8>, changes: &[Change], seeds: &[Vec<u8>]) -> Vec<u8> {
    for change in changes {
        let place = |at: &Index, length: usize| at.index(length + 1);
        match change {
            Change::Bytes(at, out, bytes) => {
                let at = place(at, input.len());
                let end = input.len().min(at + out);
                input.splice(at..end, bytes.iter().copied());
            }
            Change::Piece(at, of, from, length) => {
                let other = of.get(seeds);
                let from = place(from, other.len());
                let piece: Vec<u8> = other.iter().skip(from).take(*length).copied().collect();
                let at = place(at, input.len());
                input.splice(at..at, piece);
            }
        }
    }
    input
}

/// Feeds a target; a broken promise fails the test, with the smallest input that was found to break it.
fn feed(name: &str, run: fn(&[u8]), cases: u32) {
    let seeds = committed("seeds", name);
    assert!(!seeds.is_empty(), "fuzz/seeds/{name} is empty");
    for input in seeds.iter().chain(&committed("regressions", name)) {
        run(input);
    }
    run(b"");
    let config = Config {
        cases,
        failure_persistence: None,
        ..Config::default()
    };
    let inputs = (any::<Index>(), prop::collection::vec(change(), 1..5));
    let outcome = TestRunner::new(config).run(&inputs, |(seed, changes)| {
        run(&changed(seed.get(&seeds).clone(), &changes, &seeds));
        Ok::<(), TestCaseError>(())
    });
    if let Err(error) = outcome {
        panic!("{name}: {error}");
    }
}

macro_rules! fed {
    ($($name:ident $cases:literal)*) => {
        $(#[test]
        fn $name() {
            feed(stringify!($name), targets::$name::run, $cases);
        })*

        #[test]
        fn no_target_is_left_out() {
            let fed = [$(stringify!($name)),*];
            let all: Vec<&str> = targets::ALL.iter().map(|(name, _)| *name).collect();
            assert_eq!(all, fed);
        }
    };
}

fed! {
    backup_file 2_000
    catalog_file 4_000
    cursors 4_000
    forms 4_000
    headers 4_000
    jwks 2_000
    json_bodies 4_000
    jwt 2_000
    ledger 4_000
    network 4_000
    queries 4_000
    refusals 4_000
    relay 4_000
    restore 40
    settings 2_000
    visitor_token 4_000
    votes_file 2_000
    words 4_000
}

/// The twin: a parser that breaks on something near a seed is found.
#[test]
#[should_panic(expected = "relay: ")]
fn a_broken_parser_is_found() {
    feed(
        "relay",
        |data| assert!(!data.contains(&b'~'), "broken"),
        2_000,
    );
}
