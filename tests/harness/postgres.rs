//! A real Postgres as a child process: one cluster for all tests of a process, or a private one that a test may hurt.
//!
//! Called by `server::Home` and by fault tests. Durable as in earnest (fsync on). It must never touch a cluster it did not make.
use super::eventually_blocking;
use super::process::{Process, Scratch, free_port, program, send_signal};
use diesel::connection::SimpleConnection;
use diesel::{Connection, PgConnection};
use std::os::unix::fs::{PermissionsExt, chown};
use std::path::PathBuf;
use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, LazyLock, Mutex};
use std::time::Duration;

const INSTALL: &str = "postgresql";

pub struct Cluster {
    folder: Scratch,
    port: u16,
    options: Vec<String>,
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

pub fn fresh_database() -> Database {
    let name = SHARED.create_database();
    Database {
        url: SHARED.url(&name),
        name,
        cluster: None,
    }
}

impl Cluster {
    /// A cluster of the test's own.
    pub fn private() -> Arc<Cluster> {
        Arc::new(Cluster::start(&[], &[]))
    }

    /// `options` go to the server as `-c NAME=VALUE`; `files` are put into its data folder, readable by it alone (TLS keys).
    pub fn start(options: &[&str], files: &[(&str, &[u8])]) -> Cluster {
        let folder = Scratch::new("postgres");
        let data = folder.path().join("data");
        let owner = owner();
        if let Some((uid, gid)) = owner {
            chown(folder.path(), Some(uid), Some(gid)).expect("folder for user postgres");
        }
        let mut initdb = as_owner();
        initdb.push(program("initdb", INSTALL).display().to_string());
        initdb.extend(
            [
                "--no-sync",
                "-A",
                "trust",
                "-U",
                "postgres",
                "-E",
                "UTF8",
                "--locale=C",
                "-D",
            ]
            .map(String::from),
        );
        initdb.push(data.display().to_string());
        let made = Command::new(&initdb[0])
            .args(&initdb[1..])
            .current_dir(folder.path())
            .output()
            .expect("initdb");
        assert!(
            made.status.success(),
            "initdb: {}",
            String::from_utf8_lossy(&made.stderr)
        );
        for (name, content) in files {
            let path = data.join(name);
            std::fs::write(&path, content).expect("file of the cluster");
            std::fs::set_permissions(&path, PermissionsExt::from_mode(0o600)).expect("mode");
            if let Some((uid, gid)) = owner {
                chown(&path, Some(uid), Some(gid)).expect("owner");
            }
        }
        let options = options.iter().map(|o| o.to_string()).collect();
        let cluster = Cluster {
            folder,
            port: free_port(),
            options,
            process: Mutex::new(None),
        };
        cluster.launch();
        cluster
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

    /// Starts (again) on the same port and waits until it answers.
    pub fn launch(&self) {
        let mut argv = as_owner();
        argv.push(program("postgres", INSTALL).display().to_string());
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
        eventually_blocking("Postgres answers", Duration::from_secs(30), || {
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
        self.signal_family("STOP");
    }

    pub fn resume(&self) {
        self.signal_family("CONT");
    }

    fn signal_family(&self, signal: &str) {
        let process = self.process.lock().expect("process");
        send_signal(signal, &family(process.as_ref().expect("it runs").pid()));
    }

    /// Where its files are.
    pub fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    fn create_database(&self) -> String {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let name = format!("test_{}", COUNT.fetch_add(1, Ordering::Relaxed));
        self.maintain(&format!("CREATE DATABASE {name}"))
            .expect("a fresh database");
        name
    }

    fn maintain(&self, sql: &str) -> Result<(), String> {
        let mut connection =
            PgConnection::establish(&self.url("postgres")).map_err(|e| e.to_string())?;
        connection.batch_execute(sql).map_err(|e| e.to_string())
    }
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

/// Postgres refuses root: as root its programs run as user `postgres`.
fn as_owner() -> Vec<String> {
    match owner() {
        Some(_) => [
            "setpriv",
            "--reuid=postgres",
            "--regid=postgres",
            "--init-groups",
            "--pdeathsig",
            "QUIT",
            "--",
        ]
        .map(String::from)
        .to_vec(),
        None => Vec::new(),
    }
}

fn owner() -> Option<(u32, u32)> {
    let id = |args: &[&str]| -> Option<u32> {
        let out = Command::new("id").args(args).output().ok()?;
        String::from_utf8_lossy(&out.stdout).trim().parse().ok()
    };
    if id(&["-u"]) != Some(0) {
        return None;
    }
    match (id(&["-u", "postgres"]), id(&["-g", "postgres"])) {
        (Some(uid), Some(gid)) => Some((uid, gid)),
        _ => panic!("no user `postgres`: apt-get install {INSTALL}"),
    }
}

/// The process and its children (backends lead sessions of their own, so a process group does not reach them).
fn family(postmaster: u32) -> Vec<u32> {
    let mut family = vec![postmaster];
    for entry in std::fs::read_dir("/proc").expect("/proc").flatten() {
        if let Ok(pid) = entry.file_name().to_string_lossy().parse::<u32>()
            && stat(pid).is_some_and(|(parent, _)| parent == postmaster)
        {
            family.push(pid);
        }
    }
    family
}

/// Parent and state of a process.
fn stat(pid: u32) -> Option<(u32, char)> {
    let text = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    let mut fields = text[text.rfind(')')? + 1..].split_whitespace();
    let state = fields.next()?.chars().next()?;
    Some((fields.next()?.parse().ok()?, state))
}
