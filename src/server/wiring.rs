//! [`Services`]: what is wired to what. Everything that requests work with is made here, once, and passed down.
//!
//! `server` calls it at the start. Adding a module to the server begins here.

use std::sync::Arc;
use std::thread::JoinHandle;

use actix_web::web::Data;
use url::Url;

use super::write_probe::WriteProbe;
use super::{ServeError, routes};
use crate::abuse::Bans;
use crate::abuse::alerted_tools::AlertedTools;
use crate::abuse::attack_level::AttackLevel;
use crate::abuse::challenge::Challenges;
use crate::abuse::holding::HoldingPolicy;
use crate::auth::Identity;
use crate::auth::denylist::Denylist;
use crate::auth::identity_provider::IdentityProvider;
use crate::auth::keys::Keys;
use crate::auth::network::Proxies;
use crate::auth::network::daily_keys::DailyKeys;
use crate::auth::network::quota_multipliers::QuotaMultipliers;
use crate::auth::origin::Origins;
use crate::auth::users::Users;
use crate::catalog::cache::CatalogCache;
use crate::config::Settings;
use crate::detection::worker as detector;
use crate::domain::Timestamp;
use crate::http::request::forwarding::ForwardingHeader;
use crate::infra::db::{self, Purpose, Readers};
use crate::infra::telemetry::Metrics;
use crate::infra::workers::Worker;
use crate::maintenance::subject_requests::index_worker as voter_index;
use crate::maintenance::verify::worker as recount;
use crate::maintenance::{db_sync, network_expiry};
use crate::moderation::Moderation;
use crate::rate_limit::rate_limiter::RateLimiter;
use crate::rate_limit::redis_worker::RedisLimiter;
use crate::tallies::TallyRow;
use crate::tallies::cache::TallyCache;
use crate::tallies::stream::broadcaster::Broadcaster;
use crate::tallies::stream::relay::Relay;
use crate::transparency;
use crate::transparency::published::PublicLog;
use crate::transparency::worker::{self as log_worker, LogKeys};
use crate::voting::after_commit::OnCommit;
use crate::voting::writer::Votes;
use crate::web::kit::assets;
use crate::web::openapi::routes::OpenApiState;
use crate::webhooks::worker::{self as webhooks, WebhookParts};

const PUBLIC_READERS: u32 = 3;
const STAFF_READERS: u32 = 2;

/// Everything that requests work with. Handlers receive the parts they need.
pub(super) struct Services {
    pub settings: Settings,
    /// How browsers reach us.
    pub public_url: Url,
    /// Where browsers reach the site, without a slash at its end.
    pub site: String,
    pub identity: Data<Identity>,
    /// `None`: moderators sign in with staff tokens only.
    pub provider: Option<Data<IdentityProvider>>,
    pub bans: Data<Bans>,
    pub challenges: Data<Challenges>,
    pub holding: Data<HoldingPolicy>,
    pub limiter: Data<RateLimiter>,
    pub board: Data<TallyCache>,
    pub shelf: Data<CatalogCache>,
    pub readers: Readers,
    /// Moderators must not wait behind the public.
    pub staff_readers: Readers,
    pub votes: Votes,
    pub moderation: Data<Moderation>,
    pub hub: Data<Broadcaster>,
    pub meters: Arc<Metrics>,
    pub docs: Data<OpenApiState>,
    pub write_probe: WriteProbe,
    /// `None` where there is no public log.
    pub log: Option<Data<PublicLog>>,
}

/// The threads beside the workers, to be ended in order.
pub(super) struct Workers {
    /// Ends once every clone of [`Services::votes`] is gone.
    pub writer: JoinHandle<()>,
    /// They end when they are dropped, and with them their clones of [`Services::votes`].
    pub background: Vec<Worker>,
    /// Ends after [`Broadcaster::end`].
    pub live: JoinHandle<()>,
}

fn proxies(settings: &Settings) -> Proxies {
    let http = &settings.http;
    let header = ForwardingHeader::parse(&http.forwarding_header).unwrap_or_default();
    Proxies::new(http.trusted_proxies.clone(), header)
}

impl Services {
    /// Reads the catalogue and all tallies, and starts the threads.
    pub(super) fn new(
        settings: Settings,
        keys: Keys,
        users: Option<Users>,
        public_url: &Url,
    ) -> Result<(Self, Workers), ServeError> {
        let provider = IdentityProvider::new(&settings.oidc, &keys, public_url)?;
        let meters = Arc::new(Metrics::new(routes::NAMES).map_err(ServeError::Meters)?);
        let shelf = Arc::new(CatalogCache::default());
        let tally = &settings.tally;
        let board = TallyCache::new(tally.min_votes).showing_set_aside(tally.show_set_aside);
        let board = Arc::new(board);
        let (bans, alerts) = (Arc::new(Bans::default()), Arc::new(AlertedTools::default()));
        let (pressure, holds) = suspicion(&settings, &alerts);
        let erased = Arc::new(Denylist::default());
        let mut conn = db::open(&settings.database, Purpose::Command)?;
        db_sync::fill(&mut conn, &shelf, &board, &erased, &bans, &alerts)?;
        let days = Arc::new(DailyKeys::default());
        days.make_ready(&mut conn, &keys, Timestamp::now())?;
        let log_keys = transparency::keys::load(&mut conn, &settings, public_url)?;
        drop(conn);
        let (hub, live) =
            Broadcaster::start(&settings.live, Arc::clone(&board), Arc::clone(&meters))?;
        let listening = hub.clone();
        board.tell(Box::new(move |tool| listening.moved(tool)));
        let on_commit = on_commit(&settings, &board)?;
        let (votes, writer) = Votes::start(
            settings.database.clone(),
            on_commit,
            Arc::clone(&erased),
            Arc::clone(&meters),
            users.is_some(),
            log_keys.as_ref().map(|keys| keys.origin.as_str().into()),
        )?;
        let log = log_keys.map(|keys| public_log(&settings, keys, &votes, &meters));
        let (log, log_worker) = log.transpose()?.unzip();
        let mut background = Vec::from_iter(log_worker);
        background.push(db_sync::start(
            settings.database.clone(),
            Arc::clone(&shelf),
            Arc::clone(&board),
            Arc::clone(&erased),
            (Arc::clone(&bans), alerts),
            votes.clone(),
        )?);
        background.extend(keep_up(&settings, &votes, (&keys, &days), &meters)?);
        background.extend(detection(&settings, &votes, &meters)?);
        background.extend(webhooks(&settings, public_url, &votes, &board, &meters)?);

        let shared = redis_limiter(&settings)?;
        let challenges =
            Challenges::start(&keys, &settings.database, pressure, Arc::clone(&meters))?;
        let readers = Readers::start(&settings.database, "reader", PUBLIC_READERS)?;
        let staff_readers = Readers::start(&settings.database, "staff-reader", STAFF_READERS)?;
        let origins = Origins::new(public_url, &settings.http.allowed_origins);
        let moderation_keys = keys.clone();
        let identity = Identity::new(
            (keys, days),
            users,
            (
                proxies(&settings),
                QuotaMultipliers::new(settings.limits.known_networks.clone()),
                settings.abuse.never_hold.clone(),
            ),
            origins,
            public_url,
            staff_readers.clone(),
            erased,
        );
        assets::prepare();
        let docs = OpenApiState::new(public_url, settings.pages.featured.as_ref())?;
        let moderation = Moderation::new(
            staff_readers.clone(),
            votes.clone(),
            Arc::clone(&board),
            Arc::clone(&bans),
            moderation_keys,
        );
        let parts = Self {
            site: public_url.as_str().trim_end_matches('/').to_owned(),
            identity: Data::new(identity),
            provider: provider.map(Data::new),
            bans: Data::from(bans),
            challenges: Data::new(challenges),
            holding: Data::from(holds),
            limiter: Data::new(RateLimiter::new(settings.limits.clone(), shared)),
            board: Data::from(board),
            shelf: Data::from(shelf),
            readers,
            staff_readers,
            votes,
            moderation: Data::new(moderation),
            hub: Data::new(hub),
            meters,
            docs: Data::new(docs),
            write_probe: WriteProbe::default(),
            log: log.map(Data::from),
            settings,
            public_url: public_url.clone(),
        };
        let threads = Workers {
            writer,
            background,
            live,
        };
        Ok((parts, threads))
    }
}

/// Starts what writes the public log.
fn public_log(
    settings: &Settings,
    keys: LogKeys,
    votes: &Votes,
    meters: &Arc<Metrics>,
) -> std::io::Result<(Arc<PublicLog>, Worker)> {
    let log = Arc::new(PublicLog::default());
    let worker = log_worker::start(
        settings.database.clone(),
        keys,
        votes.clone(),
        Arc::clone(&log),
        Arc::clone(meters),
    )?;
    Ok((log, worker))
}

/// What is under pressure, and whose votes are held.
fn suspicion(
    settings: &Settings,
    alerts: &Arc<AlertedTools>,
) -> (Arc<AttackLevel>, Arc<HoldingPolicy>) {
    let pressure = match (
        settings.abuse.hold,
        AttackLevel::new(settings.abuse.challenge_after),
    ) {
        (false, _) => AttackLevel::off(),
        (true, pressure) if settings.abuse.challenge_on_alert => {
            pressure.with_alerts(Arc::clone(alerts))
        }
        (true, pressure) => pressure,
    };
    let pressure = Arc::new(pressure);
    let holding = HoldingPolicy::new(settings.abuse.hold, Arc::clone(&pressure));
    (pressure, Arc::new(holding))
}

/// What happens on commit: other instances are told, and the new tally is shown; the board tells the hub.
fn on_commit(settings: &Settings, board: &Arc<TallyCache>) -> std::io::Result<OnCommit> {
    let relay = Relay::start(settings, Arc::clone(board))?;
    let shown = Arc::clone(board);
    Ok(Arc::new(move |row: TallyRow| {
        if let (Some(relay), 1..) = (&relay, row.version) {
            relay.tell(row);
        }
        shown.publish(row)
    }))
}

/// Starts what forgets in time, indexes, and recounts now and then.
fn keep_up(
    settings: &Settings,
    votes: &Votes,
    (keys, days): (&Keys, &Arc<DailyKeys>),
    meters: &Arc<Metrics>,
) -> std::io::Result<Vec<Worker>> {
    let (database, meters) = (|| settings.database.clone(), || Arc::clone(meters));
    let days = Arc::clone(days);
    let mut workers = vec![
        network_expiry::start(database(), votes.clone(), keys.clone(), days, meters())?,
        voter_index::start(database(), votes.clone())?,
    ];
    if let Some(every) = settings.tally.recount_every {
        workers.push(recount::start(database(), every, meters())?);
    }
    Ok(workers)
}

/// The limiter in Redis, if the settings name one.
fn redis_limiter(settings: &Settings) -> std::io::Result<Option<RedisLimiter>> {
    if settings.redis.url.is_empty() {
        return Ok(None);
    }
    RedisLimiter::start(settings.redis.clone()).map(Some)
}

/// Starts what looks for attacks.
fn detection(
    settings: &Settings,
    votes: &Votes,
    meters: &Arc<Metrics>,
) -> std::io::Result<Option<Worker>> {
    if !settings.detector.enabled {
        return Ok(None);
    }
    let worker = detector::start(
        settings.database.clone(),
        &settings.detector,
        votes.clone(),
        Arc::clone(meters),
    )?;
    Ok(Some(worker))
}

/// Starts what posts events to other servers.
fn webhooks(
    settings: &Settings,
    public_url: &Url,
    votes: &Votes,
    board: &Arc<TallyCache>,
    metrics: &Arc<Metrics>,
) -> std::io::Result<Option<Worker>> {
    let endpoints = settings.webhook_endpoints();
    if endpoints.is_empty() {
        return Ok(None);
    }
    let worker = webhooks::start(WebhookParts {
        database: settings.database.clone(),
        endpoints,
        settings: settings.webhooks.clone(),
        site: public_url.as_str().trim_end_matches('/').to_owned(),
        board: Arc::clone(board),
        votes: votes.clone(),
        metrics: Arc::clone(metrics),
    })?;
    Ok(Some(worker))
}
