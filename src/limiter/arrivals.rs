//! [`Arrivals`]: governor's state by key, in a map of ours, so that what it charged can be read and given back.
//!
//! Only `local` uses it. It decides nothing: the arithmetic is governor's.

use std::sync::Arc;

use dashmap::DashMap;
use governor::nanos::Nanos;
use governor::state::keyed::ShrinkableKeyedStateStore;
use governor::state::{InMemoryState, NotKeyed, StateStore};

/// A quota's key: a voter, or a network's hash.
pub(super) type Key = [u8; 16];

/// governor's state by key; shared, so that this file can read and give back what governor charged.
#[derive(Clone, Default)]
pub(super) struct Arrivals(Arc<DashMap<Key, InMemoryState, foldhash::fast::RandomState>>);

impl StateStore for Arrivals {
    type Key = Key;

    fn measure_and_replace<T, F, E>(&self, key: &Key, f: F) -> Result<T, E>
    where
        F: Fn(Option<Nanos>) -> Result<(T, Nanos), E>,
    {
        if let Some(state) = self.0.get(key) {
            return state.measure_and_replace(&NotKeyed::NonKey, f);
        }
        self.0
            .entry(*key)
            .or_default()
            .measure_and_replace(&NotKeyed::NonKey, f)
    }
}

impl ShrinkableKeyedStateStore<Key> for Arrivals {
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
