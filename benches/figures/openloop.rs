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

/// Latencies of `rate` calls a second for `span`, sorted.
pub async fn latencies(
    subject: &Subject,
    rate: f64,
    span: Duration,
    voters: &Voters,
) -> Vec<Duration> {
    let address = subject.url.trim_start_matches("http://").to_owned();
    let total = (rate * span.as_secs_f64()) as u32;
    let voters = voters.clone();
    let paced = tokio::task::spawn_blocking(move || {
        // Made before the first is due: signing tokens is no work of the server's.
        let requests: Vec<Vec<u8>> = (0..total).map(|_| voters.mixed()).collect();
        pace::run(&address, CONNECTIONS, rate, &requests)
    });
    let mut times = paced.await.expect("the pace");
    times.sort_unstable();
    times
}

pub async fn measure(report: &mut Report, peaks: &Peaks) {
    let sync = median_sync();
    report.line("\n## Latency\n");
    report.line(&format!("Open loop at half of the peak rate for {} s, timed from when each call was due; half of all on one tool, one in five a re-vote or a retraction. Median fdatasync in this run: {:.2} ms, so p50 must stay under {:.2} ms.\n", SPAN.as_secs(), ms(sync), ms(sync) * 2.0 + 1.0));
    report.line("| database | calls a second | p50 | p99 (15 ms) | p99.9 (60 ms) | slowest | |\n| --- | --- | --- | --- | --- | --- | --- |");
    for (subject, peak) in [
        (subjects::sqlite().await, peaks.sqlite),
        (subjects::postgres().await, peaks.postgres),
    ] {
        let times = latencies(&subject, peak / 2.0, SPAN, &Voters::new()).await;
        let at =
            |share: f64| ms(times[((times.len() as f64 * share) as usize).min(times.len() - 1)]);
        let holds = at(0.5) < ms(sync) * 2.0 + 1.0 && at(0.99) < 15.0 && at(0.999) < 60.0;
        let word = if holds { "holds" } else { "**does not hold**" };
        report.line(&format!(
            "| {} | {:.0} | {:.2} ms | {:.2} ms | {:.2} ms | {:.1} ms | {word} |",
            subject.name,
            peak / 2.0,
            at(0.5),
            at(0.99),
            at(0.999),
            at(1.0)
        ));
        subject.server().verify().await;
    }
}

fn ms(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}
