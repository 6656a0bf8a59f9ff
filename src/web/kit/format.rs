//! Numbers in words, as a page says them. Pure; `assets/words.js` says the same of tallies that move, and the browser
//! tests hold the two together.

use crate::tallies::DASH;
use crate::tallies::percent::{Counts, difference, percent};

/// A count with its thousands set apart.
pub fn grouped(count: i64) -> String {
    let digits = count.to_string();
    let mut out = String::with_capacity(digits.len() + 4);
    for (position, digit) in digits.chars().enumerate() {
        if position > 0 && (digits.len() - position).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// Such as `1 vote`.
pub fn votes(count: i64) -> String {
    let noun = if count == 1 { "vote" } else { "votes" };
    format!("{} {noun}", grouped(count))
}

/// Such as `13 ship, 2 skip`.
pub fn counts(ship: i64, skip: i64) -> String {
    format!("{} ship, {} skip", grouped(ship), grouped(skip))
}

/// How many of the recorded votes moderators took out of the tally.
pub fn set_aside(count: i64, counted: i64) -> String {
    let recorded = count + counted;
    let noun = if recorded == 1 { "vote" } else { "votes" };
    let (count, recorded) = (grouped(count), grouped(recorded));
    format!("{count} of {recorded} recorded {noun} set aside")
}

/// A score, or a dash where there is none.
pub fn score(percent: Option<i64>) -> String {
    percent.map_or_else(|| DASH.to_owned(), |percent| format!("{percent}%"))
}

/// What is known of one tool, in percent.
#[derive(Debug, Clone, Copy)]
pub struct Figures {
    pub panel: Option<i64>,
    /// Score and interval; `None` while there are too few votes.
    pub community: Option<(i64, [i64; 2])>,
    pub votes: i64,
    pub min_votes: i64,
}

/// How sure the community's score is.
pub fn margin(figures: &Figures) -> String {
    match figures.community {
        Some((_, [low, high])) => format!("Most likely between {low}% and {high}%"),
        None => format!("Below {} no percentage is shown", votes(figures.min_votes)),
    }
}

/// How the community stands to the panel. While the interval contains the panel's score, nobody can tell.
pub fn gap(figures: &Figures) -> String {
    let Some(panel) = figures.panel else {
        return "No panel to compare with".to_owned();
    };
    match figures.community {
        None => missing(figures),
        Some((_, [low, high])) if (low..=high).contains(&panel) => {
            "Community and panel: too close to call".to_owned()
        }
        Some((community, _)) => {
            let side = if community > panel { "above" } else { "below" };
            let points = (community - panel).abs();
            let noun = if points == 1 { "point" } else { "points" };
            format!("Community {points} {noun} {side} the panel")
        }
    }
}

fn missing(figures: &Figures) -> String {
    match figures.min_votes - figures.votes {
        1 => "1 more vote makes a percentage".to_owned(),
        more => format!("{} more votes make a percentage", grouped(more)),
    }
}

/// The drawn scale for those who cannot see it.
pub fn scale(figures: &Figures) -> String {
    let panel = figures.panel.map_or_else(
        || "No panel.".to_owned(),
        |panel| format!("Panel {panel}%."),
    );
    match figures.community {
        Some((community, [low, high])) => {
            format!("{panel} Community {community}%, most likely between {low}% and {high}%.")
        }
        None => format!("{panel} Community: {}.", votes(figures.votes)),
    }
}

/// How far apart two shares of ship votes are, the larger less the smaller, and where the difference most likely lies;
/// before both have a percentage, what that takes.
pub fn apart(one: Counts, other: Counts, min_votes: i64) -> String {
    let known = |(ship, skip): Counts| percent(ship, skip).filter(|_| ship + skip >= min_votes);
    let larger_first = one.0 * (other.0 + other.1) >= other.0 * (one.0 + one.1);
    let (more, less) = if larger_first {
        (one, other)
    } else {
        (other, one)
    };
    match (known(more), known(less), difference(more, less)) {
        (Some(more), Some(less), Some([low, high])) => {
            let points = more - less;
            let noun = if points == 1 { "point" } else { "points" };
            let (low, high) = ((low * 100.0).floor(), (high * 100.0).ceil());
            format!("{points} {noun} apart, likely {low:.0} to {high:.0}").replace('-', "−")
        }
        _ => format!("A percentage takes {} on each tool", votes(min_votes)),
    }
}

/// Who leads a comparison by one measure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lead<'a> {
    /// The leader's name.
    Leads(&'a str),
    /// Both are known, and equal or too near.
    Close,
    /// Some tool has no score.
    Unknown,
}

/// Who leads by the panel.
pub fn panel_lead(lead: Lead<'_>) -> String {
    match lead {
        Lead::Leads(name) => format!("The panel prefers {name}."),
        Lead::Close => "The panel sees a tie.".to_owned(),
        Lead::Unknown => "The panel has not judged both.".to_owned(),
    }
}

/// Who leads by the community.
pub fn community_lead(lead: Lead<'_>) -> String {
    match lead {
        Lead::Leads(name) => format!("The community prefers {name}."),
        Lead::Close => "Nobody leads: too close to call.".to_owned(),
        Lead::Unknown => "Nobody leads yet: too few votes.".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn figures(panel: Option<i64>, community: Option<(i64, [i64; 2])>, votes: i64) -> Figures {
        Figures {
            panel,
            community,
            votes,
            min_votes: 5,
        }
    }

    #[test]
    fn numbers_in_words() {
        assert_eq!(
            [0, 999, 1000, 12_345, 1_234_567].map(grouped),
            ["0", "999", "1,000", "12,345", "1,234,567"]
        );
        assert_eq!((votes(1), votes(2)), ("1 vote".into(), "2 votes".into()));
        assert_eq!((score(Some(7)), score(None)), ("7%".into(), "—".into()));
    }

    #[test]
    fn how_far_apart_is_said_once_both_are_known() {
        assert_eq!(
            apart((23, 14), (41, 6), 5),
            "25 points apart, likely 6 to 43"
        );
        assert_eq!(
            apart((6, 4), (5, 5), 5),
            "10 points apart, likely −29 to 46"
        );
        assert_eq!(
            apart((3, 1), (5, 5), 5),
            "A percentage takes 5 votes on each tool"
        );
        assert_eq!(
            apart((0, 0), (0, 0), 1),
            "A percentage takes 1 vote on each tool"
        );
    }

    #[test]
    fn a_gap_is_said_only_where_it_can_be_told() {
        for (panel, community, votes, words) in [
            (
                Some(75),
                Some((87, [62, 97])),
                15,
                "Community and panel: too close to call",
            ),
            (
                Some(75),
                Some((62, [62, 75])),
                15,
                "Community and panel: too close to call",
            ),
            (
                Some(75),
                Some((90, [76, 97])),
                50,
                "Community 15 points above the panel",
            ),
            (
                Some(75),
                Some((74, [73, 74])),
                90_000,
                "Community 1 point below the panel",
            ),
            (None, Some((90, [76, 97])), 50, "No panel to compare with"),
            (Some(75), None, 4, "1 more vote makes a percentage"),
            (Some(75), None, 0, "5 more votes make a percentage"),
        ] {
            assert_eq!(gap(&figures(panel, community, votes)), words);
        }
    }
}
