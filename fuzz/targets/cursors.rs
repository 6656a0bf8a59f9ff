//! What a caller brings back from an earlier answer: cursors of lists, the plan of a preview, page and limit.

use tallyship::moderation::paging;
use tallyship::moderation::removals::plan::Plan;
use tallyship::moderation::insights::feed::After;
use tallyship::catalog::views::list::Cursor;

use super::text;

pub fn run(data: &[u8]) {
    let Some(text) = text(data) else {
        return;
    };
    if let Some(cursor) = Cursor::read(text) {
        assert_eq!(cursor.written(), text, "one text a cursor");
    }
    if let Some(after) = After::parse(text) {
        assert_eq!(After::parse(&after.text()), Some(after));
    }
    if let Some(plan) = Plan::parse(text) {
        assert_eq!(plan.hash.len(), 64);
        assert_eq!(Plan::parse(&Plan::text(plan.to, &plan.hash)), Some(plan));
    }
    if let Ok(limit) = paging::limit(text) {
        assert!((1..=100).contains(&limit));
    }
    if let Ok(before) = paging::before(text) {
        let again = format!("cursor={before}");
        assert_eq!(paging::before(&again).ok(), Some(before));
    }
}
