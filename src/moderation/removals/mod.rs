//! Removals: a reset or an excluded period takes votes out of a tally, and can be undone.
//!
//! A removal is planned ([`plan`]), prepared in small steps without visible effect ([`prepare`]), then committed or reverted
//! in one transaction ([`commit`]). [`resets`] and [`periods`] are the use cases.

pub mod commit;
pub mod periods;
pub mod plan;
pub mod prepare;
pub mod removal;
pub mod resets;
pub mod scan;
pub mod store;
pub mod undo_preview;
