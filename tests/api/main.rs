//! Black-box tests of the documented HTTP API and commands: the real binary on both databases, from the outside only.
//!
//! Run by `cargo test --test api`. Written against docs/api.md, never against the code.

#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::pedantic,
    reason = "a test may fail loudly and count freely"
)]

#[path = "../harness/mod.rs"]
mod harness;

mod backup;
mod base_path;
mod challenge;
mod challenge_once;
mod claims;
mod client_address;
mod clocks;
mod commands;
mod compare;
mod dashboard;
mod databases;
mod documented;
mod embed;
mod embed_frame;
mod erasure;
mod errors;
mod feeds;
mod forgetting;
mod hostile_users;
mod identity;
mod import;
mod ledger;
mod limits;
mod list;
mod mcp;
mod model;
mod moderation;
mod origin;
mod outputs;
mod own;
mod pages;
mod preview;
mod public_log;
mod quickstart;
mod raw;
mod readiness;
mod recount;
mod renames;
mod repair;
mod replay;
mod retention;
mod rights;
mod site;
mod sockets;
mod start;
mod stream;
mod structured;
mod tallies;
mod texts;
mod together;
mod two_ways;
mod unmoved;
mod users;
mod votes;
mod watching;
mod webhooks;
