//! The real `tallyship` binary as a child: how it is set (`Setup`), one running instance (`Server`). Where it lives is a `Home`.
//!
//! Called by every black-box test. It must never know more of the server than the contract says, nor let it see the
//! environment of the tester (only `PATH` and what the test sets).
use super::Backend;
use super::client::Client;
pub use super::home::Home;
use super::process::{Finished, Process};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

pub(super) const SECRET: &str = "a secret of the tests, long enough for all";
/// 32 bytes in base64.
const LOG_KEY: &str = "dGhlIHB1YmxpYyBsb2cgb2YgdGhlIHRlc3RzLCBhIGs=";
const START_GUARD: Duration = Duration::from_secs(30);

/// How an instance is started; the same for its commands.
#[derive(Clone)]
pub struct Setup {
    pub home: Arc<Home>,
    env: BTreeMap<String, String>,
    wrapper: Vec<String>,
}

impl Setup {
    pub(super) fn of(home: &Arc<Home>) -> Setup {
        let setup = Setup {
            home: Arc::clone(home),
            env: BTreeMap::new(),
            wrapper: Vec::new(),
        }
        .env("TALLYSHIP_HTTP__LISTEN", "127.0.0.1:0")
        .env("TALLYSHIP_HTTP__ADMIN_LISTEN", "127.0.0.1:0");
        match home.database_url() {
            Some(url) => setup
                .env("TALLYSHIP_DATABASE__URL", url)
                .env("TALLYSHIP_IDENTITY__SECRET", SECRET)
                .env("TALLYSHIP_TRANSPARENCY__KEY", LOG_KEY),
            None => setup,
        }
    }

    pub fn env(mut self, key: &str, value: impl Into<String>) -> Setup {
        self.env.insert(key.into(), value.into());
        self
    }

    pub fn without(mut self, key: &str) -> Setup {
        self.env.remove(key);
        self
    }

    pub fn redis(self, url: impl Into<String>) -> Setup {
        self.env("TALLYSHIP_REDIS__URL", url)
    }

    /// Redis may take its time: on a busy machine what is judged is what it decides, not how soon.
    pub fn patient(self) -> Setup {
        self.env("TALLYSHIP_REDIS__PATIENCE", "200ms")
    }

    /// Quotas out of the way, and no vote held back.
    pub fn generous(self) -> Setup {
        self.env("TALLYSHIP_LIMITS__VOTES_PER_VOTER", "1000000/1s")
            .env("TALLYSHIP_LIMITS__VOTES_PER_NETWORK", "1000000/1s")
            .env("TALLYSHIP_LIMITS__VISITORS_PER_NETWORK", "1000000/1s")
            .env("TALLYSHIP_ABUSE__HOLD", "off")
    }

    /// Starts the server through another program (`strace -D …`).
    pub fn wrapper(mut self, argv: &[&str]) -> Setup {
        self.wrapper = argv.iter().map(|a| a.to_string()).collect();
        self
    }

    pub async fn start(&self) -> Server {
        let start = Instant::now();
        let process = self.launch();
        let mut found = (None, None);
        while found.0.is_none() || found.1.is_none() {
            assert!(
                process.exited().is_none(),
                "the server stopped at its start\n{}",
                process.tail()
            );
            assert!(
                start.elapsed() < START_GUARD,
                "no addresses within {START_GUARD:?}\n{}",
                process.tail()
            );
            tokio::time::sleep(Duration::from_millis(5)).await;
            let stdout = process.stdout();
            found = (
                address(&stdout, "listening on "),
                address(&stdout, "admin on "),
            );
            if self
                .env
                .get("TALLYSHIP_HTTP__ADMIN_LISTEN")
                .is_some_and(|a| a == "off")
            {
                found.1 = Some(String::new());
            }
        }
        let (url, admin) = (found.0.expect("seen"), found.1.expect("seen"));
        Server {
            setup: self.clone(),
            process,
            url,
            admin,
            started_in: start.elapsed(),
        }
    }

    /// Starts a server that is expected to refuse; waits for its end.
    pub async fn start_refused(&self, guard: Duration) -> Finished {
        self.launch().wait(guard).await
    }

    /// Starts it and waits for nothing.
    pub fn launch(&self) -> Process {
        let mut argv = self.wrapper.clone();
        argv.push(env!("CARGO_BIN_EXE_tallyship").into());
        argv.push("serve".into());
        Process::start(
            "tallyship",
            "KILL",
            &argv,
            &self.environment(),
            self.home.path(),
        )
    }

    /// One command with the server's own environment, to its end.
    pub async fn run_cli(&self, arguments: &[&str]) -> Finished {
        self.spawn_cli(arguments)
            .wait(Duration::from_secs(120))
            .await
    }

    /// The same by a line of a shell, in which `"$0"` is the command.
    pub async fn run_shell(&self, line: &str) -> Finished {
        let argv = ["sh", "-c", line, env!("CARGO_BIN_EXE_tallyship")].map(String::from);
        Process::start(
            "tallyship",
            "KILL",
            &argv,
            &self.environment(),
            self.home.path(),
        )
        .wait(Duration::from_secs(120))
        .await
    }

    /// The same, and it runs on.
    pub fn spawn_cli(&self, arguments: &[&str]) -> Process {
        let mut argv = vec![env!("CARGO_BIN_EXE_tallyship").to_string()];
        argv.extend(arguments.iter().map(|a| a.to_string()));
        Process::start(
            "tallyship",
            "KILL",
            &argv,
            &self.environment(),
            self.home.path(),
        )
    }

    /// One command inside the mounts of a running server, to its end.
    pub async fn run_cli_inside(&self, pid: u32, arguments: &[&str]) -> Finished {
        // The folder is found anew inside: the one that is inherited lies under the mounts.
        let script = format!("cd '{}' && exec \"$@\"", self.home.path().display());
        let mut argv: Vec<String> = ["nsenter", "--target", &pid.to_string(), "--mount", "--"]
            .map(String::from)
            .to_vec();
        argv.extend(["sh", "-c", &script, "sh"].map(String::from));
        argv.push(env!("CARGO_BIN_EXE_tallyship").into());
        argv.extend(arguments.iter().map(|a| a.to_string()));
        Process::start(
            "tallyship",
            "KILL",
            &argv,
            &self.environment(),
            self.home.path(),
        )
        .wait(Duration::from_secs(120))
        .await
    }

    /// `tallyship verify` must find nothing.
    pub async fn verify(&self) {
        self.run_cli(&["verify"]).await.success("tallyship verify");
    }

    /// Visitor tokens without the detour over the quota of new visitors.
    pub async fn mint(&self, count: usize) -> Vec<String> {
        let made = self
            .run_cli(&["visitors", "mint", "--count", &count.to_string()])
            .await
            .success("mint");
        let tokens: Vec<String> = made
            .stdout
            .lines()
            .map(|line| line.trim().to_string())
            .collect();
        assert_eq!(tokens.len(), count, "tokens minted");
        tokens
    }

    pub fn environment(&self) -> Vec<(String, String)> {
        self.env
            .iter()
            .map(|(k, v)| (k.clone(), v.clone()))
            .collect()
    }
}

pub struct Server {
    pub setup: Setup,
    process: Process,
    /// `http://ADDR` of the public listener, and of the admin one (empty when it is off).
    pub url: String,
    pub admin: String,
    /// From the start of the process to the lines that name both addresses.
    pub started_in: Duration,
}

impl Server {
    pub async fn new(backend: Backend) -> Server {
        Home::new(backend).setup().start().await
    }

    pub fn client(&self) -> Client {
        Client::new(&self.url)
    }

    pub fn admin(&self) -> Client {
        Client::of_another(&self.admin)
    }

    pub fn home(&self) -> &Home {
        &self.setup.home
    }

    pub async fn run_cli(&self, arguments: &[&str]) -> Finished {
        self.setup.run_cli(arguments).await
    }

    /// The exit code of `tallyship health`, asked of this server.
    pub async fn health(&self) -> i32 {
        let address = self.admin.trim_start_matches("http://");
        let setup = self
            .setup
            .clone()
            .env("TALLYSHIP_HTTP__ADMIN_LISTEN", address);
        setup.run_cli(&["health"]).await.code()
    }

    pub async fn verify(&self) {
        self.setup.verify().await;
    }

    pub fn stdout(&self) -> String {
        self.process.stdout()
    }

    pub fn stderr(&self) -> String {
        self.process.stderr()
    }

    pub fn pid(&self) -> u32 {
        self.process.pid()
    }

    pub fn kill9(&self) {
        self.process.kill9();
    }

    pub fn signal(&self, signal: &str) {
        self.process.signal(signal);
    }

    pub fn stop(&self) {
        self.signal("STOP");
    }

    pub fn cont(&self) {
        self.signal("CONT");
    }

    /// Waits for its end and gives the exit code.
    pub async fn exit_code(&self, guard: Duration) -> i32 {
        self.process.wait(guard).await.code()
    }

    pub async fn sigterm(&self, guard: Duration) -> i32 {
        self.signal("TERM");
        self.exit_code(guard).await
    }

    /// Kills it and starts the next on the same home; addresses change.
    pub async fn restart(&mut self) {
        self.kill9();
        *self = self.setup.start().await;
    }
}

fn address(stdout: &str, words: &str) -> Option<String> {
    let complete = &stdout[..stdout.rfind('\n')? + 1];
    let line = complete
        .lines()
        .find(|line| line.contains(&format!("{words}http://")))?;
    let from = line.find(words)? + words.len();
    Some(
        line[from..]
            .split_whitespace()
            .next()?
            .trim_end_matches('/')
            .to_string(),
    )
}
