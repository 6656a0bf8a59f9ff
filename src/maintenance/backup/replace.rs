//! Putting a backup in the place of a database: whole, or not at all.
//!
//! On SQLite it becomes a file beside the old one, which takes its name once everything is on disk; on Postgres it is one
//! transaction. The caller has made sure that no server runs on the SQLite file.

use std::io::BufRead;
use std::path::{Path, PathBuf};

use super::BackupError;
use super::load::{Versions, load, replaced_versions};
use super::{columns, sqlite};
use crate::config::{self, DatabaseUrl};
use crate::domain::Timestamp;
use crate::infra::db::{self, DbConnection, Purpose};
use crate::infra::private_files;

/// Restores a checked backup. The staff tokens and sessions in it are revoked unless `keep_tokens`. Returns where a SQLite file that could
/// not be read is kept now.
///
/// # Errors
/// [`BackupError`]; the database is then as it was.
pub fn replace(
    settings: &config::Database,
    input: impl BufRead,
    (now, keep_tokens): (Timestamp, bool),
    told: impl FnMut(u64),
) -> Result<Option<PathBuf>, BackupError> {
    let DatabaseUrl::Sqlite(path) = &settings.url else {
        let mut conn = db::open(settings, Purpose::Command)?;
        let replaced = replaced_versions(&mut conn);
        load(&mut conn, input, &replaced, (now, keep_tokens), told)?;
        return Ok(None);
    };
    let path = &private_files::link_target(path);
    let (replaced, unreadable) = match settled(settings, path) {
        Ok(replaced) => (replaced, false),
        Err(cause) if is_corrupt(&cause) => (Versions::new(), true),
        Err(cause) => return Err(cause),
    };
    let growing = Growing(with_ending(path, ".restoring"));
    growing.remove();
    let beside = config::Database {
        url: DatabaseUrl::Sqlite(growing.0.clone()),
        ..settings.clone()
    };
    let mut conn = db::create(&beside, Purpose::Command)?;
    load(&mut conn, input, &replaced, (now, keep_tokens), told)?;
    settle(&mut conn)?;
    drop(conn);
    if let Ok(old) = std::fs::metadata(path) {
        std::fs::set_permissions(&growing.0, old.permissions())?;
    }
    std::fs::File::open(&growing.0)?.sync_all()?;
    let aside = unreadable.then(|| with_ending(path, &format!(".corrupt-{}", now.seconds())));
    if let Some(aside) = &aside {
        for ending in ["", "-wal", "-shm"] {
            let from = with_ending(path, ending);
            if from.exists() {
                std::fs::rename(from, with_ending(aside, ending))?;
            }
        }
    }
    std::fs::rename(&growing.0, path)?;
    let folder = path
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty())
        .unwrap_or(Path::new("."));
    std::fs::File::open(folder)?.sync_all()?;
    Ok(aside)
}

/// Whether a database is damaged, or no database: a restore is for that, and keeps the file aside.
fn is_corrupt(cause: &BackupError) -> bool {
    let text = cause.to_string();
    [
        "malformed",
        "not a database",
        "disk image",
        "disk I/O error",
    ]
    .iter()
    .any(|sign| text.contains(sign))
}

/// Brings what is there into its one file, so that the file alone can be replaced; returns what it had published.
fn settled(settings: &config::Database, path: &Path) -> Result<Versions, BackupError> {
    if !path.exists() {
        return Ok(Versions::new());
    }
    let mut conn = db::open(settings, Purpose::Command)?;
    let foreign = columns::foreign(&mut conn)?;
    if !foreign.is_empty() {
        return Err(BackupError::Foreign(foreign.join(", ")));
    }
    let versions = replaced_versions(&mut conn);
    settle(&mut conn)?;
    drop(conn);
    if with_ending(path, "-wal")
        .metadata()
        .is_ok_and(|wal| wal.len() > 0)
    {
        return Err(BackupError::Busy(format!(
            "somebody else has {} open; end that first",
            path.display()
        )));
    }
    Ok(versions)
}

fn settle(conn: &mut DbConnection) -> Result<(), BackupError> {
    if let DbConnection::Sqlite(conn) = conn {
        sqlite::settle(conn)?;
    }
    Ok(())
}

fn with_ending(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(ending);
    PathBuf::from(name)
}

/// A file that is being filled; what is left of it goes with this.
struct Growing(PathBuf);

impl Growing {
    fn remove(&self) {
        for ending in ["", "-wal", "-shm"] {
            let _ = std::fs::remove_file(with_ending(&self.0, ending));
        }
    }
}

impl Drop for Growing {
    fn drop(&mut self) {
        self.remove();
    }
}
