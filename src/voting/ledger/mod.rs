//! [`Entry`]: a row of the ledger, some changes of one tool at one moment, packed.
//!
//! The databases' writers pack what `fold` found; whoever reads the ledger unpacks it here. With a row for each change
//! Postgres was measured to work 6.8 us on writing a vote, with entries 5.0. Once written, an entry never changes, but for
//! a voter's id that `subject_requests` takes out of it.

mod stream;
pub(crate) mod voter_index;

use crate::domain::{Choice, Timestamp, VoterId};
use crate::voting::apply::VoteChange;
pub(crate) use stream::{each, each_before, each_between, last};
pub use stream::{each_change_before, each_change_within};

/// Bytes of a change: the voter's id, then 16 × the old choice + the new one, 0 for none.
const CHANGE: usize = 17;
/// Changes of an entry at most: its row then lies whole in a page of either database, nothing compressed or put elsewhere.
const MOST: usize = 100;

/// Changes of one tool at consecutive versions, the first of them at `version`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Entry {
    pub tool: i32,
    pub version: i64,
    pub at: Timestamp,
    pub changes: Vec<u8>,
}

/// A change as an entry holds it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Change {
    pub version: i64,
    pub voter: VoterId,
    pub old: Option<Choice>,
    pub new: Option<Choice>,
}

/// Packs events, in the order of their versions within each tool, with the moments at which they happened.
pub(crate) fn packed<'a>(
    events: impl IntoIterator<Item = (&'a VoteChange, Timestamp)>,
) -> Vec<Entry> {
    let mut entries: Vec<Entry> = Vec::new();
    for (event, at) in events {
        let code = |choice: Option<Choice>| choice.map_or(0, Choice::code).to_le_bytes()[0];
        let code = 16 * code(event.old) + code(event.new);
        let follows = |last: &&mut Entry| {
            let changes = last.changes.len() / CHANGE;
            let next = i64::try_from(changes).map(|changes| last.version + changes);
            (last.tool, last.at) == (event.tool, at) && next == Ok(event.version) && changes < MOST
        };
        if let Some(last) = entries.last_mut().filter(follows) {
            last.changes.extend_from_slice(&event.voter.0);
            last.changes.push(code);
        } else {
            let mut changes = event.voter.0.to_vec();
            changes.push(code);
            entries.push(Entry {
                tool: event.tool,
                version: event.version,
                at,
                changes,
            });
        }
    }
    entries
}

/// The changes of an entry whose first is at `version`. Bytes that are no whole change come out as a change of a voter
/// that nobody is, so that a recount sees them.
pub fn unpacked(version: i64, changes: &[u8]) -> impl Iterator<Item = Change> {
    changes
        .chunks(CHANGE)
        .zip(version..)
        .map(|(bytes, version)| {
            let (voter, code) = bytes.split_at(bytes.len() - 1);
            let code = code.first().copied().unwrap_or_default();
            Change {
                version,
                voter: VoterId(voter.try_into().unwrap_or_default()),
                old: Choice::from_code(i16::from(code / 16)),
                new: Choice::from_code(i16::from(code % 16)),
            }
        })
}

/// Whether an entry holds whole changes, and at least one.
pub fn is_whole(changes: &[u8]) -> bool {
    !changes.is_empty() && changes.len().is_multiple_of(CHANGE)
}

/// How many bytes of an entry are whole changes, and how many changes that is.
pub fn whole(changes: &[u8]) -> (usize, i64) {
    let count = changes.len() / CHANGE;
    (count * CHANGE, i64::try_from(count).unwrap_or(i64::MAX))
}

/// `changes` with each `voter` replaced by another.
pub fn renamed(changes: &[u8], voter: VoterId, by: VoterId) -> Vec<u8> {
    let mut changes = changes.to_vec();
    for change in changes.chunks_exact_mut(CHANGE) {
        if let Some(id) = change.get_mut(..voter.0.len()).filter(|id| *id == voter.0) {
            id.copy_from_slice(&by.0);
        }
    }
    changes
}

#[cfg(test)]
mod tests {
    use super::*;
    use Choice::{Ship, Skip};

    fn event(
        tool: i32,
        version: i64,
        n: u8,
        old: Option<Choice>,
        new: Option<Choice>,
    ) -> VoteChange {
        let voter = VoterId([n; 16]);
        VoteChange {
            tool,
            version,
            voter,
            old,
            new,
        }
    }

    fn all(entries: &[Entry]) -> Vec<(i32, Change)> {
        let of = |entry: &Entry| {
            let tool = entry.tool;
            let changes = entry.changes.clone();
            unpacked(entry.version, &changes)
                .map(|change| (tool, change))
                .collect::<Vec<_>>()
        };
        entries.iter().flat_map(of).collect()
    }

    #[test]
    fn what_is_packed_comes_out_again_in_order() {
        let choices = [None, Some(Ship), Some(Skip)];
        let mut events = Vec::new();
        for tool in [1, 2] {
            for n in 0..250_u8 {
                let (old, new) = (choices[usize::from(n) % 3], choices[usize::from(n + 1) % 3]);
                events.push(event(tool, 7 + i64::from(n), n, old, new));
            }
        }
        let entries = packed(events.iter().map(|event| (event, Timestamp(5))));
        assert_eq!(entries.len(), 6, "of a hundred changes at most");
        assert!(entries.iter().all(|entry| entry.changes.len() <= 1_700));
        let expected: Vec<(i32, Change)> = events
            .iter()
            .map(|event| {
                let VoteChange {
                    tool,
                    version,
                    voter,
                    old,
                    new,
                } = *event;
                let change = Change {
                    version,
                    voter,
                    old,
                    new,
                };
                (tool, change)
            })
            .collect();
        assert_eq!(all(&entries), expected);
    }

    #[test]
    fn a_gap_of_versions_and_another_moment_begin_an_entry() {
        let events = [(1, 5), (2, 5), (4, 5), (5, 6)]
            .map(|(version, at)| (event(1, version, 9, None, Some(Ship)), Timestamp(at)));
        let entries = packed(events.iter().map(|(event, at)| (event, *at)));
        let starts: Vec<i64> = entries.iter().map(|entry| entry.version).collect();
        assert_eq!(starts, [1, 4, 5]);
    }

    #[test]
    fn a_voter_is_replaced_everywhere_and_nobody_else() {
        let events = [1, 2, 1].map(|n| event(1, 1, n, None, Some(Ship)));
        let mut changes = Vec::new();
        for event in &events {
            changes.extend(packed([(event, Timestamp(0))]).remove(0).changes);
        }
        let after = renamed(&changes, VoterId([1; 16]), VoterId([7; 16]));
        let voters: Vec<u8> = unpacked(1, &after)
            .map(|change| change.voter.0[0])
            .collect();
        assert_eq!(voters, [7, 2, 7]);
    }

    #[test]
    fn torn_bytes_are_a_change_of_nobody() {
        let mut entry = packed([(&event(1, 3, 9, None, Some(Ship)), Timestamp(0))]).remove(0);
        entry.changes.extend_from_slice(&[9, 1]);
        let torn = unpacked(entry.version, &entry.changes).last().expect("two");
        assert_eq!(
            (torn.version, torn.voter, torn.new),
            (4, VoterId([0; 16]), Some(Ship))
        );
    }
}
