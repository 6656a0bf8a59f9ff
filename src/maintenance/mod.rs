//! Work on stored votes beside the vote path: verification, import, export, backup, erasure and export of personal data,
//! expiry of network hashes, retention, and changes that other processes made.
//!
//! `cli` and `server` start it. It changes tallies only under their locks.

pub mod backup;
pub mod db_sync;
pub mod export;
pub mod import;
pub mod network_expiry;
pub mod retention;
pub mod subject_requests;
pub mod verify;
