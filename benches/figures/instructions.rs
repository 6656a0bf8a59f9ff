//! Instructions a call in user space, counted by valgrind's callgrind: within some per cent the same in every run, where spans of
//! seconds on shared processors lie up to a half apart. What the kernel does, and what a cache misses, it does not count.
//!
//! Called as a part of its own (`benches/run instructions`); valgrind must be installed.
use crate::harness::process::{Process, Scratch, program, send_signal};
use crate::harness::server::Home;
use crate::harness::{Backend, eventually};
use crate::load::{Connection, Make};
use crate::report::Report;
use crate::requests::{TOOLS, Voters, get, request};
use crate::subjects::{self, Subject, raised};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use tallyship::auth::new_voter;

const CONNECTIONS: u64 = 16;
/// Before the count begins: pools, caches and tables have their size then.
const FIRST: u64 = 500;
const CALLS: u64 = 4_000;

/// What the framework's parser clears for each head that it looks for, whether one is there or not. Hardware clears some
/// kilobytes in a few dozen cycles; valgrind counts each store of it.
const CLEARING: &str = "memset";

/// Instructions of the whole process a call, and those of them that clear memory.
struct Counted {
    all: f64,
    clearing: f64,
}

impl Counted {
    fn counted(&self) -> f64 {
        self.all - self.clearing
    }
}

/// Starts a program under callgrind, which counts nothing yet.
fn wrapper(folder: &Scratch) -> [String; 4] {
    let out = folder.path().join("profile");
    [
        program("valgrind", "valgrind").display().to_string(),
        "--tool=callgrind".to_owned(),
        "--instr-atstart=no".to_owned(),
        format!("--callgrind-out-file={}", out.display()),
    ]
}

/// Tells callgrind in the process what to do.
async fn control(pid: u32, what: &str, folder: &Scratch) {
    let program = program("callgrind_control", "valgrind");
    let argv = [
        program.display().to_string(),
        what.to_owned(),
        pid.to_string(),
    ];
    let control = Process::start("callgrind_control", "KILL", &argv, &[], folder.path());
    control.wait(Duration::from_secs(60)).await.success(what);
}

/// `count` calls in all, over a few connections; each is answered as `expected`.
async fn calls(url: &str, count: u64, make: &Make, expected: u16) {
    let address = url.trim_start_matches("http://");
    let begun = Arc::new(AtomicU64::new(0));
    let mut tasks = Vec::new();
    for _ in 0..CONNECTIONS {
        let (mut connection, make) = (Connection::open(address).await, Arc::clone(make));
        let begun = Arc::clone(&begun);
        tasks.push(tokio::spawn(async move {
            while begun.fetch_add(1, Ordering::Relaxed) < count {
                let status = connection.call(&make()).await;
                // The first vote of a voter who is refused from then on is taken.
                assert!(
                    status == expected || (expected, status) == (429, 201),
                    "{status}"
                );
            }
        }));
    }
    for task in tasks {
        task.await.expect("a connection");
    }
}

async fn count(subject: &Subject, folder: &Scratch, make: Make, expected: u16) -> Counted {
    calls(&subject.url, FIRST, &make, expected).await;
    control(subject.pid(), "--instr=on", folder).await;
    calls(&subject.url, CALLS, &make, expected).await;
    control(subject.pid(), "--instr=off", folder).await;
    let before = last(folder).0;
    control(subject.pid(), "--dump", folder).await;
    let mut text = String::new();
    eventually(
        "the profile is written",
        Duration::from_secs(60),
        async || {
            let (number, profile) = last(folder);
            text = profile;
            number > before && text.contains("\ntotals:")
        },
    )
    .await;
    let own = by_function(&text);
    let sum = |wanted: &str| -> u64 {
        let named = own.iter().filter(|(name, _)| name.contains(wanted));
        named.map(|(_, cost)| cost).sum()
    };
    Counted {
        all: sum("") as f64 / CALLS as f64,
        clearing: sum(CLEARING) as f64 / CALLS as f64,
    }
}

/// The number and the text of the profile that was written last.
fn last(folder: &Scratch) -> (u32, String) {
    let files = std::fs::read_dir(folder.path()).expect("the folder");
    let number = |file: &std::fs::DirEntry| -> u32 {
        let name = file.file_name().into_string().unwrap_or_default();
        let number = name.strip_prefix("profile.");
        number.and_then(|number| number.parse().ok()).unwrap_or(0)
    };
    let last = files.flatten().max_by_key(number).expect("a profile");
    // Names of symbols are any bytes.
    let text = std::fs::read(last.path()).unwrap_or_default();
    (number(&last), String::from_utf8_lossy(&text).into_owned())
}

/// What each function costs by itself (Valgrind Manual, "Callgrind Format Specification": names are written out once, and the
/// line after `calls=` is what those calls came to).
fn by_function(profile: &str) -> BTreeMap<String, u64> {
    let (mut names, mut own) = (BTreeMap::new(), BTreeMap::new());
    let mut function = String::new();
    let mut lines = profile.lines();
    while let Some(line) = lines.next() {
        if let Some(named) = line.strip_prefix("fn=").or(line.strip_prefix("cfn=")) {
            let (id, name) = named.split_once(' ').unwrap_or((named, ""));
            if !name.is_empty() {
                names.insert(id, name);
            }
            if line.starts_with("fn=") {
                function = names.get(id).copied().unwrap_or(id).to_owned();
            }
        } else if line.starts_with("calls=") {
            lines.next();
        } else if line.starts_with(|first: char| first.is_ascii_digit() || "+-*".contains(first))
            && let Some(cost) = line
                .split(' ')
                .nth(1)
                .and_then(|cost| cost.parse::<u64>().ok())
        {
            *own.entry(function.clone()).or_insert(0_u64) += cost;
        }
    }
    own
}

pub async fn measure(report: &mut Report) {
    let voters = Voters::new();
    let votes = {
        let voters = voters.clone();
        Arc::new(move || voters.first_vote()) as Make
    };
    let fixed = |bytes: Vec<u8>| Arc::new(move || bytes.clone()) as Make;
    let one_path = format!("/v1/tools/{}/tally", TOOLS[0]);
    let refused = fixed(request(
        "PUT",
        TOOLS[0],
        &voters.token(new_voter()),
        Some("ship"),
    ));

    let folder = || Scratch::new("instructions");
    let (ours_in, strict_in, bare_in) = (folder(), folder(), folder());
    let setup = |folder: &Scratch| {
        let wrapper = wrapper(folder);
        let wrapper: Vec<&str> = wrapper.iter().map(String::as_str).collect();
        raised(Home::new(Backend::Sqlite).setup()).wrapper(&wrapper)
    };
    let server = async |setup| subjects::of_server("", setup, Vec::new(), Box::new(())).await;
    report.line("\n## Instructions\n\nIn user space, of the whole process, a call; without what clears memory for the framework's parser.\n");
    report.line(
        "| what | instructions a call | of the ceiling | clearing |\n| --- | --- | --- | --- |",
    );
    let mut line = |name: &str, counted: &Counted, ceiling: &Counted| {
        report.line(&format!(
            "| {name} | {:.0} | {:.2} | {:.0} |",
            counted.counted(),
            counted.counted() / ceiling.counted(),
            counted.clearing
        ));
    };

    let ours = server(setup(&ours_in)).await;
    let tally = ours
        .server()
        .client()
        .get(&one_path)
        .send()
        .await
        .expect(200);
    let get_tally = fixed(get(&one_path, None));
    let get_known = fixed(get(&one_path, tally.header("etag")));
    let read = count(&ours, &ours_in, get_tally.clone(), 200).await;
    let unchanged = count(&ours, &ours_in, get_known, 304).await;
    let vote = count(&ours, &ours_in, votes.clone(), 201).await;
    drop(ours);
    let strict = server(setup(&strict_in).env("TALLYSHIP_LIMITS__VOTES_PER_VOTER", "1/1h")).await;
    let refusal = count(&strict, &strict_in, refused, 429).await;
    drop(strict);
    let bare = subjects::ceiling_through(&wrapper(&bare_in), tally.text.as_bytes()).await;
    let put = count(&bare, &bare_in, votes, 204).await;
    let got = count(&bare, &bare_in, get_tally, 200).await;
    send_signal("KILL", &[bare.pid()]);

    line("ceiling PUT", &put, &put);
    line("refused, 429", &refusal, &put);
    line("vote, SQLite", &vote, &put);
    line("ceiling GET", &got, &got);
    line("tally, 200", &read, &got);
    line("tally, 304", &unchanged, &got);
}
