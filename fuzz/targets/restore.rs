//! Restoring a backup whose checksum is right and whose rows are anything: all of it, or the database is as it was.

use std::path::PathBuf;
use std::sync::{LazyLock, Mutex, PoisonError};

use tallyship::maintenance::backup::{replace, write};
use tallyship::infra::db::{Purpose, migrate, create, open};
use tallyship::config::{Database, DatabaseUrl};
use tallyship::domain::Timestamp;

use super::backup_file::sealed;

const NOW: Timestamp = Timestamp(1_800_000_000_000_000);

/// A database of this process, and the first line of its backup.
struct Ground {
    path: PathBuf,
    header: Vec<u8>,
}

static GROUND: LazyLock<Option<Mutex<Ground>>> = LazyLock::new(|| {
    let folder = option_env!("CARGO_TARGET_TMPDIR").map_or_else(std::env::temp_dir, PathBuf::from);
    let path = folder.join(format!("tallyship-fuzz-{}.db", std::process::id()));
    let mut conn = create(&settings(&path), Purpose::Command).ok()?;
    migrate(&mut conn).ok()?;
    drop(conn);
    let file = backup(&path)?;
    let header = file.split_inclusive(|byte| *byte == b'\n').next()?.to_vec();
    Some(Mutex::new(Ground { path, header }))
});

fn settings(path: &std::path::Path) -> Database {
    Database {
        url: DatabaseUrl::Sqlite(path.to_owned()),
        ca_file: None,
    }
}

fn backup(path: &std::path::Path) -> Option<Vec<u8>> {
    let mut conn = open(&settings(path), Purpose::Command).ok()?;
    let mut file = Vec::new();
    write(&mut conn, &mut file, NOW).ok()?;
    Some(file)
}

pub fn run(data: &[u8]) {
    let Some(ground) = GROUND.as_ref() else {
        panic!("no database to restore into");
    };
    let ground = ground.lock().unwrap_or_else(PoisonError::into_inner);
    let before = backup(&ground.path);
    assert!(before.is_some(), "a backup can be made");
    let file = sealed(&[ground.header.as_slice(), data].concat(), 0);
    let outcome = replace(&settings(&ground.path), file.as_slice(), (NOW, true), |_rows| {});
    let after = backup(&ground.path);
    match outcome {
        Ok(_) => assert!(after.is_some(), "what was restored can be backed up"),
        Err(cause) => assert_eq!(after, before, "it is as it was: {cause}"),
    }
}
