//! Ten thousand subscribers on one instance: memory, time until the last has a vote's tally, CPU while idle, votes meanwhile;
//! beside the smallest actix-web stream of the same bytes.
//!
//! `benches/run live` calls it alone. Server, bare stream and subscribers are processes of their own (the file limit is one's
//! own); the subscribers share the two cores with the server, so the times are theirs as well.
use crate::harness::eventually;
use crate::harness::process::{Process, Scratch};
use crate::report::{Report, spread};
use crate::requests::{TOOLS, Voters, request};
use crate::subjects::{self, Subject};
use crate::{ceiling, cpu, load, openloop};
use actix_web::HttpResponse;
use actix_web::web::{self, Bytes, Data};
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use tallyship::auth::new_voter;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::watch;

const SUBSCRIBERS: usize = 10_000;
const VOTES: usize = 21;
const IDLE: Duration = Duration::from_secs(16);
/// Votes a second while latency is taken: far above ten publications a second, far below what would fill the machine.
const RATE: f64 = 500.0;
const SPAN: Duration = Duration::from_secs(5);
/// Spans with and without subscribers, in turn: the disk is not the same from one moment to the next.
const ROUNDS: usize = 5;

fn micros() -> u64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH);
    now.expect("after 1970").as_micros() as u64
}

/// The version that the last event in these bytes shows.
fn version(bytes: &[u8]) -> Option<u64> {
    const FIELD: &[u8] = b"\"version\":";
    let at = bytes
        .windows(FIELD.len())
        .rposition(|window| window == FIELD)?;
    let digits = bytes[at + FIELD.len()..]
        .iter()
        .take_while(|byte| byte.is_ascii_digit());
    digits.fold(None, |n: Option<u64>, digit| {
        Some(n.unwrap_or(0) * 10 + u64::from(digit - b'0'))
    })
}

/// Subscribes so many times to `address` and tells on standard output when all have the first event, and then when the last
/// has each version.
pub fn subscribe(address: &str, count: usize) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime");
    let reached: Rc<RefCell<BTreeMap<u64, usize>>> = Rc::default();
    let local = tokio::task::LocalSet::new();
    let tool = TOOLS[0];
    local.block_on(&runtime, async {
        for _ in 0..count {
            let mut socket = TcpStream::connect(address).await.expect("connects");
            let ask = format!("GET /v1/stream?tools={tool} HTTP/1.1\r\nhost: bench\r\n\r\n");
            socket.write_all(ask.as_bytes()).await.expect("asks");
            let reached = Rc::clone(&reached);
            tokio::task::spawn_local(async move {
                let mut bytes = [0; 4096];
                let mut shown = 0;
                loop {
                    let n = socket.read(&mut bytes).await.expect("reads");
                    assert!(n > 0, "the server ended a stream");
                    let Some(newest) = version(&bytes[..n]) else {
                        continue;
                    };
                    let mut reached = reached.borrow_mut();
                    for version in shown.max(newest.saturating_sub(64)) + 1..=newest {
                        let have = reached.entry(version).or_default();
                        *have += 1;
                        if *have == count {
                            println!("all {version} {}", micros());
                        }
                    }
                    shown = newest;
                }
            });
        }
        println!("open");
        std::future::pending::<()>().await;
    });
}

/// The smallest actix-web stream: whoever asks gets the newest event and each later one; a PUT makes the next version.
pub fn bare(event_file: &str) {
    let event = std::fs::read_to_string(event_file).expect("the event");
    let at = move |version: u64| Bytes::from(event.replace("VERSION", &version.to_string()));
    let newest = Data::new(watch::Sender::new((1, at(1))));
    let at = Data::new(at);
    ceiling::run(move |config| {
        let (shared, at) = (newest.clone(), at.clone());
        let read = shared.clone();
        config.service(
            web::resource("/{path:.*}")
                .route(web::put().to(move || {
                    let (shared, at) = (shared.clone(), at.clone());
                    async move {
                        shared.send_modify(|(version, event)| {
                            *version += 1;
                            *event = at(*version);
                        });
                        HttpResponse::Ok().body(format!("\"version\":{}", shared.borrow().0))
                    }
                }))
                .route(web::get().to(move || {
                    let mut changes = read.subscribe();
                    changes.mark_changed();
                    let events = futures_util::stream::unfold(changes, |mut changes| async {
                        changes.changed().await.ok()?;
                        let event = changes.borrow_and_update().1.clone();
                        Some((Ok::<_, std::convert::Infallible>(event), changes))
                    });
                    async {
                        HttpResponse::Ok()
                            .content_type("text/event-stream")
                            .streaming(events)
                    }
                })),
        );
    });
}

fn own(arguments: &[&str], folder: &Scratch) -> Process {
    let exe = std::env::current_exe().expect("this bench");
    let mut argv = vec![exe.display().to_string()];
    argv.extend(arguments.iter().map(|a| (*a).to_owned()));
    Process::start(arguments[0], "KILL", &argv, &[], folder.path())
}

/// The subscribers, all of them connected.
struct Crowd {
    process: Process,
    _folder: Scratch,
}

impl Crowd {
    async fn gather(url: &str) -> Crowd {
        let folder = Scratch::new("crowd");
        let address = url.trim_start_matches("http://");
        let process = own(&["subscribe", address, &SUBSCRIBERS.to_string()], &folder);
        let crowd = Crowd {
            process,
            _folder: folder,
        };
        eventually("all are connected", Duration::from_secs(60), async || {
            assert!(crowd.process.exited().is_none(), "{}", crowd.process.tail());
            crowd.process.stdout().contains("all ")
        })
        .await;
        crowd
    }

    /// When the last had this version, in microseconds since 1970.
    async fn has(&self, version: u64) -> u64 {
        let words = format!("all {version} ");
        let mut at = 0;
        eventually("the last has it", Duration::from_secs(20), async || {
            assert!(self.process.exited().is_none(), "{}", self.process.tail());
            let told = self.process.stdout();
            let line = told.lines().find_map(|line| line.strip_prefix(&words));
            at = line.map_or(0, |at| at.parse().expect("a time"));
            at > 0
        })
        .await;
        at
    }

    /// Single votes, and for each the milliseconds until the last has its tally, sorted.
    async fn votes(&self, url: &str, make: impl Fn() -> Vec<u8>) -> Vec<f64> {
        let mut connection = load::Connection::open(url.trim_start_matches("http://")).await;
        let mut times = Vec::new();
        for _ in 0..VOTES {
            let request = make();
            let began = micros();
            connection.call(&request).await;
            let version = version(connection.answer()).expect("a version");
            times.push((self.has(version).await - began) as f64 / 1e3);
            tokio::time::sleep(Duration::from_millis(400)).await; // single votes, not a load
        }
        times.sort_by(f64::total_cmp);
        times
    }
}

/// What so many subscribers of a process cost each, in KiB.
fn kib_each(before: f64, after: f64) -> f64 {
    (after - before) * 1024.0 / SUBSCRIBERS as f64
}

struct Seen {
    kib: f64,
    idle: f64,
    times: Vec<f64>,
}

async fn watch_crowd(subject: &Subject, pid: u32, make: impl Fn() -> Vec<u8>) -> (Seen, Crowd) {
    let before = cpu::memory(pid);
    let crowd = Crowd::gather(&subject.url).await;
    let times = crowd.votes(&subject.url, make).await;
    let busy = subject.cpu();
    tokio::time::sleep(IDLE).await; // the span over which idle is measured
    let idle = 100.0 * (subject.cpu() - busy).as_secs_f64() / IDLE.as_secs_f64();
    let kib = kib_each(before, cpu::memory(pid));
    (Seen { kib, idle, times }, crowd)
}

fn word(value: f64, must: f64, aim: f64) -> &'static str {
    match value {
        v if v <= aim => "aim reached",
        v if v <= must => "holds",
        _ => "**does not hold**",
    }
}

pub async fn measure(report: &mut Report) {
    let subject = subjects::sqlite().await;
    let voters = Voters::new();
    let vote = || request("PUT", TOOLS[0], &voters.token(new_voter()), Some("ship"));
    let p99 = |times: Vec<Duration>| times[times.len() * 99 / 100].as_secs_f64() * 1e3;

    // Warm, so that what votes cost is there before the subscribers come.
    let quiet = subjects::sqlite().await;
    for subject in [&subject, &quiet] {
        openloop::latencies(subject, RATE, SPAN, &voters).await;
    }
    let (ours, crowd) = watch_crowd(&subject, subject.server().pid(), vote).await;
    let (mut alone, mut among) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        alone.push(p99(openloop::latencies(&quiet, RATE, SPAN, &voters).await));
        among.push(p99(openloop::latencies(&subject, RATE, SPAN, &voters).await));
    }
    drop((crowd, quiet));
    subject.server().verify().await;
    let event = subject
        .server()
        .client()
        .get(&format!("/v1/tools/{}/tally", TOOLS[0]))
        .send()
        .await;
    let shown = format!("\"version\":{}", event.json["version"]);
    let data = event.text.replace(&shown, "\"version\":VERSION");
    let event = format!("event: tally\nid: {}:VERSION\ndata: {data}\n\n", TOOLS[0]);
    drop(subject);

    let bare = subjects::bare_stream(&event).await;
    let pid = bare.pid();
    let put = || request("PUT", TOOLS[0], "x", None);
    let (bare, _crowd) = watch_crowd(&bare, pid, put).await;

    let ((alone, ..), (among, ..)) = (spread(&alone), spread(&among));
    report.line("\n## Live\n");
    report.line(&format!("{SUBSCRIBERS} subscribers of one tool on one instance, SQLite, beside the smallest actix-web stream of the same bytes in the same run. Subscribers, server and load share the cores. Time until the last has a vote's tally: from sending the vote, {VOTES} single votes. Votes meanwhile: {RATE:.0} a second, open loop.\n"));
    report.line(
        "| figure | ours | bare stream | must | aim | |\n| --- | --- | --- | --- | --- | --- |",
    );
    report.line(&format!(
        "| memory a subscriber | {:.2} KiB | {:.2} KiB | {:.2} | {:.2} | {} |",
        ours.kib,
        bare.kib,
        bare.kib + 1.0,
        bare.kib,
        word(ours.kib, bare.kib + 1.0, bare.kib)
    ));
    let (middle, worst) = (ours.times[VOTES / 2], ours.times[VOTES - 1]);
    report.line(&format!(
        "| until the last has it, median (slowest) | {middle:.0} ms ({worst:.0}) | {:.0} ms ({:.0}) | 300 | 150 | {} |",
        bare.times[VOTES / 2],
        bare.times[VOTES - 1],
        word(worst, 300.0, 150.0)
    ));
    report.line(&format!(
        "| CPU while idle, of a core | {:.2} % | {:.2} % | 2 | 2 | {} |",
        ours.idle,
        bare.idle,
        word(ours.idle, 2.0, 2.0)
    ));
    report.line(&format!(
        "| p99 of votes among them ({alone:.1} ms without; medians of {ROUNDS} spans in turn) | {among:.1} ms | | {:.1} | {:.1} | {} |",
        alone * 2.0,
        alone * 2.0,
        word(among, alone * 2.0, alone * 2.0)
    ));
}
