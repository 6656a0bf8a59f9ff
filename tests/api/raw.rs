//! What no client library would send, byte by byte: each of it is refused with a problem document, and the connection's
//! next caller is served.
use crate::harness::server::Server;
use crate::harness::{Backend, run};
use serde_json::Value;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// Sends `request` and reads until the server closes: status, head and body of the last answer.
async fn answer(server: &Server, request: &[u8]) -> (u16, String, String) {
    let address = server.url.trim_start_matches("http://");
    let mut socket = TcpStream::connect(address).await.expect("connects");
    // A server that has refused already may not read the rest.
    let _ = socket.write_all(request).await;
    let mut bytes = Vec::new();
    let whole = async {
        let mut piece = [0; 4096];
        while !is_whole(&bytes) {
            match socket.read(&mut piece).await {
                Ok(0) | Err(_) => break,
                Ok(n) => bytes.extend_from_slice(&piece[..n]),
            }
        }
    };
    tokio::time::timeout(Duration::from_secs(75), whole)
        .await
        .expect("an answer");
    let text = String::from_utf8(bytes).expect("text");
    let text = text
        .strip_prefix("HTTP/1.1 100 Continue\r\n\r\n")
        .unwrap_or(&text);
    let (head, body) = text.split_once("\r\n\r\n").unwrap_or((text, ""));
    let status = head
        .split(' ')
        .nth(1)
        .and_then(|status| status.parse().ok());
    (
        status.unwrap_or_else(|| panic!("no answer: {text:?}")),
        head.to_lowercase(),
        body.to_owned(),
    )
}

/// Whether the last answer is there, with as much of a body as it announces.
fn is_whole(bytes: &[u8]) -> bool {
    let text = String::from_utf8_lossy(bytes);
    let last = text.rfind("HTTP/1.").map_or("", |at| &text[at..]);
    let Some((head, body)) = last.split_once("\r\n\r\n") else {
        return false;
    };
    let head = head.to_lowercase();
    let length = head
        .split("content-length: ")
        .nth(1)
        .and_then(|rest| rest.lines().next());
    !head.starts_with("http/1.1 100")
        && length.is_some_and(|n| n.parse().is_ok_and(|n: usize| body.len() >= n))
}

fn request(line: &str, headers: &str, body: &str) -> Vec<u8> {
    format!("{line} HTTP/1.1\r\nhost: x\r\n{headers}\r\n{body}").into_bytes()
}

#[test]
fn whatever_cannot_be_read_is_a_problem() {
    run(async {
        let server = Server::new(Backend::Sqlite).await;
        let long = |n: usize| "a".repeat(n);
        let many: String = (0..150).map(|n| format!("x-{n}: a\r\n")).collect();
        let vote = "PUT /v1/tools/codestral-2/vote";
        let json = "content-type: application/json\r\n";
        let cases: Vec<(&str, Vec<u8>, u16, &str)> = vec![
            (
                "no UTF-8 behind percents",
                request("GET /v1/tools/%ff%fe", "", ""),
                404,
                "unknown-tool",
            ),
            (
                "no UTF-8",
                b"GET /v1/tools/\xff/tally HTTP/1.1\r\nhost: x\r\n\r\n".to_vec(),
                400,
                "bad-request",
            ),
            (
                "a percent alone",
                request("GET /v1/tools/%zz/tally", "", ""),
                404,
                "unknown-tool",
            ),
            (
                "a space",
                request("GET /v1/tools/a b/tally", "", ""),
                400,
                "bad-request",
            ),
            (
                "a long address",
                request(&format!("GET /{}", long(10_000)), "", ""),
                404,
                "not-found",
            ),
            (
                "too long an address",
                request(&format!("GET /{}", long(200_000)), "", ""),
                431,
                "too-large",
            ),
            (
                "too long a header",
                request("GET /", &format!("x: {}\r\n", long(200_000)), ""),
                431,
                "too-large",
            ),
            (
                "too many headers",
                request("GET /", &many, ""),
                431,
                "too-large",
            ),
            (
                "a header without a colon",
                request("GET /", "x\r\n", ""),
                400,
                "bad-request",
            ),
            (
                "no HTTP at all",
                b"\x16\x03\x01\x02\x00\x01\r\n\r\n".to_vec(),
                400,
                "bad-request",
            ),
            (
                "HTTP/2",
                b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_vec(),
                400,
                "bad-request",
            ),
            (
                "a method that is none",
                request("G(T /", "", ""),
                400,
                "bad-request",
            ),
            (
                "a method in lower case",
                request("get /v1/tallies", "", ""),
                405,
                "method-not-allowed",
            ),
            (
                "the server itself",
                request("OPTIONS *", "", ""),
                404,
                "not-found",
            ),
            (
                "a tunnel",
                request("CONNECT example.org:443", "", ""),
                404,
                "not-found",
            ),
            (
                "no body of the announced kind",
                request(vote, &format!("{json}transfer-encoding: gzip\r\n"), "{}"),
                400,
                "bad-request",
            ),
            (
                "two lengths",
                request(
                    vote,
                    &format!("{json}content-length: 2\r\ncontent-length: 3\r\n"),
                    "{}",
                ),
                400,
                "bad-request",
            ),
            (
                "a length and chunks",
                request(
                    vote,
                    &format!("{json}content-length: 2\r\ntransfer-encoding: chunked\r\n"),
                    "2\r\n{}\r\n0\r\n\r\n",
                ),
                400,
                "bad-request",
            ),
            (
                "chunks that are none",
                request(
                    vote,
                    &format!("{json}transfer-encoding: chunked\r\n"),
                    "zz\r\n{}\r\n",
                ),
                400,
                "bad-request",
            ),
            (
                "chunks",
                request(
                    vote,
                    &format!("{json}transfer-encoding: chunked\r\n"),
                    "2\r\n{}\r\n0\r\n\r\n",
                ),
                401,
                "voter-required",
            ),
            (
                "too much, announced",
                request(
                    vote,
                    &format!("{json}expect: 100-continue\r\ncontent-length: 9999999\r\n"),
                    "",
                ),
                413,
                "too-large",
            ),
        ];
        for (what, request, status, code) in cases {
            let (answered, head, body) = answer(&server, &request).await;
            assert_eq!(answered, status, "{what}: {head}");
            assert!(
                head.contains("content-type: application/problem+json"),
                "{what}: {head}"
            );
            assert!(
                head.contains("x-content-type-options: nosniff"),
                "{what}: {head}"
            );
            let problem: Value =
                serde_json::from_str(&body).unwrap_or_else(|e| panic!("{what}: {e}: {body:?}"));
            assert_eq!(
                (problem["code"].as_str(), problem["status"].as_u64()),
                (Some(code), Some(status.into())),
                "{what}"
            );
        }
    });
}

/// An address may be written whole, as proxies do, and a method that only asks is answered without a body.
#[test]
fn other_ways_to_say_it_are_understood() {
    run(async {
        let server = Server::new(Backend::Sqlite).await;
        let tally = "http://other.example/v1/tools/codestral-2/tally";
        let (status, _, body) = answer(&server, &request(&format!("GET {tally}"), "", "")).await;
        assert_eq!(status, 200, "{body}");
        let head = server
            .client()
            .call(reqwest::Method::HEAD, "/v1/tools/codestral-2/tally");
        let head = head.send().await.expect(200);
        assert!(head.text.is_empty() && head.header("content-length").is_some_and(|n| n != "0"));
        let head = server
            .client()
            .call(reqwest::Method::HEAD, "/v1/tools/none/tally");
        assert!(head.send().await.expect(404).text.is_empty());
    });
}

/// Three votes and two reads on one connection, sent before anything is answered; the last vote's body comes late.
async fn calls_behind_one_another_are_answered_in_turn(backend: Backend) {
    let server = Server::new(backend).await;
    let voters = server.setup.mint(3).await;
    let vote = |voter: usize, body: &str| {
        let (token, length) = (&voters[voter], 17);
        let headers = format!(
            "authorization: Bearer {token}\r\ncontent-type: application/json\r\ncontent-length: {length}\r\n"
        );
        request("PUT /v1/tools/codestral-2/vote", &headers, body)
    };
    let tally = request("GET /v1/tools/codestral-2/tally", "", "");
    let ship = "{\"choice\":\"ship\"}";
    let calls = [
        tally.clone(),
        vote(0, ship),
        vote(1, ship),
        tally,
        vote(2, ""),
    ];
    let address = server.url.trim_start_matches("http://");
    let mut socket = TcpStream::connect(address).await.expect("connects");
    socket.write_all(&calls.concat()).await.expect("sends");
    let mut text = String::new();
    let read = async |socket: &mut TcpStream, text: &mut String, answers: usize| {
        let mut piece = [0; 4096];
        while text.matches("HTTP/1.1 ").count() < answers || !is_whole(text.as_bytes()) {
            let read = socket.read(&mut piece);
            let read = tokio::time::timeout(Duration::from_secs(75), read).await;
            let n = read.expect("an answer").expect("reads");
            assert!(n > 0, "the server closed: {text}");
            text.push_str(std::str::from_utf8(&piece[..n]).expect("text"));
        }
    };
    read(&mut socket, &mut text, 4).await;
    socket.write_all(ship.as_bytes()).await.expect("sends");
    read(&mut socket, &mut text, 5).await;
    let answers: Vec<(&str, Value)> = text
        .split("HTTP/1.1 ")
        .skip(1)
        .map(|answer| {
            let (head, body) = answer.split_once("\r\n\r\n").expect("a head");
            (&head[..3], serde_json::from_str(body).expect("JSON"))
        })
        .collect();
    let said: Vec<(&str, &Value)> = answers
        .iter()
        .map(|(status, body)| {
            let tally = body.get("tally").unwrap_or(body);
            (*status, &tally["community"]["ship"])
        })
        .collect();
    let expected = [("200", 0), ("201", 1), ("201", 2), ("200", 2), ("201", 3)];
    for ((status, ship), expected) in said.iter().zip(expected) {
        assert_eq!(
            (*status, ship.as_u64()),
            (expected.0, Some(expected.1)),
            "{said:?}"
        );
    }
    assert_eq!(said.len(), expected.len());
    server.verify().await;
}

#[test]
fn calls_behind_one_another_are_answered_in_turn_on_sqlite() {
    run(calls_behind_one_another_are_answered_in_turn(
        Backend::Sqlite,
    ));
}

#[test]
fn calls_behind_one_another_are_answered_in_turn_on_postgres() {
    run(calls_behind_one_another_are_answered_in_turn(
        Backend::Postgres,
    ));
}
