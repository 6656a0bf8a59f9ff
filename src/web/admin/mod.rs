//! The moderators' dashboard: what they see of the votes, and every act of moderation, in a browser.
//!
//! `server` routes to it. It acts through `moderation`'s use cases, so that a page and the API never differ. Every act is a
//! page first, which says what it would do and changes nothing, and then a form. Read `auth_guard.rs` for who
//! comes in, `sign_in.rs` and `provider_sign_in.rs` for how, and then one file a subject. It works without scripts: `assets/brush.js` only fills in two
//! fields, `assets/rows.js` ticks rows and shows times in the moderator's zone.

pub mod alerts;
pub mod audit;
pub mod auth_guard;
pub mod bans;
mod chart;
mod confirm;
mod field_errors;
pub mod form;
mod format;
pub mod freeze;
pub mod held;
pub mod merges;
mod onward;
pub mod overview;
pub mod periods;
pub mod provider_sign_in;
pub mod resets;
pub mod sessions;
pub mod sign_in;
pub mod sign_out;
pub mod state;
pub mod tool;
mod undo;
pub mod vote_filter;
pub mod votes;
pub mod webhooks;
