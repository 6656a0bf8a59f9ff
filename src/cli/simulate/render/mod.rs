//! A report as people read it: text with a chart for a terminal, and a page with a drawing that needs nothing from elsewhere.
//! Pure.

use std::fmt::Write as _;

use crate::cli::simulate::detector::AlertCounts;
use crate::cli::simulate::report::{HourRow, Report, Side, ToolRow};
use crate::domain::Timestamp;
use crate::tallies::DASH;

/// Rows of the chart in a terminal, and its width.
const ROWS: i64 = 56;
const WIDTH: u64 = 40;
/// Tools that the text names.
const TOOLS: usize = 30;
/// Bars of the drawing, and its height; a bar is 10 wide.
const BARS: i64 = 400;
const HEIGHT: u64 = 240;

/// To the minute: `2026-11-24 02:00`.
fn minute(at: Timestamp) -> String {
    at.to_string()
        .chars()
        .take(16)
        .map(|c| if c == 'T' { ' ' } else { c })
        .collect()
}

fn tally(side: Option<Side>) -> String {
    side.map_or_else(
        || "not known".to_owned(),
        |side| {
            let percent = side.percent;
            let percent = percent.map_or_else(|| DASH.to_owned(), |percent| format!("{percent}%"));
            format!("{percent} of {}", side.ship + side.skip)
        },
    )
}

fn hours(side: Option<Side>) -> String {
    side.map_or_else(|| "?".to_owned(), |side| side.hours_shown.to_string())
}

/// How much of `width` a number takes that is `most` at most; what is there is seen.
fn share(number: u64, most: u64, width: u64) -> u64 {
    match number {
        0 => 0,
        number => (number * width / most.max(1)).max(1),
    }
}

fn head(report: &Report) -> String {
    let mut text = format!(
        "{} changes of {} to {} UTC; {} of them would have been refused",
        report.changes,
        minute(report.from),
        minute(report.to),
        report.refused
    );
    for (by, count) in &report.refused_by {
        let _ = write!(text, ", {count} by {by}");
    }
    if let Some(unknown) = report.networks_unknown {
        let _ = write!(text, "\nof {unknown} the network is not known any more");
    }
    if report.min_votes_then != report.min_votes_now {
        let _ = write!(
            text,
            "\npercentages from {} votes on instead of {}",
            report.min_votes_now, report.min_votes_then
        );
    }
    text
}

fn differing(report: &Report) -> Vec<&ToolRow> {
    let rows = report.tools.iter();
    let mut rows: Vec<&ToolRow> = rows.filter(|row| row.differs()).collect();
    rows.sort_by_key(|row| std::cmp::Reverse(row.refused));
    rows
}

/// AlertCounts that the text names, of each side.
const ALERTS: usize = 20;

fn alerts(alerts: &AlertCounts) -> String {
    let mut text = format!(
        "\nThe detector would have raised {} alerts instead of {}.\n",
        alerts.now, alerts.then
    );
    for (side, rows) in [("gone", &alerts.gone), ("new", &alerts.new)] {
        for row in rows.iter().take(ALERTS) {
            let _ = writeln!(
                text,
                "{side:<5} {:<32} {:<12} score {:>3}, {:>6} votes, {} to {}",
                row.tool,
                row.kind,
                row.score,
                row.votes,
                minute(row.from),
                minute(row.to)
            );
        }
        if let Some(more @ 1..) = rows.len().checked_sub(ALERTS) {
            let _ = writeln!(text, "{side:<5} and {more} more; --json has all of them");
        }
    }
    text
}

/// For a terminal.
pub fn text(report: &Report) -> String {
    let mut text = head(report);
    let (steps, width) = report.steps(ROWS);
    let most = steps.iter().map(|step| step.changes).max().unwrap_or(0);
    let _ = write!(
        text,
        "\n\n{:<17} {:>9} {:>9}  █ admitted then and now, ░ refused now; a row is {width} h\n",
        "UTC", "changes", "refused"
    );
    for step in &steps {
        let whole = share(step.changes, most, WIDTH);
        let refused = share(step.refused, most, WIDTH).min(whole);
        let bar = |length: u64, sign: &str| sign.repeat(usize::try_from(length).unwrap_or(0));
        let line = format!(
            "{:<17} {:>9} {:>9}  {}{}",
            minute(step.at),
            step.changes,
            step.refused,
            bar(whole - refused, "█"),
            bar(refused, "░")
        );
        let _ = writeln!(text, "{}", line.trim_end());
    }
    let rows = differing(report);
    if rows.is_empty() {
        text.push_str("\nNo tool would look different.\n");
    } else {
        let _ = write!(
            text,
            "\n{:<32} {:>9} {:>16} {:>16}  hours with a percentage, of {}\n",
            "tool", "refused", "then", "now", report.hours_in_all
        );
    }
    for row in rows.iter().take(TOOLS) {
        let _ = writeln!(
            text,
            "{:<32} {:>9} {:>16} {:>16}  {} then, {} now",
            row.tool,
            row.refused,
            tally(Some(row.then)),
            tally(row.now),
            row.then.hours_shown,
            hours(row.now)
        );
    }
    if let Some(more @ 1..) = rows.len().checked_sub(TOOLS) {
        let _ = writeln!(text, "and {more} more; --json has all of them");
    }
    if let Some(found) = &report.alerts {
        text.push_str(&alerts(found));
    }
    text.push('\n');
    for note in &report.notes {
        let _ = writeln!(text, "- {note}");
    }
    text
}

const STYLE: &str = ":root{color-scheme:light dark;font:16px/1.5 system-ui,sans-serif}\
body{max-width:60rem;margin:2rem auto;padding:0 1rem}svg{width:100%;height:auto;border-bottom:1px solid}\
.a{fill:#2f6f9f}.r{fill:#d9822b}table{border-collapse:collapse;width:100%}\
th,td{text-align:right;padding:.25rem .75rem;border-bottom:1px solid #8886}th:first-child{text-align:left}";

fn bars(steps: &[HourRow]) -> String {
    let most = steps.iter().map(|step| step.changes).max().unwrap_or(0);
    let mut bars = String::new();
    for (n, step) in steps
        .iter()
        .enumerate()
        .filter(|(_, step)| step.changes > 0)
    {
        let whole = share(step.changes, most, HEIGHT);
        let refused = share(step.refused, most, HEIGHT).min(whole);
        let _ = write!(
            bars,
            "<g><title>{} UTC: {} changes, {} refused now</title>",
            minute(step.at),
            step.changes,
            step.refused
        );
        for (class, top, tall) in [
            ("r", HEIGHT - whole, refused),
            ("a", HEIGHT - whole + refused, whole - refused),
        ] {
            let x = n * 10;
            let _ = write!(
                bars,
                "<rect class=\"{class}\" x=\"{x}\" y=\"{top}\" width=\"9\" height=\"{tall}\"/>"
            );
        }
        bars.push_str("</g>");
    }
    bars
}

/// A page by itself. Names of tools are slugs, which mean nothing in HTML.
pub fn page(report: &Report) -> String {
    let (steps, width) = report.steps(BARS);
    let mut rows = String::new();
    for row in differing(report) {
        let _ = write!(
            rows,
            "<tr><th scope=\"row\">{}</th><td>{}</td><td>{}</td><td>{}</td><td>{}</td><td>{}</td></tr>",
            row.tool,
            row.refused,
            tally(Some(row.then)),
            tally(row.now),
            row.then.hours_shown,
            hours(row.now)
        );
    }
    let notes: Vec<String> = report
        .notes
        .iter()
        .map(|note| format!("<li>{note}</li>"))
        .collect();
    format!(
        "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width\">\
         <title>A replay</title><style>{STYLE}</style><h1>A replay</h1><p>{head}.</p>\
         <svg viewBox=\"0 0 {wide} {HEIGHT}\" role=\"img\" aria-label=\"Changes by time, admitted and refused\">{bars}</svg>\
         <p>A bar is {width} h; blue was admitted and is now, orange would be refused.</p>\
         <h2>Tools that would look different</h2><table><thead><tr><th scope=\"col\">Tool</th><th scope=\"col\">Refused</th>\
         <th scope=\"col\">Then</th><th scope=\"col\">Now</th><th scope=\"col\">Hours shown then</th>\
         <th scope=\"col\">Hours shown now</th></tr></thead><tbody>{rows}</tbody></table>{alerts}<ul>{notes}</ul></html>\n",
        head = head(report).replace('\n', "; "),
        wide = steps.len() * 10,
        bars = bars(&steps),
        alerts = report
            .alerts
            .as_ref()
            .map_or_else(String::new, |found| format!(
                "<h2>AlertCounts</h2><pre>{}</pre>",
                alerts(found).trim()
            )),
        notes = notes.concat(),
    )
}

#[cfg(test)]
mod tests;
