//! Forms that are not this session's own change nothing, and neither does a page.
use super::Seat;
use crate::harness::Backend;
use crate::harness::desk::{posted, sign_in};
use crate::harness::document::{For, operations};
use reqwest::Method;

crate::both!(
    forms_from_elsewhere_change_nothing,
    no_page_changes_anything
);

const STATE: &str = "/moderation/tools/codestral-2/state";

async fn forms_from_elsewhere_change_nothing(backend: Backend) {
    let seat = Seat::new(backend).await;
    let client = &seat.desk.client;
    let other = sign_in(client, &seat.desk.token).await;
    let before = seat.everything();
    let ours = [("state", "frozen"), ("reason", "it came from elsewhere")];
    let all = |key: &str, headers: &[(&str, &str)]| {
        let mut call = seat.session.with(client.post(STATE));
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
        &seat.session.key[1..],
        &seat.session.cookie[16..],
    ] {
        all(key, &[]).await.page(403);
    }
    let own = seat.session.key.as_str();
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
    let answer = posted(call, &[("token", seat.desk.token.as_str())])
        .send()
        .await
        .page(403);
    assert!(answer.header("set-cookie").is_none());
    let call = seat.session.with(client.post(STATE));
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
    assert_eq!(seat.everything(), before);
    // The same form from our own page does it.
    all(own, &[("origin", &base), ("sec-fetch-site", "same-origin")])
        .await
        .expect(303);
    assert_ne!(seat.everything(), before);
}

/// Every page that the document knows, read by a moderator, with votes and acts of each kind there to be shown.
async fn no_page_changes_anything(backend: Backend) {
    let seat = Seat::new(backend).await;
    seat.desk.voters("ship", 8).await;
    let reset = seat
        .desk
        .reset(serde_json::json!({}))
        .await
        .expect(201)
        .json;
    let voter = seat.desk.get("/votes").await["items"][0]["voter"].clone();
    let ban = serde_json::json!({"voter": voter, "reason": "a bot"});
    let ban = seat.desk.post("/bans", ban).await.expect(201).json;
    let period = serde_json::json!({"tool": "codestral-2", "from": "2026-11-24T02:00:00Z",
        "to": "2026-11-24T03:00:00Z", "reason": "a raid"});
    let period = seat.desk.post("/periods", period).await.expect(201).json;
    let before = seat.everything();
    let mut met = 0;
    for operation in operations(&seat.desk.client).await {
        if operation.method != Method::GET || !matches!(operation.who, For::Desk(_)) {
            continue;
        }
        for id in [&reset["id"], &ban["id"], &period["id"]].map(ToString::to_string) {
            let mut address = operation.address(&[("id", &id)]);
            if address == "/moderation/bans/new" {
                address = format!("{address}?voter={}", voter.as_str().expect("a voter"));
            }
            let answer = seat.get(&address).await;
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
            let head = seat
                .session
                .with(seat.desk.client.call(Method::HEAD, &address));
            assert_eq!(head.send().await.status, answer.status, "{address}");
            met += usize::from(answer.status == 200);
        }
    }
    assert!(met > 30, "only {met} pages");
    assert_eq!(seat.everything(), before);
    seat.desk.server.verify().await;
}
