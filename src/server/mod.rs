//! The server: listeners, what is wired to what, the start and the stop.
//!
//! `cli::serve` calls [`run`]. Read `wiring.rs` to see what is wired to what, `routes.rs` for every address and its policy (staff's
//! in `moderation_routes.rs`, the dashboard's in `admin_routes.rs`, what each is made of in `resource.rs`), `middleware.rs` for what
//! wraps each request, `fast_path.rs` for the busiest calls (`task_pool.rs` for its votes), `listener.rs` for connections,
//! `panics.rs` for handlers that fail, `admin.rs` for health and metrics.

mod admin;
mod admin_routes;
mod app_state;
mod base_path;
mod fast_path;
mod fd_limit;
mod listener;
mod middleware;
mod moderation_routes;
mod panics;
mod redirects;
mod resource;
mod routes;
mod signals;
mod task_pool;
mod wiring;
mod write_probe;

use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener};
use std::sync::Arc;
use std::time::Duration;

use actix_web::App;
use actix_web::middleware::from_fn;
use actix_web::web::Data;
use tokio::task::JoinSet;
use url::Url;

use crate::auth::keys::Keys;
use crate::auth::users::Users;
use crate::auth::{secret, staff as tokens};
use crate::catalog::cache::CatalogCache;
use crate::config::Settings;
use crate::infra::db;
use crate::maintenance::retention::{self, Retention};
use crate::moderation::review::auto_release;
use signals::Signals;
use wiring::Services;

/// Why the server did not start, or stopped.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    #[error(transparent)]
    Secret(#[from] secret::SecretError),
    #[error(transparent)]
    Database(#[from] db::OpenError),
    #[error("cannot read the catalogue and its tallies: {0}")]
    Query(#[from] diesel::result::Error),
    #[error("setting {0}: cannot listen on {1}: {2}")]
    Listen(&'static str, SocketAddr, std::io::Error),
    #[error(
        "the limit of open files is {files}, and at least {needed} are needed; raise it (ulimit -n, LimitNOFILE=)"
    )]
    FileLimit { files: usize, needed: usize },
    #[error("the server stopped: {0}")]
    Io(#[from] std::io::Error),
    #[error("cannot make the API's documents: {0}")]
    Documents(#[from] crate::web::openapi::routes::Unmade),
    #[error(transparent)]
    Log(#[from] crate::transparency::keys::LogKeyError),
    #[error("cannot set up the metrics: {0}")]
    Meters(String),
}

/// Listens until SIGTERM, SIGINT or SIGQUIT, then takes nothing new, finishes what it took, and returns.
///
/// `opened` is called with the bound addresses once votes are taken.
pub async fn run(
    mut settings: Settings,
    keys: Keys,
    users: Option<Users>,
    opened: impl FnOnce(&Url, SocketAddr, Option<SocketAddr>, &CatalogCache),
) -> Result<(), ServeError> {
    signals::survive_others()?;
    settings.live.streams = fd_limit::streams_within(settings.live.streams, settings.http.workers)?;
    let listener = listen("http.listen", settings.http.listen)?;
    let address = listener.local_addr()?;
    let admin = settings.http.admin_listen;
    let admin = admin
        .map(|address| listen("http.admin_listen", address))
        .transpose()?;
    let public_url = match &settings.http.public_url {
        Some(url) => url.clone(),
        None => Url::parse(&format!("http://{address}")).map_err(std::io::Error::other)?,
    };
    if settings.http.public_url.is_none() && !address.ip().is_loopback() {
        tracing::warn!(
            %public_url,
            "http.public_url is not set, and the listener is not a loopback address: links name this address, and votes from pages at any other address are refused"
        );
    }

    let (parts, threads) = Services::new(settings, keys, users, &public_url)?;
    let parts = Arc::new(parts);
    // An instance that starts among others must not give anybody a new quota.
    parts.limiter.ready().await;
    let admin_address = admin.as_ref().map(TcpListener::local_addr).transpose()?;
    let admin = admin
        .map(|listener| admin::start(listener, Arc::clone(&parts)))
        .transpose()?;
    let kept = Arc::clone(&parts);
    let mut tasks = JoinSet::new();
    tasks.spawn(async move {
        tokio::join!(
            upkeep(Arc::clone(&kept)),
            auto_release::run(&kept.moderation, kept.settings.abuse.clear_after),
            kept.write_probe.run(&kept.votes)
        );
    });
    tasks.spawn(retention::run(Retention {
        readers: parts.readers.clone(),
        votes: parts.votes.clone(),
        meters: Arc::clone(&parts.meters),
        kept: parts.settings.retention.clone(),
    }));

    let state = app_state::AppState::new(&parts);
    let edge = Data::new(middleware::RequestPipeline::new(&parts));
    let app = move || {
        let app = App::new()
            .app_data(edge.clone())
            .configure(|config| routes::configure(&state, config))
            .wrap(from_fn(middleware::around));
        fast_path::FastPath::new(app, &edge, &state)
    };
    let server = listener::serve(listener, parts.settings.http.workers, app)?;
    let handle = server.handle();
    let running = tokio::spawn(server);
    // Before the address is printed: until there is a handler, a signal kills.
    let mut signals = Signals::install()?;
    opened(&public_url, address, admin_address, &parts.shelf);
    signals.stop().await;
    tracing::info!("shutting down: draining");
    if let Some(admin) = &admin {
        admin.draining();
    }
    // Streams are no requests any more: they end now, not when the workers do.
    parts.hub.end();
    handle.stop(true).await;
    running.await.map_err(std::io::Error::other)??;
    tasks.shutdown().await;
    drop(threads.background);
    if let Some(admin) = admin {
        admin.stop();
    }
    // The last clone of the writer's queue ends its thread, after everything that waits in it.
    drop(parts);
    let ended = tokio::task::spawn_blocking(move || (threads.live.join(), threads.writer.join()));
    if !matches!(ended.await, Ok((Ok(()), Ok(())))) {
        tracing::error!("worker thread panicked");
    }
    tracing::info!("stopped");
    Ok(())
}

fn listen(setting: &'static str, address: SocketAddr) -> Result<TcpListener, ServeError> {
    let bound = TcpListener::bind(address).or_else(|cause| {
        // `:8080` means all addresses, also of a machine without IPv6.
        if address.ip() == Ipv6Addr::UNSPECIFIED {
            TcpListener::bind((Ipv4Addr::UNSPECIFIED, address.port())).map_err(|_same| cause)
        } else {
            Err(cause)
        }
    });
    bound.map_err(|cause| ServeError::Listen(setting, address, cause))
}

/// Looks of [`upkeep`] between two at which the writer gives back the pages that it keeps: a minute.
const GIVES_BACK_EVERY: u32 = 12;

/// Looks between two audit entries about failed sign-ins.
const AUDITS_FAILURES_EVERY: u32 = 2;

/// What must happen now and then: meters folded, limiter keys forgotten, gauges set, memory given back.
async fn upkeep(parts: Arc<Services>) {
    let mut tick = tokio::time::interval(Duration::from_secs(5));
    for look in (0..GIVES_BACK_EVERY).cycle() {
        tick.tick().await;
        parts.limiter.local().sweep();
        parts.meters.limiter_keys.set(f64::from(
            u32::try_from(parts.limiter.local().keys()).unwrap_or(u32::MAX),
        ));
        if let Some(up) = parts.limiter.redis_is_up() {
            parts.meters.redis(up);
        }
        let stale = parts.board.is_stale(crate::domain::Timestamp::now());
        parts
            .meters
            .database_readable
            .set(f64::from(u8::from(!stale)));
        parts.meters.held(parts.holding.count());
        parts.meters.upkeep();
        // When staff tokens were used: off the requests' path, and no harm if it is lost.
        let uses = parts.identity.uses.take();
        if !uses.is_empty() {
            let _ = parts
                .votes
                .edit(move |conn| tokens::note_uses(conn, &uses))
                .await;
        }
        if look % AUDITS_FAILURES_EVERY == 0 {
            let failed = parts.identity.failed_sign_ins.take();
            if failed > 0 {
                let now = crate::domain::Timestamp::now();
                let audited = move |conn: &mut _| tokens::audit_failures(conn, failed, now);
                let _ = parts.votes.edit(audited).await;
            }
        }
        // After the gauges, which must not wait for a database that hangs.
        if look + 1 == GIVES_BACK_EVERY {
            // A full queue has more to do than to be small.
            let _ = parts.votes.edit(db::give_back_memory).await;
        }
    }
}
