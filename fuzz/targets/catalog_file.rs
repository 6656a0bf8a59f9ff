//! A catalogue file, TOML, JSON or CSV by its first byte: what is read is written as all three, and reads the same again.

use tallyship::catalog::file::{csv, json, toml};
use tallyship::catalog::export::{Format, text as written};

use super::text;

pub fn run(data: &[u8]) {
    let Some((first, rest)) = data.split_first() else {
        return;
    };
    let Some(text) = text(rest) else {
        return;
    };
    let read = match first % 3 {
        0 => toml(text),
        1 => json(text),
        _ => csv(text),
    };
    let tools = match read {
        Ok(tools) => tools,
        Err(cause) => {
            assert!(!cause.is_empty());
            return;
        }
    };
    for format in [Format::Toml, Format::Json, Format::Csv] {
        let file = match written(&tools, format, false) {
            Ok(file) => file,
            Err(cause) => panic!("{format:?} cannot be written: {cause}"),
        };
        let again = match format {
            Format::Toml => toml(&file),
            Format::Json => json(&file),
            Format::Csv => csv(&file),
        };
        assert_eq!(again.as_ref(), Ok(&tools), "{format:?}: {file:?}");
    }
}
