//! [`PublicLog`]: the checkpoint that is shown, shared by the worker that moves it and the routes that answer with it.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use arc_swap::ArcSwapOption;

use super::checkpoint::Checkpoint;

/// What is public at this moment.
#[derive(Debug, Clone)]
pub struct Published {
    /// Of the log, in the database.
    pub log: i32,
    pub checkpoint: Checkpoint,
    /// The checkpoint as a signed note.
    pub note: String,
    /// The verifier key, one line.
    pub key: String,
}

/// The log as routes see it.
#[derive(Debug, Default)]
pub struct PublicLog {
    published: ArcSwapOption<Published>,
    is_refused: AtomicBool,
}

impl PublicLog {
    /// `None` before the first checkpoint, and while none may be shown.
    pub fn published(&self) -> Option<Arc<Published>> {
        self.published.load_full()
    }

    /// Whether checkpoints are signed: if not, `/readyz` says so.
    pub fn is_ready(&self) -> bool {
        !self.is_refused.load(Ordering::Relaxed)
    }

    pub(super) fn publish(&self, published: Published) {
        self.published.store(Some(Arc::new(published)));
        self.is_refused.store(false, Ordering::Relaxed);
    }

    pub(super) fn refuse(&self) {
        self.is_refused.store(true, Ordering::Relaxed);
    }

    pub(super) fn accept(&self) {
        self.is_refused.store(false, Ordering::Relaxed);
    }
}
