//! Folding a batch of wishes into what is to be written: pure, in arrival order, the same for both databases.
//!
//! The ledger calls it once it has read, before it writes; what it wrote as it read, the fold must come to by itself. One voter's wishes on one tool, however many in a batch, end
//! as one row; each change of a count is one event at one version of the tool's tally. Where a user brings the visitor that
//! they were, the visitor's row goes and the user's is all that stays; from
//! then on the visitor casts nothing there alone. A held vote is a row like another, and moves no count.

mod ballots;

use std::collections::{BTreeMap, HashMap, HashSet};

use self::ballots::BallotBook;
pub(crate) use self::ballots::{BallotWrites, WithdrawnBallots};
use super::{VoteAction, VoteCommand, VoteError, VoteRecord};
use crate::domain::{Ballot, Choice, Timestamp, ToolState, VoterId};
use crate::tallies::{HourChange, TallyRow};
use crate::voting::exclusions::{self, HELD, Period};

/// A row's key in `votes`.
pub(crate) type Key = (i32, VoterId);

/// The votes that stand under some keys. Voters' ids are signed or hashed, so a fast hash does.
pub(crate) type ExistingVotes = HashMap<Key, VoteRecord, foldhash::fast::RandomState>;

/// An empty one, with room for so many.
pub(crate) fn room(votes: usize) -> ExistingVotes {
    ExistingVotes::with_capacity_and_hasher(votes, foldhash::fast::RandomState::default())
}

/// Visitors who came as a user on a tool: a vote that they cast there alone, late or in a race, would be a person's second.
pub(crate) type LinkedVisitors = HashSet<Key, foldhash::fast::RandomState>;

/// What is known of voters besides their votes: whose are not taken, and the ballots of votes that were withdrawn.
#[derive(Debug, Default)]
pub(crate) struct Barred {
    pub linked: LinkedVisitors,
    /// Voters of the batch who were erased, as the database says under the locks.
    pub erased: HashSet<VoterId, foldhash::fast::RandomState>,
    pub withdrawn: WithdrawnBallots,
}

/// One change of a tool's counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct VoteChange {
    pub tool: i32,
    /// The tally's version that this change made.
    pub version: i64,
    pub voter: VoterId,
    pub old: Option<Choice>,
    pub new: Option<Choice>,
}

/// What became of one wish.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct CommandOutcome {
    pub vote: Option<VoteRecord>,
    pub first: bool,
    /// The voter's ballot, which stays though the vote is withdrawn.
    pub ballot: Option<Ballot>,
}

/// What is to be written, and what is to be answered.
#[derive(Debug, Default)]
pub(crate) struct ChangeSet {
    /// For each wish, in order.
    pub outcomes: Vec<Result<CommandOutcome, VoteError>>,
    /// Rows that were not there, by the last wish that made them; sorted by key.
    pub inserts: Vec<(VoteCommand, VoteRecord)>,
    /// Rows to replace; the same.
    pub updates: Vec<(VoteCommand, VoteRecord)>,
    /// Rows to delete; sorted.
    pub deletes: Vec<Key>,
    /// Visitors who were not spent before; in no order.
    pub spent: Vec<Key>,
    /// In the order of versions within each tool.
    pub events: Vec<VoteChange>,
    /// Tallies that changed, as they are now; sorted by tool.
    pub tallies: Vec<TallyRow>,
    /// What becomes of ballots, and what the journal says of it.
    pub ballots: BallotWrites,
    /// What the tallies that changed do to the hours before.
    pub hour_changes: Vec<HourChange>,
}

impl ChangeSet {
    /// Every row that is written.
    pub(crate) fn rows(&self) -> impl Iterator<Item = &(VoteCommand, VoteRecord)> {
        self.inserts.iter().chain(&self.updates)
    }

    /// Whether no vote is to be written.
    pub(crate) fn is_empty(&self) -> bool {
        self.rows().next().is_none()
            && self.deletes.is_empty()
            && self.tallies.is_empty()
            && self.ballots.records.is_empty()
            && self.ballots.kept.is_empty()
    }
}

/// Why a command changes nothing, if it does not. A linked visitor's votes are a user's by now.
fn refusal(
    command: &VoteCommand,
    state: Option<ToolState>,
    barred: &Barred,
    is_linked: bool,
) -> Option<VoteError> {
    match state {
        _ if barred.erased.contains(&command.voter) => Some(VoteError::Erased),
        None => Some(VoteError::UnknownTool),
        Some(ToolState::Frozen) => Some(VoteError::Frozen),
        Some(ToolState::Archived) => Some(VoteError::Archived),
        Some(ToolState::Open) => {
            let alone = command.visitor.is_none() && matches!(command.act, VoteAction::Cast(_));
            (alone && is_linked).then_some(VoteError::Spent)
        }
    }
}

/// Folds `wishes` over the tallies and votes as the database has them under its locks. `periods` are those in force that
/// may cover `now`: a vote cast inside one is kept, and set aside.
pub(crate) fn fold(
    wishes: &[VoteCommand],
    tallies: &BTreeMap<i32, TallyRow>,
    before: &ExistingVotes,
    barred: &Barred,
    periods: &[Period],
    now: Timestamp,
) -> ChangeSet {
    let mut rows = tallies.clone();
    let mut after: BTreeMap<Key, (VoteCommand, Option<VoteRecord>)> = BTreeMap::new();
    let mut folded = ChangeSet::default();
    let mut book = BallotBook::new(&barred.withdrawn);
    for wish in wishes {
        let key = (wish.tool, wish.voter);
        let is_linked = barred.linked.contains(&key) || folded.spent.contains(&key);
        let state = rows.get(&wish.tool).map(|row| row.state);
        let refused = refusal(wish, state, barred, is_linked);
        let (Some(row), None) = (rows.get_mut(&wish.tool), refused) else {
            folded
                .outcomes
                .push(Err(refused.unwrap_or(VoteError::UnknownTool)));
            continue;
        };
        let standing = |key: &Key| {
            after
                .get(key)
                .map_or_else(|| before.get(key).copied(), |(_, standing)| *standing)
        };
        let mine = standing(&key);
        // Nothing is noted any more of a visitor who was erased.
        let visitor = wish
            .visitor
            .filter(|visitor| *visitor != wish.voter && !barred.erased.contains(visitor));
        let claimed = visitor.and_then(|visitor| Some((visitor, standing(&(key.0, visitor))?)));
        // One person's vote, under whichever of the two identities; the user's own comes first.
        let old = mine.or(claimed.map(|(_, standing)| standing));
        let own = mine.and_then(|mine| mine.ballot).or(book.withdrawn(&key));
        let ballot = own.or(claimed.and_then(|(_, standing)| standing.ballot));
        let new = match wish.act {
            VoteAction::Cast(choice) => {
                let period = covering(periods, wish.tool, now);
                let held = mine.and_then(|mine| exclusions::held_as(mine.aside?));
                let aside = match held {
                    // A held vote stays held, whatever it says.
                    Some(held) => Some(exclusions::held_under(held, period)),
                    None if wish.hold && old.is_none_or(|old| old.counted().is_none()) => {
                        Some(exclusions::held_under(HELD, period))
                    }
                    None => period,
                };
                let new = cast(choice, old, aside, now);
                // A vote that stands as it stood gets no ballot.
                let made = wish.ballot.filter(|_| ballot.is_none() && old != Some(new));
                let made = made.map(|made| book.make(wish.tool, made));
                Some(VoteRecord {
                    ballot: ballot.or(made),
                    ..new
                })
            }
            VoteAction::Withdraw => None,
            // The site vouches for its users: what was held of the visitor counts as theirs.
            VoteAction::Claim => old.map(|old| match old.aside {
                Some(mark) if mine.is_none() && exclusions::held_as(mark) == Some(HELD) => {
                    VoteRecord {
                        aside: exclusions::removal_of(mark)
                            .or_else(|| covering(periods, wish.tool, old.cast_at)),
                        ballot,
                        ..old
                    }
                }
                _ => VoteRecord { ballot, ..old },
            }),
        };
        book.withdraw(key, ballot.filter(|_| new.is_none()));
        let gone = claimed.map(|(visitor, standing)| (visitor, Some(standing), None));
        for (voter, old, new) in gone.into_iter().chain([(wish.voter, mine, new)]) {
            if row.shift(
                old.and_then(VoteRecord::weight),
                new.and_then(VoteRecord::weight),
                now,
            ) {
                folded.events.push(VoteChange {
                    tool: wish.tool,
                    version: row.version,
                    voter,
                    old: old.and_then(VoteRecord::counted),
                    new: new.and_then(VoteRecord::counted),
                });
            }
            if old != new {
                // A removal in force has one member more: its sums are to be made again.
                row.revision += i64::from(new.is_some_and(|new| {
                    new.is_excluded() && old.is_none_or(|old| old.aside != new.aside)
                }));
                after.insert((wish.tool, voter), (*wish, new));
            }
        }
        let spends = visitor.map(|visitor| (wish.tool, visitor));
        folded
            .spent
            .extend(spends.filter(|spends| {
                !barred.linked.contains(spends) && !folded.spent.contains(spends)
            }));
        folded.outcomes.push(Ok(CommandOutcome {
            vote: new,
            first: old.is_none() && new.is_some(),
            ballot: new.map_or(ballot, |new| new.ballot),
        }));
    }
    let is_logged = wishes.iter().any(|wish| wish.ballot.is_some());
    let changed = after.iter().map(|(key, (_, standing))| (key, *standing));
    folded.ballots = book.close(before, changed, (tallies, &rows), is_logged);
    for (key, (wish, standing)) in after {
        match (before.get(&key), standing) {
            (None, Some(standing)) => folded.inserts.push((wish, standing)),
            (Some(before), Some(standing)) if *before != standing => {
                folded.updates.push((wish, standing));
            }
            (Some(_), None) => folded.deletes.push(key),
            // It came and went within the batch, or ended as it began.
            _ => {}
        }
    }
    folded
        .events
        .sort_by_key(|event| (event.tool, event.version));
    for (tool, row) in rows {
        if let Some(before) = tallies.get(&tool).filter(|before| **before != row) {
            folded.hour_changes.extend(before.hour_change(now));
            folded.tallies.push(row);
        }
    }
    folded
}

/// What `wish` comes to where it casts a vote and none stands, of one identity alone: `fold` makes the same of it.
pub(crate) fn first(wish: &VoteCommand, periods: &[Period], now: Timestamp) -> Option<VoteRecord> {
    let (VoteAction::Cast(choice), None) = (wish.act, wish.visitor) else {
        return None;
    };
    let period = covering(periods, wish.tool, now);
    let aside = if wish.hold {
        Some(exclusions::held_under(HELD, period))
    } else {
        period
    };
    Some(VoteRecord {
        ballot: wish.ballot,
        ..cast(choice, None, aside, now)
    })
}

/// A vote cast `now` in the place of `old`. The same choice again keeps its time, and its place aside where it would end
/// again.
fn cast(choice: Choice, old: Option<VoteRecord>, aside: Option<i64>, now: Timestamp) -> VoteRecord {
    match old {
        Some(old) if old.choice == choice && (old.aside.is_none() || old.aside == aside) => old,
        // A held vote that no removal has out stays like one that counts.
        Some(old)
            if old.choice == choice
                && aside.is_some_and(exclusions::is_held)
                && old
                    .aside
                    .is_some_and(|mark| exclusions::removal_of(mark).is_none()) =>
        {
            old
        }
        _ => VoteRecord {
            choice,
            cast_at: now,
            aside,
            ballot: None,
        },
    }
}

/// The period of `tool` that a vote cast `now` falls into; the oldest where several overlap.
fn covering(periods: &[Period], tool: i32, now: Timestamp) -> Option<i64> {
    periods
        .iter()
        .filter(|period| period.tool == tool && period.holds(now))
        .map(|period| period.id)
        .min()
}

#[cfg(test)]
mod claims;
#[cfg(test)]
mod held;
#[cfg(test)]
mod tests;
