//! Forms that are not this session's own change nothing, and neither does a page.
use super::Dashboard;
use crate::harness::Backend;
use crate::harness::dashboard::{posted, sign_in};
use crate::harness::document::{For, operations};
use reqwest::Method;

crate::both!(
    forms_from_elsewhere_change_nothing,
    no_page_changes_anything
);

const STATE: &str = "/moderation/tools/codestral-2/state";

async fn forms_from_elsewhere_change_nothing(backend: Backend) {
    let dashboard = Dashboard::new(backend).await;
    let client = &dashboard.moderator.client;
    let other = sign_in(client, &dashboard.moderator.token).await;
    let before = dashboard.everything();
    let ours = [("state", "frozen"), ("reason", "it came from elsewhere")];
    let all = |key: &str, headers: &[(&str, &str)]| {
        let mut call = dashboard.session.with(client.post(STATE));
        for (name, value) in headers {
            call = call.header(name, value);
        }
        let key = key.to_owned();
        async move {
            let fields = [("key", key.as_str()), ours[0], ours[1]];
            posted(call, &fields).send().await
        }
    };
    for key in [
        "",
        "x",
        other.key.as_str(),
        &dashboard.session.key[1..],
        &dashboard.session.cookie[16..],
    ] {
        all(key, &[]).await.page(403);
    }
    let own = dashboard.session.key.as_str();
    let base = client.base().to_owned();
    for headers in [
        &[("origin", "https://evil.example")][..],
        &[("origin", "null")],
        &[("sec-fetch-site", "cross-site")],
        &[("sec-fetch-site", "same-site")],
        &[("sec-fetch-site", "none")],
        &[
            ("origin", "https://evil.example"),
            ("sec-fetch-site", "same-origin"),
        ],
    ] {
        let answer = all(own, headers).await.page(403);
        assert!(
            answer.text.contains("Nothing was changed"),
            "{}",
            answer.text
        );
    }
    // A foreign page cannot sign anybody in, either.
    let call = client
        .post("/moderation/sign-in")
        .header("origin", "https://evil.example");
    let answer = posted(call, &[("token", dashboard.moderator.token.as_str())])
        .send()
        .await
        .page(403);
    assert!(answer.header("set-cookie").is_none());
    let call = dashboard.session.with(client.post(STATE));
    let body = format!("{{\"key\":\"{own}\",\"state\":\"frozen\",\"reason\":\"x\"}}");
    call.header("content-type", "application/json")
        .body(body)
        .send()
        .await
        .page(415);
    // The key alone, without the session, is worth nothing.
    let call = client.post(STATE);
    posted(call, &[("key", own), ours[0], ours[1]])
        .send()
        .await
        .expect(303);
    assert_eq!(dashboard.everything(), before);
    // The same form from our own page does it.
    all(own, &[("origin", &base), ("sec-fetch-site", "same-origin")])
        .await
        .expect(303);
    assert_ne!(dashboard.everything(), before);
}

/// Every page that the document knows, read by a moderator, with votes and acts of each kind there to be shown.
async fn no_page_changes_anything(backend: Backend) {
    let dashboard = Dashboard::new(backend).await;
    dashboard.moderator.voters("ship", 8).await;
    let reset = dashboard
        .moderator
        .reset(serde_json::json!({}))
        .await
        .expect(201)
        .json;
    let voter = dashboard.moderator.get("/votes").await["items"][0]["voter"].clone();
    let ban = serde_json::json!({"voter": voter, "reason": "a bot"});
    let ban = dashboard
        .moderator
        .post("/bans", ban)
        .await
        .expect(201)
        .json;
    let period = serde_json::json!({"tool": "codestral-2", "from": "2026-11-24T02:00:00Z",
        "to": "2026-11-24T03:00:00Z", "reason": "a raid"});
    let period = dashboard
        .moderator
        .post("/periods", period)
        .await
        .expect(201)
        .json;
    let before = dashboard.everything();
    let mut met = 0;
    for operation in operations(&dashboard.moderator.client).await {
        if operation.method != Method::GET || !matches!(operation.who, For::Moderator(_)) {
            continue;
        }
        for id in [&reset["id"], &ban["id"], &period["id"]].map(ToString::to_string) {
            let mut address = operation.address(&[("id", &id)]);
            if address == "/moderation/bans/new" {
                address = format!("{address}?voter={}", voter.as_str().expect("a voter"));
            }
            let answer = dashboard.get(&address).await;
            assert!(
                matches!(answer.status, 200 | 404),
                "{address}: {}\n{}",
                answer.status,
                answer.text
            );
            assert_eq!(
                answer.header("cache-control"),
                Some("no-store"),
                "{address}"
            );
            assert_eq!(answer.header("x-frame-options"), Some("DENY"), "{address}");
            let head = dashboard
                .session
                .with(dashboard.moderator.client.call(Method::HEAD, &address));
            assert_eq!(head.send().await.status, answer.status, "{address}");
            met += usize::from(answer.status == 200);
        }
    }
    assert!(met > 30, "only {met} pages");
    assert_eq!(dashboard.everything(), before);
    dashboard.moderator.server.verify().await;
}
