//! Open-loop latency: calls are due on a fixed schedule at half of the peak rate, and each is timed from when it was due,
//! so that a stall delays nobody's clock but its own.
//!
//! Called after `throughput`, which found the peaks. The mix is a site's: re-votes, retractions, one hot tool.
use crate::report::Report;
use crate::subjects::{self, Subject};
use crate::throughput::Peaks;
use crate::wishes::Voters;
use crate::{harness, pace};
use std::io::Write;
use std::time::{Duration, Instant};

const SPAN: Duration = Duration::from_secs(10);
/// Of what stands beside us, at each rate.
const SHORT: Duration = Duration::from_secs(5);
const CONNECTIONS: usize = 256;

/// The middle of 200 small writes, each followed by fdatasync, on the disk where the databases lie.
fn median_sync() -> Duration {
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
    times[times.len() / 2]
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
    let sync = median_sync();
    report.line("\n## Latency\n");
    report.line(&format!("Open loop at half of the peak rate for {} s, timed from when each call was due; half of all on one tool, one in five a re-vote or a retraction. Median fdatasync in this run: {:.2} ms, so p50 must stay under {:.2} ms.", SPAN.as_secs(), ms(sync), ms(sync) * 2.0 + 1.0));
    report.line(&format!("\nBeside it, for {} s each: the same at a tenth of that rate, when hardly anybody waits for a core; and at each rate, with first votes only, the ceiling, and the ceiling with a log (a thread writes what waits to a file, and answers after one fdatasync for all of it). Nobody who answers after fsync can be much below that on this machine.\n", SHORT.as_secs()));
    report.line("| server | calls a second | CPU a call | p50 | p99 (15 ms) | p99.9 (60 ms) | slowest | |\n| --- | --- | --- | --- | --- | --- | --- | --- |");
    for (subject, peak) in [
        (subjects::sqlite().await, peaks.sqlite),
        (subjects::postgres().await, peaks.postgres),
    ] {
        let (half, voters) = (peak / 2.0, Voters::new());
        let mixed = || {
            let voters = voters.clone();
            move || voters.mixed()
        };
        timed(report, &subject, half, SPAN, mixed(), |times| {
            let holds = at(times, 0.5) < ms(sync) * 2.0 + 1.0
                && at(times, 0.99) < 15.0
                && at(times, 0.999) < 60.0;
            if holds { "holds" } else { "**does not hold**" }
        })
        .await;
        timed(report, &subject, half / 10.0, SHORT, mixed(), |_| "").await;
        subject.server().verify().await;
        drop(subject);
        for bare in [
            subjects::ceiling("ceiling", &[]).await,
            subjects::bare_log().await,
        ] {
            for rate in [half, half / 10.0] {
                let voters = Voters::new();
                let first = move || voters.first_vote();
                timed(report, &bare, rate, SHORT, first, |_| "").await;
            }
        }
    }
}

/// Measures, and reports a row with what `judge` says of it.
async fn timed(
    report: &mut Report,
    subject: &Subject,
    rate: f64,
    span: Duration,
    next: impl FnMut() -> Vec<u8> + Send + 'static,
    judge: impl FnOnce(&[Duration]) -> &'static str,
) {
    let before = subject.cpu();
    let times = paced(subject, rate, span, next).await;
    let cpu = (subject.cpu() - before).as_secs_f64() * 1e6 / times.len() as f64;
    report.line(&format!(
        "| {} | {rate:.0} | {cpu:.1} us | {:.2} ms | {:.2} ms | {:.2} ms | {:.1} ms | {} |",
        subject.name,
        at(&times, 0.5),
        at(&times, 0.99),
        at(&times, 0.999),
        at(&times, 1.0),
        judge(&times)
    ));
}

/// Milliseconds within which that share of all was answered.
fn at(times: &[Duration], share: f64) -> f64 {
    ms(times[((times.len() as f64 * share) as usize).min(times.len() - 1)])
}

fn ms(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}
