//! SQLite's write-ahead log: a checkpoint is tried once it has 16 MB, so it takes no more of a disk, also while that is full.
use crate::SLACK;
use crate::harness::client::Client;
use crate::harness::server::Server;
use crate::harness::{eventually, run};
use crate::matrix::{disk, small_disk};
use futures_util::future::join_all;
use std::io::{Read, Write};
use std::path::PathBuf;
use std::time::Duration;

const TOOL: &str = "codestral-2";
const LIMIT: u64 = 16 << 20;
/// What one commit adds at most.
const COMMIT: u64 = 1 << 20;
/// Less than the log would need without a limit: the votes below write twice as much.
const DISK: &str = "40m";
const VOTERS: usize = 20;
const ROUNDS: usize = 3_000;
const HEALED: Duration = Duration::from_secs(5);

struct Trial {
    server: Server,
    client: Client,
    voters: Vec<String>,
    folder: PathBuf,
    rounds: usize,
}

impl Trial {
    async fn new() -> Trial {
        let server = small_disk(DISK).generous().start().await;
        let data = server.home().path().join("data");
        let client = server.client();
        let mut voters = Vec::new();
        for _ in 0..VOTERS {
            voters.push(client.visitor().await);
        }
        let folder = format!("/proc/{}/root{}", server.pid(), data.display()).into();
        Trial {
            server,
            client,
            voters,
            folder,
            rounds: 0,
        }
    }

    /// The log's bytes, and how often it has begun anew after a checkpoint.
    fn log(&self) -> (u64, u32) {
        let files = std::fs::read_dir(&self.folder).expect("lists");
        let mut paths = files.map(|file| file.expect("a file").path());
        let path = paths.find(|path| path.to_string_lossy().ends_with("-wal"));
        let mut file = std::fs::File::open(path.expect("a log")).expect("opens");
        let mut head = [0; 16];
        let bytes = file.metadata().expect("its size").len();
        // It is empty before the first commit.
        if bytes > 0 {
            file.read_exact(&mut head).expect("a head");
        }
        let begun = u32::from_be_bytes(head[12..].try_into().expect("four bytes"));
        (bytes, begun)
    }

    /// One vote of each voter; how many were taken.
    async fn round(&mut self) -> usize {
        self.rounds += 1;
        let choice = ["ship", "skip"][self.rounds % 2];
        let calls = self
            .voters
            .iter()
            .map(|voter| self.client.put_vote(voter, TOOL, choice));
        let answers = join_all(calls).await;
        let (bytes, _) = self.log();
        assert!(bytes <= LIMIT + COMMIT, "the log has {bytes} bytes");
        answers.iter().filter(|answer| answer.success()).count()
    }

    /// Rounds until the log has begun anew so many times more; each vote is taken.
    async fn until_begun(&mut self, times: u32) {
        let (_, before) = self.log();
        for _ in 0..ROUNDS {
            assert_eq!(self.round().await, VOTERS, "votes were refused");
            if self.log().1 >= before + times {
                return;
            }
        }
        panic!("no checkpoint after {ROUNDS} rounds: {:?}", self.log());
    }

    async fn is_ready(&self) -> bool {
        self.server.admin().get("/readyz").send().await.status == 200
    }
}

#[test]
fn the_log_takes_16_mb_also_of_a_full_disk_on_sqlite() {
    if !disk() {
        return;
    }
    run(async {
        let mut trial = Trial::new().await;
        trial.until_begun(2).await;
        let (bytes, _) = trial.log();
        assert!(bytes > LIMIT / 2, "a checkpoint after {bytes} bytes alone");

        let balloon = trial.folder.join("balloon");
        let mut file = std::fs::File::create(&balloon).expect("the balloon");
        for size in [64 * 1024, 1] {
            while file.write_all(&vec![0; size]).is_ok() {}
        }
        drop(file);
        // The file of the log stays, so votes are taken until a checkpoint needs new pages of the database.
        let mut rounds = 0;
        while trial.round().await > 0 {
            rounds += 1;
            assert!(rounds < ROUNDS, "the disk is not full");
        }
        println!("{rounds} rounds on a full disk: {:?}", trial.log());
        eventually("unready", HEALED * SLACK, async || !trial.is_ready().await).await;

        std::fs::remove_file(&balloon).expect("the balloon");
        eventually("ready", HEALED * SLACK, async || trial.is_ready().await).await;
        trial.until_begun(1).await;
        let (pid, setup) = (trial.server.pid(), &trial.server.setup);
        let verified = setup.run_cli_inside(pid, &["verify"]).await;
        verified.success("verify");
    });
}
