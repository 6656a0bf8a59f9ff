//! CPU per call and calls per second of votes and reads, interleaved with their ceilings.
//!
//! Called first; what it finds as peak rates, `openloop` takes the half of.
use crate::load::{Loop, Make, closed};
use crate::report::{Report, ratios, spread};
use crate::requests::{TOOLS, Voters, get, request};
use crate::subjects::{self, Subject};
use crate::{cpu, harness};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;
use tallyship::auth::new_voter;

const CONNECTIONS: usize = 256;

/// Votes per second in the closed loop.
pub struct Peaks {
    pub sqlite: f64,
    pub postgres: f64,
}

/// Microseconds of CPU a call, and calls a second, one for each round.
#[derive(Default)]
struct Series {
    micros: Vec<f64>,
    rates: Vec<f64>,
}

type Book = BTreeMap<&'static str, Series>;

/// One span of load on a subject, with what the rest of the machine did meanwhile.
async fn span(
    book: &mut Book,
    name: &'static str,
    subject: &Subject,
    seconds: u64,
    make: Make,
    expected: &[u16],
) -> Loop {
    let (busy, all) = cpu::of_machine();
    let before = subject.cpu();
    let result = closed(
        &subject.url,
        CONNECTIONS,
        Duration::from_secs(seconds),
        move || make(),
    )
    .await;
    let used = subject.cpu() - before;
    let (busy_after, all_after) = cpu::of_machine();
    let micros = used.as_secs_f64() * 1e6 / result.calls as f64;
    let machine = 100.0 * (busy_after - busy).as_secs_f64() / (all_after - all).as_secs_f64();
    println!(
        "  {name}: {micros:.2} us of CPU a call, {:.0} calls a second, machine {machine:.0} % busy, {:?}",
        result.rate(),
        result.statuses
    );
    assert!(
        result
            .statuses
            .keys()
            .all(|status| expected.contains(status)),
        "{name}: {:?}",
        result.statuses
    );
    let series = book.entry(name).or_default();
    series.micros.push(micros);
    series.rates.push(result.rate());
    result
}

pub async fn measure(report: &mut Report, rounds: usize, seconds: u64) -> Peaks {
    let voters = Voters::new();
    let (sqlite, postgres, redis) = (
        subjects::sqlite().await,
        subjects::postgres().await,
        subjects::sqlite_with_redis().await,
    );
    for subject in [&sqlite, &postgres, &redis] {
        subjects::moderate(subject).await;
    }
    let strict = subjects::strict().await;
    let one_path = format!("/v1/tools/{}/tally", TOOLS[0]);
    let slugs: Vec<String> = many_tools(&sqlite).await;
    let many_path = format!("/v1/tallies?tools={}", slugs.join(","));
    let client = sqlite.server().client();
    let (one, many) = (
        client.get(&one_path).send().await.expect(200),
        client.get(&many_path).send().await.expect(200),
    );
    assert_eq!(many.json["tallies"].as_array().map(Vec::len), Some(100));
    let ceiling = subjects::ceiling("ceiling", one.text.as_bytes()).await;
    let ceiling_many = subjects::ceiling("ceiling, 100 tallies", many.text.as_bytes()).await;
    let spent: Vec<Vec<u8>> = (0..CONNECTIONS)
        .map(|_| request("PUT", TOOLS[0], &voters.token(new_voter()), Some("ship")))
        .collect();

    let votes = {
        let voters = voters.clone();
        Arc::new(move || voters.first_vote()) as Make
    };
    let fixed = |bytes: Vec<u8>| Arc::new(move || bytes.clone()) as Make;
    let refused = {
        let voters = voters.clone();
        Arc::new(move || spent[voters.next() as usize % spent.len()].clone()) as Make
    };
    let mut book = Book::new();
    for round in 1..=rounds {
        println!("round {round}");
        span(
            &mut book,
            "ceiling PUT",
            &ceiling,
            seconds,
            votes.clone(),
            &[204],
        )
        .await;
        span(
            &mut book,
            "refused, 429",
            &strict,
            seconds,
            refused.clone(),
            &[201, 429],
        )
        .await;
        span(
            &mut book,
            "vote, SQLite",
            &sqlite,
            seconds,
            votes.clone(),
            &[201],
        )
        .await;
        span(
            &mut book,
            "ceiling PUT, again",
            &ceiling,
            seconds,
            votes.clone(),
            &[204],
        )
        .await;
        span(
            &mut book,
            "vote, Postgres",
            &postgres,
            seconds,
            votes.clone(),
            &[201],
        )
        .await;
        span(
            &mut book,
            "vote, SQLite and Redis",
            &redis,
            seconds,
            votes.clone(),
            &[201],
        )
        .await;
        // Reads after votes have stopped, so that a tally keeps its tag for a while.
        let etag = client
            .get(&one_path)
            .send()
            .await
            .header("etag")
            .expect("a tag")
            .to_owned();
        span(
            &mut book,
            "ceiling GET",
            &ceiling,
            seconds,
            fixed(get("/", None)),
            &[200],
        )
        .await;
        span(
            &mut book,
            "tally, 200",
            &sqlite,
            seconds,
            fixed(get(&one_path, None)),
            &[200],
        )
        .await;
        span(
            &mut book,
            "tally, 304",
            &sqlite,
            seconds,
            fixed(get(&one_path, Some(&etag))),
            &[304],
        )
        .await;
        span(
            &mut book,
            "ceiling GET, 100 tallies",
            &ceiling_many,
            seconds,
            fixed(get("/", None)),
            &[200],
        )
        .await;
        span(
            &mut book,
            "100 tallies",
            &sqlite,
            seconds,
            fixed(get(&many_path, None)),
            &[200],
        )
        .await;
    }
    for subject in [&sqlite, &postgres, &redis] {
        subject.server().verify().await;
    }
    write(report, &book);
    Peaks {
        sqlite: spread(&book["vote, SQLite"].rates).0,
        postgres: spread(&book["vote, Postgres"].rates).0,
    }
}

/// Votes on Postgres alone, each span beside one of the ceiling, told apart by process: for whoever works on that path.
pub async fn postgres(report: &mut Report, rounds: usize, seconds: u64) {
    let (voters, postgres) = (Voters::new(), subjects::postgres().await);
    subjects::moderate(&postgres).await;
    let ceiling = subjects::ceiling("ceiling", b"{}").await;
    let votes = Arc::new(move || voters.first_vote()) as Make;
    let mut book = Book::new();
    let (mut server, mut calls) = (Duration::ZERO, 0);
    for _ in 0..rounds {
        let make = || votes.clone();
        span(&mut book, "ceiling", &ceiling, seconds, make(), &[204]).await;
        let before = cpu::of_family(postgres.pid());
        let ours = span(&mut book, "vote", &postgres, seconds, make(), &[201]).await;
        server += cpu::of_family(postgres.pid()) - before;
        calls += ours.calls;
    }
    postgres.server().verify().await;
    let (vote, ceiling) = (&book["vote"], &book["ceiling"]);
    report.line("| figure | measured | must | aim | |\n| --- | --- | --- | --- | --- |");
    let cost = ratios(&vote.micros, &ceiling.micros);
    report.ratio("durable vote, Postgres", &cost, 3.0, 2.5);
    report.line(&format!(
        "Of {:.2} us a vote, the server's own {:.2}; {:.2} of the ceiling's calls a second.",
        spread(&vote.micros).0,
        server.as_secs_f64() * 1e6 / calls as f64,
        spread(&ratios(&vote.rates, &ceiling.rates)).0
    ));
}

fn write(report: &mut Report, book: &Book) {
    let micros = |name: &str| book[name].micros.as_slice();
    report.line("\n## Cost\n\nCPU a call as a multiple of the ceiling's, medians of interleaved rounds (least to most).\n");
    report.line("| figure | measured | must | aim | |\n| --- | --- | --- | --- | --- |");
    report.ratio(
        "durable vote, SQLite, limiter in process",
        &ratios(micros("vote, SQLite"), micros("ceiling PUT")),
        2.8,
        2.0,
    );
    report.ratio(
        "durable vote, Postgres (both processes), limiter in process",
        &ratios(micros("vote, Postgres"), micros("ceiling PUT, again")),
        3.0,
        2.5,
    );
    let added: Vec<f64> = micros("vote, SQLite and Redis")
        .iter()
        .zip(micros("vote, SQLite"))
        .map(|(with, without)| with - without)
        .collect();
    report.ratio(
        "what the Redis limiter adds (client and Redis)",
        &ratios(&added, micros("ceiling PUT")),
        1.8,
        1.2,
    );
    report.ratio(
        "one tally, 200",
        &ratios(micros("tally, 200"), micros("ceiling GET")),
        1.25,
        1.05,
    );
    report.ratio(
        "one tally, 304",
        &ratios(micros("tally, 304"), micros("ceiling GET")),
        1.2,
        1.0,
    );
    report.ratio(
        "100 tallies in one call",
        &ratios(micros("100 tallies"), micros("ceiling GET, 100 tallies")),
        2.0,
        1.2,
    );
    report.ratio(
        "refused by quota (429)",
        &ratios(micros("refused, 429"), micros("ceiling PUT")),
        1.3,
        1.1,
    );
    report.line("\n## Throughput\n\nCalls a second in a closed loop of 256 connections; client, server and databases share the cores.\n");
    report
        .line("| what | CPU a call | calls a second | of the ceiling |\n| --- | --- | --- | --- |");
    for (name, series) in book {
        let below = if name.contains("100") {
            "ceiling GET, 100 tallies"
        } else if name.contains("GET") || name.starts_with("tally") {
            "ceiling GET"
        } else {
            "ceiling PUT"
        };
        let share = spread(&ratios(&series.rates, &book[below].rates)).0;
        report.line(&format!(
            "| {name} | {:.2} us | {:.0} | {share:.2} |",
            spread(&series.micros).0,
            spread(&series.rates).0
        ));
    }
}

/// The slugs of a hundred tools, put there for the purpose.
async fn many_tools(subject: &Subject) -> Vec<String> {
    let slugs: Vec<String> = (0..100).map(|n| format!("tool-{n}")).collect();
    let tools: Vec<_> = slugs.iter().map(|slug| serde_json::json!({"slug": slug, "name": slug, "reviews": [{"reviewer": "R", "verdict": "ship"}]})).collect();
    let server = subject.server();
    server
        .home()
        .write("tools.json", serde_json::to_vec(&tools).expect("json"));
    server
        .run_cli(&["catalog", "import", "tools.json"])
        .await
        .success("import");
    let client = server.client();
    harness::eventually("the tools are shown", Duration::from_secs(20), async || {
        client.get("/v1/tools/tool-99").send().await.success()
    })
    .await;
    slugs
}
