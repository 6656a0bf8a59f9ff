//! A receiver of webhooks: it refuses as often as it is told to, and keeps whatever it was sent.
//!
//! Called by tests of webhooks. It must never repair a message: headers and body are kept as they came.
use serde_json::Value;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

#[derive(Clone, Debug)]
pub struct Message {
    /// Method and target.
    pub line: String,
    /// By their names in lower case.
    pub headers: BTreeMap<String, String>,
    pub body: Vec<u8>,
}

impl Message {
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).expect("JSON")
    }
}

pub struct Hook {
    pub url: String,
    messages: Arc<Mutex<Vec<Message>>>,
}

/// What it does with a message: a status, or nothing, for ever.
#[derive(Clone, Copy, Debug)]
pub enum Manner {
    Answers(u16),
    Hangs,
}

impl Hook {
    /// Does with the first messages what `first` says, one each, and takes all that come then.
    pub async fn start(first: &[Manner]) -> Hook {
        Hook::with(first, String::new()).await
    }

    /// Sends every caller elsewhere.
    pub async fn redirecting(to: &str) -> Hook {
        Hook::with(&[Manner::Answers(307); 100], format!("location: {to}\r\n")).await
    }

    async fn with(first: &[Manner], header: String) -> Hook {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let url = format!("http://{}/hook", listener.local_addr().expect("bound"));
        let messages: Arc<Mutex<Vec<Message>>> = Arc::default();
        let (kept, first) = (Arc::clone(&messages), first.to_vec());
        tokio::spawn(async move {
            let mut hung = Vec::new();
            while let Ok((mut stream, _)) = listener.accept().await {
                let Some(message) = read(&mut stream).await else {
                    continue;
                };
                let n = {
                    let mut kept = kept.lock().expect("messages");
                    kept.push(message);
                    kept.len() - 1
                };
                match first.get(n).copied().unwrap_or(Manner::Answers(204)) {
                    Manner::Hangs => hung.push(stream),
                    Manner::Answers(status) => {
                        let answer = format!(
                            "HTTP/1.1 {status} So\r\n{header}content-length: 0\r\nconnection: close\r\n\r\n"
                        );
                        let _ = stream.write_all(answer.as_bytes()).await;
                    }
                }
            }
        });
        Hook { url, messages }
    }

    pub fn messages(&self) -> Vec<Message> {
        self.messages.lock().expect("messages").clone()
    }
}

/// A whole request; `None` if the caller hangs up before its end.
pub async fn read(stream: &mut TcpStream) -> Option<Message> {
    let mut bytes = Vec::new();
    let mut piece = [0; 4096];
    loop {
        let head = bytes.windows(4).position(|some| some == b"\r\n\r\n");
        if let Some(head) = head {
            let text = String::from_utf8_lossy(&bytes[..head]).into_owned();
            let headers: BTreeMap<String, String> = text
                .lines()
                .filter_map(|line| line.split_once(": "))
                .map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned()))
                .collect();
            let length = headers.get("content-length");
            let length: usize = length.map_or(Ok(0), |text| text.parse()).ok()?;
            let body = &bytes[head + 4..];
            if body.len() >= length {
                let body = body[..length].to_vec();
                let line = text.lines().next()?.to_owned();
                return Some(Message {
                    line,
                    headers,
                    body,
                });
            }
        }
        match stream.read(&mut piece).await {
            Ok(0) | Err(_) => return None,
            Ok(n) => bytes.extend_from_slice(&piece[..n]),
        }
    }
}
