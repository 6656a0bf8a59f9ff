//! Webhooks from the outside: each event reaches the endpoints that want it, once from several instances and at least once after
//! a kill; what fails is tried again, and given up; nothing is posted into a private network.
use crate::dashboard::Dashboard;
use crate::harness::hook::{Hook, Manner, Message};
use crate::harness::server::{Home, Setup};
use crate::harness::{Backend, eventually, run};
use crate::moderation::{Moderator, OTHER, TOOL, staff};
use reqwest::Method;
use serde_json::{Value, json};
use std::time::{Duration, Instant};

crate::both!(
    each_event_reaches_the_endpoints_that_want_it,
    a_kill_loses_nothing_and_keeps_the_id,
    an_endpoint_that_is_gone_is_disabled_until_it_is_sent_something_again,
    an_endpoint_that_fails_for_days_is_disabled,
    failures_end_with_the_last_delivery,
    what_cannot_be_saved_is_not_sent_again,
    private_addresses_are_refused,
);

const GUARD: Duration = Duration::from_secs(120);
const SECRET: &str = "a secret of thirty-two characters";

/// An endpoint as the setting has it; `more` are further lines.
fn endpoint(name: &str, url: &str, more: &str) -> String {
    format!("[{name}]\nurl = \"{url}\"\nsecret = \"{SECRET}\"\n{more}\n")
}

fn setup(backend: Backend, endpoints: &str) -> Setup {
    Home::new(backend)
        .setup()
        .generous()
        .env("TALLYSHIP_WEBHOOKS__ENDPOINTS", endpoints)
        .env("TALLYSHIP_WEBHOOKS__PRIVATE_NETWORKS", "127.0.0.0/8, ::1")
        .env("TALLYSHIP_WEBHOOKS__MOVED_POINTS", "0")
}

/// A moderator of a server that knows by now which tallies are no news.
async fn moderator(setup: Setup) -> Moderator {
    let moderator = Moderator::at(setup.start().await).await;
    let home = moderator.server.home();
    eventually("it has begun", GUARD, async || {
        home.number("SELECT COUNT(*) AS n FROM site_facts WHERE name = 'webhooks.audit'") == 1
    })
    .await;
    moderator
}

async fn freeze(moderator: &Moderator, state: &str) {
    let body = json!({"state": state, "reason": "a test"});
    let path = format!("/tools/{TOOL}/state");
    let put = moderator.call(Method::PUT, &path, Some(body)).await;
    put.expect(200);
}

fn of_type(hook: &Hook, event: &str) -> Vec<Value> {
    let messages = hook.messages();
    let bodies = messages.iter().map(Message::json);
    bodies.filter(|body| body["type"] == event).collect()
}

async fn arrives(hook: &Hook, event: &str) -> Value {
    eventually(event, GUARD, async || !of_type(hook, event).is_empty()).await;
    of_type(hook, event).remove(0)
}

fn ids(hook: &Hook) -> Vec<String> {
    let messages = hook.messages();
    let id = |message: &Message| message.headers["webhook-id"].clone();
    messages.iter().map(id).collect()
}

async fn each_event_reaches_the_endpoints_that_want_it(backend: Backend) {
    let (all, acts, other) = tokio::join!(Hook::start(&[]), Hook::start(&[]), Hook::start(&[]));
    let endpoints = [
        endpoint("all", &all.url, ""),
        endpoint(
            "acts",
            &acts.url,
            "events = [\"tool.frozen\", \"reset.undone\"]",
        ),
        endpoint("other", &other.url, &format!("tools = [\"{OTHER}\"]")),
    ];
    let moderator = moderator(setup(backend, &endpoints.concat())).await;
    let home = moderator.server.home();
    eventually("tallies are known", GUARD, async || {
        home.number("SELECT COUNT(*) AS n FROM webhook_tallies") > 1
    })
    .await;

    let began = Instant::now();
    moderator.voters("ship", 1).await;
    let moved = arrives(&all, "tally.moved").await;
    assert_eq!(moved["data"]["tool"], TOOL);
    assert_eq!(
        moved["data"]["previous"],
        json!({"ship": 0, "skip": 0, "percent": null})
    );
    assert_eq!(moved["data"]["tally"]["community"]["ship"], 1);
    assert!(
        moved["url"]
            .as_str()
            .expect("a URL")
            .ends_with(&format!("/tools/{TOOL}"))
    );

    // What moves within the minute is one event, after it.
    let voters = moderator.voters("ship", 5).await;
    freeze(&moderator, "frozen").await;
    freeze(&moderator, "frozen").await;
    let frozen = arrives(&all, "tool.frozen").await;
    assert_eq!(frozen["data"], json!({"tool": TOOL, "state": "frozen"}));
    let made = moderator
        .reset(json!({"tool": TOOL, "choice": "ship"}))
        .await
        .expect(201);
    let id = &made.json["id"];
    let reset = arrives(&all, "reset.made").await;
    assert_eq!(
        (&reset["data"]["id"], &reset["data"]["votes"]),
        (id, &json!(6))
    );
    assert_eq!(reset["data"]["after"]["community"]["ship"], 0);
    moderator.undo(id).await.expect(200);
    let undone = arrives(&all, "reset.undone").await;
    assert_eq!(undone["data"]["after"]["community"]["ship"], 6);
    let sent = serde_json::to_string(&(&reset, &undone)).expect("JSON");
    for secret in ["reason", "the moderator", "network", "voter"] {
        assert!(!sent.contains(secret), "{secret}: {sent}");
    }
    freeze(&moderator, "open").await;
    moderator
        .client
        .delete_vote(&voters[0], TOOL)
        .await
        .expect(200);

    // The panel's verdict.
    let site = staff(&moderator.server, "site").await;
    let tool = json!({
        "name": "The other", "tagline": "A tool.", "category": "agents", "entry": "free",
        "url": "https://example.com",
        "reviews": [{"reviewer": "Ann", "verdict": "skip", "summary": "No."}],
    });
    let put = moderator.client.put(&format!("/v1/tools/{OTHER}"));
    put.bearer(&site).json(&tool).send().await.expect(200);
    let changed = arrives(&other, "verdict.changed").await;
    assert_eq!(
        changed["data"]["verdict"],
        json!({"community": null, "panel": "skip", "panel_ship": 0, "panel_skip": 1})
    );
    assert_ne!(changed["data"]["previous"], changed["data"]["verdict"]);

    let moves = || of_type(&all, "tally.moved");
    eventually("the minute is over", GUARD, async || {
        let moves = moves();
        moves[moves.len() - 1]["data"]["tally"]["community"]["ship"] == 5
    })
    .await;
    let moves = moves();
    let minutes = usize::try_from(began.elapsed().as_secs() / 60).expect("few");
    assert!(
        (2..=1 + minutes).contains(&moves.len()),
        "{minutes}: {moves:?}"
    );
    for pair in moves.windows(2) {
        let before = &pair[0]["data"]["tally"]["community"];
        assert_eq!(before["ship"], pair[1]["data"]["previous"]["ship"]);
    }
    let types = |hook: &Hook| -> Vec<String> {
        let messages = hook.messages();
        let of = |message: &Message| message.json()["type"].as_str().expect("a type").to_owned();
        messages.iter().map(of).collect()
    };
    assert_eq!(types(&acts), ["tool.frozen", "reset.undone"]);
    assert_eq!(types(&other), ["verdict.changed"]);
    let mut seen = ids(&all);
    seen.sort();
    seen.dedup();
    assert_eq!(seen.len(), all.messages().len(), "each once");
    moderator.server.verify().await;
}

async fn a_kill_loses_nothing_and_keeps_the_id(backend: Backend) {
    let hook = Hook::start(&[Manner::Hangs]).await;
    let mut moderator = moderator(setup(backend, &endpoint("site", &hook.url, ""))).await;
    freeze(&moderator, "frozen").await;
    eventually("the first attempt", GUARD, async || {
        !hook.messages().is_empty()
    })
    .await;
    // Done right before the kill, so that it may not be recorded as an event yet.
    let voter = moderator.client.visitor().await;
    moderator
        .client
        .put_vote(&voter, OTHER, "ship")
        .await
        .expect(201);
    let reset = json!({"tool": OTHER, "choice": "ship"});
    moderator.reset(reset).await.expect(201);
    // As if a clock had been ahead by ten days.
    let ahead = "UPDATE webhook_deliveries SET next_at = next_at + 864000000000";
    moderator.server.home().execute(ahead);
    moderator.server.restart().await;
    moderator.client = moderator.server.client();
    arrives(&hook, "reset.made").await;
    eventually("it is sent again", GUARD, async || {
        of_type(&hook, "tool.frozen").len() >= 2
    })
    .await;
    let frozen: Vec<Message> = hook.messages();
    let frozen = frozen
        .iter()
        .filter(|message| message.json()["type"] == "tool.frozen");
    let mut ids: Vec<&str> = frozen
        .map(|message| message.headers["webhook-id"].as_str())
        .collect();
    ids.dedup();
    assert_eq!(ids.len(), 1, "{ids:?}");
    let pending = "SELECT COUNT(*) AS n FROM webhook_deliveries WHERE state <> 1";
    let home = moderator.server.home();
    eventually("both are delivered", GUARD, async || {
        home.number(pending) == 0
    })
    .await;
    let sent = hook.messages().len();
    freeze(&moderator, "open").await;
    freeze(&moderator, "frozen").await;
    eventually("a later event", GUARD, async || {
        hook.messages().len() > sent
    })
    .await;
    assert_eq!(hook.messages().len(), sent + 1, "nothing is sent again");
    moderator.server.verify().await;
}

#[test]
fn one_of_two_instances_delivers_and_the_other_takes_over() {
    run(async {
        let hook = Hook::start(&[]).await;
        let setup = setup(Backend::Postgres, &endpoint("site", &hook.url, ""));
        let moderator = moderator(setup.clone()).await;
        let other = setup.start().await;
        let second = Moderator {
            client: other.client(),
            server: other,
            token: moderator.token.clone(),
        };
        for state in ["frozen", "open", "frozen"] {
            freeze(&second, state).await;
        }
        eventually("both freezes", GUARD, async || {
            of_type(&hook, "tool.frozen").len() >= 2
        })
        .await;
        let delivered = "SELECT COUNT(*) AS n FROM webhook_deliveries WHERE state = 1";
        let home = second.server.home();
        eventually("both are saved", GUARD, async || {
            home.number(delivered) == 2
        })
        .await;
        assert_eq!(hook.messages().len(), 2, "{:?}", ids(&hook));
        moderator.server.kill9();
        freeze(&second, "open").await;
        freeze(&second, "frozen").await;
        eventually("the other delivers", GUARD, async || {
            hook.messages().len() >= 3
        })
        .await;
        freeze(&second, "open").await;
        freeze(&second, "frozen").await;
        eventually("a later event", GUARD, async || hook.messages().len() >= 4).await;
        let mut ids = ids(&hook);
        ids.dedup();
        assert_eq!((ids.len(), hook.messages().len()), (4, 4));
    });
}

fn disabled(moderator: &Moderator) -> bool {
    let disabled = "SELECT COUNT(*) AS n FROM webhook_failures WHERE disabled_at IS NOT NULL";
    moderator.server.home().number(disabled) == 1
}

async fn shows_that_it_is_disabled(moderator: &Moderator) {
    let admin = moderator.server.admin();
    let gauge = r#"tallyship_webhook_disabled{endpoint="site"} 1"#;
    eventually("the metric says so", GUARD, async || {
        let metrics = admin.get("/metrics").send().await.expect(200).text;
        metrics.contains(gauge)
    })
    .await;
    let log = moderator.server.stderr();
    assert!(log.contains("webhook endpoint disabled"), "{log}");
    assert!(!log.contains("/hook") && !log.contains(SECRET), "{log}");
}

async fn an_endpoint_that_is_gone_is_disabled_until_it_is_sent_something_again(backend: Backend) {
    let hook = Hook::start(&[Manner::Answers(410)]).await;
    let moderator = moderator(setup(backend, &endpoint("site", &hook.url, ""))).await;
    freeze(&moderator, "frozen").await;
    eventually("it is disabled", GUARD, async || disabled(&moderator)).await;
    shows_that_it_is_disabled(&moderator).await;
    // Nothing is recorded for it.
    freeze(&moderator, "open").await;
    freeze(&moderator, "frozen").await;
    let cursor = "SELECT CAST(value AS BIGINT) AS n FROM site_facts WHERE name = 'webhooks.audit'";
    let newest = "SELECT MAX(id) AS n FROM audit";
    let home = std::sync::Arc::clone(&moderator.server.setup.home);
    eventually("the acts are read", GUARD, async || {
        home.number(cursor) == home.number(newest)
    })
    .await;
    assert_eq!(
        home.number("SELECT COUNT(*) AS n FROM webhook_deliveries"),
        1
    );
    assert_eq!(hook.messages().len(), 1);

    let dashboard = Dashboard::at(moderator).await;
    let overview = dashboard.page("/moderation").await;
    assert!(overview.contains("One webhook is disabled"), "{overview}");
    let page = dashboard.page("/moderation/webhooks").await;
    for part in [
        "it answered 410",
        "given up",
        "disabled",
        "Voting on codestral-2 is frozen.",
    ] {
        assert!(page.contains(part), "{part}: {page}");
    }
    let id = home.number("SELECT MAX(id) AS n FROM webhook_deliveries");
    let send = format!("/moderation/webhooks/{id}/send");
    assert!(dashboard.page(&send).await.contains("audit_"));
    dashboard.post(&send, &[("reason", "")]).await.page(422);
    assert_eq!(
        hook.messages().len(),
        1,
        "nothing was sent without a reason"
    );
    let reason = ("reason", "it is back");
    assert_eq!(
        dashboard.done(&send, &[reason]).await,
        "/moderation/webhooks"
    );
    eventually("it is sent again", GUARD, async || {
        hook.messages().len() == 2
    })
    .await;
    let ids = ids(&hook);
    assert_eq!(ids[0], ids[1]);
    eventually("it is delivered", GUARD, async || {
        dashboard
            .page("/moderation/webhooks")
            .await
            .contains(">delivered<")
    })
    .await;
    let page = dashboard.page("/moderation/webhooks").await;
    assert!(!page.contains("disabled"), "{page}");
    let acts = dashboard.page("/moderation/audit").await;
    assert!(
        acts.contains("Webhook sent again") && acts.contains("it is back"),
        "{acts}"
    );
    for path in ["/moderation/webhooks/0/send", "/moderation/webhooks/x/send"] {
        dashboard.get(path).await.page(404);
        dashboard.post(path, &[reason]).await.page(404);
    }
    dashboard
        .get("/moderation/webhooks?cursor=x")
        .await
        .page(422);
    dashboard.moderator.server.verify().await;
}

async fn an_endpoint_that_fails_for_days_is_disabled(backend: Backend) {
    let hook = Hook::start(&[Manner::Answers(500); 3]).await;
    let moderator = moderator(setup(backend, &endpoint("site", &hook.url, ""))).await;
    freeze(&moderator, "frozen").await;
    let home = moderator.server.home();
    let failing = "SELECT COUNT(*) AS n FROM webhook_failures";
    eventually("it fails", GUARD, async || home.number(failing) == 1).await;
    let log = moderator.server.stderr();
    assert!(log.contains("webhook delivery failed; will retry"), "{log}");
    assert!(!disabled(&moderator));
    // A clock that jumps disables nothing.
    home.execute("UPDATE webhook_failures SET failing_since = failing_since - 432000000000");
    let failures = "SELECT SUM(failures) AS n FROM webhook_failures";
    eventually("it fails again", GUARD, async || home.number(failures) == 2).await;
    assert!(!disabled(&moderator));
    home.execute("UPDATE webhook_failures SET failures = 9");
    eventually("it is disabled", GUARD, async || disabled(&moderator)).await;
    shows_that_it_is_disabled(&moderator).await;
    let given_up = "SELECT COUNT(*) AS n FROM webhook_deliveries WHERE state = 2";
    assert_eq!(home.number(given_up), 1);
    moderator.server.verify().await;
}

/// An event that is given up must not count against the endpoint when the next event comes, weeks later.
async fn failures_end_with_the_last_delivery(backend: Backend) {
    let hook = Hook::start(&[Manner::Answers(500); 2]).await;
    let moderator = moderator(setup(backend, &endpoint("site", &hook.url, ""))).await;
    freeze(&moderator, "frozen").await;
    let home = moderator.server.home();
    let failing = "SELECT COUNT(*) AS n FROM webhook_failures";
    eventually("it fails", GUARD, async || home.number(failing) == 1).await;
    // As if it had failed for three days.
    home.execute(
        "UPDATE webhook_deliveries SET attempts = 80, created_at = created_at - 259200000000",
    );
    let given_up = "SELECT COUNT(*) AS n FROM webhook_deliveries WHERE state = 2";
    eventually("it is given up", GUARD, async || home.number(given_up) == 1).await;
    assert_eq!(home.number(failing), 0);
    freeze(&moderator, "open").await;
    freeze(&moderator, "frozen").await;
    let delivered = "SELECT COUNT(*) AS n FROM webhook_deliveries WHERE state = 1";
    eventually("the next is delivered", GUARD, async || {
        home.number(delivered) == 1
    })
    .await;
    moderator.server.verify().await;
}

async fn what_cannot_be_saved_is_not_sent_again(backend: Backend) {
    let (hook, down) = tokio::join!(Hook::start(&[]), Hook::start(&[Manner::Answers(500)]));
    let endpoints = [
        endpoint("site", &hook.url, ""),
        endpoint("down", &down.url, ""),
    ];
    let moderator = moderator(setup(backend, &endpoints.concat())).await;
    let home = std::sync::Arc::clone(&moderator.server.setup.home);
    let (refuse, allow) = match backend {
        Backend::Sqlite => (
            "CREATE TRIGGER refuse BEFORE UPDATE ON webhook_deliveries \
             BEGIN SELECT RAISE(ABORT, 'full'); END",
            "DROP TRIGGER refuse",
        ),
        Backend::Postgres => (
            "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RAISE ''full''; END'; \
             CREATE TRIGGER refuse BEFORE UPDATE ON webhook_deliveries EXECUTE FUNCTION refuse()",
            "DROP TRIGGER refuse ON webhook_deliveries",
        ),
    };
    home.execute(refuse);
    freeze(&moderator, "frozen").await;
    eventually("outcomes are refused", GUARD, async || {
        moderator.server.stderr().matches("edit failed").count() >= 5
    })
    .await;
    assert_eq!((hook.messages().len(), down.messages().len()), (1, 1));

    home.execute(allow);
    let delivered = "SELECT COUNT(*) AS n FROM webhook_deliveries WHERE state = 1";
    eventually("both are delivered", GUARD, async || {
        home.number(delivered) == 2
    })
    .await;
    freeze(&moderator, "open").await;
    freeze(&moderator, "frozen").await;
    eventually("the next are delivered", GUARD, async || {
        home.number(delivered) == 4
    })
    .await;
    assert_eq!((hook.messages().len(), down.messages().len()), (2, 3));
    moderator.server.verify().await;
}

async fn private_addresses_are_refused(backend: Backend) {
    let (address, name, target) =
        tokio::join!(Hook::start(&[]), Hook::start(&[]), Hook::start(&[]));
    let by_name = name.url.replace("127.0.0.1", "localhost");
    let redirect = Hook::redirecting(&target.url).await;
    let endpoints = [
        endpoint("address", &address.url, ""),
        endpoint("name", &by_name, ""),
    ];
    let refused = setup(backend, &endpoints.concat());
    let refused = refused.without("TALLYSHIP_WEBHOOKS__PRIVATE_NETWORKS");
    let first = moderator(refused).await;
    freeze(&first, "frozen").await;
    let failed = "SELECT COUNT(*) AS n FROM webhook_deliveries WHERE attempts > 0 AND state = 0 \
                  AND failure LIKE '%is not public; webhooks.private_networks can allow it%'";
    let home = first.server.home();
    eventually("both are refused", GUARD, async || home.number(failed) == 2).await;
    assert!(address.messages().is_empty() && name.messages().is_empty());
    first.server.verify().await;

    // Nor does a redirect lead anywhere.
    let second = moderator(setup(backend, &endpoint("site", &redirect.url, ""))).await;
    freeze(&second, "frozen").await;
    let failed = "SELECT COUNT(*) AS n FROM webhook_deliveries WHERE failure = 'it answered 307'";
    let home = second.server.home();
    eventually("it is not followed", GUARD, async || {
        home.number(failed) == 1
    })
    .await;
    assert!(target.messages().is_empty() && !redirect.messages().is_empty());
}
