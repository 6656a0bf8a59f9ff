//! Held votes against a model: whatever is held, no sum knows it.

use super::tests::{NOW, choices, row, wish};
use super::*;
use proptest::prelude::*;

#[test]
fn a_held_vote_counts_once_it_is_a_users() {
    let tallies = BTreeMap::from([(1, row(1, ToolState::Open))]);
    let held = wish(1, 1, Some(Choice::Ship)).held(true);
    let folded = fold(
        &[held],
        &tallies,
        &ExistingVotes::default(),
        &Barred::default(),
        &[],
        NOW,
    );
    assert!(folded.tallies.is_empty() && folded.events.is_empty());
    let [(_, standing)] = folded.inserts[..] else {
        panic!("one row");
    };
    assert_eq!(standing.aside, Some(HELD));
    for act in [
        VoteAction::Claim,
        VoteAction::Cast(Choice::Ship),
        VoteAction::Cast(Choice::Skip),
    ] {
        let before = ExistingVotes::from_iter([((1, held.voter), standing)]);
        let claim = VoteCommand {
            voter: VoterId([200; 16]),
            visitor: Some(held.voter),
            act,
            ..wish(1, 1, None)
        };
        let folded = fold(&[claim], &tallies, &before, &Barred::default(), &[], NOW);
        let vote = folded.outcomes[0].expect("open").vote.expect("a vote");
        assert_eq!(
            (vote.aside, folded.tallies[0].version),
            (None, 2),
            "{act:?}"
        );
        assert_eq!(
            (folded.deletes.len(), folded.events.len()),
            (1, 1),
            "{act:?}"
        );
    }
}

#[test]
fn a_period_has_held_votes_out_as_well() {
    let tallies = BTreeMap::from([(1, row(1, ToolState::Open))]);
    let period = Period {
        id: 7,
        tool: 1,
        from: NOW,
        to: NOW.plus_seconds(1),
    };
    let held = wish(1, 1, Some(Choice::Ship)).held(true);
    let vote = |before: Option<VoteRecord>, choice, periods: &[Period], now| {
        let before = before.map(|before| ((1, held.voter), before));
        let command = VoteCommand {
            act: VoteAction::Cast(choice),
            ..held
        };
        let before = ExistingVotes::from_iter(before);
        let folded = fold(
            &[command],
            &tallies,
            &before,
            &Barred::default(),
            periods,
            now,
        );
        assert!(folded.tallies.is_empty(), "no sum knows it");
        folded.outcomes[0].expect("open").vote.expect("a vote")
    };
    let inside = vote(None, Choice::Ship, &[period], NOW);
    assert_eq!(
        inside
            .aside
            .map(|mark| (exclusions::held_as(mark), exclusions::removal_of(mark))),
        Some((Some(HELD), Some(7)))
    );
    // Cast again when the period is over, it is held by itself.
    let later = NOW.plus_seconds(2);
    let again = vote(Some(inside), Choice::Ship, &[], later);
    assert_eq!((again.aside, again.cast_at), (Some(HELD), later));
    // The same choice again changes nothing, inside a period too.
    assert_eq!(vote(Some(again), Choice::Ship, &[period], NOW), again);
}

proptest! {
    /// Whatever is held, the tally is the sum of the votes that count, the ledger adds up to it, and a voter who had a
    /// counted vote has one still.
    #[test]
    fn held_votes_are_in_no_sum(
        wishes in prop::collection::vec((1i32..3, 0u8..5, choices(), any::<bool>()), 1..60),
        size in 1usize..20,
    ) {
        let mut tallies: BTreeMap<i32, TallyRow> = (1..3).map(|tool| (tool, row(tool, ToolState::Open))).collect();
        let mut votes = ExistingVotes::default();
        let mut ledger: HashMap<i32, (i64, i64)> = HashMap::new();
        let wishes: Vec<VoteCommand> = wishes
            .into_iter()
            .map(|(tool, voter, choice, hold)| wish(tool, voter, choice).held(hold))
            .collect();
        for batch in wishes.chunks(size) {
            let before = votes.clone();
            let folded = fold(batch, &tallies, &votes, &Barred::default(), &[], NOW);
            for (wish, standing) in folded.rows() {
                votes.insert((wish.tool, wish.voter), *standing);
            }
            for key in &folded.deletes {
                votes.remove(key);
            }
            for (key, vote) in &before {
                let withdrawn = batch.iter().any(|wish| (wish.tool, wish.voter) == *key && wish.act == VoteAction::Withdraw);
                if vote.counted().is_some() && !withdrawn {
                    prop_assert!(votes[key].counted().is_some());
                }
            }
            for event in &folded.events {
                let sums = ledger.entry(event.tool).or_default();
                for (choice, by) in [(event.old, -1), (event.new, 1)] {
                    match choice {
                        Some(Choice::Ship) => sums.0 += by,
                        Some(Choice::Skip) => sums.1 += by,
                        None => {}
                    }
                }
            }
            for row in folded.tallies {
                tallies.insert(row.tool, row);
            }
        }
        for (tool, row) in &tallies {
            let count = |choice| -> i64 {
                votes.iter().map(|((t, _), vote)| i64::from(t == tool && vote.counted() == Some(choice))).sum()
            };
            let counted = (count(Choice::Ship), count(Choice::Skip));
            prop_assert_eq!((row.ship, row.skip), counted);
            prop_assert_eq!((row.aside_ship, row.aside_skip), (0, 0));
            prop_assert_eq!(ledger.get(tool).copied().unwrap_or_default(), counted);
        }
    }
}
