//! [`Index`]: the tools as they are searched for and sorted by name, made once for each state of the shelf.
//!
//! Only `list` uses it.

use crate::catalog::cache::CatalogCache;
use crate::catalog::views::ToolWithTally;
use crate::catalog::views::list::query::ListQuery;
use crate::domain::text::search_key;
use crate::tallies::cache::TallyCache;

/// A tool as it is searched for.
pub(super) struct IndexEntry {
    pub(super) verdict: ToolWithTally,
    /// The search keys of name, tagline and category, and the slug.
    text: String,
    /// The name's search key.
    pub(super) name: String,
    /// The category's search key.
    category: String,
}

/// Every tool, by slug.
pub(super) struct Index {
    /// CatalogCache and board as they were: with more on either, it is old.
    pub(super) made_of: (u64, u64),
    pub(super) entries: Vec<IndexEntry>,
}

impl Index {
    pub(super) fn of(made_of: (u64, u64), shelf: &CatalogCache, board: &TallyCache) -> Self {
        let mut entries: Vec<IndexEntry> = shelf
            .all()
            .into_iter()
            .filter_map(|shelved| {
                let slot = board.get(shelved.id)?;
                Some(IndexEntry::of(ToolWithTally { shelved, slot }))
            })
            .collect();
        entries.sort_unstable_by(|a, b| a.verdict.shelved.slug.cmp(&b.verdict.shelved.slug));
        Self { made_of, entries }
    }
}

impl IndexEntry {
    fn of(verdict: ToolWithTally) -> Self {
        let tool = &verdict.shelved.tool;
        let name = search_key(&tool.name);
        let category = search_key(&tool.category);
        // No word of a search holds a line break, so that none is found across two fields.
        let text = format!(
            "{name}\n{}\n{category}\n{}",
            search_key(&tool.tagline),
            verdict.shelved.slug
        );
        Self {
            verdict,
            text,
            name,
            category,
        }
    }

    pub(super) fn suits(&self, ask: &ListQuery) -> bool {
        (ask.category.is_empty() || ask.category == self.category)
            && ask.words.iter().all(|word| self.text.contains(word))
    }
}
