//! The rule against simulated networks: attackers, and honest crowds, by seeds that its numbers were not chosen with.
//!
//! The table that it prints is in `docs/abuse.md`.

use std::collections::HashSet;

use super::model::Model;
use super::rule::MAX_NET;
use crate::domain::{Choice, OriginHash, VoterId};

const ORIGIN: OriginHash = OriginHash(7);
const HOT: i32 = 0;

/// A generator of numbers (splitmix64, Steele and others 2014): the same seed, the same day.
struct Dice(u64);

impl Dice {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// In 0..1.
    #[expect(clippy::cast_precision_loss, reason = "53 bits fit")]
    fn share(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1u64 << 53) as f64
    }

    fn below(&mut self, n: u64) -> u64 {
        self.next() % n
    }

    fn choice(&mut self, ship: f64) -> Choice {
        if self.share() < ship {
            Choice::Ship
        } else {
            Choice::Skip
        }
    }
}

fn voter(seed: u64, n: u64) -> VoterId {
    VoterId((u128::from(Dice(seed).next()) << 64 | u128::from(n)).to_be_bytes())
}

fn other(choice: Choice) -> Choice {
    match choice {
        Choice::Ship => Choice::Skip,
        Choice::Skip => Choice::Ship,
    }
}

/// An honest crowd behind one address.
#[derive(Clone, Copy)]
struct Crowd {
    visitors: u64,
    /// How many tools the site has, and the share of visitors who begin with the first.
    tools: u64,
    hot: f64,
    /// On how many tools a visitor votes, at most.
    each: u64,
    /// The share of ship on the first tool, and on the others.
    ship: f64,
    ship_elsewhere: f64,
    /// The share of visitors after whom somebody changes or withdraws a vote.
    changes: f64,
}

/// Name, visitors, tools, `hot`, `each`, `ship`, `changes`.
type Scene = (&'static str, u64, u64, f64, u64, f64, f64);

const SCENES: [Scene; 11] = [
    ("campus, 12 tools", 500, 12, 0.35, 1, 0.75, 0.0),
    ("campus, several votes each", 500, 12, 0.35, 4, 0.75, 0.0),
    ("campus, minds change", 500, 12, 0.35, 1, 0.75, 0.15),
    ("lecture, one tool, 70/30", 200, 1, 1.0, 1, 0.7, 0.0),
    ("lecture of 500, 70/30", 500, 1, 1.0, 1, 0.7, 0.0),
    ("lecture, 65/35, minds change", 500, 1, 1.0, 1, 0.65, 0.15),
    ("lecture, even, minds change", 500, 1, 1.0, 1, 0.55, 0.3),
    ("office", 60, 12, 0.35, 1, 0.75, 0.0),
    ("class that compares two tools", 30, 2, 0.5, 2, 0.7, 0.0),
    ("viral, nine in ten", 500, 12, 0.5, 1, 0.9, 0.0),
    (
        "viral, everybody votes elsewhere",
        300,
        12,
        1.0,
        4,
        0.9,
        0.0,
    ),
];

/// What became of a crowd's day: votes, those that were held for a while, and those that still are.
#[derive(Default)]
struct Day {
    votes: usize,
    held: usize,
    waiting: i64,
}

/// The all-clear comes after each visitor of this many.
const RELEASE_EVERY: u64 = 50;

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_possible_wrap,
    reason = "few tools"
)]
fn play(crowd: Crowd, seed: u64) -> Day {
    let (mut model, mut dice) = (Model::default(), Dice(seed));
    let mut cast: Vec<(i32, VoterId, Choice)> = Vec::new();
    let mut held = HashSet::new();
    let mut total = 0;
    for n in 0..crowd.visitors {
        let visitor = voter(seed, n);
        let mut seen = HashSet::new();
        for nth in 0..=dice.below(crowd.each) {
            let hot = crowd.tools == 1 || nth == 0 && dice.share() < crowd.hot;
            let tool = if hot {
                HOT
            } else {
                1 + dice.below(crowd.tools - 1) as i32
            };
            if !seen.insert(tool) {
                continue;
            }
            let ship = if tool == HOT {
                crowd.ship
            } else {
                crowd.ship_elsewhere
            };
            let choice = dice.choice(ship);
            total += 1;
            if model.act(ORIGIN, tool, visitor, Some(choice)) {
                held.insert((tool, visitor));
            }
            cast.push((tool, visitor, choice));
        }
        if dice.share() < crowd.changes {
            let at = dice.below(cast.len() as u64) as usize;
            let (tool, of, choice) = &mut cast[at];
            let withdraws = dice.share() < 0.25;
            *choice = other(*choice);
            model.act(ORIGIN, *tool, *of, (!withdraws).then_some(*choice));
        }
        if n % RELEASE_EVERY == 0 {
            (0..crowd.tools as i32).for_each(|tool| model.release(ORIGIN, tool));
        }
    }
    (0..crowd.tools as i32).for_each(|tool| model.release(ORIGIN, tool));
    let waiting = (0..crowd.tools as i32).map(|tool| {
        let sums = model.sums(ORIGIN, tool);
        let votes = |by: super::rule::ByChoice| by.ship + by.skip;
        votes(sums.now) - votes(sums.counted)
    });
    Day {
        votes: total,
        held: held.len(),
        waiting: waiting.sum(),
    }
}

#[test]
fn of_honest_crowds_one_vote_in_a_hundred_waits_at_most_and_none_in_the_end() {
    const DAYS: u64 = 100;
    for (at, scene) in (0..).zip(SCENES) {
        let (name, visitors, tools, hot, each, ship, changes) = scene;
        let crowd = Crowd {
            visitors,
            tools,
            hot,
            each,
            ship,
            ship_elsewhere: 0.6,
            changes,
        };
        let (mut votes, mut held, mut waiting) = (0, 0, 0);
        for day in 0..DAYS {
            let day = play(crowd, 41_000_017 * (at + 1) + day);
            votes += day.votes;
            held += day.held;
            waiting += i64::from(day.waiting > 0);
        }
        println!("| {name} | {votes} | {held} | {waiting} |");
        assert!(held * 100 <= votes, "{name}: {held} of {votes} were held");
        assert!(
            waiting <= 1,
            "{name}: on {waiting} days votes wait in the end"
        );
    }
}

/// What an attacker with `voters` identities does: a list of acts on tools.
type Acts = Vec<(i32, u64, Option<Choice>)>;

fn alternating(count: u64, skips: u64) -> Acts {
    let choice = |n: u64| {
        if n < skips {
            Choice::Skip
        } else {
            Choice::Ship
        }
    };
    (0..count).map(|n| (HOT, n, Some(choice(n)))).collect()
}

fn then_skips(mut acts: Acts, skips: u64, now: Option<Choice>) -> Acts {
    acts.extend((0..skips).map(|n| (HOT, n, now)));
    acts
}

#[test]
fn one_hand_moves_a_tally_by_twenty_at_most_whatever_it_does_later() {
    let ship = Some(Choice::Ship);
    let both = (0..140).flat_map(|n| [(HOT, n, ship), (1, n, Some(Choice::Skip))]);
    let mut to_and_fro = alternating(146, 26);
    for _ in 0..5 {
        to_and_fro = then_skips(to_and_fro, 26, Some(Choice::Skip));
    }
    let attacks: Vec<(&str, Acts)> = vec![
        ("a thousand, one choice", alternating(1_000, 0)),
        ("balanced, one side after the other", alternating(120, 60)),
        (
            "many skips that are held, and then ships",
            alternating(400, 200),
        ),
        (
            "balanced, then the skips turn",
            then_skips(alternating(120, 60), 60, ship),
        ),
        (
            "balanced, then the skips go",
            then_skips(alternating(120, 60), 60, None),
        ),
        ("a few balance, then turn", then_skips(to_and_fro, 26, ship)),
        (
            "a real dissent, then it goes",
            then_skips(alternating(94, 15), 15, None),
        ),
        ("two tools", both.collect()),
        ("one in eight dissents", alternating(400, 50)),
        (
            "balanced, then half of the skips go",
            then_skips(alternating(120, 60), 30, None),
        ),
    ];
    for (name, acts) in attacks {
        let mut model = Model::default();
        for (tool, n, now) in acts {
            model.act(ORIGIN, tool, voter(5, n), now);
        }
        for _ in 0..2 {
            let nets = [HOT, 1].map(|tool| model.sums(ORIGIN, tool).counted.net());
            println!("| {name} | {nets:?} |");
            assert!(
                nets.iter().all(|net| net.abs() <= MAX_NET),
                "{name}: {nets:?}"
            );
            model.release(ORIGIN, HOT);
            model.release(ORIGIN, 1);
        }
    }
}

/// Whatever an attacker does: while they are one hand, the counted votes stay within the limit; an all-clear changes nothing.
#[test]
fn no_sequence_of_acts_takes_one_hand_beyond_its_limit() {
    for seed in 0..400 {
        let (mut model, mut dice) = (Model::default(), Dice(0xa77a_c4e5 + seed));
        let voters = 20 + dice.below(150);
        let mut ship = dice.share();
        for _ in 0..600 {
            if dice.share() < 0.02 {
                ship = dice.share();
            }
            let tool = i32::from(dice.share() < 0.2);
            let now = (dice.share() < 0.85).then(|| dice.choice(ship));
            model.act(ORIGIN, tool, voter(9, dice.below(voters)), now);
            if dice.share() < 0.01 {
                model.release(ORIGIN, tool);
            }
            let sums = model.sums(ORIGIN, tool);
            let (net, all) = (sums.counted.net(), sums.now.net());
            let is_within = |limit: i64| net.abs() <= MAX_NET.max(limit);
            let limit = if model.is_one_hand(ORIGIN, tool) {
                0
            } else {
                all * net.signum()
            };
            assert!(is_within(limit), "{seed}: {sums:?}");
        }
    }
}
