//! Visitor tokens: made, renewed, rotated, and never believed when they are not ours.
use crate::harness::server::{Home, Server};
use crate::harness::{Backend, run};
use std::os::unix::fs::PermissionsExt;

const TOOL: &str = "codestral-2";

crate::both!(
    tokens_age,
    a_visitor_stays_the_same_voter,
    mutated_tokens_are_refused,
    a_rotated_secret_keeps_its_voters,
    minted_tokens_vote
);

async fn server(backend: Backend) -> Server {
    Home::new(backend).setup().generous().start().await
}

async fn a_visitor_stays_the_same_voter(backend: Backend) {
    let server = server(backend).await;
    let client = server.client();
    let made = client.post("/v1/visitors").send().await.expect(201);
    let token = made.json["token"].as_str().expect("a token");
    let expires =
        chrono::DateTime::parse_from_rfc3339(made.json["expires_at"].as_str().expect("a time"))
            .expect("RFC 3339");
    let days = (expires.to_utc() - chrono::Utc::now()).num_hours() as f64 / 24.0;
    assert!((399.9..=400.1).contains(&days), "{days} days");
    client.put_vote(token, TOOL, "ship").await.expect(201);
    let again = client
        .post("/v1/visitors")
        .bearer(token)
        .send()
        .await
        .expect(200);
    let renewed = again.json["token"].as_str().expect("a token");
    assert_eq!(
        client.get_vote(renewed, TOOL).await.expect(200).json["vote"]["choice"],
        "ship"
    );
    let cookie = format!("tallyship-visitor={token}");
    client
        .post("/v1/visitors")
        .header("cookie", &cookie)
        .send()
        .await
        .expect(200);
    client
        .post("/v1/visitors")
        .header("cookie", "tallyship-visitor=stale")
        .send()
        .await
        .expect(201);
    client
        .post("/v1/visitors")
        .bearer("stale")
        .send()
        .await
        .problem(401, "bad-token");
    client
        .post("/v1/visitors")
        .json(&serde_json::json!({"name": "x"}))
        .send()
        .await
        .problem(422, "invalid");
    client
        .post("/v1/visitors")
        .json(&serde_json::json!({}))
        .send()
        .await
        .expect(201);
    assert_eq!(client.counts(TOOL).await, (1, 0));
}

/// A visitor's token of so many days ago.
pub fn issued(secret: &str, days: i64) -> String {
    issued_to(tallyship::auth::new_voter(), secret, days)
}

fn issued_to(voter: tallyship::domain::VoterId, secret: &str, days: i64) -> String {
    use tallyship::auth::{keys::Keys, visitor_token};
    use tallyship::config::Secret;
    use tallyship::domain::Timestamp;

    let keys = Keys::new(&Secret::new(secret.to_owned()), None);
    visitor_token::sign(
        &keys,
        voter,
        Timestamp::now().plus_seconds(-days * 24 * 3600),
    )
}

/// Tokens of other days, signed with the server's own secret: what the library is asked for here is only the past.
async fn tokens_age(backend: Backend) {
    let secret = "a secret that both the server and the test know";
    let setup = Home::new(backend)
        .setup()
        .generous()
        .env("TALLYSHIP_IDENTITY__SECRET", secret);
    let server = setup.start().await;
    let client = server.client();
    let voter = tallyship::auth::new_voter();
    let issued = |days: i64| issued_to(voter, secret, days);
    let fresh = client
        .put_vote(&issued(199), TOOL, "ship")
        .await
        .expect(201);
    assert!(fresh.header("visitor-token").is_none() && fresh.header("set-cookie").is_none());
    let older = client
        .put_vote(&issued(201), TOOL, "ship")
        .await
        .expect(200);
    let renewed = older
        .header("visitor-token")
        .expect("a new token comes along")
        .to_owned();
    client.put_vote(&renewed, TOOL, "ship").await.expect(200);
    let cookie = format!("tallyship-visitor={}", issued(201));
    let path = format!("/v1/tools/{TOOL}/vote");
    let by_cookie = client
        .get(&path)
        .header("cookie", &cookie)
        .send()
        .await
        .expect(200);
    assert!(
        by_cookie
            .header("set-cookie")
            .is_some_and(|set| set.starts_with("tallyship-visitor="))
    );
    for days in [401, 764, 766, 3000] {
        client
            .put_vote(&issued(days), TOOL, "skip")
            .await
            .problem(401, "expired-token");
    }
    for days in [401, 764] {
        let answer = client
            .post("/v1/visitors")
            .bearer(&issued(days))
            .send()
            .await
            .expect(200);
        let token = answer.json["token"].as_str().expect("a token");
        assert_eq!(
            client.get_vote(token, TOOL).await.expect(200).json["vote"]["choice"],
            "ship",
            "the same voter"
        );
    }
    client
        .post("/v1/visitors")
        .bearer(&issued(766))
        .send()
        .await
        .problem(401, "expired-token");
    assert_eq!(client.counts(TOOL).await, (1, 0));
}

#[test]
fn the_cookie_is_fit_for_where_it_goes() {
    run(async {
        let setup = Home::new(Backend::Sqlite).setup();
        let cookie = async |setup: crate::harness::server::Setup| {
            let server = setup.start().await;
            let made = server
                .client()
                .post("/v1/visitors")
                .send()
                .await
                .expect(201);
            made.header("set-cookie").expect("a cookie").to_owned()
        };
        let plain = cookie(setup.clone()).await;
        assert!(
            plain.contains("HttpOnly")
                && plain.contains("Path=/")
                && plain.contains("SameSite=Lax"),
            "{plain}"
        );
        assert!(
            !plain.contains("Secure") && !plain.starts_with("__Host-"),
            "{plain}"
        );
        let secure = cookie(setup.env("TALLYSHIP_HTTP__PUBLIC_URL", "https://votes.example")).await;
        assert!(secure.starts_with("__Host-"), "{secure}");
        for attribute in [
            "Secure",
            "SameSite=None",
            "Partitioned",
            "HttpOnly",
            "Path=/",
            "Max-Age=34560000",
        ] {
            assert!(
                secure.split("; ").any(|part| part == attribute),
                "{attribute}: {secure}"
            );
        }
        assert!(!secure.contains("Domain"), "{secure}");
    });
}

async fn mutated_tokens_are_refused(backend: Backend) {
    let server = server(backend).await;
    let client = server.client();
    let token = client.visitor().await;
    for place in 0..token.len() {
        for other in ["A", "z", "-", "_"] {
            let mutated = format!("{}{other}{}", &token[..place], &token[place + 1..]);
            if mutated != token {
                client
                    .get_vote(&mutated, TOOL)
                    .await
                    .problem(401, "bad-token");
            }
        }
    }
    let (longer, doubled) = (format!("{token}A"), format!("{token}{token}"));
    for bad in [
        &token[1..],
        &token[..59],
        longer.as_str(),
        doubled.as_str(),
        "a.b.c",
        "tss_AAAA",
    ] {
        client.get_vote(bad, TOOL).await.problem(401, "bad-token");
    }
    client.get_vote(&token, TOOL).await.expect(200);
    for header in ["Basic abc", "Bearer", "bearer "] {
        let answer = client
            .get("/v1/tools/codestral-2/vote")
            .header("authorization", header)
            .send()
            .await;
        assert_eq!(answer.status, 401, "{header}");
    }
}

async fn a_rotated_secret_keeps_its_voters(backend: Backend) {
    let (old, new) = (
        "the old secret, which is long enough",
        "the new secret, which is long enough",
    );
    let setup = Home::new(backend).setup().generous();
    let first = setup
        .clone()
        .env("TALLYSHIP_IDENTITY__SECRET", old)
        .start()
        .await;
    let voter = first.client().visitor().await;
    first
        .client()
        .put_vote(&voter, TOOL, "ship")
        .await
        .expect(201);
    assert_eq!(first.sigterm(std::time::Duration::from_secs(30)).await, 0);
    let another = setup
        .clone()
        .env("TALLYSHIP_IDENTITY__SECRET", new)
        .start_refused(std::time::Duration::from_secs(30))
        .await;
    assert_eq!(another.code(), 2, "{}", another.stderr);
    assert!(
        another.stderr.contains("identity.secret") && !another.stderr.contains(new),
        "{}",
        another.stderr
    );
    let rotated = setup
        .env("TALLYSHIP_IDENTITY__SECRET", new)
        .env("TALLYSHIP_IDENTITY__SECRET_PREVIOUS", old);
    let server = rotated.start().await;
    let client = server.client();
    let answer = client.get_vote(&voter, TOOL).await.expect(200);
    assert_eq!(answer.json["vote"]["choice"], "ship");
    let renewed = answer
        .header("visitor-token")
        .expect("a token under the new key")
        .to_owned();
    client.put_vote(&renewed, TOOL, "ship").await.expect(200);
    assert_eq!(client.counts(TOOL).await, (1, 0), "nobody votes twice");
}

async fn minted_tokens_vote(backend: Backend) {
    let server = server(backend).await;
    let tokens = server.setup.mint(3).await;
    for token in &tokens {
        server
            .client()
            .put_vote(token, TOOL, "ship")
            .await
            .expect(201);
    }
    assert_eq!(server.client().counts(TOOL).await, (3, 0));
}

#[test]
fn the_secret_made_at_the_first_start_is_the_owners_alone() {
    run(async {
        let server = server(Backend::Sqlite).await;
        let secrets: Vec<_> = std::fs::read_dir(server.home().path().join("data"))
            .expect("data")
            .map(|entry| entry.expect("an entry").path())
            .filter(|path| path.to_string_lossy().contains("secret"))
            .collect();
        assert_eq!(secrets.len(), 1);
        let mode = std::fs::metadata(&secrets[0])
            .expect("the file")
            .permissions()
            .mode();
        assert_eq!(mode & 0o777, 0o600);
    });
}
