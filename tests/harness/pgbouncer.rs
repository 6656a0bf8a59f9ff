//! A real PgBouncer before a test's Postgres.
//!
//! Called by tests of databases. It pools what its clients ask for, and holds nothing.
use super::eventually_blocking;
use super::postmaster::as_owner;
use super::process::{Process, Scratch, free_port, program};
use std::time::Duration;
use url::Url;

pub struct PgBouncer {
    pub url: String,
    _process: Process,
    _folder: Scratch,
}

impl PgBouncer {
    /// `database` is its URL without a pooler.
    pub fn start(database: &str, pool_mode: &str) -> PgBouncer {
        let (folder, port) = (Scratch::new("pgbouncer"), free_port());
        let mut url = Url::parse(database).expect("a URL");
        let settings = format!(
            "[databases]\n* = host=127.0.0.1 port={} user=postgres\n[pgbouncer]\nlisten_addr = 127.0.0.1\n\
             listen_port = {port}\nunix_socket_dir =\nauth_type = any\npool_mode = {pool_mode}\n",
            url.port().expect("a port")
        );
        let file = folder.path().join("pgbouncer.ini");
        std::fs::write(&file, settings).expect("its settings");
        let mut argv = as_owner();
        argv.push(program("pgbouncer", "pgbouncer").display().to_string());
        argv.push(file.display().to_string());
        let process = Process::start("pgbouncer", "KILL", &argv, &[], folder.path());
        url.set_port(Some(port)).expect("a port");
        eventually_blocking("PgBouncer answers", Duration::from_secs(20), || {
            assert!(process.exited().is_none(), "{}", process.tail());
            std::net::TcpStream::connect(("127.0.0.1", port)).is_ok()
        });
        PgBouncer {
            url: url.into(),
            _process: process,
            _folder: folder,
        }
    }
}
