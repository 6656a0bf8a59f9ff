//! How a session ends: with its token on every instance, by sign-out, by a new sign-in, by rest and by age.
use super::Dashboard;
use crate::harness::dashboard::{Session, cookie, posted, sign_in};
use crate::harness::{Backend, eventually};
use crate::moderation::Moderator;
use serde_json::Value;
use std::time::Duration;

crate::both!(
    a_session_dies_with_its_token,
    a_sign_in_gives_a_new_session_and_ends_the_old_one,
    a_sign_out_ends_it_on_the_server,
    a_session_ends_by_rest_and_by_age,
);

/// Within a second, on each instance that shares the database: what the issue promises.
const REVOKED_WITHIN: Duration = Duration::from_secs(1);

async fn is_out(moderator: &Moderator, session: &Session) -> bool {
    let answer = session
        .with(moderator.client.get("/moderation"))
        .send()
        .await;
    answer.status == 303 && answer.header("location") == Some("/moderation/sign-in")
}

async fn revoke(moderator: &Moderator, token_name: &str) {
    let listed = moderator
        .server
        .run_cli(&["token", "list", "--json"])
        .await
        .success("list");
    let tokens: Value = serde_json::from_str(&listed.stdout).expect("JSON");
    let tokens = tokens.as_array().expect("a list");
    let token = tokens.iter().find(|token| token["name"] == token_name);
    let id = token.expect("the token")["id"]
        .as_str()
        .expect("its id")
        .to_owned();
    moderator
        .server
        .run_cli(&["token", "revoke", &id])
        .await
        .success("revoke");
}

async fn a_session_dies_with_its_token(backend: Backend) {
    let dashboard = Dashboard::new(backend).await;
    let moderator = &dashboard.moderator;
    // Only Postgres takes a second instance.
    let second = match backend {
        Backend::Sqlite => None,
        Backend::Postgres => Some(moderator.server.setup.start().await),
    };
    let beside = second
        .as_ref()
        .map_or_else(|| moderator.client.clone(), |second| second.client());
    let there = async || {
        dashboard
            .session
            .with(beside.get("/moderation"))
            .send()
            .await
            .status
    };
    assert_eq!(
        (there().await, is_out(moderator, &dashboard.session).await),
        (200, false)
    );
    let other = crate::moderation::staff(&moderator.server, "admin").await;
    let other = sign_in(&moderator.client, &other).await;
    revoke(moderator, "the moderator").await;
    let guard = REVOKED_WITHIN;
    eventually("out", guard, async || {
        is_out(moderator, &dashboard.session).await && there().await == 303
    })
    .await;
    assert!(
        !is_out(moderator, &other).await,
        "another token's session goes on"
    );
    let before = dashboard.everything();
    let led = dashboard
        .done(
            "/moderation/tools/codestral-2/state",
            &[("state", "frozen"), ("reason", "late")],
        )
        .await;
    assert_eq!(led, "/moderation/sign-in");
    assert_eq!(dashboard.everything(), before);
}

async fn a_sign_in_gives_a_new_session_and_ends_the_old_one(backend: Backend) {
    let dashboard = Dashboard::new(backend).await;
    let moderator = &dashboard.moderator;
    let call = dashboard
        .session
        .with(moderator.client.post("/moderation/sign-in"));
    let answer = posted(call, &[("token", &moderator.token)])
        .send()
        .await
        .expect(303);
    let new = cookie(&answer);
    assert_ne!(new, dashboard.session.cookie);
    assert!(
        is_out(moderator, &dashboard.session).await,
        "the old one is over"
    );
    // An id that somebody planted is not taken over.
    let planted = format!("tallyship-staff={}", "A".repeat(43));
    let call = moderator
        .client
        .post("/moderation/sign-in")
        .header("cookie", &planted);
    let answer = posted(call, &[("token", &moderator.token)])
        .send()
        .await
        .expect(303);
    assert_ne!(cookie(&answer), planted);
    let page = moderator
        .client
        .get("/moderation")
        .header("cookie", &planted);
    page.send().await.expect(303);
    // A try that fails ends nothing.
    let again = Session {
        cookie: new,
        ..Session::default()
    };
    let call = again.with(moderator.client.post("/moderation/sign-in"));
    posted(call, &[("token", "tss_wrong")])
        .send()
        .await
        .page(401);
    assert!(!is_out(moderator, &again).await);
}

async fn a_sign_out_ends_it_on_the_server(backend: Backend) {
    let dashboard = Dashboard::new(backend).await;
    let second = sign_in(&dashboard.moderator.client, &dashboard.moderator.token).await;
    let answer = dashboard
        .post("/moderation/sign-out", &[])
        .await
        .expect(303);
    assert_eq!(answer.header("location"), Some("/moderation/sign-in"));
    let line = answer.header("set-cookie").expect("it is taken away");
    assert!(
        line.starts_with("tallyship-staff=;") && line.contains("Max-Age=0"),
        "{line}"
    );
    assert!(
        is_out(&dashboard.moderator, &dashboard.session).await,
        "whoever kept the cookie is out"
    );
    assert!(
        !is_out(&dashboard.moderator, &second).await,
        "another browser's goes on"
    );
    assert_eq!(
        dashboard
            .home()
            .number("SELECT count(*) AS n FROM sessions"),
        1
    );
}

async fn a_session_ends_by_rest_and_by_age(backend: Backend) {
    let dashboard = Dashboard::new(backend).await;
    let minutes = |column: &str, minutes: i64| {
        let micros = minutes * 60_000_000;
        dashboard.home().execute(&format!(
            "UPDATE sessions SET {column} = {column} - {micros}"
        ));
    };
    let seen = || dashboard.home().number("SELECT seen_at AS n FROM sessions");
    minutes("seen_at", 29);
    let before = seen();
    assert!(
        !is_out(&dashboard.moderator, &dashboard.session).await,
        "29 minutes are no rest yet"
    );
    assert!(seen() > before + 28 * 60_000_000, "a call is noted");
    minutes("seen_at", 31);
    assert!(
        is_out(&dashboard.moderator, &dashboard.session).await,
        "by rest"
    );
    let second = sign_in(&dashboard.moderator.client, &dashboard.moderator.token).await;
    assert_eq!(
        dashboard
            .home()
            .number("SELECT count(*) AS n FROM sessions"),
        1,
        "the ended one is forgotten"
    );
    minutes("begun_at", 12 * 60 - 1);
    assert!(!is_out(&dashboard.moderator, &second).await);
    minutes("begun_at", 2);
    assert!(
        is_out(&dashboard.moderator, &second).await,
        "by age, however busy"
    );
    // A token that ends takes its sessions with it.
    let third = sign_in(&dashboard.moderator.client, &dashboard.moderator.token).await;
    dashboard
        .home()
        .execute("UPDATE tokens SET expires_at = created_at");
    assert!(is_out(&dashboard.moderator, &third).await);
}
