//! What is closed, used up or full, at each operation that says so.
use super::start;
use crate::harness::document::{For, Operation};
use crate::harness::server::Home;
use crate::harness::{Backend, eventually};
use std::time::Duration;

crate::both!(closed_tools, quotas_used_up, more_streams_than_may_be);

async fn closed_tools(backend: Backend) {
    let (server, tokens, operations) = start(Home::new(backend).setup().generous()).await;
    let client = server.client();
    for (state, status, code) in [(1, 423, "frozen"), (2, 410, "archived")] {
        let sql = format!(
            "UPDATE tallies SET state = {state}, version = version + 1, updated_at = updated_at + 1"
        );
        server.home().execute(&sql);
        eventually("the state is shown", Duration::from_secs(25), async || {
            client.tally("codestral-2").await["state"] == code
        })
        .await;
        for operation in operations
            .iter()
            .filter(|operation| operation.refuses(code))
        {
            let answer = operation.call(&client, &tokens).send().await;
            operation.refused(answer, status, code);
        }
    }
}

/// With one of everything an hour.
async fn quotas_used_up(backend: Backend) {
    let mut setup = Home::new(backend).setup();
    for quota in [
        "VOTES_PER_VOTER",
        "VOTES_PER_NETWORK",
        "VISITORS_PER_NETWORK",
    ] {
        setup = setup.env(&format!("TALLYSHIP_LIMITS__{quota}"), "1/1h");
    }
    let (server, tokens, operations) = start(setup).await;
    let client = server.client();
    // Places for streams are no quota of calls; of sign-ins only those count that fail. Reads of own votes have a quota that
    // no setting changes: `rights` uses it up.
    let elsewhere = [
        "GET /v1/stream",
        "POST /moderation/sign-in",
        "GET /moderation/sign-in/callback",
        "GET /v1/votes",
        "GET /v1/tools/{slug}/vote",
    ];
    let charged = |operation: &&Operation| {
        operation.refuses("rate-limited") && !elsewhere.contains(&operation.named().as_str())
    };
    for operation in operations.iter().filter(charged) {
        // Strangers are charged as visitors, voters as voters.
        let call = || match operation.who {
            For::Perhaps => operation.filled(operation.bare(&client)),
            _ => operation.call(&client, &tokens),
        };
        let first = call().send().await;
        assert!(
            first.header("ratelimit").is_some(),
            "{}: {:?}",
            operation.named(),
            first.headers
        );
        let refused = call().send().await.problem(429, "rate-limited");
        for header in ["retry-after", "ratelimit", "ratelimit-policy"] {
            assert!(
                refused.header(header).is_some(),
                "{}: {header}",
                operation.named()
            );
        }
    }
}

/// Places for streams are counted in all, and for each network.
async fn more_streams_than_may_be(backend: Backend) {
    let setup = Home::new(backend)
        .setup()
        .env("TALLYSHIP_HTTP__TRUSTED_PROXIES", "127.0.0.1/32")
        .env("TALLYSHIP_LIVE__STREAMS", "2")
        .env("TALLYSHIP_LIVE__STREAMS_PER_NETWORK", "1");
    let server = setup.start().await;
    let client = server.client();
    let open = async |network: &str| {
        let call = client.get("/v1/stream?tools=codestral-2");
        call.header("x-forwarded-for", network).open().await
    };
    let (first, _kept) = open("203.0.113.1").await;
    first.expect(200);
    let full = open("203.0.113.1").await.0.problem(429, "rate-limited");
    assert!(full.header("retry-after").is_some());
    let (second, _kept) = open("203.0.113.2").await;
    second.expect(200);
    let full = open("203.0.113.3").await.0.problem(503, "overloaded");
    assert!(full.header("retry-after").is_some());
}
