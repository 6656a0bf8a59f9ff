//! The figures that we claim, by one command (`benches/run`): CPU per vote and per read beside a ceiling, throughput,
//! open-loop latency, growth.
//!
//! It measures the real binary in its default configuration, quotas raised and never off. What counts is a ratio to the
//! ceiling in the same run; nothing here may compare with a number from another machine or another day.

#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::pedantic,
    reason = "a measurement may fail loudly and count freely"
)]

#[path = "../../tests/harness/mod.rs"]
mod harness;

mod ceiling;
mod cpu;
mod growth;
mod load;
mod openloop;
mod report;
mod subjects;
mod throughput;
mod wishes;

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    match arguments.iter().position(|argument| argument == "ceiling") {
        Some(at) => ceiling::serve(&arguments[at + 1]),
        None => tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .enable_all()
            .build()
            .expect("a runtime")
            .block_on(measure(
                arguments.iter().any(|argument| argument == "short"),
            )),
    }
}

async fn measure(short: bool) {
    let mut report = report::Report::new();
    report.conditions();
    let seconds = if short { 3 } else { 4 };
    let peaks = throughput::measure(&mut report, 3, seconds).await;
    if !short {
        openloop::measure(&mut report, &peaks).await;
        growth::measure(&mut report).await;
        report.write("docs/figures.md");
    }
}
