//! The fold against a model.

use super::*;
use crate::domain::{NetworkHash, Salt};
use proptest::prelude::*;

pub(crate) const NOW: Timestamp = Timestamp(1_000);

pub(crate) fn row(tool: i32, state: ToolState) -> TallyRow {
    TallyRow {
        tool,
        ship: 0,
        skip: 0,
        panel_ship: 0,
        panel_skip: 0,
        state,
        version: 1,
        updated_at: Timestamp(0),
        ..TallyRow::default()
    }
}

pub(crate) fn command(tool: i32, voter: u8, choice: Option<Choice>) -> VoteCommand {
    VoteCommand {
        tool,
        voter: VoterId([voter; 16]),
        act: choice.into(),
        visitor: None,
        network: NetworkHash([0; 16]),
        token_age: 0,
        origins: None,
        ballot: None,
    }
}

pub(crate) fn choices() -> impl Strategy<Value = Option<Choice>> {
    prop_oneof![
        Just(None),
        Just(Some(Choice::Ship)),
        Just(Some(Choice::Skip))
    ]
}

proptest! {
    /// Any split of any commands into batches ends where taking them one by one ends.
    #[test]
    fn batches_end_where_single_votes_end(
        commands in prop::collection::vec((1i32..4, 0u8..5, choices()), 1..60),
        cuts in prop::collection::vec(1usize..20, 1..60),
    ) {
        let commands: Vec<VoteCommand> = commands.into_iter().map(|(tool, voter, choice)| command(tool, voter, choice)).collect();
        let mut tallies: BTreeMap<i32, TallyRow> = (1..4).map(|tool| (tool, row(tool, ToolState::Open))).collect();
        let mut votes = ExistingVotes::default();
        let mut model: HashMap<Key, Choice> = HashMap::new();
        let mut changes: HashMap<i32, i64> = HashMap::new();
        let mut rest = commands.as_slice();
        for cut in cuts.into_iter().cycle() {
            if rest.is_empty() { break; }
            let (batch, later) = rest.split_at(cut.min(rest.len()));
            rest = later;
            let folded = fold(batch, &tallies, &votes, &Barred::default(), &[], &mut OriginBook::default(), NOW);
            for (command, outcome) in batch.iter().zip(&folded.outcomes) {
                let key = (command.tool, command.voter);
                let old = model.get(&key).copied();
                let wanted = match command.act {
                    VoteAction::Cast(choice) => Some(choice),
                    _ => None,
                };
                match wanted {
                    Some(choice) => model.insert(key, choice),
                    None => model.remove(&key),
                };
                *changes.entry(command.tool).or_default() += i64::from(old != wanted);
                let outcome = outcome.as_ref().expect("open");
                prop_assert_eq!(outcome.vote.map(|vote| vote.choice), wanted);
                prop_assert_eq!(outcome.first, old.is_none() && wanted.is_some());
            }
            for (command, standing) in &folded.inserts {
                prop_assert!(votes.insert((command.tool, command.voter), *standing).is_none());
            }
            for (command, standing) in &folded.updates {
                prop_assert!(votes.insert((command.tool, command.voter), *standing).is_some());
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
    let commands: Vec<VoteCommand> = (1..5)
        .map(|tool| command(tool, 1, Some(Choice::Ship)))
        .collect();
    let folded = fold(
        &commands,
        &tallies,
        &ExistingVotes::default(),
        &Barred::default(),
        &[],
        &mut OriginBook::default(),
        NOW,
    );
    let refusals: Vec<Option<VoteError>> = folded
        .outcomes
        .iter()
        .map(|outcome| outcome.err())
        .collect();
    assert_eq!(
        refusals,
        [
            Some(VoteError::Frozen),
            Some(VoteError::Archived),
            None,
            Some(VoteError::UnknownTool)
        ]
    );
    assert_eq!(
        (
            folded.rows().count(),
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
    let standing = VoteRecord {
        choice: Choice::Ship,
        cast_at: Timestamp(5),
        aside: None,
        ballot: None,
        binding: None,
    };
    let again = command(1, 1, Some(Choice::Ship));
    let folded = fold(
        &[again],
        &tallies,
        &ExistingVotes::from_iter([((1, voter), standing)]),
        &Barred::default(),
        &[],
        &mut OriginBook::default(),
        NOW,
    );
    assert_eq!(
        folded.outcomes,
        [Ok(CommandOutcome {
            vote: Some(standing),
            first: false,
            ballot: None,
            held_row: None
        })]
    );
    assert!(folded.is_empty() && folded.tallies.is_empty());
    let taken = VoteRecord {
        aside: Some(7),
        ballot: None,
        binding: None,
        ..standing
    };
    let folded = fold(
        &[again],
        &tallies,
        &ExistingVotes::from_iter([((1, voter), taken)]),
        &Barred::default(),
        &[],
        &mut OriginBook::default(),
        NOW,
    );
    assert_eq!(
        (
            folded.rows().count(),
            folded.events.len(),
            folded.tallies[0].ship
        ),
        (1, 1, 1)
    );
}

#[test]
fn inside_a_period_a_vote_is_kept_and_set_aside() {
    let mut before = row(1, ToolState::Open);
    (before.ship, before.aside_skip) = (1, 1);
    let tallies = BTreeMap::from([(1, before)]);
    let period = Period {
        id: 9,
        tool: 1,
        from: NOW,
        to: Timestamp(NOW.0 + 1),
    };
    let standing = |choice, aside| VoteRecord {
        choice,
        cast_at: Timestamp(5),
        aside,
        ballot: None,
        binding: None,
    };
    let present = ExistingVotes::from_iter([
        ((1, VoterId([1; 16])), standing(Choice::Ship, None)),
        ((1, VoterId([2; 16])), standing(Choice::Skip, Some(9))),
    ]);
    let at = |command: VoteCommand, now| {
        fold(
            &[command],
            &tallies,
            &present,
            &Barred::default(),
            &[period],
            &mut OriginBook::default(),
            now,
        )
    };
    // A vote of before the period, said again inside it, keeps its time and goes on counting.
    assert!(
        at(command(1, 1, Some(Choice::Ship)), NOW)
            .tallies
            .is_empty()
    );
    let changed = at(command(1, 1, Some(Choice::Skip)), NOW);
    let row = changed.tallies[0];
    assert_eq!((row.ship, row.skip, row.aside_skip), (0, 0, 2));
    assert_eq!(
        (changed.events[0].old, changed.events[0].new),
        (Some(Choice::Ship), None)
    );
    assert_eq!(changed.updates[0].1.aside, Some(9));
    // Said again where it would be set aside again, nothing changes; after the period's end it counts.
    assert!(
        at(command(1, 2, Some(Choice::Skip)), NOW)
            .tallies
            .is_empty()
    );
    let row = at(command(1, 2, Some(Choice::Skip)), period.to).tallies[0];
    assert_eq!((row.skip, row.aside_skip, row.version), (1, 0, 2));
    let withdrawn = at(command(1, 2, None), NOW);
    assert_eq!(
        (
            withdrawn.tallies[0].aside_skip,
            withdrawn.tallies[0].version
        ),
        (0, 2)
    );
    assert_eq!(
        (withdrawn.events[0].old, withdrawn.events[0].new),
        (None, None)
    );
}

#[test]
fn the_first_change_of_an_hour_closes_the_one_before() {
    let mut before = row(1, ToolState::Open);
    (before.ship, before.updated_at) = (3, Timestamp(3_600_000_000));
    let tallies = BTreeMap::from([(1, before)]);
    let at = |now| {
        let cast = command(1, 1, Some(Choice::Ship));
        fold(
            &[cast],
            &tallies,
            &ExistingVotes::default(),
            &Barred::default(),
            &[],
            &mut OriginBook::default(),
            now,
        )
        .hour_changes
    };
    assert!(at(Timestamp(7_199_999_999)).is_empty(), "the same hour");
    let reopened = HourChange::Reopen {
        tool: 1,
        from: Timestamp(0),
    };
    assert_eq!(at(Timestamp(0)), [reopened], "the clock was ahead before");
    let closings = at(Timestamp(7_200_000_000));
    let [HourChange::Close(snapshot)] = closings[..] else {
        panic!("{closings:?}");
    };
    assert_eq!(
        (snapshot.hour, snapshot.ship),
        (Timestamp(3_600_000_000), 3)
    );
}

#[test]
fn a_period_takes_held_votes_out_as_well() {
    let tallies = BTreeMap::from([(1, row(1, ToolState::Open))]);
    let period = Period {
        id: 7,
        tool: 1,
        from: NOW,
        to: NOW.plus_seconds(1),
    };
    let vote = |before: VoteRecord, choice, periods: &[Period], now| {
        let command = command(1, 1, Some(choice));
        let before = ExistingVotes::from_iter([((1, command.voter), before)]);
        let mut book = OriginBook::default();
        let folded = fold(
            &[command],
            &tallies,
            &before,
            &Barred::default(),
            periods,
            &mut book,
            now,
        );
        assert!(folded.events.is_empty(), "no sum knows it");
        folded.outcomes[0].expect("open").vote.expect("a vote")
    };
    let held = VoteRecord {
        choice: Choice::Skip,
        cast_at: Timestamp(5),
        aside: Some(HELD),
        ballot: None,
        binding: None,
    };
    let inside = vote(held, Choice::Ship, &[period], NOW);
    let of = |vote: VoteRecord| vote.aside.and_then(exclusions::held_as);
    assert_eq!((of(inside), inside.removal()), (Some(HELD), Some(7)));
    // Cast again when the period is over, it is held by itself.
    let later = NOW.plus_seconds(2);
    let again = vote(inside, Choice::Ship, &[], later);
    assert_eq!((again.aside, again.cast_at), (Some(HELD), later));
    // The same choice again changes nothing, inside a period too.
    assert_eq!(vote(again, Choice::Ship, &[period], NOW), again);
}

#[test]
fn what_stays_of_a_withdrawn_vote_keeps_its_ballot_and_is_no_vote_for_the_log() {
    let tallies = BTreeMap::from([(1, row(1, ToolState::Open))]);
    let ballot = Ballot::new(None, Salt([7; 16]));
    let held = VoteRecord {
        choice: Choice::Ship,
        cast_at: Timestamp(5),
        aside: Some(HELD),
        ballot: Some(ballot),
        binding: None,
    };
    let act = |before: VoteRecord, choice| {
        let command = command(1, 1, choice);
        let before = ExistingVotes::from_iter([((1, command.voter), before)]);
        let mut book = OriginBook::default();
        let barred = Barred::default();
        fold(&[command], &tallies, &before, &barred, &[], &mut book, NOW)
    };
    let withdrawn = act(held, None);
    let [(_, row)] = withdrawn.updates[..] else {
        panic!("{:?}", withdrawn.updates);
    };
    assert_eq!((row.stands(), row.ballot), (false, Some(ballot)));
    assert!(withdrawn.ballots.kept.is_empty() && withdrawn.ballots.taken.is_empty());
    let stated = |changes: &ChangeSet| {
        let change = changes.ballots.records[0].changes[0];
        let of = |choice: Option<Choice>, is_held| choice.map(|choice| (choice, is_held));
        (
            change.ballot,
            of(change.old.choice, change.old.is_held),
            of(change.choice, change.is_held),
        )
    };
    let ship = Some((Choice::Ship, true));
    assert_eq!(stated(&withdrawn), (ballot.name, ship, None));
    let again = act(row, Some(Choice::Ship));
    assert_eq!(stated(&again), (ballot.name, None, ship));
    assert_eq!(again.outcomes[0].expect("open").ballot, Some(ballot));
}
