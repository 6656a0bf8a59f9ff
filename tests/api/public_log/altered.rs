//! What `tallyship log verify` says of a site that serves something else than its log: every altered file is found.
//!
//! A proxy between the command and a real server alters the answers. The twin of each case is the proxy that alters nothing.
use super::{receipt, server, until, verified};
use crate::harness::server::Server;
use crate::harness::{Backend, run};
use crate::moderation::TOOL;
use actix_web::{App, HttpRequest, HttpResponse, HttpServer, web};
use serde_json::{Value, json};
use std::sync::{Arc, mpsc};

/// Changes the body of a path.
type Alter = Arc<dyn Fn(&str, Vec<u8>) -> Vec<u8> + Send + Sync>;

struct Proxy {
    url: String,
    handle: actix_web::dev::ServerHandle,
}

impl Proxy {
    fn start(server: &Server, alter: Alter) -> Proxy {
        let (tell, told) = mpsc::channel();
        let site = server.client().base().to_owned();
        std::thread::spawn(move || {
            actix_web::rt::System::new().block_on(async move {
                let app = move || {
                    let (site, alter) = (site.clone(), Arc::clone(&alter));
                    App::new().default_service(web::to(move |request: HttpRequest| {
                        forward(site.clone(), Arc::clone(&alter), request)
                    }))
                };
                let bound = HttpServer::new(app)
                    .workers(1)
                    .disable_signals()
                    .bind(("127.0.0.1", 0))
                    .expect("a port");
                let url = format!("http://{}", bound.addrs()[0]);
                let running = bound.run();
                let handle = running.handle();
                tell.send(Proxy { url, handle }).expect("the test waits");
                running.await.expect("the proxy ends");
            });
        });
        told.recv().expect("the proxy starts")
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        drop(self.handle.stop(false));
    }
}

async fn forward(site: String, alter: Alter, request: HttpRequest) -> HttpResponse {
    let answer = reqwest::get(format!("{site}{}", request.uri())).await;
    let answer = answer.expect("the server answers");
    let status = answer.status().as_u16().try_into().expect("a status");
    let body = answer.bytes().await.expect("a body").to_vec();
    HttpResponse::build(status).body(alter(request.path(), body))
}

/// The exit code of `log verify` through such a proxy, and what it printed.
async fn verify(
    server: &Server,
    key: &str,
    alter: impl Fn(&str, Vec<u8>) -> Vec<u8> + Send + Sync + 'static,
) -> (i32, String) {
    let proxy = Proxy::start(server, Arc::new(alter));
    let command = ["log", "verify", "--url", &proxy.url, "--key", key];
    let done = server.run_cli(&command).await;
    (done.code(), done.stdout + &done.stderr)
}

/// A server with a few ballots under a checkpoint, and its log's key.
async fn voted() -> (Server, String) {
    let server = server(Backend::Sqlite).await;
    for choice in ["ship", "skip", "ship"] {
        let voter = server.client().visitor().await;
        let vote = server.client().put_vote(&voter, TOOL, choice).await;
        until(&server, receipt(&vote.expect(201)), json!(choice)).await;
    }
    verified(&server).await;
    let key = super::text(&server, "/log/key").await.trim().to_owned();
    (server, key)
}

#[test]
fn a_flipped_bit_is_found() {
    run(async {
        let (server, key) = voted().await;
        let (code, said) = verify(&server, &key, |_, body| body).await;
        assert_eq!(code, 0, "{said}");
        for (file, step) in [("/log/checkpoint", 41), ("/log/tile/", 67)] {
            for bit in (0..2_000).step_by(step) {
                let (code, said) = verify(&server, &key, move |path, mut body| {
                    if path.starts_with(file) {
                        let bit = bit % (body.len() * 8);
                        body[bit / 8] ^= 1 << (bit % 8);
                    }
                    body
                })
                .await;
                assert_eq!(code, 1, "bit {bit} of {file}: {said}");
            }
        }
    });
}

/// Changes the tally of `TOOL` in an answer.
fn tally(path: &str, body: Vec<u8>, change: impl Fn(&mut Value)) -> Vec<u8> {
    if path != "/v1/tallies" {
        return body;
    }
    let mut page: Value = serde_json::from_slice(&body).expect("JSON");
    for tally in page["tallies"].as_array_mut().expect("tallies") {
        if tally["tool"] == TOOL {
            change(tally);
        }
    }
    page.to_string().into_bytes()
}

#[test]
fn a_tally_that_the_log_does_not_have_is_found() {
    run(async {
        let (server, key) = voted().await;
        let changes: [fn(&mut Value); 4] = [
            |tally| tally["community"]["ship"] = json!(900),
            // A version that the log never comes to.
            |tally| {
                tally["community"]["ship"] = json!(900);
                tally["version"] = json!(tally["version"].as_i64().expect("a version") + 1);
            },
            // The log must have come to this version meanwhile, but it has another.
            |tally| {
                tally["community"]["skip"] = json!(0);
                tally["version"] = json!(1_000_000);
            },
            |tally| tally["tool"] = json!("another"),
        ];
        for change in changes {
            let altered = move |path: &str, body| tally(path, body, change);
            let (code, said) = verify(&server, &key, altered).await;
            assert!(code == 1 && said.contains(TOOL), "{code}: {said}");
        }
    });
}

#[test]
fn an_answer_without_an_end_is_cut_off() {
    run(async {
        let (server, key) = voted().await;
        for file in [
            "/log/checkpoint",
            "/log/tile/0/",
            "/log/tile/entries/",
            "/v1/tallies",
        ] {
            let altered = move |path: &str, mut body: Vec<u8>| {
                if path.starts_with(file) {
                    body.resize(20 << 20, b'\n');
                }
                body
            };
            let (code, said) = verify(&server, &key, altered).await;
            assert!(
                code == 1 && said.contains("longer than"),
                "{file}: {code}: {said}"
            );
        }
    });
}

/// A vote that comes while the log is read is not taken for a difference.
#[test]
fn a_tool_that_moves_is_read_again() {
    run(async {
        let (server, key) = voted().await;
        let voter = server.client().visitor().await;
        let vote = server.client().put_vote(&voter, TOOL, "skip").await;
        vote.expect(201);
        // At once: the log does not have it yet.
        let (code, said) = verify(&server, &key, |_, body| body).await;
        assert!(code == 0 && !said.contains("moved"), "{code}: {said}");
    });
}
