//! One hand is one voice: whatever the voters of one network do, and in whatever order, they move a tool's tally by twenty at most
//! while they look like one hand. Honest crowds count.
use super::held::{ask, on};
use super::{Moderator, OTHER, TOOL};
use crate::harness::client::Answer;
use crate::harness::{Backend, eventually};
use serde_json::{Value, json};
use std::time::Duration;

crate::both!(
    balanced_votes_that_turn_move_twenty,
    two_networks_of_a_wide_one_keep_their_sums,
    votes_spread_over_tools_move_twenty_on_each,
    an_all_clear_waits_for_dissent,
    what_is_held_or_rejected_stays_so_from_whatever_network,
    nothing_tells_a_held_voter,
    a_restart_midnight_and_an_erasure_change_nothing,
    what_a_moderator_takes_out_makes_no_allowance,
    honest_crowds_count,
);

/// `ship` and `skip`, for a voter who does one or the other.
pub(super) const SHIP: Option<&str> = Some("ship");
pub(super) const SKIP: Option<&str> = Some("skip");

/// Some visitors behind addresses of one network.
pub(super) struct Hand<'a> {
    moderator: &'a Moderator,
    pub(super) voters: Vec<String>,
    from: String,
}

impl<'a> Hand<'a> {
    pub(super) async fn new(moderator: &'a Moderator, count: usize, from: &str) -> Hand<'a> {
        let voters = moderator.server.setup.mint(count).await;
        Hand {
            moderator,
            voters,
            from: from.to_owned(),
        }
    }

    /// One act of the `nth`; `{n}` in the address is its number.
    async fn act(&self, nth: usize, tool: &str, choice: Option<&str>) -> Answer {
        let from = self.from.replace("{n}", &format!("{nth:x}"));
        let (client, voter) = (&self.moderator.client, &self.voters[nth]);
        let call = match choice {
            Some(choice) => ask(client, voter, tool, choice, &from, "Browser/1"),
            None => client
                .call(reqwest::Method::DELETE, &format!("/v1/tools/{tool}/vote"))
                .bearer(voter)
                .header("x-forwarded-for", &from),
        };
        let answer = call.send().await;
        assert!(answer.success(), "{answer:?}");
        answer
    }

    pub(super) async fn all(&self, tool: &str, choice: impl Fn(usize) -> Option<&'static str>) {
        for nth in 0..self.voters.len() {
            self.act(nth, tool, choice(nth)).await;
        }
    }

    /// Those among the first `count`.
    async fn first(&self, count: usize, tool: &str, choice: Option<&str>) {
        for nth in 0..count {
            self.act(nth, tool, choice).await;
        }
    }
}

async fn net(moderator: &Moderator, tool: &str) -> i64 {
    let (ship, skip) = moderator.client.counts(tool).await;
    ship - skip
}

pub(super) async fn at_most_twenty(moderator: &Moderator, tool: &str, what: &str) {
    let net = net(moderator, tool).await;
    assert!(net.abs() <= 20, "{what}: {net}");
}

/// More tools of the demo catalogue, so that each shape has one of its own.
pub(super) async fn tools(moderator: &Moderator) -> Vec<String> {
    let list = moderator.client.get("/v1/tools?limit=12").send().await;
    let list = list.expect(200).json;
    let items = list["items"].as_array().expect("tools");
    let slugs = items
        .iter()
        .map(|tool| tool["slug"].as_str().expect("slug"));
    slugs.map(str::to_owned).collect()
}

async fn moderator(backend: Backend) -> Moderator {
    Moderator::at(on(backend).start().await).await
}

/// Where a /48 is one hand, votes of another of its /64 are set aside than of the one that acts.
async fn two_networks_of_a_wide_one_keep_their_sums(backend: Backend) {
    let moderator = Moderator::at(on(backend).start().await).await;
    let skips = Hand::new(&moderator, 25, "2001:db8:9:1::1").await;
    let ships = Hand::new(&moderator, 25, "2001:db8:9:2::1").await;
    for nth in 0..25 {
        skips.act(nth, TOOL, SKIP).await;
        ships.act(nth, TOOL, SHIP).await;
    }
    skips.all(TOOL, |_| SHIP).await;
    at_most_twenty(&moderator, TOOL, "both").await;
    let verify = moderator.server.run_cli(&["verify"]).await;
    verify.success("verify");
}

async fn balanced_votes_that_turn_move_twenty(backend: Backend) {
    let moderator = moderator(backend).await;
    let tools = tools(&moderator).await;
    let half = |nth: usize| if nth.is_multiple_of(2) { SKIP } else { SHIP };

    let hand = Hand::new(&moderator, 120, "198.51.100.1").await;
    hand.all(&tools[0], half).await;
    assert_eq!(
        moderator.client.counts(&tools[0]).await,
        (60, 60),
        "balanced, all count"
    );
    hand.all(&tools[0], |_| SHIP).await;
    at_most_twenty(&moderator, &tools[0], "the skips turned").await;

    let hand = Hand::new(&moderator, 120, "198.51.100.2").await;
    hand.all(&tools[1], |nth| if nth % 2 == 0 { SKIP } else { SHIP })
        .await;
    for nth in (0..120).step_by(2) {
        hand.act(nth, &tools[1], None).await;
    }
    at_most_twenty(&moderator, &tools[1], "the skips were withdrawn").await;

    let hand = Hand::new(&moderator, 146, "198.51.100.3").await;
    hand.first(26, &tools[2], SKIP).await;
    for nth in 26..146 {
        hand.act(nth, &tools[2], SHIP).await;
        hand.act(nth % 26, &tools[2], SKIP).await;
    }
    hand.first(26, &tools[2], SHIP).await;
    at_most_twenty(&moderator, &tools[2], "a few balanced, and turned").await;

    let hand = Hand::new(&moderator, 40, "198.51.100.4").await;
    hand.all(&tools[3], |nth| if nth < 20 { SKIP } else { SHIP })
        .await;
    hand.first(20, &tools[3], SHIP).await;
    at_most_twenty(&moderator, &tools[3], "forty of them").await;

    // One side after the other: the first is held, and the other moves no more for that.
    let hand = Hand::new(&moderator, 120, "198.51.100.6").await;
    hand.all(&tools[5], |nth| if nth < 60 { SKIP } else { SHIP })
        .await;
    at_most_twenty(&moderator, &tools[5], "one side after the other").await;
    hand.first(30, &tools[5], None).await;
    at_most_twenty(&moderator, &tools[5], "half of the first side goes").await;
    let hand = Hand::new(&moderator, 120, "198.51.100.7").await;
    hand.all(&tools[6], half).await;
    hand.act(0, &tools[6], None).await;
    for nth in (0..60).step_by(2) {
        hand.act(nth, &tools[6], None).await;
    }
    at_most_twenty(&moderator, &tools[6], "half of the skips were withdrawn").await;

    // Dissent enough to count, until it goes; some of it from another address.
    let mut hand = Hand::new(&moderator, 90, "198.51.100.5").await;
    hand.all(&tools[4], |nth| if nth < 15 { SKIP } else { SHIP })
        .await;
    hand.from = "203.0.113.50".to_owned();
    hand.first(15, &tools[4], None).await;
    at_most_twenty(&moderator, &tools[4], "the dissent went").await;
    moderator.server.setup.verify().await;
}

async fn votes_spread_over_tools_move_twenty_on_each(backend: Backend) {
    let moderator = moderator(backend).await;
    let tools = tools(&moderator).await;

    let hand = Hand::new(&moderator, 140, "198.51.100.1").await;
    hand.all(&tools[0], |_| SHIP).await;
    hand.all(&tools[1], |_| SKIP).await;

    let hand = Hand::new(&moderator, 60, "198.51.100.2").await;
    for nth in 0..60 {
        for (tool, choice) in tools[2..6].iter().zip([SHIP, SKIP, SHIP, SKIP]) {
            hand.act(nth, tool, choice).await;
        }
    }

    // Each from a /64 of its own, all of one /48.
    let hand = Hand::new(&moderator, 80, "2001:db8:7:{n}::1").await;
    hand.all(&tools[6], |_| SHIP).await;
    hand.all(&tools[7], |_| SHIP).await;
    for tool in &tools[..8] {
        at_most_twenty(&moderator, tool, tool).await;
        assert_eq!(
            net(&moderator, tool).await.abs(),
            20,
            "{tool}: the first twenty count"
        );
    }
    moderator.server.setup.verify().await;
}

async fn held(moderator: &Moderator, tool: &str) -> i64 {
    let body = json!({"tool": tool, "dry_run": true});
    let answer = moderator.post("/held/release", body).await.expect(200);
    answer.json["matched"].as_i64().expect("matched")
}

async fn an_all_clear_waits_for_dissent(backend: Backend) {
    let server = on(backend).env("TALLYSHIP_ABUSE__CLEAR_AFTER", "1s");
    let moderator = Moderator::at(server.start().await).await;
    let tools = tools(&moderator).await;
    let (a, b, c, elsewhere, crowd) = (&tools[0], &tools[1], &tools[2], &tools[3], &tools[4]);

    let hand = Hand::new(&moderator, 120, "198.51.100.1").await;
    hand.all(a, |_| SHIP).await;
    hand.all(elsewhere, |_| SKIP).await;
    let hand = Hand::new(&moderator, 60, "198.51.100.2").await;
    hand.all(b, |_| SHIP).await;
    hand.first(40, b, SKIP).await;
    hand.first(40, b, SHIP).await;
    let hand = Hand::new(&moderator, 60, "198.51.100.3").await;
    hand.all(c, |_| SHIP).await;
    hand.first(60, c, None).await;
    hand.first(60, c, SHIP).await;

    // Of this network the dissent comes late, so that votes are held, and are released.
    let class = Hand::new(&moderator, 90, "198.51.100.4").await;
    class
        .all(
            crowd,
            |nth| if nth < 40 || nth % 2 == 0 { SHIP } else { SKIP },
        )
        .await;
    eventually("the all-clear", Duration::from_secs(60), async || {
        held(&moderator, crowd).await == 0
    })
    .await;
    assert_eq!(moderator.client.counts(crowd).await, (65, 25));
    for tool in [a, b, c, elsewhere] {
        at_most_twenty(&moderator, tool, tool).await;
    }
    // There is no trust: without its dissent the class is one hand as any other.
    for nth in (41..90).step_by(2) {
        class.act(nth, crowd, None).await;
    }
    at_most_twenty(&moderator, crowd, "after the all-clear").await;
    moderator.server.setup.verify().await;
}

async fn what_is_held_or_rejected_stays_so_from_whatever_network(backend: Backend) {
    let moderator = moderator(backend).await;
    let tools = tools(&moderator).await;
    for (tool, rejects) in tools.iter().zip([true, false, true]) {
        let mut hand = Hand::new(&moderator, 60, "198.51.100.1").await;
        hand.all(tool, |_| SHIP).await;
        if rejects {
            let body = json!({"tool": tool, "reason": "a script"});
            let done = moderator.post("/held/reject", body).await.expect(200);
            assert_eq!(done.json["matched"], 40);
        }
        hand.from = "203.0.113.{n}".to_owned();
        for nth in 20..60 {
            hand.from = format!("203.0.113.{nth}");
            if tool != &tools[2] {
                hand.act(nth, tool, None).await;
            }
            hand.act(nth, tool, SKIP).await;
            hand.act(nth, tool, SHIP).await;
        }
        assert_eq!(moderator.client.counts(tool).await, (20, 0), "{tool}");
    }
    moderator.server.setup.verify().await;
}

/// The names of an answer's fields, however deep.
fn names(value: &Value) -> Value {
    match value {
        Value::Object(fields) => {
            let named = fields
                .iter()
                .map(|(name, value)| (name.clone(), names(value)));
            Value::Object(named.collect())
        }
        Value::Array(items) => items.iter().map(names).collect(),
        Value::Null => Value::Null,
        _ => Value::Bool(true),
    }
}

async fn nothing_tells_a_held_voter(backend: Backend) {
    let moderator = moderator(backend).await;
    let crowd = Hand::new(&moderator, 30, "198.51.100.1").await;
    crowd.first(29, TOOL, SHIP).await;
    let acts = [SHIP, SKIP, SKIP, SHIP, None, None, SKIP];
    let mut told = Vec::new();
    for (hand, nth) in [
        (&crowd, 29),
        (&Hand::new(&moderator, 1, "203.0.113.9").await, 0),
    ] {
        let (mut versions, mut shapes) = (vec![moderator.version().await], Vec::new());
        for choice in acts {
            let answer = hand.act(nth, TOOL, choice).await;
            versions.push(answer.json["tally"]["version"].as_i64().expect("version"));
            shapes.push((answer.status, names(&answer.json)));
        }
        let steps: Vec<i64> = versions.windows(2).map(|two| two[1] - two[0]).collect();
        let me = moderator
            .client
            .get("/v1/visitors/me")
            .bearer(&hand.voters[nth])
            .send()
            .await;
        let me = me.expect(200).json;
        let changes: Vec<(Value, Value)> = me["changes"]
            .as_array()
            .expect("changes")
            .iter()
            .map(|change| (change["old"].clone(), change["new"].clone()))
            .collect();
        told.push((steps, shapes, names(&me), changes));
    }
    assert_eq!(told[0].0, [1, 1, 0, 1, 1, 0, 1]);
    assert_eq!(told[0], told[1]);
    // One whose vote counted until it was set aside sees its own act alone.
    crowd.act(3, TOOL, SKIP).await;
    let (ship, _) = moderator.counts().await;
    assert!(ship <= 20, "{ship}");
    let me = moderator
        .client
        .get("/v1/visitors/me")
        .bearer(&crowd.voters[25])
        .send()
        .await;
    assert_eq!(
        me.expect(200).json["changes"]
            .as_array()
            .expect("changes")
            .len(),
        1
    );
    moderator.server.setup.verify().await;
}

async fn a_restart_midnight_and_an_erasure_change_nothing(backend: Backend) {
    let mut moderator = moderator(backend).await;
    let voters = {
        let hand = Hand::new(&moderator, 90, "198.51.100.1").await;
        hand.all(TOOL, |nth| if nth % 3 == 0 { SKIP } else { SHIP })
            .await;
        hand.voters
    };
    assert_eq!(moderator.counts().await, (60, 30));
    moderator.server.home().two_days_later();
    moderator.server.restart().await;
    moderator.client = moderator.server.client();
    // An erased voter's vote stays, and is of the same hand.
    for voter in [1, 2, 4, 5, 7].map(|nth| &voters[nth]) {
        let erased = moderator
            .client
            .delete("/v1/visitors/me")
            .bearer(voter)
            .send()
            .await;
        erased.expect(200);
    }
    let mut hand = Hand::new(&moderator, 0, "198.51.100.1").await;
    hand.voters = voters.into_iter().step_by(3).collect();
    hand.all(TOOL, |_| SHIP).await;
    at_most_twenty(&moderator, TOOL, "the skips turned on another day").await;
    let more = Hand::new(&moderator, 30, "198.51.100.1").await;
    more.all(TOOL, |_| SHIP).await;
    at_most_twenty(&moderator, TOOL, "more came").await;
    if backend == Backend::Postgres {
        let second = Moderator::at(moderator.server.setup.start().await).await;
        let more = Hand::new(&second, 30, "198.51.100.1").await;
        more.all(TOOL, |_| SHIP).await;
        at_most_twenty(&second, TOOL, "on another instance").await;
    }
    moderator.server.setup.verify().await;
}

async fn what_a_moderator_takes_out_makes_no_allowance(backend: Backend) {
    let moderator = moderator(backend).await;
    let tools = tools(&moderator).await;
    // The twenty that count are reset: no more of the same count, which may be given back, and twenty of the other side.
    for (tool, then, counts) in [(&tools[0], SHIP, (0, 0)), (&tools[2], SKIP, (0, 20))] {
        let hand = Hand::new(&moderator, 80, "198.51.100.1").await;
        hand.first(40, tool, SHIP).await;
        let body = json!({"tool": tool, "reason": "a script", "choice": "ship"});
        let reset = moderator.post("/resets", body).await.expect(201).json;
        assert_eq!(moderator.client.counts(tool).await, (0, 0));
        for nth in 40..80 {
            hand.act(nth, tool, then).await;
        }
        assert_eq!(moderator.client.counts(tool).await, counts);
        moderator.server.setup.verify().await;
        moderator.undo(&reset["id"]).await.expect(200);
        hand.act(0, tool, None).await;
        at_most_twenty(&moderator, tool, "given back").await;
        moderator.server.setup.verify().await;
    }

    // Dissent inside an excluded period is none.
    let now = tallyship::domain::Timestamp::now();
    let (from, to) = (
        now.plus_seconds(-60).to_string(),
        now.plus_seconds(4).to_string(),
    );
    let body = json!({"tool": tools[1], "from": from, "to": to, "reason": "a raid"});
    moderator.post("/periods", body).await.expect(201);
    let hand = Hand::new(&moderator, 120, "2001:db8:7::1").await;
    hand.first(60, &tools[1], SKIP).await;
    assert_eq!(moderator.client.counts(&tools[1]).await, (0, 0));
    eventually("the period is over", Duration::from_secs(60), async || {
        tallyship::domain::Timestamp::now().to_string() > to
    })
    .await;
    for nth in 60..120 {
        hand.act(nth, &tools[1], SHIP).await;
    }
    at_most_twenty(&moderator, &tools[1], "after the period").await;
    moderator.server.setup.verify().await;
}

async fn honest_crowds_count(backend: Backend) {
    let moderator = moderator(backend).await;
    let tools = tools(&moderator).await;
    // Spread by primes instead of dice: seven in ten, nine in ten.
    let seven = |nth: usize| if nth * 7 % 10 < 3 { SKIP } else { SHIP };
    let nine = |nth: usize| if nth * 7 % 10 < 1 { SKIP } else { SHIP };

    let lecture = Hand::new(&moderator, 150, "198.51.100.1").await;
    lecture.all(&tools[0], seven).await;
    let viral = Hand::new(&moderator, 150, "198.51.100.2").await;
    for nth in 0..150 {
        viral.act(nth, &tools[1 + nth % 5], seven(nth / 5)).await;
        viral.act(nth, &tools[6], nine(nth)).await;
    }
    let class = Hand::new(&moderator, 30, "198.51.100.3").await;
    class.all(&tools[7], seven).await;
    class.all(&tools[8], |nth| seven(nth + 3)).await;
    assert_eq!(moderator.client.counts(&tools[7]).await, (21, 9));
    let office = Hand::new(&moderator, 60, "198.51.100.4").await;
    for nth in 0..60 {
        office.act(nth, &tools[nth % 12], seven(nth)).await;
        if nth % 6 == 0 {
            office.act(nth, &tools[nth % 12], seven(nth + 1)).await;
        }
    }
    assert_eq!(moderator.get("/held").await["items"], json!([]));
    at_most_twenty(&moderator, OTHER, "nobody voted much there").await;
    moderator.server.setup.verify().await;
}
