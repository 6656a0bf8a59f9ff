//! Entries of the log: one line of text each. [`Entry`] reads and writes every form that there is.

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::merkle::Hash;
use super::tile_path::parse_decimal;
use crate::domain::{BallotName, Choice, Counts, Slug};

/// One line of the log, borrowing its names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Entry<'a> {
    Ballot {
        tool: &'a str,
        ballot: BallotName,
        choice: Option<Choice>,
    },
    /// A reset or an excluded period takes ballots out, or gives them back.
    Removal {
        excludes: bool,
        id: i64,
        tool: &'a str,
        counts: Counts,
        list: Hash,
    },
    Unnamed {
        tool: &'a str,
        counts: Counts,
    },
    Held {
        tool: &'a str,
        counts: Counts,
    },
    Tally {
        tool: &'a str,
        counts: Counts,
        version: i64,
    },
    Rename {
        old: &'a str,
        new: &'a str,
    },
    /// The first entry of a log that comes after another.
    Follows {
        origin: &'a str,
        size: u64,
        root: Hash,
    },
}

/// No tool has more votes: the largest number that JSON carries exactly, so that sums of counts do not overflow.
const MAX_COUNT: i64 = (1 << 53) - 1;

impl<'a> Entry<'a> {
    /// Reads a line; `None` if it is not written exactly as the log writes it.
    pub fn parse(line: &'a str) -> Option<Self> {
        let mut words = line.split(' ');
        let entry = match words.next()? {
            "ballot" => Self::Ballot {
                tool: slug(words.next()?)?,
                ballot: BallotName::parse(words.next()?)?,
                choice: choice(words.next()?)?,
            },
            kind @ ("exclude" | "include") => Self::Removal {
                excludes: kind == "exclude",
                id: number(words.next()?)?,
                tool: slug(words.next()?)?,
                counts: counts(&mut words)?,
                list: parse_hex(words.next()?)?,
            },
            "unnamed" => Self::Unnamed {
                tool: slug(words.next()?)?,
                counts: counts(&mut words)?,
            },
            "held" => Self::Held {
                tool: slug(words.next()?)?,
                counts: counts(&mut words)?,
            },
            "tally" => Self::Tally {
                tool: slug(words.next()?)?,
                counts: counts(&mut words)?,
                version: number(words.next()?)?,
            },
            "rename" => Self::Rename {
                old: slug(words.next()?)?,
                new: slug(words.next()?)?,
            },
            "follows" => Self::Follows {
                origin: words.next().filter(|origin| !origin.is_empty())?,
                size: parse_decimal(words.next()?)?,
                root: STANDARD.decode(words.next()?).ok()?.try_into().ok()?,
            },
            _ => return None,
        };
        words.next().is_none().then_some(entry)
    }

    /// The tool that the line is about; of a rename, the new name.
    pub fn tool(&self) -> Option<&'a str> {
        match self {
            Self::Ballot { tool, .. }
            | Self::Removal { tool, .. }
            | Self::Unnamed { tool, .. }
            | Self::Held { tool, .. }
            | Self::Tally { tool, .. }
            | Self::Rename { new: tool, .. } => Some(tool),
            Self::Follows { .. } => None,
        }
    }
}

fn slug(word: &str) -> Option<&str> {
    Slug::parse(word).map(|_| word)
}

fn number(word: &str) -> Option<i64> {
    i64::try_from(parse_decimal(word)?).ok()
}

fn counts<'a>(words: &mut impl Iterator<Item = &'a str>) -> Option<Counts> {
    let mut count = || number(words.next()?).filter(|count| *count <= MAX_COUNT);
    Some(Counts {
        ship: count()?,
        skip: count()?,
    })
}

#[expect(
    clippy::option_option,
    reason = "no choice is a choice that a line may state"
)]
fn choice(word: &str) -> Option<Option<Choice>> {
    match word {
        "none" => Some(None),
        word => Choice::parse(word).map(Some),
    }
}

/// 64 lower-case hexadecimal digits.
pub fn parse_hex(word: &str) -> Option<Hash> {
    let mut hash = Hash::default();
    let is_lower = !word.bytes().any(|digit| digit.is_ascii_uppercase());
    hex::decode_to_slice(word, &mut hash).ok()?;
    is_lower.then_some(hash)
}

impl fmt::Display for Entry<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ballot {
                tool,
                ballot,
                choice,
            } => {
                let choice = choice.map_or("none", Choice::as_str);
                write!(f, "ballot {tool} {ballot} {choice}")
            }
            Self::Removal {
                excludes,
                id,
                tool,
                counts: Counts { ship, skip },
                list,
            } => {
                let kind = if *excludes { "exclude" } else { "include" };
                write!(f, "{kind} {id} {tool} {ship} {skip} {}", hex::encode(list))
            }
            Self::Unnamed {
                tool,
                counts: Counts { ship, skip },
            } => write!(f, "unnamed {tool} {ship} {skip}"),
            Self::Held {
                tool,
                counts: Counts { ship, skip },
            } => write!(f, "held {tool} {ship} {skip}"),
            Self::Tally {
                tool,
                counts: Counts { ship, skip },
                version,
            } => write!(f, "tally {tool} {ship} {skip} {version}"),
            Self::Rename { old, new } => write!(f, "rename {old} {new}"),
            Self::Follows { origin, size, root } => {
                write!(f, "follows {origin} {size} {}", STANDARD.encode(root))
            }
        }
    }
}

/// A list of ballots as it is published: sorted by bytes, each on a line.
pub fn list_text(ballots: impl Iterator<Item = BallotName>) -> String {
    let mut lines: Vec<String> = ballots.map(|ballot| format!("{ballot}\n")).collect();
    lines.sort_unstable();
    lines.dedup();
    lines.concat()
}

/// Reads a list; `None` if it is not as the log writes it.
pub fn parse_list(text: &str) -> Option<Vec<BallotName>> {
    let Some(text) = text.strip_suffix('\n') else {
        return text.is_empty().then(Vec::new);
    };
    let is_sorted = text.split('\n').is_sorted_by(|a, b| a < b);
    let ballots = text.split('\n').map(BallotName::parse);
    is_sorted.then(|| ballots.collect()).flatten()
}

/// Appends an entry to a bundle: its length in two bytes, then its bytes.
pub fn push_entry(bundle: &mut Vec<u8>, entry: &str) {
    let length = u16::try_from(entry.len()).unwrap_or(u16::MAX);
    bundle.extend_from_slice(&length.to_be_bytes());
    bundle.extend_from_slice(entry.as_bytes());
}

/// The entries of a bundle; `None` in the place of whatever cannot be read, and then no more.
pub fn entries_of(mut bundle: &[u8]) -> impl Iterator<Item = Option<&str>> {
    std::iter::from_fn(move || {
        if bundle.is_empty() {
            return None;
        }
        let rest = std::mem::take(&mut bundle);
        let entry = rest.split_first_chunk().and_then(|(length, rest)| {
            let (entry, rest) = rest.split_at_checked(usize::from(u16::from_be_bytes(*length)))?;
            bundle = rest;
            std::str::from_utf8(entry).ok()
        });
        if entry.is_none() {
            bundle = &[];
        }
        Some(entry)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_read_as_they_were_written() {
        let (ballot, hash) = ("A".repeat(32), "0f".repeat(32));
        let lines = [
            format!("ballot codestral-2 {ballot} ship"),
            format!("ballot codestral-2 {ballot} none"),
            format!("exclude 7 codestral-2 12 0 {hash}"),
            format!("include 7 codestral-2 12 0 {hash}"),
            "unnamed a 3 4".to_owned(),
            "held a 0 4".to_owned(),
            "tally a 3 4 18".to_owned(),
            "rename a b".to_owned(),
            format!("follows example.com/log 9 {}", STANDARD.encode([7; 32])),
        ];
        for line in &lines {
            let entry = Entry::parse(line).expect(line);
            assert_eq!(entry.to_string(), *line);
            for bad in [
                format!("{line} "),
                format!(" {line}"),
                format!("{line}\n"),
                line.replace(' ', "  "),
            ] {
                assert_eq!(Entry::parse(&bad), None, "{bad:?}");
            }
        }
        for bad in [
            "",
            "tally a 03 4 18",
            "tally a -3 4 18",
            "tally A 3 4 18",
            "tally a 3 4",
            "ballot a b ship",
        ] {
            assert_eq!(Entry::parse(bad), None, "{bad}");
        }
    }

    #[test]
    fn bundles_read_as_they_were_written() {
        let mut bundle = Vec::new();
        for entry in ["tally a 1 2 3", "", "held a 1 2"] {
            push_entry(&mut bundle, entry);
        }
        let read: Option<Vec<&str>> = entries_of(&bundle).collect();
        assert_eq!(read.expect("whole"), ["tally a 1 2 3", "", "held a 1 2"]);
        bundle.pop();
        assert_eq!(entries_of(&bundle).last(), Some(None));
    }

    #[test]
    fn lists_are_sorted_and_each_line_ends() {
        let names = [3u8, 1, 2, 3].map(|byte| BallotName([byte; 24]));
        let text = list_text(names.into_iter());
        assert_eq!(text.lines().count(), 3);
        assert_eq!(parse_list(&text).expect("a list").len(), 3);
        assert_eq!(parse_list(""), Some(Vec::new()));
        assert_eq!(parse_list(text.trim_end()), None);
        assert_eq!(parse_list("\n"), None);
        let swapped: Vec<&str> = text.lines().rev().collect();
        assert_eq!(parse_list(&(swapped.join("\n") + "\n")), None);
    }
}
