//! What takes many minutes: run one by name, `cargo test --test long ten_minutes -- --nocapture`.
//!
//! `cargo test` alone leaves them out. Each is the long form of a test in `tests/faults` or `tests/api`.
#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::pedantic,
    reason = "a test may fail loudly and count freely"
)]

#[path = "../faults/book.rs"]
mod book;
#[path = "../detector/days.rs"]
mod days;
#[path = "../faults/deaf.rs"]
mod deaf;
#[path = "../detector/dice.rs"]
mod dice;
#[path = "../faults/flood.rs"]
mod flood;
#[path = "../api/forgetting.rs"]
mod forgetting;
#[path = "../faults/front.rs"]
mod front;
#[path = "../harness/mod.rs"]
mod harness;
#[path = "../faults/history/mod.rs"]
mod history;
#[path = "../faults/import.rs"]
mod import;
#[path = "../faults/matrix/mod.rs"]
mod matrix;
#[path = "../faults/networks.rs"]
mod networks;
#[path = "../faults/queues.rs"]
mod queues;
#[path = "../faults/random_acts/mod.rs"]
mod random_acts;
#[path = "../faults/reset_load.rs"]
mod reset_load;
#[path = "../detector/shapes.rs"]
mod shapes;
#[path = "../faults/slow.rs"]
mod slow;
mod soak;
#[path = "../faults/upgrade.rs"]
mod upgrade;

use std::time::Duration;

/// What a promise of one second may take here, where two cores run the tests, a debug server and its databases.
const SLACK: u32 = 5;

#[test]
fn a_thousand_never_read_for_ten_minutes_on_sqlite() {
    harness::run(deaf::never_read(1_000, Duration::from_secs(600)));
}

#[test]
fn two_hundred_kills_on_sqlite() {
    harness::run(matrix::kills(matrix::Ground::Sqlite, 200, 200_000));
}

#[test]
fn two_hundred_kills_on_postgres() {
    harness::run(matrix::kills(matrix::Ground::Postgres, 200, 200_000));
}

#[test]
fn fifty_power_cuts_on_sqlite() {
    if matrix::power() {
        harness::run(matrix::kills(matrix::Ground::OwnDisk, 50, 20_000));
    }
}

#[test]
fn fifty_power_cuts_on_postgres() {
    if matrix::power() {
        harness::run(matrix::kills(matrix::Ground::PostgresOwnDisk, 50, 20_000));
    }
}

#[test]
fn two_hundred_thousand_random_acts_on_sqlite() {
    harness::run(random_acts::random_acts(harness::Backend::Sqlite, 200_000));
}

#[test]
fn two_hundred_thousand_random_acts_on_two_instances_of_postgres() {
    harness::run(random_acts::random_acts(
        harness::Backend::Postgres,
        200_000,
    ));
}

/// More connections than votes may wait, so that the queue itself has to refuse.
#[test]
fn a_flood_from_12_000_connections_on_sqlite() {
    harness::run(flood::flood(12_000, Duration::from_secs(30)));
}

#[test]
fn an_upgrade_of_a_million_votes_is_killed_on_sqlite() {
    harness::run(upgrade::killed(harness::Backend::Sqlite, 1_000_000, 24));
}

#[test]
fn an_upgrade_of_a_million_votes_is_killed_on_postgres() {
    harness::run(upgrade::killed(harness::Backend::Postgres, 1_000_000, 48));
}

#[test]
fn an_upgrade_of_a_million_votes_meets_the_end_of_postgres() {
    harness::run(upgrade::postgres_killed(1_000_000, 20));
}

#[test]
fn five_thousand_slow_clients_on_sqlite() {
    harness::run(slow::beside_slow_clients(5_000, Duration::from_secs(60)));
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

#[test]
fn no_address_is_anywhere_after_100_000_votes_on_sqlite() {
    harness::run(networks::nowhere(harness::Backend::Sqlite, 100_000));
}

#[test]
fn no_address_is_anywhere_after_100_000_votes_on_postgres() {
    harness::run(networks::nowhere(harness::Backend::Postgres, 100_000));
}

/// 100,000 votes out of a million while 500 votes a second arrive: with `--release`, the figures of the project.
mod a_reset_of_100_000_out_of_a_million {
    use super::harness::{Backend, run};
    use super::reset_load::{Size, beside};

    const SIZE: Size = Size {
        all: 1_000_000,
        ring: 100_000,
        rate: 500,
    };

    #[test]
    fn on_sqlite() {
        run(beside(Backend::Sqlite, SIZE));
    }

    #[test]
    fn on_postgres() {
        run(beside(Backend::Postgres, SIZE));
    }
}

/// A reset of all of a million votes, and its undo, while 500 of their voters change their votes without pause.
mod a_reset_of_a_million_comes_through_a_flood {
    use super::harness::{Backend, run};
    use super::reset_load::comes_through_a_flood;

    #[test]
    fn on_sqlite() {
        run(comes_through_a_flood(Backend::Sqlite, 1_000_000));
    }

    #[test]
    fn on_postgres() {
        run(comes_through_a_flood(Backend::Postgres, 1_000_000));
    }
}

/// The figures of the detector: a thousand tool-days of each shape, drawn from seeds that it was not tuned by. Prints the
/// table of `docs/detector.md`.
#[test]
fn a_thousand_days_before_the_detector() {
    let measured = days::measure(days::HELD_OUT, 0..1_000, days::limits(), false);
    println!("{}", days::table(&measured));
}

/// For tuning the detector, by the seeds that are for it alone: lists each day that went wrong, and judges nothing.
#[test]
fn tuning_the_detector() {
    println!(
        "{}",
        days::table(&days::measure(days::TUNING, 0..200, days::limits(), true))
    );
}

/// A day of 100,000 votes loses its networks among ten million votes: docs/privacy.md says within the hour.
mod a_walk_over_ten_million_votes {
    use super::forgetting::walk;
    use super::harness::{Backend, run};
    use std::time::Duration;

    const HOUR: Duration = Duration::from_secs(3600);

    #[test]
    fn on_sqlite() {
        run(walk(Backend::Sqlite, 10_000_000, 100_000, HOUR));
    }

    #[test]
    fn on_postgres() {
        run(walk(Backend::Postgres, 10_000_000, 100_000, HOUR));
    }
}
