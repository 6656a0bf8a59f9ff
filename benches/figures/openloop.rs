//! Open-loop latency: calls are due on a fixed schedule at half of the peak rate, and each is timed from when it was due,
//! so that a stall delays nobody's clock but its own.
//!
//! Called after `throughput`, which found the peaks. The mix is a site's: re-votes, retractions, one hot tool.
use crate::report::{Report, spread};
use crate::requests::Voters;
use crate::subjects::{self, Subject};
use crate::throughput::Peaks;
use crate::{harness, pace};
use std::io::Write;
use std::time::{Duration, Instant};

const SPAN: Duration = Duration::from_secs(10);
/// Of what stands beside it, at each rate.
const SHORT: Duration = Duration::from_secs(3);
const ROUNDS: usize = 3;
const CONNECTIONS: usize = 256;

/// The middle of 200 small writes, each followed by fdatasync, on the disk where the databases lie: milliseconds.
fn median_sync() -> f64 {
    let folder = harness::process::Scratch::new("sync");
    let mut file = std::fs::File::create(folder.path().join("file")).expect("a file");
    let mut times: Vec<Duration> = (0..200)
        .map(|_| {
            file.write_all(&[7; 4096]).expect("writes");
            let began = Instant::now();
            file.sync_data().expect("syncs");
            began.elapsed()
        })
        .collect();
    times.sort_unstable();
    ms(times[times.len() / 2])
}

/// Latencies of `rate` calls of the mix a second for `span`, sorted.
pub async fn latencies(
    subject: &Subject,
    rate: f64,
    span: Duration,
    voters: &Voters,
) -> Vec<Duration> {
    let voters = voters.clone();
    paced(subject, rate, span, move || voters.mixed()).await
}

async fn paced(
    subject: &Subject,
    rate: f64,
    span: Duration,
    mut next: impl FnMut() -> Vec<u8> + Send + 'static,
) -> Vec<Duration> {
    let address = subject.url.trim_start_matches("http://").to_owned();
    let total = (rate * span.as_secs_f64()) as u32;
    let paced = tokio::task::spawn_blocking(move || {
        // Made before the first is due: signing tokens is no work of the server's.
        let requests: Vec<Vec<u8>> = (0..total).map(|_| next()).collect();
        pace::run(&address, CONNECTIONS, rate, &requests)
    });
    let mut times = paced.await.expect("the pace");
    times.sort_unstable();
    times
}

pub async fn measure(report: &mut Report, peaks: &Peaks) {
    let syncs: Vec<f64> = (0..ROUNDS).map(|_| median_sync()).collect();
    let sync = spread(&syncs).0;
    report.line("\n## Latency\n");
    report.line(&format!("Open loop at half of the peak rate, {ROUNDS} rounds of {} s, timed from when each call was due; half of all on one tool, one in five a re-vote or a retraction. Each round's quantile; medians, least and most. Median fdatasync in this run: {sync:.2} ms, so p50 must stay under {:.2} ms.", SPAN.as_secs(), sync * 2.0 + 1.0));
    report.line(&format!("\nIn turn with it, for {} s each: the same at a tenth of that rate, when hardly anybody waits for a core; and at each rate, with first votes only, the ceiling, and the ceiling with a log (a thread writes what waits to a file, and answers after one fdatasync for all of it). Nobody who answers after fsync can be much below that on this machine.\n", SHORT.as_secs()));
    report.line("| server | calls a second | CPU a call | p50 | p99 (15 ms) | p99.9 (60 ms) | slowest | |\n| --- | --- | --- | --- | --- | --- | --- | --- |");
    for (ours, peak) in [
        (subjects::sqlite().await, peaks.sqlite),
        (subjects::postgres().await, peaks.postgres),
    ] {
        let (half, tenth) = (peak / 2.0, peak / 20.0);
        let ceiling = subjects::ceiling("ceiling", &[]).await;
        let log = subjects::bare_log().await;
        let mut rows = [
            Row::new(&ours, half),
            Row::new(&ours, tenth),
            Row::new(&ceiling, half),
            Row::new(&ceiling, tenth),
            Row::new(&log, half),
            Row::new(&log, tenth),
        ];
        let voters = Voters::new();
        for _ in 0..ROUNDS {
            let [main, beside @ ..] = &mut rows;
            let mixed = || {
                let voters = voters.clone();
                move || voters.mixed()
            };
            main.run(SPAN, mixed()).await;
            let [rare, beside @ ..] = beside;
            rare.run(SHORT, mixed()).await;
            for row in beside {
                let voters = voters.clone();
                row.run(SHORT, move || voters.first_vote()).await;
            }
        }
        for (at, row) in rows.iter().enumerate() {
            let [p50, p99, p999, _] = row.quantiles.each_ref().map(|times| spread(times).0);
            let holds = p50 < sync * 2.0 + 1.0 && p99 < 15.0 && p999 < 60.0;
            row.report(
                report,
                match (at, holds) {
                    (0, true) => "holds",
                    (0, false) => "**does not hold**",
                    _ => "",
                },
            );
        }
        ours.server().verify().await;
    }
}

/// A server at a rate, round by round.
struct Row<'a> {
    subject: &'a Subject,
    rate: f64,
    /// Microseconds of CPU a call.
    cpu: Vec<f64>,
    /// Milliseconds: p50, p99, p99.9, the slowest.
    quantiles: [Vec<f64>; 4],
}

impl<'a> Row<'a> {
    fn new(subject: &'a Subject, rate: f64) -> Row<'a> {
        Row {
            subject,
            rate,
            cpu: Vec::new(),
            quantiles: Default::default(),
        }
    }

    async fn run(&mut self, span: Duration, next: impl FnMut() -> Vec<u8> + Send + 'static) {
        let before = self.subject.cpu();
        let times = paced(self.subject, self.rate, span, next).await;
        let used = self.subject.cpu() - before;
        self.cpu.push(used.as_secs_f64() * 1e6 / times.len() as f64);
        for (all, share) in self.quantiles.iter_mut().zip([0.5, 0.99, 0.999, 1.0]) {
            all.push(at(&times, share));
        }
    }

    fn report(&self, report: &mut Report, word: &str) {
        let told = |values: &[f64]| {
            let (middle, least, most) = spread(values);
            format!("{middle:.2} ms ({least:.2} to {most:.2})")
        };
        let [p50, p99, p999, slowest] = &self.quantiles;
        report.line(&format!(
            "| {} | {:.0} | {:.1} us | {} | {} | {} | {:.1} ms | {word} |",
            self.subject.name,
            self.rate,
            spread(&self.cpu).0,
            told(p50),
            told(p99),
            told(p999),
            spread(slowest).2,
        ));
    }
}

/// Milliseconds within which that share of all was answered.
fn at(times: &[Duration], share: f64) -> f64 {
    ms(times[((times.len() as f64 * share) as usize).min(times.len() - 1)])
}

fn ms(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}
