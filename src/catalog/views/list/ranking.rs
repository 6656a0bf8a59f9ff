//! [`Ranking`]: the tools in one order, made once for each state of the board that is asked for.
//!
//! Only `list` uses it. It must rank by what is shown: where a Tally shows no figure, there is none.

use std::cmp::Ordering;
use std::sync::Arc;

use super::cursor::Cursor;
use super::index::{Index, IndexEntry};
use crate::catalog::views::list::query::{ListQuery, Sort, SortOrder};
use crate::domain::ToolState;
use crate::tallies::percent::{lower_bound, share};
use crate::tallies::{Tally, TallyRow};

/// Tools without a figure come last, in either order.
const NONE: i64 = i64::MAX;

/// The tools that are not archived, in one order.
pub(super) struct Ranking {
    pub(super) index: Arc<Index>,
    /// The board as it was.
    pub(super) moves: u64,
    /// Figure, and place in the index: ascending in both.
    pub(super) order: Vec<(i64, usize)>,
}

fn sorted(index: &Index, sort: Sort, order: SortOrder, min_votes: i64) -> Vec<(i64, usize)> {
    let open = index
        .entries
        .iter()
        .enumerate()
        .filter_map(|(place, entry)| {
            let row = entry.verdict.slot.tally().row;
            (row.state != ToolState::Archived).then_some((place, entry, row))
        });
    if sort == Sort::Name {
        let mut named: Vec<_> = open.map(|(place, entry, _)| (&entry.name, place)).collect();
        named.sort_unstable_by(|a, b| by_name(order, a.0, b.0).then(a.1.cmp(&b.1)));
        return named.into_iter().map(|(_, place)| (0, place)).collect();
    }
    let mut figures: Vec<_> = open
        .map(|(place, entry, row)| {
            let figure = figure(sort, entry, &row, min_votes);
            let figure = match order {
                SortOrder::Ascending => figure,
                SortOrder::Descending => figure.map(i64::wrapping_neg),
            };
            (figure.unwrap_or(NONE), place)
        })
        .collect();
    figures.sort_unstable();
    figures
}

/// What a tool is sorted by; `None` where nothing is shown either.
fn figure(sort: Sort, entry: &IndexEntry, row: &TallyRow, min_votes: i64) -> Option<i64> {
    match sort {
        Sort::Votes => Some(row.ship + row.skip),
        Sort::Community => {
            lower_bound(row.ship, row.skip).filter(|_| row.ship + row.skip >= min_votes)
        }
        Sort::Panel => share(i64::from(row.panel_ship), i64::from(row.panel_skip)),
        Sort::Gap => Tally::of(&entry.verdict.shelved.slug, row, min_votes).gap(),
        Sort::Name => None,
    }
}

fn by_name(order: SortOrder, a: &str, b: &str) -> Ordering {
    match order {
        SortOrder::Ascending => a.cmp(b),
        SortOrder::Descending => b.cmp(a),
    }
}

impl Ranking {
    pub(super) fn of(
        index: Arc<Index>,
        moves: u64,
        sort: Sort,
        order: SortOrder,
        min_votes: i64,
    ) -> Self {
        Self {
            order: sorted(&index, sort, order, min_votes),
            index,
            moves,
        }
    }

    /// Where the order goes on after the cursor's tool, which may be there no more.
    pub(super) fn after(&self, ask: &ListQuery, cursor: &Cursor) -> usize {
        self.order
            .partition_point(|at| self.compare(*at, ask, cursor) != Ordering::Greater)
    }

    /// Where a tool of the order stands to the cursor's.
    fn compare(&self, (figure, place): (i64, usize), ask: &ListQuery, cursor: &Cursor) -> Ordering {
        let Some(entry) = self.index.entries.get(place) else {
            return Ordering::Greater;
        };
        let first = match ask.sort {
            Sort::Name => by_name(ask.order, &entry.name, &cursor.name),
            _ => figure.cmp(&cursor.figure),
        };
        first.then_with(|| entry.verdict.shelved.slug.as_str().cmp(&cursor.slug))
    }
}
