//! [`TatStore`]: governor's state by key, in a map of ours, so that what it charged can be read and given back.
//!
//! Only `local` uses it. It decides nothing: the arithmetic is governor's.

use std::cell::Cell;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use dashmap::DashMap;
use governor::nanos::Nanos;
use governor::state::keyed::ShrinkableKeyedStateStore;
use governor::state::{InMemoryState, NotKeyed, StateStore};

/// A quota's key: a voter, or a network's hash.
pub(super) type Key = [u8; 16];

/// A key that is asked about. What its arrival time became is left here, which spares a second look into the map.
#[derive(Clone)]
pub(super) struct RecordingKey {
    key: Key,
    arrival: Cell<u64>,
}

impl RecordingKey {
    pub(super) fn of(key: Key) -> Self {
        Self {
            key,
            arrival: Cell::new(0),
        }
    }

    /// Nanoseconds after the limiter's start; 0 where nothing was charged.
    pub(super) fn arrival(&self) -> u64 {
        self.arrival.get()
    }
}

impl PartialEq for RecordingKey {
    fn eq(&self, other: &Self) -> bool {
        self.key == other.key
    }
}

impl Eq for RecordingKey {}

impl Hash for RecordingKey {
    fn hash<H: Hasher>(&self, hasher: &mut H) {
        self.key.hash(hasher);
    }
}

/// governor's state by key; shared, so that this file can read and give back what governor charged.
#[derive(Clone, Default)]
pub(super) struct TatStore(Arc<DashMap<Key, InMemoryState, foldhash::fast::RandomState>>);

impl StateStore for TatStore {
    type Key = RecordingKey;

    fn measure_and_replace<T, F, E>(&self, asked: &RecordingKey, f: F) -> Result<T, E>
    where
        F: Fn(Option<Nanos>) -> Result<(T, Nanos), E>,
    {
        let told = |arrival| {
            let (outcome, next) = f(arrival)?;
            asked.arrival.set(next.as_u64());
            Ok((outcome, next))
        };
        // Known keys, a busy network's above all, are looked up under a lock that others share.
        if let Some(state) = self.0.get(&asked.key) {
            return state.measure_and_replace(&NotKeyed::NonKey, told);
        }
        self.0
            .entry(asked.key)
            .or_default()
            .measure_and_replace(&NotKeyed::NonKey, told)
    }
}

impl ShrinkableKeyedStateStore<RecordingKey> for TatStore {
    fn retain_recent(&self, drop_below: Nanos) {
        ShrinkableKeyedStateStore::retain_recent(&*self.0, drop_below);
    }

    fn shrink_to_fit(&self) {
        self.0.shrink_to_fit();
    }

    fn len(&self) -> usize {
        self.0.len()
    }

    fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}
