//! kill -9 at twenty points of a reset and of an undo: all of it, or nothing.
//!
//! The points are how far the marking, or the handing over, has come on disk. The twin brings a removal half into force behind
//! the server's back, and has to be caught.
use crate::harness::client::{Answer, Client};
use crate::harness::crowd::fill;
use crate::harness::server::{Home, Server};
use crate::harness::{Backend, eventually};
use crate::reset_load::{Size, beside};
use reqwest::Method;
use serde_json::{Value, json};
use std::time::Duration;

const TOOL: &str = "codestral-2";
/// Two halves, cast at these moments.
const HALF: usize = 10_000;
const MOMENTS: [i64; 2] = [1_700_000_000_000_000, 1_700_000_100_000_000];
const POINTS: usize = 20;
const GUARD: Duration = Duration::from_secs(60);

struct Trial {
    server: Server,
    token: String,
}

/// What an interrupted act came to.
#[derive(Debug, PartialEq, Eq)]
enum Came {
    All,
    Nothing,
}

async fn call(
    client: &Client,
    token: &str,
    method: Method,
    path: &str,
    body: Option<Value>,
) -> Result<Answer, reqwest::Error> {
    let call = client
        .call(method, &format!("/v1/moderation{path}"))
        .bearer(token);
    match body {
        Some(body) => call.json(&body).try_send().await,
        None => call.try_send().await,
    }
}

impl Trial {
    async fn new(backend: Backend) -> Trial {
        let server = Home::new(backend).setup().generous().start().await;
        let made = server
            .run_cli(&["token", "create", "--role", "moderator", "--name", "m"])
            .await
            .success("token");
        for at in MOMENTS {
            fill(server.home(), TOOL, HALF, at);
        }
        let trial = Trial {
            server,
            token: made.stdout.trim().to_owned(),
        };
        let client = trial.server.client();
        eventually("the votes are shown", GUARD, async || {
            client.counts(TOOL).await == (2 * HALF as i64, 0)
        })
        .await;
        trial
    }

    async fn call(&self, method: Method, path: &str, body: Option<Value>) -> Answer {
        call(&self.server.client(), &self.token, method, path, body)
            .await
            .expect("an answer")
    }

    /// Lets `act` begin, kills the server once `reached` finds that many votes, starts the next; whether it was answered.
    async fn interrupted(
        &mut self,
        path: &str,
        body: Option<Value>,
        reached: &str,
        votes: usize,
    ) -> bool {
        let client = self.server.client();
        let act = call(&client, &self.token, Method::POST, path, body);
        let home = &self.server.setup.home;
        let kill = async {
            eventually("it has come so far", GUARD, async || {
                home.number(reached) >= votes as i64
            })
            .await;
            self.server.kill9();
        };
        let (answer, ()) = tokio::join!(act, kill);
        self.server = self.server.setup.start().await;
        answer.is_ok_and(|answer| answer.success())
    }

    /// The tally against what the list of resets says of the newest, with `covered` votes under a period; and the recount.
    async fn agreement(&self, covered: usize) -> Result<Came, String> {
        let newest = self
            .call(Method::GET, "/resets?limit=1", None)
            .await
            .expect(200)
            .json["items"][0]
            .clone();
        let in_force = newest["undone"] == false;
        let path = format!("/v1/tools/{TOOL}/tally?include=set-aside");
        let tally = self
            .server
            .client()
            .get(&path)
            .send()
            .await
            .expect(200)
            .json;
        let (counted, raw) = (
            tally["community"]["ship"].clone(),
            tally["raw"]["ship"].clone(),
        );
        let expected = if in_force { 0 } else { 2 * HALF - covered };
        if (&counted, &raw) != (&json!(expected), &json!(2 * HALF)) {
            return Err(format!(
                "in force: {in_force}, yet {counted} of {raw} count"
            ));
        }
        let verified = self.server.run_cli(&["verify"]).await;
        if verified.code() != 0 {
            return Err(verified.stdout);
        }
        Ok(if in_force { Came::All } else { Came::Nothing })
    }

    async fn undo_newest(&self) {
        let newest =
            self.call(Method::GET, "/resets?limit=1", None).await.json["items"][0]["id"].clone();
        self.call(Method::POST, &format!("/resets/{newest}/undo"), None)
            .await
            .expect(200);
    }
}

fn reset() -> Option<Value> {
    Some(json!({"tool": TOOL, "reason": "a ring", "ban": {}}))
}

/// The newest removal, once it is in force; the newest that was undone: points at the very end, answered or not.
const DONE: &str =
    "SELECT count(*) AS n FROM removals WHERE state = 1 AND id = (SELECT max(id) FROM removals)";
const UNDONE: &str = "SELECT count(*) AS n FROM removals WHERE state = 2 AND kind = 1 \
                      AND id = (SELECT max(id) FROM removals WHERE kind = 1)";
/// So many of the points are those.
const LAST: usize = 3;

/// Votes that bear the mark of the newest removal.
const MARKED: &str =
    "SELECT count(*) AS n FROM votes WHERE taken_out_by = (SELECT max(id) FROM removals)";

async fn a_reset_is_killed(backend: Backend) {
    let mut trial = Trial::new(backend).await;
    let mut all = 0;
    for point in 0..POINTS {
        let marked = 1 + point * (2 * HALF - 1) / (POINTS - LAST - 1);
        let (reached, votes) = if point < POINTS - LAST {
            (MARKED, marked)
        } else {
            (DONE, 1)
        };
        let answered = trial.interrupted("/resets", reset(), reached, votes).await;
        let came = trial.agreement(0).await.expect("all or nothing");
        assert!(!answered || came == Came::All, "answered, and not there");
        let bans = trial
            .call(Method::GET, "/bans?limit=1", None)
            .await
            .expect(200)
            .json;
        assert_eq!(
            bans["items"] != json!([]),
            came == Came::All,
            "its bans come with it"
        );
        if came == Came::All {
            all += 1;
            trial.undo_newest().await;
        }
    }
    println!("{backend:?}: {POINTS} kills of a reset: {all} were done, the others never were");
    assert!((LAST..POINTS).contains(&all), "both ends are met: {all}");
    let done = trial
        .call(Method::POST, "/resets", reset())
        .await
        .expect(201)
        .json;
    assert_eq!(done["matched"], 2 * HALF);
    assert_eq!(trial.agreement(0).await, Ok(Came::All));
}

async fn an_undo_is_killed(backend: Backend) {
    let mut trial = Trial::new(backend).await;
    let (mut undone, mut prepared) = (0, Value::Null);
    for point in 0..POINTS {
        if prepared.is_null() {
            // Half of the votes will be handed over to a period, in steps, before the rest comes back.
            prepared = trial
                .call(Method::POST, "/resets", reset())
                .await
                .expect(201)
                .json["id"]
                .clone();
            let span = json!({"tool": TOOL, "from": "2023-11-14T22:14:00Z", "to": "2023-11-14T22:17:00Z", "reason": "p"});
            let period = trial
                .call(Method::POST, "/periods", Some(span))
                .await
                .expect(201)
                .json;
            assert_eq!(period["matched"], 0, "they are out already");
        }
        let path = format!("/resets/{prepared}/undo");
        let marked = point * HALF / (POINTS - LAST - 1);
        let (reached, votes) = if point < POINTS - LAST {
            (MARKED, marked)
        } else {
            (UNDONE, 1)
        };
        let answered = trial.interrupted(&path, None, reached, votes).await;
        let came = trial.agreement(HALF).await.expect("all or nothing");
        assert!(
            !answered || came == Came::Nothing,
            "answered, and not undone"
        );
        if came == Came::Nothing {
            undone += 1;
            let period =
                trial.call(Method::GET, "/periods", None).await.json["items"][0]["id"].clone();
            trial
                .call(Method::DELETE, &format!("/periods/{period}"), None)
                .await
                .expect(200);
            assert_eq!(trial.agreement(0).await, Ok(Came::Nothing));
            prepared = Value::Null;
        }
    }
    println!("{backend:?}: {POINTS} kills of an undo: {undone} were done, the others never were");
    assert!(
        (LAST..POINTS).contains(&undone),
        "both ends are met: {undone}"
    );
}

async fn a_removal_half_in_force_is_caught(backend: Backend) {
    let mut trial = Trial::new(backend).await;
    trial
        .interrupted("/resets", reset(), MARKED, HALF / 2)
        .await;
    if trial.agreement(0).await == Ok(Came::All) {
        // It was quicker than the kill.
        trial.undo_newest().await;
    }
    let sql = "UPDATE removals SET state = 1 WHERE id = (SELECT max(id) FROM removals)";
    trial.server.home().execute(sql);
    let found = trial.agreement(0).await.expect_err("the check is blind");
    assert!(found.contains("in force: true"), "{found}");
    let verified = trial.server.run_cli(&["verify"]).await;
    assert_eq!(verified.code(), 1, "{}", verified.stdout);
}

/// The short form of the figures in `tests/long`.
async fn votes_pass_a_large_reset(backend: Backend) {
    let size = Size {
        all: 60_000,
        ring: 20_000,
        rate: 100,
    };
    beside(backend, size).await;
}

async fn comes_through_a_flood(backend: Backend) {
    crate::reset_load::comes_through_a_flood(backend, 15_000).await;
}

crate::both!(
    votes_pass_a_large_reset,
    comes_through_a_flood,
    a_reset_is_killed,
    an_undo_is_killed,
    a_removal_half_in_force_is_caught
);
