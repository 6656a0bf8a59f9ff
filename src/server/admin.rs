//! The admin listener: health, readiness, metrics. It has a thread of its own, so that it answers while workers are busy.
//!
//! `server` starts it. It must tell nothing of voters, and should be reachable by operators only.

use std::net::TcpListener;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use actix_web::dev::ServerHandle;
use actix_web::web::{self, Data};
use actix_web::{App, HttpResponse, HttpServer};
use serde::Serialize;

use crate::domain::Timestamp;
use crate::http::problem::{Code, Problem};
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

/// Starts to listen.
pub(super) fn start(listener: TcpListener, parts: Arc<Services>) -> std::io::Result<Admin> {
    let watch = Arc::new(AdminState {
        parts,
        draining: AtomicBool::new(false),
    });
    let (tell, told) = std::sync::mpsc::channel();
    let state = Data::from(Arc::clone(&watch));
    let thread = std::thread::Builder::new()
        .name("admin".to_owned())
        .spawn(move || {
            let system = actix_web::rt::System::new();
            let outcome = system.block_on(async move {
                let server = HttpServer::new(move || {
                    App::new()
                        .app_data(state.clone())
                        .route(
                            "/healthz",
                            web::get().to(|| async { HttpResponse::Ok().body("alive\n") }),
                        )
                        .route("/readyz", web::get().to(readyz))
                        .route("/metrics", web::get().to(metrics))
                        .default_service(web::to(|| async {
                            Err::<HttpResponse, _>(Problem::new(
                                Code::NotFound,
                                "Here are /healthz, /readyz and /metrics.",
                            ))
                        }))
                })
                .workers(1)
                .client_request_timeout(Duration::from_secs(5))
                .disable_signals()
                .listen(listener)?
                .run();
                let _ = tell.send(server.handle());
                server.await
            });
            if let Err(cause) = outcome {
                tracing::error!(%cause, "the admin listener stopped");
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
    database: &'static str,
    redis: &'static str,
}

async fn readyz(watch: Data<AdminState>) -> HttpResponse {
    let draining = watch.draining.load(Ordering::Relaxed);
    let stale = watch.parts.board.is_stale(Timestamp::now());
    let redis = watch.parts.doors.redis_is_up();
    let status = match (draining || stale, redis) {
        (true, _) => "unready",
        (false, Some(false)) => "degraded",
        (false, _) => "ready",
    };
    let parts = Parted {
        server: if draining { "unready" } else { "ready" },
        database: if stale { "unready" } else { "ready" },
        redis: match redis {
            None => "off",
            Some(true) => "ready",
            Some(false) => "degraded",
        },
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
