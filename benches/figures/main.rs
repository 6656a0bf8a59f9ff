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

mod barelog;
mod ceiling;
mod cpu;
mod filling;
mod growth;
mod instructions;
mod live;
mod load;
mod openloop;
mod pace;
mod report;
mod requests;
mod subjects;
mod throughput;

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    let part = arguments.get(1).map_or("full", String::as_str);
    let votes = arguments
        .get(2)
        .and_then(|text| text.parse().ok())
        .unwrap_or(growth::LARGE);
    let text = |at: usize| arguments.get(at).map_or("", String::as_str);
    match part {
        "ceiling" => ceiling::serve(text(2)),
        "bare-log" => barelog::serve(text(2)),
        "bare-stream" => live::bare(text(2)),
        "subscribe" => live::subscribe(text(2), text(3).parse().expect("how many")),
        _ => tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .enable_all()
            .build()
            .expect("a runtime")
            .block_on(measure(part, votes)),
    }
}

/// `short`: votes and reads alone. `growth [VOTES]`, `live`, `postgres`, `latency`, `instructions`: that alone. Otherwise all, and the report is written.
async fn measure(part: &str, votes: usize) {
    let mut report = report::Report::new();
    report.conditions();
    if part == "growth" {
        return growth::measure(&mut report, votes).await;
    }
    if part == "instructions" {
        return instructions::measure(&mut report).await;
    }
    if part == "live" {
        return live::measure(&mut report).await;
    }
    if part == "postgres" {
        return throughput::postgres(&mut report, 8, 3).await;
    }
    if part == "latency" {
        let peaks = throughput::measure(&mut report, 1, 3).await;
        return openloop::measure(&mut report, &peaks).await;
    }
    // Short spans and many: on shared processors the pace changes within seconds, and a ratio is of two spans side by side.
    let rounds = if part == "short" { 5 } else { 15 };
    let peaks = throughput::measure(&mut report, rounds, 2).await;
    if part != "short" {
        openloop::measure(&mut report, &peaks).await;
        growth::measure(&mut report, votes).await;
        live::measure(&mut report).await;
        report.write("docs/benchmarks.md");
    }
}
