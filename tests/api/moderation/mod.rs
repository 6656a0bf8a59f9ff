//! The moderation API from the outside: resets, periods, bans, audit, what moderators see.
//!
//! Every test ends with `tallyship verify`: whatever was done, tallies equal the recount and the audit chain holds.
mod alerts;
mod audit;
mod bans;
mod fresh;
mod held;
mod held_removed;
mod interleaved;
mod lists;
mod merges;
mod merges_held;
mod merges_undone;
mod one_hand;
mod periods;
mod public;
mod resets;
mod seeing;
mod trust;

use crate::harness::Backend;
use crate::harness::client::{Answer, Client};
use crate::harness::server::{Home, Server};
use reqwest::Method;
use serde_json::{Value, json};

pub const TOOL: &str = "codestral-2";
pub const OTHER: &str = "cursor-background-agents";

pub struct Moderator {
    pub server: Server,
    pub client: Client,
    pub token: String,
}

pub async fn staff(server: &Server, role: &str) -> String {
    let name = format!("the {role}");
    let made = server
        .run_cli(&["token", "create", "--role", role, "--name", &name])
        .await
        .success("token create");
    made.stdout.trim().to_owned()
}

impl Moderator {
    pub async fn new(backend: Backend) -> Moderator {
        Moderator::at(Home::new(backend).setup().generous().start().await).await
    }

    pub async fn at(server: Server) -> Moderator {
        let token = staff(&server, "moderator").await;
        Moderator {
            client: server.client(),
            server,
            token,
        }
    }

    /// A moderator's call.
    pub async fn call(&self, method: Method, path: &str, body: Option<Value>) -> Answer {
        let call = self
            .client
            .call(method, &format!("/v1/moderation{path}"))
            .bearer(&self.token);
        match body {
            Some(body) => call.json(&body).send().await,
            None => call.send().await,
        }
    }

    pub async fn get(&self, path: &str) -> Value {
        self.call(Method::GET, path, None).await.expect(200).json
    }

    pub async fn post(&self, path: &str, body: Value) -> Answer {
        self.call(Method::POST, path, Some(body)).await
    }

    /// A reset of `TOOL` with these criteria besides.
    pub async fn reset(&self, criteria: Value) -> Answer {
        let mut body = json!({"tool": TOOL, "reason": "a ring of bots"});
        for (key, value) in criteria.as_object().expect("criteria") {
            body[key] = value.clone();
        }
        self.post("/resets", body).await
    }

    pub async fn undo(&self, id: &Value) -> Answer {
        let path = format!("/resets/{id}/undo");
        self.call(Method::POST, &path, None).await
    }

    /// New voters, each with this vote on `TOOL`.
    pub async fn voters(&self, choice: &str, count: usize) -> Vec<String> {
        let voters = self.server.setup.mint(count).await;
        for voter in &voters {
            self.client.put_vote(voter, TOOL, choice).await.expect(201);
        }
        voters
    }

    pub async fn counts(&self) -> (i64, i64) {
        self.client.counts(TOOL).await
    }

    /// (ship, skip) set aside, as `raw` shows them.
    pub async fn aside(&self) -> (i64, i64) {
        let path = format!("/v1/tools/{TOOL}/tally?include=set-aside");
        let tally = self.client.get(&path).send().await.expect(200).json;
        let (raw, counted) = (&tally["raw"], &tally["community"]);
        let of = |side: &str| raw[side].as_i64().expect("raw") - counted[side].as_i64().expect("n");
        (of("ship"), of("skip"))
    }

    pub async fn version(&self) -> i64 {
        self.client.tally(TOOL).await["version"]
            .as_i64()
            .expect("version")
    }
}
