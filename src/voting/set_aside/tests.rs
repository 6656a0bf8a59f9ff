//! The holding rule in a batch against a model: one hand stays within its limit whatever it does, what is held stays so, and every
//! sum is that of the votes.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;
use crate::abuse::holding::rule::{FreshSums, MAX_NET};
use crate::domain::{
    Ballot, Choice, Counts, NetworkHash, OriginHash, Salt, ToolState, VoterOrigins,
};
use crate::voting::apply::{Barred, ExistingVotes, fold};
use crate::voting::exclusions::REJECTED;
use crate::voting::fresh::book::OriginRow;
use crate::voting::{VoteAction, VoteCommand};

const NOW: Timestamp = Timestamp(1_000);

fn row(tool: i32) -> TallyRow {
    TallyRow {
        tool,
        version: 1,
        state: ToolState::Open,
        ..TallyRow::default()
    }
}

fn command(tool: i32, voter: u8, choice: Option<Choice>) -> VoteCommand {
    VoteCommand {
        tool,
        voter: VoterId([voter; 16]),
        act: choice.into(),
        visitor: None,
        network: NetworkHash::NONE,
        token_age: 0,
        origins: None,
        ballot: None,
    }
}

const TOOL: i32 = 1;
const FROM: VoterOrigins = VoterOrigins {
    network: OriginHash(5),
    wide: Some(OriginHash(48)),
};

/// The database, as far as a batch knows it.
struct Tables {
    tallies: BTreeMap<i32, TallyRow>,
    votes: ExistingVotes,
    origins: BTreeMap<(OriginHash, i32), OriginRow>,
}

impl Tables {
    fn new() -> Self {
        let open = |tool| (tool, row(tool));
        Self {
            tallies: (1..3).map(open).collect(),
            votes: ExistingVotes::default(),
            origins: BTreeMap::new(),
        }
    }

    /// Carries a batch out as `batch` does, over maps.
    fn record(&mut self, commands: &[VoteCommand]) -> ChangeSet {
        let mut book = OriginBook::default();
        let from = commands.iter().filter_map(|command| command.origins);
        book.missing(from.flat_map(VoterOrigins::each));
        for ((origin, tool), row) in &self.origins {
            book.enter(*origin, *tool, row.clone());
        }
        let barred = Barred::default();
        let mut changes = fold(
            commands,
            &self.tallies,
            &self.votes,
            &barred,
            &[],
            &mut book,
            NOW,
        );
        for (command, record) in changes.rows() {
            self.votes.insert((command.tool, command.voter), *record);
        }
        for key in &changes.deletes {
            self.votes.remove(key);
        }
        self.tallies
            .extend(changes.tallies.iter().map(|row| (row.tool, *row)));
        while let Some(excess) = book.excess().into_iter().next() {
            let is_of = |vote: &VoteRecord| {
                let mut origins = vote.binding.into_iter().flat_map(|of| of.origins.each());
                origins.any(|origin| origin == excess.origin)
                    && vote.counted() == Some(excess.choice)
            };
            let mut found: Vec<(VoterId, VoteRecord)> = self
                .votes
                .iter()
                .filter(|((tool, _), vote)| *tool == excess.tool && is_of(vote))
                .map(|((_, voter), vote)| (*voter, *vote))
                .collect();
            found.sort_by_key(|(voter, _)| std::cmp::Reverse(*voter));
            found.truncate(usize::try_from(excess.votes).expect("few"));
            let row = self.tallies.get_mut(&excess.tool).expect("a tally");
            take(&mut book, row, &found, &mut changes, NOW);
            self.votes.extend(changes.set_aside.iter().copied());
        }
        self.votes.extend(changes.set_aside.iter().copied());
        for (origin, tool, row) in book.changes() {
            self.origins.insert((origin, tool), row.clone());
        }
        changes
    }

    fn counted(&self, tool: i32, choice: Choice) -> i64 {
        let of_tool = self.votes.iter().filter(|((of, _), _)| *of == tool);
        of_tool
            .map(|(_, vote)| i64::from(vote.counted() == Some(choice)))
            .sum()
    }
}

fn fresh(voter: u8, choice: Option<Choice>) -> VoteCommand {
    VoteCommand {
        origins: Some(FROM),
        ..command(TOOL, voter, choice)
    }
}

fn hand(voters: u8) -> Tables {
    let mut tables = Tables::new();
    for voter in 0..voters {
        tables.record(&[fresh(voter, Some(Choice::Ship))]);
    }
    tables
}

#[test]
fn the_twenty_first_of_one_hand_is_held_and_takes_a_version() {
    let mut tables = hand(20);
    assert_eq!(tables.tallies[&TOOL].version, 21);
    let changes = tables.record(&[fresh(20, Some(Choice::Ship))]);
    let vote = changes.outcomes[0].expect("open").vote.expect("a vote");
    assert_eq!(
        (vote.aside, changes.outcomes[0].expect("open").first),
        (Some(HELD), true)
    );
    assert!(changes.events.is_empty());
    let row = tables.tallies[&TOOL];
    assert_eq!((row.ship, row.skip, row.version), (20, 0, 22));
}

#[test]
fn a_held_or_rejected_vote_stays_so_though_withdrawn_and_cast_again_from_elsewhere() {
    for mark in [HELD, REJECTED] {
        let mut tables = hand(21);
        let key = (TOOL, VoterId([20; 16]));
        tables.votes.get_mut(&key).expect("held").aside = Some(mark);
        let version = tables.tallies[&TOOL].version;
        let gone = tables.record(&[fresh(20, None)]);
        assert_eq!(gone.outcomes[0].expect("open").vote, None);
        assert!(gone.deletes.is_empty());
        let again = VoteCommand {
            origins: Some(VoterOrigins {
                network: OriginHash(6),
                wide: None,
            }),
            ..fresh(20, Some(Choice::Ship))
        };
        let cast = tables.record(&[again]);
        let outcome = cast.outcomes[0].expect("open");
        let vote = outcome.vote.expect("a vote");
        assert_eq!((vote.aside, outcome.first), (Some(mark), true));
        assert_eq!(vote.binding.expect("bound").origins, FROM);
        assert_eq!(tables.tallies[&TOOL].version, version + 2);
        assert_eq!(tables.counted(TOOL, Choice::Ship), 20);
    }
}

#[test]
fn a_held_vote_stays_held_when_it_becomes_a_users() {
    for act in [
        VoteAction::Claim,
        VoteAction::Cast(Choice::Ship),
        VoteAction::Cast(Choice::Skip),
    ] {
        let mut tables = hand(21);
        let claim = VoteCommand {
            voter: VoterId([200; 16]),
            visitor: Some(VoterId([20; 16])),
            act,
            ..command(TOOL, 200, None)
        };
        let changes = tables.record(&[claim]);
        let vote = changes.outcomes[0].expect("open").vote.expect("a vote");
        assert_eq!(vote.aside, Some(HELD), "{act:?}");
        assert_eq!(changes.deletes, [(TOOL, VoterId([20; 16]))]);
        assert_eq!(tables.counted(TOOL, Choice::Ship), 20);
    }
}

#[test]
fn what_counted_is_set_aside_once_the_dissent_is_gone() {
    let mut tables = Tables::new();
    for voter in 0..120 {
        let choice = if voter % 2 == 0 {
            Choice::Ship
        } else {
            Choice::Skip
        };
        tables.record(&[fresh(voter, Some(choice))]);
    }
    assert_eq!(tables.counted(TOOL, Choice::Ship), 60);
    for voter in (1..120).step_by(2) {
        tables.record(&[fresh(voter, None)]);
    }
    assert_eq!(tables.counted(TOOL, Choice::Ship), MAX_NET);
    let row = tables.tallies[&TOOL];
    assert_eq!((row.ship, row.skip), (MAX_NET, 0));
}

/// Who acts on which tool, what they do, and from which of two networks of one /48.
fn acts() -> impl Strategy<Value = Vec<(i32, u8, Option<Choice>, bool)>> {
    let mostly_ship = prop_oneof![
        1 => Just(None),
        5 => Just(Some(Choice::Ship)),
        2 => Just(Some(Choice::Skip)),
    ];
    prop::collection::vec((1i32..3, 0u8..120, mostly_ship, any::<bool>()), 50..400)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn one_hand_stays_within_its_limit_and_all_sums_are_those_of_the_votes(acts in acts(), size in 1usize..30) {
        let mut tables = Tables::new();
        let commands: Vec<VoteCommand> = acts
            .into_iter()
            .zip(0_u128..)
            .map(|((tool, voter, choice, other), n)| VoteCommand {
                tool,
                ballot: Some(Ballot::new(None, Salt(n.to_be_bytes()))),
                origins: Some(VoterOrigins { network: OriginHash(5 + i64::from(other)), ..FROM }),
                ..fresh(voter, choice)
            })
            .collect();
        let mut logged: BTreeMap<i32, (Counts, Counts)> = BTreeMap::new();
        for batch in commands.chunks(size) {
            let before = tables.votes.clone();
            let changes = tables.record(batch);
            for record in &changes.ballots.records {
                let (named, held) = logged.entry(record.tool).or_default();
                for change in &record.changes {
                    let new = change.new_state();
                    *named = named.plus(new.named()).minus(change.old.named());
                    *held = held.plus(new.held()).minus(change.old.held());
                }
                prop_assert_eq!(record.tally, named.minus(*held));
            }
            // Versions never repeat within a tool.
            let mut versions: Vec<(i32, i64)> = changes.events.iter().map(|event| (event.tool, event.version)).collect();
            versions.sort_unstable();
            prop_assert!(versions.windows(2).all(|two| two[0] < two[1]), "{:?}", versions);
            for (key, old) in &before {
                if let Some(mark) = old.lasting_mark() {
                    prop_assert_eq!(tables.votes[key].lasting_mark(), Some(mark));
                }
                if old.binding.is_some() {
                    prop_assert_eq!(tables.votes[key].binding, old.binding);
                }
            }
            for (tool, row) in &tables.tallies {
                let counted = [Choice::Ship, Choice::Skip].map(|choice| tables.counted(*tool, choice));
                prop_assert_eq!([row.ship, row.skip], counted);
                let (named, held) = logged.get(tool).copied().unwrap_or_default();
                prop_assert_eq!(named.minus(held), Counts { ship: row.ship, skip: row.skip });
                let of_tool = tables.votes.iter().filter(|((of, _), vote)| of == tool && vote.is_held());
                prop_assert_eq!(held.ship + held.skip, i64::try_from(of_tool.count()).expect("few"));
            }
        }
        let mut book = OriginBook::default();
        let mut recount: BTreeMap<(OriginHash, i32), FreshSums> = BTreeMap::new();
        for ((tool, _), vote) in &tables.votes {
            for origin in vote.binding.into_iter().flat_map(|binding| binding.origins.each()) {
                let sums = recount.entry((origin, *tool)).or_default();
                *sums = sums.replaced(None, vote.fresh());
            }
        }
        for ((origin, tool), row) in &tables.origins {
            prop_assert_eq!(row.sums, recount.remove(&(*origin, *tool)).unwrap_or_default());
            book.enter(*origin, *tool, row.clone());
        }
        prop_assert!(recount.is_empty());
        for ((origin, tool), row) in &tables.origins {
            prop_assert_eq!(book.excess_of(*origin, *tool), None);
            prop_assert!(!book.is_hand(*origin, *tool) || row.sums.counted.net().abs() <= MAX_NET);
        }
    }
}
