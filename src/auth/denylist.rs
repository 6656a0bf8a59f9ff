//! [`Denylist`]: voters who had themselves erased. Their tokens are no longer valid, or an erased voter could vote again beside the
//! vote that they left.
//!
//! `subject_requests` adds to it, `db_sync` brings in what other instances added, every check of a token asks it. A batch of votes asks
//! the database too: it holds the lock of erasures, and compares the version of erasures with the one that is known here. Only a hash of
//! an id is kept. While nobody is erased it costs one look at a flag.

use std::collections::{HashMap, HashSet};
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::sync::{Mutex, PoisonError, RwLock};

use diesel::QueryResult;
use diesel::connection::SimpleConnection;
use openssl::sha::sha256;

use super::visitor_token::BELIEVED_SECONDS;
use super::{made_at, store};
use crate::domain::{Timestamp, VoterId};
use crate::infra::db::DbConnection;
use crate::infra::db::lock_order::{Lock, taking};
use crate::infra::db::versions::{self, Versioned};

type Hash = [u8; 16];

/// Everybody who was erased.
pub struct Denylist {
    any: AtomicBool,
    hashes: RwLock<HashSet<Hash>>,
    /// All erasures up to this version are known.
    version: AtomicI64,
    /// Held while newer ones are read.
    following: Mutex<()>,
}

impl Default for Denylist {
    fn default() -> Self {
        Self {
            any: AtomicBool::default(),
            hashes: RwLock::default(),
            version: AtomicI64::new(UNKNOWN),
            following: Mutex::default(),
        }
    }
}

/// Before every version: erasures that are older than versions have 0.
pub const UNKNOWN: i64 = -1;

/// The key of the advisory lock of erasures on Postgres: the letters "ERASE". The migrations have it too.
const ADVISORY_LOCK: i64 = 0x45_52_41_53_45;

fn hash(voter: VoterId) -> Hash {
    let whole = sha256(&[b"tallyship/1/erased\0".as_slice(), &voter.0].concat());
    let mut short = [0; 16];
    short
        .iter_mut()
        .zip(whole)
        .for_each(|(to, from)| *to = from);
    short
}

impl Denylist {
    /// Whether this voter was erased.
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

    /// All erasures up to this version are known.
    pub fn version(&self) -> i64 {
        self.version.load(Ordering::Acquire)
    }

    /// The next look reads all: the database may have lost what was known of it.
    pub fn forget_version(&self) {
        self.version.store(UNKNOWN, Ordering::Release);
    }

    /// Takes in who was erased since the last look.
    pub fn follow(&self, conn: &mut DbConnection) -> QueryResult<()> {
        let _alone = self
            .following
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        // The version first: what is read after it is at least as new.
        let (version, known) = (
            versions::current(conn, Versioned::Erasures)?,
            self.version(),
        );
        if version == known {
            return Ok(());
        }
        let after = if version < known { UNKNOWN } else { known };
        let found = store::erased_after(conn, after)?;
        if !found.is_empty() {
            self.take(found.into_iter().filter_map(|hash| hash.try_into().ok()));
        }
        self.version.store(version, Ordering::Release);
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

/// Takes the lock of erasures together with others who write voters' ids, until the end of the transaction; returns the version of
/// erasures, which stays until then. It comes before the locks of tallies.
pub fn lock_shared(conn: &mut DbConnection) -> QueryResult<i64> {
    taking(Lock::Erasures);
    if let DbConnection::Postgres(conn) = conn {
        conn.batch_execute(&format!(
            "SELECT pg_advisory_xact_lock_shared({ADVISORY_LOCK})"
        ))?;
    }
    versions::current(conn, Versioned::Erasures)
}

/// Takes the lock of erasures alone, until the end of the transaction: every vote that was on its way is there or will be refused.
pub fn lock(conn: &mut DbConnection) -> QueryResult<()> {
    taking(Lock::Erasures);
    match conn {
        // `BEGIN IMMEDIATE` has the only lock there is.
        DbConnection::Sqlite(_) => Ok(()),
        DbConnection::Postgres(conn) => {
            conn.batch_execute(&format!("SELECT pg_advisory_xact_lock({ADVISORY_LOCK})"))
        }
    }
}

/// Notes in the database that a voter is erased, and forgets their name. It is part of the caller's transaction, which holds the lock
/// of erasures alone. The note on a visitor ends with the last token that they may hold; a user's never does, whose site can sign
/// another at any time.
pub fn erase(conn: &mut DbConnection, voter: VoterId, now: Timestamp) -> QueryResult<()> {
    let ends_at = made_at(voter).map(|_| now.plus_seconds(BELIEVED_SECONDS));
    let version = versions::raise(conn, Versioned::Erasures)?;
    store::insert_erased(conn, &hash(voter), voter, (now, ends_at), version)
}

/// Those of `voters` whom the database knows as erased.
pub fn erased_among(
    conn: &mut DbConnection,
    voters: impl Iterator<Item = VoterId>,
) -> QueryResult<HashSet<VoterId>> {
    if !store::has_erasures(conn)? {
        return Ok(HashSet::new());
    }
    let by_hash: HashMap<Hash, VoterId> = voters.map(|voter| (hash(voter), voter)).collect();
    let hashes: Vec<&[u8]> = by_hash.keys().map(<[u8; 16]>::as_slice).collect();
    let found = store::erased_among(conn, &hashes)?.into_iter();
    Ok(found
        .filter_map(|found| by_hash.get(found.as_slice()).copied())
        .collect())
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
