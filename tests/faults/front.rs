//! A front between voters and server. The honest one hands calls through; the hasty one says 200 to a write at once and
//! forwards it a while later, like a server that answers before its commit. Reads it hands through as they are.
//!
//! Called by the twins of the kill test and of the fault matrix, which have to see the hasty one fail. It must never be used to prove a server right.
#![allow(dead_code)] // `tests/long` uses a part of it, `tests/faults` another
use actix_web::{App, HttpRequest, HttpResponse, HttpServer, web};
use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;
use std::sync::mpsc;
use std::time::{Duration, Instant};
use tokio::sync::mpsc::{UnboundedSender, unbounded_channel};

#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Manner {
    Honest,
    Hasty,
}

pub struct Front {
    pub url: String,
    handle: actix_web::dev::ServerHandle,
}

/// How long after its answer the hasty front forwards a write: a voter who reads at once always finds the old vote.
const COMMIT_DELAY: Duration = Duration::from_millis(50);

struct Parcel {
    arrived: Instant,
    method: reqwest::Method,
    url: String,
    token: String,
    body: web::Bytes,
}

/// One queue a voter, so that a voter's calls keep their order.
type Queues = Rc<RefCell<HashMap<String, UnboundedSender<Parcel>>>>;

impl Front {
    pub fn open(manner: Manner, server: &str) -> Front {
        let (say, hear) = mpsc::channel();
        let server = server.to_string();
        std::thread::spawn(move || {
            actix_web::rt::System::new().block_on(async move {
                let app = move || {
                    let (server, queues, http) =
                        (server.clone(), Queues::default(), reqwest::Client::new());
                    App::new().default_service(web::to(
                        move |request: HttpRequest, body: web::Bytes| {
                            pass(
                                manner,
                                server.clone(),
                                Rc::clone(&queues),
                                http.clone(),
                                request,
                                body,
                            )
                        },
                    ))
                };
                let bound = HttpServer::new(app)
                    .workers(1)
                    .disable_signals()
                    .bind(("127.0.0.1", 0))
                    .expect("front");
                let url = format!("http://{}", bound.addrs()[0]);
                let running = bound.run();
                say.send(Front {
                    url,
                    handle: running.handle(),
                })
                .expect("the test waits");
                let _ = running.await;
            });
        });
        hear.recv().expect("the front opens")
    }
}

impl Drop for Front {
    fn drop(&mut self) {
        drop(self.handle.stop(false));
    }
}

async fn pass(
    manner: Manner,
    server: String,
    queues: Queues,
    http: reqwest::Client,
    request: HttpRequest,
    body: web::Bytes,
) -> HttpResponse {
    let token = request
        .headers()
        .get("authorization")
        .and_then(|v| v.to_str().ok())
        .unwrap_or("")
        .to_string();
    let method = request.method().as_str().parse().expect("a method");
    let parcel = Parcel {
        arrived: Instant::now(),
        method,
        url: format!("{server}{}", request.uri()),
        token: token.clone(),
        body,
    };
    if manner == Manner::Honest || parcel.method == reqwest::Method::GET {
        return match forward(&http, parcel).await {
            Some((status, body)) => HttpResponse::build(status)
                .content_type("application/json")
                .insert_header(("Retry-After", "1"))
                .body(body),
            None => {
                // The server is gone: to the voter that is no answer, and a 503 says as little.
                HttpResponse::ServiceUnavailable()
                    .insert_header(("Retry-After", "1"))
                    .body("{}")
            }
        };
    }
    let queue = queues
        .borrow_mut()
        .entry(token)
        .or_insert_with(|| {
            let (queue, mut parcels) = unbounded_channel::<Parcel>();
            actix_web::rt::spawn(async move {
                while let Some(parcel) = parcels.recv().await {
                    tokio::time::sleep_until((parcel.arrived + COMMIT_DELAY).into()).await;
                    forward(&http, parcel).await;
                }
            });
            queue
        })
        .clone();
    let _ = queue.send(parcel);
    HttpResponse::Ok().body("{}")
}

async fn forward(
    http: &reqwest::Client,
    parcel: Parcel,
) -> Option<(actix_web::http::StatusCode, web::Bytes)> {
    let call = http
        .request(parcel.method, parcel.url)
        .header("authorization", parcel.token)
        .header("content-type", "application/json")
        .body(parcel.body);
    let answer = call.send().await.ok()?;
    let status = answer.status().as_u16();
    let status = actix_web::http::StatusCode::from_u16(status).ok()?;
    Some((status, answer.bytes().await.ok()?))
}
