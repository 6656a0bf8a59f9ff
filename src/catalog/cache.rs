//! [`CatalogCache`]: the whole catalogue in memory, for pages and lists. `verdicts` fills it and keeps it fresh.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

use super::Tool;
use crate::domain::{Slug, Timestamp};

/// A tool as it stands in memory.
#[derive(Debug)]
pub struct CatalogEntry {
    pub id: i32,
    pub slug: Slug,
    pub tool: Tool,
    pub updated_at: Timestamp,
    /// Which edit of the catalogue wrote it; tells whether there is something newer.
    pub version: i64,
}

/// Every tool by its id: slugs change.
#[derive(Default)]
pub struct CatalogCache {
    tools: RwLock<HashMap<i32, Arc<CatalogEntry>>>,
    /// Grows after each tool that is put anew.
    edits: AtomicU64,
}

impl CatalogCache {
    pub fn find(&self, id: i32) -> Option<Arc<CatalogEntry>> {
        self.tools
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .get(&id)
            .cloned()
    }

    /// Every tool, by name.
    pub fn all(&self) -> Vec<Arc<CatalogEntry>> {
        let mut all: Vec<_> = self
            .tools
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .values()
            .cloned()
            .collect();
        all.sort_by(|a, b| {
            a.tool
                .name
                .cmp(&b.tool.name)
                .then_with(|| a.slug.cmp(&b.slug))
        });
        all
    }

    /// Puts a tool in its place, unless what is there is newer.
    pub fn put(&self, shelved: CatalogEntry) {
        let mut shelf = self.tools.write().unwrap_or_else(PoisonError::into_inner);
        if shelf
            .get(&shelved.id)
            .is_none_or(|there| there.version < shelved.version)
        {
            shelf.insert(shelved.id, Arc::new(shelved));
            drop(shelf);
            self.edits.fetch_add(1, Ordering::Release);
        }
    }

    /// Puts a tool in its place, whatever is there: the database lost what is known of it.
    pub fn replace(&self, shelved: CatalogEntry) {
        let mut shelf = self.tools.write().unwrap_or_else(PoisonError::into_inner);
        shelf.insert(shelved.id, Arc::new(shelved));
        drop(shelf);
        self.edits.fetch_add(1, Ordering::Release);
    }

    /// Another number means that some tool has come or changed since.
    pub fn edits(&self) -> u64 {
        self.edits.load(Ordering::Acquire)
    }
}
