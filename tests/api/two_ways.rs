//! Votes and tallies are taken on a short way, and on the framework's own where an address needs decoding: what a caller
//! sees must be the same on both.
use crate::harness::client::Answer;
use crate::harness::server::Server;
use crate::harness::{Backend, run};
use serde_json::json;

const PLAIN: &str = "codestral-2";
/// The same slug to whoever decodes addresses.
const ENCODED: &str = "codestral%2D2";

/// Everything of an answer but what must differ between any two.
fn seen(answer: &Answer) -> (u16, Vec<String>, Vec<String>, String) {
    let names = answer.headers.keys().map(ToString::to_string).collect();
    let values = answer
        .headers
        .iter()
        .filter(|(name, _)| !["date", "x-request-id", "ratelimit"].contains(&name.as_str()))
        .map(|(name, value)| format!("{name}: {value:?}"))
        .collect();
    let mut body = answer.json.clone();
    if let Some(vote) = body.get_mut("vote") {
        vote["cast_at"] = json!(null);
    }
    if let Some(tally) = body.get_mut("tally") {
        tally["version"] = json!(null);
        tally["updated_at"] = json!(null);
    }
    (answer.status, names, values, body.to_string())
}

#[test]
fn both_ways_answer_alike() {
    run(async {
        let server = Server::new(Backend::Sqlite).await;
        let client = server.client();
        let voters = server.setup.mint(8).await;
        let origin = "https://not-allowed.example";
        for (n, what) in [
            "vote", "again", "withdraw", "bad json", "no token", "origin", "tally", "unknown",
        ]
        .into_iter()
        .enumerate()
        {
            let mut answers = Vec::new();
            for slug in [PLAIN, ENCODED] {
                let vote = format!("/v1/tools/{slug}/vote");
                let tally = format!("/v1/tools/{slug}/tally");
                let cast = client.put(&vote).bearer(&voters[n]);
                let call = match what {
                    "vote" => {
                        client.delete(&vote).bearer(&voters[n]).send().await;
                        cast.json(&json!({"choice": "ship"}))
                    }
                    "again" => {
                        let first = client.put(&vote).bearer(&voters[n]);
                        first.json(&json!({"choice": "skip"})).send().await;
                        cast.json(&json!({"choice": "skip"}))
                    }
                    "withdraw" => client.delete(&vote).bearer(&voters[n]),
                    "bad json" => cast.header("content-type", "application/json").body("{"),
                    "no token" => client.put(&vote).json(&json!({"choice": "ship"})),
                    "origin" => cast
                        .header("origin", origin)
                        .json(&json!({"choice": "ship"})),
                    "tally" => client.get(&tally).header("origin", origin),
                    _ => client.get(&format!("{tally}x")),
                };
                answers.push(call.send().await);
            }
            assert_eq!(seen(&answers[0]), seen(&answers[1]), "{what}");
        }
    });
}
