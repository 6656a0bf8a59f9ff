//! The API's document as a test reads it: its operations, and how to call each so that it is answered.
//!
//! Read from the running server, so that what is tested is what is published.
use super::client::{Answer, Call, Client};
use super::dashboard::Session;
use reqwest::Method;
use serde_json::Value;
use std::collections::BTreeSet;

/// Whose tokens there are to call with.
#[derive(Clone, Default)]
pub struct Tokens {
    pub visitor: String,
    pub site: String,
    pub moderator: String,
    pub admin: String,
    /// A moderator's session of the dashboard.
    pub session: Session,
}

impl Tokens {
    pub fn staff(&self, role: &str) -> &str {
        match role {
            "site" => &self.site,
            "moderator" => &self.moderator,
            _ => &self.admin,
        }
    }
}

/// Who an operation is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum For {
    Everybody,
    /// A voter, or a stranger.
    Perhaps,
    Voter,
    /// The least role.
    Staff(String),
    /// The same, by a session of the dashboard.
    Moderator(String),
}

#[derive(Clone, Debug)]
pub struct Operation {
    pub method: Method,
    pub path: String,
    pub who: For,
    /// A bearer token is looked at, if there is one.
    pub reads_bearer: bool,
    /// Status, and the code where it is a problem, or `page` where it is a refusal as a page only.
    pub answers: BTreeSet<(u16, String)>,
    /// What its pages stand for.
    page_codes: BTreeSet<String>,
    /// Media type and text of a body that is fine.
    pub body: Option<(String, String)>,
    parameters: Vec<Parameter>,
}

#[derive(Clone, Debug)]
struct Parameter {
    name: String,
    place: String,
    required: bool,
    example: String,
}

/// Every operation, in the document's order.
pub async fn operations(client: &Client) -> Vec<Operation> {
    let published = client.get("/openapi.json").send().await.expect(200);
    // Examples name the address that a new server has; this one has its own.
    let text = published
        .text
        .replace("http://127.0.0.1:8080", client.base());
    let document: Value = serde_json::from_str(&text).expect("JSON");
    let mut found = Vec::new();
    for (path, item) in document["paths"].as_object().expect("paths") {
        for (method, operation) in item.as_object().expect("a path item") {
            found.push(read(&document, path, method, operation));
        }
    }
    assert!(found.len() > 15, "only {} operations", found.len());
    found
}

fn read(document: &Value, path: &str, method: &str, operation: &Value) -> Operation {
    let ways = operation["security"]
        .as_array()
        .cloned()
        .unwrap_or_default();
    let any = |name: &str| ways.iter().any(|way| way.get(name).is_some());
    let who = match operation["x-role"].as_str() {
        Some(role) if any("staffSession") => For::Moderator(role.to_owned()),
        Some(role) => For::Staff(role.to_owned()),
        None if ways.is_empty() => For::Everybody,
        None if ways
            .iter()
            .any(|way| way == &Value::Object(Default::default())) =>
        {
            For::Perhaps
        }
        None => For::Voter,
    };
    let content = operation["requestBody"]["content"].as_object();
    let body = content
        .and_then(|kinds| kinds.iter().next())
        .map(|(kind, content)| {
            let example = &content["example"];
            let text = match example.as_object() {
                Some(fields) if kind == "application/x-www-form-urlencoded" => {
                    let fields = fields.iter().map(|(name, value)| {
                        (name, value.as_str().expect("a form's fields are texts"))
                    });
                    url::form_urlencoded::Serializer::new(String::new())
                        .extend_pairs(fields)
                        .finish()
                }
                _ => example
                    .as_str()
                    .map_or_else(|| example.to_string(), str::to_owned),
            };
            (kind.clone(), text)
        });
    let parameters = operation["parameters"].as_array().into_iter().flatten();
    let (answers, page_codes) = answers(document, &operation["responses"]);
    Operation {
        method: method.to_uppercase().parse().expect("a method"),
        path: path.to_owned(),
        who,
        reads_bearer: any("visitorToken") || any("staffToken"),
        answers,
        page_codes,
        body,
        parameters: parameters
            .map(|parameter| Parameter {
                name: parameter["name"].as_str().expect("a name").to_owned(),
                place: parameter["in"].as_str().expect("a place").to_owned(),
                required: parameter["required"] == true,
                example: parameter["example"].as_str().unwrap_or_default().to_owned(),
            })
            .collect(),
    }
}

/// The kinds of answers, and the codes of those that come as pages only.
fn answers(document: &Value, responses: &Value) -> (BTreeSet<(u16, String)>, BTreeSet<String>) {
    let (mut found, mut of_pages) = (BTreeSet::new(), BTreeSet::new());
    for (status, response) in responses.as_object().expect("responses") {
        let status = status.parse().expect("a status");
        let Some(target) = response["$ref"].as_str() else {
            found.insert((status, String::new()));
            continue;
        };
        let response = document.pointer(&target[1..]).expect("the response");
        let code = |code: &Value| code.as_str().expect("text").to_owned();
        if let Some(codes) = response["x-codes"].as_array() {
            found.insert((status, "page".to_owned()));
            of_pages.extend(codes.iter().map(code));
            continue;
        }
        let schema = &response["content"]["application/problem+json"]["schema"];
        let codes = &schema["allOf"][1]["properties"]["code"]["enum"];
        for known in codes.as_array().expect("codes") {
            found.insert((status, code(known)));
        }
    }
    (found, of_pages)
}

/// The example of a form, with the key and the token of a session in their places.
fn of_session(text: &str, session: &Session) -> String {
    text.replace("key=KEY", &format!("key={}", session.key))
        .replace("token=TOKEN", &format!("token={}", session.token))
}

impl Operation {
    pub fn named(&self) -> String {
        format!("{} {}", self.method, self.path)
    }

    pub fn refuses(&self, code: &str) -> bool {
        self.page_codes.contains(code) || self.answers.iter().any(|(_, known)| known == code)
    }

    /// `answer`, if it is this refusal in this operation's manner: a problem, or a page.
    pub fn refused(&self, answer: Answer, status: u16, code: &str) -> Answer {
        if self.page_codes.contains(code) {
            answer.page(status)
        } else {
            answer.problem(status, code)
        }
    }

    /// The address with the document's examples, and `with` in the place of some of them.
    pub fn address(&self, with: &[(&str, &str)]) -> String {
        let mut path = self.path.clone();
        let mut query = Vec::new();
        for Parameter {
            name,
            place,
            required,
            example,
        } in &self.parameters
        {
            let value = with.iter().find(|(known, _)| known == name);
            let value = value.map_or(example.as_str(), |(_, value)| value);
            match place.as_str() {
                "path" => path = path.replace(&format!("{{{name}}}"), value),
                "query" if *required => query.push(format!("{name}={value}")),
                _ => {}
            }
        }
        if query.is_empty() {
            return path;
        }
        format!("{path}?{}", query.join("&"))
    }

    /// Whether the address has a parameter of this name.
    pub fn asks(&self, name: &str) -> bool {
        self.parameters
            .iter()
            .any(|parameter| parameter.name == name)
    }

    /// A call without credentials and without a body.
    pub fn bare(&self, client: &Client) -> Call {
        client.call(self.method.clone(), &self.address(&[]))
    }

    /// The token of who may call it, if it takes one as a bearer's.
    pub fn token<'a>(&self, tokens: &'a Tokens) -> Option<&'a str> {
        match &self.who {
            For::Staff(role) => Some(tokens.staff(role)),
            For::Voter => Some(&tokens.visitor),
            For::Perhaps if self.reads_bearer => Some(&tokens.visitor),
            For::Everybody | For::Perhaps | For::Moderator(_) => None,
        }
    }

    /// A call of who may, to `address`, with the document's own example as its body.
    pub fn call_to(&self, client: &Client, tokens: &Tokens, address: &str) -> Call {
        let call = client.call(self.method.clone(), address);
        self.allowed(self.filled_by(call, &tokens.session), tokens)
    }

    pub fn call(&self, client: &Client, tokens: &Tokens) -> Call {
        self.call_to(client, tokens, &self.address(&[]))
    }

    pub fn allowed(&self, call: Call, tokens: &Tokens) -> Call {
        match self.token(tokens) {
            None if matches!(self.who, For::Moderator(_)) => tokens.session.with(call),
            Some(token) => call.bearer(token),
            None => call,
        }
    }

    /// Adds the example of a body.
    pub fn filled(&self, call: Call) -> Call {
        self.filled_by(call, &Session::default())
    }

    /// The example of a form without one of its fields, with the key of a session.
    pub fn form_without(&self, session: &Session, field: &str) -> String {
        let (_, text) = self.body.as_ref().expect("a form");
        let text = of_session(text, session);
        let kept = text
            .split('&')
            .filter(|pair| pair.split('=').next() != Some(field));
        kept.collect::<Vec<_>>().join("&")
    }

    /// The same with the key of a session, where it takes one.
    pub fn filled_by(&self, call: Call, session: &Session) -> Call {
        match &self.body {
            Some((kind, text)) => call
                .header("content-type", kind)
                .body(of_session(text, session)),
            None => call,
        }
    }
}
