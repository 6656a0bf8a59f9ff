//! The admin listener: health, readiness, metrics. It has a thread of its own, so that it answers while workers are busy.
//!
//! `server` starts it. It must tell nothing of voters, and should be reachable by operators only.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use actix_web::dev::ServerHandle;
use actix_web::web::{self, Data};
use actix_web::{App, HttpResponse, HttpServer};
use serde::Serialize;

use super::resource::readable;
use super::sockets::Listener;
use crate::auth::users::Users;
use crate::domain::Timestamp;
use crate::http::problem::{Code, Problem};
use crate::infra::workers;
use crate::server::wiring::Services;

struct AdminState {
    parts: Arc<Services>,
    draining: AtomicBool,
}

/// The running admin listener.
pub(super) struct Admin {
    server: ServerHandle,
    watch: Arc<AdminState>,
    thread: std::thread::JoinHandle<()>,
}

impl Admin {
    /// From now on `/readyz` says unready.
    pub(super) fn draining(&self) {
        self.watch.draining.store(true, Ordering::Relaxed);
    }

    /// Ends it at once.
    pub(super) fn stop(self) {
        drop(self.server.stop(false));
        drop(self.watch);
        let _ = self.thread.join();
    }
}

pub(super) fn start(listener: Listener, parts: Arc<Services>) -> std::io::Result<Admin> {
    let watch = Arc::new(AdminState {
        parts,
        draining: AtomicBool::new(false),
    });
    let (tell, told) = std::sync::mpsc::channel();
    let state = Data::from(Arc::clone(&watch));
    let thread = workers::spawn("admin", move || {
        let system = actix_web::rt::System::new();
        let outcome = system.block_on(async move {
            let server = HttpServer::new(move || {
                App::new()
                    .app_data(state.clone())
                    .service(readable("/healthz", "healthz", "GET, HEAD", async || {
                        HttpResponse::Ok().body("alive\n")
                    }))
                    .service(readable("/readyz", "readyz", "GET, HEAD", readyz))
                    .service(readable("/metrics", "metrics", "GET, HEAD", metrics))
                    .default_service(web::to(|| async {
                        Err::<HttpResponse, _>(Problem::new(
                            Code::NotFound,
                            "Expected /healthz, /readyz or /metrics.",
                        ))
                    }))
            })
            .workers(1)
            .client_request_timeout(Duration::from_secs(5))
            .disable_signals();
            let server = match listener {
                Listener::Tcp(listener) => server.listen(listener)?,
                Listener::Unix(listener) => server.listen_uds(listener)?,
            };
            let server = server.run();
            let _ = tell.send(server.handle());
            server.await
        });
        if let Err(cause) = outcome {
            tracing::error!(%cause, "admin listener stopped");
        }
    })?;
    let server = told.recv().map_err(std::io::Error::other)?;
    Ok(Admin {
        server,
        watch,
        thread,
    })
}

#[derive(Serialize)]
struct Ready {
    status: &'static str,
    parts: Parted,
}

#[derive(Serialize)]
struct Parted {
    server: &'static str,
    /// Whether it can be read.
    database: &'static str,
    /// Whether votes can be written.
    writes: &'static str,
    redis: &'static str,
    /// Whether the keys of signed-in users are fresh.
    users: &'static str,
    /// Whether the public log is signed.
    log: &'static str,
}

async fn readyz(watch: Data<AdminState>) -> HttpResponse {
    let draining = watch.draining.load(Ordering::Relaxed);
    let stale = watch.parts.board.is_stale(Timestamp::now());
    let parts = &watch.parts;
    let is_writable = parts.write_probe.is_writable() && !parts.votes.fail_at(Instant::now());
    let redis = watch.parts.limiter.redis_is_up();
    let users = watch.parts.identity.users.as_ref().map(Users::is_fresh);
    let log = watch.parts.log.as_ref().map(|log| log.is_ready());
    let status = if draining || stale || !is_writable {
        "unready"
    } else if [redis, users, log].contains(&Some(false)) {
        "degraded"
    } else {
        "ready"
    };
    let optional = |part: Option<bool>| match part {
        None => "off",
        Some(true) => "ready",
        Some(false) => "degraded",
    };
    let parts = Parted {
        server: if draining { "unready" } else { "ready" },
        database: if stale { "unready" } else { "ready" },
        writes: if is_writable { "ready" } else { "unready" },
        redis: optional(redis),
        users: optional(users),
        log: optional(log),
    };
    let mut answer = if status == "unready" {
        HttpResponse::ServiceUnavailable()
    } else {
        HttpResponse::Ok()
    };
    answer
        .insert_header(("cache-control", "no-store"))
        .json(Ready { status, parts })
}

async fn metrics(watch: Data<AdminState>) -> HttpResponse {
    HttpResponse::Ok()
        .content_type("text/plain; version=0.0.4; charset=utf-8")
        .body(watch.parts.meters.render())
}
