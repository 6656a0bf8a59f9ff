//! The fault matrix: every fault under load, the whole history judged, one table.
//!
//! `cargo test --test faults matrix -- --nocapture --test-threads 1` prints it; `tests/long` has the form of 200 kills. Each
//! row has its twin behind fronts that answer before the commit, and has to be found out.
#![allow(dead_code)] // `tests/long` uses a part of it, `tests/faults` another
mod fault;
mod site;
mod trial;

use crate::front::Manner;
use crate::harness::run;
use fault::{Fault, ON_A_SMALL_DISK, ON_POSTGRES, ON_SQLITE};
pub use site::Ground;
use site::Site;
use std::time::Duration;
use trial::{Outcome, trial};

/// Acknowledged votes of a row at least.
const VOTES: usize = 400;
const ANSWER: Duration = Duration::from_secs(5);

fn head(ground: Ground) {
    println!(
        "\n| {ground:?}: fault | votes acknowledged | lost | false 2xx | slowest answer | time to recover |\n\
         | --- | ---: | ---: | ---: | ---: | ---: |"
    );
}

fn row(outcome: &Outcome) {
    println!(
        "| {} | {} | {} | {} | {:.2} s | {:.2} s |",
        outcome.fault.name(),
        outcome.acknowledged,
        outcome.findings.lost.len(),
        outcome.findings.false_success.len(),
        outcome.slowest.as_secs_f64(),
        outcome.recovered.as_secs_f64(),
    );
}

fn judge(outcome: &Outcome) {
    let (name, first) = (outcome.fault.name(), outcome.findings.all().next());
    assert!(
        first.is_none(),
        "{name}: {}",
        first.map_or("", |first| first)
    );
    let slowest = outcome.slowest;
    assert!(
        slowest < ANSWER * crate::SLACK,
        "{name}: an answer took {slowest:?}"
    );
}

/// One row for each fault, all on one site.
async fn matrix(ground: Ground, faults: &[Fault]) {
    let site = Site::new(ground, None).await;
    let mut rows = Vec::new();
    for (seed, fault) in faults.iter().enumerate() {
        let outcome = trial(&site, *fault, VOTES, seed as u64 + 1).await;
        judge(&outcome);
        rows.push(outcome);
    }
    head(ground);
    rows.iter().for_each(row);
}

/// So many kills, of everything that there is by turns, and so many acknowledged votes at least; each kill with its own history.
pub async fn kills(ground: Ground, times: usize, votes: usize) {
    let victims: &[Fault] = match ground {
        Ground::Postgres => &[
            Fault::InstanceKilled,
            Fault::PostgresKilled,
            Fault::RedisKilled,
        ],
        _ => &[Fault::InstanceKilled],
    };
    let site = Site::new(ground, None).await;
    let mut sums: Vec<Outcome> = Vec::new();
    for time in 0..times {
        let fault = victims[time % victims.len()];
        let outcome = trial(&site, fault, votes.div_ceil(times), time as u64 + 1).await;
        judge(&outcome);
        match sums.iter_mut().find(|sum| sum.fault == fault) {
            Some(sum) => sum.add(&outcome),
            None => sums.push(outcome),
        }
    }
    head(ground);
    sums.iter().for_each(row);
    let acknowledged: usize = sums.iter().map(|sum| sum.acknowledged).sum();
    println!("{times} kills, {acknowledged} acknowledged votes");
    assert!(acknowledged >= votes, "only {acknowledged} votes");
}

/// The twin: the same rows through fronts that answer too early.
async fn twins(ground: Ground, faults: &[Fault]) {
    for (seed, fault) in faults.iter().enumerate() {
        let site = Site::new(ground, Some(Manner::Hasty)).await;
        let outcome = trial(&site, *fault, VOTES, seed as u64 + 1).await;
        println!(
            "{ground:?}, answered before the commit, {}: {} lost, {} false",
            fault.name(),
            outcome.findings.lost.len(),
            outcome.findings.false_success.len()
        );
        assert!(
            !outcome.findings.is_clean(),
            "{}: the checker is blind",
            fault.name()
        );
    }
}

/// Whether there is a disk that can be filled; where it may not be missing, that is a failure.
fn disk() -> bool {
    let may = site::may_mount();
    if !may {
        println!(
            "NOT RUN: a full disk needs root that may mount (unshare --mount, mount -t tmpfs)"
        );
        assert!(
            std::env::var_os("CI").is_none(),
            "under CI nothing is left out"
        );
    }
    may
}

#[test]
fn every_fault_on_sqlite() {
    run(matrix(Ground::Sqlite, ON_SQLITE));
}

#[test]
fn a_full_disk_on_sqlite() {
    if disk() {
        run(matrix(Ground::SmallDisk, ON_A_SMALL_DISK));
    }
}

#[test]
fn every_fault_on_postgres() {
    run(matrix(Ground::Postgres, ON_POSTGRES));
}

#[test]
fn early_answers_are_found_out_on_sqlite() {
    run(async {
        twins(Ground::Sqlite, ON_SQLITE).await;
        if disk() {
            twins(Ground::SmallDisk, ON_A_SMALL_DISK).await;
        }
    });
}

#[test]
fn early_answers_are_found_out_on_postgres() {
    run(twins(Ground::Postgres, ON_POSTGRES));
}
