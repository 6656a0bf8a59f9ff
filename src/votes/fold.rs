//! Folding a batch of wishes into what is to be written: pure, in arrival order, the same for both databases.
//!
//! The ledger calls it between its reads and its writes. One voter's wishes on one tool, however many in a batch, end
//! as one row; each change of a count is one event at one version of the tool's tally.

use std::collections::{BTreeMap, HashMap, HashSet};

use super::{Refused, Standing, Wish};
use crate::tallies::TallyRow;
use crate::vocabulary::{Choice, Moment, ToolState, VoterId};

/// A row's key in `votes`.
pub(super) type Key = (i32, VoterId);

/// The votes that stand under some keys. Voters' ids are signed or hashed, so a fast hash does.
pub(super) type Present = HashMap<Key, Standing, foldhash::fast::RandomState>;

/// One change of a tool's counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Event {
    pub tool: i32,
    /// The tally's version that this change made.
    pub version: i64,
    pub voter: VoterId,
    pub old: Option<Choice>,
    pub new: Option<Choice>,
}

/// What became of one wish.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Outcome {
    pub vote: Option<Standing>,
    pub first: bool,
}

/// What is to be written, and what is to be answered.
#[derive(Debug, Default)]
pub(super) struct Folded {
    /// For each wish, in order.
    pub outcomes: Vec<Result<Outcome, Refused>>,
    /// Rows to insert or replace, by the last wish that made them; sorted by key.
    pub upserts: Vec<(Wish, Standing)>,
    /// Rows to delete; sorted.
    pub deletes: Vec<Key>,
    /// In the order of versions within each tool.
    pub events: Vec<Event>,
    /// Tallies that changed, as they are now; sorted by tool.
    pub tallies: Vec<TallyRow>,
}

/// Folds `wishes` over the tallies and votes as the database has them under its locks.
pub(super) fn fold(
    wishes: &[Wish],
    mut tallies: BTreeMap<i32, TallyRow>,
    before: &Present,
    now: Moment,
) -> Folded {
    let mut after: BTreeMap<Key, (Wish, Option<Standing>)> = BTreeMap::new();
    let mut changed: HashSet<i32> = HashSet::new();
    let mut folded = Folded::default();
    for wish in wishes {
        let key = (wish.tool, wish.voter);
        let refused = match tallies.get(&wish.tool).map(|row| row.state) {
            None => Some(Refused::UnknownTool),
            Some(ToolState::Frozen) => Some(Refused::Frozen),
            Some(ToolState::Archived) => Some(Refused::Archived),
            Some(ToolState::Open) => None,
        };
        let (Some(row), None) = (tallies.get_mut(&wish.tool), refused) else {
            folded
                .outcomes
                .push(Err(refused.unwrap_or(Refused::UnknownTool)));
            continue;
        };
        let old = after
            .get(&key)
            .map_or_else(|| before.get(&key).copied(), |(_, standing)| *standing);
        let new = match (wish.choice, old) {
            // The same choice again keeps its time.
            (Some(choice), Some(old)) if old.counted && old.choice == choice => Some(old),
            (Some(choice), _) => Some(Standing {
                choice,
                cast_at: now,
                counted: true,
            }),
            (None, _) => None,
        };
        let counts =
            |vote: Option<Standing>| vote.filter(|vote| vote.counted).map(|vote| vote.choice);
        if row.shift(counts(old), counts(new), now) {
            changed.insert(wish.tool);
            folded.events.push(Event {
                tool: wish.tool,
                version: row.version,
                voter: wish.voter,
                old: counts(old),
                new: counts(new),
            });
        }
        if old != new {
            after.insert(key, (*wish, new));
        }
        folded.outcomes.push(Ok(Outcome {
            vote: new,
            first: old.is_none() && new.is_some(),
        }));
    }
    for (key, (wish, standing)) in after {
        match standing {
            Some(standing) if before.get(&key) != Some(&standing) => {
                folded.upserts.push((wish, standing));
            }
            None if before.contains_key(&key) => folded.deletes.push(key),
            // It came and went within the batch, or ended as it began.
            _ => {}
        }
    }
    folded
        .events
        .sort_by_key(|event| (event.tool, event.version));
    tallies.retain(|tool, _| changed.contains(tool));
    folded.tallies = tallies.into_values().collect();
    folded
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::vocabulary::NetworkHash;
    use proptest::prelude::*;

    const NOW: Moment = Moment(1_000);

    fn row(tool: i32, state: ToolState) -> TallyRow {
        TallyRow {
            tool,
            ship: 0,
            skip: 0,
            panel_ship: 0,
            panel_skip: 0,
            state,
            version: 1,
            updated_at: Moment(0),
        }
    }

    fn wish(tool: i32, voter: u8, choice: Option<Choice>) -> Wish {
        Wish {
            tool,
            voter: VoterId([voter; 16]),
            choice,
            network: NetworkHash([0; 16]),
            token_age: 0,
        }
    }

    fn choices() -> impl Strategy<Value = Option<Choice>> {
        prop_oneof![
            Just(None),
            Just(Some(Choice::Ship)),
            Just(Some(Choice::Skip))
        ]
    }

    proptest! {
        /// Any split of any wishes into batches ends where taking them one by one ends.
        #[test]
        fn batches_end_where_single_votes_end(
            wishes in prop::collection::vec((1i32..4, 0u8..5, choices()), 1..60),
            cuts in prop::collection::vec(1usize..20, 1..60),
        ) {
            let wishes: Vec<Wish> = wishes.into_iter().map(|(tool, voter, choice)| wish(tool, voter, choice)).collect();
            let mut tallies: BTreeMap<i32, TallyRow> = (1..4).map(|tool| (tool, row(tool, ToolState::Open))).collect();
            let mut votes = Present::default();
            let mut model: HashMap<Key, Choice> = HashMap::new();
            let mut changes: HashMap<i32, i64> = HashMap::new();
            let mut rest = wishes.as_slice();
            for cut in cuts.into_iter().cycle() {
                if rest.is_empty() { break; }
                let (batch, later) = rest.split_at(cut.min(rest.len()));
                rest = later;
                let folded = fold(batch, tallies.clone(), &votes, NOW);
                for (wish, outcome) in batch.iter().zip(&folded.outcomes) {
                    let key = (wish.tool, wish.voter);
                    let old = model.get(&key).copied();
                    match wish.choice {
                        Some(choice) => model.insert(key, choice),
                        None => model.remove(&key),
                    };
                    *changes.entry(wish.tool).or_default() += i64::from(old != wish.choice);
                    let outcome = outcome.as_ref().expect("open");
                    prop_assert_eq!(outcome.vote.map(|vote| vote.choice), wish.choice);
                    prop_assert_eq!(outcome.first, old.is_none() && wish.choice.is_some());
                }
                for (wish, standing) in &folded.upserts {
                    votes.insert((wish.tool, wish.voter), *standing);
                }
                for key in &folded.deletes {
                    prop_assert!(votes.remove(key).is_some());
                }
                for event in &folded.events {
                    prop_assert!(event.old != event.new);
                }
                for row in folded.tallies {
                    tallies.insert(row.tool, row);
                }
            }
            for (tool, row) in &tallies {
                let count = |choice| -> i64 {
                    model.iter().map(|((t, _), c)| i64::from(t == tool && *c == choice)).sum()
                };
                prop_assert_eq!((row.ship, row.skip), (count(Choice::Ship), count(Choice::Skip)));
                prop_assert_eq!(row.version, 1 + changes.get(tool).copied().unwrap_or(0));
            }
            let stored: HashMap<Key, Choice> = votes.into_iter().map(|(key, vote)| (key, vote.choice)).collect();
            prop_assert_eq!(stored, model);
        }
    }

    #[test]
    fn a_tool_that_takes_no_votes_refuses_and_the_rest_of_the_batch_goes_on() {
        let tallies = BTreeMap::from([
            (1, row(1, ToolState::Frozen)),
            (2, row(2, ToolState::Archived)),
            (3, row(3, ToolState::Open)),
        ]);
        let wishes: Vec<Wish> = (1..5)
            .map(|tool| wish(tool, 1, Some(Choice::Ship)))
            .collect();
        let folded = fold(&wishes, tallies, &Present::default(), NOW);
        let refusals: Vec<Option<Refused>> = folded
            .outcomes
            .iter()
            .map(|outcome| outcome.err())
            .collect();
        assert_eq!(
            refusals,
            [
                Some(Refused::Frozen),
                Some(Refused::Archived),
                None,
                Some(Refused::UnknownTool)
            ]
        );
        assert_eq!(
            (
                folded.upserts.len(),
                folded.events.len(),
                folded.tallies.len()
            ),
            (1, 1, 1)
        );
    }

    #[test]
    fn the_same_choice_again_writes_nothing_and_a_vote_taken_out_counts_again() {
        let tallies = BTreeMap::from([(1, row(1, ToolState::Open))]);
        let voter = VoterId([1; 16]);
        let standing = Standing {
            choice: Choice::Ship,
            cast_at: Moment(5),
            counted: true,
        };
        let again = wish(1, 1, Some(Choice::Ship));
        let folded = fold(
            &[again],
            tallies.clone(),
            &Present::from_iter([((1, voter), standing)]),
            NOW,
        );
        assert_eq!(
            folded.outcomes,
            [Ok(Outcome {
                vote: Some(standing),
                first: false
            })]
        );
        assert!(folded.upserts.is_empty() && folded.events.is_empty() && folded.tallies.is_empty());
        let taken = Standing {
            counted: false,
            ..standing
        };
        let folded = fold(
            &[again],
            tallies,
            &Present::from_iter([((1, voter), taken)]),
            NOW,
        );
        assert_eq!(
            (
                folded.upserts.len(),
                folded.events.len(),
                folded.tallies[0].ship
            ),
            (1, 1, 1)
        );
    }
}
