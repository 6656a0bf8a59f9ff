//! [`Parts`]: what is wired to what. Everything that requests work with is made here, once, and passed down.
//!
//! `server` calls it at the start. Adding a room to the server begins here.

use std::sync::Arc;
use std::thread::JoinHandle;

use actix_web::web::Data;
use url::Url;

use super::{ServeError, routes};
use crate::catalog::shelf::Shelf;
use crate::db::{self, Purpose, Readers};
use crate::docs;
use crate::identity::Identity;
use crate::identity::days::Days;
use crate::identity::erased::Erased;
use crate::identity::keys::Keys;
use crate::identity::known::Known;
use crate::identity::network::Proxies;
use crate::identity::origin::Origins;
use crate::identity::users::Users;
use crate::limiter::permit::Doors;
use crate::limiter::shared::Shared;
use crate::live::hub::Hub;
use crate::live::relay::Relay;
use crate::moderation::Moderation;
use crate::moderation::alerts::webhook::Telling;
use crate::moderation::detector::run::{Detecting, Leading};
use crate::settings::Settings;
use crate::standing::Bans;
use crate::standing::alerts::Alerts;
use crate::standing::challenge::Challenges;
use crate::standing::holding::{self, Holding};
use crate::standing::pressure::Pressure;
use crate::tallies::TallyRow;
use crate::tallies::board::Board;
use crate::telemetry::Meters;
use crate::verdicts::follow::{Follower, fill};
use crate::vocabulary::Moment;
use crate::votes::answers::OnCommit;
use crate::votes::forget::Forgetting;
use crate::votes::recount::watch::Recounting;
use crate::votes::writer::Votes;

/// Everything that requests work with. Handlers receive the parts they need.
pub(super) struct Parts {
    pub settings: Settings,
    /// How browsers reach us.
    pub public_url: Url,
    /// Where browsers reach the site, without a slash at its end.
    pub site: String,
    pub identity: Data<Identity>,
    pub bans: Data<Bans>,
    pub challenges: Data<Challenges>,
    pub holding: Data<Holding>,
    pub doors: Data<Doors>,
    pub board: Data<Board>,
    pub shelf: Data<Shelf>,
    pub readers: Readers,
    pub votes: Votes,
    pub moderation: Data<Moderation>,
    pub hub: Data<Hub>,
    pub meters: Arc<Meters>,
    pub docs: Data<docs::routes::State>,
}

/// The threads beside the workers, to be ended in order.
pub(super) struct Threads {
    /// Ends once every clone of [`Parts::votes`] is gone.
    pub writer: JoinHandle<()>,
    /// Ends when it is dropped.
    pub follower: Follower,
    /// Ends when it is dropped, and with it a clone of [`Parts::votes`].
    pub forgetting: Forgetting,
    /// Ends when it is dropped; `None` where the settings want no recount.
    pub recounting: Option<Recounting>,
    /// The same; `None` where the detector is off.
    pub detecting: Option<Detecting>,
    /// The same; `None` without a webhook.
    pub telling: Option<Telling>,
    /// Ends after [`Hub::end`].
    pub live: JoinHandle<()>,
}

impl Parts {
    /// Reads the catalogue and all tallies, and starts the threads.
    pub(super) fn new(
        settings: Settings,
        keys: Keys,
        users: Option<Users>,
        public_url: &Url,
    ) -> Result<(Self, Threads), ServeError> {
        let meters = Arc::new(Meters::new(routes::NAMES).map_err(ServeError::Meters)?);
        let shelf = Arc::new(Shelf::default());
        let board =
            Arc::new(Board::new(settings.min_votes).showing_set_aside(settings.show_set_aside));
        let (bans, alerts) = (Arc::new(Bans::default()), Arc::new(Alerts::default()));
        let (pressure, holds) = suspicion(&settings, &alerts);
        let erased = Arc::new(Erased::default());
        let mut conn = db::open(&settings.database, Purpose::Command)?;
        fill(&mut conn, &shelf, &board, &erased, &bans, &alerts)?;
        holds.follow(holding::store::held(&mut conn, Moment::now())?);
        let days = Arc::new(Days::default());
        days.make_ready(&mut conn, &keys, Moment::now())?;
        drop(conn);
        let (hub, live) = Hub::start(&settings.live, Arc::clone(&board), Arc::clone(&meters))?;
        let listening = hub.clone();
        board.tell(Box::new(move |tool| listening.moved(tool)));
        let follower = Follower::start(
            settings.database.clone(),
            Arc::clone(&shelf),
            Arc::clone(&board),
            Arc::clone(&erased),
            Arc::clone(&bans),
            Arc::clone(&holds),
            alerts,
        )?;

        let on_commit = on_commit(&settings, &board)?;
        let (votes, writer) = Votes::start(
            settings.database.clone(),
            on_commit,
            Arc::clone(&erased),
            Arc::clone(&meters),
            users.is_some(),
        )?;

        let (forgetting, recounting) = keep_up(&settings, &votes, &keys, &days, &meters)?;
        let (detecting, telling) = watch(&settings, &votes, &meters)?;

        let shared = if settings.redis.urls.is_empty() {
            None
        } else {
            Some(Shared::start(settings.redis.clone())?)
        };
        let challenges =
            Challenges::start(&keys, &settings.database, pressure, Arc::clone(&meters))?;
        let readers = Readers::start(&settings.database)?;
        let origins = Origins::new(public_url, &settings.http.allowed_origins);
        let proxies = Proxies::new(settings.http.trusted_proxies.clone());
        let moderation_keys = keys.clone();
        let identity = Identity::new(
            (keys, days),
            users,
            (proxies, Known::new(settings.limits.known_networks.clone())),
            origins,
            public_url,
            readers.clone(),
            erased,
        );
        let docs = docs::routes::State::new()?;
        let moderation = Moderation::new(
            readers.clone(),
            votes.clone(),
            Arc::clone(&board),
            (Arc::clone(&bans), Arc::clone(&holds)),
            moderation_keys,
        );
        let parts = Self {
            site: public_url.as_str().trim_end_matches('/').to_owned(),
            identity: Data::new(identity),
            bans: Data::from(bans),
            challenges: Data::new(challenges),
            holding: Data::from(holds),
            doors: Data::new(Doors::new(settings.limits.clone(), shared)),
            board: Data::from(board),
            shelf: Data::from(shelf),
            readers,
            votes,
            moderation: Data::new(moderation),
            hub: Data::new(hub),
            meters,
            docs: Data::new(docs),
            settings,
            public_url: public_url.clone(),
        };
        let threads = Threads {
            writer,
            follower,
            forgetting,
            recounting,
            detecting,
            telling,
            live,
        };
        Ok((parts, threads))
    }
}

/// What is under pressure, and whose votes are held.
fn suspicion(settings: &Settings, alerts: &Arc<Alerts>) -> (Arc<Pressure>, Arc<Holding>) {
    let pressure = match (
        settings.abuse.hold,
        Pressure::new(settings.abuse.challenge_after),
    ) {
        (false, _) => Pressure::off(),
        (true, pressure) if settings.abuse.challenge_on_alert => {
            pressure.with_alerts(Arc::clone(alerts))
        }
        (true, pressure) => pressure,
    };
    let pressure = Arc::new(pressure);
    let holding = Holding::new(settings.abuse.hold, Arc::clone(&pressure));
    (pressure, Arc::new(holding))
}

/// What happens on commit: other instances are told, and the new tally is shown; the board tells the hub.
fn on_commit(settings: &Settings, board: &Arc<Board>) -> std::io::Result<OnCommit> {
    let relay = Relay::start(settings, Arc::clone(board))?;
    let shown = Arc::clone(board);
    Ok(Arc::new(move |row: TallyRow| {
        if let (Some(relay), 1..) = (&relay, row.version) {
            relay.tell(row);
        }
        shown.publish(row)
    }))
}

/// Starts what forgets in time, and what recounts now and then.
fn keep_up(
    settings: &Settings,
    votes: &Votes,
    keys: &Keys,
    days: &Arc<Days>,
    meters: &Arc<Meters>,
) -> std::io::Result<(Forgetting, Option<Recounting>)> {
    let (database, meters) = (&settings.database, || Arc::clone(meters));
    let recounting = settings
        .recount_every
        .map(|every| Recounting::start(database.clone(), every, meters()));
    let (votes, keys, days) = (votes.clone(), keys.clone(), Arc::clone(days));
    let forgetting = Forgetting::start(database.clone(), votes, keys, days, meters())?;
    Ok((forgetting, recounting.transpose()?))
}

/// Starts what looks for attacks, and what tells of them.
fn watch(
    settings: &Settings,
    votes: &Votes,
    meters: &Arc<Meters>,
) -> std::io::Result<(Option<Detecting>, Option<Telling>)> {
    if !settings.detector.enabled {
        return Ok((None, None));
    }
    let leading = Leading::default();
    let (database, meters) = (&settings.database, || Arc::clone(meters));
    let telling = settings.webhook.clone().map(|webhook| {
        let leading = Arc::clone(&leading);
        Telling::start(database.clone(), webhook, votes.clone(), meters(), leading)
    });
    let detecting = Detecting::start(
        database.clone(),
        &settings.detector,
        votes.clone(),
        meters(),
        Arc::clone(&leading),
    )?;
    Ok((Some(detecting), telling.transpose()?))
}
