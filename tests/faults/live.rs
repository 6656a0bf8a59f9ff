//! Live streams over two instances: a vote on one reaches the subscribers of the other, by Redis or by Postgres, and what a
//! fault swallows is found again.
//!
//! "Right" means: the last event of every subscriber equals the database's own row. It must never take the word of an instance.
use crate::SLACK;
use crate::book::TOOLS;
use crate::harness::client::Client;
use crate::harness::postgres::Cluster;
use crate::harness::redis::Redis;
use crate::harness::server::{Home, Server, Setup};
use crate::harness::stream::{Event, Stream};
use crate::harness::{eventually, run};
use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

const TOOL: &str = TOOLS[0];
const HEALED: Duration = Duration::from_secs(5);
const SOON: Duration = Duration::from_secs(1);

/// Two instances on a Postgres of their own: connections are cut there.
struct Two {
    cluster: Arc<Cluster>,
    setup: Setup,
    servers: [Server; 2],
    redis: Option<Redis>,
}

impl Two {
    async fn new(redis: Option<Redis>) -> Two {
        let cluster = Cluster::private();
        let mut setup = Home::on(cluster.fresh_database()).setup().generous();
        if let Some(redis) = &redis {
            setup = setup.redis(redis.url());
        }
        let servers = [setup.start().await, setup.start().await];
        Two {
            cluster,
            setup,
            servers,
            redis,
        }
    }

    fn number(&self, column: &str, slug: &str) -> i64 {
        self.setup.home.number(&format!(
            "SELECT a.{column}::bigint AS n FROM tallies a JOIN tools t ON t.id = a.tool_id WHERE t.slug = '{slug}'"
        ))
    }

    /// Whether an event shows the database's row.
    fn is_right(&self, slug: &str, event: &Event) -> bool {
        let count = |side: &str| event.data["community"][side].as_i64().unwrap_or(-1);
        ["ship", "skip", "version"]
            .into_iter()
            .zip([count("ship"), count("skip"), event.version()])
            .all(|(column, shown)| self.number(column, slug) == shown)
    }
}

/// Subscribers that keep the last event of each tool, and notice a version that goes back.
struct Crowd {
    streams: RefCell<Vec<Stream>>,
    last: RefCell<HashMap<(usize, String), Event>>,
}

impl Crowd {
    async fn of(urls: &[&str]) -> Crowd {
        let mut streams = Vec::new();
        for url in urls {
            streams.push(Stream::of(url, &TOOLS.join(",")).await);
        }
        Crowd {
            streams: RefCell::new(streams),
            last: RefCell::default(),
        }
    }

    /// Takes in what comes within `span`.
    async fn listen(&self, span: Duration) {
        let mut streams = self.streams.take();
        let all = streams.iter_mut().map(|stream| stream.gather(span));
        let gathered = futures_util::future::join_all(all).await;
        for (at, events) in gathered.into_iter().enumerate() {
            for event in events.into_iter().filter(|event| event.name == "tally") {
                let slug = event.data["tool"].as_str().expect("a slug").to_string();
                let before = self.last.borrow_mut().insert((at, slug), event.clone());
                if let Some(before) = before {
                    assert!(
                        before.version() < event.version(),
                        "{before:?} then {event:?}"
                    );
                }
            }
        }
        self.streams.replace(streams);
    }

    /// Whether every subscriber's last event of every tool is the database's row.
    fn is_right(&self, two: &Two) -> bool {
        let last = self.last.borrow();
        let subscribers = self.streams.borrow().len();
        last.len() == subscribers * TOOLS.len()
            && last
                .iter()
                .all(|((_, slug), event)| two.is_right(slug, event))
    }

    /// How long it takes until it is.
    async fn heals(&self, two: &Two, what: &str, within: Duration) -> Duration {
        let took = eventually(what, within * SLACK, async || {
            self.listen(Duration::from_millis(100)).await;
            self.is_right(two)
        })
        .await;
        println!("{what}: every last event right after {took:?}");
        took
    }
}

/// Votes on the instances in turn until told to stop; failures count as votes that may or may not be there.
async fn load(clients: &[Client], tokens: &[String], stop: &Cell<bool>) -> usize {
    let mut sent = 0;
    while !stop.get() {
        let (client, token) = (&clients[sent % clients.len()], &tokens[sent % tokens.len()]);
        let choice = ["ship", "skip"][sent / tokens.len() % 2];
        let call = client.vote(token, TOOLS[sent % TOOLS.len()], choice);
        let _ = call.try_send().await;
        sent += 1;
        tokio::time::sleep(Duration::from_millis(5)).await; // a pace, not a wait
    }
    sent
}

/// Load on both, a fault in the midst of it, and all is right within 5 s of its end.
async fn fault(two: &Two, name: &str, hurt: impl Fn(&Two), heal: impl Fn(&Two)) {
    let urls: Vec<&str> = two.servers.iter().map(|s| s.url.as_str()).collect();
    let crowd = Crowd::of(&[urls[0], urls[1], urls[1]]).await;
    let clients: Vec<Client> = two.servers.iter().map(Server::client).collect();
    let tokens = two.setup.mint(20).await;
    let stop = Cell::new(false);
    let story = async {
        crowd.listen(Duration::from_secs(1)).await;
        hurt(two);
        crowd.listen(Duration::from_secs(2)).await;
        heal(two);
        crowd.listen(Duration::from_secs(1)).await;
        stop.set(true);
    };
    let (sent, ()) = tokio::join!(load(&clients, &tokens, &stop), story);
    println!("{name}: {sent} votes");
    crowd.heals(two, name, HEALED).await;
    two.setup.verify().await;
}

#[test]
fn a_vote_reaches_the_other_instance_by_redis_on_postgres() {
    run(async {
        let two = Two::new(Some(Redis::start())).await;
        reaches_the_other(&two).await;
        // The notice alone will do: the row that it names is shown before anybody has looked.
        let redis = two.redis.as_ref().expect("a Redis");
        relayed(&two, async |notices| {
            let publish =
                "for _, notice in ipairs(ARGV) do redis.call('PUBLISH', KEYS[1], notice) end";
            let call = ["EVAL", publish, "1", "tallyship:tallies"];
            redis.cli(&[&call[..], notices].concat());
        })
        .await;
    });
}

#[test]
fn a_vote_reaches_the_other_instance_by_postgres_alone() {
    run(async {
        let two = Two::new(None).await;
        reaches_the_other(&two).await;
        relayed(&two, async |notices| {
            let notices = notices.join("', '");
            two.setup.home.execute(&format!(
                "SELECT pg_notify('tallyship', notice) FROM unnest(ARRAY['{notices}']) AS notice"
            ));
        })
        .await;
    });
}

async fn reaches_the_other(two: &Two) {
    let mut stream = Stream::of(&two.servers[1].url, TOOL).await;
    let client = two.servers[0].client();
    let token = client.visitor().await;
    stream.tally(SOON * SLACK).await;
    let mut times = Vec::new();
    for n in 0..11 {
        let choice = ["ship", "skip"][n % 2];
        let answer = client.put_vote(&token, TOOL, choice).await;
        let answered = Instant::now();
        let event = stream.tally(SOON * SLACK).await;
        assert_eq!(event.data, answer.json["tally"]);
        times.push(event.at.saturating_duration_since(answered));
        tokio::time::sleep(Duration::from_millis(150)).await; // past the pace of a tool
    }
    times.sort();
    println!("from an answer here to its event there: {times:?}");
    assert!(times[10] < SOON * SLACK);
}

/// Notices of rows that the database does not have: only a relay can have brought them. An older one changes nothing. All are told
/// at once, since an instance that looks at the database in between raises all versions above what it was told.
async fn relayed(two: &Two, tell: impl AsyncFn(&[&str])) {
    let mut stream = Stream::of(&two.servers[1].url, TOOL).await;
    stream.tally(SOON * SLACK).await;
    let (tool, version) = (two.number("tool_id", TOOL), two.number("version", TOOL));
    let notice = |ship: i64, version: i64| format!("1 {tool} {ship} 0 3 1 0 {version} 1 0 0 0");
    let (newer, older) = (notice(777, version + 5), notice(555, version + 4));
    tell(&[&newer, &older, "nonsense"]).await;
    let event = stream.tally(SOON * SLACK).await;
    assert_eq!(
        (&event.data["community"]["ship"], event.version()),
        (&777.into(), version + 5)
    );
    // Nothing stops the relay: the next that comes is what the database has, with a version above.
    let event = stream.tally(SOON * SLACK).await;
    let row = two.number("ship", TOOL);
    assert_eq!(event.data["community"]["ship"], row);
    assert!(event.version() > version + 5, "{event:?}");
}
#[test]
fn redis_is_killed_and_restarted_on_postgres() {
    run(async {
        let two = Two::new(Some(Redis::start())).await;
        let redis = |two: &Two, does: fn(&Redis)| does(two.redis.as_ref().expect("a Redis"));
        fault(
            &two,
            "Redis killed",
            |two| redis(two, Redis::kill9),
            |two| redis(two, Redis::restart),
        )
        .await;
        fault(
            &two,
            "Redis hung",
            |two| redis(two, Redis::pause),
            |two| redis(two, Redis::resume),
        )
        .await;
    });
}

#[test]
fn connections_are_cut_on_postgres() {
    run(async {
        let two = Two::new(None).await;
        // Those of relay and follower among them.
        let cut = |two: &Two| {
            two.setup.home.execute(
                "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity \
                 WHERE application_name = 'tallyship' AND pid <> pg_backend_pid()",
            );
        };
        fault(&two, "connections cut", cut, cut).await;
    });
}

#[test]
fn a_commit_that_nobody_published_is_found_on_postgres() {
    run(async {
        let two = Two::new(Some(Redis::start())).await;
        let crowd = Crowd::of(&[&two.servers[0].url, &two.servers[1].url]).await;
        crowd.heals(&two, "at first", HEALED).await;
        // What an instance leaves that dies after its commit: the row, and not a word of it.
        let died = || {
            two.setup.home.execute(
                "UPDATE tallies SET ship = ship + 1, version = version + 1, \
                 updated_at = (extract(epoch FROM now()) * 1000000)::bigint",
            );
        };
        died();
        crowd.heals(&two, "a commit without a word", HEALED).await;
        // From a machine whose clock is an hour slow.
        two.setup.home.execute(
            "UPDATE tallies SET ship = ship + 1, version = version + 1, updated_at = updated_at - 3600000000",
        );
        crowd.heals(&two, "the same by a slow clock", HEALED).await;

        // The twin: an instance that cannot look stays wrong, and is found to be.
        two.servers[1].stop();
        died();
        crowd.listen(Duration::from_millis(1_500)).await;
        assert!(!crowd.is_right(&two), "one instance has not looked");
        two.servers[1].cont();
        crowd.heals(&two, "going on", HEALED).await;
    });
}

#[test]
fn a_database_that_hangs_is_told_on_postgres() {
    run(async {
        let two = Two::new(None).await;
        let mut stream = Stream::of(&two.servers[0].url, TOOL).await;
        let fresh = stream.tally(HEALED * SLACK).await;
        assert!(fresh.data.get("stale").is_none());
        two.cluster.pause();
        let stale = stream.tally(HEALED * SLACK).await;
        assert_eq!(
            (&stale.data["stale"], stale.version()),
            (&true.into(), fresh.version())
        );
        // Who comes now is told so too.
        let mut late = Stream::of(&two.servers[0].url, TOOL).await;
        assert_eq!(late.tally(HEALED * SLACK).await.data["stale"], true);
        two.cluster.resume();
        for stream in [&mut stream, &mut late] {
            assert_eq!(stream.tally(HEALED * SLACK).await.data, fresh.data);
        }
    });
}

#[test]
fn an_instance_is_killed_under_load_on_postgres() {
    run(async {
        let two = Two::new(Some(Redis::start())).await;
        let crowd = Crowd::of(&[&two.servers[1].url, &two.servers[1].url]).await;
        let clients = [two.servers[0].client()];
        let tokens = two.setup.mint(20).await;
        let stop = Cell::new(false);
        let story = async {
            crowd.listen(Duration::from_secs(1)).await;
            two.servers[0].kill9();
            stop.set(true);
        };
        tokio::join!(load(&clients, &tokens, &stop), story);
        crowd.heals(&two, "an instance killed", HEALED).await;
    });
}
