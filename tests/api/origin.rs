//! Which page may vote and which may read: CSRF and CORS as one table over Sec-Fetch-Site × Origin × method × type.
use crate::harness::Backend;
use crate::harness::client::{Answer, Client};
use crate::harness::server::{Home, Server};
use reqwest::Method;

const VOTE: &str = "/v1/tools/codestral-2/vote";
const OWN: &str = "https://votes.example";
const LISTED: &str = "https://main.example";

crate::both!(
    writes_by_the_table,
    answers_can_be_read_by_allowed_pages,
    preflights
);

async fn server(backend: Backend) -> Server {
    let setup = Home::new(backend)
        .setup()
        .generous()
        .env("TALLYSHIP_HTTP__PUBLIC_URL", OWN);
    setup
        .env("TALLYSHIP_HTTP__ALLOWED_ORIGINS", LISTED)
        .start()
        .await
}

struct Row<'a> {
    site: Option<&'a str>,
    origin: Option<&'a str>,
    method: Method,
    kind: Option<&'a str>,
    cookie: bool,
}

async fn send(client: &Client, token: &str, row: &Row<'_>) -> Answer {
    let mut call = client.call(row.method.clone(), VOTE);
    call = if row.cookie {
        call.header("cookie", &format!("__Host-tallyship-visitor={token}"))
    } else {
        call.bearer(token)
    };
    for (name, value) in [
        ("sec-fetch-site", row.site),
        ("origin", row.origin),
        ("content-type", row.kind),
    ] {
        if let Some(value) = value {
            call = call.header(name, value);
        }
    }
    if row.method == Method::PUT {
        call = call.body("{\"choice\":\"ship\"}");
    }
    call.send().await
}

async fn writes_by_the_table(backend: Backend) {
    let server = server(backend).await;
    let client = server.client();
    let token = client.visitor().await;
    let mut rows = 0;
    for method in [Method::PUT, Method::DELETE] {
        for site in [
            None,
            Some("same-origin"),
            Some("same-site"),
            Some("cross-site"),
            Some("none"),
        ] {
            for origin in [
                None,
                Some(OWN),
                Some(LISTED),
                Some("https://evil.example"),
                Some("http://main.example"),
                Some("null"),
            ] {
                for kind in [Some("application/json"), Some("text/plain"), None] {
                    for cookie in [true, false] {
                        let row = Row {
                            site,
                            origin,
                            method: method.clone(),
                            kind,
                            cookie,
                        };
                        let answer = send(&client, &token, &row).await;
                        let typed = kind == Some("application/json")
                            || (kind.is_none() && method == Method::DELETE);
                        let allowed = match origin {
                            Some(origin) => origin == OWN || origin == LISTED,
                            None => site.is_none() || !cookie,
                        };
                        let what = format!("{method} {site:?} {origin:?} {kind:?} cookie {cookie}");
                        let expected = if !typed {
                            415
                        } else if !allowed {
                            403
                        } else {
                            200
                        };
                        let status = if answer.status == 201 {
                            200
                        } else {
                            answer.status
                        };
                        assert_eq!(status, expected, "{what}: {}", answer.text);
                        if expected == 403 {
                            answer.problem(403, "origin-refused");
                        }
                        rows += 1;
                    }
                }
            }
        }
    }
    assert_eq!(rows, 360);
}

async fn answers_can_be_read_by_allowed_pages(backend: Backend) {
    let server = server(backend).await;
    let client = server.client();
    let token = client.visitor().await;
    let from = |path: &str, origin: &str| client.get(path).header("origin", origin);
    for (answer, status) in [
        (
            from("/v1/tools/codestral-2/tally", LISTED).send().await,
            200,
        ),
        (
            client
                .vote(&token, "codestral-2", "ship")
                .header("origin", LISTED)
                .send()
                .await,
            201,
        ),
        (from("/v1/nothing", LISTED).send().await, 404),
        (
            client
                .post("/v1/tallies")
                .header("origin", LISTED)
                .send()
                .await,
            405,
        ),
        (client.put(VOTE).header("origin", LISTED).send().await, 415),
    ] {
        assert_eq!(answer.status, status, "{}", answer.text);
        assert_eq!(answer.header("access-control-allow-origin"), Some(LISTED));
        assert_eq!(
            answer.header("access-control-allow-credentials"),
            Some("true")
        );
        assert!(
            answer
                .headers
                .get_all("vary")
                .iter()
                .any(|vary| vary == "Origin")
        );
        let exposed = answer
            .header("access-control-expose-headers")
            .expect("exposed")
            .to_lowercase();
        for name in ["ratelimit", "ratelimit-policy", "retry-after", "etag"] {
            assert!(
                exposed.split(", ").any(|shown| shown == name),
                "{name}: {exposed}"
            );
        }
    }
    let anybody = from("/v1/tools/codestral-2/tally", "https://anybody.example")
        .send()
        .await
        .expect(200);
    assert_eq!(anybody.header("access-control-allow-origin"), Some("*"));
    assert!(anybody.header("access-control-allow-credentials").is_none());
    let refused = client
        .vote(&token, "codestral-2", "skip")
        .header("origin", "https://anybody.example")
        .send()
        .await;
    assert!(
        refused
            .problem(403, "origin-refused")
            .header("access-control-allow-origin")
            .is_none()
    );
}

async fn preflights(backend: Backend) {
    let setup = Home::new(backend)
        .setup()
        .generous()
        .env("TALLYSHIP_HTTP__ALLOWED_ORIGINS", LISTED);
    let server = setup
        .env("TALLYSHIP_LIMITS__VOTES_PER_VOTER", "2/1h")
        .start()
        .await;
    let client = server.client();
    let ask = |origin: &str| {
        let call = client.call(Method::OPTIONS, VOTE).header("origin", origin);
        call.header("access-control-request-method", "PUT").header(
            "access-control-request-headers",
            "authorization,content-type",
        )
    };
    for _ in 0..20 {
        let answer = ask(LISTED).send().await.expect(204);
        assert_eq!(answer.header("access-control-allow-origin"), Some(LISTED));
        let methods = answer
            .header("access-control-allow-methods")
            .expect("methods");
        let headers = answer
            .header("access-control-allow-headers")
            .expect("headers")
            .to_lowercase();
        for (list, name) in [
            (methods, "PUT"),
            (methods, "DELETE"),
            (headers.as_str(), "authorization"),
            (headers.as_str(), "content-type"),
        ] {
            assert!(list.split(", ").any(|item| item == name), "{name}: {list}");
        }
        assert!(answer.header("ratelimit").is_none());
    }
    assert!(
        ask("https://evil.example")
            .send()
            .await
            .header("access-control-allow-origin")
            .is_none()
    );
    let token = client.visitor().await;
    for choice in ["ship", "skip"] {
        assert!(
            client
                .vote(&token, "codestral-2", choice)
                .header("origin", LISTED)
                .send()
                .await
                .success()
        );
    }
    let refused = client
        .vote(&token, "codestral-2", "ship")
        .header("origin", LISTED)
        .send()
        .await
        .problem(429, "rate-limited");
    assert_eq!(
        refused.header("access-control-allow-origin"),
        Some(LISTED),
        "a page can read a refusal too"
    );
}

/// Apps have schemes of their own, and no host that a page could take.
#[test]
fn apps_vote_and_https_is_kept_if_set_so() {
    crate::harness::run(async {
        let apps = [
            "capacitor://localhost",
            "chrome-extension://abcdefghijklmnopabcdefghijklmnop",
            "app://-",
        ];
        let kept_by = || {
            let setup = Home::new(Backend::Sqlite).setup().generous();
            setup.env("TALLYSHIP_HTTP__HSTS", "365d")
        };
        let server = kept_by()
            .env("TALLYSHIP_HTTP__PUBLIC_URL", OWN)
            .env("TALLYSHIP_HTTP__ALLOWED_ORIGINS", apps.join(","))
            .start()
            .await;
        let client = server.client();
        let token = server.setup.mint(1).await.remove(0);
        let vote = async |origin: &str| {
            let vote = client.vote(&token, "codestral-2", "ship");
            vote.header("origin", origin).send().await
        };
        for origin in apps {
            let answer = vote(origin).await;
            assert!(answer.success(), "{origin}: {}", answer.text);
            let allowed = answer.header("access-control-allow-origin");
            assert_eq!(allowed, Some(origin));
        }
        for origin in [
            "capacitor://elsewhere",
            "chrome-extension://bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb",
            "https://localhost",
            "app://",
        ] {
            vote(origin).await.problem(403, "origin-refused");
        }
        let kept = "strict-transport-security";
        for path in ["/", "/v1/tools", "/v1/tools/codestral-2/tally"] {
            let answer = client.get(path).send().await.expect(200);
            assert_eq!(answer.header(kept), Some("max-age=31536000"), "{path}");
        }
        // By http nothing says it, whatever the setting.
        let plain = kept_by().start().await;
        let answer = plain.client().get("/v1/tools").send().await;
        assert_eq!(answer.header(kept), None);
    });
}
