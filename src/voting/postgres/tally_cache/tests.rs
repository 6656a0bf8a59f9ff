//! What is known of tallies, how long, and what of votes follows from it.

use super::*;
use crate::domain::{Choice, NetworkHash, Timestamp, VoterId};
use crate::voting::VoteCommand;

const TOOL: i32 = 7;

fn tools() -> BTreeSet<i32> {
    BTreeSet::from([TOOL])
}

fn row(version: i64) -> TallyRow {
    TallyRow {
        tool: TOOL,
        version,
        ..TallyRow::default()
    }
}

fn vote(choice: Choice) -> VoteRecord {
    VoteRecord {
        choice,
        cast_at: Timestamp(1),
        aside: None,
        ballot: None,
        binding: None,
    }
}

/// A batch in which voter `n` ended with a vote that was new, and the tally with `version`.
fn folded(n: u128, vote: VoteRecord, version: i64) -> ChangeSet {
    let command = VoteCommand {
        tool: TOOL,
        voter: key(n).1,
        act: VoteAction::Cast(vote.choice),
        visitor: None,
        network: NetworkHash::NONE,
        token_age: 0,
        origins: None,
        ballot: None,
    };
    ChangeSet {
        inserts: vec![(command, vote)],
        tallies: vec![row(version)],
        ..ChangeSet::default()
    }
}

fn key(n: u128) -> Key {
    (TOOL, VoterId(n.to_be_bytes()))
}

fn read(version: i64) -> Read {
    Read {
        tallies: BTreeMap::from([(TOOL, row(version))]),
        ..Read::default()
    }
}

const CAST: VoteAction = VoteAction::Cast(Choice::Skip);

#[test]
fn failures_make_it_careful_for_longer_and_longer_and_success_bold_again() {
    let mut known = TallyRowCache::default();
    assert!(known.trusts());
    let mut careful = Vec::new();
    for _ in 0..9 {
        known.was_wrong(&BTreeSet::new());
        let mut batches = 0;
        while !known.trusts() {
            known.went_carefully();
            batches += 1;
        }
        careful.push(batches);
    }
    assert_eq!(careful, [8, 16, 32, 64, 128, 256, 512, 512, 512]);
    for _ in 0..512 {
        known.was_right();
    }
    known.was_wrong(&BTreeSet::new());
    assert_eq!(known.careful, CAREFUL);
}

#[test]
fn a_tally_is_known_until_somebody_else_has_written_it() {
    let mut known = TallyRowCache::default();
    assert_eq!(known.missing(&tools()), [TOOL]);
    known.found(row(1));
    assert_eq!(known.of(&tools()).rows, BTreeMap::from([(TOOL, row(1))]));
    let vote = vote(Choice::Ship);
    known.wrote(&ExistingVotes::default(), &folded(1, vote, 2));
    assert_eq!(known.of(&tools()).rows, BTreeMap::from([(TOOL, row(2))]));
    known.was_wrong(&tools());
    assert_eq!(known.missing(&tools()), [TOOL]);
    assert_eq!(known.of(&tools()).rows, BTreeMap::new());
    known.learn(&read(5), &folded(2, vote, 6));
    assert_eq!(known.of(&tools()).rows, BTreeMap::from([(TOOL, row(6))]));
    // What the careful way read under the locks is as good as what it wrote.
    known.learn(&read(7), &ChangeSet::default());
    assert_eq!(known.of(&tools()).rows, BTreeMap::from([(TOOL, row(7))]));
    known.forget();
    assert_eq!(known.missing(&tools()), [TOOL]);
}

#[test]
fn a_vote_is_recalled_as_it_was_left_and_read_where_that_is_not_known() {
    let mut known = TallyRowCache::default();
    known.found(row(1));
    let none = ExistingVotes::default();
    for act in [CAST, VoteAction::Withdraw, VoteAction::Claim] {
        let new = matches!(act, VoteAction::Cast(_));
        let expected = [CachedVote::Unsure, CachedVote::None][usize::from(new)];
        assert_eq!(known.recall(&key(1), act), expected, "never seen: {act:?}");
    }
    known.wrote(&none, &folded(1, vote(Choice::Ship), 2));
    let stands = CachedVote::Stands(vote(Choice::Ship));
    for act in [CAST, VoteAction::Withdraw, VoteAction::Claim] {
        assert_eq!(known.recall(&key(1), act), stands);
    }

    let gone = ChangeSet {
        deletes: vec![key(1)],
        tallies: vec![row(3)],
        ..ChangeSet::default()
    };
    known.wrote(&none, &gone);
    assert_eq!(known.recall(&key(1), CAST), CachedVote::None);
    // Meanwhile another instance may have taken one that is held: that changes no tally.
    assert_eq!(
        known.recall(&key(1), VoteAction::Withdraw),
        CachedVote::Unsure
    );

    // What was only read is known as well; but not of a vote that is set aside.
    let aside = VoteRecord {
        aside: Some(4),
        ballot: None,
        binding: None,
        ..vote(Choice::Skip)
    };
    let before = ExistingVotes::from_iter([(key(8), vote(Choice::Skip)), (key(9), aside)]);
    known.wrote(&before, &gone);
    let stands = CachedVote::Stands(vote(Choice::Skip));
    assert_eq!(known.recall(&key(8), CAST), stands);
    assert_eq!(known.recall(&key(9), CAST), CachedVote::Unsure);
}

#[test]
fn votes_are_forgotten_with_a_change_that_was_missed_and_kept_over_one_that_was_none() {
    let mut known = TallyRowCache::default();
    known.found(row(1));
    let ship = vote(Choice::Ship);
    known.wrote(&ExistingVotes::default(), &folded(1, ship, 2));
    let recalled = |known: &TallyRowCache| known.recall(&key(1), CAST);

    // Somebody wrote the row, and left it as it was.
    known.was_wrong(&tools());
    known.found(row(2));
    assert_eq!(recalled(&known), CachedVote::Stands(ship));
    known.was_wrong(&tools());
    known.learn(&read(2), &folded(2, ship, 3));
    assert_eq!(recalled(&known), CachedVote::Stands(ship));

    // Somebody renamed a voter: the version is the same, the revision is not.
    known.was_wrong(&tools());
    known.found(TallyRow {
        revision: 1,
        ..row(3)
    });
    assert_eq!(recalled(&known), CachedVote::Unsure);

    // Somebody's vote came between, by each of the two ways of learning of it; then nothing is known at all.
    known.learn(&read(4), &folded(3, ship, 5));
    assert_eq!(recalled(&known), CachedVote::Unsure);
    assert_eq!(known.recall(&key(3), CAST), CachedVote::Stands(ship));
    known.was_wrong(&tools());
    known.found(row(6));
    assert_eq!(known.recall(&key(3), CAST), CachedVote::Unsure);
    known.wrote(&ExistingVotes::default(), &folded(4, ship, 7));
    known.forget();
    known.found(row(7));
    assert_eq!(known.recall(&key(4), CAST), CachedVote::Unsure);
}
