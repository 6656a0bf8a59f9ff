//! [`Denylist`]: visitors who had themselves erased. Their tokens are no longer believed, or an erased visitor could vote again
//! beside the vote that they left.
//!
//! `votes::own` adds to it, `verdicts::follow` brings in what other instances added, every check of a token asks it. Only a
//! hash of an id is kept. While nobody is erased it costs one look at a flag.

use std::collections::HashSet;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{PoisonError, RwLock};

use diesel::QueryResult;
use sha2::{Digest, Sha256};

use super::visitor_token::BELIEVED_SECONDS;
use super::{made_at, store};
use crate::domain::{Timestamp, VoterId};
use crate::infra::db::DbConnection;

type Hash = [u8; 16];

/// Everybody who was erased.
#[derive(Default)]
pub struct Denylist {
    any: AtomicBool,
    hashes: RwLock<HashSet<Hash>>,
}

fn hash(voter: VoterId) -> Hash {
    let whole = Sha256::new_with_prefix(b"tallyship/1/erased\0")
        .chain_update(voter.0)
        .finalize();
    let mut short = [0; 16];
    short
        .iter_mut()
        .zip(whole)
        .for_each(|(to, from)| *to = from);
    short
}

impl Denylist {
    /// Whether this voter was erased.
    #[must_use]
    pub fn has(&self, voter: VoterId) -> bool {
        self.any.load(Ordering::Acquire)
            && self
                .hashes
                .read()
                .unwrap_or_else(PoisonError::into_inner)
                .contains(&hash(voter))
    }

    /// From now on this instance knows.
    pub fn add(&self, voter: VoterId) {
        self.take([hash(voter)]);
    }

    /// Takes in who was erased at or after `since`.
    ///
    /// # Errors
    /// A failed query.
    pub fn follow(&self, conn: &mut DbConnection, since: Timestamp) -> QueryResult<()> {
        let found = store::erased_since(conn, since)?;
        if !found.is_empty() {
            self.take(found.into_iter().filter_map(|hash| hash.try_into().ok()));
        }
        Ok(())
    }

    fn take(&self, hashes: impl IntoIterator<Item = Hash>) {
        self.hashes
            .write()
            .unwrap_or_else(PoisonError::into_inner)
            .extend(hashes);
        self.any.store(true, Ordering::Release);
    }
}

/// Notes in the database that a voter is erased, and forgets their name. It is part of the caller's transaction. The note on
/// a visitor ends with the last token that they may hold; a user's never does, whose site can sign another at any time.
///
/// # Errors
/// A failed statement.
pub fn erase(conn: &mut DbConnection, voter: VoterId, now: Timestamp) -> QueryResult<()> {
    let ends_at = made_at(voter).map(|_| now.plus_seconds(BELIEVED_SECONDS));
    store::insert_erased(conn, &hash(voter), voter, ends_at, now)
}

pub use store::{ended_erasures as ended, forget_erasures as forget};

#[cfg(test)]
mod tests {
    use super::*;
    use crate::auth::new_voter;

    #[test]
    fn who_is_erased_is_known_and_nobody_else() {
        let (erased, gone, other) = (Denylist::default(), new_voter(), new_voter());
        assert!(!erased.has(gone));
        erased.add(gone);
        assert!(erased.has(gone) && !erased.has(other));
    }
}
