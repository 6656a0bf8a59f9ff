//! Renaming: a tool gets another slug, and its former ones lead to it.
//!
//! `server` routes to it; `db_sync` reads the redirects. Votes know tools by their ids, so nothing else moves.

pub mod routes;
pub mod store;
