//! [`Lists`]: the catalogue sorted, searched and cut into pages, from memory.
//!
//! `routes` answers `GET /v1/tools` with it, `pages` draw from it. What it keeps is made anew when shelf or board have
//! moved, and only when somebody asks: a vote costs it nothing. It must never show an archived tool.

mod cursor;
mod index;
mod query;
mod ranking;
pub mod routes;

use std::sync::Arc;

use arc_swap::ArcSwapOption;

use super::ToolWithTally;
use crate::catalog::cache::CatalogCache;
use crate::domain::ToolState;
use crate::tallies::cache::TallyCache;
pub use cursor::Cursor;
use cursor::ShownTools;
use index::{Index, IndexEntry};
pub use query::{LONGEST_SEARCH, ListQuery, MOST, Sort, SortOrder};
use ranking::Ranking;

/// What is kept: the index, and each order as it was last asked for.
#[derive(Default)]
pub struct Lists {
    index: ArcSwapOption<Index>,
    rankings: [[ArcSwapOption<Ranking>; 2]; Sort::ALL.len()],
}

/// One page of a list.
pub struct Page {
    pub items: Vec<ToolWithTally>,
    /// Where the next page begins; `None` on the last.
    pub next: Option<String>,
}

impl Lists {
    /// The page that `ask` asks for.
    pub fn page(&self, shelf: &CatalogCache, board: &TallyCache, ask: &ListQuery) -> Page {
        let ranking = self.ranking(shelf, board, ask.sort, ask.order);
        let start = ask
            .cursor
            .as_ref()
            .map_or(0, |cursor| ranking.after(ask, cursor));
        let mut shown = ask
            .cursor
            .as_ref()
            .map_or_else(ShownTools::default, |cursor| cursor.shown.clone());
        let mut found = ranking
            .order
            .iter()
            .skip(start)
            .filter_map(|(figure, place)| Some((*figure, ranking.index.entries.get(*place)?)))
            .filter(|(_, entry)| entry.suits(ask) && !shown.has(entry.verdict.slot.id));
        let page: Vec<(i64, &IndexEntry)> = found.by_ref().take(ask.limit).collect();
        let more = found.next().is_some();
        let next = page.last().filter(|_| more).map(|(figure, last)| {
            for (_, entry) in &page {
                shown.add(entry.verdict.slot.id);
            }
            let sorted_by_name = ask.sort == Sort::Name;
            Cursor {
                list: ask.list(),
                figure: if sorted_by_name { 0 } else { *figure },
                name: if sorted_by_name {
                    last.name.clone()
                } else {
                    String::new()
                },
                slug: last.verdict.shelved.slug.as_str().to_owned(),
                shown: std::mem::take(&mut shown),
            }
            .written()
        });
        Page {
            items: page
                .into_iter()
                .map(|(_, entry)| entry.verdict.clone())
                .collect(),
            next,
        }
    }

    /// Every category that a tool in a list has, as written, by name; each with its number of tools.
    pub fn categories(&self, shelf: &CatalogCache, board: &TallyCache) -> Vec<(String, usize)> {
        let mut counts = std::collections::BTreeMap::<String, usize>::new();
        for entry in &self.index(shelf, board).entries {
            let verdict = &entry.verdict;
            let category = &verdict.shelved.tool.category;
            if !category.is_empty() && verdict.slot.tally().row.state != ToolState::Archived {
                *counts.entry(category.clone()).or_default() += 1;
            }
        }
        counts.into_iter().collect()
    }

    fn index(&self, shelf: &CatalogCache, board: &TallyCache) -> Arc<Index> {
        // Read before the tools are: what comes meanwhile makes the index newer than it says, never older.
        let made_of = (shelf.edits(), board.places());
        if let Some(index) = self
            .index
            .load_full()
            .filter(|index| index.made_of == made_of)
        {
            return index;
        }
        let index = Arc::new(Index::of(made_of, shelf, board));
        self.index.store(Some(Arc::clone(&index)));
        index
    }

    fn ranking(
        &self,
        shelf: &CatalogCache,
        board: &TallyCache,
        sort: Sort,
        order: SortOrder,
    ) -> Arc<Ranking> {
        let moves = board.moves();
        let index = self.index(shelf, board);
        let place = self
            .rankings
            .get(sort as usize)
            .and_then(|orders| orders.get(order as usize));
        let fresh =
            |ranking: &Arc<Ranking>| ranking.moves == moves && Arc::ptr_eq(&ranking.index, &index);
        if let Some(ranking) = place.and_then(ArcSwapOption::load_full).filter(fresh) {
            return ranking;
        }
        let ranking = Arc::new(Ranking::of(index, moves, sort, order, board.min_votes()));
        if let Some(place) = place {
            place.store(Some(Arc::clone(&ranking)));
        }
        ranking
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::cache::CatalogEntry;
    use crate::catalog::{Review, Tool};
    use crate::domain::{Choice, Slug, Timestamp};
    use crate::tallies::TallyRow;
    use proptest::prelude::*;

    const TOOLS: i32 = 24;

    fn row(tool: i32, ship: i64, skip: i64, version: i64) -> TallyRow {
        TallyRow {
            tool,
            ship,
            skip,
            panel_ship: tool % 3,
            panel_skip: tool % 2,
            state: ToolState::Open,
            version,
            updated_at: Timestamp(version),
            ..TallyRow::default()
        }
    }

    fn put(shelf: &CatalogCache, tool: i32, name: String) {
        let review = |verdict| Review {
            reviewer: "R".to_owned(),
            verdict,
            summary: String::new(),
        };
        shelf.put(CatalogEntry {
            id: tool,
            slug: Slug::parse(&format!("t{tool:02}")).expect("slug"),
            tool: Tool {
                name,
                tagline: "Writes Code".to_owned(),
                description: None,
                category: if tool % 2 == 0 { "Even" } else { "Odd" }.to_owned(),
                entry: String::new(),
                url: String::new(),
                reviews: vec![review(Choice::Ship)],
            },
            updated_at: Timestamp(i64::from(tool)),
            version: 1,
        });
    }

    fn fixture() -> (CatalogCache, TallyCache, Lists) {
        let (shelf, board) = (CatalogCache::default(), TallyCache::new(5));
        for tool in 1..=TOOLS {
            put(&shelf, tool, format!("Name {}", (tool * 7) % 5));
            let slug = Slug::parse(&format!("t{tool:02}")).expect("slug");
            board.admit(
                &slug,
                row(tool, i64::from(tool % 9), i64::from(tool % 4), 1),
            );
        }
        (shelf, board, Lists::default())
    }

    fn ids(page: &Page) -> Vec<i32> {
        page.items.iter().map(|verdict| verdict.slot.id).collect()
    }

    proptest! {
        /// Whatever moves between the pages: no tool twice, and every tool that did not move is there, in its order.
        #[test]
        fn pages_hold_while_votes_come_in(
            sort in 0usize..5, descending: bool, limit in 1usize..8,
            moves in prop::collection::vec(prop::collection::vec((1..=TOOLS, 0i64..30, 0i64..30), 0..6), 30),
        ) {
            let (shelf, board, lists) = fixture();
            let mut ask = ListQuery {
                sort: Sort::ALL[sort],
                order: if descending { SortOrder::Descending } else { SortOrder::Ascending },
                limit,
                ..ListQuery::default()
            };
            let whole = ids(&lists.page(&shelf, &board, &ListQuery { limit: 100, ..ask.clone() }));
            prop_assert_eq!(whole.len(), 24);
            let (mut seen, mut moved, mut version) = (Vec::new(), Vec::new(), 1);
            for step in moves {
                let page = lists.page(&shelf, &board, &ask);
                seen.extend(ids(&page));
                let Some(next) = page.next else { break };
                ask.cursor = Some(Cursor::read(&next).expect("our own"));
                for (tool, ship, skip) in step {
                    version += 1;
                    board.publish(row(tool, ship, skip, version));
                    moved.push(tool);
                }
            }
            let mut once = seen.clone();
            once.sort_unstable();
            once.dedup();
            prop_assert_eq!(once.len(), seen.len(), "no tool twice: {:?}", seen);
            let still = |list: &[i32]| -> Vec<i32> { list.iter().copied().filter(|tool| !moved.contains(tool)).collect() };
            prop_assert_eq!(still(&seen), still(&whole));
        }
    }

    #[test]
    fn a_list_is_searched_and_shows_what_moved_at_once() {
        let (shelf, board, lists) = fixture();
        let find =
            |query: &str| ids(&lists.page(&shelf, &board, &ListQuery::read(query).expect(query)));
        assert_eq!(find("q=T07"), [7]);
        assert_eq!(find("q=code+writes&category=even").len(), 12);
        assert!(find("q=writescode").is_empty() && find("category=eve").is_empty());
        board.publish(row(9, 1000, 0, 2));
        assert_eq!(find("sort=community")[0], 9);
        assert_eq!(find("sort=votes&order=asc").last(), Some(&9));
        let last = find("sort=panel&order=asc");
        assert_eq!(
            last,
            [&find("sort=panel&order=asc&limit=20")[..], &last[20..]].concat()
        );
        assert_eq!(last[20..], [6, 12, 18, 24], "without a panel, last");
        board.publish(TallyRow {
            state: ToolState::Archived,
            ..row(9, 1000, 0, 3)
        });
        assert_ne!(find("sort=votes")[0], 9);
        assert_eq!(find("").len(), 23);
        put(&shelf, 40, "Fresh".to_owned());
        assert!(find("q=fresh").is_empty(), "no place on the board yet");
        board.admit(&Slug::parse("t40").expect("slug"), row(40, 0, 0, 1));
        assert_eq!(find("q=fresh"), [40]);
        assert_eq!(
            lists.categories(&shelf, &board),
            [("Even".to_owned(), 13), ("Odd".to_owned(), 11)]
        );
    }
}
