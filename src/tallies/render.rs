//! How a board shows a row: as its Tally, with what is set aside where the site or the caller wants that.
//!
//! `board` makes its bytes by it, routes ask for other forms of them.

use bytes::Bytes;

use super::{Contribution, Tally, TallyRow};
use crate::domain::{Choice, Slug};
use crate::tallies::cache::{Published, TallyCache, TallyEntry, etag, marked_stale};

pub(super) fn json(tally: &Tally<'_>) -> Bytes {
    Bytes::from(serde_json::to_vec(tally).unwrap_or_default())
}

impl TallyCache {
    /// The Tally of a row, as this board shows it.
    pub fn tally<'a>(&self, slug: &'a Slug, row: &TallyRow) -> Tally<'a> {
        let tally = Tally::of(slug, row, self.min_votes());
        if self.shows_set_aside {
            return tally.with_set_aside(row);
        }
        tally
    }

    /// The same with `raw`, the counts including what is set aside, as JSON.
    fn with_raw(&self, slug: &Slug, row: &TallyRow) -> Bytes {
        json(&self.tally(slug, row).with_raw(row, self.min_votes()))
    }

    /// A row as one voter is shown it, and nobody else: with `held`, their vote that does not count.
    pub fn personal(
        &self,
        slot: &TallyEntry,
        mut row: TallyRow,
        held: Option<Contribution>,
    ) -> Published {
        if let Some(held) = held {
            let sum = match (held.choice, held.aside) {
                (Choice::Ship, false) => &mut row.ship,
                (Choice::Skip, false) => &mut row.skip,
                (Choice::Ship, true) => &mut row.aside_ship,
                (Choice::Skip, true) => &mut row.aside_skip,
            };
            *sum += 1;
        }
        let slug = slot.slug();
        let body = json(&self.tally(&slug, &row));
        Published {
            slug,
            row,
            etag: etag(&body),
            body,
        }
    }

    /// What is to be sent of a place: its newest Tally, with `raw` where that is asked for, marked where it may be old.
    pub fn body(&self, slot: &TallyEntry, raw: bool, stale: bool) -> Bytes {
        let tally = slot.tally();
        self.body_as(&tally.slug, &tally, raw, stale)
    }

    /// The same under the slug by which it was asked for: the tool may have had it before it was renamed.
    pub fn body_as(&self, asked: &Slug, tally: &Published, raw: bool, stale: bool) -> Bytes {
        let body = if raw {
            self.with_raw(asked, &tally.row)
        } else if *asked != tally.slug {
            json(&self.tally(asked, &tally.row))
        } else {
            tally.body.clone()
        };
        if stale {
            return marked_stale(&body);
        }
        body
    }
}
