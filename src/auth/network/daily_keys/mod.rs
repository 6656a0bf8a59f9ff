//! [`DailyKeys`]: the keys under which networks are hashed, one for each day of UTC, gone two days after the day began.
//!
//! A network has two hashes. Its ban hash is an HMAC under a key of the secret's, the same for ever, and kept of banned
//! networks only. What a vote bears is that hash sealed under the day's key: one block of a block cipher, so equal networks
//! are equal for a day, and a moderator's ban can be traced back to the ban hash for as long as the key lives, on whichever
//! instance, by nobody without the secret. Once the key is destroyed nothing leads from a vote to its network, with the
//! secret or without.
//!
//! All instances take a day's key from the database: who comes first writes it, everybody reads it. The next day's is there
//! an hour ahead, so that midnight asks nothing of the database; a vote bears the hash of the day that its instance's clock
//! showed. `caller` seals, `moderation` opens, `votes::forget` sees to it that keys come and go.

mod key;
mod store;

use std::collections::BTreeMap;
use std::sync::Arc;

use arc_swap::ArcSwap;
use diesel::QueryResult;

use self::key::DayKey;
pub use self::key::KeyWrap;
pub use self::store::{expired, forgotten_before, note_forgotten};
use crate::auth::keys::Keys;
use crate::domain::{BanHash, DAY_MICROS, DAY_SECONDS, NetworkHash, Timestamp};
use crate::infra::db::DbConnection;

/// The next day's key is made so long before its day.
const AHEAD_SECONDS: i64 = 3_600;

/// The day of a moment, since 1970, UTC.
pub fn day_of(at: Timestamp) -> i64 {
    at.seconds().div_euclid(DAY_SECONDS)
}

/// The oldest day whose key lives at `now`: 48 hours after a day began, its key is gone.
pub fn first_living(now: Timestamp) -> i64 {
    day_of(now) - 1
}

pub fn begin(day: i64) -> Timestamp {
    Timestamp(day.saturating_mul(DAY_MICROS))
}

/// The keys that live, as this instance knows them. Read without a lock.
#[derive(Default)]
pub struct DailyKeys {
    living: ArcSwap<BTreeMap<i64, Arc<DayKey>>>,
}

impl DailyKeys {
    /// The days that must have a key at `now`.
    fn wanted(now: Timestamp) -> impl Iterator<Item = i64> {
        let (today, soon) = (day_of(now), day_of(now.plus_seconds(AHEAD_SECONDS)));
        today..=soon
    }

    /// Whether nothing has to be asked of the database.
    pub fn are_ready(&self, now: Timestamp) -> bool {
        let living = self.living.load();
        Self::wanted(now).all(|day| living.contains_key(&day))
    }

    /// Makes the keys that are missing, takes those of others, and lets go of those that ended.
    ///
    /// # Errors
    /// A failed statement; the keys that were known stay.
    pub fn make_ready(
        &self,
        conn: &mut DbConnection,
        keys: &Keys,
        now: Timestamp,
    ) -> QueryResult<()> {
        for day in Self::wanted(now) {
            let wrap = keys.wraps().first();
            let fresh = wrap.and_then(|wrap| wrap.wrap(day, &key::random()?));
            if let Some(wrapped) = fresh {
                store::insert_if_absent(conn, day, &wrapped, now)?;
            } else {
                tracing::error!(
                    day,
                    "daily network key could not be created; votes are stored without a network"
                );
            }
        }
        let known = self.living.load_full();
        let mut living = BTreeMap::new();
        for (day, wrapped) in store::living(conn, first_living(now))? {
            let opened = keys.wraps().iter().enumerate();
            let mut opened =
                opened.filter_map(|(place, wrap)| Some((place, wrap.open(day, &wrapped)?)));
            let key = match (known.get(&day), opened.next()) {
                (Some(key), _) => Arc::clone(key),
                (None, Some((place, bytes))) => {
                    // Of the secret before: it is to outlive that.
                    if let (1.., Some(again)) = (
                        place,
                        keys.wraps().first().and_then(|wrap| wrap.wrap(day, &bytes)),
                    ) {
                        store::replace(conn, day, &wrapped, &again)?;
                    }
                    Arc::new(DayKey::new(bytes))
                }
                (None, None) => {
                    tracing::warn!(
                        day,
                        "daily network key cannot be decrypted with this secret; using hashes of this instance alone until the day ends"
                    );
                    let Some(own) = key::random() else { continue };
                    Arc::new(DayKey::new(own))
                }
            };
            living.insert(day, key);
        }
        self.living.store(Arc::new(living));
        Ok(())
    }

    /// Lets go of the keys that ended.
    pub fn let_go(&self, now: Timestamp) {
        let first = first_living(now);
        let known = self.living.load();
        if known.keys().next().is_some_and(|day| *day < first) {
            let mut living = BTreeMap::clone(&known);
            living.retain(|day, _| *day >= first);
            self.living.store(Arc::new(living));
        }
    }

    /// The hash of a network for a vote of `now`. Where the day has no key yet, for want of a database, the day's before
    /// does; without any the vote bears none.
    pub fn seal(&self, network: BanHash, now: Timestamp) -> NetworkHash {
        let living = self.living.load();
        living
            .range(first_living(now)..=day_of(now))
            .next_back()
            .map_or(NetworkHash::NONE, |(_, key)| key.seal(network))
    }
}

/// The ban hash of the network that `hash` means, read with the keys that live at `now`; `None` where none of them made it.
pub fn open(
    conn: &mut DbConnection,
    keys: &Keys,
    hash: NetworkHash,
    now: Timestamp,
) -> QueryResult<Option<BanHash>> {
    for (day, wrapped) in store::living(conn, first_living(now))? {
        let mut opened = keys
            .wraps()
            .iter()
            .filter_map(|wrap| wrap.open(day, &wrapped));
        if let Some(network) = opened
            .next()
            .and_then(|bytes| DayKey::new(bytes).open(hash))
        {
            return Ok(Some(network));
        }
    }
    Ok(None)
}

/// Destroys the keys that ended, and the ban hashes of bans that ended. It is part of the caller's transaction.
pub fn destroy_ended(conn: &mut DbConnection, now: Timestamp) -> QueryResult<usize> {
    store::destroy(conn, first_living(now), now)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn days(of: impl IntoIterator<Item = i64>) -> DailyKeys {
        let days = DailyKeys::default();
        let keys = of
            .into_iter()
            .map(|day| (day, Arc::new(DayKey::new(key::random().expect("random")))));
        days.living.store(Arc::new(keys.collect()));
        days
    }

    fn at(day: i64, seconds: i64) -> Timestamp {
        begin(day).plus_seconds(seconds)
    }

    const NETWORK: BanHash = BanHash([7; 12]);

    #[test]
    fn a_network_is_the_same_for_a_day_and_another_the_next() {
        let days = days([20_000, 20_001]);
        let (morning, night) = (at(20_000, 1), at(20_000, 86_399));
        assert_eq!(days.seal(NETWORK, morning), days.seal(NETWORK, night));
        assert_ne!(days.seal(NETWORK, night), days.seal(NETWORK, at(20_001, 0)));
        assert_ne!(
            days.seal(NETWORK, night),
            days.seal(BanHash([8; 12]), night)
        );
    }

    #[test]
    fn a_key_lives_for_48_hours_and_is_not_used_after() {
        let days = days([20_000]);
        assert!(
            days.seal(NETWORK, at(20_001, 86_399)).is_some(),
            "for want of another"
        );
        assert_eq!(days.seal(NETWORK, at(20_002, 0)), NetworkHash::NONE);
        days.let_go(at(20_001, 86_399));
        assert_eq!(days.living.load().len(), 1);
        days.let_go(at(20_002, 0));
        assert!(days.living.load().is_empty());
        assert_eq!(
            DailyKeys::default().seal(NETWORK, at(20_000, 0)),
            NetworkHash::NONE
        );
    }

    #[test]
    fn the_next_day_is_ready_an_hour_ahead() {
        let today = days([20_000]);
        assert!(today.are_ready(at(20_000, 82_799)));
        assert!(!today.are_ready(at(20_000, 82_800)));
        assert!(days([20_000, 20_001]).are_ready(at(20_000, 86_399)));
        assert!(!days([20_000]).are_ready(at(20_001, 0)));
        assert_eq!((day_of(Timestamp(-1)), day_of(Timestamp(0))), (-1, 0));
    }
}
