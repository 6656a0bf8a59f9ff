//! A file of votes, CSV or NDJSON: however it arrives in pieces it says the same, and what it says can be written again.

use std::collections::HashMap;
use std::io::BufReader;

use serde_json::json;
use tallyship::auth::name;
use tallyship::domain::Timestamp;
use tallyship::maintenance::import::{Bad, LineContext, Line, read};

const LATEST: Timestamp = Timestamp(1_800_000_000_000_000);

fn known() -> LineContext {
    LineContext {
        tools: HashMap::from([("a".to_owned(), 1), ("b-2".to_owned(), 2)]),
        latest: LATEST,
    }
}

fn all(data: &[u8], piece: usize) -> Result<Vec<Result<Line, Bad>>, Bad> {
    let known = known();
    let lines = read(BufReader::with_capacity(piece, data), &known)?;
    Ok(lines.take(2_000).collect())
}

fn name(line: &Line) -> String {
    line.name.as_deref().map_or_else(|| name::visitor(line.voter), str::to_owned)
}

fn slug(line: &Line) -> &'static str {
    if line.tool == 1 { "a" } else { "b-2" }
}

pub fn run(data: &[u8]) {
    let whole = all(data, 1 << 16);
    for piece in [1, 3, 64] {
        assert_eq!(all(data, piece), whole, "in pieces of {piece}");
    }
    let Ok(lines) = whole else {
        return;
    };
    let mut before = 0;
    let (mut rows, mut table) = (String::new(), "tool,voter,choice,cast_at\n".to_owned());
    let mut good = Vec::new();
    for line in &lines {
        match line {
            Ok(line) => {
                assert!((0..=LATEST.0).contains(&line.cast_at.0));
                let (name, at) = (name(line), line.cast_at.to_string());
                assert_eq!(name::read(&name), Ok(line.voter));
                let row = json!({"tool": slug(line), "voter": name, "choice": line.choice, "cast_at": at});
                rows.push_str(&format!("{row}\n"));
                let quoted = name.replace('"', "\"\"");
                table.push_str(&format!("{},\"{quoted}\",{},{at}\n", slug(line), line.choice.as_str()));
                good.push(Ok(line.clone()));
            }
            Err(bad) => {
                assert!(bad.line >= before && bad.line >= 1, "lines are counted");
                before = bad.line;
                assert!(!bad.cause.is_empty() && bad.cause.len() < 2_000, "{}", bad.cause.len());
            }
        }
    }
    // A file with nothing in it is refused.
    if !good.is_empty() {
        assert_eq!(all(rows.as_bytes(), 4_096), Ok(good.clone()), "as NDJSON");
    }
    assert_eq!(all(table.as_bytes(), 4_096), Ok(good), "as CSV");
}
