//! The log's key and name at the start: given by the operator, or made once beside the SQLite file.
//!
//! `cli` calls it. The key is in no database and no backup.

use std::path::{Path, PathBuf};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use url::Url;

use super::ed25519::PrivateKey;
use super::note::NoteSigner;
use super::state_file::StateFile;
use super::store;
use super::worker::LogKeys;
use crate::auth::secret::make_once;
use crate::config::{self, DatabaseUrl, Settings};
use crate::infra::db::DbConnection;

/// Why there is no log to write.
#[derive(Debug, thiserror::Error)]
pub enum LogKeyError {
    #[error(
        "setting transparency.key: expected the 32 bytes of an Ed25519 seed in base64, or PKCS#8 in PEM"
    )]
    Key,
    #[error("cannot read or make the log's key {0}: {1}")]
    File(PathBuf, std::io::Error),
    #[error("setting transparency.origin = \"{0}\": the log was begun as {1}, and keeps that name")]
    Origin(String, String),
    #[error("the crypto library: {0}")]
    Crypto(#[from] openssl::error::ErrorStack),
    #[error("cannot read the log's name: {0}")]
    Query(#[from] diesel::result::Error),
}

/// What the log is written with; `None` if it is off, or there is no key.
///
/// # Errors
/// A key that is none, or a name that is not the log's.
pub fn load(
    conn: &mut DbConnection,
    settings: &Settings,
    public_url: &Url,
) -> Result<Option<LogKeys>, LogKeyError> {
    let transparency = &settings.transparency;
    if !transparency.enabled {
        return Ok(None);
    }
    let newest = store::newest(conn)?;
    let id = newest.as_ref().map_or(1, |row| row.id);
    let Some(key) = private_key(transparency, &settings.database, id)? else {
        return Ok(None);
    };
    let origin = match (&newest, &transparency.origin) {
        (Some(row), Some(origin)) if row.origin != origin_of(origin, id) => {
            return Err(LogKeyError::Origin(origin.clone(), row.origin.clone()));
        }
        (Some(row), _) => row.origin.clone(),
        (None, Some(origin)) => origin.clone(),
        (None, None) => default_origin(public_url),
    };
    Ok(Some(LogKeys {
        signer: NoteSigner::new(&origin, key)?,
        origin,
        state: state_file(settings),
    }))
}

/// The state file of these settings.
#[must_use]
pub fn state_file(settings: &Settings) -> StateFile {
    StateFile(
        match (&settings.transparency.state, &settings.database.url) {
            (Some(path), _) => Some(path.clone()),
            (None, DatabaseUrl::Sqlite(path)) => Some(path.with_file_name("transparency.state")),
            (None, DatabaseUrl::Postgres(_)) => None,
        },
    )
}

/// The key of the log with number `id`; on SQLite it is made if there is none.
///
/// # Errors
/// A key that cannot be read or made.
pub fn private_key(
    transparency: &config::Transparency,
    database: &config::Database,
    id: i32,
) -> Result<Option<PrivateKey>, LogKeyError> {
    let text = match (&transparency.key, &database.url) {
        (Some(key), _) => key.expose().to_owned(),
        (None, DatabaseUrl::Postgres(_)) => return Ok(None),
        (None, DatabaseUrl::Sqlite(path)) => {
            let file = path.with_file_name(key_name(id));
            kept(&file).map_err(|cause| LogKeyError::File(file.clone(), cause))?
        }
    };
    let key = PrivateKey::parse(&text).ok_or(LogKeyError::Key)?;
    Ok(Some(key))
}

fn key_name(id: i32) -> String {
    match id {
        ..=1 => "transparency.key".to_owned(),
        id => format!("transparency-{id}.key"),
    }
}

fn kept(file: &Path) -> std::io::Result<String> {
    make_once(file, |seed| STANDARD.encode(seed))?;
    std::fs::read_to_string(file)
}

/// Host and port of the public URL, then `/log`.
fn default_origin(public_url: &Url) -> String {
    let host = public_url.host_str().unwrap_or_default();
    match public_url.port() {
        Some(port) => format!("{host}:{port}/log"),
        None => format!("{host}/log"),
    }
}

/// The name of the log with number `id`, of a site whose first log has the name `origin`.
#[must_use]
pub fn origin_of(origin: &str, id: i32) -> String {
    match id {
        ..=1 => origin.to_owned(),
        id => format!("{origin}/{id}"),
    }
}
