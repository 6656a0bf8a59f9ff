//! Holding: the fresh voters of a network are bounded together if they look like one hand. [`rule`] decides, on sums that
//! `voting` keeps in the transaction of each batch, so that instances and restarts agree. `model` applies it in memory.
//!
//! Here is also what the rest of the server asks: whether holding is on, and how many votes were held.

pub mod model;
pub mod rule;
pub mod sample;
#[cfg(test)]
mod simulation;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::abuse::attack_level::{AttackLevel, NetworkKey};
use crate::domain::Timestamp;

/// A visitor is fresh for this long after the token was made.
pub const FRESH_SECONDS: i32 = 24 * 3600;

/// Whether votes are held, and what is told of it inside this instance.
pub struct HoldingPolicy {
    on: bool,
    attack_level: Arc<AttackLevel>,
    count: AtomicU64,
}

impl HoldingPolicy {
    /// Off, nothing is held.
    pub fn new(on: bool, attack_level: Arc<AttackLevel>) -> Self {
        Self {
            on,
            attack_level,
            count: AtomicU64::new(0),
        }
    }

    pub fn is_on(&self) -> bool {
        self.on
    }

    /// Counts a vote on `tool` that was held.
    pub fn record_held(&self, network: NetworkKey, tool: i32, now: Timestamp) {
        self.count.fetch_add(1, Ordering::Relaxed);
        self.attack_level.held(network, tool, now);
    }

    /// How many votes were held since the start.
    pub fn count(&self) -> u64 {
        self.count.load(Ordering::Relaxed)
    }
}
