//! What a Tally shows of its row.

use super::*;
use crate::domain::Timestamp;

fn row(ship: i64, skip: i64) -> TallyRow {
    let updated_at = Timestamp(1_795_485_600_000_000);
    TallyRow {
        tool: 1,
        ship,
        skip,
        panel_ship: 3,
        panel_skip: 1,
        state: ToolState::Open,
        version: 42,
        updated_at,
        ..TallyRow::default()
    }
}

fn json(row: &TallyRow) -> serde_json::Value {
    let slug = Slug::parse("codestral-2").expect("slug");
    serde_json::to_value(Tally::of(&slug, row, 5)).expect("json")
}

#[test]
fn the_documented_example() {
    let expected = serde_json::json!({
        "tool": "codestral-2", "state": "open",
        "panel": {"ship": 3, "skip": 1, "percent": 75},
        "community": {"ship": 13, "skip": 2, "votes": 15, "percent": 87, "display": "87%", "interval": [62, 97]},
        "gap": 12, "version": 42, "updated_at": "2026-11-24T02:00:00.000000Z"
    });
    assert_eq!(json(&row(13, 2)), expected);
}

#[test]
fn below_the_minimum_there_is_a_dash_and_the_counts() {
    let tally = json(&row(4, 0));
    assert_eq!(tally["community"]["display"], "\u{2014}");
    for field in [
        &tally["community"]["percent"],
        &tally["community"]["interval"],
        &tally["gap"],
    ] {
        assert!(field.is_null(), "{tally}");
    }
    assert_eq!(tally["community"]["votes"], 4);
}

#[test]
fn without_a_panel_there_is_no_gap() {
    let tally = json(&TallyRow {
        panel_ship: 0,
        panel_skip: 0,
        ..row(9, 0)
    });
    assert!(
        tally["panel"].is_null() && tally["gap"].is_null() && tally["community"]["percent"] == 100
    );
}
