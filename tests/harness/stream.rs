//! A subscriber of `GET /v1/stream`: the events of one open connection, as they come.
//!
//! Called by tests of live streams. It must never reconnect, nor hide how a stream ended: a proper end is told from a broken one.
use super::client::Answer;
use serde_json::Value;
use std::time::{Duration, Instant};

pub struct Stream {
    response: reqwest::Response,
    text: String,
    pub headers: reqwest::header::HeaderMap,
}

/// One event, or one comment.
#[derive(Debug, Clone)]
pub struct Event {
    /// Empty for a comment or a bare `retry`.
    pub name: String,
    pub id: String,
    pub data: Value,
    pub retry: Option<u64>,
    pub comment: bool,
    pub at: Instant,
}

impl Event {
    fn read(text: &str) -> Event {
        let mut event = Event {
            name: String::new(),
            id: String::new(),
            data: Value::Null,
            retry: None,
            comment: false,
            at: Instant::now(),
        };
        for line in text.lines() {
            let (field, value) = line
                .split_once(':')
                .unwrap_or_else(|| panic!("no field: {line:?}"));
            let value = value.strip_prefix(' ').unwrap_or(value);
            match field {
                "" => event.comment = true,
                "event" => event.name = value.into(),
                "id" => event.id = value.into(),
                "retry" => event.retry = Some(value.parse().expect("milliseconds")),
                "data" => event.data = serde_json::from_str(value).expect("data is JSON"),
                _ => panic!("an unknown field: {line:?}"),
            }
        }
        event
    }

    pub fn version(&self) -> i64 {
        self.data["version"].as_i64().unwrap_or(0)
    }
}

/// How a wait for the next event came out.
#[derive(Debug)]
pub enum Next {
    Event(Event),
    /// The last chunk came.
    Ended,
    /// The connection broke.
    Broken,
    Nothing,
}

impl Stream {
    /// Opens a stream; the refusal where there is none.
    pub async fn open(base: &str, query: &str, headers: &[(&str, &str)]) -> Result<Stream, Answer> {
        let opened = Stream::try_open(base, query, headers).await;
        opened.expect("an answer")
    }

    /// The same, for where nobody may be there to answer.
    pub async fn try_open(
        base: &str,
        query: &str,
        headers: &[(&str, &str)],
    ) -> Result<Result<Stream, Answer>, reqwest::Error> {
        let http = reqwest::Client::builder()
            .no_proxy()
            .build()
            .expect("a client");
        let mut call = http.get(format!("{base}/v1/stream{query}"));
        for (name, value) in headers {
            call = call.header(*name, *value);
        }
        let response = call.send().await?;
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        if status != 200 {
            let text = response.text().await?;
            let json = serde_json::from_str(&text).unwrap_or(Value::Null);
            return Ok(Err(Answer {
                status,
                headers,
                text,
                json,
            }));
        }
        Ok(Ok(Stream {
            response,
            text: String::new(),
            headers,
        }))
    }

    /// A stream of these tools, which must open.
    pub async fn of(base: &str, tools: &str) -> Stream {
        match Stream::open(base, &format!("?tools={tools}"), &[]).await {
            Ok(stream) => stream,
            Err(answer) => panic!("refused: {} {}", answer.status, answer.text),
        }
    }

    pub async fn next(&mut self, guard: Duration) -> Next {
        let until = tokio::time::Instant::now() + guard;
        loop {
            if let Some((event, rest)) = self.text.split_once("\n\n") {
                let event = Event::read(event);
                self.text = rest.to_string();
                return Next::Event(event);
            }
            match tokio::time::timeout_at(until, self.response.chunk()).await {
                Ok(Ok(Some(bytes))) => {
                    self.text += std::str::from_utf8(&bytes).expect("whole events in UTF-8");
                }
                Ok(Ok(None)) => return Next::Ended,
                Ok(Err(_)) => return Next::Broken,
                Err(_) => return Next::Nothing,
            }
        }
    }

    /// The next tally, past heartbeats and the beginning.
    pub async fn tally(&mut self, guard: Duration) -> Event {
        let until = Instant::now() + guard;
        loop {
            match self
                .next(until.saturating_duration_since(Instant::now()))
                .await
            {
                Next::Event(event) if event.name == "tally" => return event,
                Next::Event(_) => {}
                other => panic!("no tally: {other:?}"),
            }
        }
    }

    /// Everything that comes within `span`.
    pub async fn gather(&mut self, span: Duration) -> Vec<Event> {
        let until = Instant::now() + span;
        let mut events = Vec::new();
        loop {
            match self
                .next(until.saturating_duration_since(Instant::now()))
                .await
            {
                Next::Event(event) => events.push(event),
                Next::Nothing => return events,
                other => panic!("the stream ended: {other:?}"),
            }
        }
    }
}
