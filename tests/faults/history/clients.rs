//! Clients that vote, change, withdraw and look, two for each voter, and note every call; subscribers that note every event.
//!
//! `matrix` lets them loose. They must never wait for each other, nor leave a call out.
use super::{Call, Kind, Shown};
use crate::book::{Choice, Dice, TOOLS, shown};
use crate::harness::client::{Answer, Client};
use crate::harness::stream::{Next, Stream};
use serde_json::Value;
use std::cell::{Cell, RefCell};
use std::time::{Duration, Instant};

/// A voter is replaced by the next after so many calls, so that a register's history can be searched.
const LIFE: usize = 40;
/// The pace of clients that were refused, and of subscribers whom nobody answers.
const PAUSE: Duration = Duration::from_millis(30);

pub struct Recorder {
    start: Instant,
    pub calls: RefCell<Vec<Call>>,
    pub acknowledged: Cell<usize>,
    pub refused: Cell<usize>,
    /// Clients stop.
    pub stop: Cell<bool>,
    /// Subscribers stop too.
    pub hush: Cell<bool>,
    /// The newest event of each tool, by instance.
    pub events: RefCell<Vec<[Option<Shown>; TOOLS.len()]>>,
    next_voter: Cell<usize>,
    /// A rest after each call.
    pace: Duration,
}

/// What two clients share: the voter, and how many calls were made for it.
#[derive(Default)]
pub struct Slot {
    voter: Cell<Option<usize>>,
    calls: Cell<usize>,
}

pub fn tally_of(json: &Value) -> Option<Shown> {
    Some(Shown {
        version: json["version"].as_i64()?,
        counts: (
            json["community"]["ship"].as_i64()?,
            json["community"]["skip"].as_i64()?,
        ),
    })
}

impl Recorder {
    pub fn new(instances: usize, pace: Duration) -> Recorder {
        Recorder {
            start: Instant::now(),
            calls: RefCell::default(),
            acknowledged: Cell::new(0),
            refused: Cell::new(0),
            stop: Cell::new(false),
            hush: Cell::new(false),
            events: RefCell::new(vec![[None; TOOLS.len()]; instances]),
            next_voter: Cell::new(0),
            pace,
        }
    }

    pub fn now(&self) -> Duration {
        self.start.elapsed()
    }

    /// How many voters have had a client.
    pub fn voters(&self) -> usize {
        self.next_voter.get()
    }

    fn voter(&self, slot: &Slot) -> usize {
        let calls = slot.calls.get();
        if let Some(voter) = slot.voter.get().filter(|_| calls < LIFE) {
            slot.calls.set(calls + 1);
            return voter;
        }
        let voter = self.next_voter.replace(self.next_voter.get() + 1);
        slot.voter.set(Some(voter));
        slot.calls.set(1);
        voter
    }

    /// One client, until it is told to stop.
    pub async fn client(
        &self,
        endpoints: &RefCell<Vec<Client>>,
        tokens: &[String],
        slot: &Slot,
        seed: u64,
    ) {
        let mut dice = Dice(seed);
        while !self.stop.get() {
            let voter = self.voter(slot);
            let token = tokens.get(voter).expect("voters enough");
            let (tool, instance) = {
                let endpoints = endpoints.borrow().len() as u64;
                (dice.below(TOOLS.len() as u64), dice.below(endpoints))
            };
            let (tool, instance) = (tool as usize, instance as usize);
            let client = endpoints.borrow()[instance].clone();
            let command: Choice = [Some("ship"), Some("skip"), None][dice.below(3) as usize];
            let (kind, call) = match (dice.below(10), command) {
                (0..=6, Some(choice)) => (
                    Kind::Write(command),
                    client.vote(token, TOOLS[tool], choice),
                ),
                (0..=6, None) => (Kind::Write(None), client.withdrawal(token, TOOLS[tool])),
                (7..=8, _) => {
                    let path = format!("/v1/tools/{}/vote", TOOLS[tool]);
                    (Kind::Read, client.get(&path).bearer(token))
                }
                _ => {
                    let path = format!("/v1/tools/{}/tally", TOOLS[tool]);
                    (Kind::Tally, client.get(&path))
                }
            };
            let began = self.now();
            let answer = call.try_send().await.ok();
            let noted = self.note(voter, tool, instance, kind, began, answer.as_ref());
            let rest = if noted.success() { self.pace } else { PAUSE };
            if !rest.is_zero() {
                tokio::time::sleep(rest).await;
            }
        }
    }

    fn note(
        &self,
        voter: usize,
        tool: usize,
        instance: usize,
        kind: Kind,
        began: Duration,
        answer: Option<&Answer>,
    ) -> Call {
        let json = |answer: &Answer| match kind {
            Kind::Tally => tally_of(&answer.json),
            _ => tally_of(&answer.json["tally"]),
        };
        let told = answer.filter(|answer| answer.success());
        let call = Call {
            voter,
            tool,
            instance,
            kind,
            began,
            ended: self.now(),
            status: answer.map_or(0, |answer| answer.status),
            vote: told.filter(|a| a.json["vote"].is_object()).map(shown),
            tally: told.and_then(json),
        };
        if call.acknowledged() {
            self.acknowledged.set(self.acknowledged.get() + 1);
        }
        if call.status == 503 {
            self.refused.set(self.refused.get() + 1);
        }
        self.calls.borrow_mut().push(call);
        call
    }

    /// A subscriber of an instance, who comes again whenever the stream ends.
    pub async fn subscriber(&self, instance: usize, url: impl Fn() -> String) {
        let query = format!("?tools={}", TOOLS.join(","));
        while !self.hush.get() {
            let began = self.now();
            let Ok(Ok(mut stream)) = Stream::try_open(&url(), &query, &[]).await else {
                tokio::time::sleep(PAUSE).await;
                continue;
            };
            while !self.hush.get() {
                match stream.next(PAUSE).await {
                    Next::Event(event) if event.name == "tally" => {
                        self.event(instance, began, &event.data);
                    }
                    Next::Event(_) | Next::Nothing => {}
                    Next::Ended | Next::Broken => break,
                }
            }
        }
    }

    fn event(&self, instance: usize, began: Duration, data: &Value) {
        let tool = TOOLS.iter().position(|tool| data["tool"] == *tool);
        let tool = tool.expect("a tool that was asked for");
        let shown = tally_of(data).expect("a tally");
        self.events.borrow_mut()[instance][tool] = Some(shown);
        self.calls.borrow_mut().push(Call {
            voter: usize::MAX,
            tool,
            instance,
            kind: Kind::Tally,
            // When it was sent is not known; not before the stream was opened.
            began,
            ended: self.now(),
            status: 200,
            vote: None,
            tally: Some(shown),
        });
    }
}
