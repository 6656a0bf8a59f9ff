//! Child processes that cannot outlive the test, scratch folders, free ports.
//!
//! Called by `server`, `postgres` and `redis`. Children are started by one thread that lives as long as the test
//! process: the kernel's parent-death signal follows the starting *thread*. It must never kill by name, only what it started.
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, LazyLock, Mutex, mpsc};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

type Job = (Command, mpsc::Sender<std::io::Result<Child>>);

static SPAWNER: LazyLock<mpsc::Sender<Job>> = LazyLock::new(|| {
    let (jobs, inbox) = mpsc::channel::<Job>();
    std::thread::spawn(move || {
        for (mut command, answer) in inbox {
            let _ = answer.send(command.spawn());
        }
    });
    jobs
});

pub struct Finished {
    pub status: ExitStatus,
    pub stdout: String,
    pub stderr: String,
}

impl Finished {
    /// Exit code; a death by signal is -1.
    pub fn code(&self) -> i32 {
        self.status.code().unwrap_or(-1)
    }

    pub fn success(self, what: &str) -> Self {
        assert!(
            self.status.success(),
            "{what}: {}\n{}\n{}",
            self.status,
            self.stdout,
            self.stderr
        );
        self
    }
}

pub struct Process {
    name: String,
    pid: u32,
    child: Mutex<Child>,
    stdout: Arc<Mutex<Vec<u8>>>,
    stderr: Arc<Mutex<Vec<u8>>>,
    readers: Mutex<Vec<JoinHandle<()>>>,
}

impl Process {
    /// Starts `argv` with no environment but `PATH` and `env`. When the test process dies it gets `death_signal`.
    pub fn start(
        name: &str,
        death_signal: &str,
        argv: &[String],
        env: &[(String, String)],
        cwd: &Path,
    ) -> Process {
        let mut command = Command::new("setpriv");
        command.args(["--pdeathsig", death_signal, "--"]).args(argv);
        command
            .env_clear()
            .env("PATH", search_path())
            .envs(env.iter().cloned());
        command.env("RUST_BACKTRACE", "1").current_dir(cwd);
        command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let (answer, child) = mpsc::channel();
        SPAWNER.send((command, answer)).expect("the spawner lives");
        let mut child = child
            .recv()
            .expect("the spawner answers")
            .unwrap_or_else(|e| {
                panic!(
                    "{name} cannot be started: {e} (setpriv missing? apt-get install util-linux)"
                )
            });
        let (stdout, stderr) = (Arc::default(), Arc::default());
        let readers = vec![
            collect(child.stdout.take().expect("piped"), Arc::clone(&stdout)),
            collect(child.stderr.take().expect("piped"), Arc::clone(&stderr)),
        ];
        let pid = child.id();
        Process {
            name: name.into(),
            pid,
            child: Mutex::new(child),
            stdout,
            stderr,
            readers: Mutex::new(readers),
        }
    }

    pub fn pid(&self) -> u32 {
        self.pid
    }

    pub fn stdout(&self) -> String {
        String::from_utf8_lossy(&self.stdout.lock().expect("stdout")).into_owned()
    }

    pub fn stderr(&self) -> String {
        String::from_utf8_lossy(&self.stderr.lock().expect("stderr")).into_owned()
    }

    /// The last lines of both outputs, for a failure message.
    pub fn tail(&self) -> String {
        let last = |text: String| {
            let lines: Vec<&str> = text.lines().collect();
            lines[lines.len().saturating_sub(25)..].join("\n")
        };
        format!(
            "--- {} stdout\n{}\n--- {} stderr\n{}",
            self.name,
            last(self.stdout()),
            self.name,
            last(self.stderr())
        )
    }

    /// `None` while it runs.
    pub fn exited(&self) -> Option<ExitStatus> {
        self.child.lock().expect("child").try_wait().expect("wait")
    }

    /// Sends a signal by name (`TERM`, `STOP`, …) if it still runs.
    pub fn signal(&self, signal: &str) {
        let mut child = self.child.lock().expect("child");
        if child.try_wait().expect("wait").is_none() {
            send_signal(signal, &[self.pid]);
        }
    }

    /// kill -9, and waits until it is gone.
    pub fn kill9(&self) {
        let mut child = self.child.lock().expect("child");
        let _ = child.kill();
        let _ = child.wait();
    }

    pub async fn wait(&self, guard: Duration) -> Finished {
        let start = Instant::now();
        let status = loop {
            if let Some(status) = self.exited() {
                break status;
            }
            assert!(
                start.elapsed() < guard,
                "{} still runs after {guard:?}\n{}",
                self.name,
                self.tail()
            );
            tokio::time::sleep(Duration::from_millis(5)).await;
        };
        for reader in self.readers.lock().expect("readers").drain(..) {
            let _ = reader.join();
        }
        Finished {
            status,
            stdout: self.stdout(),
            stderr: self.stderr(),
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("{}", self.tail());
        }
        self.kill9();
    }
}

fn collect(mut from: impl Read + Send + 'static, into: Arc<Mutex<Vec<u8>>>) -> JoinHandle<()> {
    std::thread::spawn(move || {
        let mut chunk = [0; 8192];
        while let Ok(n) = from.read(&mut chunk) {
            if n == 0 {
                break;
            }
            into.lock().expect("output").extend_from_slice(&chunk[..n]);
        }
    })
}

pub fn send_signal(signal: &str, pids: &[u32]) {
    let pids = pids
        .iter()
        .map(u32::to_string)
        .collect::<Vec<_>>()
        .join(" ");
    let _ = Command::new("sh")
        .args(["-c", &format!("kill -{signal} {pids}")])
        .stderr(Stdio::null())
        .status();
}

/// Stops processes, and returns once none of their threads can say a word any more: each is stopped, or stops as soon as the
/// kernel is done with what it was asked for.
pub fn hush(pids: &[u32]) {
    send_signal("STOP", pids);
    let still = |pid: &u32| {
        let threads = std::fs::read_dir(format!("/proc/{pid}/task"));
        let mut states = threads
            .into_iter()
            .flatten()
            .flatten()
            .filter_map(|thread| {
                let stat = std::fs::read_to_string(thread.path().join("stat")).ok()?;
                stat[stat.rfind(')')? + 1..].trim_start().chars().next()
            });
        states.all(|state| "TtDZX".contains(state))
    };
    super::eventually_blocking("all threads stand still", Duration::from_secs(10), || {
        pids.iter().all(still)
    });
}

/// A program of `PATH` or of Debian's Postgres folders; panics with what to install.
pub fn program(name: &str, install: &str) -> PathBuf {
    let mut folders: Vec<PathBuf> = std::env::split_paths(&search_path()).collect();
    if let Ok(versions) = std::fs::read_dir("/usr/lib/postgresql") {
        let mut versions: Vec<PathBuf> = versions.flatten().map(|v| v.path().join("bin")).collect();
        versions.sort();
        folders.extend(versions.into_iter().rev());
    }
    folders
        .into_iter()
        .map(|folder| folder.join(name))
        .find(|path| path.exists())
        .unwrap_or_else(|| {
            panic!(
                "`{name}` is needed by this test and is not installed: apt-get install {install}"
            )
        })
}

fn search_path() -> String {
    std::env::var("PATH").unwrap_or_else(|_| "/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin".into())
}

/// A port nobody listens on, below the range from which the kernel takes outgoing ones (a server that is restarted keeps it).
pub fn free_port() -> u16 {
    static NEXT: LazyLock<AtomicU32> =
        LazyLock::new(|| AtomicU32::new(std::process::id().wrapping_mul(97)));
    loop {
        let port = 20_000 + (NEXT.fetch_add(1, Ordering::Relaxed) % 12_000) as u16;
        if std::net::TcpListener::bind(("127.0.0.1", port)).is_ok() {
            return port;
        }
    }
}

/// A folder that is removed with its owner, and at the latest when the test process has ended, however it ended.
pub struct Scratch(PathBuf);

impl Scratch {
    pub fn new(name: &str) -> Scratch {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let path = ROOT.join(format!("{name}-{}", COUNT.fetch_add(1, Ordering::Relaxed)));
        std::fs::create_dir_all(&path).expect("scratch folder");
        Scratch(path)
    }

    pub fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// The process's own folder. A shell holds the other end of a pipe: when that breaks, the test process is gone; the shell
/// then wakes what a test had stopped, so that it can die of its death signal, and clears up.
static ROOT: LazyLock<PathBuf> = LazyLock::new(|| {
    let root = std::env::temp_dir().join(format!("tallyship-tests-{}", std::process::id()));
    std::fs::create_dir_all(&root).expect("temporary folder");
    let script = r#"trap '' INT TERM HUP; read _
        for f in "$0"/*/data/postmaster.pid; do [ -f "$f" ] && kill -CONT "$(head -n 1 "$f")"; done
        for i in 1 2 3 4 5 6 7 8 9 10; do rm -rf "$0" && exit; sleep 1; done"#;
    let guardian = Command::new("sh")
        .args(["-c", script])
        .arg(&root)
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("sh");
    std::mem::forget(guardian); // keeps the pipe open until the process ends
    root
});
