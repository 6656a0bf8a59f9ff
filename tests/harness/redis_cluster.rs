//! A real Redis Cluster as six child processes: three masters, each with a replica, and slots that can be moved.
//!
//! Called by `tests/faults/instances`. It must never touch a Redis that it did not start, nor wait for less than what every
//! node says.
use super::eventually_blocking;
use super::process::free_port;
use super::redis::Redis;
use redis::{Connection, RedisResult, cmd, pipe};
use std::time::{Duration, Instant};

pub const MASTERS: usize = 3;
/// A node that says nothing for so long is lost to the others.
const NODE_TIMEOUT: Duration = Duration::from_secs(2);
const SLOTS: usize = 16_384;
const GUARD: Duration = Duration::from_secs(60);

pub struct RedisCluster {
    /// The masters first; the replica of `n` is `n + MASTERS`.
    pub nodes: Vec<Redis>,
}

impl RedisCluster {
    pub fn start() -> RedisCluster {
        let timeout = NODE_TIMEOUT.as_millis().to_string();
        let buses: Vec<u16> = (0..MASTERS * 2).map(|_| free_port()).collect();
        let nodes = buses
            .iter()
            .map(|bus| {
                Redis::start_with(&[
                    "--cluster-enabled",
                    "yes",
                    "--cluster-port",
                    &bus.to_string(),
                    "--cluster-node-timeout",
                    &timeout,
                    // A replica may take over however long it has not heard of its master: the tests stop and wake nodes.
                    "--cluster-replica-validity-factor",
                    "0",
                ])
            })
            .collect();
        let cluster = RedisCluster { nodes };
        cluster.join(&buses);
        cluster
    }

    fn join(&self, buses: &[u16]) {
        for (n, node) in self.nodes.iter().enumerate() {
            tell(node, &["CLUSTER", "SET-CONFIG-EPOCH", &(n + 1).to_string()]);
            if n < MASTERS {
                let (from, to) = (SLOTS * n / MASTERS, SLOTS * (n + 1) / MASTERS - 1);
                let (from, to) = (from.to_string(), to.to_string());
                tell(node, &["CLUSTER", "ADDSLOTSRANGE", &from, &to]);
            }
            let (port, bus) = (node.port().to_string(), buses[n].to_string());
            if n > 0 {
                let meet = ["CLUSTER", "MEET", "127.0.0.1", &port, &bus];
                tell(&self.nodes[0], &meet);
            }
        }
        let all = format!("cluster_known_nodes:{}", self.nodes.len());
        self.until("all nodes know each other", |node| {
            node.cli(&["CLUSTER", "INFO"]).contains(&all)
        });
        for n in 0..MASTERS {
            let replicate = ["CLUSTER", "REPLICATE", &self.id(n)];
            tell(&self.nodes[n + MASTERS], &replicate);
        }
        self.until_fine();
        for replica in &self.nodes[MASTERS..] {
            eventually_blocking("a replica follows its master", GUARD, || {
                replica
                    .cli(&["INFO", "replication"])
                    .contains("master_link_status:up")
            });
        }
    }

    /// Every node, as `TALLYSHIP_REDIS__URL` takes them.
    pub fn urls(&self) -> String {
        let urls: Vec<String> = self.nodes.iter().map(Redis::url).collect();
        urls.join(",")
    }

    /// Waits until every node that lives has all slots served.
    pub fn until_fine(&self) {
        self.until("the cluster is fine", |node| {
            let info = node.cli(&["CLUSTER", "INFO"]);
            info.contains("cluster_state:ok")
                && info.contains("cluster_slots_ok:16384")
                && info.contains(&format!("cluster_size:{MASTERS}"))
        });
    }

    fn until(&self, what: &str, mut probe: impl FnMut(&Redis) -> bool) {
        let living: Vec<&Redis> = self.nodes.iter().filter(|node| node.lives()).collect();
        let began = Instant::now();
        eventually_blocking(what, GUARD, || {
            let fine = living.iter().all(|node| probe(node));
            if !fine && began.elapsed() >= GUARD {
                // What each of them believes is all that can be known of why.
                for node in &living {
                    let (info, nodes) = (["CLUSTER", "INFO"], ["CLUSTER", "NODES"]);
                    println!("{}: {}{}", node.port(), node.cli(&info), node.cli(&nodes));
                }
            }
            fine
        });
    }

    /// How many keys each master holds.
    pub fn sizes(&self) -> Vec<usize> {
        let masters = self.nodes.iter().filter(|node| {
            node.lives() && node.cli(&["INFO", "replication"]).contains("role:master")
        });
        masters
            .map(|node| node.cli(&["DBSIZE"]).trim().parse().expect("a number"))
            .collect()
    }

    fn id(&self, node: usize) -> String {
        self.nodes[node].cli(&["CLUSTER", "MYID"]).trim().to_owned()
    }

    /// The slots that are moved between two masters: all of `from` but some, so that it stays one.
    fn moving(from: usize) -> std::ops::Range<usize> {
        SLOTS * from / MASTERS..SLOTS * (from + 1) / MASTERS - 100
    }

    /// Begins to move slots: what `from` does not hold of them yet, it sends its clients to `to` for.
    pub fn begin_move(&self, from: usize, to: usize) {
        let (source, target) = (self.id(from), self.id(to));
        for (node, word, other) in [(to, "IMPORTING", &source), (from, "MIGRATING", &target)] {
            let mut commands = pipe();
            for slot in Self::moving(from) {
                let command = commands.cmd("CLUSTER").arg("SETSLOT");
                command.arg(slot).arg(word).arg(other).ignore();
            }
            let done: RedisResult<()> = commands.query(&mut self.connection(node));
            done.expect("slots begin to move");
        }
    }

    /// Moves the keys of these slots, and tells everybody whose they are: first who has them now, then, once all know that
    /// from it, who had them. A node that hears the other way round takes the slots for nobody's, and Redis 7.0 leaves that
    /// mark on them: a replica that takes them over then gives them up to its old master when that wakes
    /// (github.com/redis/redis/pull/12344).
    pub fn end_move(&self, from: usize, to: usize) {
        let mut source = self.connection(from);
        for slot in Self::moving(from) {
            let keys: Vec<Vec<u8>> = cmd("CLUSTER")
                .arg("GETKEYSINSLOT")
                .arg(slot)
                .arg(10_000)
                .query(&mut source)
                .expect("keys of a slot");
            if keys.is_empty() {
                continue;
            }
            let mut migrate = cmd("MIGRATE");
            migrate.arg("127.0.0.1").arg(self.nodes[to].port());
            migrate.arg("").arg(0).arg(5_000).arg("KEYS").arg(keys);
            let moved: RedisResult<()> = migrate.query(&mut source);
            moved.expect("keys are moved");
        }
        let target = self.id(to);
        let settle = |node: usize| {
            let mut commands = pipe();
            for slot in Self::moving(from) {
                let command = commands.cmd("CLUSTER").arg("SETSLOT");
                command.arg(slot).arg("NODE").arg(&target).ignore();
            }
            let done: RedisResult<()> = commands.query(&mut self.connection(node));
            done.expect("slots have moved");
        };
        settle(to);
        let slots = Self::moving(from);
        let slots = format!(" {}-{}", slots.start, slots.end - 1);
        self.until("all know whose the slots are", |node| {
            let nodes = node.cli(&["CLUSTER", "NODES"]);
            let mut lines = nodes.lines();
            lines.any(|line| line.starts_with(&target) && line.contains(&slots))
        });
        settle(from);
    }

    fn connection(&self, node: usize) -> Connection {
        let client = redis::Client::open(self.nodes[node].url()).expect("an address");
        client.get_connection().expect("a node answers")
    }
}

fn tell(node: &Redis, command: &[&str]) {
    let said = node.cli(command);
    assert!(said.trim() == "OK", "{command:?}: {said}");
}
