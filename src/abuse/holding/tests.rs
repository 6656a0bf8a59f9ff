//! What is remembered of networks, for how long, and what others tell of it.

use super::simulation::Dice;
use super::*;
use rule::Crowd;

pub(super) fn holding() -> HoldingPolicy {
    HoldingPolicy::new(true, Arc::new(AttackLevel::off()))
}

#[test]
fn a_voter_who_goes_to_and_fro_is_one() {
    let holding = holding();
    let arrival = VoteAttempt {
        network: [1; 16],
        wide: None,
        hash: NetworkHash([2; 16]),
        tool: 1,
        voter: VoterId([3; 16]),
        choice: Choice::Ship,
        browser: 0,
    };
    for second in 0..200 {
        assert!(!holding.judge(60, || arrival, Timestamp(second * 1_000_000)));
    }
}

fn one_hand(holding: &HoldingPolicy, votes: u8, network: u8, at: Timestamp) -> u32 {
    let mut held = 0;
    for n in 0..votes {
        let arrival = VoteAttempt {
            network: [network; 16],
            wide: Some([200; 16]),
            hash: NetworkHash([network; 16]),
            tool: 1,
            voter: VoterId([n.wrapping_add(network.wrapping_mul(50)); 16]),
            choice: Choice::Skip,
            browser: 0,
        };
        held += u32::from(holding.judge(60, || arrival, at));
    }
    held
}

#[test]
fn older_visitors_are_not_even_asked_about() {
    let holding = holding();
    assert!(!holding.judge(FRESH_SECONDS, || unreachable!("not fresh"), Timestamp(0)));
    assert!(
        !HoldingPolicy::new(false, Arc::new(AttackLevel::off())).judge(
            0,
            || unreachable!("off"),
            Timestamp(0)
        )
    );
}

#[test]
fn what_others_hold_is_held_here_from_the_first() {
    let holding = holding();
    let now = Timestamp(1_000_000_000);
    assert_eq!(one_hand(&holding, 3, 4, now), 0);
    let hash = NetworkHash([5; 16]);
    holding.follow(RemoteCounts::from_iter([((1, hash), (0, 40))]));
    assert_eq!(one_hand(&holding, 3, 5, now), 3);
    // Let count, more of it is welcome.
    holding.trust(1, &HashSet::from([hash]));
    assert_eq!(one_hand(&holding, 9, 5, now), 0);
}

#[test]
fn a_whole_48_is_one_hand_too_where_it_looks_like_one() {
    let holding = holding();
    let now = Timestamp(1_000_000_000);
    let held: u32 = (1..100)
        .map(|network| one_hand(&holding, 1, network, now))
        .sum();
    assert_eq!(held, 99 - (LEAST_WIDE - 1));
}

#[test]
fn hours_later_everything_is_forgotten() {
    let holding = holding();
    assert!(one_hand(&holding, 40, 6, Timestamp(0)) > 20);
    assert_eq!(one_hand(&holding, 10, 6, Timestamp(3 * 3_600_000_000)), 0);
}

#[test]
fn what_looks_like_a_crowd_afterwards_is_cleared_once() {
    let holding = holding();
    let (begin, later) = (Timestamp(0), Timestamp(600_000_000));
    assert!(one_hand(&holding, 20, 8, begin) > 0);
    assert_eq!(holding.clear(later), [], "it still looks like one hand");
    // The others of the network come, to other tools as well and of other minds.
    let mut dice = Dice(5);
    for n in 0..200_u8 {
        let arrival = VoteAttempt {
            network: [8; 16],
            wide: None,
            hash: NetworkHash([8; 16]),
            tool: 1 + i32::from(n % 4),
            voter: VoterId([n, 1, 2, 3, n, 1, 2, 3, n, 1, 2, 3, n, 1, 2, n]),
            choice: if dice.share() < 0.5 {
                Choice::Ship
            } else {
                Choice::Skip
            },
            browser: u32::from(n % 7),
        };
        holding.judge(
            60,
            || arrival,
            Timestamp(begin.0 + i64::from(n) * 1_000_000),
        );
    }
    let clear = AutoRelease {
        tool: 1,
        network: NetworkHash([8; 16]),
    };
    assert_eq!(holding.clear(later), [clear]);
    assert_eq!(holding.clear(later), []);
}

#[test]
fn few_votes_say_nothing() {
    let crowd = Crowd {
        ship: 18,
        ..Crowd::default()
    };
    assert!(!crowd.is_one_hand(18, 0));
    let crowd = Crowd {
        ship: 19,
        ..Crowd::default()
    };
    assert!(crowd.is_one_hand(19, 0) && !crowd.is_one_hand(19, 20));
}
