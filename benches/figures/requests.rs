//! The requests that voters send: tokens signed with the measured server's secret, so that no minting is measured.
//!
//! `throughput`, `openloop` and `growth` take them. Each voter is new unless the mix says otherwise.
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use tallyship::auth::keys::Keys;
use tallyship::auth::{new_voter, visitor_token};
use tallyship::config::Secret;
use tallyship::domain::{Timestamp, VoterId};

pub const SECRET: &str = "the secret of the measured server, long enough";
pub const TOOLS: [&str; 2] = ["codestral-2", "cursor-background-agents"];

/// One request with its bearer token and body.
pub fn request(method: &str, slug: &str, token: &str, choice: Option<&str>) -> Vec<u8> {
    let body = choice.map_or_else(String::new, |choice| format!("{{\"choice\":\"{choice}\"}}"));
    let kind = if choice.is_some() {
        "content-type: application/json\r\n"
    } else {
        ""
    };
    format!(
        "{method} /v1/tools/{slug}/vote HTTP/1.1\r\nhost: bench\r\nauthorization: Bearer {token}\r\n{kind}content-length: {}\r\n\r\n{body}",
        body.len()
    )
    .into_bytes()
}

pub fn get(path: &str, etag: Option<&str>) -> Vec<u8> {
    let condition = etag.map_or_else(String::new, |etag| format!("if-none-match: {etag}\r\n"));
    format!("GET {path} HTTP/1.1\r\nhost: bench\r\n{condition}\r\n").into_bytes()
}

/// Makes voters and their requests.
#[derive(Clone)]
pub struct Voters {
    keys: Arc<Keys>,
    count: Arc<AtomicU64>,
    /// Tokens of earlier voters, each with the tool that they voted on.
    recent: Arc<Mutex<Vec<(String, &'static str)>>>,
}

impl Voters {
    pub fn new() -> Voters {
        let keys = Arc::new(Keys::new(&Secret::new(SECRET.to_owned()), None));
        Voters {
            keys,
            count: Arc::default(),
            recent: Arc::default(),
        }
    }

    pub fn token(&self, voter: VoterId) -> String {
        visitor_token::sign(&self.keys, voter, Timestamp::now())
    }

    pub fn next(&self) -> u64 {
        self.count.fetch_add(1, Ordering::Relaxed)
    }

    /// A first vote by a new voter.
    pub fn first_vote(&self) -> Vec<u8> {
        let n = self.next() as usize;
        let choice = if n.is_multiple_of(3) { "skip" } else { "ship" };
        request("PUT", TOOLS[n % 2], &self.token(new_voter()), Some(choice))
    }

    /// The mix of a site: half of all on one hot tool, one in five a re-vote or a retraction of an earlier vote.
    pub fn mixed(&self) -> Vec<u8> {
        let n = self.next() as usize;
        let slug = TOOLS[n % 2];
        let mut recent = self.recent.lock().expect("recent");
        if n.is_multiple_of(5) && !recent.is_empty() {
            let at = n * 7919 % recent.len();
            let (token, slug) = recent.swap_remove(at);
            return if n.is_multiple_of(10) {
                request("DELETE", slug, &token, None)
            } else {
                request("PUT", slug, &token, Some("skip"))
            };
        }
        let token = self.token(new_voter());
        if recent.len() < 10_000 {
            recent.push((token.clone(), slug));
        }
        // As people are: one hand's votes would be held.
        let choice = if n.is_multiple_of(3) { "skip" } else { "ship" };
        request("PUT", slug, &token, Some(choice))
    }
}
