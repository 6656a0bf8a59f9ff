//! Removals: a reset, an excluded period or a merge takes votes out of a tally, and can be undone.
//!
//! A removal is planned ([`plan`]), prepared in small steps without visible effect ([`prepare`]), then committed or reverted
//! in one transaction ([`commit`]). [`resets`], [`periods`] and [`merges`] are the use cases; [`carry`] is what a merge does to its target.

pub mod carry;
pub mod commit;
pub mod merges;
pub mod periods;
pub mod plan;
pub mod prepare;
pub mod removal;
pub mod resets;
pub mod scan;
pub mod store;
pub mod undo_preview;
