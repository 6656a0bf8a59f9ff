//! [`TallyCache`]: every tally in memory, serialised once for each version, so that a read costs a look-up.
//!
//! The writer publishes what it committed, `verdicts::follow` what other processes did. An old version never replaces a new one.

use std::collections::HashMap;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, OnceLock, PoisonError, RwLock};

use arc_swap::ArcSwap;
use bytes::Bytes;

use super::TallyRow;
use crate::domain::{Slug, Timestamp};
use crate::tallies::render::json;

/// One version of a tally, ready to be sent.
#[derive(Debug)]
pub struct Published {
    /// The tool's slug at this version.
    pub slug: Slug,
    pub row: TallyRow,
    /// The Tally as JSON.
    pub body: Bytes,
    /// A strong entity tag of those bytes, with its quotes.
    pub etag: Bytes,
}

/// A tool's place on the board; it stays when the tool is renamed.
#[derive(Debug)]
pub struct TallyEntry {
    pub id: i32,
    newest: ArcSwap<Published>,
}

impl TallyEntry {
    pub fn slug(&self) -> Slug {
        self.newest.load().slug.clone()
    }

    pub fn tally(&self) -> Arc<Published> {
        self.newest.load_full()
    }
}

/// What is known of the database is called stale after so long without a look at it.
const STALE_AFTER_MICROS: i64 = 3_000_000;

/// Is told the id of a tool whose tally is shown anew, right after it is. It must return at once.
pub type OnMove = Box<dyn Fn(i32) + Send + Sync>;

/// All tallies.
pub struct TallyCache {
    slots: RwLock<Slots>,
    min_votes: i64,
    /// Whether a Tally says how many votes are set aside.
    pub(super) shows_set_aside: bool,
    seen: AtomicI64,
    /// Grows after each tally that is shown anew.
    moves: AtomicU64,
    /// Grows after each tool that gets a place or another name.
    places: AtomicU64,
    on_move: OnceLock<OnMove>,
}

/// Keys come from the site's own staff, so a fast hash does.
type Map<K> = HashMap<K, Arc<TallyEntry>, foldhash::fast::RandomState>;

#[derive(Default)]
struct Slots {
    by_slug: Map<Slug>,
    by_id: Map<i32>,
    redirects: Redirects,
    merged: HashMap<i32, i32>,
}

/// The tools that had these slugs before they were renamed.
pub type Redirects = HashMap<Slug, i32>;

/// A strong entity tag (RFC 9110 §8.8.3): a 128-bit hash of the bytes.
pub fn etag(bytes: &[u8]) -> Bytes {
    Bytes::from(format!("\"{:032x}\"", xxhash_rust::xxh3::xxh3_128(bytes)))
}

impl TallyCache {
    pub fn new(min_votes: i64) -> Self {
        Self {
            slots: RwLock::default(),
            min_votes,
            shows_set_aside: false,
            seen: AtomicI64::new(i64::MIN),
            moves: AtomicU64::new(0),
            places: AtomicU64::new(0),
            on_move: OnceLock::new(),
        }
    }

    /// Says in every Tally how many votes are set aside.
    #[must_use]
    pub fn showing_set_aside(mut self, shows: bool) -> Self {
        self.shows_set_aside = shows;
        self
    }

    /// Tells `on_move` of every tally that is shown anew from now on. Only the first call counts.
    pub fn tell(&self, on_move: OnMove) {
        let _ = self.on_move.set(on_move);
    }

    pub fn min_votes(&self) -> i64 {
        self.min_votes
    }

    /// The place of the tool that is named `slug`, or was before it was renamed.
    pub fn find(&self, slug: &str) -> Option<Arc<TallyEntry>> {
        let slots = self.slots.read().unwrap_or_else(PoisonError::into_inner);
        let named = slots.by_slug.get(slug);
        let renamed = || slots.by_id.get(slots.redirects.get(slug)?);
        named.or_else(renamed).cloned()
    }

    /// The place of a tool of a list, with the slug that the list has; else the text that names no tool.
    pub fn named(&self, asked: Result<Slug, String>) -> Result<(Slug, Arc<TallyEntry>), String> {
        let asked = asked?;
        match self.find(asked.as_str()) {
            Some(slot) => Ok((asked, slot)),
            None => Err(asked.to_string()),
        }
    }

    /// The place of a tool.
    pub fn get(&self, tool: i32) -> Option<Arc<TallyEntry>> {
        let slots = self.slots.read().unwrap_or_else(PoisonError::into_inner);
        slots.by_id.get(&tool).cloned()
    }

    /// What the tool that was named `slug` is named now; `None` if no tool was, or one is.
    pub fn renamed(&self, slug: &str) -> Option<Slug> {
        let slots = self.slots.read().unwrap_or_else(PoisonError::into_inner);
        // Most sites rename nothing, and each request asks.
        let tool = (!slots.redirects.is_empty()).then(|| slots.redirects.get(slug))??;
        let is_free = !slots.by_slug.contains_key(slug);
        let slot = slots.by_id.get(tool).filter(|_| is_free)?;
        Some(slot.slug())
    }

    /// Replaces what is known of former slugs.
    pub fn set_redirects(&self, redirects: Redirects) {
        let mut slots = self.slots.write().unwrap_or_else(PoisonError::into_inner);
        if slots.redirects != redirects {
            slots.redirects = redirects;
            drop(slots);
            self.places.fetch_add(1, Ordering::Release);
        }
    }

    /// What the tool is named into which the one named `slug` was merged, however often; `None` if it was not.
    pub fn merged_into(&self, slug: &str) -> Option<Slug> {
        let slots = self.slots.read().unwrap_or_else(PoisonError::into_inner);
        let named = (!slots.merged.is_empty()).then(|| slots.by_slug.get(slug))??;
        // No tool is merged into one that was merged, so this ends.
        let next = |tool: &i32| slots.merged.get(tool).copied();
        let last = std::iter::successors(next(&named.id), next).last()?;
        Some(slots.by_id.get(&last)?.slug())
    }

    /// Replaces what is known of merged tools: each with the one that it was merged into.
    pub fn set_merged(&self, merged: HashMap<i32, i32>) {
        let mut slots = self.slots.write().unwrap_or_else(PoisonError::into_inner);
        if slots.merged != merged {
            slots.merged = merged;
            drop(slots);
            self.places.fetch_add(1, Ordering::Release);
        }
    }

    /// Every place, in no order.
    pub fn all(&self) -> Vec<Arc<TallyEntry>> {
        self.slots
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .by_slug
            .values()
            .cloned()
            .collect()
    }

    /// Whether this version of a tool, or a newer one, is shown.
    pub fn shows(&self, tool: i32, version: i64) -> bool {
        let slots = self.slots.read().unwrap_or_else(PoisonError::into_inner);
        let slot = slots.by_id.get(&tool);
        slot.is_some_and(|slot| slot.newest.load().row.version >= version)
    }

    /// The version of each tool that is shown.
    pub fn versions(&self) -> HashMap<i32, i64> {
        let slots = self.slots.read().unwrap_or_else(PoisonError::into_inner);
        let version =
            |(tool, slot): (&i32, &Arc<TallyEntry>)| (*tool, slot.newest.load().row.version);
        slots.by_id.iter().map(version).collect()
    }

    /// Shows a version of a tool that has a place; returns the newest. `None` where it has none yet.
    pub fn publish(&self, row: TallyRow) -> Option<Arc<Published>> {
        let slot = self.get(row.tool)?;
        let current = slot.newest.load();
        if current.row.version >= row.version {
            return Some(Arc::clone(&current));
        }
        self.replace(&slot, |newest| {
            (newest.row.version < row.version).then(|| self.ready(&newest.slug, row))
        });
        Some(slot.tally())
    }

    /// Puts what `next` makes of the newest version in its place, and tells of it.
    fn replace(&self, slot: &TallyEntry, next: impl Fn(&Published) -> Option<Published>) {
        slot.newest.rcu(|newest| match next(newest) {
            Some(next) => Arc::new(next),
            None => Arc::clone(newest),
        });
        self.moves.fetch_add(1, Ordering::Release);
        if let Some(tell) = self.on_move.get() {
            tell(slot.id);
        }
    }

    /// Shows a version of a tool, making a place for it where it has none. A tool that has one keeps its slug: whoever read another
    /// may have read it before a rename.
    pub fn admit(&self, slug: &Slug, row: TallyRow) {
        if self.publish(row).is_none() {
            self.place(slug, row);
        }
    }

    /// Shows a version of a tool under another slug.
    pub fn rename(&self, slug: &Slug, row: TallyRow) {
        let mut slots = self.slots.write().unwrap_or_else(PoisonError::into_inner);
        let Some(slot) = slots.by_id.get(&row.tool).cloned() else {
            drop(slots);
            return self.place(slug, row);
        };
        let former = slot.slug();
        // Another tool may have taken the former slug meanwhile.
        let holder = slots.by_slug.get(&former);
        if holder.is_some_and(|holder| holder.id == row.tool) {
            slots.by_slug.remove(&former);
        }
        slots.by_slug.insert(slug.clone(), Arc::clone(&slot));
        // A vote that is published meanwhile may be newer than the row; it does not know the slug.
        self.replace(&slot, |newest| {
            let row = if newest.row.version < row.version {
                row
            } else {
                newest.row
            };
            Some(self.ready(slug, row))
        });
        drop(slots);
        self.places.fetch_add(1, Ordering::Release);
    }

    fn place(&self, slug: &Slug, row: TallyRow) {
        let newest = ArcSwap::from_pointee(self.ready(slug, row));
        let slot = Arc::new(TallyEntry {
            id: row.tool,
            newest,
        });
        let mut slots = self.slots.write().unwrap_or_else(PoisonError::into_inner);
        let slot = Arc::clone(slots.by_id.entry(row.tool).or_insert(slot));
        // Whoever had the slug has been renamed.
        slots.by_slug.insert(slug.clone(), slot);
        drop(slots);
        self.places.fetch_add(1, Ordering::Release);
        // Somebody else may have made the place meanwhile, with an older version.
        self.publish(row);
    }

    fn ready(&self, slug: &Slug, row: TallyRow) -> Published {
        let body = json(&self.tally(slug, &row));
        Published {
            slug: slug.clone(),
            row,
            etag: etag(&body),
            body,
        }
    }

    /// Another number means that some tally has moved since.
    pub fn moves(&self) -> u64 {
        self.moves.load(Ordering::Acquire)
    }

    /// Another number means that some tool has come or was renamed since.
    pub fn places(&self) -> u64 {
        self.places.load(Ordering::Acquire)
    }

    /// Notes that the database was looked at.
    pub fn seen(&self, now: Timestamp) {
        self.seen.fetch_max(now.0, Ordering::Relaxed);
    }

    /// Whether the database has not been readable for a while, so that what is shown may be old.
    pub fn is_stale(&self, now: Timestamp) -> bool {
        now.0.saturating_sub(self.seen.load(Ordering::Relaxed)) > STALE_AFTER_MICROS
    }
}

/// The same JSON object with `"stale":true` at its end.
pub fn marked_stale(body: &Bytes) -> Bytes {
    let mut marked = Vec::with_capacity(body.len() + 13);
    marked.extend_from_slice(body.strip_suffix(b"}").unwrap_or(body));
    marked.extend_from_slice(b",\"stale\":true}");
    Bytes::from(marked)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::ToolState;

    fn row(ship: i64, version: i64) -> TallyRow {
        let updated_at = Timestamp(version);
        TallyRow {
            tool: 7,
            ship,
            skip: 0,
            panel_ship: 0,
            panel_skip: 0,
            state: ToolState::Open,
            version,
            updated_at,
            ..TallyRow::default()
        }
    }

    #[test]
    fn an_old_version_never_replaces_a_new_one() {
        let board = TallyCache::new(5);
        let slug = Slug::parse("tool").expect("slug");
        assert!(board.publish(row(1, 1)).is_none(), "no place yet");
        board.admit(&slug, row(1, 2));
        assert_eq!(board.publish(row(3, 5)).expect("there").row.ship, 3);
        assert_eq!(board.publish(row(2, 4)).expect("there").row.ship, 3);
        board.admit(&slug, row(2, 4));
        assert!(board.shows(7, 4) && board.shows(7, 5));
        assert!(!board.shows(7, 6) && !board.shows(8, 0));
        let shown = board.find("tool").expect("there").tally();
        assert_eq!(
            (shown.row.version, shown.etag.clone()),
            (5, etag(&shown.body))
        );
    }

    #[test]
    fn a_renamed_tool_is_found_by_its_former_slugs() {
        let board = TallyCache::new(5);
        let [a, b, c] = ["a", "b", "c"].map(|slug| Slug::parse(slug).expect("slug"));
        board.admit(&a, row(1, 1));
        let slot = board.find("a").expect("there");
        let places = board.places();
        // A vote from another instance comes before its name.
        board.publish(row(3, 3));
        board.rename(&b, row(1, 2));
        // An act that began before knows the former slug.
        board.admit(&a, row(3, 3));
        board.set_redirects(Redirects::from([(a.clone(), 7)]));
        assert_eq!((slot.slug(), slot.tally().row.version), (b.clone(), 3));
        assert!(board.places() > places && board.all().len() == 1);
        for name in ["a", "b"] {
            assert!(Arc::ptr_eq(&board.find(name).expect(name), &slot));
        }
        assert_eq!(board.renamed("a"), Some(b.clone()));
        assert_eq!((board.renamed("b"), board.renamed("x")), (None, None));
        // Another tool takes the second name before it is known that the first one gave it up.
        board.admit(
            &b,
            TallyRow {
                tool: 8,
                ..row(0, 1)
            },
        );
        board.rename(&c, row(3, 4));
        assert_eq!(board.find("b").expect("there").id, 8);
        assert_eq!(board.find("c").expect("there").id, 7);
        assert_eq!(board.renamed("a"), Some(c));
    }

    #[test]
    fn stale_is_said_inside_the_object() {
        let marked = marked_stale(&Bytes::from_static(b"{\"tool\":\"a\"}"));
        let value: serde_json::Value = serde_json::from_slice(&marked).expect("json");
        assert_eq!(
            (value["tool"].as_str(), value["stale"].as_bool()),
            (Some("a"), Some(true))
        );
    }

    #[test]
    fn what_was_not_seen_for_a_while_is_stale() {
        let board = TallyCache::new(5);
        assert!(board.is_stale(Timestamp(0)));
        board.seen(Timestamp(1_000_000));
        assert!(!board.is_stale(Timestamp(4_000_000)) && board.is_stale(Timestamp(4_000_001)));
    }
}
