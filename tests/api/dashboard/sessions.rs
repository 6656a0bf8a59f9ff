//! How a session ends: with its token on every instance, by sign-out, by a new sign-in, by rest and by age.
use super::Seat;
use crate::harness::desk::{Session, cookie, posted, sign_in};
use crate::harness::{Backend, eventually};
use crate::moderation::Desk;
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

async fn is_out(desk: &Desk, session: &Session) -> bool {
    let answer = session.with(desk.client.get("/moderation")).send().await;
    answer.status == 303 && answer.header("location") == Some("/moderation/sign-in")
}

async fn revoke(desk: &Desk, token_name: &str) {
    let listed = desk
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
    desk.server
        .run_cli(&["token", "revoke", &id])
        .await
        .success("revoke");
}

async fn a_session_dies_with_its_token(backend: Backend) {
    let seat = Seat::new(backend).await;
    let desk = &seat.desk;
    // Only Postgres has room for a second instance.
    let second = match backend {
        Backend::Sqlite => None,
        Backend::Postgres => Some(desk.server.setup.start().await),
    };
    let beside = second
        .as_ref()
        .map_or_else(|| desk.client.clone(), |second| second.client());
    let there = async || {
        seat.session
            .with(beside.get("/moderation"))
            .send()
            .await
            .status
    };
    assert_eq!(
        (there().await, is_out(desk, &seat.session).await),
        (200, false)
    );
    let other = crate::moderation::staff(&desk.server, "admin").await;
    let other = sign_in(&desk.client, &other).await;
    revoke(desk, "the moderator").await;
    let guard = REVOKED_WITHIN;
    eventually("out", guard, async || {
        is_out(desk, &seat.session).await && there().await == 303
    })
    .await;
    assert!(
        !is_out(desk, &other).await,
        "another token's session goes on"
    );
    let before = seat.everything();
    let led = seat
        .done(
            "/moderation/tools/codestral-2/state",
            &[("state", "frozen"), ("reason", "late")],
        )
        .await;
    assert_eq!(led, "/moderation/sign-in");
    assert_eq!(seat.everything(), before);
}

async fn a_sign_in_gives_a_new_session_and_ends_the_old_one(backend: Backend) {
    let seat = Seat::new(backend).await;
    let desk = &seat.desk;
    let call = seat.session.with(desk.client.post("/moderation/sign-in"));
    let answer = posted(call, &[("token", &desk.token)])
        .send()
        .await
        .expect(303);
    let new = cookie(&answer);
    assert_ne!(new, seat.session.cookie);
    assert!(is_out(desk, &seat.session).await, "the old one is over");
    // An id that somebody planted is not taken over.
    let planted = format!("tallyship-staff={}", "A".repeat(43));
    let call = desk
        .client
        .post("/moderation/sign-in")
        .header("cookie", &planted);
    let answer = posted(call, &[("token", &desk.token)])
        .send()
        .await
        .expect(303);
    assert_ne!(cookie(&answer), planted);
    let page = desk.client.get("/moderation").header("cookie", &planted);
    page.send().await.expect(303);
    // A try that fails ends nothing.
    let again = Session {
        cookie: new,
        ..Session::default()
    };
    let call = again.with(desk.client.post("/moderation/sign-in"));
    posted(call, &[("token", "tss_wrong")])
        .send()
        .await
        .page(401);
    assert!(!is_out(desk, &again).await);
}

async fn a_sign_out_ends_it_on_the_server(backend: Backend) {
    let seat = Seat::new(backend).await;
    let second = sign_in(&seat.desk.client, &seat.desk.token).await;
    let answer = seat.post("/moderation/sign-out", &[]).await.expect(303);
    assert_eq!(answer.header("location"), Some("/moderation/sign-in"));
    let line = answer.header("set-cookie").expect("it is taken away");
    assert!(
        line.starts_with("tallyship-staff=;") && line.contains("Max-Age=0"),
        "{line}"
    );
    assert!(
        is_out(&seat.desk, &seat.session).await,
        "whoever kept the cookie is out"
    );
    assert!(
        !is_out(&seat.desk, &second).await,
        "another browser's goes on"
    );
    assert_eq!(seat.home().number("SELECT count(*) AS n FROM sessions"), 1);
}

async fn a_session_ends_by_rest_and_by_age(backend: Backend) {
    let seat = Seat::new(backend).await;
    let minutes = |column: &str, minutes: i64| {
        let micros = minutes * 60_000_000;
        seat.home().execute(&format!(
            "UPDATE sessions SET {column} = {column} - {micros}"
        ));
    };
    let seen = || seat.home().number("SELECT seen_at AS n FROM sessions");
    minutes("seen_at", 29);
    let before = seen();
    assert!(
        !is_out(&seat.desk, &seat.session).await,
        "29 minutes are no rest yet"
    );
    assert!(seen() > before + 28 * 60_000_000, "a call is noted");
    minutes("seen_at", 31);
    assert!(is_out(&seat.desk, &seat.session).await, "by rest");
    let second = sign_in(&seat.desk.client, &seat.desk.token).await;
    assert_eq!(
        seat.home().number("SELECT count(*) AS n FROM sessions"),
        1,
        "the ended one is forgotten"
    );
    minutes("begun_at", 12 * 60 - 1);
    assert!(!is_out(&seat.desk, &second).await);
    minutes("begun_at", 2);
    assert!(is_out(&seat.desk, &second).await, "by age, however busy");
    // A token that ends takes its sessions with it.
    let third = sign_in(&seat.desk.client, &seat.desk.token).await;
    seat.home()
        .execute("UPDATE tokens SET expires_at = created_at");
    assert!(is_out(&seat.desk, &third).await);
}
