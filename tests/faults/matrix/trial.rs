//! One fault on one site under load: before, while and after it, and then every book against every other.
//!
//! `matrix` calls it for each row of its table. It must never judge by less than the whole history.
use super::fault::Fault;
use super::site::Site;
use crate::SLACK;
use crate::book::{TOOLS, shown};
use crate::harness::client::Client;
use crate::harness::eventually;
use crate::history::books::{self, Held, Row};
use crate::history::clients::{Recorder, Slot, tally_of};
use crate::history::{Findings, Shown};
use futures_util::future::join_all;
use std::collections::BTreeMap;
use std::time::Duration;

/// Voters at a time, and clients of each.
const SLOTS: usize = 8;
const CLIENTS: u64 = 2;
/// No call waits longer for its answer.
const ANSWER: Duration = Duration::from_secs(5);
/// Known to everybody, and healed from, within this.
const KNOWN: Duration = Duration::from_secs(5);
/// Redis is in use again within this.
const REDIS_BACK: Duration = Duration::from_secs(30);
/// A front that answers at once does not hold its clients back, so they do.
const HASTY: Duration = Duration::from_millis(10);
/// The load as such has this long to come to something.
const LOAD: Duration = Duration::from_secs(60);

/// What a trial came to: one row of the table.
pub struct Outcome {
    pub fault: Fault,
    pub acknowledged: usize,
    pub slowest: Duration,
    pub recovered: Duration,
    pub findings: Findings,
}

impl Outcome {
    /// Takes another trial of the same fault in.
    pub fn add(&mut self, other: &Outcome) {
        self.acknowledged += other.acknowledged;
        self.slowest = self.slowest.max(other.slowest);
        self.recovered = self.recovered.max(other.recovered);
    }
}

/// Votes acknowledged before the fault, while it lasts where they can be, and after it.
pub async fn trial(site: &Site, fault: Fault, votes: usize, seed: u64) -> Outcome {
    let pace = if site.is_hasty() {
        HASTY
    } else {
        Duration::ZERO
    };
    let recorder = Recorder::new(site.instances(), pace);
    let count = (votes + 1_000).to_string();
    let minted = site.cli(&["visitors", "mint", "--count", &count]).await;
    let minted = minted.success("mint").stdout;
    let mut tokens: Vec<String> = minted.lines().map(str::to_owned).collect();
    let probe = tokens.pop().expect("a token");
    let earlier = rows(site).await;

    let slots: Vec<Slot> = (0..SLOTS).map(|_| Slot::default()).collect();
    let clients = (0..SLOTS as u64 * CLIENTS).map(|n| {
        let slot = &slots[n as usize / CLIENTS as usize];
        recorder.client(&site.endpoints, &tokens, slot, seed * 1_000 + n)
    });
    let clients = join_all(clients);
    let streams = (0..site.instances())
        .map(|instance| recorder.subscriber(instance, move || site.url(instance)));
    let streams = join_all(streams);
    let story = async {
        let told = async {
            let told = course(site, fault, &recorder, votes, &probe).await;
            recorder.stop.set(true);
            told
        };
        let ((away, recovered), _) = tokio::join!(told, clients);
        let held = settled(site, &recorder, &tokens, &earlier, &probe).await;
        recorder.hush.set(true);
        (away, recovered, held)
    };
    let ((away, recovered, held), _) = tokio::join!(story, streams);

    let calls = recorder.calls.take();
    let mut findings = books::check(&calls, &away, &held);
    let unanswered = calls.iter().filter(|call| call.status == 0).count();
    if !fault.kills_the_instance() && unanswered > 0 {
        findings
            .other
            .push(format!("{unanswered} calls got no answer"));
    }
    let verified = site.cli(&["verify"]).await;
    if verified.code() != 0 {
        findings.other.push(verified.stdout + &verified.stderr);
    }
    let answered = calls
        .iter()
        .filter(|call| call.status != 0 && call.voter != usize::MAX);
    let slowest = answered.map(|call| call.ended - call.began).max();
    Outcome {
        fault,
        acknowledged: recorder.acknowledged.get(),
        slowest: slowest.unwrap_or_default(),
        recovered,
        findings,
    }
}

/// Load, fault, healing, load; gives the spans without a database, and how long recovery took.
async fn course(
    site: &Site,
    fault: Fault,
    recorder: &Recorder,
    votes: usize,
    probe: &str,
) -> (Vec<(Duration, Duration)>, Duration) {
    more(recorder, votes / 2).await;
    fault.hurt(site).await;
    let hurt = recorder.now();
    let mut away = Vec::new();
    if fault.takes_the_database() {
        if site.is_hasty() {
            // It takes votes all the same.
            more(recorder, votes / 4).await;
        } else {
            let refused = recorder.refused.get() + SLOTS * CLIENTS as usize;
            let told = || recorder.refused.get() >= refused;
            eventually("votes are refused", ANSWER * SLACK, async || told()).await;
        }
        if fault.blinds() {
            let client = &site.clients()[0];
            eventually("a tally is shown, as stale", KNOWN * SLACK, async || {
                let tally = client.tally(TOOLS[0]).await;
                tally["stale"] == true
            })
            .await;
        }
        // What still fits into the files as they are may be taken from a full disk, and what changes nothing needs no right to write;
        // the books say whether it was kept.
        if !matches!(fault, Fault::DiskFull | Fault::PrivilegeRevoked) {
            away.push((hurt, recorder.now()));
        }
    } else if !fault.kills_the_instance() || site.instances() > 1 {
        if fault.loses_redis() {
            eventually("Redis is missed", KNOWN * SLACK, async || {
                !site.all_ready().await
            })
            .await;
        }
        more(recorder, votes / 2).await;
    }
    fault.heal(site).await;
    let guard = if fault.loses_redis() {
        REDIS_BACK
    } else {
        KNOWN
    };
    let recovered = eventually("votes are taken, all is ready", guard * SLACK, async || {
        takes_votes(site, probe).await && site.all_ready().await
    })
    .await;
    more(recorder, votes / 2).await;
    (away, recovered)
}

/// Waits for so many more acknowledged votes.
async fn more(recorder: &Recorder, votes: usize) {
    let wanted = recorder.acknowledged.get() + votes;
    let enough = || recorder.acknowledged.get() >= wanted;
    eventually("votes are acknowledged", LOAD, async || enough()).await;
}

/// Each instance takes a vote, past any front.
async fn takes_votes(site: &Site, token: &str) -> bool {
    let clients = site.clients();
    let calls = clients
        .iter()
        .map(|client| client.vote(token, TOOLS[0], "ship").try_send());
    let answers = join_all(calls).await;
    answers
        .iter()
        .all(|answer| answer.as_ref().is_ok_and(|answer| answer.success()))
}

/// Waits until every instance and every subscriber shows the same, and asks for everything that is held.
async fn settled(
    site: &Site,
    recorder: &Recorder,
    tokens: &[String],
    earlier: &[Row],
    probe: &str,
) -> Held {
    let clients = site.clients();
    // The probe voted past the record; it leaves as it came.
    clients[0].delete_vote(probe, TOOLS[0]).await.expect(200);
    let mut tallies: Vec<[Shown; TOOLS.len()]> = Vec::new();
    let mut events = Vec::new();
    // Whoever is still behind after that is found by the books.
    let agree = async || {
        tallies = join_all(clients.iter().map(shows)).await;
        let seen = recorder.events.borrow();
        events = seen
            .iter()
            .map(|of| of.map(Option::unwrap_or_default))
            .collect();
        tallies
            .iter()
            .chain(&events)
            .all(|shown| *shown == tallies[0])
    };
    let agreed = eventually("all show the same", LOAD, agree);
    let _ = tokio::time::timeout(KNOWN * SLACK, agreed).await;
    let mut own = BTreeMap::new();
    let voters: Vec<usize> = (0..recorder.voters()).collect();
    for group in voters.chunks(16) {
        let asked = group.iter().map(async |voter| {
            let client = &clients[voter % clients.len()];
            let mut votes = Vec::new();
            for (tool, slug) in TOOLS.iter().enumerate() {
                let answer = client.get_vote(&tokens[*voter], slug).await.expect(200);
                let at = answer.json["vote"]["cast_at"].as_str().map(str::to_owned);
                votes.push(((*voter, tool), (shown(&answer), at)));
            }
            votes
        });
        own.extend(join_all(asked).await.into_iter().flatten());
    }
    Held {
        own,
        rows: rows(site).await,
        earlier: earlier.to_vec(),
        tallies,
        events,
    }
}

async fn shows(client: &Client) -> [Shown; TOOLS.len()] {
    let tallies = [client.tally(TOOLS[0]).await, client.tally(TOOLS[1]).await];
    tallies.map(|tally| tally_of(&tally).expect("a tally"))
}

/// Every vote, by the command that exports them.
async fn rows(site: &Site) -> Vec<Row> {
    let exported = site.cli(&["export", "votes"]).await.success("export votes");
    let lines = exported.stdout.lines().skip(1);
    lines
        .map(|line| {
            let fields: Vec<&str> = line.split(',').collect();
            let [tool, voter, choice, at, ..] = fields[..] else {
                panic!("no vote: {line}");
            };
            (tool.into(), voter.into(), choice.into(), at.into())
        })
        .collect()
}
