//! A hundred million voters on paper: the measured costs of `docs/scaling.md` carried to crowds that no test here can make.
//!
//! `cargo test --test scaling -- --nocapture` prints the table, and holds the page's own against it; `RENEW=1` writes the page
//! anew. The costs are those that the page names. It must never be quoted as a measurement: what was run, and what is
//! computed, the page keeps apart.
#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::pedantic,
    reason = "a test may fail loudly and count freely"
)]

use std::fmt::Write;

const PAGE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/scaling.md");
const BEGIN: &str = "<!-- computed: RENEW=1 cargo test --test scaling -->\n";
const END: &str = "<!-- end -->";

/// As `votes/writer` has them.
const BATCH: f64 = 512.0;
const QUEUE: f64 = 8192.0;
/// Seconds until a refused vote comes again: its Retry-After.
const AGAIN: f64 = 1.0;
/// Votes of each voter, and tools.
const VOTES: f64 = 3.0;
const TOOLS: usize = 10_000;
/// Below this share of what it can take, nothing piles up in a partition.
const CALM: f64 = 0.8;
const SECONDS: u32 = 60;

/// What one partition costs, as measured.
#[derive(Clone, Copy)]
struct Costs {
    /// Seconds a vote, in a batch that is full enough.
    vote: f64,
    /// Seconds that a batch takes beside its votes.
    batch: f64,
}

impl Costs {
    /// From the rows of the page: votes a second at the peak, and a small batch.
    fn read(page: &str) -> Costs {
        let peak = number(page, "votes a second, one Postgres");
        let small = number(page, "a batch of twenty votes");
        let vote = 1.0 / peak;
        Costs {
            vote,
            batch: small / 1_000.0 - 20.0 * vote,
        }
    }
}

/// The first number of a table's row that begins so.
fn number(page: &str, row: &str) -> f64 {
    let line = page
        .lines()
        .find(|line| line.starts_with(&format!("| {row}")));
    let cell = line.and_then(|line| line.split('|').nth(2)).expect(row);
    let digits = cell.trim().replace(',', "");
    let digits = digits.split(' ').next().expect("a number");
    digits.parse().expect("a number")
}

struct Dice(u64);

impl Dice {
    /// Within 0 and 1.
    fn roll(&mut self) -> f64 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// How many came, where `mean` were to be expected (Poisson; by Knuth's product, or the normal law for many).
    fn arrivals(&mut self, mean: f64) -> f64 {
        if mean > 50.0 {
            let normal: f64 = (0..12).map(|_| self.roll()).sum::<f64>() - 6.0;
            return (mean + mean.sqrt() * normal).round().max(0.0);
        }
        let (limit, mut product, mut count) = ((-mean).exp(), self.roll(), 0.0);
        while product > limit {
            product *= self.roll();
            count += 1.0;
        }
        count
    }
}

/// What became of one partition.
#[derive(Default)]
struct Came {
    taken: f64,
    refused: f64,
    /// Refused votes that wait for their Retry-After, at the most.
    crowd: f64,
    /// Seconds after the last voter came.
    late: f64,
    /// (seconds waited, votes)
    waits: Vec<(f64, f64)>,
}

/// A partition's writer, and who waits for it.
struct Writer {
    costs: Costs,
    waiting: f64,
    /// Refused, and not back yet.
    again: f64,
    came: Came,
}

impl Writer {
    fn new(costs: Costs) -> Writer {
        Writer {
            costs,
            waiting: 0.0,
            again: 0.0,
            came: Came::default(),
        }
    }

    /// One batch, while which `new` come, given how long it takes; gives that time.
    fn turn(&mut self, dice: &mut Dice, new: impl FnOnce(f64, &mut Dice) -> f64) -> f64 {
        let batch = self.waiting.min(BATCH);
        let busy = match batch > 0.0 {
            true => self.costs.batch + batch * self.costs.vote,
            false => 0.001,
        };
        self.came.taken += batch;
        self.waiting -= batch;
        if batch > 0.0 {
            // Whoever comes meets what waits, and half of the batch that is under way.
            let wait = busy * (self.waiting / BATCH + 1.5);
            self.came.waits.push((wait, batch));
        }
        let back = dice.arrivals(self.again * busy / AGAIN).min(self.again);
        let come = new(busy, dice) + back;
        let refused = (come - (QUEUE - self.waiting)).max(0.0);
        self.came.refused += refused;
        self.again += refused - back;
        self.came.crowd = self.came.crowd.max(self.again);
        self.waiting += come - refused;
        busy
    }
}

/// The crowd: half a sine over the span, whose mean is `votes / span`.
fn rate(votes: f64, span: f64, at: f64) -> f64 {
    let share = (at / span).clamp(0.0, 1.0) * std::f64::consts::PI;
    votes / span * std::f64::consts::FRAC_PI_2 * share.sin()
}

/// One partition, until all `votes` are in, which come within `span` seconds.
fn partition(costs: Costs, votes: f64, span: f64, dice: &mut Dice) -> Came {
    let votes = votes.floor();
    match rate(votes, span, span / 2.0) * costs.vote < CALM {
        true => calm(costs, votes, span, dice),
        false => crowded(costs, votes, span, dice),
    }
}

/// Nothing is left over from one second to the next: sixty of them stand for all.
fn calm(costs: Costs, votes: f64, span: f64, dice: &mut Dice) -> Came {
    let mut came = Came::default();
    for second in 0..SECONDS {
        let rate = rate(
            votes,
            span,
            (f64::from(second) + 0.5) * span / f64::from(SECONDS),
        );
        let (mut writer, mut now) = (Writer::new(costs), 0.0);
        while now < 1.0 {
            now += writer.turn(dice, |busy, dice| dice.arrivals(rate * busy));
        }
        let weight = rate * span / f64::from(SECONDS) / writer.came.taken.max(1.0);
        came.refused += writer.came.refused * weight;
        let waits = writer.came.waits.into_iter();
        came.waits
            .extend(waits.map(|(wait, batch)| (wait, batch * weight)));
    }
    came.taken = votes;
    came
}

/// Every batch, to the last vote.
fn crowded(costs: Costs, votes: f64, span: f64, dice: &mut Dice) -> Came {
    let (mut writer, mut now, mut arrived) = (Writer::new(costs), 0.0, 0.0);
    while writer.came.taken < votes {
        now += writer.turn(dice, |busy, dice| {
            let left = votes - arrived;
            let new = match now < span {
                true => dice.arrivals(rate(votes, span, now) * busy).min(left),
                false => left,
            };
            arrived += new;
            new
        });
    }
    writer.came.late = (now - span).max(0.0);
    writer.came
}

/// The share of all votes that each tool has, the most popular first: Zipf, with `first` for the first where that is given.
fn popularity(first: Option<f64>) -> Vec<f64> {
    let weights: Vec<f64> = (1..=TOOLS).map(|rank| 1.0 / rank as f64).collect();
    let sum: f64 = weights.iter().sum();
    let mut shares: Vec<f64> = weights.iter().map(|weight| weight / sum).collect();
    if let Some(first) = first {
        let rest = (1.0 - first) / (1.0 - shares[0]);
        shares.iter_mut().for_each(|share| *share *= rest);
        shares[0] = first;
    }
    shares
}

/// Votes of each partition: each tool, with all of its votes, goes where the fewest are.
fn partitions(count: usize, votes: f64, shares: &[f64]) -> Vec<f64> {
    let mut loads = vec![0.0; count];
    for share in shares {
        let least = (0..count).min_by(|a, b| f64::total_cmp(&loads[*a], &loads[*b]));
        loads[least.expect("a partition")] += share * votes;
    }
    loads
}

fn millions(count: f64) -> String {
    match count < 1.0 {
        true => "none".to_owned(),
        false => format!("{:.1} million", count / 1e6),
    }
}

/// One row of the table.
fn row(costs: Costs, crowd: (&str, f64), first: Option<f64>, count: usize) -> String {
    let (name, span) = crowd;
    let (votes, shares) = (100e6 * VOTES, popularity(first));
    let mut dice = Dice(7);
    let mut all = Came::default();
    let mut busiest = 0.0_f64;
    for load in partitions(count, votes, &shares) {
        busiest = busiest.max(load / span * std::f64::consts::FRAC_PI_2 * costs.vote);
        let came = partition(costs, load, span, &mut dice);
        all.taken += came.taken;
        all.crowd += came.crowd;
        all.late = all.late.max(came.late);
        all.waits.extend(came.waits);
    }
    all.waits.sort_by(|a, b| f64::total_cmp(&a.0, &b.0));
    let (mut seen, mut p99) = (0.0, 0.0);
    for (wait, votes) in &all.waits {
        seen += votes;
        if seen >= all.taken * 0.99 {
            p99 = *wait;
            break;
        }
    }
    assert!(
        votes - all.taken < count as f64,
        "votes were lost: {}",
        votes - all.taken
    );
    let hot = first.map_or_else(
        || "10 %".to_owned(),
        |share| format!("{:.0} %", share * 100.0),
    );
    format!(
        "| {name} | {hot} | {count} | {:.0} % | {:.1} ms | {} | {} |\n",
        busiest * 100.0,
        p99 * 1_000.0,
        millions(all.crowd / AGAIN),
        if all.late < 1.0 {
            "at once".to_owned()
        } else {
            format!("{:.0} s", all.late)
        },
    )
}

fn table(costs: Costs) -> String {
    let mut text = String::from(
        "| a hundred million voters, three votes each, within | on one tool | partitions | busiest, at its peak | wait, p99 | \
         refused each second, at most | all in, after the last came |\n| --- | --- | ---: | ---: | ---: | ---: | ---: |\n",
    );
    let (day, hour, minutes) = (
        ("a day", 86_400.0),
        ("an hour", 3_600.0),
        ("ten minutes", 600.0),
    );
    for (crowd, first, count) in [
        (day, None, 1),
        (day, Some(0.5), 1),
        (hour, None, 1),
        (hour, None, 4),
        (hour, Some(0.5), 4),
        (minutes, None, 4),
        (minutes, None, 16),
        (minutes, Some(0.5), 16),
    ] {
        text.push_str(&row(costs, crowd, first, count));
    }
    let _ = write!(
        text,
        "\nA vote costs a partition {:.1} us, a batch {:.2} ms beside its votes.\n",
        costs.vote * 1e6,
        costs.batch * 1e3
    );
    text
}

#[test]
fn the_page_says_what_is_computed() {
    let page = std::fs::read_to_string(PAGE).expect("docs/scaling.md");
    let computed = table(Costs::read(&page));
    println!("{computed}");
    let (before, rest) = page.split_once(BEGIN).expect("a place for the table");
    let (written, after) = rest.split_once(END).expect("its end");
    if std::env::var_os("RENEW").is_some() {
        std::fs::write(PAGE, format!("{before}{BEGIN}{computed}{END}{after}")).expect("the page");
        return;
    }
    assert_eq!(written, computed, "RENEW=1 cargo test --test scaling");
}

/// The twin: what cannot be borne is seen to be refused and to come late, and what can is not.
#[test]
fn a_partition_beyond_its_measure_refuses() {
    let costs = Costs {
        vote: 20e-6,
        batch: 300e-6,
    };
    let mut dice = Dice(1);
    let borne = partition(costs, 200_000.0, 10.0, &mut dice);
    assert!(
        borne.refused == 0.0 && borne.late < 0.1,
        "{} {}",
        borne.refused,
        borne.late
    );
    let beyond = partition(costs, 2_000_000.0, 10.0, &mut dice);
    assert!(
        beyond.refused > 0.0 && beyond.late > 20.0,
        "{} {}",
        beyond.refused,
        beyond.late
    );
    assert!(
        beyond.taken >= 2_000_000.0,
        "a refused vote comes again until it is taken"
    );
}
