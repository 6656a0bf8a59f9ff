//! The pages that browsers see: a verdict site with live numbers and votes, with and without JavaScript.
//!
//! `server` routes to it. It shows what `verdicts` knows and votes through the same checks as the API. Read `routes.rs` for
//! the pages, `card.rs` for one tool as they show it, `form.rs` for the vote without JavaScript.

pub mod card;
pub mod chart;
pub mod choose;
pub mod compare;
pub mod crawlers;
pub mod form;
pub mod history;
pub mod index;
pub mod llms;
pub mod log;
pub mod meta;
pub mod refusal;
pub mod routes;
pub mod share;
pub mod state;
pub mod structured_data;
pub mod tool;
