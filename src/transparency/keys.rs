//! The log's key and name at the start: given by the operator, or made once beside the SQLite file.
//!
//! `cli` calls it. The key is in no database and no backup.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use url::Url;

use super::ed25519::PrivateKey;
use super::note::{NoteSigner, VerifierKey, is_key_name};
use super::state_file::StateFile;
use super::store::{self, LogRow};
use super::worker::LogKeys;
use crate::auth::secret::make_once;
use crate::config::{DatabaseUrl, Settings};
use crate::infra::db::DbConnection;

/// Why there is no log to write.
#[derive(Debug, thiserror::Error)]
pub enum LogKeyError {
    #[error(
        "{0}: expected the 32 bytes of an Ed25519 seed in base64, or PKCS#8 in PEM without a passphrase"
    )]
    Key(String),
    #[error("cannot read or make the log's key {0}: {1}")]
    File(PathBuf, std::io::Error),
    #[error(
        "setting transparency.origin = \"{given}\" (from {source_name}): the log was begun as {begun}, and keeps that name"
    )]
    Origin {
        given: String,
        source_name: String,
        begun: String,
    },
    #[error(
        "setting http.public_url: \"{0}\", which it makes the log's name, is no name of a key; set transparency.origin"
    )]
    Name(String),
    #[error(
        "setting transparency.witnesses: {0} is not a verifier key of a witness (name+hash+base64)"
    )]
    Witness(String),
    #[error("setting transparency.quorum: {0} of {1} witnesses")]
    Quorum(usize, usize),
    #[error("the crypto library: {0}")]
    Crypto(#[from] openssl::error::ErrorStack),
    #[error("cannot read the log's name: {0}")]
    Query(#[from] diesel::result::Error),
}

/// What the log is written with; `None` if it is off, or there is no key.
///
/// # Errors
/// An invalid key, or a name that is not the log's.
pub fn load(
    conn: &mut DbConnection,
    settings: &Settings,
    public_url: &Url,
) -> Result<Option<LogKeys>, LogKeyError> {
    let transparency = &settings.transparency;
    if !transparency.enabled {
        return Ok(None);
    }
    let witnesses = witnesses(settings)?;
    let newest = store::newest(conn)?;
    let origin = name(newest.as_ref(), settings, Some(public_url))?;
    let key = match &newest {
        None => match make_key(settings, 1)? {
            Some(key) => Ok(key),
            None => return Ok(None),
        },
        // A new key would not be the log's.
        Some(row) => match find_key(settings, row.id)? {
            FoundKey::Known(key) => Ok(key),
            FoundKey::Missing(file) => Err(file),
            FoundKey::Nowhere => return Ok(None),
        },
    };
    let signer = match key {
        Ok(key) => Ok(NoteSigner::new(&origin, key)?),
        Err(file) => Err(file),
    };
    Ok(Some(LogKeys {
        signer,
        origin,
        state: state_file(settings),
        witnesses,
    }))
}

/// Whether [`load`] would succeed, as far as that is known without a server; it makes nothing.
///
/// # Errors
/// As for [`load`].
pub fn check(conn: Option<&mut DbConnection>, settings: &Settings) -> Result<(), LogKeyError> {
    if !settings.transparency.enabled {
        return Ok(());
    }
    witnesses(settings)?;
    // A database that was never migrated has no logs.
    let newest = conn.and_then(|conn| store::newest(conn).ok().flatten());
    let id = newest.as_ref().map_or(1, |row| row.id);
    if !matches!(find_key(settings, id)?, FoundKey::Nowhere) {
        name(newest.as_ref(), settings, settings.http.public_url.as_ref())?;
    }
    Ok(())
}

/// The address and the key of each witness.
///
/// # Errors
/// An invalid key, or a quorum larger than the number of witnesses.
pub fn witnesses(settings: &Settings) -> Result<Vec<(Url, VerifierKey)>, LogKeyError> {
    let (given, quorum) = (
        &settings.transparency.witnesses,
        settings.transparency.quorum,
    );
    if quorum > given.len() {
        return Err(LogKeyError::Quorum(quorum, given.len()));
    }
    let witness = |(url, key): &(Url, String)| {
        let parsed = VerifierKey::parse_witness(key);
        let parsed = parsed.ok_or_else(|| LogKeyError::Witness(key.clone()))?;
        Ok((url.clone(), parsed))
    };
    given.iter().map(witness).collect()
}

/// The log's name; empty if it needs a public URL that is not known yet.
fn name(
    newest: Option<&LogRow>,
    settings: &Settings,
    public_url: Option<&Url>,
) -> Result<String, LogKeyError> {
    let transparency = &settings.transparency;
    match (newest, &transparency.origin) {
        (Some(row), Some(origin)) if row.origin != origin_of(origin, row.id) => {
            Err(LogKeyError::Origin {
                given: origin.clone(),
                source_name: settings.source("transparency.origin").to_owned(),
                begun: row.origin.clone(),
            })
        }
        (Some(row), _) => Ok(row.origin.clone()),
        (None, Some(origin)) => Ok(origin.clone()),
        (None, None) => {
            let name = public_url.map(default_origin).unwrap_or_default();
            if name.is_empty() || is_key_name(&name) {
                Ok(name)
            } else {
                Err(LogKeyError::Name(name))
            }
        }
    }
}

/// The state file of these settings.
pub fn state_file(settings: &Settings) -> StateFile {
    StateFile(
        match (&settings.transparency.state, &settings.database.url) {
            (Some(path), _) => Some(path.clone()),
            (None, DatabaseUrl::Sqlite(path)) => Some(path.with_file_name("transparency.state")),
            (None, DatabaseUrl::Postgres(_)) => None,
        },
    )
}

/// A log's key, as the settings lead to it.
enum FoundKey {
    Known(PrivateKey),
    /// There is no such file.
    Missing(PathBuf),
    /// Postgres without a setting.
    Nowhere,
}

fn find_key(settings: &Settings, id: i32) -> Result<FoundKey, LogKeyError> {
    let (text, place) = match (&settings.transparency.key, &settings.database.url) {
        (Some(key), _) => {
            let source = settings.source("transparency.key");
            let place = format!("setting transparency.key (from {source})");
            (key.expose().to_owned(), place)
        }
        (None, DatabaseUrl::Postgres(_)) => return Ok(FoundKey::Nowhere),
        (None, DatabaseUrl::Sqlite(path)) => {
            let file = path.with_file_name(key_name(id));
            match std::fs::read_to_string(&file) {
                Ok(text) => (text, format!("the log's key file {}", file.display())),
                Err(cause) if cause.kind() == ErrorKind::NotFound => {
                    return Ok(FoundKey::Missing(file));
                }
                Err(cause) => return Err(LogKeyError::File(file, cause)),
            }
        }
    };
    let key = PrivateKey::parse(&text).ok_or(LogKeyError::Key(place))?;
    Ok(FoundKey::Known(key))
}

/// The key of a new log, with the number `id`; on SQLite it is made if there is none.
///
/// # Errors
/// A key that cannot be read or made.
pub fn make_key(settings: &Settings, id: i32) -> Result<Option<PrivateKey>, LogKeyError> {
    match find_key(settings, id)? {
        FoundKey::Known(key) => Ok(Some(key)),
        FoundKey::Nowhere => Ok(None),
        FoundKey::Missing(file) => {
            let failed = |cause| LogKeyError::File(file.clone(), cause);
            make_once(&file, |seed| STANDARD.encode(seed)).map_err(failed)?;
            let text = std::fs::read_to_string(&file).map_err(failed)?;
            let place = format!("the log's key file {}", file.display());
            let key = PrivateKey::parse(&text).ok_or(LogKeyError::Key(place))?;
            Ok(Some(key))
        }
    }
}

/// The highest number of a log of this site that anything here remembers: its row, a key file, or the state file. A
/// database that was put back may not know a log that others have read.
///
/// # Errors
/// A file or folder that cannot be read.
pub fn highest_number(logs: &[LogRow], settings: &Settings) -> std::io::Result<i32> {
    let mut numbers: Vec<i32> = logs.iter().map(|log| log.id).collect();
    let first = logs.first().map_or("", |log| log.origin.as_str());
    for note in state_file(settings).read()?.notes() {
        let origin = note.lines().next().unwrap_or_default();
        let number = origin.strip_prefix(first);
        let number = number.and_then(|rest| rest.strip_prefix('/'));
        numbers.extend(number.and_then(|number| number.parse::<i32>().ok()));
    }
    if let DatabaseUrl::Sqlite(path) = &settings.database.url {
        let folder = path.parent().filter(|path| !path.as_os_str().is_empty());
        for file in std::fs::read_dir(folder.unwrap_or(Path::new(".")))? {
            let name = file?.file_name();
            let number = name.to_str().and_then(|name| {
                let number = name.strip_prefix("transparency-")?.strip_suffix(".key")?;
                number.parse::<i32>().ok()
            });
            numbers.extend(number);
        }
    }
    Ok(numbers.into_iter().max().unwrap_or(0))
}

fn key_name(id: i32) -> String {
    match id {
        ..=1 => "transparency.key".to_owned(),
        id => format!("transparency-{id}.key"),
    }
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
pub fn origin_of(origin: &str, id: i32) -> String {
    match id {
        ..=1 => origin.to_owned(),
        id => format!("{origin}/{id}"),
    }
}
