//! A visitor who signs in: when both identities come with a call, the visitor's vote becomes the user's; one row stays.
//!
//! Here stands who that is; `votes` and `moderated` have the tests.
use crate::harness::Backend;
use crate::harness::client::{Answer, Client};
use crate::harness::server::{Home, Server};
use crate::harness::site::Site;
use reqwest::Method;
use serde_json::{Value, json};

mod moderated;
mod votes;

const TOOL: &str = "codestral-2";
const OTHER: &str = "cursor-background-agents";

pub struct Person {
    pub site: Site,
    pub server: Server,
    pub client: Client,
    pub visitor: String,
}

impl Person {
    pub async fn new(backend: Backend) -> Person {
        let site = Site::new("EdDSA");
        let setup = Home::new(backend).setup().generous();
        let server = site.setup(setup).start().await;
        let client = server.client();
        let visitor = client.visitor().await;
        Person {
            site,
            server,
            client,
            visitor,
        }
    }

    pub fn user(&self) -> String {
        self.site.user("7")
    }

    /// With the user's token and the visitor's cookie.
    pub async fn both(&self, method: Method, choice: Option<&str>) -> Answer {
        let call = self.client.call(method, &format!("/v1/tools/{TOOL}/vote"));
        let cookie = format!("tallyship-visitor={}", self.visitor);
        let call = call.bearer(&self.user()).header("cookie", &cookie);
        match choice {
            Some(choice) => call.json(&json!({ "choice": choice })).send().await,
            None => call.send().await,
        }
    }

    async fn choice_of(&self, token: &str) -> Value {
        let answer = self.client.get_vote(token, TOOL).await.expect(200);
        answer.json["vote"]["choice"].clone()
    }

    /// What the visitor and the user have, each alone; and how many rows there are.
    pub async fn have(&self) -> (Value, Value, i64) {
        let rows = "SELECT count(*) AS n FROM votes";
        (
            self.choice_of(&self.visitor).await,
            self.choice_of(&self.user()).await,
            self.server.home().number(rows),
        )
    }

    pub async fn staff(&self, method: Method, path: &str, body: Value) -> Answer {
        let made = ["token", "create", "--role", "moderator", "--name", "m"];
        let token = self.server.run_cli(&made).await.success("token").stdout;
        let call = self.client.call(method, path).bearer(token.trim());
        call.json(&body).send().await
    }
}
