//! The secret at the start: given by the operator, or made once beside the SQLite file; and its fingerprint in the database.
//!
//! `commands` calls it. A server must never run with another secret than its database knows: every voter would be a
//! stranger, and could vote again.

use std::fs::File;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};

use diesel::result::{DatabaseErrorKind, Error};

use super::keys::Keys;
use super::store;
use crate::config::{self, DatabaseUrl, Secret};
use crate::domain::text::without_bom;
use crate::infra::db::{DbConnection, write_transaction};
use crate::infra::private_files;

/// Why there is no secret to run with.
#[derive(Debug, thiserror::Error)]
pub enum SecretError {
    #[error(
        "setting identity.secret = \"\" (from no source): with Postgres it must be given, at least 32 bytes"
    )]
    Missing,
    #[error("cannot read or make the secret {0}: {1}")]
    File(PathBuf, std::io::Error),
    #[error(
        "setting identity.secret: the database was made with another secret. Give that one, \
         or give it as identity.secret_previous to rotate"
    )]
    Another,
    #[error("cannot read the secret's fingerprint: {0}")]
    Query(#[from] diesel::result::Error),
}

/// The keys to run with. Without a secret on SQLite, one is made.
///
/// # Errors
/// As [`load`]; a file that cannot be made.
pub fn load_or_make(
    identity: &config::Identity,
    database: &config::Database,
) -> Result<Keys, SecretError> {
    if let (None, DatabaseUrl::Sqlite(path)) = (&identity.secret, &database.url) {
        let file = file_beside(path);
        make_once(&file, hex::encode).map_err(|cause| SecretError::File(file, cause))?;
    }
    load(identity, database)
}

/// The keys of a database that is there already: a secret is made only if it has none yet.
///
/// # Errors
/// As [`load_or_make`]; [`SecretError::Another`].
pub fn load_for(
    conn: &mut DbConnection,
    identity: &config::Identity,
    database: &config::Database,
) -> Result<Keys, SecretError> {
    let keys = if store::fingerprint(conn)?.is_some() {
        load(identity, database)?
    } else {
        load_or_make(identity, database)?
    };
    check_fingerprint(conn, &keys)?;
    Ok(keys)
}

/// The keys to run with.
///
/// # Errors
/// [`SecretError::Missing`] on Postgres without a secret; a file that cannot be read.
pub fn load(identity: &config::Identity, database: &config::Database) -> Result<Keys, SecretError> {
    let secret = match (&identity.secret, &database.url) {
        (Some(secret), _) => secret.clone(),
        (None, DatabaseUrl::Postgres(_)) => return Err(SecretError::Missing),
        (None, DatabaseUrl::Sqlite(path)) => {
            let file = file_beside(path);
            kept(&file).map_err(|cause| SecretError::File(file, cause))?
        }
    };
    Ok(Keys::new(&secret, identity.secret_previous.as_ref()))
}

fn file_beside(database: &Path) -> PathBuf {
    database.with_file_name("identity.secret")
}

/// The secret in `file`.
fn kept(file: &Path) -> std::io::Result<Secret> {
    let mut text = String::new();
    File::open(file)?.read_to_string(&mut text)?;
    let text = without_bom(&text).trim().to_owned();
    if text.len() < 32 {
        return Err(std::io::Error::other("it holds fewer than 32 bytes"));
    }
    Ok(Secret::new(text))
}

/// Makes a file of 32 random bytes as `text` writes them, unless it is there; whole or not at all: a start that is killed, or a
/// power cut, must not leave an empty secret behind. If another process was first, its secret stays.
///
/// # Errors
/// A file that cannot be made.
pub fn make_once(file: &Path, text: impl FnOnce([u8; 32]) -> String) -> std::io::Result<()> {
    if file.try_exists()? {
        return Ok(());
    }
    private_files::make_folder_of(file)?;
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes).map_err(std::io::Error::other)?;
    let growing = file.with_extension(format!("{}.new", std::process::id()));
    let mut made = private_files::open_or_make(&growing)?;
    made.set_len(0)?;
    made.write_all(text(bytes).as_bytes())?;
    made.sync_all()?;
    match std::fs::hard_link(&growing, file) {
        // Some file systems know no links.
        Err(cause) if cause.kind() != std::io::ErrorKind::AlreadyExists => {
            std::fs::rename(&growing, file)?;
        }
        _ => std::fs::remove_file(&growing)?,
    }
    let folder = file
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty());
    File::open(folder.unwrap_or(Path::new(".")))?.sync_all()
}

/// Whether `check_fingerprint` would find the keys right; it writes nothing.
///
/// # Errors
/// [`SecretError::Another`].
pub fn is_known(conn: &mut DbConnection, keys: &Keys) -> Result<(), SecretError> {
    match store::fingerprint(conn)?.as_deref() {
        Some(known)
            if known != keys.fingerprint() && Some(known) != keys.previous_fingerprint() =>
        {
            Err(SecretError::Another)
        }
        _ => Ok(()),
    }
}

/// Holds the keys against the database's fingerprint; a first start, or a rotation, writes it.
///
/// # Errors
/// [`SecretError::Another`] where the database belongs to another secret.
pub fn check_fingerprint(conn: &mut DbConnection, keys: &Keys) -> Result<(), SecretError> {
    // Processes that start together find it here, or meet at its key.
    match write_transaction(conn, |conn| hold_against(conn, keys)) {
        Err(SecretError::Query(Error::DatabaseError(DatabaseErrorKind::UniqueViolation, _))) => {
            hold_against(conn, keys)
        }
        other => other,
    }
}

fn hold_against(conn: &mut DbConnection, keys: &Keys) -> Result<(), SecretError> {
    match store::fingerprint(conn)? {
        Some(known) if known == keys.fingerprint() => Ok(()),
        Some(known) if Some(known.as_str()) == keys.previous_fingerprint() => {
            store::replace_fingerprint(conn, keys.fingerprint())?;
            Ok(())
        }
        Some(_) => Err(SecretError::Another),
        None => {
            store::insert_fingerprint(conn, keys.fingerprint())?;
            Ok(())
        }
    }
}
