//! A wall clock that a test can set: for servers whose machine's time steps, and for two whose times differ.
//!
//! It is laid under the server by `LD_PRELOAD`, so that the program is the one that runs everywhere else.
use super::home::Home;
use super::server::Setup;
use std::fs::OpenOptions;
use std::io::Write;
use std::path::PathBuf;
use std::process::Command;

pub struct Clock {
    ahead: PathBuf,
    library: PathBuf,
}

impl Clock {
    /// A clock that is right, in a file `name` of the server's folder.
    pub fn new(home: &Home, name: &str) -> Clock {
        let library = home.path().join(format!("{name}.so"));
        let source = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/harness/clock.c");
        let built = Command::new("cc")
            .args(["-shared", "-fPIC", "-O1", "-o"])
            .arg(&library)
            .arg(source)
            .status()
            .expect("a C compiler, which Rust links with");
        assert!(built.success(), "the clock was not built");
        let ahead = home.path().join(name);
        let clock = Clock { ahead, library };
        clock.set(0);
        clock
    }

    /// The same server with this clock.
    pub fn setup(&self, setup: Setup) -> Setup {
        setup
            .env("LD_PRELOAD", self.library.to_string_lossy())
            .env("TEST_CLOCK_AHEAD", self.ahead.to_string_lossy())
    }

    /// From now on the clock is so many seconds ahead of the machine's.
    pub fn set(&self, seconds: i64) {
        // In place: the server has the file mapped.
        let mut file = OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(false)
            .open(&self.ahead)
            .expect("the clock's file");
        file.write_all(&seconds.to_ne_bytes())
            .expect("the clock is set");
    }
}
