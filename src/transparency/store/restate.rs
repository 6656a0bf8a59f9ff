//! A tool stated anew: what its votes are now, against what the log says of its ballots. It is read from the entries, so it
//! costs as much as they are long; only tools with a gap in their journal need it.

use std::collections::{BTreeMap, BTreeSet};

use diesel::QueryResult;

use super::{LogRow, bundle, entries, list, present};
use crate::domain::{BallotName, Choice, Counts};
use crate::infra::db::DbConnection;
use crate::transparency::entry::{Entry, entries_of, parse_list};
use crate::transparency::epoch::{LoggedTools, ToolNow};
use crate::transparency::merkle::TILE_WIDTH;
use crate::voting::journal::{BallotChange, BallotState, ToolRecord};

/// What the log says of a ballot.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct LoggedBallot {
    choice: Option<Choice>,
    excluded_by: Vec<i64>,
}

type LoggedBallots = BTreeMap<BallotName, LoggedBallot>;

/// One record a tool, which leads from what is `stated` to the present.
pub fn records(
    conn: &mut DbConnection,
    row: &LogRow,
    tools: &BTreeSet<i32>,
    (stated, now): (&mut LoggedTools, &BTreeMap<i32, (ToolNow, Counts)>),
) -> QueryResult<Vec<ToolRecord>> {
    if tools.is_empty() {
        return Ok(Vec::new());
    }
    let slugs = tools
        .iter()
        .filter_map(|id| Some(stated.get(id)?.slug.as_str()));
    let mut logged = logged_ballots(conn, row, slugs.collect())?;
    let mut records = Vec::new();
    for tool in tools {
        let Some((now, tally)) = now.get(tool) else {
            continue;
        };
        let before = stated.get(tool).cloned().unwrap_or_default();
        let logged = logged.remove(&before.slug).unwrap_or_default();
        if let Some(stated) = stated.get_mut(tool) {
            // The entries are signed; the row of sums may have been altered.
            stated.named = sum_of(&logged);
        }
        let present = present::changes(conn, *tool)?;
        let mut held = Counts::default();
        for ballot in &present {
            held = held.plus(ballot.new_state().held());
        }
        records.push(ToolRecord {
            tool: *tool,
            tally: *tally,
            version: now.version,
            held: held.minus(before.held),
            changes: differences(logged, present),
            ..ToolRecord::default()
        });
    }
    Ok(records)
}

/// The ballots of the tools that have the names `slugs` at the log's end.
fn logged_ballots(
    conn: &mut DbConnection,
    row: &LogRow,
    slugs: BTreeSet<&str>,
) -> QueryResult<BTreeMap<String, LoggedBallots>> {
    let mut renames: Vec<(String, String)> = Vec::new();
    entries(conn, row.id, (0, row.size), |_, line| {
        if let Some(Entry::Rename { old, new }) = Entry::parse(line) {
            renames.push((old.to_owned(), new.to_owned()));
        }
    })?;
    let mut names: BTreeSet<String> = slugs.into_iter().map(str::to_owned).collect();
    for (old, new) in renames.into_iter().rev() {
        if names.contains(&new) {
            names.insert(old);
        }
    }
    let mut tools: BTreeMap<String, LoggedBallots> = BTreeMap::new();
    for n in 0..row.size.div_ceil(TILE_WIDTH) {
        let bundle = bundle(conn, row.id, n)?.unwrap_or_default();
        for entry in entries_of(&bundle).flatten().filter_map(Entry::parse) {
            match entry {
                Entry::Ballot {
                    tool,
                    ballot,
                    choice,
                } if names.contains(tool) => {
                    let excluded_by = Vec::new();
                    let logged = LoggedBallot {
                        choice,
                        excluded_by,
                    };
                    tools
                        .entry(tool.to_owned())
                        .or_default()
                        .insert(ballot, logged);
                }
                Entry::Removal {
                    excludes,
                    id,
                    tool,
                    list: hash,
                    ..
                } => {
                    if let Some(ballots) = tools.get_mut(tool) {
                        let text = list(conn, row.id, &hash)?.unwrap_or_default();
                        remove(ballots, (excludes, id), &text);
                    }
                }
                Entry::Rename { old, new } => {
                    if let Some(ballots) = tools.remove(old) {
                        tools.insert(new.to_owned(), ballots);
                    }
                }
                _ => {}
            }
        }
    }
    Ok(tools)
}

/// Applies a removal to the ballots that its list names.
fn remove(ballots: &mut LoggedBallots, (excludes, id): (bool, i64), list: &str) {
    for name in parse_list(list).unwrap_or_default() {
        if let Some(ballot) = ballots.get_mut(&name) {
            ballot.excluded_by.retain(|by| *by != id);
            if excludes {
                ballot.excluded_by.push(id);
            }
        }
    }
}

/// The changes that lead from the log's ballots to the present ones. Held ballots are not marked in the log: `held` of the
/// record has their number.
fn differences(mut logged: LoggedBallots, present: Vec<BallotChange>) -> Vec<BallotChange> {
    let mut changes = Vec::new();
    for ballot in present {
        let before = logged.remove(&ballot.ballot);
        let is_same = before.as_ref().is_some_and(|before| {
            before.choice == ballot.choice
                && (ballot.choice.is_none()
                    || before.excluded_by.iter().eq(ballot.excluded_by.iter()))
        });
        if !is_same {
            changes.push(BallotChange {
                old: before.as_ref().map_or_else(BallotState::default, counted),
                is_held: false,
                ..ballot
            });
        }
    }
    // A server before the log deleted their votes.
    let gone = logged
        .into_iter()
        .filter(|(_, before)| before.choice.is_some());
    changes.extend(gone.map(|(ballot, before)| BallotChange {
        ballot,
        old: counted(&before),
        choice: None,
        is_held: false,
        is_stated: true,
        excluded_by: None,
    }));
    changes
}

/// Ballots without exclusion.
fn sum_of(logged: &LoggedBallots) -> Counts {
    let sum = |sum: Counts, ballot: &LoggedBallot| sum.plus(counted(ballot).named());
    logged.values().fold(Counts::default(), sum)
}

/// What a ballot added to the sum of those without exclusion.
fn counted(ballot: &LoggedBallot) -> BallotState {
    BallotState {
        choice: ballot.choice.filter(|_| ballot.excluded_by.is_empty()),
        is_held: false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Choice::{Ship, Skip};

    fn name(n: u8) -> BallotName {
        BallotName([n; 24])
    }

    fn present(n: u8, choice: Option<Choice>, excluded_by: Option<i64>) -> BallotChange {
        BallotChange {
            ballot: name(n),
            old: BallotState::default(),
            choice,
            is_held: true,
            is_stated: true,
            excluded_by,
        }
    }

    #[test]
    fn only_what_differs_is_stated_anew() {
        let ballot = |n, choice, excluded_by: &[i64]| {
            let excluded_by = excluded_by.to_vec();
            (
                name(n),
                LoggedBallot {
                    choice,
                    excluded_by,
                },
            )
        };
        let logged = LoggedBallots::from([
            ballot(1, Some(Ship), &[]),
            ballot(2, Some(Ship), &[7]),
            ballot(3, Some(Ship), &[]),
            ballot(4, Some(Ship), &[7]),
            ballot(5, Some(Ship), &[]),
            ballot(6, Some(Skip), &[]),
            ballot(7, None, &[]),
        ]);
        let found = differences(
            logged,
            vec![
                present(1, Some(Ship), None),
                present(2, Some(Ship), Some(7)),
                present(3, Some(Skip), None),
                present(4, Some(Ship), None),
                present(5, Some(Ship), Some(8)),
                present(8, Some(Ship), None),
            ],
        );
        let found: Vec<_> = found
            .iter()
            .map(|change| {
                let old = change.old.choice;
                assert!(change.is_stated && !change.is_held);
                (change.ballot.0[0], old, change.choice, change.excluded_by)
            })
            .collect();
        let expected = [
            (3, Some(Ship), Some(Skip), None),
            (4, None, Some(Ship), None),
            (5, Some(Ship), Some(Ship), Some(8)),
            (8, None, Some(Ship), None),
            (6, Some(Skip), None, None),
        ];
        assert_eq!(found, expected);
    }
}
