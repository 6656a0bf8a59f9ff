//! [`movers`]: the tools whose percentage moved most on each of the last days.

use std::cmp::Reverse;
use std::collections::HashMap;

use super::{DAY_SECONDS, DayChange, Entry, EntryMaker};
use crate::catalog::views::ToolWithTally;
use crate::domain::{Timestamp, ToolState};
use crate::tallies::percent::Counts;

/// Days of the feed, today included.
const MAX_DAYS: usize = 8;
/// Entries of a day.
const MAX_MOVERS: usize = 10;

/// The starts of the days, the newest first.
pub(super) fn days(now: Timestamp) -> Vec<Timestamp> {
    let days = (0..).take(MAX_DAYS);
    days.map(|back: i64| now.day().plus_seconds(-back * DAY_SECONDS))
        .collect()
}

/// The entries of all days. `starts` holds, for each of `days`, the counts at its start of the tools that were changed since.
pub(super) fn movers(
    maker: &EntryMaker<'_>,
    tools: &[ToolWithTally],
    days: &[Timestamp],
    starts: &[HashMap<i32, Counts>],
) -> Vec<Entry> {
    let mut entries = Vec::new();
    for (at, day) in days.iter().enumerate() {
        let mut moved: Vec<_> = tools
            .iter()
            .filter_map(|tool| {
                let row = tool.slot.tally().row;
                let counts_at = |at: usize| match (days.get(at), starts.get(at)) {
                    (Some(start), Some(counts)) if row.updated_at >= *start => {
                        counts.get(&row.tool).copied().unwrap_or_default()
                    }
                    _ => (row.ship, row.skip),
                };
                let change = DayChange {
                    day: *day,
                    before: counts_at(at),
                    // The end of a day is the start of the next; today ends now.
                    after: at.checked_sub(1).map_or((row.ship, row.skip), counts_at),
                };
                let is_listed = row.state != ToolState::Archived;
                let points = points(maker.scores(&change)).filter(|_| is_listed)?;
                Some((points, change, tool))
            })
            .collect();
        moved.sort_by_key(|(points, change, _)| {
            let (ship, skip) = change.after;
            Reverse((*points, ship + skip))
        });
        let most = moved.iter().take(MAX_MOVERS);
        entries.extend(most.map(|(_, change, tool)| maker.entry(tool, change)));
    }
    entries
}

/// By how many points a percentage moved. The first is news but no move that could be compared: 0. `None` if nothing moved.
fn points(scores: (Option<i64>, Option<i64>)) -> Option<i64> {
    match scores {
        (Some(before), Some(after)) => Some((after - before).abs()).filter(|points| *points > 0),
        (None, Some(_)) => Some(0),
        _ => None,
    }
}
