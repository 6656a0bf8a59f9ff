//! What is known of tallies, how long, and what of votes follows from it.

use super::*;
use crate::vocabulary::{Choice, Moment, NetworkHash, VoterId};
use crate::votes::Wish;

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

fn vote(choice: Choice) -> Standing {
    Standing {
        choice,
        cast_at: Moment(1),
        aside: None,
    }
}

/// A batch in which voter `n` ended with a vote that was new, and the tally with `version`.
fn folded(n: u128, vote: Standing, version: i64) -> Folded {
    let wish = Wish {
        tool: TOOL,
        voter: key(n).1,
        act: Act::Cast(vote.choice),
        visitor: None,
        network: NetworkHash::NONE,
        token_age: 0,
        hold: false,
    };
    Folded {
        inserts: vec![(wish, vote)],
        tallies: vec![row(version)],
        ..Folded::default()
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

const CAST: Act = Act::Cast(Choice::Skip);

#[test]
fn failures_make_it_careful_for_longer_and_longer_and_success_bold_again() {
    let mut known = Known::default();
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
    let mut known = Known::default();
    assert_eq!(known.missing(&tools()), [TOOL]);
    known.found(row(1), Xmin(3));
    assert_eq!(known.of(&tools()).xmins, BTreeMap::from([(TOOL, Xmin(3))]));
    let vote = vote(Choice::Ship);
    known.wrote(&Present::default(), &folded(1, vote, 2), Xmin(4));
    assert_eq!(known.of(&tools()).xmins, BTreeMap::from([(TOOL, Xmin(4))]));
    assert_eq!(known.of(&tools()).rows, BTreeMap::from([(TOOL, row(2))]));
    known.was_wrong(&tools());
    assert_eq!(known.missing(&tools()), [TOOL]);
    assert_eq!(known.of(&tools()).xmins, BTreeMap::new());
    known.learn(&read(5), &folded(2, vote, 6), Some(Xmin(9)));
    assert_eq!(known.of(&tools()).rows, BTreeMap::from([(TOOL, row(6))]));
    // The careful way changed nothing, so which write that row is of was not asked.
    known.learn(&read(7), &Folded::default(), None);
    assert_eq!(known.missing(&tools()), [TOOL]);
}

#[test]
fn a_vote_is_recalled_as_it_was_left_and_read_where_that_is_not_known() {
    let mut known = Known::default();
    known.found(row(1), Xmin(3));
    let none = Present::default();
    for act in [CAST, Act::Withdraw, Act::Claim] {
        let new = matches!(act, Act::Cast(_));
        let expected = [Recalled::Unsure, Recalled::None][usize::from(new)];
        assert_eq!(known.recall(&key(1), act), expected, "never seen: {act:?}");
    }
    known.wrote(&none, &folded(1, vote(Choice::Ship), 2), Xmin(4));
    let stands = Recalled::Stands(vote(Choice::Ship));
    for act in [CAST, Act::Withdraw, Act::Claim] {
        assert_eq!(known.recall(&key(1), act), stands);
    }

    let gone = Folded {
        deletes: vec![key(1)],
        tallies: vec![row(3)],
        ..Folded::default()
    };
    known.wrote(&none, &gone, Xmin(5));
    assert_eq!(known.recall(&key(1), CAST), Recalled::None);
    // Meanwhile another instance may have taken one that is held: that changes no tally.
    assert_eq!(known.recall(&key(1), Act::Withdraw), Recalled::Unsure);

    // What was only read is known as well; but not of a vote that is set aside.
    let aside = Standing {
        aside: Some(4),
        ..vote(Choice::Skip)
    };
    let before = Present::from_iter([(key(8), vote(Choice::Skip)), (key(9), aside)]);
    known.wrote(&before, &gone, Xmin(6));
    let stands = Recalled::Stands(vote(Choice::Skip));
    assert_eq!(known.recall(&key(8), CAST), stands);
    assert_eq!(known.recall(&key(9), CAST), Recalled::Unsure);
}

#[test]
fn votes_are_forgotten_with_a_change_that_was_missed_and_kept_over_one_that_was_none() {
    let mut known = Known::default();
    known.found(row(1), Xmin(3));
    let ship = vote(Choice::Ship);
    known.wrote(&Present::default(), &folded(1, ship, 2), Xmin(4));
    let recalled = |known: &Known| known.recall(&key(1), CAST);

    // Somebody wrote the row, and left it as it was.
    known.was_wrong(&tools());
    known.found(row(2), Xmin(5));
    assert_eq!(recalled(&known), Recalled::Stands(ship));
    known.was_wrong(&tools());
    known.learn(&read(2), &folded(2, ship, 3), Some(Xmin(6)));
    assert_eq!(recalled(&known), Recalled::Stands(ship));

    // Somebody's vote came between, by each of the two ways of learning of it; then nothing is known at all.
    known.learn(&read(4), &folded(3, ship, 5), Some(Xmin(8)));
    assert_eq!(recalled(&known), Recalled::Unsure);
    assert_eq!(known.recall(&key(3), CAST), Recalled::Stands(ship));
    known.was_wrong(&tools());
    known.found(row(6), Xmin(9));
    assert_eq!(known.recall(&key(3), CAST), Recalled::Unsure);
    known.wrote(&Present::default(), &folded(4, ship, 7), Xmin(10));
    known.forget();
    known.found(row(7), Xmin(10));
    assert_eq!(known.recall(&key(4), CAST), Recalled::Unsure);
}
