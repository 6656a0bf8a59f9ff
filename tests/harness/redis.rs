//! A real Redis as a child process, plain or with TLS, that a test may kill, hang, flush and bring back.
//!
//! Called by tests of the limiter and of faults. It must never persist anything, nor touch a Redis it did not start.
use super::eventually_blocking;
use super::process::{Process, Scratch, free_port, program};
use super::server_versions;
use std::path::Path;
use std::process::Command;
use std::sync::Mutex;
use std::time::Duration;

const INSTALL: &str = "redis-server redis-tools";

/// PEM files of a TLS Redis.
pub struct Tls<'a> {
    pub certificate: &'a Path,
    pub key: &'a Path,
    pub ca: &'a Path,
}

pub struct Redis {
    folder: Scratch,
    port: u16,
    /// Its program and what that is started with.
    arguments: Vec<String>,
    tls: bool,
    process: Mutex<Process>,
}

impl Redis {
    pub fn start() -> Redis {
        Redis::with(&program("redis-server", INSTALL), None, &[])
    }

    /// A Valkey in its place.
    pub fn start_valkey() -> Redis {
        Redis::with(&server_versions::valkey_server(), None, &[])
    }

    pub fn start_tls(files: Tls) -> Redis {
        Redis::with(&program("redis-server", INSTALL), Some(files), &[])
    }

    /// With more arguments.
    pub fn start_with(more: &[&str]) -> Redis {
        Redis::with(&program("redis-server", INSTALL), None, more)
    }

    fn with(server: &Path, tls: Option<Tls>, more: &[&str]) -> Redis {
        let (folder, port) = (Scratch::new("redis"), free_port());
        let mut arguments = vec![server.display().to_string()];
        let common = ["--bind", "127.0.0.1", "--save", "", "--appendonly", "no"];
        arguments.extend(common.map(String::from));
        arguments.extend(more.iter().map(|argument| (*argument).to_owned()));
        let text = |path: &Path| path.display().to_string();
        match &tls {
            None => arguments.extend(["--port".into(), port.to_string()]),
            Some(files) => arguments.extend([
                "--port".into(),
                "0".into(),
                "--tls-port".into(),
                port.to_string(),
                "--tls-cert-file".into(),
                text(files.certificate),
                "--tls-key-file".into(),
                text(files.key),
                "--tls-ca-cert-file".into(),
                text(files.ca),
                "--tls-auth-clients".into(),
                "no".into(),
            ]),
        }
        let process = Mutex::new(launch(&arguments, folder.path()));
        let redis = Redis {
            folder,
            port,
            arguments,
            tls: tls.is_some(),
            process,
        };
        redis.wait_ready();
        redis
    }

    pub fn url(&self) -> String {
        let scheme = if self.tls { "rediss" } else { "redis" };
        format!("{scheme}://127.0.0.1:{}", self.port)
    }

    pub fn pid(&self) -> u32 {
        self.process.lock().expect("redis").pid()
    }

    pub fn port(&self) -> u16 {
        self.port
    }

    pub fn kill9(&self) {
        self.process.lock().expect("redis").kill9();
    }

    pub fn lives(&self) -> bool {
        self.process.lock().expect("redis").exited().is_none()
    }

    /// On the same port, empty. Whatever was left of the old one is killed.
    pub fn restart(&self) {
        let mut process = self.process.lock().expect("redis");
        process.kill9();
        *process = launch(&self.arguments, self.folder.path());
        drop(process);
        self.wait_ready();
    }

    pub fn pause(&self) {
        self.process.lock().expect("redis").signal("STOP");
    }

    pub fn resume(&self) {
        self.process.lock().expect("redis").signal("CONT");
    }

    pub fn flush_all(&self) {
        assert_eq!(self.cli(&["FLUSHALL"]).trim(), "OK");
    }

    /// Everything it holds, as it would write it to a disk.
    pub fn dump(&self) -> Vec<u8> {
        assert_eq!(self.cli(&["SAVE"]).trim(), "OK");
        std::fs::read(self.folder.path().join("dump.rdb")).expect("a dump")
    }

    /// What `redis-cli` prints for a command.
    pub fn cli(&self, command: &[&str]) -> String {
        let mut cli = Command::new(program("redis-cli", INSTALL));
        cli.args(["-h", "127.0.0.1", "-p", &self.port.to_string()]);
        if self.tls {
            cli.args(["--tls", "--insecure"]);
        }
        let out = cli.args(command).output().expect("redis-cli");
        String::from_utf8_lossy(&out.stdout).into_owned() + &String::from_utf8_lossy(&out.stderr)
    }

    fn wait_ready(&self) {
        eventually_blocking("Redis answers", Duration::from_secs(20), || {
            let process = self.process.lock().expect("redis");
            assert!(
                process.exited().is_none(),
                "Redis did not start\n{}",
                process.tail()
            );
            drop(process);
            self.cli(&["PING"]).trim() == "PONG"
        });
    }
}

fn launch(arguments: &[String], folder: &Path) -> Process {
    Process::start("redis", "KILL", arguments, &[], folder)
}
