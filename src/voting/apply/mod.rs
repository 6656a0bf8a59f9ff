//! Folding a batch of commands into what is to be written: pure, in arrival order, the same for both databases.
//!
//! The ledger calls it once it has read, before it writes; what it wrote as it read, the fold must come to by itself. One voter's commands on one tool, however many in a batch, end
//! as one row; each change of a count is one event at one version of the tool's tally. Where a user brings the visitor that
//! they were, the visitor's row goes and the user's is all that stays; from
//! then on the visitor casts nothing there alone. A held vote is a row like another, and moves no count.

mod ballots;

use std::collections::{BTreeMap, HashMap, HashSet};

use self::ballots::BallotBook;
pub(crate) use self::ballots::{BallotWrites, WithdrawnBallots, ballot_change};
use super::{VoteAction, VoteCommand, VoteError, VoteRecord};
use crate::domain::{Ballot, Choice, Timestamp, ToolState, VoterId};
use crate::tallies::{HourChange, TallyRow};
use crate::voting::exclusions::{self, HELD, Period};
use crate::voting::fresh::book::OriginBook;
use crate::voting::seen_changes::SeenChange;

/// A row's key in `votes`.
pub(crate) type Key = (i32, VoterId);

/// The votes that stand under some keys. Voters' ids are signed or hashed, so a fast hash does.
pub(crate) type ExistingVotes = HashMap<Key, VoteRecord, foldhash::fast::RandomState>;

/// An empty one, with space for `votes`.
pub(crate) fn with_capacity(votes: usize) -> ExistingVotes {
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
    /// Of those who bring a visitor's vote, and of these visitors, who is banned, as the database says under the locks.
    pub banned: HashSet<VoterId>,
    pub withdrawn: WithdrawnBallots,
}

impl Barred {
    fn is_banned(&self, command: &VoteCommand) -> bool {
        let voters = [Some(command.voter), command.visitor];
        (voters.iter().flatten()).any(|voter| self.banned.contains(voter))
    }
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

/// What became of one command.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct CommandOutcome {
    pub vote: Option<VoteRecord>,
    pub first: bool,
    /// The voter's ballot, which stays though the vote is withdrawn.
    pub ballot: Option<Ballot>,
    /// The tally right after the command, if the vote was or is held. The answer adds that vote, so at the version after the batch two
    /// voters would be told two tallies.
    pub held_row: Option<TallyRow>,
}

/// What is to be written, and what is to be answered.
#[derive(Debug, Default)]
pub(crate) struct ChangeSet {
    /// For each command, in order.
    pub outcomes: Vec<Result<CommandOutcome, VoteError>>,
    /// Rows that were not there, by the last command that made them; sorted by key.
    pub inserts: Vec<(VoteCommand, VoteRecord)>,
    /// Rows to replace; the same.
    pub updates: Vec<(VoteCommand, VoteRecord)>,
    /// Rows to delete; sorted.
    pub deletes: Vec<Key>,
    /// Visitors who were not spent before; in no order.
    pub spent: Vec<Key>,
    /// In the order of versions within each tool.
    pub events: Vec<VoteChange>,
    /// In the same order.
    pub journal: Vec<SeenChange>,
    /// Votes of others that the holding rule set aside, as they are now; in no order.
    pub set_aside: Vec<(Key, VoteRecord)>,
    /// Tallies that changed, as they are now; sorted by tool.
    pub tallies: Vec<TallyRow>,
    /// Tallies that stayed as they were read: another instance may have changed them since they were published here.
    pub unchanged: Vec<TallyRow>,
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
        _ if barred.is_banned(command) => Some(VoteError::Banned),
        None => Some(VoteError::UnknownTool),
        Some(ToolState::Frozen) => Some(VoteError::Frozen),
        Some(ToolState::Archived) => Some(VoteError::Archived),
        Some(ToolState::Open) => {
            let alone = command.visitor.is_none() && matches!(command.act, VoteAction::Cast(_));
            (alone && is_linked).then_some(VoteError::Spent)
        }
    }
}

/// See [`CommandOutcome::held_row`].
fn held_row(row: TallyRow, votes: [Option<VoteRecord>; 2]) -> Option<TallyRow> {
    let mut votes = votes.into_iter().flatten();
    votes.any(VoteRecord::is_held).then_some(row)
}

/// Folds `commands` over the tallies and votes as the database has them under its locks. `periods` are those in force that
/// may cover `now`: a vote cast inside one is kept, and set aside. `book` has the networks of the voters who are fresh.
pub(crate) fn fold(
    commands: &[VoteCommand],
    tallies: &BTreeMap<i32, TallyRow>,
    before: &ExistingVotes,
    barred: &Barred,
    periods: &[Period],
    book: &mut OriginBook,
    now: Timestamp,
) -> ChangeSet {
    let mut rows = tallies.clone();
    let mut after: BTreeMap<Key, (VoteCommand, Option<VoteRecord>)> = BTreeMap::new();
    let mut folded = ChangeSet::default();
    let mut ballots = BallotBook::new(&barred.withdrawn);
    for command in commands {
        let key = (command.tool, command.voter);
        let is_linked = barred.linked.contains(&key) || folded.spent.contains(&key);
        let state = rows.get(&command.tool).map(|row| row.state);
        let refused = refusal(command, state, barred, is_linked);
        let (Some(row), None) = (rows.get_mut(&command.tool), refused) else {
            folded
                .outcomes
                .push(Err(refused.unwrap_or(VoteError::UnknownTool)));
            continue;
        };
        let row_of = |key: &Key| {
            after
                .get(key)
                .map_or_else(|| before.get(key).copied(), |(_, row)| *row)
        };
        // Nothing is noted any more of a visitor who was erased.
        let visitor = command
            .visitor
            .filter(|visitor| *visitor != command.voter && !barred.erased.contains(visitor));
        let mine = row_of(&key);
        let theirs = visitor.and_then(|visitor| Some((visitor, row_of(&(key.0, visitor))?)));
        let own = mine
            .and_then(|mine| mine.ballot)
            .or(ballots.withdrawn(&key));
        let ballot = own.or(theirs.and_then(|(_, row)| row.ballot));
        let mut acted = act(
            command,
            mine,
            theirs.map(|(_, row)| row),
            book,
            periods,
            now,
        );
        acted.name(ballot.or_else(|| {
            let made = command.ballot.filter(|_| acted.is_cast);
            made.map(|made| ballots.make(command.tool, made))
        }));
        ballots.withdraw(key, ballot.filter(|_| acted.mine.is_none()));
        let of_visitor = theirs.map(|(visitor, row)| (visitor, Some(row), acted.theirs));
        for (voter, old, new) in of_visitor
            .into_iter()
            .chain([(command.voter, mine, acted.mine)])
        {
            change(row, &mut folded, voter, old, new, now);
            book.replace(command.tool, voter, old, new);
            if old != new {
                // A removal in force has one member more: its sums are to be made again.
                row.revision += i64::from(new.is_some_and(|new| {
                    new.is_excluded() && old.is_none_or(|old| old.aside != new.aside)
                }));
                after.insert((command.tool, voter), (*command, new));
            }
        }
        let held_row = held_row(*row, [mine, acted.mine]);
        let spends = visitor.map(|visitor| (command.tool, visitor));
        folded
            .spent
            .extend(spends.filter(|spends| {
                !barred.linked.contains(spends) && !folded.spent.contains(spends)
            }));
        folded.outcomes.push(Ok(CommandOutcome {
            vote: acted.mine.filter(VoteRecord::stands),
            first: acted.first,
            ballot: acted.mine.map_or(ballot, |mine| mine.ballot),
            held_row,
        }));
    }
    let is_logged = commands.iter().any(|command| command.ballot.is_some());
    let changed = after.iter().map(|(key, (_, row))| (key, *row));
    folded.ballots = ballots.close(before, changed, (tallies, &rows), is_logged);
    for (key, (command, standing)) in after {
        // The row of a linked visitor is its own, though the user's command changed it.
        let command = VoteCommand {
            voter: key.1,
            ..command
        };
        match (before.get(&key), standing) {
            (None, Some(standing)) => folded.inserts.push((command, standing)),
            (Some(before), Some(standing)) if *before != standing => {
                folded.updates.push((command, standing));
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
        match tallies.get(&tool) {
            Some(before) if *before != row => {
                folded.hour_changes.extend(before.hour_change(now));
                folded.tallies.push(row);
            }
            _ => folded.unchanged.push(row),
        }
    }
    folded
}

/// What an action comes to: the rows of its voter and of the linked visitor.
struct Acted {
    mine: Option<VoteRecord>,
    theirs: Option<VoteRecord>,
    /// Whether it made a vote of a voter who had none.
    first: bool,
    /// Whether it cast a vote that did not stand as it is.
    is_cast: bool,
}

impl Acted {
    /// Names the row of the voter in the public log. A visitor's row that stays beside it keeps another ballot alone.
    fn name(&mut self, ballot: Option<Ballot>) {
        let named = |row: VoteRecord, ballot| VoteRecord { ballot, ..row };
        self.mine = self.mine.map(|row| named(row, ballot));
        let other = |row: VoteRecord| row.ballot.filter(|theirs| Some(*theirs) != ballot);
        self.theirs = self.theirs.map(|row| named(row, other(row)));
    }
}

/// Carries out one command over the rows of its voter and of the linked visitor, which are one person's.
fn act(
    command: &VoteCommand,
    mine: Option<VoteRecord>,
    theirs: Option<VoteRecord>,
    book: &OriginBook,
    periods: &[Period],
    now: Timestamp,
) -> Acted {
    // The user's own comes first.
    let kept = mine.or(theirs);
    let old = [mine, theirs]
        .into_iter()
        .flatten()
        .find(VoteRecord::stands);
    let lasting = kept.and_then(|kept| kept.lasting_mark());
    let new = match command.act {
        VoteAction::Cast(choice) => {
            let binding = match kept {
                Some(kept) => kept.binding,
                None => book.binding(command, choice, now),
            };
            let period = exclusions::covering(periods, command.tool, now);
            let aside = lasting.map_or(period, |held| Some(exclusions::held_under(held, period)));
            let mut new = cast(choice, old, aside, now);
            new.binding = binding;
            if lasting.is_none()
                && let Some(binding) = binding
                && kept.and_then(VoteRecord::seen) != Some(choice)
            {
                let was = kept.and_then(|kept| kept.fresh());
                let hold = book.is_to_be_held(command.tool, binding, was, new.fresh(), choice);
                if hold {
                    new.aside = Some(exclusions::held_under(HELD, period));
                }
            }
            Some(new)
        }
        VoteAction::Withdraw => kept.and_then(VoteRecord::withdrawn),
        // What the rule knows of a voter on a tool is of their first vote there, though they withdrew it.
        VoteAction::Claim => old.or(kept).map(|vote| VoteRecord {
            binding: kept.and_then(|kept| kept.binding),
            aside: match lasting {
                Some(held) if vote.stands() => Some(exclusions::held_under(held, vote.removal())),
                _ => vote.aside,
            },
            ..vote
        }),
    };
    Acted {
        mine: new,
        // What the holding rule knows of the visitor goes to the user with the vote, or stays.
        theirs: theirs
            .filter(|_| mine.is_some())
            .and_then(VoteRecord::withdrawn),
        first: old.is_none() && new.is_some_and(|new| new.stands()),
        is_cast: matches!(command.act, VoteAction::Cast(_)) && old != new,
    }
}

/// Changes a tally by one voter's row. What a voter did of whom no sum knows takes a version as well: such a voter sees versions
/// grow as any other does.
pub(crate) fn change(
    row: &mut TallyRow,
    folded: &mut ChangeSet,
    voter: VoterId,
    old: Option<VoteRecord>,
    new: Option<VoteRecord>,
    now: Timestamp,
) {
    let weight = |record: Option<VoteRecord>| record.and_then(VoteRecord::weight);
    let is_held = [old, new].into_iter().flatten().any(VoteRecord::is_held);
    let told = [old, new].map(|record| record.and_then(VoteRecord::unheld));
    if row.shift(weight(old), weight(new), now) {
        folded.events.push(VoteChange {
            tool: row.tool,
            version: row.version,
            voter,
            old: old.and_then(VoteRecord::counted),
            new: new.and_then(VoteRecord::counted),
        });
    } else if is_held && weight(told[0]) != weight(told[1]) {
        row.touch(now);
    } else {
        return;
    }
    if is_held {
        let [old, new] = told.map(|record| record.and_then(VoteRecord::counted));
        folded.journal.push(SeenChange {
            tool: row.tool,
            version: row.version,
            voter,
            old,
            new,
            at: now,
        });
    }
}

/// What `command` comes to where it casts a vote and none stands, of one identity alone: `fold` makes the same of it.
pub(crate) fn first(
    command: &VoteCommand,
    periods: &[Period],
    book: &OriginBook,
    now: Timestamp,
) -> Option<VoteRecord> {
    let (VoteAction::Cast(choice), None) = (command.act, command.visitor) else {
        return None;
    };
    // Whether it is held depends on the votes before it: if so, the batch corrects it.
    let mut vote = cast(
        choice,
        None,
        exclusions::covering(periods, command.tool, now),
        now,
    );
    vote.binding = book.binding(command, choice, now);
    vote.ballot = command.ballot;
    Some(vote)
}

/// A vote cast `now` in the place of `old`. The same choice again keeps its time, and its place aside where it would end
/// again. A held vote that no removal has out stays like one that counts.
fn cast(choice: Choice, old: Option<VoteRecord>, aside: Option<i64>, now: Timestamp) -> VoteRecord {
    let held = |mark: Option<i64>| mark.and_then(exclusions::held_as);
    let is_same = |old: &VoteRecord| {
        let is_free = old.removal().is_none() && held(old.aside) == held(aside);
        old.choice == choice && (is_free || old.aside == aside)
    };
    match old {
        Some(old) if is_same(&old) => old,
        _ => VoteRecord {
            choice,
            cast_at: now,
            aside,
            ballot: None,
            binding: None,
        },
    }
}

#[cfg(test)]
mod claims;
#[cfg(test)]
mod tests;
