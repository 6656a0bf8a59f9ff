//! Held votes against a model: whatever is held, no sum knows it.

use super::tests::{NOW, choices, row, wish};
use super::*;
use proptest::prelude::*;

proptest! {
    /// Whatever is held, the tally is the sum of the votes that count, the ledger adds up to it, and a voter who had a
    /// counted vote has one still.
    #[test]
    fn held_votes_are_in_no_sum(
        wishes in prop::collection::vec((1i32..3, 0u8..5, choices(), any::<bool>()), 1..60),
        size in 1usize..20,
    ) {
        let mut tallies: BTreeMap<i32, TallyRow> = (1..3).map(|tool| (tool, row(tool, ToolState::Open))).collect();
        let mut votes = Present::default();
        let mut ledger: HashMap<i32, (i64, i64)> = HashMap::new();
        let wishes: Vec<Wish> = wishes
            .into_iter()
            .map(|(tool, voter, choice, hold)| wish(tool, voter, choice).held(hold))
            .collect();
        for batch in wishes.chunks(size) {
            let before = votes.clone();
            let folded = fold(batch, &tallies, &votes, &Spent::default(), &[], NOW);
            for (wish, standing) in folded.rows() {
                votes.insert((wish.tool, wish.voter), *standing);
            }
            for key in &folded.deletes {
                votes.remove(key);
            }
            for (key, vote) in &before {
                let withdrawn = batch.iter().any(|wish| (wish.tool, wish.voter) == *key && wish.act == Act::Withdraw);
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
