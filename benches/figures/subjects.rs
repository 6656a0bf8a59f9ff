//! What is measured: the ceiling and our server on each database, with all processes that work for it.
//!
//! Called by every measurement. Each subject is the default configuration but for quotas raised; what differs is printed.
use crate::cpu;
use crate::harness::postgres::Cluster;
use crate::harness::process::{Process, Scratch};
use crate::harness::redis::Redis;
use crate::harness::server::{Home, Server, Setup};
use crate::harness::{Backend, eventually};
use crate::load::Connection;
use crate::requests::{SECRET, TOOLS, Voters};
use serde_json::json;
use std::collections::BTreeSet;
use std::net::Ipv4Addr;
use std::sync::Arc;
use std::time::Duration;

pub const RAISED: [(&str, &str); 3] = [
    ("TALLYSHIP_LIMITS__VOTES_PER_VOTER", "1000000/1s"),
    ("TALLYSHIP_LIMITS__VOTES_PER_NETWORK", "1000000/1s"),
    ("TALLYSHIP_LIMITS__VISITORS_PER_NETWORK", "1000000/1s"),
];

pub const VOTERS_BANNED: usize = 500;
pub const NETWORKS_BANNED: usize = 100;

/// Something that answers, and the processes whose CPU counts.
pub struct Subject {
    pub name: &'static str,
    pub url: String,
    pids: Vec<u32>,
    _keeps: Box<dyn std::any::Any>,
    pub server: Option<Arc<Server>>,
}

impl Subject {
    pub fn cpu(&self) -> Duration {
        self.pids.iter().map(|pid| cpu::of_family(*pid)).sum()
    }

    /// The first of its processes.
    pub fn pid(&self) -> u32 {
        self.pids[0]
    }

    pub fn server(&self) -> &Arc<Server> {
        self.server.as_ref().expect("a server of ours")
    }
}

pub fn raised(setup: Setup) -> Setup {
    let setup = setup.env("TALLYSHIP_IDENTITY__SECRET", SECRET);
    RAISED
        .iter()
        .fold(setup, |setup, (name, value)| setup.env(name, *value))
}

/// Puts moderation in place, as a site has it after some years: bans of voters and of networks, and on each tool that is
/// voted on a period that is past and one that is to come.
pub async fn moderate(subject: &Subject) {
    let server = subject.server();
    let made = server
        .run_cli(&["token", "create", "--role", "moderator", "--name", "bench"])
        .await
        .success("token create");
    let (token, client) = (made.stdout.trim(), server.client());
    let act = async |path: &str, body: serde_json::Value| {
        let call = client.post(&format!("/v1/moderation/{path}"));
        call.bearer(token).json(&body).send().await.expect(201);
    };
    for n in 0..VOTERS_BANNED {
        let voter = format!("visitor:00000000-0000-4000-8000-{n:012x}");
        act("bans", json!({"voter": voter, "reason": "bench"})).await;
    }
    // A ban holds a network that has voted: each of these does, once.
    let voters = Voters::new();
    for n in 1..=NETWORKS_BANNED {
        let source = Ipv4Addr::new(127, 0, 1, u8::try_from(n).expect("few"));
        let address = server.url.trim_start_matches("http://");
        let mut voter = Connection::open_from(address, source).await;
        assert_eq!(voter.call(&voters.first_vote()).await, 201);
    }
    let seen = client.get(&format!("/v1/moderation/votes?limit={NETWORKS_BANNED}"));
    let seen = seen.bearer(token).send().await.expect(200).json;
    let votes = seen["items"].as_array().expect("votes");
    let networks: BTreeSet<&str> = votes
        .iter()
        .filter_map(|vote| vote["network"].as_str())
        .collect();
    assert_eq!(networks.len(), NETWORKS_BANNED);
    for network in networks {
        act("bans", json!({"network": network, "reason": "bench"})).await;
    }
    for tool in TOOLS {
        for (from, to) in [("2020-01-01", "2020-01-02"), ("2099-01-01", "2099-01-02")] {
            let (from, to) = (format!("{from}T00:00:00Z"), format!("{to}T00:00:00Z"));
            let body = json!({"tool": tool, "from": from, "to": to, "reason": "bench"});
            act("periods", body).await;
        }
    }
}

pub async fn sqlite() -> Subject {
    of_server(
        "SQLite",
        raised(Home::new(Backend::Sqlite).setup()),
        Vec::new(),
        Box::new(()),
    )
    .await
}

pub async fn sqlite_with_redis() -> Subject {
    let redis = Redis::start();
    let setup = raised(Home::new(Backend::Sqlite).setup()).redis(redis.url());
    let pid = redis.pid();
    let subject = of_server("SQLite, Redis", setup, vec![pid], Box::new(redis)).await;
    let admin = subject.server().admin();
    eventually("Redis decides", Duration::from_secs(20), async || {
        admin.get("/readyz").send().await.json["status"] == "ready"
    })
    .await;
    subject
}

pub async fn postgres() -> Subject {
    let cluster = Cluster::private();
    let setup = raised(Home::on(cluster.fresh_database()).setup());
    let pid = cluster.pid();
    of_server("Postgres", setup, vec![pid], Box::new(cluster)).await
}

/// A server whose voters have one vote an hour: what comes after it is refused.
pub async fn strict() -> Subject {
    let setup =
        raised(Home::new(Backend::Sqlite).setup()).env("TALLYSHIP_LIMITS__VOTES_PER_VOTER", "1/1h");
    of_server("SQLite, strict", setup, Vec::new(), Box::new(())).await
}

pub async fn of_server(
    name: &'static str,
    setup: Setup,
    others: Vec<u32>,
    keeps: Box<dyn std::any::Any>,
) -> Subject {
    let server = Arc::new(setup.start().await);
    let mut pids = vec![server.pid()];
    pids.extend(others);
    Subject {
        name,
        url: server.url.clone(),
        pids,
        _keeps: keeps,
        server: Some(server),
    }
}

/// The ceiling, answering GET with `body`.
pub async fn ceiling(name: &'static str, body: &[u8]) -> Subject {
    of_this_bench(&[], "ceiling", name, body).await
}

/// The same, started by another program.
pub async fn ceiling_through(wrapper: &[String], body: &[u8]) -> Subject {
    of_this_bench(wrapper, "ceiling", "ceiling", body).await
}

/// The ceiling that answers after fsync.
pub async fn bare_log() -> Subject {
    of_this_bench(&[], "bare-log", "bare log", &[]).await
}

/// The smallest stream, sending `event` with VERSION replaced.
pub async fn bare_stream(event: &str) -> Subject {
    of_this_bench(&[], "bare-stream", "bare stream", event.as_bytes()).await
}

/// A part of this bench as a process of its own, given a file.
async fn of_this_bench(
    wrapper: &[String],
    part: &str,
    name: &'static str,
    content: &[u8],
) -> Subject {
    let folder = Scratch::new(part);
    let file = folder.path().join("content");
    std::fs::write(&file, content).expect("the content");
    let own = std::env::current_exe()
        .expect("this bench")
        .display()
        .to_string();
    let argv = [own, part.to_owned(), file.display().to_string()];
    let argv = [wrapper, &argv].concat();
    let process = Process::start(part, "KILL", &argv, &[], folder.path());
    let mut url = String::new();
    eventually("it listens", Duration::from_secs(20), async || {
        let printed = process.stdout();
        url = printed
            .trim()
            .trim_start_matches("listening on ")
            .to_owned();
        printed.ends_with('\n')
    })
    .await;
    let pids = vec![process.pid()];
    Subject {
        name,
        url,
        pids,
        _keeps: Box::new((process, folder)),
        server: None,
    }
}
