//! Casting, changing and withdrawing, as docs/api.md says; by cookie and by bearer token, on both databases.
//!
//! It must never look into the database: a vote is what the server shows of it.
use crate::harness::Backend;
use crate::harness::client::Answer;
use crate::harness::eventually;
use crate::harness::server::{Home, Server};
use serde_json::{Value, json};
use std::time::Duration;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;

const TOOL: &str = "codestral-2";
const OTHER: &str = "cursor-background-agents";

crate::both!(
    a_vote_is_cast_changed_and_withdrawn,
    own_votes,
    both_carriers,
    versions_count_changes,
    who_hangs_up_has_voted,
    nothing_personal_is_cached
);

async fn server(backend: Backend) -> Server {
    Home::new(backend).setup().generous().start().await
}

fn vote(answer: &Answer) -> &Value {
    &answer.json["vote"]
}

async fn a_vote_is_cast_changed_and_withdrawn(backend: Backend) {
    let server = server(backend).await;
    let client = server.client();
    let voter = client.visitor().await;
    let first = client.put_vote(&voter, TOOL, "ship").await.expect(201);
    assert_eq!(
        (
            vote(&first)["tool"].as_str(),
            vote(&first)["choice"].as_str()
        ),
        (Some(TOOL), Some("ship"))
    );
    assert_eq!(
        first.json["tally"],
        client.tally(TOOL).await,
        "the answer's tally is what everybody sees"
    );
    let again = client.put_vote(&voter, TOOL, "ship").await.expect(200);
    assert_eq!(vote(&again), vote(&first), "the same choice keeps its time");
    assert_eq!(
        again.json["tally"]["version"],
        first.json["tally"]["version"]
    );
    let changed = client.put_vote(&voter, TOOL, "skip").await.expect(200);
    assert_eq!(vote(&changed)["choice"], "skip");
    assert!(vote(&changed)["cast_at"].as_str() > vote(&first)["cast_at"].as_str());
    assert_eq!(client.counts(TOOL).await, (0, 1));
    assert_eq!(
        vote(&client.get_vote(&voter, TOOL).await.expect(200)),
        vote(&changed)
    );
    let gone = client.delete_vote(&voter, TOOL).await.expect(200);
    assert_eq!(
        *vote(&gone),
        json!({"tool": TOOL, "choice": null, "cast_at": null})
    );
    assert_eq!(client.counts(TOOL).await, (0, 0));
    let nothing = client.delete_vote(&voter, TOOL).await.expect(200);
    assert_eq!(
        nothing.json["tally"]["version"], gone.json["tally"]["version"],
        "nothing to withdraw changes nothing"
    );
    assert!(vote(&client.get_vote(&voter, TOOL).await.expect(200))["choice"].is_null());
    client.put_vote(&voter, TOOL, "ship").await.expect(201);
    assert_eq!(client.counts(TOOL).await, (1, 0));
    server.verify().await;
}

async fn own_votes(backend: Backend) {
    let server = server(backend).await;
    let client = server.client();
    let (voter, stranger) = (client.visitor().await, client.visitor().await);
    client.put_vote(&voter, OTHER, "skip").await.expect(201);
    client.put_vote(&stranger, TOOL, "ship").await.expect(201);
    let path = format!("/v1/votes?tools={TOOL},nothing-there,{OTHER}");
    let mine = client.get(&path).bearer(&voter).send().await.expect(200);
    let items = mine.json["items"].as_array().expect("a list");
    assert_eq!(
        items
            .iter()
            .map(|item| item["tool"].as_str().expect("a tool"))
            .collect::<Vec<_>>(),
        [TOOL, OTHER]
    );
    assert!(
        items[0]["choice"].is_null()
            && items[1]["choice"] == "skip"
            && items[1]["cast_at"].is_string()
    );
    assert!(mine.json["next"].is_null());
    assert_eq!(mine.json["missing"], json!(["nothing-there"]));
    let first = client.get(&format!("{path}&limit=2")).bearer(&voter);
    let first = first.send().await.expect(200).json;
    assert_eq!(first["items"][0]["tool"], TOOL);
    let next = first["next"].as_str().expect("a cursor");
    let second = client.get(&format!("{path}&limit=2&cursor={next}"));
    let second = second.bearer(&voter).send().await.expect(200).json;
    assert_eq!(second["items"][0]["tool"], OTHER);
    assert!(second["next"].is_null());
    for bad in ["limit=0", "limit=101", "limit=x", "cursor=x"] {
        let refused = client.get(&format!("{path}&{bad}")).bearer(&voter);
        refused.send().await.problem(422, "invalid");
    }
    client
        .get(&path)
        .send()
        .await
        .problem(401, "voter-required");
    client
        .get("/v1/votes")
        .bearer(&voter)
        .send()
        .await
        .problem(422, "invalid");
    let many: Vec<String> = (0..101).map(|n| format!("t{n}")).collect();
    client
        .get(&format!("/v1/votes?tools={}", many.join(",")))
        .bearer(&voter)
        .send()
        .await
        .problem(422, "invalid");
}

async fn both_carriers(backend: Backend) {
    let server = server(backend).await;
    let client = server.client();
    let made = client.post("/v1/visitors").send().await.expect(201);
    let cookie = made
        .header("set-cookie")
        .expect("a cookie")
        .split(';')
        .next()
        .expect("a pair")
        .to_owned();
    let token = made.json["token"].as_str().expect("a token");
    assert!(cookie.ends_with(token), "the cookie carries the same token");
    let path = format!("/v1/tools/{TOOL}/vote");
    client
        .put(&path)
        .header("cookie", &cookie)
        .json(&json!({"choice": "ship"}))
        .send()
        .await
        .expect(201);
    client.put_vote(token, TOOL, "ship").await.expect(200);
    assert_eq!(
        client.counts(TOOL).await,
        (1, 0),
        "one voter, whichever way the token came"
    );
    let seen = client
        .get(&path)
        .header("cookie", &format!("other=1; {cookie}"))
        .send()
        .await
        .expect(200);
    assert_eq!(vote(&seen)["choice"], "ship");
}

async fn versions_count_changes(backend: Backend) {
    let server = server(backend).await;
    let client = server.client();
    let version = async || {
        client.tally(TOOL).await["version"]
            .as_i64()
            .expect("a version")
    };
    let start = version().await;
    let voter = client.visitor().await;
    for (step, command) in ["ship", "skip", "ship", "withdraw", "skip"]
        .iter()
        .enumerate()
    {
        for _ in 0..2 {
            let answer = match *command {
                "withdraw" => client.delete_vote(&voter, TOOL).await,
                choice => client.put_vote(&voter, TOOL, choice).await,
            };
            assert!(answer.success());
            assert_eq!(
                answer.json["tally"],
                client.tally(TOOL).await,
                "what {command} answered is what everybody sees"
            );
            let own = client.get_vote(&voter, TOOL).await.expect(200);
            assert_eq!(own.json, answer.json, "and what its voter sees");
            assert_eq!(version().await, start + step as i64 + 1, "after {command}");
        }
    }
}

async fn nothing_personal_is_cached(backend: Backend) {
    let server = server(backend).await;
    let client = server.client();
    let voter = client.visitor().await;
    let answers = [
        client.put_vote(&voter, TOOL, "ship").await,
        client.get_vote(&voter, TOOL).await,
        client
            .get(&format!("/v1/votes?tools={TOOL}"))
            .bearer(&voter)
            .send()
            .await,
        client.delete_vote(&voter, TOOL).await,
        client.post("/v1/visitors").send().await,
    ];
    for answer in answers {
        assert!(
            answer
                .header("cache-control")
                .is_some_and(|text| text.contains("no-store")),
            "{:?}",
            answer.headers
        );
    }
}

/// A page that is closed right after the click: the vote was sent, and counts once, like any.
async fn who_hangs_up_has_voted(backend: Backend) {
    let server = server(backend).await;
    let client = server.client();
    let voters = server.setup.mint(30).await;
    let address = server.url.trim_start_matches("http://");
    for token in &voters {
        let mut socket = TcpStream::connect(address).await.expect("connects");
        let request = format!(
            "PUT /v1/tools/{TOOL}/vote HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {token}\r\n\
             content-type: application/json\r\ncontent-length: 17\r\n\r\n{{\"choice\":\"ship\"}}"
        );
        socket.write_all(request.as_bytes()).await.expect("sends");
    }
    eventually("all are counted", Duration::from_secs(30), async || {
        client.tally(TOOL).await["community"]["ship"] == json!(voters.len())
    })
    .await;
    for token in &voters {
        let again = client.put_vote(token, TOOL, "ship").await.expect(200);
        assert_eq!(
            again.json["tally"]["community"]["ship"],
            json!(voters.len())
        );
    }
    server.verify().await;
}
