//! The lines of a votes file, CSV or NDJSON, each read into a [`Line`] or refused with its number and field.
//!
//! The first pass over a file only counts good lines, the second writes them; both read here. One line at a time is held.

use std::borrow::Cow;
use std::collections::HashMap;
use std::fmt;
use std::io::{BufRead, Cursor, Read};

use chrono::DateTime;
use serde::Deserialize;

use crate::auth::name;
use crate::domain::{Choice, Timestamp, VoterId};

/// A vote as a file has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    pub tool: i32,
    pub voter: VoterId,
    /// The voter's name, where it cannot be read out of the id.
    pub name: Option<Box<str>>,
    pub choice: Choice,
    pub cast_at: Timestamp,
}

/// What is wrong, and where.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub struct Bad {
    /// Counted from 1; the columns' names are line 1 of CSV.
    pub line: u64,
    pub cause: String,
}

impl fmt::Display for Bad {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}: {}", self.line, self.cause)
    }
}

/// What lines are held against.
pub struct LineContext {
    /// Every tool's id by its slug.
    pub tools: HashMap<String, i32>,
    /// No vote may have been cast after this.
    pub latest: Timestamp,
}

/// A line of NDJSON is no longer than this.
const LONGEST: u64 = 64 * 1024;
/// The byte order mark of UTF-8, which some programs write before everything.
const MARK: &[u8] = b"\xef\xbb\xbf";
/// So much of a library's message is shown; it may repeat what it found.
const LONGEST_CAUSE: usize = 300;
const COLUMNS: [&str; 4] = ["tool", "voter", "choice", "cast_at"];

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Raw<'a> {
    #[serde(borrow)]
    tool: Cow<'a, str>,
    #[serde(borrow)]
    voter: Cow<'a, str>,
    #[serde(borrow)]
    choice: Cow<'a, str>,
    #[serde(borrow)]
    cast_at: Cow<'a, str>,
}

/// The lines of `input`; which kind it is, its first character says.
///
/// # Errors
/// [`Bad`] where it cannot be read at all, or has not the columns that it must have.
pub fn read<'a>(
    mut input: impl BufRead + 'a,
    known: &'a LineContext,
) -> Result<Box<dyn Iterator<Item = Result<Line, Bad>> + 'a>, Bad> {
    let (start, first) = start(&mut input).map_err(|cause| unreadable(1, &cause))?;
    // The readers are to see it too: they count lines.
    let input = Cursor::new(start).chain(input);
    match first {
        None => Err(Bad {
            line: 1,
            cause: "the file is empty".to_owned(),
        }),
        Some(b'{') => Ok(Box::new(ndjson(input, known))),
        Some(_) => csv(input, known),
    }
}

/// All up to the first character that says something, and that one, however small the pieces are in which they come.
fn start(input: &mut impl BufRead) -> std::io::Result<(Vec<u8>, Option<u8>)> {
    let mut start = Vec::new();
    loop {
        let Some(byte) = input.fill_buf()?.first().copied() else {
            return Ok((start, None));
        };
        input.consume(1);
        start.push(byte);
        let marked = MARK.starts_with(&start);
        if !marked && (!byte.is_ascii_whitespace() || start.len() as u64 > LONGEST) {
            return Ok((start, Some(byte)));
        }
    }
}

fn unreadable(line: u64, cause: &dyn fmt::Display) -> Bad {
    let cause = format!("cannot be read: {cause}");
    Bad { line, cause }
}

fn ndjson<'a>(
    mut input: impl BufRead + 'a,
    known: &'a LineContext,
) -> impl Iterator<Item = Result<Line, Bad>> + 'a {
    let (mut number, mut bytes) = (0, Vec::new());
    std::iter::from_fn(move || {
        loop {
            number += 1;
            bytes.clear();
            let mut limited = Read::take(&mut input, LONGEST);
            match limited.read_until(b'\n', &mut bytes) {
                Err(cause) => return Some(Err(unreadable(number, &cause))),
                Ok(0) => return None,
                Ok(_) if bytes.trim_ascii().is_empty() => continue,
                Ok(_) => {}
            }
            let line = if bytes.len() as u64 == LONGEST && bytes.last() != Some(&b'\n') {
                Err(format!("longer than {LONGEST} bytes"))
            } else {
                let text = bytes.strip_prefix(MARK).unwrap_or(&bytes);
                serde_json::from_slice::<Raw<'_>>(text)
                    .map_err(|cause| without_place(&cause))
                    .and_then(|raw| known.line(&raw))
            };
            return Some(line.map_err(|cause| Bad {
                line: number,
                cause,
            }));
        }
    })
}

/// serde's message without its own idea of a line.
fn without_place(cause: &serde_json::Error) -> String {
    let text = cause.to_string();
    let message = text
        .rsplit_once(" at line ")
        .map_or(&*text, |(message, _)| message);
    cut(message, LONGEST_CAUSE).to_owned()
}

fn csv<'a>(
    input: impl BufRead + 'a,
    known: &'a LineContext,
) -> Result<Box<dyn Iterator<Item = Result<Line, Bad>> + 'a>, Bad> {
    let mut reader = csv::ReaderBuilder::new().from_reader(input);
    let header = reader
        .headers()
        .map_err(|cause| bad_record(&cause))?
        .clone();
    if header.len() == 1 && header.iter().any(|name| name.contains([';', '\t'])) {
        let cause = "the columns are separated by semicolons or tabs; expected commas".to_owned();
        return Err(Bad { line: 1, cause });
    }
    let mut places = [0; COLUMNS.len()];
    for (place, column) in places.iter_mut().zip(COLUMNS) {
        let found = header.iter().position(|name| name.trim() == column);
        *place = found.ok_or_else(|| Bad {
            line: 1,
            cause: format!("the column {column} is missing; expected tool,voter,choice,cast_at"),
        })?;
    }
    if let Some(other) = header.iter().find(|name| !COLUMNS.contains(&name.trim())) {
        let cause = format!(
            "there is no column {:?}; expected tool,voter,choice,cast_at",
            short(other)
        );
        return Err(Bad { line: 1, cause });
    }
    let mut record = csv::StringRecord::new();
    Ok(Box::new(std::iter::from_fn(move || {
        match reader.read_record(&mut record) {
            Ok(false) => return None,
            Err(cause) => return Some(Err(bad_record(&cause))),
            Ok(true) => {}
        }
        let [tool, voter, choice, cast_at] =
            places.map(|place| Cow::Borrowed(record.get(place).unwrap_or_default()));
        let raw = Raw {
            tool,
            voter,
            choice,
            cast_at,
        };
        let line = record.position().map_or(0, csv::Position::line);
        Some(known.line(&raw).map_err(|cause| Bad { line, cause }))
    })))
}

fn bad_record(cause: &csv::Error) -> Bad {
    let line = cause.position().map_or(1, csv::Position::line);
    let cause = match cause.kind() {
        csv::ErrorKind::UnequalLengths {
            expected_len, len, ..
        } => {
            format!("expected {expected_len} fields, found {len}")
        }
        csv::ErrorKind::Utf8 { err, .. } => {
            format!(
                "{}: is no UTF-8",
                COLUMNS.get(err.field()).unwrap_or(&"a field")
            )
        }
        _ => cause.to_string(),
    };
    Bad { line, cause }
}

impl LineContext {
    fn line(&self, raw: &Raw<'_>) -> Result<Line, String> {
        let tool = *self
            .tools
            .get(raw.tool.as_ref())
            .ok_or_else(|| format!("tool: there is no tool {:?}", short(&raw.tool)))?;
        let voter = name::read(&raw.voter).map_err(|cause| format!("voter: {cause}"))?;
        let choice = Choice::parse(&raw.choice).ok_or_else(|| {
            let found = short(&raw.choice);
            format!("choice: expected ship or skip, found {found:?}")
        })?;
        let cast_at = DateTime::parse_from_rfc3339(&raw.cast_at)
            .map_err(|_unread| {
                let hint = if raw.cast_at.contains(['/', '.', ' ']) {
                    "; a spreadsheet rewrites times unless their column is text"
                } else {
                    ""
                };
                format!(
                    "cast_at: expected a time such as 2026-11-24T02:00:00Z, found {:?}{hint}",
                    short(&raw.cast_at)
                )
            })?
            .timestamp_micros();
        if !(0..=self.latest.0).contains(&cast_at) {
            return Err(format!(
                "cast_at: {:?} lies in the future, or before 1970",
                short(&raw.cast_at)
            ));
        }
        Ok(Line {
            tool,
            voter,
            name: name::is_remembered(&raw.voter).then(|| raw.voter.as_ref().into()),
            choice,
            cast_at: Timestamp(cast_at),
        })
    }
}

/// So much of a text as an error may show.
fn short(text: &str) -> &str {
    cut(text, 60)
}

fn cut(text: &str, most: usize) -> &str {
    text.char_indices()
        .nth(most)
        .map_or(text, |(end, _)| text.get(..end).unwrap_or(text))
}

#[cfg(test)]
mod tests;
