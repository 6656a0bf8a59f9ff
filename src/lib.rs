//! Tallyship: community votes beside a panel's verdict.
//!
//! # Floor plan
//! One crate, rooms in floors; imports run down only (`tests/floor_plan.rs` holds that).
//!
//! - ROOF: [`commands`] (one file a command), [`server`] (listeners, routes, what wraps each request), [`pages`] (what browsers see),
//!   [`embed`] (what other sites carry: widget, iframe, badge, oEmbed), [`dashboard`] (moderation in a browser),
//!   [`docs`] (the API's own documents)
//! - FLOOR 6: [`verdicts`] (catalogue and tallies together: tool, compare, the site API), [`replay`] (the past through other rules)
//! - FLOOR 5: [`moderation`] (resets, excluded periods, bans, freezing, held votes; what moderators see; the detector and its alerts)
//! - FLOOR 4: [`votes`] (cast, withdraw; the writer and its ledger; the recount)
//! - FLOOR 3: [`standing`] (what a voter may: bans; which votes are held; proof of work under pressure; which tools are under an alert), [`live`] (who listens to which tool, and the thread that tells them)
//! - FLOOR 2: [`tallies`] (percentages, the board in memory), [`limiter`] (quotas, in Redis and in process)
//! - FLOOR 1: [`audit`] (the chain of privileged acts), [`catalog`] (tools, panels, reviews), [`identity`] (voters, networks, origins, staff)
//! - GROUND: [`callers`] (who waits for another thread's answer), [`db`], [`front`] (the connection under HTTP), [`redis`], [`settings`], [`problem`], [`request`], [`telemetry`], [`vocabulary`]
//!
//! A vote's way: `server` → `votes::routes` → `identity` (who) → `limiter::permit` (may they) → `votes` (what) →
//! `votes::writer` (one batch, one commit) → `votes::ledger` → `tallies::board` → back with the answer.

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
pub mod voting;
pub mod web;
