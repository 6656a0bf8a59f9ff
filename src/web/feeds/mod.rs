//! Atom feeds (RFC 4287): the days of one tool, and the tools that moved most on each of the last days.
//!
//! `routes` answers with them. An entry is one tool on one day (UTC) and reads the same in both feeds. It changes while its day
//! lasts, becomes final at the end of the day, and keeps its id. So `updated` is the tally's last change, then the end of the day.

mod movers;
pub mod routes;

use askama::Template;

use crate::catalog::views::ToolWithTally;
use crate::domain::Timestamp;
use crate::tallies::percent::{Counts, interval, percent};
use crate::web::kit::format;

/// Entries of a tool's feed.
const MAX_DAYS: usize = 30;
const DAY_SECONDS: i64 = 24 * 3600;

/// A feed, as the template draws it.
#[derive(Template)]
#[template(path = "feed.atom", escape = "html")]
struct Feed {
    title: String,
    /// Where browsers reach the site, without a slash at its end.
    site: String,
    /// The feed's path, and that of the page that shows the same.
    path: String,
    page: String,
    /// Of the newest entry; before there is one, when there was none for certain.
    updated: Timestamp,
    /// Newest first.
    entries: Vec<Entry>,
}

impl Feed {
    /// Puts the newest entry first; the feed is as new as that.
    fn with(mut self, mut entries: Vec<Entry>) -> Self {
        entries.sort_by(|a, b| b.updated.cmp(&a.updated).then_with(|| a.id.cmp(&b.id)));
        if let Some(newest) = entries.first() {
            self.updated = newest.updated;
        }
        self.entries = entries;
        self
    }
}

/// One tool on one day.
struct Entry {
    id: String,
    /// The whole address of the tool's page.
    link: String,
    title: String,
    text: String,
    updated: Timestamp,
}

/// What an entry says: the counted votes at the start of the day and at its end, or by now.
#[derive(Clone, Copy)]
struct DayChange {
    day: Timestamp,
    before: Counts,
    after: Counts,
}

/// What all entries of an answer are made with.
struct EntryMaker<'a> {
    /// Where browsers reach the site, without a slash at its end.
    site: &'a str,
    min_votes: i64,
    now: Timestamp,
}

impl EntryMaker<'_> {
    /// The percentages before and after, as far as there are enough votes.
    fn scores(&self, change: &DayChange) -> (Option<i64>, Option<i64>) {
        let enough = |(ship, skip): Counts| ship + skip >= self.min_votes;
        let score = |counts: Counts| percent(counts.0, counts.1).filter(|_| enough(counts));
        (score(change.before), score(change.after))
    }

    fn entry(&self, tool: &ToolWithTally, change: &DayChange) -> Entry {
        let scores = self.scores(change);
        let end = change.day.plus_seconds(DAY_SECONDS);
        let (updated, so_far) = if end <= self.now {
            (end, "")
        } else {
            (tool.slot.tally().row.updated_at, ", so far")
        };
        let (ship, skip) = change.after;
        let range = interval(ship, skip).filter(|_| scores.1.is_some());
        let range = range.map_or_else(String::new, |[low, high]| {
            format!(", most likely between {low}% and {high}%")
        });
        let date: String = change.day.to_string().chars().take(10).collect();
        let link = format!("{}/tools/{}", self.site, tool.shelved.slug);
        Entry {
            id: format!("{link}#{date}"),
            title: format!("{}: {}", tool.name(), headline(scores, ship + skip)),
            text: format!(
                "{date} (UTC){so_far}: {}{range}. The day before: {}.",
                format::counts(ship, skip),
                format::counts(change.before.0, change.before.1),
            ),
            link,
            updated,
        }
    }
}

/// Such as `87% ship, up 5 points`.
fn headline(scores: (Option<i64>, Option<i64>), votes: i64) -> String {
    let (before, after) = match scores {
        (_, None) => return format::votes(votes),
        (None, Some(after)) => return format!("{after}% ship, the first percentage"),
        (Some(before), Some(after)) => (before, after),
    };
    let noun = match (after - before).abs() {
        1 => "point",
        _ => "points",
    };
    match after - before {
        0 => format!("{after}% ship, unchanged"),
        more @ 1.. => format!("{after}% ship, up {more} {noun}"),
        less => format!("{after}% ship, down {} {noun}", -less),
    }
}

#[cfg(test)]
mod tests {
    use super::headline;

    #[test]
    fn a_headline_says_how_far_a_score_moved() {
        for (before, after, words) in [
            (None, None, "4 votes"),
            (None, Some(80), "80% ship, the first percentage"),
            (Some(82), Some(87), "87% ship, up 5 points"),
            (Some(82), Some(81), "81% ship, down 1 point"),
            (Some(82), Some(82), "82% ship, unchanged"),
        ] {
            assert_eq!(headline((before, after), 4), words);
        }
    }
}
