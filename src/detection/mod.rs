//! The detector: what stands out among the votes as they come, told to people. It proposes, and never takes a vote out.
//!
//! `server` starts [`worker`], a thread that follows the ledger. The rule itself is pure and knows no clock, no
//! database and no server: `rule` scores some votes, `pass` tries the windows of time, `memory` holds the votes of a day, and
//! `tests/detector` puts days before it that it was not made for. Why the rule is as it is stands in `docs/detector.md`.
//!
//! Votes never wait for it: it reads on a connection of its own, in short pages with pauses, and what it holds in memory has
//! a bound. Of several instances one at a time runs it; another takes over when that one is gone.

pub mod alerts;
pub mod baseline;
pub mod finding;
mod ledger_tail;
pub mod memory;
mod network_index;
pub mod rule;
mod stats;
mod store;
mod votes;
mod window_scan;
pub mod worker;

pub use store::rhythm;
