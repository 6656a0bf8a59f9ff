//! Opening SQLite so that a commit is on disk: WAL with `synchronous=FULL`, both read back.
//!
//! `db::open` calls it. The lock wait is set before anything else, or the other pragmas can fail with "database is locked".

use std::fmt::Write;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::time::{Duration, Instant};

use diesel::connection::SimpleConnection;
use diesel::result::Error;
use diesel::sql_types::{BigInt, Integer, Text};
use diesel::{Connection as _, QueryResult, RunQueryDsl, SqliteConnection, sql_query};

use super::{OpenError, Purpose, Scalar};
use crate::infra::private_files;

/// Bytes of a page in a new file; one that is there keeps its own (`docs/decisions/sqlite-page-size.md`).
const NEW_PAGE_BYTES: i32 = 2048;

/// Seldom enough to keep commit latency even, and soon enough for a small disk.
const WAL_BYTES: i32 = 16 << 20;

/// `PRAGMA synchronous` reads back 2 for FULL: one fsync of the WAL at each commit (sqlite.org/pragma.html#pragma_synchronous).
const FULL: i32 = 2;

/// Makes the file and its folder if they are not there.
pub(super) fn make(path: &Path) -> Result<(), OpenError> {
    private_files::make_folder_of(path)
        .and_then(|()| private_files::open_or_make(path))
        .map(drop)
        .map_err(|cause| OpenError::File(path.to_owned(), cause))
}

/// Whether there is a database of Tallyship. Nothing is made or changed.
pub(super) fn is_made(path: &Path) -> Result<bool, OpenError> {
    if std::fs::metadata(path).map_or(0, |file| file.len()) == 0 {
        return Ok(false);
    }
    let mut conn = SqliteConnection::establish(&uri(path, "ro"))?;
    let tables: Scalar<BigInt, i64> = sql_query(
        "SELECT count(*) FROM sqlite_master WHERE type = 'table' AND name = '__diesel_schema_migrations'",
    )
    .get_result(&mut conn)?;
    Ok(tables.0 > 0)
}

/// SQLite would make a missing file, if the mode did not forbid that.
fn uri(path: &Path, mode: &str) -> String {
    let mut uri = String::from("file:");
    let bytes = path.as_os_str().as_bytes();
    if bytes.starts_with(b"/") {
        uri.push_str("//");
    }
    for byte in bytes {
        if byte.is_ascii_alphanumeric() || b"/-._~".contains(byte) {
            uri.push(char::from(*byte));
        } else {
            let _ = write!(uri, "%{byte:02X}");
        }
    }
    let _ = write!(uri, "?mode={mode}");
    uri
}

pub(super) fn open(path: &Path, purpose: Purpose) -> Result<SqliteConnection, OpenError> {
    let exists = path.try_exists();
    if !exists.map_err(|cause| OpenError::File(path.to_owned(), cause))? {
        return Err(OpenError::Missing(path.display().to_string()));
    }
    let mut conn = SqliteConnection::establish(&uri(path, "rw"))?;
    let wait_ms = match purpose {
        Purpose::Read => 1_000,
        // A caller waits 5 s at most in all, so the writer gives up in time to say so.
        Purpose::Write => 3_500,
        Purpose::Command => 30_000,
    };
    conn.batch_execute(&format!(
        "PRAGMA busy_timeout = {wait_ms}; PRAGMA page_size = {NEW_PAGE_BYTES}; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON;"
    ))?;
    let mode = write_ahead(&mut conn, Duration::from_millis(wait_ms))?;
    let sync = pragma(&mut conn, "synchronous")?;
    if mode != "wal" || sync != FULL {
        return Err(OpenError::Unsafe(format!(
            "journal_mode is {mode}, synchronous is {sync} (wanted wal and {FULL})"
        )));
    }
    match purpose {
        Purpose::Read => {
            conn.batch_execute("PRAGMA query_only = ON; PRAGMA cache_size = -8192;")?;
        }
        // What is deleted is overwritten: a key that was destroyed, a network that a vote bore before it was changed.
        Purpose::Write => {
            conn.batch_execute("PRAGMA cache_size = -65536; PRAGMA secure_delete = ON;")?;
            limit_wal(&mut conn)?;
        }
        Purpose::Command => {}
    }
    Ok(conn)
}

fn pragma(conn: &mut SqliteConnection, name: &str) -> QueryResult<i32> {
    let value: Scalar<Integer, i32> = sql_query(format!("PRAGMA {name}")).get_result(conn)?;
    Ok(value.0)
}

/// SQLite's own mark: another number means that somebody else committed.
pub fn data_version(conn: &mut SqliteConnection) -> QueryResult<i32> {
    pragma(conn, "data_version")
}

/// Has a checkpoint tried once the write-ahead log has [`WAL_BYTES`].
pub fn limit_wal(conn: &mut SqliteConnection) -> QueryResult<()> {
    let page_bytes = pragma(conn, "page_size")?;
    conn.batch_execute(&format!(
        "PRAGMA wal_autocheckpoint = {}",
        WAL_BYTES / page_bytes
    ))
}

/// Switches to the write-ahead log. While another process does the same with a new file, SQLite answers "locked" at once, whatever
/// `busy_timeout` says.
fn write_ahead(conn: &mut SqliteConnection, patience: Duration) -> QueryResult<String> {
    let until = Instant::now() + patience;
    loop {
        let mode = sql_query("PRAGMA journal_mode = WAL").get_result(conn);
        match mode {
            Err(Error::DatabaseError(_, cause))
                if cause.message().contains("locked") && Instant::now() < until =>
            {
                std::thread::sleep(Duration::from_millis(10));
            }
            other => return other.map(|mode: Scalar<Text, String>| mode.0),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_connection_commits_to_disk() {
        let folder = std::env::temp_dir().join(format!("tallyship-{}", uuid::Uuid::now_v7()));
        make(&folder.join("votes.db")).expect("a file");
        for purpose in [Purpose::Write, Purpose::Read, Purpose::Command] {
            let mut conn = open(&folder.join("votes.db"), purpose).expect("opens");
            let read = |conn: &mut _, name| pragma(conn, name).expect("reads");
            assert_eq!(read(&mut conn, "synchronous"), FULL);
            assert_eq!(read(&mut conn, "page_size"), NEW_PAGE_BYTES);
        }
        let mut conn = open(&folder.join("votes.db"), Purpose::Write).expect("opens");
        let pages = pragma(&mut conn, "wal_autocheckpoint").expect("reads");
        assert_eq!(pages * NEW_PAGE_BYTES, WAL_BYTES);
        std::fs::remove_dir_all(folder).expect("cleans up");
    }

    #[test]
    fn only_make_makes_a_file() {
        let folder = std::env::temp_dir().join(format!("tallyship {} ä?#%", uuid::Uuid::now_v7()));
        let path = folder.join("votes.db");
        for purpose in [Purpose::Write, Purpose::Read, Purpose::Command] {
            assert!(matches!(open(&path, purpose), Err(OpenError::Missing(_))));
        }
        assert!(matches!(is_made(&path), Ok(false)) && !folder.exists());
        make(&path).expect("a file");
        assert!(matches!(is_made(&path), Ok(false)), "it is empty");
        open(&path, Purpose::Command).expect("opens");
        let files = std::fs::read_dir(&folder).expect("lists").count();
        assert_eq!(files, 1, "its own name, and no other");
        std::fs::remove_dir_all(folder).expect("cleans up");
    }
}
