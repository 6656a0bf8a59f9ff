//! The rule against simulated networks: attacks, campuses and offices, by seeds that its numbers were not chosen with.

use super::tests::holding;
use super::*;

/// A generator of numbers (splitmix64, Steele and others 2014): the same seed, the same day.
pub(super) struct Dice(pub(super) u64);

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
    pub(super) fn share(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1u64 << 53) as f64
    }

    fn below(&mut self, n: u64) -> u64 {
        self.next() % n
    }
}

/// Visitors of one network, within some time.
#[derive(Clone, Copy)]
struct Scene {
    visitors: u64,
    minutes: f64,
    /// The share of ship.
    ship: f64,
    /// Tools, and the share of the votes that go to the first.
    tools: u64,
    hot: f64,
    browsers: u64,
    /// They come by the clock, not as people do.
    clock: bool,
}

/// Plays a scene; returns how many of the votes on the first tool counted, how many on any were held, and whether all of
/// those are cleared once it is over.
#[expect(clippy::cast_possible_truncation, reason = "micros of some hours")]
fn play(scene: Scene, seed: u64) -> (u64, u64, bool) {
    let holding = holding();
    let mut dice = Dice(seed);
    #[expect(clippy::cast_precision_loss, reason = "small")]
    let gap = scene.minutes * 60e6 / scene.visitors as f64;
    let (mut now, mut counted, mut held) = (0.0, 0, 0);
    let mut tools_held = HashSet::new();
    for visitor in 0..scene.visitors {
        now += if scene.clock {
            gap
        } else {
            -gap * (1.0 - dice.share()).ln()
        };
        let hot = scene.tools == 1 || dice.share() < scene.hot;
        let tool = if hot {
            0
        } else {
            1 + dice.below(scene.tools - 1)
        };
        let ship = dice.share() < scene.ship;
        let arrival = VoteAttempt {
            network: [7; 16],
            wide: None,
            hash: NetworkHash([9; 16]),
            tool: tool as i32,
            voter: VoterId((u128::from(dice.next()) << 64 | u128::from(visitor)).to_be_bytes()),
            choice: if ship { Choice::Ship } else { Choice::Skip },
            browser: dice.below(scene.browsers) as u32,
        };
        let holds = holding.judge(60, || arrival, Timestamp(1_000_000 + now as i64));
        held += u64::from(holds);
        if holds {
            tools_held.insert(tool as i32);
        }
        counted += u64::from(!holds && tool == 0);
    }
    let cleared = holding.clear(Timestamp(i64::MAX));
    let cleared: HashSet<i32> = cleared.iter().map(|clear| clear.tool).collect();
    (counted, held, cleared == tools_held)
}

const ATTACK: Scene = Scene {
    visitors: 1_000,
    minutes: 60.0,
    ship: 1.0,
    tools: 1,
    hot: 1.0,
    browsers: 1,
    clock: false,
};

/// What people are, behind one address.
const CAMPUS: Scene = Scene {
    visitors: 500,
    minutes: 5.0,
    ship: 0.75,
    tools: 12,
    hot: 0.35,
    browsers: 8,
    clock: false,
};

#[test]
fn of_a_thousand_fresh_identities_at_most_twenty_count() {
    for (seed, scene) in [
        ATTACK,
        // Whatever a client may write, or how it spaces its calls: one signal more or less clears nothing.
        Scene {
            browsers: 1_000,
            ..ATTACK
        },
        Scene {
            minutes: 1.0,
            ..ATTACK
        },
        Scene {
            clock: true,
            browsers: 1_000,
            ..ATTACK
        },
        Scene {
            ship: 0.0,
            browsers: 50,
            ..ATTACK
        },
    ]
    .into_iter()
    .enumerate()
    {
        let (counted, held, cleared) = play(scene, 1_000 + seed as u64);
        assert!(!cleared, "scene {seed}");
        assert!(counted <= 20, "scene {seed}: {counted} counted");
        assert_eq!(counted + held, 1_000);
    }
}

#[test]
fn of_campuses_and_offices_next_to_nothing_is_held_and_all_of_it_cleared() {
    let scenes = [
        CAMPUS,
        // On one tool, which is talked about in the lecture; opinions differ.
        Scene { tools: 1, ..CAMPUS },
        // A tool that nearly everybody likes, among others.
        Scene {
            ship: 0.9,
            hot: 0.5,
            ..CAMPUS
        },
        // An office: few people, a day, managed browsers that are all alike.
        Scene {
            visitors: 60,
            minutes: 480.0,
            browsers: 1,
            ..CAMPUS
        },
    ];
    let mut told = Vec::new();
    for (at, scene) in scenes.into_iter().enumerate() {
        let days = (0..250).map(|seed| play(scene, 77_000 + 1_000 * at as u64 + seed));
        let (mut held, mut with, mut waiting) = (0, 0, 0);
        for (_, some, cleared) in days {
            held += some;
            with += u64::from(some > 0);
            waiting += u64::from(!cleared);
        }
        told.push((held, with, waiting));
    }
    println!("votes held, days with such, and days of which some wait, of 250 days each: {told:?}");
    // The campus, by day: none. In all, of 1,000 days with 390,000 votes: one in ten thousand at most, for a while.
    assert_eq!(told[0], (0, 0, 0));
    assert!(
        told.iter().map(|(held, ..)| held).sum::<u64>() <= 39,
        "{told:?}"
    );
    assert!(told.iter().all(|(_, _, waiting)| *waiting == 0), "{told:?}");
}
