//! [`Batches`]: many tallies in one answer. A page that lists a hundred tools asks the same question again and again, so
//! the tools that a query names are kept, and its answer while no tally has moved.
//!
//! `routes` calls it. What it keeps is bounded, and holds nothing that the board does not.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};

use arc_swap::ArcSwapOption;
use bytes::Bytes;

use super::routes::wants_raw;
use crate::domain::Slug;
use crate::http::problem::Problem;
use crate::http::request;
use crate::tallies::cache::{TallyCache, TallyEntry, etag};

/// The most tools that one call names.
const MOST: usize = 100;
/// Queries that are kept; one more, and all are forgotten.
const KEPT: usize = 256;
/// A longer query is answered, but not kept.
const LONGEST: usize = 8 * 1024;

/// An answer, ready to be sent, and the state of the board that it shows.
pub struct Answer {
    moves: u64,
    pub body: Bytes,
    pub etag: Bytes,
}

/// What a query asks for.
struct Query {
    /// How many tools the board had: with more, one that was missing may be there.
    places: u64,
    /// Tools by the slugs that the query has; some may be former ones.
    slots: Vec<(Slug, Arc<TallyEntry>)>,
    missing: Vec<String>,
    /// With the counts that include what is set aside.
    raw: bool,
    answer: ArcSwapOption<Answer>,
}

/// The queries that are kept.
#[derive(Default)]
pub struct Batches(RwLock<HashMap<Box<str>, Arc<Query>, foldhash::fast::RandomState>>);

impl Batches {
    /// The answer to `query_string`.
    ///
    /// # Errors
    /// 422 for no tools or too many.
    pub fn get(
        &self,
        board: &TallyCache,
        query_string: &str,
        stale: bool,
    ) -> Result<Arc<Answer>, Problem> {
        let places = board.places();
        let known = self
            .0
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .get(query_string)
            .cloned();
        let query = match known.filter(|query| query.places == places) {
            Some(query) => query,
            None => self.keep(
                query_string,
                Arc::new(resolve(board, query_string, places)?),
            ),
        };
        if stale {
            return Ok(Arc::new(query.written(board, 0, true)));
        }
        // Read before the tallies are: a tally that moves meanwhile makes the answer newer than it says, never older.
        let moves = board.moves();
        if let Some(answer) = query
            .answer
            .load_full()
            .filter(|answer| answer.moves == moves)
        {
            return Ok(answer);
        }
        let answer = Arc::new(query.written(board, moves, false));
        query.answer.store(Some(Arc::clone(&answer)));
        Ok(answer)
    }

    fn keep(&self, query_string: &str, query: Arc<Query>) -> Arc<Query> {
        if query_string.len() <= LONGEST {
            let mut kept = self.0.write().unwrap_or_else(PoisonError::into_inner);
            if kept.len() >= KEPT {
                kept.clear();
            }
            kept.insert(query_string.into(), Arc::clone(&query));
        }
        query
    }
}

fn resolve(board: &TallyCache, query_string: &str, places: u64) -> Result<Query, Problem> {
    let (mut slots, mut missing) = (Vec::new(), Vec::new());
    for item in request::tools(query_string, MOST)? {
        match board.named(item) {
            Ok(named) => slots.push(named),
            Err(name) => missing.push(name),
        }
    }
    Ok(Query {
        places,
        slots,
        missing,
        raw: wants_raw(query_string)?,
        answer: ArcSwapOption::empty(),
    })
}

impl Query {
    fn written(&self, board: &TallyCache, moves: u64, stale: bool) -> Answer {
        let mut body = Vec::with_capacity(self.slots.len() * 320 + 64);
        body.extend_from_slice(b"{\"tallies\":[");
        for (position, (asked, slot)) in self.slots.iter().enumerate() {
            if position > 0 {
                body.push(b',');
            }
            body.extend_from_slice(&board.body_as(asked, &slot.tally(), self.raw, stale));
        }
        body.push(b']');
        if !self.missing.is_empty() {
            body.extend_from_slice(b",\"missing\":");
            body.extend_from_slice(&serde_json::to_vec(&self.missing).unwrap_or_default());
        }
        body.push(b'}');
        let tag = etag(&body);
        Answer {
            moves,
            body: Bytes::from(body),
            etag: tag,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{Timestamp, ToolState};
    use crate::tallies::TallyRow;

    fn row(tool: i32, version: i64) -> TallyRow {
        let updated_at = Timestamp(version);
        TallyRow {
            tool,
            ship: version,
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
    fn an_answer_is_kept_until_a_tally_moves_or_a_tool_comes() {
        let (board, batches) = (TallyCache::new(5), Batches::default());
        board.admit(&Slug::parse("a").expect("slug"), row(1, 1));
        let get = || batches.get(&board, "tools=a,b", false).expect("an answer");
        let first = get();
        assert!(Arc::ptr_eq(&first, &get()), "kept");
        board.publish(row(1, 2));
        let moved = get();
        assert_ne!(first.etag, moved.etag);
        board.publish(row(1, 1));
        assert!(Arc::ptr_eq(&moved, &get()), "an old version moves nothing");
        board.admit(&Slug::parse("b").expect("slug"), row(2, 1));
        let text = String::from_utf8(get().body.to_vec()).expect("text");
        assert!(
            text.contains("\"tool\":\"b\"") && !text.contains("missing"),
            "{text}"
        );
        assert!(
            String::from_utf8_lossy(&batches.get(&board, "tools=a", true).expect("stale").body)
                .contains("stale")
        );
        assert!(batches.get(&board, "tools=", false).is_err());
    }

    #[test]
    fn what_is_kept_is_bounded() {
        let (board, batches) = (TallyCache::new(5), Batches::default());
        for n in 0..KEPT * 3 {
            batches
                .get(&board, &format!("tools=t{n}"), false)
                .expect("an answer");
        }
        assert!(batches.0.read().expect("kept").len() <= KEPT);
    }
}
