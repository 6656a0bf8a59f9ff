//! [`Shelf`]: the whole catalogue in memory, for pages and lists. `verdicts` fills it and keeps it fresh.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};

use super::Tool;
use crate::vocabulary::{Moment, Slug};

/// A tool as it stands in memory.
#[derive(Debug)]
pub struct Shelved {
    pub slug: Slug,
    pub tool: Tool,
    /// As in the database; tells whether there is something newer.
    pub updated_at: Moment,
}

/// Every tool by its slug.
#[derive(Default)]
pub struct Shelf(RwLock<HashMap<Slug, Arc<Shelved>>>);

impl Shelf {
    #[must_use]
    pub fn find(&self, slug: &str) -> Option<Arc<Shelved>> {
        self.0
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .get(slug)
            .cloned()
    }

    /// Every tool, by name.
    #[must_use]
    pub fn all(&self) -> Vec<Arc<Shelved>> {
        let mut all: Vec<_> = self
            .0
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
    pub fn put(&self, shelved: Shelved) {
        let mut shelf = self.0.write().unwrap_or_else(PoisonError::into_inner);
        if shelf
            .get(&shelved.slug)
            .is_none_or(|there| there.updated_at < shelved.updated_at)
        {
            shelf.insert(shelved.slug.clone(), Arc::new(shelved));
        }
    }
}
