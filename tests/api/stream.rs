//! `GET /v1/stream`: what comes first, what comes then and how often, how it is refused; on both databases.
//!
//! Judged by the bytes of the stream and by `GET …/tally`, never by the server's own counters.
use crate::harness::server::{Home, Server};
use crate::harness::stream::{Event, Next, Stream};
use crate::harness::{Backend, eventually};
use reqwest::Method;
use serde_json::json;
use std::collections::BTreeSet;
use std::time::{Duration, Instant};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

const TOOL: &str = "codestral-2";
const OTHER: &str = "cursor-background-agents";
const SOON: Duration = Duration::from_secs(5);
/// What a second may bring of one tool.
const A_SECOND: usize = 10;
const HEARTBEAT: Duration = Duration::from_secs(15);

crate::both!(
    the_present_first_and_then_each_change,
    ten_a_second_and_the_newest_wins,
    a_hundred_tools,
    edits_show_too,
    refusals,
    places,
);

async fn server(backend: Backend) -> Server {
    Home::new(backend).setup().generous().start().await
}

async fn the_present_first_and_then_each_change(backend: Backend) {
    let server = server(backend).await;
    let client = server.client();
    let token = client.visitor().await;
    client.put_vote(&token, OTHER, "skip").await.expect(201);
    let mut stream = Stream::of(&server.url, &format!("{TOOL},no-such,{OTHER}")).await;
    let retry = match stream.next(SOON).await {
        Next::Event(event) => event.retry,
        other => panic!("{other:?}"),
    };
    assert!(
        retry.is_some_and(|ms| (1_000..10_000).contains(&ms)),
        "{retry:?}"
    );
    match stream.next(SOON).await {
        Next::Event(event) => assert_eq!(
            (event.name.as_str(), &event.data),
            ("missing", &json!({"missing": ["no-such"]}))
        ),
        other => panic!("{other:?}"),
    }
    for slug in [TOOL, OTHER] {
        let event = stream.tally(SOON).await;
        assert_eq!(event.data, client.tally(slug).await, "the present tally");
        assert_eq!(event.id, format!("{slug}:{}", event.version()));
    }
    for choice in ["ship", "skip"] {
        let answered = client.put_vote(&token, TOOL, choice).await;
        let event = stream.tally(SOON).await;
        assert_eq!(event.data, answered.json["tally"], "{choice}");
    }
    client.put_vote(&token, TOOL, "skip").await.expect(200);
    let quiet = stream.gather(Duration::from_millis(400)).await;
    assert!(quiet.is_empty(), "nothing changed: {quiet:?}");
    client.delete_vote(&token, TOOL).await.expect(200);
    assert_eq!(stream.tally(SOON).await.data["community"]["votes"], 0);
}

/// The most events of one tool within any span of a second, by the time of their arrival.
fn most_in_a_second(times: &[Instant]) -> usize {
    let within = |from: &Instant| {
        let until = *from + Duration::from_secs(1);
        times
            .iter()
            .filter(|at| (*from..until).contains(*at))
            .count()
    };
    times.iter().map(within).max().unwrap_or(0)
}

async fn ten_a_second_and_the_newest_wins(backend: Backend) {
    let server = server(backend).await;
    let client = server.client();
    let token = client.visitor().await;
    let mut stream = Stream::of(&server.url, TOOL).await;
    stream.tally(SOON).await;
    let votes = async {
        let began = Instant::now();
        let mut answers = Vec::new();
        while began.elapsed() < Duration::from_millis(2_500) {
            let choice = ["ship", "skip"][answers.len() % 2];
            answers.push(client.put_vote(&token, TOOL, choice).await);
        }
        answers
    };
    let (events, answers) = tokio::join!(stream.gather(Duration::from_millis(3_500)), votes);
    let events: Vec<Event> = events.into_iter().filter(|e| e.name == "tally").collect();
    let versions: Vec<i64> = events.iter().map(Event::version).collect();
    println!(
        "{backend:?}: {} votes, {} events",
        answers.len(),
        events.len()
    );
    assert!(
        answers.len() > 50,
        "enough votes to matter: {}",
        answers.len()
    );
    assert!(versions.is_sorted_by(|a, b| a < b), "{versions:?}");
    assert_eq!(
        events.last().expect("events").data,
        client.tally(TOOL).await
    );
    let times: Vec<Instant> = events.iter().map(|e| e.at).collect();
    // One more than ten: the network may bring two nearer to each other than they were sent.
    assert!(
        most_in_a_second(&times) <= A_SECOND + 1,
        "{} in a second",
        most_in_a_second(&times)
    );
    assert!(
        events.len() >= A_SECOND,
        "and not much fewer: {}",
        events.len()
    );
}

/// The twin: one event too many in a second is seen.
#[test]
fn a_faster_stream_is_found() {
    let began = Instant::now();
    let every = |ms: u64| -> Vec<Instant> {
        (0..40)
            .map(|n| began + Duration::from_millis(n * ms))
            .collect()
    };
    assert_eq!(most_in_a_second(&every(100)), A_SECOND);
    assert!(most_in_a_second(&every(80)) > A_SECOND + 1);
}

async fn a_hundred_tools(backend: Backend) {
    let home = Home::new(backend);
    let slugs: Vec<String> = (0..101).map(|n| format!("tool-{n}")).collect();
    let catalogue: String = slugs
        .iter()
        .map(|slug| format!("[[tools]]\nslug = \"{slug}\"\nname = \"A tool\"\n"))
        .collect();
    home.write("many.toml", catalogue);
    let setup = home.setup().generous();
    let server = setup
        .env("TALLYSHIP_CATALOG__FILE", "many.toml")
        .start()
        .await;
    let client = server.client();
    let refused = Stream::open(&server.url, &format!("?tools={}", slugs.join(",")), &[]).await;
    refused.err().expect("101").problem(422, "invalid");

    let mut stream = Stream::of(&server.url, &slugs[..100].join(",")).await;
    for slug in &slugs[..100] {
        assert_eq!(stream.tally(SOON).await.data["tool"], *slug);
    }
    // Each tool has a pace of its own: a hundred at once are a hundred events.
    let token = client.visitor().await;
    for slug in &slugs {
        client.put_vote(&token, slug, "ship").await.expect(201);
    }
    let mut told = BTreeSet::new();
    while told.len() < 100 {
        let event = stream.tally(SOON).await;
        assert_eq!(event.data["community"]["ship"], 1);
        told.insert(event.data["tool"].to_string());
    }
    assert!(!told.contains("\"tool-100\""));
}

async fn edits_show_too(backend: Backend) {
    let server = server(backend).await;
    let staff = server
        .run_cli(&["token", "create", "--role", "site", "--name", "test"])
        .await
        .success("token")
        .stdout;
    let mut stream = Stream::of(&server.url, TOOL).await;
    stream.tally(SOON).await;
    let archived = server
        .client()
        .call(Method::DELETE, &format!("/v1/tools/{TOOL}"))
        .bearer(staff.trim())
        .send()
        .await;
    assert!(archived.success(), "{}", archived.text);
    assert_eq!(stream.tally(SOON).await.data["state"], "archived");
    // What a command writes beside the server is found by looking.
    server.home().execute(
        "UPDATE tallies SET state = 0, version = version + 1, updated_at = updated_at + 1",
    );
    assert_eq!(stream.tally(SOON * 5).await.data["state"], "open");
}

async fn refusals(backend: Backend) {
    let server = server(backend).await;
    let client = server.client();
    for query in ["", "?tools=", "?tools=,,"] {
        let refused = Stream::open(&server.url, query, &[]).await;
        refused.err().expect(query).problem(422, "invalid");
    }
    for query in ["?tools=no-such", "?tools=NO%20SUCH,neither"] {
        let refused = Stream::open(&server.url, query, &[]).await;
        refused.err().expect(query).problem(404, "unknown-tool");
    }
    let path = format!("/v1/stream?tools={TOOL}");
    let refused = client.post(&path).send().await;
    assert_eq!(refused.header("allow"), Some("GET, HEAD"));
    refused.problem(405, "method-not-allowed");
    let head = client.call(Method::HEAD, &path).send().await.expect(200);
    assert_eq!(head.header("content-type"), Some("text/event-stream"));
    assert_eq!(head.text, "");

    let asks = [
        ("origin", "https://elsewhere.example"),
        ("accept-encoding", "gzip, br"),
        ("last-event-id", "codestral-2:999999"),
    ];
    let mut stream = Stream::open(&server.url, &format!("?tools={TOOL}"), &asks)
        .await
        .unwrap_or_else(|answer| panic!("{}", answer.text));
    for (name, value) in [
        ("content-type", "text/event-stream"),
        ("cache-control", "no-cache"),
        ("x-accel-buffering", "no"),
        ("access-control-allow-origin", "*"),
    ] {
        assert_eq!(stream.headers[name], value, "{name}");
    }
    assert!(!stream.headers.contains_key("content-encoding"));
    assert!(stream.headers.contains_key("x-request-id"));
    assert_eq!(stream.tally(SOON).await.version(), 1);
}

async fn places(backend: Backend) {
    let setup = Home::new(backend)
        .setup()
        .generous()
        .env("TALLYSHIP_HTTP__TRUSTED_PROXIES", "127.0.0.1")
        .env("TALLYSHIP_LIVE__STREAMS", "4")
        .env("TALLYSHIP_LIVE__STREAMS_PER_NETWORK", "2");
    let server = setup.start().await;
    let open = async |address: &str| {
        let headers = [("x-forwarded-for", address)];
        Stream::open(&server.url, &format!("?tools={TOOL}"), &headers).await
    };
    let refused = |answer: Result<Stream, _>, status, code| {
        let answer: crate::harness::client::Answer = answer.err().expect("refused");
        assert!(answer.header("retry-after").is_some(), "{answer:?}");
        answer.problem(status, code);
    };
    let first = open("192.0.2.1").await.expect("a place");
    let _second = open("192.0.2.1").await.expect("a place");
    refused(open("192.0.2.1").await, 429, "rate-limited");
    let _third = open("192.0.2.2").await.expect("another network");
    let _fourth = open("192.0.2.3").await.expect("another network");
    refused(open("192.0.2.4").await, 503, "overloaded");
    // A closed stream frees its permit.
    drop(first);
    eventually("the place is free", SOON * 5, async || {
        open("192.0.2.1").await.is_ok()
    })
    .await;
}

#[test]
fn a_quiet_stream_beats_on_sqlite() {
    crate::harness::run(async {
        let server = server(Backend::Sqlite).await;
        let mut stream = Stream::of(&server.url, TOOL).await;
        stream.tally(SOON).await;
        let opened = Instant::now();
        for _ in 0..2 {
            match stream.next(HEARTBEAT * 5).await {
                Next::Event(event) => assert!(event.comment, "{event:?}"),
                other => panic!("{other:?}"),
            }
        }
        let took = opened.elapsed();
        println!("two heartbeats within {took:?}");
        assert!(took > HEARTBEAT && took <= HEARTBEAT * 2 * 5);
    });
}

/// A client of HTTP/1.0 knows no chunks: it gets the bare events.
#[test]
fn http_1_0_gets_bare_events_on_sqlite() {
    crate::harness::run(async {
        let server = server(Backend::Sqlite).await;
        let address = server.url.trim_start_matches("http://");
        let mut socket = tokio::net::TcpStream::connect(address)
            .await
            .expect("connects");
        let request = format!("GET /v1/stream?tools={TOOL} HTTP/1.0\r\n\r\n");
        socket.write_all(request.as_bytes()).await.expect("sends");
        let mut seen = String::new();
        while !seen.contains("event: tally") || !seen.ends_with("\n\n") {
            let mut bytes = [0; 4096];
            let read = tokio::time::timeout(SOON, socket.read(&mut bytes)).await;
            let n = read.expect("in time").expect("reads");
            assert!(n > 0, "{seen}");
            seen += std::str::from_utf8(&bytes[..n]).expect("text");
        }
        let (head, body) = seen.split_once("\r\n\r\n").expect("a head");
        assert!(!head.contains("chunked"), "{head}");
        assert!(
            body.starts_with("retry: ") && !body.contains('\r'),
            "{body}"
        );
    });
}
