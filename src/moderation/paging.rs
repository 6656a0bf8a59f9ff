//! Lists of staff calls: `limit`, `cursor`, and the shape of a page.

use serde::Serialize;

use crate::http::problem::Problem;
use crate::http::request;

/// How many items a page has where none is asked for.
const USUAL: i64 = 50;

/// One page of a list, with what asks for the next.
#[derive(Debug, Serialize)]
pub struct Page<T> {
    pub items: Vec<T>,
    pub next: Option<String>,
}

/// `limit`: 1 to 100.
///
/// # Errors
/// 422 for anything else.
pub fn limit(query: &str) -> Result<i64, Problem> {
    let Some(text) = request::query(query, "limit") else {
        return Ok(USUAL);
    };
    text.parse()
        .ok()
        .filter(|limit| (1..=100).contains(limit))
        .ok_or_else(|| Problem::invalid("limit: expected 1 to 100."))
}

/// `cursor` of a list that runs down a number: the number before which the page begins.
///
/// # Errors
/// 422 where it is none of ours.
pub fn before(query: &str) -> Result<i64, Problem> {
    let Some(text) = request::query(query, "cursor") else {
        return Ok(i64::MAX);
    };
    text.parse().map_err(|_unread| {
        Problem::invalid("cursor: expected a cursor of this list. Start again without one.")
    })
}

impl<T> Page<T> {
    /// A page of at most `limit` of `items`, which are one more where there is another page; `cursor` names an item.
    pub fn cut(mut items: Vec<T>, limit: i64, cursor: impl Fn(&T) -> String) -> Self {
        let limit = usize::try_from(limit).unwrap_or_default();
        let more = items.len() > limit;
        items.truncate(limit);
        let next = items.last().filter(|_| more).map(cursor);
        Self { items, next }
    }

    /// The same page of something else.
    pub fn map<U>(self, f: impl FnMut(T) -> U) -> Page<U> {
        Page {
            items: self.items.into_iter().map(f).collect(),
            next: self.next,
        }
    }
}
