//! Days of a site as they could be: ordinary ones, viral ones, and ones with an attack. A generator that knows nothing of
//! the rule that is to tell them apart, nor of its numbers.
//!
//! Called by `days`. Whatever is drawn is drawn from the seed alone, so a day can be looked at again.

use crate::dice::Dice;

pub const HOUR: f64 = 3_600.0;
/// Tools of the site; the first is the one that is looked at.
const TOOLS: usize = 8;

/// One vote: seconds from the day's midnight.
#[derive(Clone, Debug)]
pub struct Cast {
    pub at: f64,
    pub tool: usize,
    pub voter: u64,
    pub network: u64,
    pub ship: bool,
    /// Seconds.
    pub token_age: f64,
    pub hostile: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Shape {
    Normal,
    Viral,
    Burst,
    Drip,
    ManyNetworks,
    BothSides,
    Night,
    AcrossTools,
    /// 60 to 200 votes within two minutes, each from a network of its own, all on one side.
    Swarm,
    /// 1,000 networks with three votes each within 30 minutes, all on one side: the figure that is asked for.
    Thousand,
}

/// Those of the table.
pub const SHAPES: [Shape; 9] = [
    Shape::Normal,
    Shape::Viral,
    Shape::Burst,
    Shape::Drip,
    Shape::ManyNetworks,
    Shape::BothSides,
    Shape::Night,
    Shape::AcrossTools,
    Shape::Swarm,
];

impl Shape {
    pub fn name(self) -> &'static str {
        match self {
            Shape::Normal => "normal days",
            Shape::Viral => "viral days",
            Shape::Burst => "bursts",
            Shape::Drip => "slow drips",
            Shape::ManyNetworks => "many networks",
            Shape::BothSides => "both sides",
            Shape::Night => "night",
            Shape::AcrossTools => "across tools",
            Shape::Swarm => "swarms",
            Shape::Thousand => "a thousand networks",
        }
    }

    pub fn is_attack(self) -> bool {
        !matches!(self, Shape::Normal | Shape::Viral)
    }
}

/// A tool as its people are.
struct People {
    /// Votes in a day.
    daily: f64,
    /// Who says ship.
    ship: f64,
}

/// A site as its people are.
struct Site {
    /// The hour of the day with the most votes.
    peak: f64,
    /// How much less comes at night.
    swing: f64,
    /// Whose token is minutes old.
    fresh: f64,
    /// Who sits behind an address that many share: carriers, universities, offices.
    shared: f64,
    /// Who sits beside somebody at home who votes as well.
    home: f64,
    shared_networks: u64,
    voters: u64,
    networks: u64,
}

/// A day of a site.
pub struct Day {
    /// Votes of the first tool in the hours before: hours before midnight, oldest first.
    pub history: Vec<u64>,
    /// Ship and skip on each tool until then.
    pub before: Vec<(u64, u64)>,
    /// In the order of time.
    pub casts: Vec<Cast>,
}

impl Site {
    fn draw(dice: &mut Dice) -> Site {
        Site {
            peak: dice.between(0.0, 24.0),
            swing: dice.between(0.5, 0.95),
            fresh: dice.between(0.3, 0.85),
            shared: dice.between(0.03, 0.6),
            home: dice.between(0.03, 0.12),
            shared_networks: dice.whole(10, 150),
            voters: 0,
            networks: 1_000,
        }
    }

    fn voter(&mut self) -> u64 {
        self.voters += 1;
        self.voters
    }

    fn own_network(&mut self) -> u64 {
        self.networks += 1;
        self.networks
    }

    /// Of a person: their own, the one of the person before, or one that many share; of those few are large (Zipf).
    fn network(&mut self, dice: &mut Dice) -> u64 {
        if dice.chance(self.shared) {
            let rank = (self.shared_networks as f64).powf(dice.unit());
            return rank as u64;
        }
        if dice.chance(self.home) && self.networks > 1_000 {
            return self.networks;
        }
        self.own_network()
    }

    fn token_age(&mut self, dice: &mut Dice, fresh: f64) -> f64 {
        if dice.chance(fresh) {
            dice.wait(90.0)
        } else {
            600.0 + dice.wait(9.0 * 24.0 * HOUR)
        }
    }

    /// How busy an hour of the day is: 1 on the mean.
    fn busy(&self, hour: f64) -> f64 {
        1.0 + self.swing * ((hour - self.peak) / 24.0 * std::f64::consts::TAU).cos()
    }

    /// When, in a day: more often when people are awake.
    fn moment(&self, dice: &mut Dice) -> f64 {
        loop {
            let hour = dice.between(0.0, 24.0);
            if dice.unit() * (1.0 + self.swing) < self.busy(hour) {
                return hour * HOUR;
            }
        }
    }

    fn person(&mut self, dice: &mut Dice, (tool, at): (usize, f64), ship: f64, fresh: f64) -> Cast {
        Cast {
            at,
            tool,
            voter: self.voter(),
            network: self.network(dice),
            ship: dice.chance(ship),
            token_age: self.token_age(dice, fresh),
            hostile: false,
        }
    }
}

/// An ordinary day of all tools: some hours are livelier than others, a colleague shows a link around, a newsletter goes out.
fn ordinary(dice: &mut Dice, site: &mut Site, tools: &[People]) -> Vec<Cast> {
    let mut casts = Vec::new();
    for (tool, people) in tools.iter().enumerate() {
        let today = people.daily * dice.spread(1.0, 0.3);
        for hour in 0..24 {
            let lively = dice.spread(1.0, 0.35);
            let hour = f64::from(hour);
            for _ in 0..dice.count(today / 24.0 * site.busy(hour) * lively) {
                let at = (hour + dice.unit()) * HOUR;
                let fresh = site.fresh;
                let cast = site.person(dice, (tool, at), people.ship, fresh);
                // Some look around and vote on what they see.
                let mut later = at;
                while dice.chance(0.25) {
                    later += dice.wait(60.0);
                    let other = dice.whole(0, tools.len() as u64 - 1) as usize;
                    if other != tool && later < 24.0 * HOUR {
                        casts.push(Cast {
                            at: later,
                            tool: other,
                            ship: dice.chance(tools[other].ship),
                            token_age: cast.token_age + (later - at),
                            ..cast.clone()
                        });
                    }
                }
                casts.push(cast);
            }
        }
        if dice.chance(0.25) {
            // An office or a class: one network, one taste, more or less.
            let network = dice.whole(1, site.shared_networks);
            let ship = (people.ship + dice.between(-0.35, 0.35)).clamp(0.02, 1.0);
            let from = site.moment(dice);
            for _ in 0..dice.whole(4, 40) {
                let at = from + dice.wait(0.5 * HOUR);
                let fresh = site.fresh;
                let mut cast = site.person(dice, (tool, at), ship, fresh);
                cast.network = network;
                casts.push(cast);
            }
        }
        if dice.chance(0.2) {
            // A newsletter: for an hour or two there are several times as many.
            let from = site.moment(dice);
            let times = dice.between(1.0, 6.0);
            let more = dice.count(today / 24.0 * times);
            for _ in 0..more {
                let at = from + dice.wait(HOUR);
                let fresh = site.fresh * 0.7;
                casts.push(site.person(dice, (tool, at), people.ship, fresh));
            }
        }
    }
    casts
}

/// Somebody well known links to the first tool: new people, whose taste may be another.
fn viral(dice: &mut Dice, site: &mut Site, people: &People) -> Vec<Cast> {
    let from = site.moment(dice);
    let (lasts, fresh) = (dice.between(1.0, 8.0) * HOUR, dice.between(0.7, 0.97));
    let ship = (people.ship + dice.between(-0.3, 0.3)).clamp(0.03, 0.99);
    let all = dice.spread(1_000.0, 0.7).min(4_000.0);
    let mut casts = Vec::new();
    for _ in 0..all as u64 {
        // It swells for some minutes, and then dies away.
        let at = from + dice.wait(0.2 * HOUR) + dice.wait(lasts);
        casts.push(site.person(dice, (0, at), ship, fresh));
    }
    casts
}

/// What an attacker has.
struct Means {
    networks: Vec<u64>,
    /// Tokens kept for days before they are used, instead of made for the vote.
    aged: bool,
    /// How many votes are for the side that is to win.
    share: f64,
    ship: bool,
}

impl Means {
    fn draw(dice: &mut Dice, site: &mut Site, networks: u64, aged: f64) -> Means {
        Means {
            networks: (0..networks).map(|_| site.own_network()).collect(),
            aged: dice.chance(aged),
            share: 1.0,
            ship: dice.chance(0.5),
        }
    }

    fn cast(&self, dice: &mut Dice, site: &mut Site, tool: usize, at: f64) -> Cast {
        let place = dice.whole(0, self.networks.len() as u64 - 1) as usize;
        let token_age = if self.aged {
            HOUR + dice.wait(3.0 * 24.0 * HOUR)
        } else {
            dice.wait(40.0)
        };
        Cast {
            at,
            tool,
            voter: site.voter(),
            network: self.networks[place],
            ship: self.ship == dice.chance(self.share),
            token_age,
            hostile: true,
        }
    }
}

fn attack(dice: &mut Dice, site: &mut Site, shape: Shape) -> Vec<Cast> {
    let mut casts = Vec::new();
    match shape {
        Shape::Normal | Shape::Viral => {}
        Shape::Burst => {
            let networks = dice.whole(1, 15);
            let means = Means::draw(dice, site, networks, 0.25);
            let (from, lasts) = (dice.between(0.5, 23.0) * HOUR, dice.between(180.0, 1_200.0));
            for _ in 0..dice.whole(40, 600) {
                let at = from + dice.between(0.0, lasts);
                casts.push(means.cast(dice, site, 0, at));
            }
        }
        Shape::Drip => {
            let networks = dice.whole(2, 12);
            let means = Means::draw(dice, site, networks, 0.3);
            let from = dice.between(0.0, 8.0) * HOUR;
            let to = dice.between(20.0, 24.0) * HOUR;
            for _ in 0..dice.whole(80, 300) {
                let at = dice.between(from, to);
                casts.push(means.cast(dice, site, 0, at));
            }
        }
        Shape::ManyNetworks => {
            let (networks, each) = (dice.whole(200, 1_500), dice.whole(1, 4));
            let means = Means::draw(dice, site, networks, 0.2);
            let (from, lasts) = (
                dice.between(0.5, 22.5) * HOUR,
                dice.between(1_200.0, 3_600.0),
            );
            for network in &means.networks {
                for _ in 0..each {
                    let at = from + dice.between(0.0, lasts);
                    let mut cast = means.cast(dice, site, 0, at);
                    cast.network = *network;
                    casts.push(cast);
                }
            }
        }
        Shape::Swarm => {
            let votes = dice.whole(60, 200);
            let means = Means::draw(dice, site, votes, 0.5);
            let (from, lasts) = (dice.between(0.5, 23.0) * HOUR, dice.between(10.0, 110.0));
            for network in &means.networks {
                let at = from + dice.between(0.0, lasts);
                let mut cast = means.cast(dice, site, 0, at);
                cast.network = *network;
                casts.push(cast);
            }
        }
        Shape::Thousand => {
            let means = Means::draw(dice, site, 1_000, 0.2);
            let from = dice.between(0.5, 23.0) * HOUR;
            for network in &means.networks {
                for _ in 0..3 {
                    let at = from + dice.between(0.0, 0.5 * HOUR);
                    let mut cast = means.cast(dice, site, 0, at);
                    cast.network = *network;
                    casts.push(cast);
                }
            }
        }
        Shape::BothSides => {
            let networks = dice.whole(5, 100);
            let mut means = Means::draw(dice, site, networks, 0.2);
            means.share = dice.between(0.55, 0.8);
            let (from, lasts) = (dice.between(0.5, 22.5) * HOUR, dice.between(600.0, 3_600.0));
            for _ in 0..dice.whole(100, 600) {
                let at = from + dice.between(0.0, lasts);
                casts.push(means.cast(dice, site, 0, at));
            }
        }
        Shape::Night => {
            let networks = dice.whole(3, 40);
            let means = Means::draw(dice, site, networks, 0.2);
            let middle = (site.peak + 12.0) % 24.0;
            let lasts = dice.between(1.0, 5.0);
            let from = (middle - lasts / 2.0).clamp(0.0, 24.0 - lasts) * HOUR;
            for _ in 0..dice.whole(40, 150) {
                let at = from + dice.between(0.0, lasts * HOUR);
                casts.push(means.cast(dice, site, 0, at));
            }
        }
        Shape::AcrossTools => {
            let networks = dice.whole(1, 5);
            let means = Means::draw(dice, site, networks, 0.2);
            let from = dice.between(0.5, 18.0) * HOUR;
            let lasts = dice.between(0.5, 4.0) * HOUR;
            let tools = dice.whole(4, TOOLS as u64) as usize;
            let sides: Vec<bool> = (0..tools).map(|_| dice.chance(0.5)).collect();
            for _ in 0..networks * dice.whole(12, 25) {
                let at = from + dice.between(0.0, lasts);
                let first = means.cast(dice, site, 0, at);
                for (tool, ship) in sides.iter().enumerate() {
                    casts.push(Cast {
                        at: at + 3.0 * tool as f64,
                        tool,
                        ship: *ship,
                        ..first.clone()
                    });
                }
            }
        }
    }
    casts
}

/// A day of this shape.
pub fn day(shape: Shape, seed: u64) -> Day {
    let mut dice = Dice::new(seed.wrapping_mul(31).wrapping_add(shape as u64));
    let mut site = Site::draw(&mut dice);
    let tools: Vec<People> = (0..TOOLS)
        .map(|_| People {
            daily: dice.spread(120.0, 0.9).clamp(8.0, 2_000.0),
            ship: dice.between(0.25, 0.95),
        })
        .collect();
    let days = dice.whole(3, 40);
    let mut history = Vec::new();
    for _ in 0..days {
        let today = tools[0].daily * dice.spread(1.0, 0.3);
        for hour in 0..24 {
            let mean = today / 24.0 * site.busy(f64::from(hour)) * dice.spread(1.0, 0.35);
            history.push(dice.count(mean));
        }
    }
    let before = tools.iter().enumerate().map(|(tool, people)| {
        let all = if tool == 0 {
            history.iter().sum::<u64>() as f64
        } else {
            people.daily * days as f64
        };
        let ship = all * people.ship;
        (ship.round() as u64, (all - ship).round() as u64)
    });
    let before: Vec<(u64, u64)> = before.collect();
    let mut casts = ordinary(&mut dice, &mut site, &tools);
    if shape == Shape::Viral {
        casts.extend(viral(&mut dice, &mut site, &tools[0]));
    }
    casts.extend(attack(&mut dice, &mut site, shape));
    casts.retain(|cast| (0.0..24.0 * HOUR).contains(&cast.at));
    casts.sort_by(|a, b| a.at.total_cmp(&b.at));
    Day {
        history,
        before,
        casts,
    }
}
