//! A moderator at the dashboard as a browser would be one: a session's cookie, and the key that its forms bear.
//!
//! Called by every test that signs in to the dashboard. It must never make a cookie or a key up.
use super::client::{Answer, Call, Client};

#[derive(Clone, Debug, Default)]
pub struct Session {
    /// `NAME=VALUE`.
    pub cookie: String,
    pub key: String,
    /// What it was begun with.
    pub token: String,
}

impl Session {
    pub fn with(&self, call: Call) -> Call {
        call.header("cookie", &self.cookie)
    }
}

/// A form as a browser posts it.
pub fn posted(call: Call, fields: &[(&str, &str)]) -> Call {
    let body = url::form_urlencoded::Serializer::new(String::new())
        .extend_pairs(fields)
        .finish();
    call.header("content-type", "application/x-www-form-urlencoded")
        .body(body)
}

/// Tries to sign in.
pub async fn try_sign_in(client: &Client, token: &str) -> Answer {
    let call = client.post("/moderation/sign-in");
    posted(call, &[("token", token)]).send().await
}

/// The cookie that an answer sets, without its attributes.
pub fn cookie(answer: &Answer) -> String {
    let line = answer.header("set-cookie").expect("a cookie");
    line.split(';').next().expect("a pair").to_owned()
}

/// Signs in, and reads the key off the first page.
pub async fn sign_in(client: &Client, token: &str) -> Session {
    let cookie = cookie(&try_sign_in(client, token).await.expect(303));
    let first = client.get("/moderation").header("cookie", &cookie);
    let page = first.send().await.expect(200);
    let key = value(&page.text, "key").expect("a key");
    Session {
        cookie,
        key,
        token: token.to_owned(),
    }
}

/// What the first field of this name in a page's forms holds.
pub fn value(page: &str, name: &str) -> Option<String> {
    let mark = format!("name=\"{name}\" value=\"");
    let rest = &page[page.find(&mark)? + mark.len()..];
    rest.split('"').next().map(str::to_owned)
}
