//! The fault matrix: every fault under load, the whole history judged, one table.
//!
//! `cargo test --test faults matrix -- --nocapture --test-threads 1` prints it; `tests/long` has the form of 200 kills. Each
//! row has its twin behind fronts that answer before the commit, and has to be found out.
#![allow(dead_code)] // `tests/long` uses a part of it, `tests/faults` another
mod fault;
mod site;
mod trial;

use crate::front::Manner;
use crate::harness::disk::Disk;
use crate::harness::run;
use fault::{
    Fault, ON_A_SMALL_DISK, ON_ITS_OWN_DISK, ON_POSTGRES, ON_POSTGRES_OWN_DISK, ON_SQLITE,
};
use site::Site;
pub use site::{Ground, small_disk};
use std::time::Duration;
use trial::{Outcome, trial};

/// Acknowledged votes of a row at least.
const VOTES: usize = 400;
const ANSWER: Duration = Duration::from_secs(5);
const HASTY: Option<Manner> = Some(Manner::Hasty);

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

/// So many kills, of everything that there is by turns, or cuts of power; and so many acknowledged votes at least. Each has
/// its own history.
pub async fn kills(ground: Ground, times: usize, votes: usize) {
    let victims: &[Fault] = match ground {
        Ground::Postgres => &[
            Fault::InstanceKilled,
            Fault::PostgresKilled,
            Fault::RedisKilled,
        ],
        Ground::PostgresOwnDisk => &[Fault::PostgresPowerCut],
        Ground::OwnDisk => &[Fault::PowerCut],
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

/// The twin: the same rows through fronts that answer too early, or on a disk that lies.
async fn twins(ground: Ground, manner: Option<Manner>, faults: &[Fault]) {
    for (seed, fault) in faults.iter().enumerate() {
        let site = Site::new(ground, manner).await;
        let outcome = trial(&site, *fault, VOTES, seed as u64 + 1).await;
        println!(
            "{ground:?}, answered before it was safe, {}: {} lost, {} false",
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

/// Whether it can be done here; where it may not be left out, that is a failure.
fn may(what: &str, missing: Option<String>) -> bool {
    let Some(missing) = missing else { return true };
    println!("NOT RUN: {what}: {missing}");
    assert!(
        std::env::var_os("CI").is_none(),
        "under CI nothing is left out"
    );
    false
}

/// Whether a disk can be filled here.
pub fn disk() -> bool {
    let needs = "it needs root that may mount (unshare --mount, mount -t tmpfs)";
    may("a full disk", (!site::may_mount()).then(|| needs.into()))
}

/// Whether power can be cut here.
pub fn power() -> bool {
    let needs = "it needs root that may mount ext4 by a loop device, and perl";
    let missing = Disk::missing().map(|cause| format!("{needs}: {cause}"));
    may("a power cut", missing)
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
fn a_power_cut_on_sqlite() {
    if power() {
        run(matrix(Ground::OwnDisk, ON_ITS_OWN_DISK));
    }
}

#[test]
fn a_power_cut_on_postgres() {
    if power() {
        run(matrix(Ground::PostgresOwnDisk, ON_POSTGRES_OWN_DISK));
    }
}

#[test]
fn every_fault_on_postgres() {
    run(matrix(Ground::Postgres, ON_POSTGRES));
}

#[test]
fn early_answers_are_found_out_on_sqlite() {
    run(async {
        twins(Ground::Sqlite, HASTY, ON_SQLITE).await;
        if disk() {
            twins(Ground::SmallDisk, HASTY, ON_A_SMALL_DISK).await;
        }
    });
}

#[test]
fn early_answers_are_found_out_on_postgres() {
    run(twins(Ground::Postgres, HASTY, ON_POSTGRES));
}

/// The twin of the power cuts: what the server asks to be flushed is not, and then the power goes.
#[test]
fn a_disk_that_lies_is_found_out_on_sqlite() {
    if power() {
        run(twins(Ground::LyingDisk, None, &ON_ITS_OWN_DISK[..1]));
    }
}

#[test]
fn a_disk_that_lies_is_found_out_on_postgres() {
    if power() {
        run(twins(
            Ground::PostgresLyingDisk,
            None,
            &ON_POSTGRES_OWN_DISK[..1],
        ));
    }
}
