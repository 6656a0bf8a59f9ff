//! The public log: an append-only, signed list of every recorded ballot, from which anybody can recompute each tally.
//!
//! `voting` and `moderation` write what happened into the log's journal, in the transactions in which it happens. The
//! sequencer here turns the journal into entries, and signs; the routes and commands read what it wrote. The formats are those
//! of c2sp.org: tlog-tiles, tlog-checkpoint, signed-note, tlog-proof, tlog-witness. See `docs/transparency.md`.

pub mod checkpoint;
pub mod ed25519;
pub mod entry;
pub mod epoch;
pub mod fold;
pub mod keys;
pub mod merkle;
pub mod note;
pub mod proof;
pub mod published;
mod rename_order;
pub mod routes;
pub mod state_file;
pub mod store;
#[cfg(test)]
mod tests;
pub mod tile_path;
pub mod witness;
pub mod worker;
