//! Claims against a model: a user who brings a visitor ends with one row, however the commands of both are mixed and cut.

use super::*;
use crate::domain::{NetworkHash, OriginHash, VoterOrigins};
use crate::voting::Binding;
use proptest::prelude::*;

const NOW: Timestamp = Timestamp(1_000);
const TOOLS: i32 = 2;

fn act() -> impl Strategy<Value = VoteAction> {
    prop_oneof![
        Just(VoteAction::Cast(Choice::Ship)),
        Just(VoteAction::Cast(Choice::Skip)),
        Just(VoteAction::Withdraw),
        Just(VoteAction::Claim),
    ]
}

/// The networks of a batch, as if none had sums.
fn read(commands: &[VoteCommand], votes: &ExistingVotes) -> OriginBook {
    let mut book = OriginBook::default();
    let of_commands = commands.iter().filter_map(|command| command.origins);
    let of_votes = votes
        .values()
        .filter_map(|vote| Some(vote.binding?.origins));
    book.missing(of_commands.chain(of_votes).flat_map(VoterOrigins::each));
    book
}

/// Of a visitor alone, of a user alone, or of a user with a visitor.
fn command() -> impl Strategy<Value = VoteCommand> {
    (1..=TOOLS, act(), 0u8..3, 0u8..3, 0u8..3).prop_map(|(tool, act, who, visitor, user)| {
        let (visitor, user) = (VoterId([visitor; 16]), VoterId([100 + user; 16]));
        let (voter, beside) = match who {
            0 => (visitor, None),
            1 => (user, None),
            _ => (user, Some(visitor)),
        };
        VoteCommand {
            tool,
            voter,
            act,
            visitor: beside,
            network: NetworkHash([0; 16]),
            token_age: 0,
            origins: Some(VoterOrigins {
                network: OriginHash(voter.0[0].into()),
                wide: None,
            }),
            ballot: None,
        }
    })
}

fn open() -> BTreeMap<i32, TallyRow> {
    let row = |tool| TallyRow {
        tool,
        version: 1,
        state: ToolState::Open,
        ..TallyRow::default()
    };
    (1..=TOOLS).map(|tool| (tool, row(tool))).collect()
}

proptest! {
    #[test]
    fn claims_end_where_one_by_one_would(
        commands in prop::collection::vec(command(), 1..60),
        cuts in prop::collection::vec(1usize..20, 1..60),
    ) {
        let mut tallies = open();
        let (mut votes, mut spent) = (ExistingVotes::default(), LinkedVisitors::default());
        let mut model: HashMap<Key, Choice> = HashMap::new();
        let mut users: HashSet<Key> = HashSet::new();
        let mut ledger: Vec<VoteChange> = Vec::new();
        let mut rest = commands.as_slice();
        for cut in cuts.into_iter().cycle() {
            if rest.is_empty() { break; }
            let (batch, later) = rest.split_at(cut.min(rest.len()));
            rest = later;
            let barred = Barred {
                linked: spent.clone(),
                ..Barred::default()
            };
            let folded = fold(batch, &tallies, &votes, &barred, &[], &mut read(batch, &votes), NOW);
            for (command, outcome) in batch.iter().zip(&folded.outcomes) {
                if command.visitor.is_none()
                    && matches!(command.act, VoteAction::Cast(_))
                    && users.contains(&(command.tool, command.voter))
                {
                    prop_assert_eq!(*outcome, Err(VoteError::Spent));
                    continue;
                }
                users.extend(command.visitor.map(|visitor| (command.tool, visitor)));
                let theirs = command.visitor.and_then(|visitor| model.remove(&(command.tool, visitor)));
                let key = (command.tool, command.voter);
                let held = model.remove(&key).or(theirs);
                let new = match command.act {
                    VoteAction::Cast(choice) => Some(choice),
                    VoteAction::Withdraw => None,
                    VoteAction::Claim => held,
                };
                model.extend(new.map(|new| (key, new)));
                let outcome = outcome.as_ref().expect("open");
                prop_assert_eq!(outcome.vote.map(|vote| vote.choice), new);
                prop_assert_eq!(outcome.first, held.is_none() && new.is_some());
            }
            for (command, standing) in &folded.inserts {
                prop_assert!(votes.insert((command.tool, command.voter), *standing).is_none());
            }
            for (command, standing) in &folded.updates {
                let before = votes.insert((command.tool, command.voter), *standing);
                // What binds a voter stays; Postgres's statement for updates rests on it.
                prop_assert_eq!(before.map(|before| before.binding), Some(standing.binding));
            }
            for key in &folded.deletes {
                prop_assert!(votes.remove(key).is_some());
            }
            prop_assert!(folded.deletes.is_sorted());
            for key in folded.spent {
                prop_assert!(spent.insert(key), "noted twice");
            }
            ledger.extend(folded.events);
            tallies.extend(folded.tallies.into_iter().map(|row| (row.tool, row)));
        }
        let stored: HashMap<Key, Choice> = votes.into_iter().filter_map(|(key, vote)| Some((key, vote.seen()?))).collect();
        prop_assert_eq!(&stored, &model);
        prop_assert!(users.iter().all(|key| spent.contains(key) && !stored.contains_key(key)));
        // The ledger alone tells the same: each change begins where that voter's last one ended, at a version of its own.
        let mut told: HashMap<Key, Choice> = HashMap::new();
        let mut versions: HashMap<i32, i64> = HashMap::new();
        for event in ledger {
            let key = (event.tool, event.voter);
            let version = versions.entry(event.tool).or_insert(1);
            *version += 1;
            prop_assert_eq!(event.version, *version);
            prop_assert_eq!(told.remove(&key), event.old);
            told.extend(event.new.map(|new| (key, new)));
        }
        prop_assert_eq!(&told, &model);
        for (tool, row) in &tallies {
            let count = |choice| model.iter().filter(|((t, _), c)| t == tool && **c == choice).count();
            let (ship, skip) = (count(Choice::Ship), count(Choice::Skip));
            prop_assert_eq!((row.ship, row.skip), (i64::try_from(ship).expect("few"), i64::try_from(skip).expect("few")));
            prop_assert_eq!(row.version, versions.get(tool).copied().unwrap_or(1));
        }
    }
}

#[test]
fn what_was_set_aside_is_claimed_as_it_is_and_counts_when_cast_again() {
    let (visitor, user) = (VoterId([1; 16]), VoterId([2; 16]));
    let mut tallies = open();
    tallies.entry(1).and_modify(|row| row.aside_ship = 1);
    let aside = VoteRecord {
        choice: Choice::Ship,
        cast_at: Timestamp(5),
        aside: Some(9),
        ballot: None,
        binding: None,
    };
    let present = ExistingVotes::from_iter([((1, visitor), aside)]);
    let with = |act| {
        let command = VoteCommand {
            tool: 1,
            voter: user,
            act,
            visitor: Some(visitor),
            network: NetworkHash([0; 16]),
            token_age: 0,
            origins: None,
            ballot: None,
        };
        fold(
            &[command],
            &tallies,
            &present,
            &Barred::default(),
            &[],
            &mut read(&[command], &present),
            NOW,
        )
    };
    let claimed = with(VoteAction::Claim);
    let row = claimed.tallies[0];
    assert_eq!((row.ship, row.aside_ship, row.version), (0, 1, 3));
    assert_eq!(claimed.deletes, [(1, visitor)]);
    assert_eq!(claimed.inserts[0].1, aside);
    assert!(
        claimed
            .events
            .iter()
            .all(|event| (event.old, event.new) == (None, None))
    );
    let cast = with(VoteAction::Cast(Choice::Ship));
    let row = cast.tallies[0];
    assert_eq!((row.ship, row.aside_ship, row.version), (1, 0, 3));
    assert_eq!(cast.inserts[0].1.cast_at, NOW);
}

#[test]
fn nobody_claims_from_themselves() {
    let voter = VoterId([1; 16]);
    let command = VoteCommand {
        tool: 1,
        voter,
        act: VoteAction::Claim,
        visitor: Some(voter),
        network: NetworkHash([0; 16]),
        token_age: 0,
        origins: None,
        ballot: None,
    };
    let standing = VoteRecord {
        choice: Choice::Ship,
        cast_at: Timestamp(5),
        aside: None,
        ballot: None,
        binding: None,
    };
    let present = ExistingVotes::from_iter([((1, voter), standing)]);
    assert!(
        fold(
            &[command],
            &open(),
            &present,
            &Barred::default(),
            &[],
            &mut read(&[command], &present),
            NOW
        )
        .is_empty()
    );
}

fn claim(user: VoterId, visitor: VoterId) -> VoteCommand {
    VoteCommand {
        tool: 1,
        voter: user,
        act: VoteAction::Claim,
        visitor: Some(visitor),
        network: NetworkHash([0; 16]),
        token_age: 0,
        origins: None,
        ballot: None,
    }
}

#[test]
fn a_bound_visitors_row_stays_its_own_beside_the_users() {
    let (visitor, user) = (VoterId([1; 16]), VoterId([2; 16]));
    let vote = |choice, binding| VoteRecord {
        choice,
        cast_at: Timestamp(5),
        aside: None,
        ballot: None,
        binding,
    };
    let origins = VoterOrigins {
        network: OriginHash(7),
        wide: None,
    };
    let bound = vote(
        Choice::Ship,
        Some(Binding {
            origins,
            first_choice: Choice::Ship,
        }),
    );
    let own = vote(Choice::Skip, None);
    let present = ExistingVotes::from_iter([((1, visitor), bound), ((1, user), own)]);
    let claim = claim(user, visitor);
    let folded = fold(
        &[claim],
        &open(),
        &present,
        &Barred::default(),
        &[],
        &mut read(&[claim], &present),
        NOW,
    );
    let [(command, record)] = folded.updates.as_slice() else {
        panic!("{:?}", folded.updates);
    };
    assert_eq!((command.voter, Some(*record)), (visitor, bound.withdrawn()));
    assert_eq!(folded.outcomes[0].expect("open").vote, Some(own));
}

#[test]
fn a_held_voter_who_claims_a_vote_that_counts_stays_held() {
    let (visitor, user) = (VoterId([1; 16]), VoterId([2; 16]));
    let binding = |network| {
        Some(Binding {
            origins: VoterOrigins {
                network: OriginHash(network),
                wide: None,
            },
            first_choice: Choice::Ship,
        })
    };
    let vote = |aside, binding| VoteRecord {
        choice: Choice::Ship,
        cast_at: Timestamp(5),
        aside,
        ballot: None,
        binding,
    };
    let theirs = vote(None, binding(1));
    let own = vote(Some(exclusions::WITHDRAWN_HELD), binding(2));
    let present = ExistingVotes::from_iter([((1, visitor), theirs), ((1, user), own)]);
    let claim = claim(user, visitor);
    let mut book = read(&[claim], &present);
    let barred = Barred::default();
    let folded = fold(&[claim], &open(), &present, &barred, &[], &mut book, NOW);
    let claimed = folded.outcomes[0].expect("open").vote;
    assert_eq!(claimed, Some(vote(Some(HELD), binding(2))));
}
