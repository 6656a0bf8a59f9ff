//! The iframe page: who may frame it, what it shows, and votes by its form, own origin only.
//!
//! It must never follow a redirect unasked: where a form leads back to is part of what is tested.
use crate::harness::Backend;
use crate::harness::client::{Answer, Client};
use crate::harness::server::{Home, Server, Setup};

const TOOL: &str = "codestral-2";
const OTHER: &str = "cursor-background-agents";
const OWN: &str = "https://votes.example";
const LISTED: &str = "https://main.example";
const FORM: &str = "application/x-www-form-urlencoded";

crate::both!(
    framed_by_listed_sites_only,
    votes_by_form,
    a_comparison_comes_back_to_itself,
    own_origin_only,
    refusals_are_pages_for_people
);

fn setup(backend: Backend) -> Setup {
    Home::new(backend)
        .setup()
        .generous()
        .env("TALLYSHIP_HTTP__PUBLIC_URL", OWN)
        .env("TALLYSHIP_HTTP__ALLOWED_ORIGINS", LISTED)
}

async fn post(client: &Client, path: &str, body: &str, headers: &[(&str, &str)]) -> Answer {
    let mut call = client
        .post(path)
        .header("content-type", FORM)
        .body(body.to_owned());
    for (name, value) in headers {
        call = call.header(name, value);
    }
    call.send().await
}

/// `NAME=TOKEN` of the visitor's cookie that an answer sets.
fn cookie(answer: &Answer) -> String {
    let line = answer.header("set-cookie").expect("a cookie");
    for attribute in [
        "__Host-",
        "Secure",
        "HttpOnly",
        "SameSite=None",
        "Partitioned",
        "Path=/",
    ] {
        assert!(line.contains(attribute), "{attribute}: {line}");
    }
    line.split(';').next().expect("a pair").to_owned()
}

async fn page(client: &Client, path: &str, cookie: &str) -> String {
    client
        .get(path)
        .header("cookie", cookie)
        .send()
        .await
        .expect(200)
        .text
}

/// Which choice the page shows as one's own.
fn pressed(html: &str) -> Option<&str> {
    ["ship", "skip"]
        .into_iter()
        .find(|choice| html.contains(&format!("value=\"{choice}\" aria-pressed=\"true\"")))
}

async fn framed_by_listed_sites_only(backend: Backend) {
    let server = setup(backend).start().await;
    let answer = server
        .client()
        .get(&format!("/embed/{TOOL}"))
        .send()
        .await
        .expect(200);
    let policy = answer.header("content-security-policy").expect("a policy");
    let directive = |name: &str| {
        policy
            .split(';')
            .map(str::trim)
            .find_map(|part| part.strip_prefix(name))
            .unwrap_or_default()
    };
    assert_eq!(directive("frame-ancestors "), format!("'self' {LISTED}"));
    assert_eq!(directive("default-src "), "'none'");
    assert!(!policy.contains("unsafe") && answer.header("x-frame-options").is_none());
    assert_eq!(answer.header("cache-control"), Some("private, no-cache"));
    // Without both, a page that isolates itself cannot frame it.
    assert_eq!(
        answer.header("cross-origin-embedder-policy"),
        Some("require-corp")
    );
    assert_eq!(
        answer.header("cross-origin-resource-policy"),
        Some("cross-origin")
    );
    assert!(
        answer.header("set-cookie").is_none(),
        "looking leaves no trace"
    );
    for part in [
        "Codestral 2",
        "75%",
        "—",
        "0 votes",
        "method=\"post\"",
        "<ship-vote tool=\"codestral-2\"",
    ] {
        assert!(answer.text.contains(part), "{part}: {}", answer.text);
    }
    assert!(
        !answer.text.contains("style="),
        "nothing that the policy would refuse"
    );
}

async fn votes_by_form(backend: Backend) {
    let server = setup(backend).start().await;
    let client = server.client();
    let path = format!("/embed/{TOOL}");
    let own = [("origin", OWN), ("sec-fetch-site", "same-origin")];
    let first = post(&client, &path, "choice=ship", &own).await.expect(303);
    let cookie = cookie(&first);
    let led = first.header("location").expect("a location");
    assert!(led.starts_with(&path), "{led}");
    let html = page(&client, led, &cookie).await;
    assert_eq!(
        (pressed(&html), html.contains("1 vote, too few")),
        (Some("ship"), true),
        "{html}"
    );
    assert!(!html.contains("keeps no cookie"), "{html}");
    let forgetful = client.get(led).send().await.expect(200).text;
    assert!(forgetful.contains("keeps no cookie"), "{forgetful}");

    let with = [own[0], own[1], ("cookie", cookie.as_str())];
    let changed = post(&client, &path, "choice=skip", &with).await.expect(303);
    assert_eq!(changed.header("location"), Some(path.as_str()));
    assert_eq!(pressed(&page(&client, &path, &cookie).await), Some("skip"));
    assert_eq!(client.counts(TOOL).await, (0, 1));
    post(&client, &path, "choice=withdraw", &with)
        .await
        .expect(303);
    assert_eq!(pressed(&page(&client, &path, &cookie).await), None);
    assert_eq!(client.counts(TOOL).await, (0, 0));
    server.verify().await;
}

async fn a_comparison_comes_back_to_itself(backend: Backend) {
    let server = setup(backend).start().await;
    let client = server.client();
    let here = format!("/embed/{TOOL}?compare={OTHER}&theme=dark&lang=de");
    let html = page(&client, &here, "").await;
    for part in [
        format!("compare=\"{OTHER}\""),
        format!("action=\"/embed/{OTHER}\""),
        "data-theme=\"dark\"".to_owned(),
        "<html lang=\"de\"".to_owned(),
        "<dt>Jury</dt>".to_owned(),
        "0 Stimmen, noch zu wenige".to_owned(),
        "aria-label=\"Ihre Stimme zu Codestral 2\"".to_owned(),
        "Bewertungen und mehr".to_owned(),
    ] {
        assert!(html.contains(&part), "{part}: {html}");
    }
    let voter = format!("__Host-tallyship-visitor={}", client.visitor().await);
    let own = [("origin", OWN), ("cookie", voter.as_str())];
    let body: String = url::form_urlencoded::Serializer::new(String::new())
        .append_pair("choice", "ship")
        .append_pair("back", &here)
        .finish();
    let answer = post(&client, &format!("/embed/{OTHER}"), &body, &own)
        .await
        .expect(303);
    assert_eq!(answer.header("location"), Some(here.as_str()));
    assert_eq!(client.counts(OTHER).await, (1, 0));
    for elsewhere in [
        "https://evil.example/",
        "//evil.example",
        "/",
        "/compare/a-vs-b",
    ] {
        let body = format!("choice=ship&back={elsewhere}");
        let answer = post(&client, &format!("/embed/{OTHER}"), &body, &own)
            .await
            .expect(303);
        assert_eq!(
            answer.header("location"),
            Some(format!("/embed/{OTHER}").as_str()),
            "{elsewhere}"
        );
    }
    client
        .get(&format!("/embed/{TOOL}?compare=nothing-there"))
        .send()
        .await
        .problem(404, "unknown-tool");
}

async fn own_origin_only(backend: Backend) {
    let server = setup(backend).start().await;
    let client = server.client();
    let path = format!("/embed/{TOOL}");
    for (origin, site) in [
        (Some(LISTED), Some("cross-site")),
        (Some("https://evil.example"), Some("cross-site")),
        (Some("null"), None),
        (None, Some("cross-site")),
        (None, Some("same-site")),
        (None, Some("none")),
    ] {
        let headers: Vec<_> = [("origin", origin), ("sec-fetch-site", site)]
            .into_iter()
            .filter_map(|(name, value)| Some((name, value?)))
            .collect();
        let refused = post(&client, &path, "choice=ship", &headers).await;
        let refused = refused.problem(403, "origin-refused");
        assert!(
            refused.header("set-cookie").is_none(),
            "{origin:?} {site:?}"
        );
    }
    assert_eq!(client.counts(TOOL).await, (0, 0));
    let own = [("origin", OWN)];
    post(&client, &path, "choice=maybe", &own)
        .await
        .problem(422, "invalid");
    post(&client, "/embed/nothing-there", "choice=ship", &own)
        .await
        .problem(404, "unknown-tool");
    let json = client
        .post(&path)
        .header("origin", OWN)
        .json(&serde_json::json!({"choice": "ship"}));
    json.send().await.problem(415, "unsupported-media-type");
    client
        .put(&path)
        .send()
        .await
        .problem(405, "method-not-allowed");
    assert_eq!(client.counts(TOOL).await, (0, 0));
}

async fn refusals_are_pages_for_people(backend: Backend) {
    let server: Server = setup(backend)
        .env("TALLYSHIP_LIMITS__VOTES_PER_VOTER", "1/1h")
        .start()
        .await;
    let client = server.client();
    let path = format!("/embed/{TOOL}");
    let voter = format!("__Host-tallyship-visitor={}", client.visitor().await);
    let person = [
        ("origin", OWN),
        ("cookie", voter.as_str()),
        ("accept", "text/html,*/*"),
    ];
    post(&client, &path, "choice=ship", &person)
        .await
        .expect(303);
    let fast = post(&client, &path, "choice=skip", &person)
        .await
        .expect(429);
    let wait: u64 = fast
        .header("retry-after")
        .expect("a time")
        .parse()
        .expect("seconds");
    assert!(
        wait > 0
            && fast
                .header("content-type")
                .is_some_and(|kind| kind.starts_with("text/html"))
    );
    assert!(
        fast.text.contains("role=\"status\"") && fast.text.contains("try again in"),
        "{}",
        fast.text
    );
    assert_eq!(
        pressed(&fast.text),
        Some("ship"),
        "the vote that stands is shown"
    );
    let policy = fast.header("content-security-policy").expect("a policy");
    assert!(policy.contains(&format!("frame-ancestors 'self' {LISTED}")));
    let nothing = client
        .get("/embed/nothing-there")
        .header("accept", "text/html")
        .send()
        .await
        .expect(404);
    assert!(
        nothing.text.contains("Nothing to vote on"),
        "{}",
        nothing.text
    );
    assert_eq!(client.counts(TOOL).await, (1, 0));
}
