//! Days put before the detector: what it raises, of what that is, and how soon. In memory alone: no server, no database.
//!
//! Called by `main`, and by `tests/long` with more days. The seeds that the rule was tuned by and those that it is measured
//! by have nothing in common.
use crate::shapes::{Day, SHAPES, Shape, day};
use std::collections::HashMap;
use std::ops::Range;
use tallyship::detection::baseline::Baseline;
use tallyship::detection::finding::{Filter, Finding};
use tallyship::detection::memory::{Facts, Limits, Memory, Vote};
use tallyship::domain::{Choice, NetworkHash, Timestamp, VoterId};

/// What the rule is measured by. What it was tuned by is below.
pub const HELD_OUT: u64 = 1_000_000;
/// Seeds that the rule was tuned by.
pub const TUNING: u64 = 1;

/// Microseconds.
const SECOND: i64 = 1_000_000;
const HOUR: i64 = 3_600 * SECOND;
/// Midnight before the day.
const MIDNIGHT: i64 = 20_000 * 24 * HOUR;
/// How often it is asked; a server asks every five seconds, and the figure is measured so.
const EVERY: i64 = 60 * SECOND;
const EVERY_OF_SERVER: i64 = 5 * SECOND;

/// What became of days of one shape.
#[derive(Clone, Debug, Default)]
pub struct Tally {
    pub days: u32,
    /// Days on which an alert means a good part of the attack.
    pub found: u32,
    /// Alerts that mean no vote of an attack.
    pub false_alerts: u32,
    /// Of the attacks that were found: how much of each the filters mean, how much of what they mean is the attack's,
    /// and after how many minutes the first alert came.
    pub covered: Vec<f64>,
    pub precise: Vec<f64>,
    pub minutes: Vec<f64>,
}

pub fn limits() -> Limits {
    Limits {
        threshold: 60,
        least: 20,
    }
}

fn choice(ship: bool) -> Choice {
    if ship { Choice::Ship } else { Choice::Skip }
}

/// The alerts of a day, each as it was last told, with when it was first.
fn alerts(day: &Day, limits: Limits, every: i64) -> Vec<(Finding, i64)> {
    let mut memory = Memory::new(limits);
    let mut total = 0;
    let begin = MIDNIGHT - i64::try_from(day.history.len()).expect("small") * HOUR;
    let totals: Vec<(i64, i64)> = (0i64..)
        .zip(&day.history)
        .map(|(hour, votes)| {
            total += i64::try_from(*votes).expect("small");
            (begin + hour * HOUR, total)
        })
        .collect();
    let rhythm = Baseline::of(&totals, MIDNIGHT);
    let mut totals_now = day.before.clone();
    let mut raised: HashMap<(i32, i16, i64), (Finding, i64)> = HashMap::new();
    let mut next = MIDNIGHT + every;
    let mut casts = day.casts.iter().peekable();
    while next <= MIDNIGHT + 24 * HOUR + every {
        let mut came = false;
        while let Some(cast) = casts.next_if(|cast| MIDNIGHT + (cast.at * 1e6) as i64 <= next) {
            came = true;
            let (ship, skip) = &mut totals_now[cast.tool];
            *(if cast.ship { ship } else { skip }) += 1;
            let at = Timestamp(MIDNIGHT + (cast.at * 1e6) as i64);
            // As ids are: time first, then chance.
            let id = (u128::from(cast.voter) << 64)
                | u128::from(cast.voter.wrapping_mul(0x9e37_79b9_7f4a_7c15));
            let network = NetworkHash((u128::from(cast.network) + 1).to_be_bytes());
            let age = cast.token_age.min(1e9) as i32;
            memory.take(
                &Vote {
                    tool: cast.tool as i32,
                    voter: VoterId(id.to_be_bytes()),
                    choice: choice(cast.ship),
                    at,
                    known: Some((network, age)),
                },
                Timestamp(next),
            );
        }
        if came {
            // Of the other tools no history is drawn: they are there for what they say of the site.
            let facts = |tool: i32| {
                let (ship, skip) = totals_now[usize::try_from(tool).expect("a tool")];
                let rhythm = if tool == 0 {
                    rhythm
                } else {
                    Baseline::default()
                };
                Some(Facts {
                    rhythm,
                    ship: u32::try_from(ship).expect("small"),
                    skip: u32::try_from(skip).expect("small"),
                })
            };
            let mut found = memory.grown(facts);
            found.extend(memory.judge_networks(facts));
            if memory.moved().contains(&0)
                && let Some(facts) = facts(0)
            {
                found.extend(memory.judge(0, &facts, Timestamp(next)));
            }
            for finding in found.into_iter().filter(|finding| finding.tool == 0) {
                let key = (finding.tool, finding.kind.code(), finding.filter.from);
                raised
                    .entry(key)
                    .and_modify(|(known, _)| *known = finding)
                    .or_insert((finding, next));
            }
        }
        next += every;
    }
    raised.into_values().collect()
}

fn means(filter: &Filter, day: &Day) -> (usize, usize) {
    let of = day.casts.iter().filter(|cast| {
        let network = NetworkHash((u128::from(cast.network) + 1).to_be_bytes());
        let at = MIDNIGHT + (cast.at * 1e6) as i64;
        cast.tool == 0 && filter.holds(at, choice(cast.ship), network)
    });
    of.fold((0, 0), |(hostile, all), cast| {
        (hostile + usize::from(cast.hostile), all + 1)
    })
}

/// Judges one day.
pub fn look(tally: &mut Tally, shape: Shape, seed: u64, limits: Limits, say: bool) {
    let day = day(shape, seed);
    let hostile = day
        .casts
        .iter()
        .filter(|cast| cast.hostile && cast.tool == 0);
    let (hostile, first) = hostile.fold((0usize, f64::MAX), |(n, first), cast| {
        (n + 1, first.min(cast.at))
    });
    let every = match shape {
        Shape::Thousand | Shape::Swarm => EVERY_OF_SERVER,
        _ => EVERY,
    };
    let alerts = alerts(&day, limits, every);
    tally.days += 1;
    // What all its alerts mean together; a vote that two mean counts once.
    let network = |n: u64| NetworkHash((u128::from(n) + 1).to_be_bytes());
    let meant = day.casts.iter().filter(|cast| {
        let at = MIDNIGHT + (cast.at * 1e6) as i64;
        cast.tool == 0
            && alerts.iter().any(|(finding, _)| {
                finding
                    .filter
                    .holds(at, choice(cast.ship), network(cast.network))
            })
    });
    let (caught, all) = meant.fold((0usize, 0usize), |(caught, all), cast| {
        (caught + usize::from(cast.hostile), all + 1)
    });
    for (finding, at) in &alerts {
        if means(&finding.filter, &day).0 == 0 {
            tally.false_alerts += 1;
            if say {
                println!(
                    "{} {seed}: false at {} h {finding:?}",
                    shape.name(),
                    (at - MIDNIGHT) / HOUR
                );
            }
        }
    }
    // Half of it is a good part: the rest is then easy to see beside it.
    if shape.is_attack() && hostile > 0 && caught * 2 >= hostile {
        tally.found += 1;
        tally.covered.push(caught as f64 / hostile as f64);
        tally.precise.push(caught as f64 / all as f64);
        let soonest = alerts.iter().map(|(_, at)| *at).min().unwrap_or_default();
        let soonest = (soonest - MIDNIGHT) as f64 / 60e6;
        tally.minutes.push((soonest - first / 60.0).max(0.0));
    } else if shape.is_attack() && say {
        println!(
            "{} {seed}: missed, {caught} of {hostile}, {} alerts",
            shape.name(),
            alerts.len()
        );
    }
}

/// Days of every shape.
pub fn measure(first: u64, days: Range<u64>, limits: Limits, say: bool) -> Vec<(Shape, Tally)> {
    SHAPES
        .map(|shape| {
            let mut tally = Tally::default();
            for seed in days.clone() {
                look(&mut tally, shape, first + seed, limits, say);
            }
            (shape, tally)
        })
        .to_vec()
}

fn median(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted.get(sorted.len() / 2).copied().unwrap_or_default()
}

/// The table as the page on the detector has it.
pub fn table(measured: &[(Shape, Tally)]) -> String {
    let mut text = String::from(
        "| days | tool-days | attacks found | false alerts per 1,000 tool-days | of the attack meant | of what is meant, the attack's | minutes to the first alert |\n\
         | --- | --- | --- | --- | --- | --- | --- |\n",
    );
    for (shape, tally) in measured {
        let percent = |part: f64| format!("{:.0} %", 100.0 * part);
        let of_attack = |value: String| {
            if shape.is_attack() {
                value
            } else {
                "–".to_owned()
            }
        };
        text += &format!(
            "| {} | {} | {} | {:.0} | {} | {} | {} |\n",
            shape.name(),
            tally.days,
            of_attack(percent(f64::from(tally.found) / f64::from(tally.days))),
            1_000.0 * f64::from(tally.false_alerts) / f64::from(tally.days),
            of_attack(percent(median(&tally.covered))),
            of_attack(percent(median(&tally.precise))),
            of_attack(format!("{:.0}", median(&tally.minutes))),
        );
    }
    text
}
