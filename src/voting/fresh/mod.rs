//! The fresh voters of each network on each tool, added up (`origin_sums`): what the holding rule judges. Every change of these
//! sums goes with a change of a vote, so whoever holds a tool's lock is alone with its sums.
//!
//! `batch` reads and saves them with the votes, `apply` changes them in a [`book::OriginBook`].

pub(crate) mod book;
pub(crate) mod store;
