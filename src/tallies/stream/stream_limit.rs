//! [`StreamLimit`]: how many streams there are, in all and from one network. A [`StreamPermit`] is given back by dropping it.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use crate::config;

/// A network's key, as the limiter knows it.
pub type Network = [u8; 16];

#[derive(Default)]
struct OpenStreams {
    all: usize,
    by_network: HashMap<Network, usize, foldhash::fast::RandomState>,
}

/// The places of one server.
pub struct StreamLimit {
    most: usize,
    most_of_network: usize,
    taken: Mutex<OpenStreams>,
}

/// Why there is no permit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StreamLimitError {
    /// The server has no more to give.
    Full,
    /// This network has its share.
    NetworkFull,
}

/// One stream's place.
pub struct StreamPermit {
    limit: Arc<StreamLimit>,
    network: Option<Network>,
}

impl StreamLimit {
    pub fn new(settings: &config::Live) -> Arc<Self> {
        Arc::new(Self {
            most: settings.streams,
            most_of_network: settings.streams_per_network,
            taken: Mutex::default(),
        })
    }

    /// Takes a place; `None` as network counts towards the whole only.
    ///
    /// # Errors
    /// [`StreamLimitError`].
    pub fn take(
        self: &Arc<Self>,
        network: Option<Network>,
    ) -> Result<StreamPermit, StreamLimitError> {
        let mut taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        if taken.all >= self.most {
            return Err(StreamLimitError::Full);
        }
        if let Some(network) = network {
            let of_network = taken.by_network.entry(network).or_default();
            if *of_network >= self.most_of_network {
                return Err(StreamLimitError::NetworkFull);
            }
            *of_network += 1;
        }
        taken.all += 1;
        drop(taken);
        Ok(StreamPermit {
            limit: Arc::clone(self),
            network,
        })
    }

    /// Streams at this moment.
    pub fn taken(&self) -> usize {
        self.taken
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .all
    }
}

impl Drop for StreamPermit {
    fn drop(&mut self) {
        let mut taken = self
            .limit
            .taken
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        taken.all = taken.all.saturating_sub(1);
        let Some(network) = self.network else { return };
        if let Some(of_network) = taken.by_network.get_mut(&network) {
            *of_network -= 1;
            if *of_network == 0 {
                taken.by_network.remove(&network);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn streams_are_bounded_in_all_and_by_network_and_come_back() {
        let limit = StreamLimit::new(&config::Live {
            streams: 3,
            streams_per_network: 2,
        });
        let (a, b) = ([1; 16], [2; 16]);
        let first = limit.take(Some(a)).expect("a permit");
        let _second = limit.take(Some(a)).expect("a permit");
        assert_eq!(
            limit.take(Some(a)).err(),
            Some(StreamLimitError::NetworkFull)
        );
        let third = limit.take(Some(b)).expect("a permit");
        assert_eq!(limit.take(None).err(), Some(StreamLimitError::Full));
        drop(first);
        let _again = limit.take(Some(a)).expect("given back");
        drop(third);
        assert_eq!(limit.taken(), 2);
        assert!(
            !limit
                .taken
                .lock()
                .expect("a lock")
                .by_network
                .contains_key(&b),
            "forgotten"
        );
    }
}
