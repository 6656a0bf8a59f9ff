//! What has ended goes by its age, and nothing else: sessions, bans, staff tokens, removals that never came into force, hashes
//! of the erased, hours of long ago.
use crate::harness::dashboard::sign_in;
use crate::harness::server::{Home, Server, Setup};
use crate::harness::{Backend, eventually};
use crate::moderation::{Moderator, OTHER, TOOL};
use reqwest::Method;
use serde_json::json;
use std::time::Duration;

crate::both!(
    what_has_ended_goes_by_its_age,
    old_hours_become_days,
    alerts_lose_their_networks_without_a_detector,
    marks_of_an_unfinished_removal_go_with_it
);

const GUARD: Duration = Duration::from_secs(30);
const DAY: i64 = 86_400_000_000;

/// Bans, tokens, sessions, removals, erased visitors.
fn rows(home: &Home) -> [i64; 5] {
    ["bans", "tokens", "sessions", "removals", "erased"]
        .map(|table| home.number(&format!("SELECT count(*) AS n FROM {table}")))
}

/// Starts a server and waits until it has gone over everything: what it looks at last is gone.
async fn after_a_round(setup: &Setup) -> Server {
    let home = &setup.home;
    let blob = match home.backend() {
        Backend::Sqlite => "x'00'",
        Backend::Postgres => "'\\x00'::bytea",
    };
    home.execute(&format!(
        "INSERT INTO erased (hash, at, ends_at) VALUES ({blob}, 1, 1)"
    ));
    let server = setup.start().await;
    eventually("a round is over", GUARD, async || {
        home.number("SELECT count(*) AS n FROM erased WHERE ends_at = 1") == 0
    })
    .await;
    server
}

async fn stopped(server: Server) {
    assert_eq!(server.sigterm(GUARD).await, 0);
}

async fn what_has_ended_goes_by_its_age(backend: Backend) {
    let setup = Home::new(backend).setup().generous();
    let moderator = Moderator::at(setup.start().await).await;
    let home = std::sync::Arc::clone(&setup.home);
    let voters = moderator.voters("ship", 4).await;
    let seen = moderator.get(&format!("/votes?tool={TOOL}")).await;
    let id = |n: usize| seen["items"][n]["voter"].clone();
    let ban = async |body: serde_json::Value| moderator.post("/bans", body).await.expect(201).json;
    // One for ever, one that is lifted, one that will be over, one that comes and goes with a reset.
    ban(json!({"voter": id(0), "reason": "for ever"})).await;
    let lifted = ban(json!({"voter": id(1), "reason": "a mistake"})).await;
    let lift = format!("/bans/{}", lifted["id"]);
    let lift = moderator.call(Method::DELETE, &lift, None).await;
    assert!(lift.success(), "{}", lift.text);
    let soon = "2100-01-01T00:00:00Z";
    let over = ban(json!({"voter": id(2), "reason": "a while", "expires_at": soon})).await;
    let end = "UPDATE bans SET expires_at = made_at + 1000000";
    home.execute(&format!("{end} WHERE id = {}", over["id"]));
    let with = json!({"voter": id(3), "ban": {"expires_at": soon}});
    let reset = moderator.reset(with).await.expect(201);
    moderator.undo(&reset.json["id"]).await.expect(200);
    let create = ["token", "create", "--role", "site", "--name", "gone"];
    setup.run_cli(&create).await.success("token create");
    setup
        .run_cli(&["token", "revoke", "gone"])
        .await
        .success("token revoke");
    sign_in(&moderator.client, &moderator.token).await;
    let erased = moderator.client.visitor().await;
    moderator
        .client
        .put_vote(&erased, OTHER, "ship")
        .await
        .expect(201);
    let me = moderator.client.delete("/v1/visitors/me").bearer(&erased);
    me.send().await.expect(200);
    let acts = home.number("SELECT count(*) AS n FROM audit");
    let tally = moderator.client.tally(TOOL).await;
    stopped(moderator.server).await;

    let all = [4, 2, 1, 1, 1];
    assert_eq!(rows(&home), all);
    stopped(after_a_round(&setup).await).await;
    assert_eq!(rows(&home), all, "everything is young");
    home.days_later(2);
    stopped(after_a_round(&setup).await).await;
    assert_eq!(rows(&home), [4, 2, 0, 1, 1], "the session is over");
    home.days_later(364);
    let off = setup
        .clone()
        .env("TALLYSHIP_RETENTION__ENDED_BANS", "off")
        .env("TALLYSHIP_RETENTION__ENDED_TOKENS", "off");
    stopped(after_a_round(&off).await).await;
    assert_eq!(
        rows(&home),
        [4, 2, 0, 1, 1],
        "kept for ever, where that is set"
    );
    let server = after_a_round(&setup).await;
    assert_eq!(
        rows(&home),
        [1, 1, 0, 1, 1],
        "lifted, over, taken back, revoked"
    );
    // Who is banned for ever still is, whoever was is not, and the proof of all of it is whole.
    let client = server.client();
    let refused = client.put_vote(&voters[3], OTHER, "ship").await;
    refused.problem(403, "voter-banned");
    client.put_vote(&voters[2], OTHER, "ship").await.expect(201);
    client
        .put_vote(&erased, OTHER, "ship")
        .await
        .problem(401, "bad-token");
    assert_eq!(client.tally(TOOL).await, tally);
    assert_eq!(home.number("SELECT count(*) AS n FROM audit"), acts);
    server.verify().await;
    stopped(server).await;
    home.days_later(795 - 366);
    let server = after_a_round(&setup).await;
    assert_eq!(
        rows(&home),
        [1, 1, 0, 1, 0],
        "no token of theirs can be believed"
    );
    server.verify().await;
}

async fn marks_of_an_unfinished_removal_go_with_it(backend: Backend) {
    let setup = Home::new(backend).setup().generous();
    let moderator = Moderator::at(setup.start().await).await;
    let home = std::sync::Arc::clone(&setup.home);
    // More than one step has.
    moderator.voters("ship", 250).await;
    let tally = moderator.client.tally(TOOL).await;
    stopped(moderator.server).await;
    let tool = format!("(SELECT id FROM tools WHERE slug = '{TOOL}')");
    let now = "(SELECT max(cast_at) FROM votes)";
    home.execute(&format!(
        "INSERT INTO removals (kind, tool_id, state, reason, made_by, made_at) VALUES (1, {tool}, 0, 'a crash', 'me', {now}); \
         UPDATE votes SET taken_out_by = (SELECT max(id) FROM removals); \
         INSERT INTO bans (voter, reason, made_by, made_at, removal_id) \
         SELECT voter, 'a crash', 'me', cast_at, taken_out_by FROM votes"
    ));
    let marked = || home.number("SELECT count(*) AS n FROM votes WHERE taken_out_by IS NOT NULL");
    stopped(after_a_round(&setup).await).await;
    assert_eq!(
        (rows(&home)[0], rows(&home)[3], marked()),
        (250, 1, 250),
        "of today"
    );
    home.days_later(1);
    let server = after_a_round(&setup).await;
    assert_eq!((rows(&home)[0], rows(&home)[3], marked()), (0, 0, 0));
    assert_eq!(server.client().tally(TOOL).await, tally);
    server.verify().await;
}

async fn old_hours_become_days(backend: Backend) {
    let setup = Home::new(backend).setup().generous();
    let server = setup.start().await;
    let voter = server.client().visitor().await;
    server
        .client()
        .put_vote(&voter, TOOL, "ship")
        .await
        .expect(201);
    let home = std::sync::Arc::clone(&setup.home);
    let today = home.number("SELECT max(cast_at) AS n FROM votes") / DAY * DAY;
    let hour = DAY / 24;
    // Of long ago and of yesterday: the votes that stood then.
    let hours = [
        (today - 100 * DAY + hour, 1),
        (today - 100 * DAY + 5 * hour, 2),
        (today - 100 * DAY + 23 * hour, 3),
        (today - 99 * DAY, 4),
        (today - DAY + 3 * hour, 5),
        (today - DAY + 4 * hour, 6),
    ];
    for (at, ship) in hours {
        home.execute(&format!(
            "INSERT INTO tally_hours (tool_id, hour, ship, skip, aside_ship, aside_skip) \
             SELECT id, {at}, {ship}, 0, 0, 0 FROM tools WHERE slug = '{TOOL}'"
        ));
    }
    let days = async |server: &Server| {
        let path = format!("/v1/tools/{TOOL}/history?step=day");
        server.client().get(&path).send().await.expect(200).json
    };
    let left = || home.number("SELECT count(*) AS n FROM tally_hours");
    let before = days(&server).await;
    stopped(server).await;
    stopped(after_a_round(&setup).await).await;
    assert_eq!(left(), 6, "for ever, unless it is set");
    let setup = setup.env("TALLYSHIP_RETENTION__HOURS", "30d");
    let server = after_a_round(&setup).await;
    eventually("the hours are gone over last", GUARD, async || left() < 6).await;
    assert_eq!(left(), 4, "the last of each day, and all of the young");
    assert_eq!(days(&server).await, before);
    let oldest = home.number("SELECT min(hour) AS n FROM tally_hours");
    assert_eq!(oldest, today - 100 * DAY + 23 * hour);
}

/// Two alerts of one network: one whose day is over, one of now.
async fn alerts_lose_their_networks_without_a_detector(backend: Backend) {
    let setup = Home::new(backend).setup();
    let setup = setup.env("TALLYSHIP_DETECTOR__ENABLED", "off");
    stopped(setup.start().await).await;
    let home = &setup.home;
    let network = match backend {
        Backend::Sqlite => "x'0102030405060708090a0b0c0d0e0f10'",
        Backend::Postgres => "'\\x0102030405060708090a0b0c0d0e0f10'::bytea",
    };
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    let now = i64::try_from(now.expect("after 1970").as_micros()).expect("small");
    for last in [now - 3 * DAY, now] {
        home.execute(&format!(
            "INSERT INTO alerts (tool_id, kind, score, burst, concentration, freshness, one_sidedness, votes, ship, networks, \
             fresh, usual, tools, span_from, span_to, network, raised_at, updated_at) \
             SELECT min(id), 3, 80, 80, 80, 80, 80, 40, 40, 1, 40, 1, 1, {last}, {last}, {network}, {last}, {last} FROM tools"
        ));
    }
    let with_networks = "SELECT count(*) AS n FROM alerts WHERE network =";
    let bearing = || home.number(&format!("{with_networks} {network}"));
    assert_eq!(bearing(), 2);
    stopped(after_a_round(&setup).await).await;
    assert_eq!(bearing(), 1, "the one of now");
    assert_eq!(home.number("SELECT count(*) AS n FROM alerts"), 2);
}
