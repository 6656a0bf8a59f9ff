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
mod sockets;
mod task_pool;
mod wiring;
mod write_probe;

use std::sync::Arc;
use std::time::Duration;

use actix_web::App;
use actix_web::middleware::from_fn;
use actix_web::web::Data;
use tokio::task::JoinSet;
use url::Url;

use crate::auth::identity_provider::BadAuthority;
use crate::auth::keys::Keys;
use crate::auth::users::Users;
use crate::auth::{secret, staff as tokens};
use crate::catalog::cache::CatalogCache;
use crate::config::{DatabaseUrl, ListenAddress, Settings};
use crate::infra::db;
use crate::maintenance::retention::{self, Retention};
use crate::moderation::removals::merges;
use crate::moderation::review::auto_release;
use signals::Signals;
pub use sockets::PassedSockets;
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
    Listen(&'static str, ListenAddress, std::io::Error),
    #[error("LISTEN_FDS: expected one or two listening sockets, public and admin: {0}")]
    Passed(std::io::Error),
    #[error(
        "the limit of open files is {files}, and at least {needed} are needed; raise it (ulimit -n, LimitNOFILE=)"
    )]
    FileLimit { files: usize, needed: usize },
    #[error("the server stopped: {0}")]
    Io(#[from] std::io::Error),
    #[error("cannot make the API's documents: {0}")]
    Documents(#[from] crate::web::openapi::routes::Unmade),
    #[error(transparent)]
    IdentityProvider(#[from] BadAuthority),
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
    passed: PassedSockets,
    keys: Keys,
    users: Option<Users>,
    opened: impl FnOnce(&Url, &ListenAddress, Option<&ListenAddress>, &CatalogCache),
) -> Result<(), ServeError> {
    signals::survive_others()?;
    settings.live.streams = fd_limit::streams_within(settings.live.streams, settings.http.workers)?;
    let (public, admin) = sockets::open(passed, &settings.http)?;
    let public_url = public_url(&settings, &public.address)?;

    let (parts, threads) = Services::new(settings, keys, users, &public_url)?;
    let parts = Arc::new(parts);
    // An instance that starts among others must not give anybody a new quota.
    parts.limiter.ready().await;
    let admin_address = admin.as_ref().map(|admin| admin.address.clone());
    // The files are removed when this function ends, however it ends.
    let (admin, admin_file) = admin.map_or((None, None), |open| (Some(open.listener), open.file));
    let admin = admin
        .map(|listener| admin::start(listener, Arc::clone(&parts)))
        .transpose()?;
    let kept = Arc::clone(&parts);
    let mut tasks = JoinSet::new();
    tasks.spawn(async move {
        tokio::join!(
            upkeep(Arc::clone(&kept)),
            auto_release::run(&kept.moderation, kept.settings.abuse.clear_after),
            merges::run(&kept.moderation),
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
    let server = listener::serve(public.listener, parts.settings.http.workers, app)?;
    let handle = server.handle();
    let running = tokio::spawn(server);
    if let DatabaseUrl::Sqlite(path) = &parts.settings.database.url {
        let path = path.display();
        tracing::info!(%path, "the newest votes are in the write-ahead log: copy by tallyship backup, not by cp");
    }
    // Before the address is printed: until there is a handler, a signal kills.
    let mut signals = Signals::install()?;
    opened(
        &public_url,
        &public.address,
        admin_address.as_ref(),
        &parts.shelf,
    );
    signals.stop().await;
    // While the listeners are open: then a server that starts now cannot have bound these addresses yet.
    drop((public.file, admin_file));
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

/// How browsers reach the server: as the settings say, else at the listener.
fn public_url(settings: &Settings, listener: &ListenAddress) -> Result<Url, ServeError> {
    if let Some(url) = &settings.http.public_url {
        return Ok(url.clone());
    }
    let (host, is_local) = match listener {
        ListenAddress::Tcp(address) => (address.to_string(), address.ip().is_loopback()),
        ListenAddress::Unix(_) => ("localhost".to_owned(), false),
    };
    let public_url = Url::parse(&format!("http://{host}")).map_err(std::io::Error::other)?;
    if !is_local {
        tracing::warn!(
            %public_url,
            "http.public_url is not set, and the listener is not a loopback address: links name this address, and votes from pages at any other address are refused"
        );
    }
    Ok(public_url)
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
