//! A report as people read it: text with a chart for a terminal, and a page with a drawing that needs nothing from elsewhere.
//! Pure.

use std::fmt::Write as _;

use super::report::{HourRow, Report, Side, ToolRow};
use super::watch::Alerts;
use crate::tallies::DASH;
use crate::vocabulary::Moment;

/// Rows of the chart in a terminal, and its width.
const ROWS: i64 = 56;
const WIDTH: u64 = 40;
/// Tools that the text names.
const TOOLS: usize = 30;
/// Bars of the drawing, and its height; a bar is 10 wide.
const BARS: i64 = 400;
const HEIGHT: u64 = 240;

/// To the minute: `2026-11-24 02:00`.
fn minute(at: Moment) -> String {
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

/// Alerts that the text names, of each side.
const ALERTS: usize = 20;

fn alerts(alerts: &Alerts) -> String {
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
#[must_use]
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
#[must_use]
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
                "<h2>Alerts</h2><pre>{}</pre>",
                alerts(found).trim()
            )),
        notes = notes.concat(),
    )
}

#[cfg(test)]
mod tests {
    use super::super::course::{Course, MinVotes};
    use super::super::judge::{Cast, Verdict};
    use super::*;
    use crate::vocabulary::{Choice, VoterId};
    use std::collections::BTreeMap;

    const H: i64 = 3_600_000_000;

    fn report(hours: i64) -> Report {
        let min_votes = MinVotes { then: 1, now: 5 };
        let mut course = Course::new(Moment(0), BTreeMap::from([(1, (0, 0))]), min_votes);
        for n in 0..8_u8 {
            let cast = Cast {
                at: Moment(i64::from(n / 4) * H),
                tool: 1,
                voter: VoterId([n; 16]),
                old: None,
                new: Some(Choice::Ship),
                network: None,
                token_age: None,
            };
            let verdict = if n < 6 {
                Verdict::Admitted
            } else {
                Verdict::Refused("a-rule")
            };
            course.take(&cast, verdict);
        }
        let to = Moment(hours * H);
        course.close(to);
        let slugs = BTreeMap::from([(1, "codestral-2".to_owned())]);
        Report::of((Moment(0), to), course, min_votes, None, &slugs)
    }

    #[test]
    fn the_text_has_a_row_for_each_step_and_the_tools_that_differ() {
        let text = text(&report(3));
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(
            lines[0],
            "8 changes of 1970-01-01 00:00 to 1970-01-01 03:00 UTC; 2 of them would have been refused, 2 by a-rule"
        );
        let full = "█".repeat(40);
        assert!(
            lines.contains(&format!("1970-01-01 00:00          4         0  {full}").as_str()),
            "{text}"
        );
        let half = "█".repeat(20) + &"░".repeat(20);
        assert!(
            lines.contains(&format!("1970-01-01 01:00          4         2  {half}").as_str()),
            "{text}"
        );
        assert!(
            lines.contains(&"1970-01-01 02:00          0         0"),
            "{text}"
        );
        let tool = lines
            .iter()
            .find(|line| line.starts_with("codestral-2"))
            .expect("it differs");
        assert!(
            tool.contains("100% of 8") && tool.contains("100% of 6"),
            "{tool}"
        );
        assert!(tool.ends_with("3 then, 2 now"), "{tool}");
    }

    #[test]
    fn a_long_span_is_drawn_in_few_steps() {
        let long = report(24 * 7);
        let (steps, width) = long.steps(56);
        assert_eq!((steps.len(), width), (56, 3));
        assert_eq!(
            (steps[0].changes, steps[0].refused, steps[1].changes),
            (8, 2, 0)
        );
        let (steps, width) = report(24 * 365).steps(56);
        assert_eq!((steps.len(), width), (53, 168));
        let page = page(&long);
        assert_eq!(page.matches("<rect").count(), 4);
        assert!(
            page.contains("<th scope=\"row\">codestral-2</th><td>2</td>"),
            "{page}"
        );
        assert!(!page.contains("http"), "it needs nothing from elsewhere");
    }
}
