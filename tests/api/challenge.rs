//! Proof of work: who is asked, when among the checks, what solves it and what does not. Under `CHALLENGE_AFTER=0`, which
//! puts everything under pressure.
//!
//! That a solution is good once, wherever it comes, is `challenge_once`'s.
use crate::harness::Backend;
use crate::harness::challenge::{header, payload, solved};
use crate::harness::client::{Answer, Call, Client};
use crate::harness::server::{Home, Server, Setup};
use crate::harness::site::Site;
use reqwest::Method;
use serde_json::{Value, json};

crate::both!(
    a_newcomer_works_for_visitor_and_votes,
    what_is_no_solution_is_refused_and_changes_nothing,
    its_place_among_the_checks,
    forms_say_what_to_do,
    nobody_else_is_asked,
    other_sites_may_send_solutions,
    an_attack_is_pressure_and_nothing_else_is,
);

const TOOL: &str = "codestral-2";
const OTHER: &str = "cursor-background-agents";
const CODE: &str = "challenge-required";

pub fn pressed(backend: Backend) -> Setup {
    let setup = Home::new(backend).setup().generous();
    setup
        .env("TALLYSHIP_ABUSE__HOLD", "on")
        .env("TALLYSHIP_ABUSE__CHALLENGE_AFTER", "0")
}

fn mint(client: &Client) -> Call {
    client.post("/v1/visitors")
}

/// A refusal that brings a challenge as ALTCHA clients know it.
fn asked(answer: Answer) -> Answer {
    let answer = answer.problem(403, CODE);
    let parameters = &answer.json["challenge"]["parameters"];
    assert_eq!(parameters["algorithm"], "PBKDF2/SHA-256", "{}", answer.text);
    for member in ["nonce", "salt", "keyPrefix", "keySignature"] {
        assert!(parameters[member].is_string(), "{member}: {}", answer.text);
    }
    let end = parameters["expiresAt"].as_i64().expect("an end");
    let left = end - crate::harness::site::now();
    assert!((290..=300).contains(&left), "it ends in {left} s");
    assert!(answer.json["challenge"]["signature"].is_string());
    answer
}

/// Solves what a call is refused with, and sends it again.
async fn worked(call: impl Fn() -> Call) -> Answer {
    let refused = asked(call().send().await);
    call().header("altcha", &solved(&refused)).send().await
}

async fn a_newcomer_works_for_visitor_and_votes(backend: Backend) {
    let server = pressed(backend).start().await;
    let client = server.client();
    let refused = mint(&client).send().await;
    assert!(refused.header("set-cookie").is_none() && refused.json["token"].is_null());
    let made = worked(|| mint(&client)).await.expect(201);
    let token = made.json["token"].as_str().expect("a token");
    // Who has a token gets the same visitor's again, and is not asked.
    let same = mint(&client).bearer(token).send().await;
    same.expect(200);
    let cast = worked(|| client.vote(token, TOOL, "ship"))
        .await
        .expect(201);
    assert_eq!(cast.json["tally"]["community"]["ship"], 1);
    let changed = worked(|| client.vote(token, TOOL, "skip"))
        .await
        .expect(200);
    assert_eq!(changed.json["tally"]["community"]["skip"], 1);
    client.get_vote(token, TOOL).await.expect(200);
    // The framework's own way to the same handler.
    let encoded = worked(|| client.vote(token, "cursor%2Dbackground-agents", "ship")).await;
    encoded.expect(201);
    worked(|| client.withdrawal(token, TOOL)).await.expect(200);
    assert_eq!(client.counts(TOOL).await, (0, 0));
    let told = server.admin().get("/metrics").send().await.expect(200).text;
    for (outcome, least) in [("asked", 6), ("passed", 5), ("refused", 0)] {
        let line = format!("tallyship_challenges_total{{outcome=\"{outcome}\"}} {least}");
        assert!(told.contains(&line), "{line}\n{told}");
    }
    server.verify().await;
}

/// Twenty held votes of one network on one tool: from then on its newcomers work, and those of the tool.
async fn an_attack_is_pressure_and_nothing_else_is(backend: Backend) {
    let server = pressed(backend)
        .env("TALLYSHIP_ABUSE__CHALLENGE_AFTER", "20")
        .env("TALLYSHIP_HTTP__TRUSTED_PROXIES", "127.0.0.1")
        .start()
        .await;
    let client = server.client();
    let from = |call: Call, address: &str| call.header("x-forwarded-for", address);
    let attack = |voter: &str| from(client.vote(voter, TOOL, "ship"), "198.51.100.7");
    let mut taken = 0;
    let mut refused = None;
    for voter in server.setup.mint(80).await {
        let answer = attack(&voter).send().await;
        if answer.status == 403 {
            refused = Some(voter);
            break;
        }
        answer.expect(201);
        taken += 1;
    }
    let counted = client.counts(TOOL).await.0;
    assert_eq!(
        taken - counted,
        21,
        "more than twenty are held, and then it is pressure"
    );
    let refused = refused.expect("somebody was asked");
    // The network's newcomers, and the tool's; nobody else, and nothing else.
    asked(from(mint(&client), "198.51.100.7").send().await);
    from(mint(&client), "203.0.113.1").send().await.expect(201);
    let [here, there]: [String; 2] = server.setup.mint(2).await.try_into().expect("two");
    asked(
        from(client.vote(&here, TOOL, "skip"), "203.0.113.1")
            .send()
            .await,
    );
    let other = from(client.vote(&there, OTHER, "skip"), "203.0.113.1");
    other.send().await.expect(201);
    // Who works is heard; one hand's vote is still held, another's counts.
    worked(|| attack(&refused)).await.expect(201);
    assert_eq!(client.counts(TOOL).await, (counted, 0));
    let honest = worked(|| from(client.vote(&here, TOOL, "skip"), "203.0.113.1")).await;
    honest.expect(201);
    assert_eq!(client.counts(TOOL).await, (counted, 1));
    server.verify().await;
}

async fn what_is_no_solution_is_refused_and_changes_nothing(backend: Backend) {
    let server = pressed(backend).start().await;
    let client = server.client();
    let voters = server.setup.mint(2).await;
    let refused = asked(client.put_vote(&voters[0], TOOL, "ship").await);
    let right = payload(&refused);
    let good = serde_json::to_value(&right).expect("JSON");
    let with = |path: &str, value: Value| {
        let mut changed = good.clone();
        *changed.pointer_mut(path).expect("a member") = value;
        header(&changed)
    };
    let end = good["challenge"]["parameters"]["expiresAt"].as_i64();
    let later = json!(end.expect("an end") + 3600);
    let of_a_mint = solved(&asked(mint(&client).send().await));
    let stranger = altcha::create_challenge(altcha::CreateChallengeOptions {
        cost: 1,
        counter: Some(1),
        hmac_signature_secret: Some("somebody else's".into()),
        hmac_key_signature_secret: Some("somebody else's".into()),
        ..Default::default()
    });
    let mut forged = refused.json.clone();
    forged["challenge"] = serde_json::to_value(stranger.expect("made")).expect("JSON");
    let forged = solved(&Answer {
        json: forged,
        ..client.get("/v1/tools").send().await
    });
    let raw = good.to_string();
    let bad = [
        (
            "an answer that is none",
            with("/solution/derivedKey", json!("00".repeat(32))),
        ),
        ("no answer", with("/solution/derivedKey", json!(""))),
        (
            "a longer life",
            with("/challenge/parameters/expiresAt", later),
        ),
        (
            "no end",
            with("/challenge/parameters/expiresAt", json!(null)),
        ),
        ("less work", with("/challenge/parameters/cost", json!(1))),
        (
            "less to find",
            with("/challenge/parameters/keyPrefix", json!("")),
        ),
        (
            "another algorithm",
            with("/challenge/parameters/algorithm", json!("SHA-256")),
        ),
        (
            "for something else",
            with("/challenge/parameters/data/for", json!("0".repeat(32))),
        ),
        ("no signature", with("/challenge/signature", json!(null))),
        (
            "another signature",
            with("/challenge/signature", json!("0".repeat(64))),
        ),
        ("a stranger's", forged),
        ("of a new visitor", of_a_mint),
        ("nothing", String::new()),
        ("JSON itself", raw),
        ("no base64", "?".repeat(300)),
        ("no JSON", header(&"text")),
        ("long", "A".repeat(64 * 1024)),
    ];
    for (what, solution) in &bad {
        let call = client.vote(&voters[0], TOOL, "ship");
        let again = asked(call.header("altcha", solution).send().await);
        let new = &again.json["challenge"]["signature"];
        assert_ne!(*new, refused.json["challenge"]["signature"], "{what}");
    }
    // Right, and for another tool, another visitor, another call.
    let right = header(&right);
    let sent = |call: Call| call.header("altcha", &right).send();
    asked(sent(client.vote(&voters[0], OTHER, "ship")).await);
    asked(sent(client.vote(&voters[1], TOOL, "ship")).await);
    asked(sent(mint(&client)).await);
    assert_eq!(client.counts(TOOL).await, (0, 0));
    assert_eq!(client.counts(OTHER).await, (0, 0));
    // The twin: none of that has spent it.
    sent(client.vote(&voters[0], TOOL, "ship"))
        .await
        .expect(201);
    // A new visitor of one network is none of another's.
    let elsewhere = Client::from_address(&server.url, [127, 0, 0, 2].into());
    let of_here = solved(&asked(mint(&client).send().await));
    let call = |client: &Client| mint(client).header("altcha", &of_here);
    asked(call(&elsewhere).send().await);
    call(&client).send().await.expect(201);
    server.verify().await;
}

async fn its_place_among_the_checks(backend: Backend) {
    let server = pressed(backend)
        .env("TALLYSHIP_LIMITS__VOTES_PER_VOTER", "1/1h")
        .env("TALLYSHIP_LIMITS__VISITORS_PER_NETWORK", "1/1h")
        .start()
        .await;
    let client = server.client();
    let voter = server.setup.mint(1).await.remove(0);
    let put = |path: &str| client.put(path).bearer(&voter);
    let path = "/v1/tools/codestral-2/vote";
    let json = |call: Call| call.json(&json!({"choice": "ship"}));
    let plain = put(path).header("content-type", "text/plain").body("x");
    plain.send().await.problem(415, "unsupported-media-type");
    let bad = client.vote("no token", TOOL, "ship").send().await;
    bad.problem(401, "bad-token");
    let foreign = json(put(path)).header("origin", "https://stranger.example");
    foreign.send().await.problem(403, "origin-refused");
    // Before the body is read, before the tool is looked for.
    let body = put(path).json(&json!({"choice": "neither"}));
    asked(body.send().await);
    asked(json(put("/v1/tools/no-such-tool/vote")).send().await);
    let nothing = worked(|| json(put("/v1/tools/no-such-tool/vote"))).await;
    nothing.problem(404, "unknown-tool");
    // Before the quota, which that vote used up: the solution is gone with the call, and a new one is asked for.
    let refused = asked(json(put(path)).send().await);
    let solution = solved(&refused);
    let call = || json(put(path)).header("altcha", &solution);
    call().send().await.problem(429, "rate-limited");
    asked(call().send().await);
    assert_eq!(client.counts(TOOL).await, (0, 0));
    worked(|| mint(&client)).await.expect(201);
    let second = worked(|| mint(&client)).await;
    second.problem(429, "rate-limited");
}

async fn forms_say_what_to_do(backend: Backend) {
    let server = pressed(backend).start().await;
    let client = server.client();
    let voter = server.setup.mint(1).await.remove(0);
    for path in [format!("/tools/{TOOL}/vote"), format!("/embed/{TOOL}")] {
        for cookie in ["", &format!("tallyship-visitor={voter}")] {
            let form = || {
                let call = client.post(&path).header("cookie", cookie);
                call.header("content-type", "application/x-www-form-urlencoded")
                    .body("choice=ship&back=/")
            };
            let page = form().header("accept", "text/html").send().await.page(403);
            assert!(page.text.contains("JavaScript"), "{}", page.text);
            assert!(page.text.contains("was not counted"), "{}", page.text);
            assert!(page.header("set-cookie").is_none());
            let problem = asked(form().send().await);
            let detail = problem.json["detail"].as_str().expect("words");
            assert!(detail.contains("JavaScript"), "{detail}");
        }
    }
    assert_eq!(client.counts(TOOL).await, (0, 0));
}

async fn nobody_else_is_asked(backend: Backend) {
    let site = Site::new("EdDSA");
    let server = site.setup(pressed(backend)).start().await;
    let client = server.client();
    let user = site.user("7");
    client.put_vote(&user, TOOL, "ship").await.expect(201);
    // Also beside the cookie of a visitor who would be asked.
    let visitor = server.setup.mint(1).await.remove(0);
    asked(client.put_vote(&visitor, TOOL, "ship").await);
    let both = client.vote(&user, OTHER, "ship");
    let both = both.header("cookie", &format!("tallyship-visitor={visitor}"));
    both.send().await.expect(201);
    // Where votes are not held nobody is asked, and where there is no pressure; a solution is then not even looked at.
    for (hold, after) in [("off", "0"), ("on", "1000")] {
        let calm: Server = pressed(backend)
            .env("TALLYSHIP_ABUSE__HOLD", hold)
            .env("TALLYSHIP_ABUSE__CHALLENGE_AFTER", after)
            .start()
            .await;
        let client = calm.client();
        let visitor = client.visitor().await;
        client.put_vote(&visitor, TOOL, "ship").await.expect(201);
        let garbage = client.vote(&visitor, TOOL, "skip").header("altcha", "?");
        garbage.send().await.expect(200);
    }
}

async fn other_sites_may_send_solutions(backend: Backend) {
    let listed = "https://main.example";
    let setup = pressed(backend).env("TALLYSHIP_HTTP__ALLOWED_ORIGINS", listed);
    let server = setup.start().await;
    let client = server.client();
    let preflight = client.call(Method::OPTIONS, "/v1/visitors");
    let preflight = preflight
        .header("origin", listed)
        .header("access-control-request-method", "POST")
        .header("access-control-request-headers", "altcha")
        .send()
        .await
        .expect(204);
    let allowed = preflight.header("access-control-allow-headers");
    let allowed = allowed.expect("headers").to_lowercase();
    assert!(
        allowed.split(", ").any(|name| name == "altcha"),
        "{allowed}"
    );
    let refused = mint(&client).header("origin", listed).send().await;
    let readable = asked(refused);
    let origin = readable.header("access-control-allow-origin");
    assert_eq!(origin, Some(listed));
}
