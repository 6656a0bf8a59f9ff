//! What the drawings say of a report whose numbers are known.

use super::*;
use crate::cli::simulate::comparison::{Comparison, MinVotes};
use crate::cli::simulate::rule::{Decision, ReplayedVote};
use crate::domain::{Choice, VoterId};
use std::collections::BTreeMap;

const H: i64 = 3_600_000_000;

fn report(hours: i64) -> Report {
    let min_votes = MinVotes { then: 1, now: 5 };
    let mut course = Comparison::new(Timestamp(0), BTreeMap::from([(1, (0, 0))]), min_votes);
    for n in 0..8_u8 {
        let cast = ReplayedVote {
            at: Timestamp(i64::from(n / 4) * H),
            tool: 1,
            voter: VoterId([n; 16]),
            old: None,
            new: Some(Choice::Ship),
            network: None,
            token_age: None,
        };
        let verdict = if n < 6 {
            Decision::Admitted
        } else {
            Decision::Refused("a-rule")
        };
        course.take(&cast, verdict);
    }
    let to = Timestamp(hours * H);
    course.close(to);
    let slugs = BTreeMap::from([(1, "codestral-2".to_owned())]);
    Report::of((Timestamp(0), to), course, min_votes, (None, None), &slugs)
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
