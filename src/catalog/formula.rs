//! Cells of CSV that a spreadsheet would run as a formula: written with an apostrophe before them, and read without it.
//!
//! `export` and `file` call it. A text that begins with apostrophes itself gets one more, so that each comes back as it was.

use std::borrow::Cow;

/// What a spreadsheet takes for the beginning of a formula.
const BEGINNINGS: [char; 4] = ['=', '+', '-', '@'];

fn is_formula(text: &str) -> bool {
    text.trim_start_matches('\'').starts_with(BEGINNINGS)
}

pub(super) fn quoted(text: &str) -> Cow<'_, str> {
    if is_formula(text) {
        Cow::Owned(format!("'{text}"))
    } else {
        Cow::Borrowed(text)
    }
}

pub(super) fn unquoted(text: String) -> String {
    match text.strip_prefix('\'') {
        Some(rest) if is_formula(rest) => rest.to_owned(),
        _ => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_formula_is_quoted_and_comes_back() {
        for (text, cell) in [
            ("=1+1", "'=1+1"),
            ("@SUM(A1)", "'@SUM(A1)"),
            ("-2", "'-2"),
            ("+x", "'+x"),
            ("'=1", "''=1"),
            ("'tis", "'tis"),
            ("a=1", "a=1"),
            ("", ""),
        ] {
            assert_eq!(quoted(text), cell);
            assert_eq!(unquoted(cell.to_owned()), text);
        }
    }
}
