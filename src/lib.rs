//! Tallyship: community votes beside a panel's verdict.
//!
//! # Layout
//! One crate, eighteen modules. A module is a folder named for its part of the domain; a file is one concept. Imports run
//! downward only, in this order (`tests/architecture` enforces it):
//!
//! - [`cli`] — the commands, one file each; `simulate` replays past votes under other rules
//! - [`server`] — wiring, the table of routes, middleware, listeners, shutdown
//! - [`web`] — what browsers see: public pages, moderation dashboard, embeds, API documents
//! - [`transparency`] — the public log: entries, tree, sequencer, reading
//! - [`maintenance`] — verify, import, export, backup, personal data, expiry, changes by other processes
//! - [`webhooks`] — events posted to other servers, signed, at least once
//! - [`detection`] — the detector of unusual votes, and its alerts
//! - [`moderation`] — removals (resets and excluded periods), bans, freezing, review of held votes, insights
//! - [`catalog`] — tools, panels, reviews, and the views that join them with tallies
//! - [`voting`] — the vote path: routes, the writer with its group commit, the ledger, exclusions, claims
//! - [`abuse`] — bans in memory, holding, attack level, proof of work
//! - [`rate_limit`] — quotas by GCRA, in process and in Redis
//! - [`tallies`] — counts, percentages, the cache of rendered tallies, the stream of changes
//! - [`auth`] — visitor tokens, site users, staff, the identity provider, origins, networks, the audit log
//! - [`infra`] — databases, Redis, telemetry, background threads, reply slots
//! - [`http`] — connections, requests read with bounds, problem documents
//! - [`config`] — settings
//! - [`domain`] — types and arithmetic without I/O
//!
//! # The path of a vote
//! `server` -> `voting::routes` -> `auth::authenticate` (who) -> `voting::admission` (may they, how often) -> `voting::writer` (one thread, one
//! commit for all that waits) -> `voting::batch` (the transaction) -> `voting::after_commit` (publish, reply) ->
//! `tallies::cache` and `tallies::stream`.

// Both can fail or hang: `cli::console` and `infra::stderr` write them.
#![deny(clippy::print_stdout, clippy::print_stderr)]

pub mod abuse;
pub mod auth;
pub mod catalog;
pub mod cli;
pub mod config;
pub mod detection;
pub mod domain;
pub mod http;
pub mod infra;
pub mod maintenance;
pub mod moderation;
pub mod rate_limit;
pub mod server;
pub mod tallies;
pub mod transparency;
pub mod voting;
pub mod web;
pub mod webhooks;
