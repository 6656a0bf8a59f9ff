//! Growth: what a vote costs with 100,000 and with 10,000,000 votes in the table, after a start with cold caches; and how
//! long start and recount take then.
//!
//! Called late. Both tables stand side by side, each with a server of its own, and are voted on in turn: what the machine
//! does besides falls on both, and no minutes lie between the two halves of a ratio.
use crate::cpu;
use crate::filling::{Filled, TOOLS, zipf};
use crate::harness::Backend;
use crate::load::{Make, closed};
use crate::report::{Report, ratios, spread, told};
use crate::requests::{Voters, get, request};
use crate::subjects::{self, Subject, of_server};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tallyship::auth::new_voter;
use tallyship::domain::VoterId;

const SMALL: usize = 100_000;
pub const LARGE: usize = 10_000_000;
/// Of votes: the first of the rounds is the one with cold caches.
const SPAN: Duration = Duration::from_secs(5);
const READS: Duration = Duration::from_secs(2);
const ROUNDS: usize = 5;

/// Page caches are dropped where that is allowed; else the report says that it was not.
fn drop_caches() -> bool {
    std::process::Command::new("sync").status().is_ok()
        && std::fs::write("/proc/sys/vm/drop_caches", "3").is_ok()
}

/// An id that lies anywhere: a site user's.
fn scattered(n: u64) -> VoterId {
    let (high, low) = (
        n.wrapping_mul(0x9e37_79b9_7f4a_7c15),
        n.wrapping_mul(0xd1b5_4a32_d192_ed03),
    );
    VoterId((u128::from(high) << 64 | u128::from(low)).to_be_bytes())
}

/// Votes of ever new voters, on tools as they are popular.
fn votes() -> Make {
    let voters = Voters::new();
    Arc::new(move || {
        let n = voters.next();
        let spread = (n.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 11) as f64 / (1_u64 << 53) as f64;
        let voter = if n.is_multiple_of(5) {
            scattered(n)
        } else {
            new_voter()
        };
        request(
            "PUT",
            &format!("tool-{}", zipf(spread)),
            &voters.token(voter),
            // As people are: one hand's votes would be held.
            Some(if n.is_multiple_of(3) { "skip" } else { "ship" }),
        )
    })
}

/// A table that is voted on, and what that costs.
struct Table {
    filled: Filled,
    subject: Subject,
    votes: Make,
    cold: bool,
    start: f64,
    /// Microseconds of CPU a vote.
    costs: Vec<f64>,
    /// The same over the ceiling's of its round.
    ratios: Vec<f64>,
    /// A read over the ceiling's.
    reads: Vec<f64>,
}

impl Table {
    /// A server on it, started cold.
    async fn open(filled: Filled) -> Table {
        let cold = drop_caches();
        let others = filled.cluster.iter().map(|cluster| cluster.pid()).collect();
        let subject = of_server("growing", filled.setup.clone(), others, Box::new(())).await;
        Table {
            start: subject.server().started_in.as_secs_f64(),
            filled,
            subject,
            votes: votes(),
            cold,
            costs: Vec::new(),
            ratios: Vec::new(),
            reads: Vec::new(),
        }
    }

    /// Recounts, stops, and reports; returns whether all but the cost holds.
    async fn close(self, report: &mut Report) -> bool {
        let backend = self.filled.backend;
        let memory = cpu::memory(self.subject.pid());
        let began = Instant::now();
        self.subject.server().verify().await;
        let verify = began.elapsed().as_secs_f64();
        let server = self.subject.server();
        server.sigterm(Duration::from_secs(30)).await;
        report.line(&format!(
            "| {backend:?} | {} | {:.1} us | {} | {} | {:.2} s | {memory:.0} MiB | {verify:.1} s |{}",
            self.filled.votes,
            spread(&self.costs).0,
            told(&self.ratios),
            told(&self.reads),
            self.start,
            if self.cold {
                ""
            } else {
                " caches could not be dropped |"
            }
        ));
        self.start < 1.0 && memory < 200.0 && verify < 60.0
    }
}

/// Microseconds of CPU a call.
async fn cost(subject: &Subject, span: Duration, make: &Make) -> f64 {
    let before = subject.cpu();
    let make = Arc::clone(make);
    let result = closed(&subject.url, 256, span, move || make()).await;
    let fine = |status: &u16| (200..300).contains(status);
    assert!(result.statuses.keys().all(fine), "{:?}", result.statuses);
    (subject.cpu() - before).as_secs_f64() * 1e6 / result.calls as f64
}

/// A round of votes or of reads: both tables, each first in turn, and the ceiling.
async fn round(
    (tables, ceiling): (&[Table; 2], &Subject),
    first: usize,
    span: Duration,
    makes: [&Make; 2],
) -> [f64; 3] {
    let mut costs = [0.0; 3];
    for which in [first, 1 - first] {
        costs[which] = cost(&tables[which].subject, span, makes[which]).await;
    }
    costs[2] = cost(ceiling, span, makes[0]).await;
    costs
}

pub async fn measure(report: &mut Report, large: usize) {
    report.line("\n## Growth\n");
    report.line(&format!("{TOOLS} tools of Zipf popularity, one voter in five with a random id, start with cold caches; both tables side by side, {ROUNDS} rounds of {} s on each and on the ceiling in turn: medians, least and most.\n", SPAN.as_secs()));
    report.line("| database | votes | CPU a vote | of the ceiling | a tally read, of the ceiling | start to ready (1 s) | memory (200 MiB) | verify (60 s) |\n| --- | --- | --- | --- | --- | --- | --- | --- |");
    let ceiling = subjects::ceiling("ceiling", b"{}").await;
    let read: Make = Arc::new(|| get("/v1/tools/tool-1/tally", None));
    for backend in [Backend::Sqlite, Backend::Postgres] {
        let large = Filled::with(backend, large).await;
        let small = Filled::with(backend, SMALL).await;
        let mut tables = [Table::open(large).await, Table::open(small).await];
        for n in 0..ROUNDS {
            let makes = [&tables[0].votes, &tables[1].votes];
            let costs = round((&tables, &ceiling), n % 2, SPAN, makes).await;
            println!("  {backend:?}: large, small, ceiling {costs:.1?} us");
            for (table, cost) in tables.iter_mut().zip(costs) {
                table.costs.push(cost);
                table.ratios.push(cost / costs[2]);
            }
        }
        for n in 0..ROUNDS {
            let costs = round((&tables, &ceiling), n % 2, READS, [&read, &read]).await;
            for (table, cost) in tables.iter_mut().zip(costs) {
                table.reads.push(cost / costs[2]);
            }
        }
        let [large, small] = tables;
        let growth = ratios(&large.costs, &small.costs);
        let reads = ratios(&large.reads, &small.reads);
        let holds = [small.close(report).await, large.close(report).await];
        let holds = holds == [true; 2] && spread(&growth).0 <= 1.25;
        report.line(&format!(
            "| {backend:?} | growth | | {} times (1.25) | {} times | | | {} |",
            told(&growth),
            told(&reads),
            if holds { "holds" } else { "**does not hold**" }
        ));
    }
}
