//! What taking a removal back would do at this moment: the preview of an undo. The dashboard calls it; nothing is changed.

use super::removal::{Removal, RemovalKind};
use super::store;
use crate::abuse::store as bans;
use crate::domain::Timestamp;
use crate::http::problem::Problem;
use crate::moderation::Moderation;
use crate::tallies::{TallyRow, store as tallies};
use crate::voting::exclusions;

/// What an undo would do.
#[derive(Debug, Clone)]
pub struct Outlook {
    /// Votes that would count again.
    pub ship: i64,
    pub skip: i64,
    /// Votes that would stay out, because an excluded period covers them.
    pub covered: i64,
    /// Votes that were taken and are no longer this removal's: cast again, withdrawn, or handed over to a period since.
    pub gone: i64,
    /// Bans that would be lifted.
    pub bans: i64,
    /// The tool's tally now, and then.
    pub before: TallyRow,
    pub after: TallyRow,
}

/// Spans without those parts that an earlier one covers.
fn disjoint(mut spans: Vec<(Timestamp, Timestamp)>) -> Vec<(Timestamp, Timestamp)> {
    spans.sort_unstable();
    let mut found: Vec<(Timestamp, Timestamp)> = Vec::new();
    for (from, to) in spans {
        match found.last_mut() {
            Some((_, end)) if from <= *end => *end = (*end).max(to),
            _ => found.push((from, to)),
        }
    }
    found
}

impl Moderation {
    /// What taking `removal` back would do.
    ///
    /// # Errors
    /// 404 where its tool is no more, 409 where it was taken back before, 503.
    pub async fn outlook(&self, removal: &Removal, now: Timestamp) -> Result<Outlook, Problem> {
        if removal.undone {
            return Err(Problem::conflict(match removal.kind {
                RemovalKind::Reset => "This reset is already undone.",
                RemovalKind::Period => "This period is already deleted.",
                RemovalKind::Merge => "This merge is already undone.",
            }));
        }
        let (id, tool) = (removal.id, removal.tool);
        let (row, marked, covered, bans) = self
            .look(move |conn| {
                let row = tallies::find(conn, tool)?;
                let others = exclusions::periods(conn, tool)?
                    .into_iter()
                    .filter(|period| period.id != id)
                    .map(|period| (period.from, period.to));
                let mut covered = (0, 0);
                for span in disjoint(others.collect()) {
                    let (ship, skip) = store::count_within(conn, id, span)?;
                    covered = (covered.0 + ship, covered.1 + skip);
                }
                let marked = exclusions::count(conn, id)?;
                Ok((row, marked, covered, bans::count_of(conn, id)?))
            })
            .await?;
        let before = row.ok_or_else(|| Problem::unknown_tool(removal.slug.as_str()))?;
        let (ship, skip) = (marked.0 - covered.0, marked.1 - covered.1);
        let mut after = before;
        after.set_aside(-ship, -skip, now);
        let took = removal.ship + removal.skip;
        Ok(Outlook {
            ship,
            skip,
            covered: covered.0 + covered.1,
            gone: (took - marked.0 - marked.1).max(0),
            bans,
            before,
            after,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_that_overlap_are_counted_once() {
        let span = |from, to| (Timestamp(from), Timestamp(to));
        assert_eq!(
            disjoint(vec![span(5, 9), span(1, 3), span(2, 6), span(20, 30)]),
            [span(1, 9), span(20, 30)]
        );
        assert_eq!(disjoint(Vec::new()), []);
    }
}
