//! Lines that are read, and lines that are refused by name.

use super::*;

fn known() -> LineContext {
    LineContext {
        tools: HashMap::from([("a".to_owned(), 1), ("b".to_owned(), 2)]),
        latest: Timestamp(1_800_000_000_000_000),
    }
}

fn all(text: &str) -> Vec<Result<Line, Bad>> {
    let known = known();
    match read(text.as_bytes(), &known) {
        Ok(lines) => lines.collect(),
        Err(bad) => vec![Err(bad)],
    }
}

#[test]
fn both_kinds_say_the_same() {
    let csv = "\u{feff}voter,tool,cast_at,choice\nanna,a,2026-11-24T02:00:00.5+00:00,ship\n\"b, \"\"c\"\"\",b,2026-11-24T03:00:00+01:00,skip\n";
    let json = "{\"tool\":\"a\",\"voter\":\"anna\",\"choice\":\"ship\",\"cast_at\":\"2026-11-24T02:00:00.5Z\"}\n\n\
        {\"tool\":\"b\",\"voter\":\"b, \\\"c\\\"\",\"choice\":\"skip\",\"cast_at\":\"2026-11-24T02:00:00Z\"}";
    let (from_csv, from_json) = (all(csv), all(json));
    assert_eq!(from_csv, from_json);
    let lines: Vec<Line> = from_csv
        .into_iter()
        .collect::<Result<_, _>>()
        .expect("good");
    assert_eq!(
        (lines[0].cast_at.0, lines[1].cast_at.0),
        (1_795_485_600_500_000, 1_795_485_600_000_000)
    );
    assert_eq!(lines[1].name.as_deref(), Some("b, \"c\""));
    assert!(all("tool,voter,choice,cast_at\n").is_empty());
}

#[test]
fn a_file_says_the_same_in_small_pieces() {
    let known = known();
    for text in [
        "\u{feff}tool,voter,choice,cast_at\na,x,ship,2026-01-01T00:00:00Z\n",
        "\n \n\u{feff}{\"tool\":3}\n{}",
        "\u{feff}\n{\"tool\":\"a\",\"voter\":\"x\",\"choice\":\"ship\",\"cast_at\":\"2026-01-01T00:00:00Z\"}",
        "\u{feff}",
        " \n",
    ] {
        let pieces = std::io::BufReader::with_capacity(1, text.as_bytes());
        let lines: Vec<_> = match read(pieces, &known) {
            Ok(lines) => lines.collect(),
            Err(bad) => vec![Err(bad)],
        };
        assert_eq!(lines, all(text), "{text:?}");
    }
    for nothing in ["", "\u{feff}", "\u{feff} \n"] {
        let refused = all(nothing).remove(0).expect_err("an empty file");
        assert_eq!(
            (refused.line, refused.cause.as_str()),
            (1, "the file is empty")
        );
    }
    let long = format!("{{\"{}\":1}}", "x".repeat(50_000));
    let bad = all(&long).remove(0).expect_err("an unknown field");
    assert!(bad.cause.len() < 500, "{} bytes are said", bad.cause.len());
}

#[test]
fn the_line_and_the_field_are_named() {
    let row = |tool: &str, voter: &str, choice: &str, at: &str| {
        format!(
            "tool,voter,choice,cast_at\na,x,ship,2026-01-01T00:00:00Z\n{tool},{voter},{choice},{at}\n"
        )
    };
    let good = "2026-01-01T00:00:00Z";
    for (text, line, named) in [
        (row("c", "x", "ship", good), 3, "tool"),
        (row("a", "", "ship", good), 3, "voter"),
        (row("a", "visitor:1", "ship", good), 3, "voter"),
        (row("a", "x", "Ship", good), 3, "choice"),
        (row("a", "x", "ship", "yesterday"), 3, "cast_at"),
        (row("a", "x", "ship", "2999-01-01T00:00:00Z"), 3, "cast_at"),
        (row("a", "\"x\ny\"", "ship", good), 3, "voter"),
        (row("a", "\"x", "ship", good), 3, "fields"),
        ("tool,voter,choice\n".to_owned(), 1, "cast_at"),
        ("tool,voter,choice,cast_at,extra\n".to_owned(), 1, "extra"),
        ("tool,voter,choice,cast_at\na,x,ship\n".to_owned(), 2, "4 fields"),
        ("{}\n".to_owned(), 1, "tool"),
        ("\n{\"tool\":\"a\",\"voter\":\"x\",\"choice\":\"ship\",\"cast_at\":\"2026-01-01T00:00:00Z\",\"extra\":1}\n".to_owned(), 2, "extra"),
        ("{\"tool\":3}\n".to_owned(), 1, "string"),
        (format!("{{\"tool\":\"{}\"}}", "x".repeat(70_000)), 1, "longer"),
    ] {
        let bad: Vec<Bad> = all(&text).into_iter().filter_map(Result::err).collect();
        assert_eq!(bad.first().map(|bad| bad.line), Some(line), "{text}: {bad:?}");
        assert!(bad[0].cause.contains(named), "{text}: {}", bad[0]);
    }
}
