//! `tallyship serve`: make the database ready, load the first catalogue, run the server, say where it is.

use std::fs::{File, TryLockError};
use std::io::Write;
use std::path::Path;
use std::process::ExitCode;

use url::Url;

use super::{Failure, create_database};
use crate::auth::secret;
use crate::auth::users::Users;
use crate::catalog::cache::CatalogCache;
use crate::catalog::edit;
use crate::catalog::{file, store};
use crate::config::{DatabaseUrl, ListenAddress, Settings};
use crate::domain::{Actor, Slug, Timestamp};
use crate::infra::db::{self, DbConnection, OpenError, Purpose};
use crate::infra::private_files;
use crate::server::{self, PassedSockets, ServeError};

pub(super) fn run(settings: Settings) -> Result<ExitCode, Failure> {
    let passed = PassedSockets::from_env();
    let keys = secret::load_or_make(&settings.identity, &settings.database)?;
    let users = settings.identity.jwt().as_ref().map(Users::start);
    let users = users.transpose()?;
    let _alone = alone(&settings)?;
    refuse_unsafe(&settings)?;
    let mut conn = create_database(&settings)?;
    secret::check_fingerprint(&mut conn, &keys)?;
    first_catalogue(&mut conn, &settings)?;
    drop(conn);
    let featured = settings.pages.featured.clone();
    let say = move |public: &Url,
                    address: &ListenAddress,
                    admin: Option<&ListenAddress>,
                    shelf: &CatalogCache| {
        say(public, address, admin, featured.as_ref(), shelf);
    };
    let served = server::run(settings, passed, keys, users, say);
    match actix_web::rt::System::new().block_on(served) {
        Ok(()) => Ok(ExitCode::SUCCESS),
        Err(
            cause @ (ServeError::Listen(..)
            | ServeError::Passed(_)
            | ServeError::FileLimit { .. }
            | ServeError::IdentityProvider(_)
            | ServeError::Log(_)),
        ) => Err(Failure::configuration(cause.to_string())),
        Err(cause) => Err(Failure::new(cause)),
    }
}

/// A database that could lose an answered vote is refused before anything is written to it.
fn refuse_unsafe(settings: &Settings) -> Result<(), Failure> {
    match db::create(&settings.database, Purpose::Write) {
        Ok(_) => Ok(()),
        Err(cause @ OpenError::Unsafe(_)) => Err(Failure::configuration(format!(
            "setting database.url: {cause}"
        ))),
        Err(cause) => Err(cause.into()),
    }
}

/// One server a SQLite file: two would each believe that they alone write. The lock goes with the process.
pub(super) fn alone(settings: &Settings) -> Result<Option<File>, Failure> {
    let DatabaseUrl::Sqlite(path) = &settings.database.url else {
        return Ok(None);
    };
    private_files::make_folder_of(path).map_err(Failure::new)?;
    let mut name = private_files::link_target(path).into_os_string();
    name.push(".lock");
    let lock = private_files::open_or_make(Path::new(&name)).map_err(Failure::new)?;
    match lock.try_lock() {
        Ok(()) => Ok(Some(lock)),
        Err(TryLockError::WouldBlock) => Err(Failure::configuration(format!(
            "setting database.url: another server runs on {}; one SQLite file takes one server",
            path.display()
        ))),
        Err(TryLockError::Error(cause)) => Err(Failure::new(cause)),
    }
}

/// Loads the configured catalogue, or the built-in one, where there is none yet.
fn first_catalogue(conn: &mut DbConnection, settings: &Settings) -> Result<(), Failure> {
    let Some(path) = &settings.catalog.file else {
        return Ok(());
    };
    if !store::is_empty(conn)? {
        return Ok(());
    }
    let tools = file::initial(path)
        .map_err(|cause| Failure::configuration(format!("setting catalog.file: {cause}")))?;
    let done = edit::import(conn, &tools, &Actor::command("serve"), Timestamp::now())?;
    done.map_err(Failure::new)?;
    Ok(())
}

/// Says what a newcomer, and whatever started us, wants to know.
fn say(
    public: &Url,
    address: &ListenAddress,
    admin: Option<&ListenAddress>,
    featured: Option<&[Slug; 2]>,
    shelf: &CatalogCache,
) {
    let mut lines = vec![format!("listening on {}", address.shown())];
    lines.extend(admin.map(|admin| format!("admin on {}", admin.shown())));
    let site = public.as_str().trim_end_matches('/');
    let chosen = featured
        .filter(|pair| {
            let all = shelf.all();
            (pair.iter()).all(|slug| all.iter().any(|shelved| shelved.slug == *slug))
        })
        .cloned();
    let first_two = || {
        let mut slugs = shelf.all().into_iter().map(|shelved| shelved.slug.clone());
        Some([slugs.next()?, slugs.next()?])
    };
    let pair = chosen.or_else(first_two);
    lines.extend(
        pair.iter()
            .map(|[a, b]| format!("compare    {site}/compare/{a}-vs-{b}")),
    );
    lines.push(format!("all tools  {site}/"));
    lines.extend(
        pair.iter()
            .map(|[a, _]| format!("a tally    {site}/v1/tools/{a}/tally")),
    );
    lines.push(format!("docs       {site}/docs"));
    lines.push(format!("moderation {site}/moderation"));
    let program = program();
    lines.push(format!(
        "its token  {program} token create --role moderator --name YOU"
    ));
    // Nobody has to read them: neither a closed nor a full pipe may stop the server.
    let text = lines.join("\n") + "\n";
    std::thread::spawn(move || {
        let mut out = std::io::stdout().lock();
        let _ = out.write_all(text.as_bytes()).and_then(|()| out.flush());
    });
}

/// How this program was called, as a shell takes it: `cargo run` puts it on no path.
fn program() -> String {
    let called = std::env::args().next();
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "/._-+".contains(c);
    called
        .filter(|name| !name.is_empty() && name.chars().all(is_plain))
        .unwrap_or_else(|| "tallyship".to_owned())
}
