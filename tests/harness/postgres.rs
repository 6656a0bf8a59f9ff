//! A real Postgres as a child process: one cluster for all tests of a process, or a private one that a test may hurt.
//!
//! Called by `server::Home` and by fault tests. Durable as in earnest (fsync on). It must never touch a cluster it did not make.
use super::disk::Disk;
use super::eventually_blocking;
use super::postmaster::{as_owner, family, owner, stat};
use super::process::{Process, Scratch, free_port, hush, program, send_signal};
use super::server_versions;
use diesel::connection::SimpleConnection;
use diesel::{Connection, PgConnection, QueryableByName, RunQueryDsl};
use std::os::unix::fs::{PermissionsExt, chown};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, LazyLock, Mutex};
use std::time::Duration;

pub const INSTALL: &str = "postgresql";

pub struct Cluster {
    folder: Scratch,
    port: u16,
    options: Vec<String>,
    /// What its programs are started through: `setpriv`, and a disk of its own where it has one.
    through: Vec<String>,
    /// Where its programs are, if they are not Debian's.
    programs: Option<PathBuf>,
    process: Mutex<Option<Process>>,
}

/// An empty database; dropped with its owner.
pub struct Database {
    cluster: Option<Arc<Cluster>>,
    name: String,
    pub url: String,
}

/// The cluster that tests share; it goes when the process ends.
static SHARED: LazyLock<Cluster> = LazyLock::new(|| Cluster::start(&[], &[]));

/// A database of the shared cluster with the newest schema and nothing in it. Copying it takes a tenth of migrating anew.
static TEMPLATE: LazyLock<String> = LazyLock::new(|| {
    let name = SHARED.create_database();
    let made = Command::new(env!("CARGO_BIN_EXE_tallyship"))
        .arg("migrate")
        .env_clear()
        .env("TALLYSHIP_DATABASE__URL", SHARED.url(&name))
        .env("TALLYSHIP_IDENTITY__SECRET", super::server::SECRET)
        .current_dir(SHARED.folder.path())
        .output()
        .expect("tallyship");
    let told = String::from_utf8_lossy(&made.stderr);
    assert!(made.status.success(), "tallyship migrate: {told}");
    name
});

/// A database with the newest schema.
pub fn fresh_database() -> Database {
    shared_copy_of(&TEMPLATE)
}

/// A database with nothing in it.
pub fn empty_database() -> Database {
    let name = SHARED.create_database();
    Database {
        url: SHARED.url(&name),
        name,
        cluster: None,
    }
}

/// A copy of a database of the shared cluster that nobody is connected to.
pub fn shared_copy_of(name: &str) -> Database {
    let copy = SHARED.copy(name);
    Database {
        url: SHARED.url(&copy),
        name: copy,
        cluster: None,
    }
}

impl Database {
    pub fn name(&self) -> &str {
        &self.name
    }
}

impl Cluster {
    /// A cluster of the test's own.
    pub fn private() -> Arc<Cluster> {
        Arc::new(Cluster::start(&[], &[]))
    }

    /// A cluster of another version than Debian's: 13, 14 or 18.
    pub fn of_version(version: u32) -> Arc<Cluster> {
        let postgres = server_versions::postgres(version);
        let mut cluster = Cluster::empty(&[], Vec::new());
        // The user that it runs as may not reach the home of who runs the tests.
        let mut copied = Command::new("cp");
        copied.arg("-r").args(postgres.folders);
        let copied = copied.arg(cluster.folder.path()).status();
        assert!(copied.expect("cp").success());
        let programs = cluster.folder.path().join(postgres.programs);
        cluster.programs = Some(programs);
        cluster.initdb();
        cluster.launch();
        Arc::new(cluster)
    }

    fn program(&self, name: &str) -> PathBuf {
        match &self.programs {
            Some(folder) => folder.join(name),
            None => program(name, INSTALL),
        }
    }

    /// `options` go to the server as `-c NAME=VALUE`; `files` are put into its data folder, readable by it alone (TLS keys).
    pub fn start(options: &[&str], files: &[(&str, &[u8])]) -> Cluster {
        let cluster = Cluster::empty(options, Vec::new());
        cluster.initdb();
        let data = cluster.data();
        for (name, content) in files {
            let path = data.join(name);
            std::fs::write(&path, content).expect("file of the cluster");
            std::fs::set_permissions(&path, PermissionsExt::from_mode(0o600)).expect("mode");
            cluster.own(&path);
        }
        cluster.launch();
        cluster
    }

    /// On a disk of its own; the server, once its data folder is made, through `more`.
    pub fn start_on(disk: &Disk, more: &[String]) -> Cluster {
        let mut cluster = Cluster::empty(&[], disk.owned_by(owner()));
        cluster.initdb();
        cluster.through = [&disk.owned_by(owner()), more, &as_owner()].concat();
        cluster.launch();
        cluster
    }

    /// A standby that follows this one, under a name that it can be waited for by.
    pub fn standby(&self, name: &str) -> Cluster {
        let standby = Cluster::empty(&[], Vec::new());
        let data = standby.data();
        let leader = format!(
            "host=127.0.0.1 port={} user=postgres application_name={name}",
            self.port
        );
        let arguments = [
            "-X",
            "stream",
            "-c",
            "fast",
            "--no-sync",
            "-d",
            &leader,
            "-D",
        ];
        standby.make("pg_basebackup", &arguments);
        let signal = data.join("standby.signal");
        std::fs::write(&signal, "").expect("a standby's sign");
        standby.own(&signal);
        let settings = format!("primary_conninfo = '{leader}'\n");
        std::fs::write(data.join("postgresql.auto.conf"), settings).expect("its settings");
        standby.launch();
        standby
    }

    fn empty(options: &[&str], mut through: Vec<String>) -> Cluster {
        let folder = Scratch::new("postgres");
        through.extend(as_owner());
        let cluster = Cluster {
            folder,
            port: free_port(),
            options: options.iter().map(|o| o.to_string()).collect(),
            through,
            programs: None,
            process: Mutex::new(None),
        };
        cluster.own(cluster.folder.path());
        cluster
    }

    fn own(&self, path: &Path) {
        if let Some((uid, gid)) = owner() {
            chown(path, Some(uid), Some(gid)).expect("a file of user postgres");
        }
    }

    fn initdb(&self) {
        let arguments = "--no-sync -A trust -U postgres -E UTF8 --locale=C -D";
        let arguments: Vec<&str> = arguments.split(' ').collect();
        self.make("initdb", &arguments);
    }

    /// Runs a program that makes the data folder, its last argument, to its end.
    fn make(&self, name: &str, arguments: &[&str]) {
        let mut argv = self.through.clone();
        argv.push(self.program(name).display().to_string());
        argv.extend(arguments.iter().map(|argument| argument.to_string()));
        argv.push(self.data().display().to_string());
        let made = Command::new(&argv[0])
            .args(&argv[1..])
            .current_dir(self.folder.path())
            .output();
        let made = made.expect(name);
        let told = String::from_utf8_lossy(&made.stderr);
        assert!(made.status.success(), "{name}: {told}");
    }

    pub fn url(&self, database: &str) -> String {
        format!("postgres://postgres@127.0.0.1:{}/{database}", self.port)
    }

    /// The postmaster's.
    pub fn pid(&self) -> u32 {
        self.process
            .lock()
            .expect("process")
            .as_ref()
            .expect("it runs")
            .pid()
    }

    pub fn port(&self) -> u16 {
        self.port
    }

    pub fn fresh_database(self: &Arc<Self>) -> Database {
        let name = self.create_database();
        Database {
            url: self.url(&name),
            name,
            cluster: Some(Arc::clone(self)),
        }
    }

    /// A copy of one of its databases that nobody is connected to.
    pub fn copy_of(self: &Arc<Self>, name: &str) -> Database {
        let copy = self.copy(name);
        Database {
            url: self.url(&copy),
            name: copy,
            cluster: Some(Arc::clone(self)),
        }
    }

    /// Starts (again) on the same port and waits until it answers.
    pub fn launch(&self) {
        let mut argv = self.through.clone();
        argv.push(self.program("postgres").display().to_string());
        argv.extend([
            "-D".into(),
            self.data().display().to_string(),
            "-p".into(),
            self.port.to_string(),
        ]);
        let common = [
            "listen_addresses=127.0.0.1",
            "unix_socket_directories=",
            "max_connections=200",
            "fsync=on",
        ];
        for option in common
            .into_iter()
            .chain(self.options.iter().map(String::as_str))
        {
            argv.extend(["-c".into(), option.into()]);
        }
        // QUIT makes the postmaster take its children and its shared memory along.
        let process = Process::start("postgres", "QUIT", &argv, &[], self.folder.path());
        let url = self.url("postgres");
        // After a kill it first does again what a million rows' upgrade had written.
        eventually_blocking("Postgres answers", Duration::from_secs(300), || {
            assert!(
                process.exited().is_none(),
                "Postgres did not start\n{}",
                process.tail()
            );
            PgConnection::establish(&url).is_ok()
        });
        *self.process.lock().expect("process") = Some(process);
    }

    /// kill -9 of the whole cluster, postmaster and backends; returns when nothing of it is left.
    pub fn kill9(&self) {
        let Some(process) = self.process.lock().expect("process").take() else {
            return;
        };
        let family = family(process.pid());
        send_signal("KILL", &family);
        process.kill9();
        eventually_blocking("the backends are gone", Duration::from_secs(10), || {
            family
                .iter()
                .all(|pid| stat(*pid).is_none_or(|(_, state)| state == 'Z'))
        });
    }

    /// SIGSTOP to all of it: connections stay open, nothing answers.
    pub fn pause(&self) {
        send_signal("STOP", &self.closed_family());
    }

    /// The same, and returns once nothing of it can answer any more.
    pub fn hush(&self) {
        hush(&self.closed_family());
    }

    pub fn resume(&self) {
        send_signal("CONT", &family(self.pid()));
    }

    /// All of its processes, once its postmaster stands still: it forks no other while they are listed.
    fn closed_family(&self) -> Vec<u32> {
        hush(&[self.pid()]);
        family(self.pid())
    }

    /// Where it works.
    pub fn place(&self) -> &Path {
        self.folder.path()
    }

    /// Where its files are.
    pub fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    fn create_database(&self) -> String {
        let name = new_name();
        self.execute(&format!("CREATE DATABASE {name}"));
        name
    }

    fn copy(&self, of: &str) -> String {
        let name = new_name();
        let sql = format!("CREATE DATABASE {name} TEMPLATE {of}");
        // Whoever has just left it may still be on the way out.
        eventually_blocking("a copy", Duration::from_secs(30), || {
            self.maintain(&sql).is_ok()
        });
        name
    }

    pub fn execute(&self, sql: &str) {
        self.maintain(sql).unwrap_or_else(|e| panic!("{sql}: {e}"));
    }

    /// The first column, named `n`, of the one row of `sql`.
    pub fn number(&self, sql: &str) -> i64 {
        #[derive(QueryableByName)]
        struct Row {
            #[diesel(sql_type = diesel::sql_types::BigInt)]
            n: i64,
        }
        let mut connection = PgConnection::establish(&self.url("postgres")).expect("Postgres");
        let row: Row = diesel::sql_query(sql)
            .get_result(&mut connection)
            .unwrap_or_else(|e| panic!("{sql}: {e}"));
        row.n
    }

    fn maintain(&self, sql: &str) -> Result<(), String> {
        let mut connection =
            PgConnection::establish(&self.url("postgres")).map_err(|e| e.to_string())?;
        connection.batch_execute(sql).map_err(|e| e.to_string())
    }
}

fn new_name() -> String {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    format!("test_{}", COUNT.fetch_add(1, Ordering::Relaxed))
}

impl Drop for Cluster {
    fn drop(&mut self) {
        if let Some(process) = self.process.get_mut().expect("process").take() {
            send_signal("CONT", &family(process.pid()));
            process.signal("QUIT");
            eventually_blocking("Postgres stops", Duration::from_secs(20), || {
                process.exited().is_some()
            });
        }
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        if self.cluster.is_none() {
            let _ = SHARED.maintain(&format!(
                "DROP DATABASE IF EXISTS {} WITH (FORCE)",
                self.name
            ));
        } // a private cluster goes as a whole
    }
}
