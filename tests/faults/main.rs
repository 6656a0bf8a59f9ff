//! Fault tests: races, kills, hangs and stops against the real server, on real databases and a real Redis.
//!
//! Run by `cargo test --test faults`. Times that a test allows are five times the promised figure; the measured one is printed.
#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::pedantic,
    reason = "a test may fail loudly and count freely"
)]

#[path = "../harness/mod.rs"]
mod harness;

mod backup_load;
mod book;
mod certificates;
mod claims;
mod clients;
mod crowd;
mod deaf;
mod detector;
mod documented;
mod flood;
mod front;
mod fsync;
mod history;
mod import;
mod instances;
mod jwks;
mod kill;
mod kill_postgres;
mod live;
mod lock_order;
mod lossy_failover;
mod matrix;
mod networks;
mod queues;
mod quotas;
mod races;
mod random_acts;
mod redis_loss;
mod reset;
mod reset_load;
mod slow;
mod stop;
mod tls;
mod upgrade;
mod wal;

/// What a promise of one second may take here, where two cores run the tests, a debug server and its databases.
const SLACK: u32 = 5;
