//! What the rule must hold to, whatever its weights become.

use super::*;

fn group(votes: u32, ship: u32, fresh: u32) -> VoteStats {
    VoteStats {
        votes,
        ship,
        known: votes,
        fresh,
    }
}

const PEOPLE: Expected = Expected {
    expected: 10.0,
    known_tool: true,
    before: VoteStats {
        votes: 1_000,
        ship: 700,
        known: 0,
        fresh: 0,
    },
    rest: VoteStats {
        votes: 0,
        ship: 0,
        known: 0,
        fresh: 0,
    },
    site: VoteStats {
        votes: 500,
        ship: 300,
        known: 500,
        fresh: 300,
    },
    crowd: 75,
};

#[test]
fn no_part_alone_is_an_attack() {
    for parts in [
        ScoreParts {
            burst: 1.0,
            ..ScoreParts::default()
        },
        ScoreParts {
            concentration: 1.0,
            ..ScoreParts::default()
        },
        ScoreParts {
            freshness: 1.0,
            ..ScoreParts::default()
        },
        ScoreParts {
            one_sidedness: 1.0,
            ..ScoreParts::default()
        },
    ] {
        assert!(parts.score() <= 33, "{parts:?}");
    }
    let all = ScoreParts {
        burst: 1.0,
        concentration: 1.0,
        freshness: 1.0,
        one_sidedness: 1.0,
        side: None,
    };
    assert_eq!(all.score(), 100);
}

#[test]
fn a_crowd_like_the_others_is_people_however_many() {
    let parts = judge_all(group(5_000, 3_500, 3_000), 750, &PEOPLE);
    assert!(parts.burst > 0.99 && parts.score() <= 25, "{parts:?}");
}

#[test]
fn a_ring_stands_out_by_every_part() {
    let parts = judge_all(group(300, 300, 300), 290, &PEOPLE);
    assert!(parts.score() >= 85, "{parts:?}");
    assert_eq!(parts.side, Some(Choice::Ship));
    let few = judge_all(group(5, 5, 5), 5, &PEOPLE);
    assert!(
        few.score() < parts.score() / 2,
        "five prove little: {few:?}"
    );
}

/// What the rest of the same time does as well is no mark of a ring.
#[test]
fn a_wave_that_all_are_in_is_no_ring() {
    let (all, crowd) = (group(1_000, 900, 900), group(200, 180, 180));
    let parts = judge_crowd(all, crowd, &PEOPLE);
    assert!(
        parts.one_sidedness < 0.01 && parts.freshness < 0.01,
        "{parts:?}"
    );
}

#[test]
fn a_tool_without_a_history_is_given_the_benefit() {
    let new = Expected {
        known_tool: false,
        before: VoteStats::default(),
        ..PEOPLE
    };
    let parts = judge_all(group(100, 80, 60), 15, &new);
    assert!(
        parts.burst <= 0.5 && parts.one_sidedness < 0.01,
        "{parts:?}"
    );
}

#[test]
fn numbers_at_their_ends_stay_in_bounds() {
    for usual in [0.0, 3.0, 1e9] {
        for count in [0, 1, 1_000_000] {
            assert!((0.0..=1.0).contains(&burst(count, usual)));
        }
    }
    let nothing = judge_all(VoteStats::default(), 0, &PEOPLE);
    assert_eq!(nothing.score(), 0);
}
