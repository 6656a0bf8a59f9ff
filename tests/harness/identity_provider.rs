//! An identity provider that signs whatever a test asks it to, also what none should; and a browser's two steps at the server.
//!
//! Called by tests of signing in with a provider. It must check what a strict provider checks: client, redirect URI, PKCE, and
//! that a code is used once. `tests/browser` has a real provider.
use super::client::{Answer, Client};
use super::hook::{Message, read};
use super::server::Setup;
use super::site::{KID, Site, now};
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use serde_json::{Value, json};
use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex};
use tokio::io::AsyncWriteExt;
use tokio::net::TcpListener;
use url::{Url, form_urlencoded};

pub const CLIENT_ID: &str = "tally:ship";
pub const CLIENT_SECRET: &str = "a secret, 100%";
pub const SUBJECT: &str = "248289761001";
const ACCESS_TOKEN: &str = "an-access-token";

#[derive(Default)]
struct Book {
    /// Codes that are good, with the challenge, the redirect URI and the ID token of each.
    codes: HashMap<String, (String, String, String)>,
    issued: usize,
    keys: Vec<Value>,
    user_info: Value,
    hangs: bool,
}

pub struct IdentityProvider {
    pub url: String,
    pub key: Site,
    book: Arc<Mutex<Book>>,
}

/// A sign-in as the provider and the browser know it before the way back.
pub struct Begun {
    /// Of the redirect to the provider.
    pub query: BTreeMap<String, String>,
    /// `NAME=VALUE`.
    pub cookie: String,
    /// With its attributes.
    pub cookie_line: String,
}

fn pairs(text: &[u8]) -> BTreeMap<String, String> {
    form_urlencoded::parse(text).into_owned().collect()
}

impl IdentityProvider {
    pub async fn start(algorithm: &'static str) -> IdentityProvider {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let url = format!("http://{}", listener.local_addr().expect("bound"));
        let key = Site::new(algorithm);
        let book = Arc::new(Mutex::new(Book {
            keys: vec![key.jwk(KID)],
            ..Book::default()
        }));
        let (kept, issuer) = (Arc::clone(&book), url.clone());
        tokio::spawn(async move {
            let mut hung = Vec::new();
            while let Ok((mut stream, _)) = listener.accept().await {
                let Some(message) = read(&mut stream).await else {
                    continue;
                };
                let answer = respond(&message, &issuer, &mut kept.lock().expect("the book"));
                let Some((status, body)) = answer else {
                    hung.push(stream);
                    continue;
                };
                let body = body.to_string();
                let answer = format!(
                    "HTTP/1.1 {status} So\r\ncontent-type: application/json\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}",
                    body.len()
                );
                let _ = stream.write_all(answer.as_bytes()).await;
            }
        });
        IdentityProvider { url, key, book }
    }

    pub fn setup(&self, setup: Setup) -> Setup {
        setup
            .env("TALLYSHIP_OIDC__ISSUER", &self.url)
            .env("TALLYSHIP_OIDC__PROVIDER", "the guild")
            .env("TALLYSHIP_OIDC__CLIENT_ID", CLIENT_ID)
            .env("TALLYSHIP_OIDC__CLIENT_SECRET", CLIENT_SECRET)
            .env("TALLYSHIP_OIDC__MODERATORS", "mods")
            .env("TALLYSHIP_OIDC__ADMINS", "ops")
    }

    /// What a good ID token of this sign-in says.
    pub fn claims(&self, begun: &Begun) -> Value {
        json!({"iss": self.url, "aud": CLIENT_ID, "sub": SUBJECT, "nonce": begun.query["nonce"], "exp": now() + 600,
            "iat": now(), "name": "Ada Lovelace", "groups": ["readers", "mods"]})
    }

    pub fn sign(&self, claims: &Value) -> String {
        self.key
            .token(&json!({"alg": self.key.algorithm, "kid": KID}), claims)
    }

    /// A code for this ID token, as the person's consent makes it.
    pub fn code(&self, begun: &Begun, id_token: &str) -> String {
        let mut book = self.book.lock().expect("the book");
        book.issued += 1;
        let code = format!("code-{}", book.issued);
        let of = |name: &str| begun.query[name].clone();
        let known = (
            of("code_challenge"),
            of("redirect_uri"),
            id_token.to_owned(),
        );
        book.codes.insert(code.clone(), known);
        code
    }

    pub fn publish(&self, keys: Vec<Value>) {
        self.book.lock().expect("the book").keys = keys;
    }

    pub fn tell_user_info(&self, info: Value) {
        self.book.lock().expect("the book").user_info = info;
    }

    /// Takes every call, and answers none.
    pub fn hang(&self, hangs: bool) {
        self.book.lock().expect("the book").hangs = hangs;
    }

    /// The whole way of a person of these claims.
    pub async fn sign_in(&self, client: &Client, change: impl FnOnce(&mut Value)) -> Answer {
        let begun = begin(client, "").await;
        let mut claims = self.claims(&begun);
        change(&mut claims);
        let code = self.code(&begun, &self.sign(&claims));
        finish(client, &begun, &code).await
    }
}

/// `None` for no answer at all.
fn respond(message: &Message, issuer: &str, book: &mut Book) -> Option<(u16, Value)> {
    if book.hangs {
        return None;
    }
    let at = |path: &str| format!("{issuer}{path}");
    Some(match message.line.as_str() {
        "GET /.well-known/openid-configuration HTTP/1.1" => (
            200,
            json!({"issuer": issuer, "authorization_endpoint": at("/auth?tenant=1"), "token_endpoint": at("/token"),
                "jwks_uri": at("/jwks"), "userinfo_endpoint": at("/me"), "end_session_endpoint": at("/end")}),
        ),
        "GET /jwks HTTP/1.1" => (200, json!({ "keys": book.keys })),
        "POST /token HTTP/1.1" => redeem(message, book),
        "GET /me HTTP/1.1"
            if message.headers["authorization"] == format!("Bearer {ACCESS_TOKEN}") =>
        {
            (200, book.user_info.clone())
        }
        _ => (404, json!({})),
    })
}

fn redeem(message: &Message, book: &mut Book) -> (u16, Value) {
    let encoded = |text: &str| form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>();
    let pair = format!("{}:{}", encoded(CLIENT_ID), encoded(CLIENT_SECRET));
    if message.headers.get("authorization") != Some(&format!("Basic {}", STANDARD.encode(pair))) {
        return (401, json!({"error": "invalid_client"}));
    }
    let form = pairs(&message.body);
    let good = book.codes.remove(&form["code"]);
    let good = good.filter(|(challenge, redirect_uri, _)| {
        let verifier = openssl::sha::sha256(form["code_verifier"].as_bytes());
        *challenge == URL_SAFE_NO_PAD.encode(verifier)
            && *redirect_uri == form["redirect_uri"]
            && form["grant_type"] == "authorization_code"
    });
    match good {
        Some((_, _, id_token)) => (
            200,
            json!({"access_token": ACCESS_TOKEN, "token_type": "Bearer", "id_token": id_token}),
        ),
        None => (400, json!({"error": "invalid_grant"})),
    }
}

/// Sets out for the provider; `back` is a query.
pub async fn begin(client: &Client, back: &str) -> Begun {
    let call = client.get(&format!("/moderation/sign-in/provider{back}"));
    let answer = call.send().await.expect(303);
    let to = Url::parse(answer.header("location").expect("an address")).expect("a URL");
    let cookie_line = answer.header("set-cookie").expect("a cookie").to_owned();
    Begun {
        query: pairs(to.query().expect("a query").as_bytes()),
        cookie: cookie_line.split(';').next().expect("a pair").to_owned(),
        cookie_line,
    }
}

/// Comes back from the provider with this code.
pub async fn finish(client: &Client, begun: &Begun, code: &str) -> Answer {
    come_back(
        client,
        &begun.cookie,
        &[("state", &begun.query["state"]), ("code", code)],
    )
    .await
}

pub async fn come_back(client: &Client, cookie: &str, fields: &[(&str, &str)]) -> Answer {
    let query = form_urlencoded::Serializer::new(String::new())
        .extend_pairs(fields)
        .finish();
    let call = client.get(&format!("/moderation/sign-in/callback?{query}"));
    call.header("cookie", cookie).send().await
}

/// What an answer sets, by name: value and attributes.
pub fn cookies(answer: &Answer) -> BTreeMap<String, String> {
    let lines = answer.headers.get_all("set-cookie").iter();
    lines
        .filter_map(|line| line.to_str().expect("text").split_once('='))
        .map(|(name, rest)| (name.to_owned(), rest.to_owned()))
        .collect()
}
