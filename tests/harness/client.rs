//! A thin HTTP client for the calls of docs/api.md.
//!
//! Called by every black-box test. It must never repair what it gets: an answer is shown as it came, redirects are not followed,
//! nothing is tried twice.
use super::seen;
use reqwest::Method;
use reqwest::header::HeaderMap;
use serde_json::{Value, json};
use std::net::IpAddr;
use std::time::Duration;

#[derive(Clone)]
pub struct Client {
    http: reqwest::Client,
    base: String,
    /// Its answers are the public listener's own, and are noted.
    noted: bool,
}

#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub headers: HeaderMap,
    pub text: String,
    /// The body, where it is JSON; else null.
    pub json: Value,
}

impl Answer {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .get(name)
            .map(|value| value.to_str().expect("a text header"))
    }

    /// `code` of a problem.
    pub fn code(&self) -> &str {
        self.json["code"].as_str().unwrap_or("")
    }

    /// Status, and what kind of answer it is: the code of a problem, `page` for a refusal in HTML, nothing for what is fine.
    pub fn kind(&self) -> (u16, String) {
        let page = self
            .header("content-type")
            .is_some_and(|kind| kind.starts_with("text/html"));
        let code = match self.status {
            400.. if page => "page",
            _ => self.code(),
        };
        (self.status, code.to_owned())
    }

    /// Itself, if it is a refusal of this status as a page.
    pub fn page(self, status: u16) -> Answer {
        let answer = self.expect(status);
        assert_eq!(answer.kind().1, "page", "{}", answer.text);
        answer
    }

    /// Itself, if the status is this one; else the test fails with the whole answer.
    pub fn expect(self, status: u16) -> Answer {
        assert_eq!(self.status, status, "{:?}\n{}", self.headers, self.text);
        self
    }

    /// A refusal as docs/api.md wants it: status, media type, every member, and this code.
    pub fn problem(self, status: u16, code: &str) -> Answer {
        let answer = self.expect(status);
        assert_eq!(answer.code(), code, "{}", answer.text);
        assert_eq!(answer.json["status"], status, "{}", answer.text);
        assert!(
            answer
                .header("content-type")
                .is_some_and(|t| t.starts_with("application/problem+json"))
        );
        for member in ["type", "title", "detail"] {
            assert!(answer.json[member].is_string(), "{member}: {}", answer.text);
        }
        answer
    }

    pub fn success(&self) -> bool {
        (200..300).contains(&self.status)
    }
}

/// One call under construction.
pub struct Call {
    request: reqwest::RequestBuilder,
    /// Method and path, where the answer is to be noted.
    note: Option<(Method, String)>,
}

impl Call {
    pub fn header(self, name: &str, value: &str) -> Call {
        self.map(|request| request.header(name, value))
    }

    pub fn bearer(self, token: &str) -> Call {
        self.map(|request| request.bearer_auth(token))
    }

    pub fn json(self, body: &Value) -> Call {
        self.map(|request| request.json(body))
    }

    pub fn body(self, body: impl Into<reqwest::Body>) -> Call {
        self.map(|request| request.body(body))
    }

    fn map(self, with: impl FnOnce(reqwest::RequestBuilder) -> reqwest::RequestBuilder) -> Call {
        Call {
            request: with(self.request),
            note: self.note,
        }
    }

    /// The answer, or how the connection failed. Of a stream, which has no end, its first piece.
    pub async fn try_send(self) -> Result<Answer, reqwest::Error> {
        Ok(self.try_open().await?.0)
    }

    /// The same; a stream stays open as long as what comes with the answer is kept.
    pub async fn open(self) -> (Answer, Option<reqwest::Response>) {
        self.try_open()
            .await
            .unwrap_or_else(|e| panic!("no answer: {e:?}"))
    }

    async fn try_open(self) -> Result<(Answer, Option<reqwest::Response>), reqwest::Error> {
        let mut response = self.request.send().await?;
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let streams = headers
            .get("content-type")
            .is_some_and(|kind| kind == "text/event-stream");
        let (text, kept) = if streams {
            let piece = response.chunk().await?.unwrap_or_default();
            (String::from_utf8_lossy(&piece).into_owned(), Some(response))
        } else {
            (response.text().await?, None)
        };
        let json = serde_json::from_str(&text).unwrap_or(Value::Null);
        let answer = Answer {
            status,
            headers,
            text,
            json,
        };
        if let Some((method, path)) = &self.note {
            seen::note(method, path, &answer);
        }
        Ok((answer, kept))
    }

    pub async fn send(self) -> Answer {
        self.try_send()
            .await
            .unwrap_or_else(|e| panic!("no answer: {e:?}"))
    }
}

impl Client {
    pub fn new(base: &str) -> Client {
        Client {
            http: builder().build().expect("client"),
            base: base.into(),
            noted: true,
        }
    }

    /// A client whose connections come from another address of this machine (127.0.0.2, …): another network to the server.
    pub fn from_address(base: &str, address: IpAddr) -> Client {
        Client {
            http: builder().local_address(address).build().expect("client"),
            base: base.into(),
            noted: true,
        }
    }

    /// For what is not the public listener: its answers say nothing of the API.
    pub fn of_another(base: &str) -> Client {
        Client {
            noted: false,
            ..Client::new(base)
        }
    }

    /// `http://ADDR`.
    pub fn base(&self) -> &str {
        &self.base
    }

    pub fn call(&self, method: Method, path: &str) -> Call {
        let request = self
            .http
            .request(method.clone(), format!("{}{path}", self.base));
        Call {
            request,
            note: self.noted.then(|| (method, path.to_owned())),
        }
    }

    pub fn get(&self, path: &str) -> Call {
        self.call(Method::GET, path)
    }

    pub fn post(&self, path: &str) -> Call {
        self.call(Method::POST, path)
    }

    pub fn put(&self, path: &str) -> Call {
        self.call(Method::PUT, path)
    }

    pub fn delete(&self, path: &str) -> Call {
        self.call(Method::DELETE, path)
    }

    /// A new visitor's token.
    pub async fn visitor(&self) -> String {
        let answer = self.post("/v1/visitors").send().await.expect(201);
        answer.json["token"].as_str().expect("a token").to_string()
    }

    pub fn vote(&self, token: &str, slug: &str, choice: &str) -> Call {
        self.put(&format!("/v1/tools/{slug}/vote"))
            .bearer(token)
            .json(&json!({ "choice": choice }))
    }

    pub fn withdrawal(&self, token: &str, slug: &str) -> Call {
        self.delete(&format!("/v1/tools/{slug}/vote")).bearer(token)
    }

    pub async fn put_vote(&self, token: &str, slug: &str, choice: &str) -> Answer {
        self.vote(token, slug, choice).send().await
    }

    pub async fn delete_vote(&self, token: &str, slug: &str) -> Answer {
        self.withdrawal(token, slug).send().await
    }

    pub async fn get_vote(&self, token: &str, slug: &str) -> Answer {
        self.get(&format!("/v1/tools/{slug}/vote"))
            .bearer(token)
            .send()
            .await
    }

    pub async fn tally(&self, slug: &str) -> Value {
        self.get(&format!("/v1/tools/{slug}/tally"))
            .send()
            .await
            .expect(200)
            .json
    }

    /// (ship, skip) of a tool.
    pub async fn counts(&self, slug: &str) -> (i64, i64) {
        let tally = self.tally(slug).await;
        let count = |side: &str| {
            tally["community"][side]
                .as_i64()
                .unwrap_or_else(|| panic!("no count: {tally}"))
        };
        (count("ship"), count("skip"))
    }
}

fn builder() -> reqwest::ClientBuilder {
    reqwest::Client::builder()
        .no_proxy()
        .redirect(reqwest::redirect::Policy::none())
        .timeout(Duration::from_secs(30))
}
