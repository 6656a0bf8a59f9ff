//! Times, voters, tallies and criteria as the dashboard's pages say them. Pure.

use chrono::{DateTime, Utc};
use serde_json::Value;

use crate::domain::{Timestamp, ToolState};
use crate::tallies::percent::percent;
use crate::tallies::{DASH, TallyRow};
use crate::web::kit::format;

fn utc(at: Timestamp) -> DateTime<Utc> {
    DateTime::<Utc>::from_timestamp_micros(at.0).unwrap_or_default()
}

/// Such as `24 Nov 2026, 02:00:05`; the pages say once that times are UTC.
pub fn time(at: Timestamp) -> String {
    utc(at).format("%-d %b %Y, %H:%M:%S").to_string()
}

/// The same without seconds, where they are none.
pub fn short_time(at: Timestamp) -> String {
    utc(at).format("%-d %b, %H:%M").to_string()
}

/// As part of a file's name.
pub fn file_time(at: Timestamp) -> String {
    utc(at).format("%Y-%m-%d-%H%M%S").to_string()
}

/// A time in a page: UTC, and what `assets/local_times.js` needs to show it in the moderator's zone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Time(pub Timestamp);

impl Time {
    /// The text alone.
    pub fn text(self) -> String {
        time(self.0)
    }
}

impl std::fmt::Display for Time {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "<time datetime=\"{}Z\">{}</time>",
            field(self.0),
            time(self.0)
        )
    }
}

impl askama::filters::HtmlSafe for Time {}

/// As a `datetime-local` field holds it, to the second.
pub fn field(at: Timestamp) -> String {
    utc(at).format("%Y-%m-%dT%H:%M:%S").to_string()
}

/// Reads a `datetime-local` field (UTC), or RFC 3339.
pub fn read_time(text: &str) -> Option<Timestamp> {
    Timestamp::parse(text)
        .or_else(|| Timestamp::parse(&format!("{text}Z")))
        .or_else(|| Timestamp::parse(&format!("{text}:00Z")))
}

/// How long something lasts, roughly.
pub fn lasting(seconds: i64) -> String {
    let (count, noun) = match seconds {
        ..60 => (seconds, "second"),
        60..3_600 => (seconds / 60, "minute"),
        3_600..86_400 => (seconds / 3_600, "hour"),
        _ => (seconds / 86_400, "day"),
    };
    let end = if count == 1 { "" } else { "s" };
    format!("{} {noun}{end}", format::grouped(count))
}

/// A voter or a network short enough for a table; the whole stands in the link.
pub fn short(id: &str) -> String {
    let (kind, rest) = id
        .split_once(':')
        .map_or(("", id), |(kind, rest)| (kind, rest));
    // The end of a voter's id is the random part.
    let end: String = rest
        .chars()
        .skip(rest.chars().count().saturating_sub(8))
        .collect();
    if kind.is_empty() {
        end
    } else {
        format!("{kind} …{end}")
    }
}

/// A tally in a few words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TallyText {
    pub display: String,
    pub votes: String,
    pub counts: String,
}

impl TallyText {
    pub fn of(row: &TallyRow, min_votes: i64) -> Self {
        let votes = row.ship + row.skip;
        let score = percent(row.ship, row.skip).filter(|_| votes >= min_votes);
        Self {
            display: format::score(score),
            votes: format::votes(votes),
            counts: format::counts(row.ship, row.skip),
        }
    }

    /// Of a Tally as JSON.
    pub fn read(tally: &str) -> Self {
        let tally: Value = serde_json::from_str(tally).unwrap_or_default();
        let community = tally.get("community");
        let number = |name: &str| {
            community
                .and_then(|community| community.get(name))
                .and_then(Value::as_i64)
                .unwrap_or_default()
        };
        let display = community.and_then(|community| community.get("display"));
        Self {
            display: display.and_then(Value::as_str).unwrap_or(DASH).to_owned(),
            votes: format::votes(number("votes")),
            counts: format::counts(number("ship"), number("skip")),
        }
    }
}

/// What a tool's state means.
pub fn state(state: ToolState) -> &'static str {
    match state {
        ToolState::Open => "Open: votes are taken",
        ToolState::Frozen => "Frozen: votes are refused",
        ToolState::Archived => "Archived: votes are refused for good",
    }
}

/// An act of the audit chain in words; one that is new here stands for itself. `after` is what it led to, as JSON.
pub fn act<'a>(name: &'a str, after: &str) -> &'a str {
    match name {
        "tool.state" if after.contains("frozen") => "Freeze",
        "tool.state" => "Reopen",
        name => act_name(name),
    }
}

/// The act `name`, where what it led to is not known.
pub fn act_name(name: &str) -> &str {
    let known = ACTS.iter().find(|(known, _)| *known == name);
    known.map_or(name, |(_, words)| words)
}

/// Every act that the audit log has, as the filter of its page lists them.
pub const ACTS: [(&str, &str); 30] = [
    ("reset", "Reset"),
    ("reset.undo", "Undo of a reset"),
    ("merge", "Tool merged"),
    ("merge.undo", "Undo of a merge"),
    ("period", "Period excluded"),
    ("period.delete", "Period deleted"),
    ("held.release", "Held votes released"),
    ("held.reject", "Held votes rejected"),
    ("alert.dismiss", "Alert dismissed"),
    ("ban", "Ban"),
    ("ban.lift", "Ban lifted"),
    ("tool.state", "Freeze or reopen"),
    ("tool.put", "Tool written"),
    ("tool.patch", "Tool edited"),
    ("tool.archive", "Tool archived"),
    ("tool.rename", "Tool renamed"),
    ("redirect.delete", "Former slug freed"),
    ("catalog.import", "Catalogue imported"),
    ("votes.import", "Votes imported"),
    ("votes.export", "Votes exported"),
    ("visitors.mint", "Visitor tokens minted"),
    ("session.begin", "Sign-in"),
    ("sign-in.failed", "Failed sign-ins"),
    ("token.create", "Token created"),
    ("token.revoke", "Token revoked"),
    ("backup", "Database backed up"),
    ("restore", "Database restored"),
    ("verify.repair", "Tally repaired"),
    ("log.new", "New public log"),
    ("webhook.resend", "Webhook sent again"),
];

/// What an act was about, where its number alone does not say: the tool, the voter or network, how many votes.
pub fn about(before: &str, after: &str) -> String {
    let read = |json: &str| serde_json::from_str::<Value>(json).unwrap_or_default();
    let (before, after) = (read(before), read(after));
    let text = |value: &Value, path: &str| {
        value
            .pointer(path)
            .and_then(Value::as_str)
            .map(str::to_owned)
    };
    let number = |path: &str| after.pointer(path).and_then(Value::as_i64);
    let either = |path: &str| text(&after, path).or_else(|| text(&before, path));
    let whom = either("/voter").or_else(|| either("/network"));
    let tool = either("/tally/tool").or_else(|| either("/tool"));
    let count = ["/matched", "/restored", "/votes"]
        .into_iter()
        .find_map(number);
    [
        whom.map(|id| short(&id)),
        count.map(format::votes),
        tool.map(|slug| format!("on {slug}")),
    ]
    .into_iter()
    .flatten()
    .collect::<Vec<_>>()
    .join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_field_reads_as_it_was_written() {
        let at = Timestamp(1_795_485_605_000_000);
        assert_eq!(read_time(&field(at)), Some(at));
        assert_eq!(read_time(&at.to_string()), Some(at));
        assert_eq!(
            read_time("2026-11-24T02:00"),
            Timestamp::parse("2026-11-24T02:00:00Z")
        );
        for bad in ["", "yesterday", "2026-11-24", "24.11.2026 02:00"] {
            assert_eq!(read_time(bad), None, "{bad}");
        }
    }

    #[test]
    fn what_is_long_is_said_shortly() {
        assert_eq!(
            short("visitor:0195f3a0-1111-7222-8333-444455556666"),
            "visitor …55556666"
        );
        assert_eq!(short("0123456789abcdef0123456789abcdef"), "89abcdef");
        assert_eq!(
            (lasting(1), lasting(7_200)),
            ("1 second".into(), "2 hours".into())
        );
    }

    #[test]
    fn a_tally_is_read_back() {
        let json = r#"{"community":{"ship":3,"skip":1,"votes":4,"display":"—"}}"#;
        let row = TallyRow {
            ship: 3,
            skip: 1,
            ..TallyRow::default()
        };
        assert_eq!(TallyText::read(json), TallyText::of(&row, 5));
    }
}
