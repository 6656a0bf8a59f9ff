//! The gentle recount on a real SQLite: people vote between its pages, and it is right to the vote.

use diesel::connection::SimpleConnection;
use proptest::prelude::*;

use super::pages::{Held, Step, Walk};
use super::sums::Sums;
use crate::auth::denylist::Denylist;
use crate::config::{Database, DatabaseUrl};
use crate::domain::{Choice, NetworkHash, Timestamp, VoterId};
use crate::infra::db::{self, DbConnection, Purpose, migrate};
use crate::voting::VoteCommand;
use crate::voting::batch::{self, Batch};
use crate::voting::postgres::TallyRowCache;

const TOOL: i32 = 1;
/// Votes of a page.
const SIZE: usize = 4;

struct TestDatabase {
    folder: std::path::PathBuf,
    writer: DbConnection,
    reader: DbConnection,
}

impl TestDatabase {
    fn new() -> Self {
        let folder = std::env::temp_dir().join(format!("tallyship-{}", uuid::Uuid::now_v7()));
        let settings = Database {
            url: DatabaseUrl::Sqlite(folder.join("votes.db")),
            ca_file: None,
        };
        let mut writer = db::create(&settings, Purpose::Write).expect("opens");
        migrate(&mut writer).expect("migrates");
        let tools = "INSERT INTO tools (id, slug, name, updated_at) VALUES (1, 'a', 'A', 0), (2, 'b', 'B', 0); \
                     INSERT INTO tallies (tool_id, updated_at) VALUES (1, 0), (2, 0);";
        writer.batch_execute(tools).expect("two tools");
        let reader = db::open(&settings, Purpose::Read).expect("opens");
        Self {
            folder,
            writer,
            reader,
        }
    }

    fn vote(&mut self, tool: i32, voter: u8, choice: Option<Choice>) {
        let command = VoteCommand {
            tool,
            voter: VoterId([voter; 16]),
            act: choice.into(),
            visitor: None,
            network: NetworkHash::NONE,
            token_age: 0,
            origins: None,
            ballot: None,
        };
        let batch = Batch {
            commands: &[command],
            names: None,
            denylist: &Denylist::default(),
            erasures: 0,
            now: Timestamp(1),
        };
        let known = &mut TallyRowCache::default();
        batch::record(&mut self.writer, known, batch, || false).expect("records");
    }

    fn execute(&mut self, sql: &str) {
        self.writer.batch_execute(sql).expect(sql);
    }

    /// Walks to the end; `between` two steps something may happen.
    fn walk(&mut self, mut between: impl FnMut(&mut Self)) -> Step {
        let mut walk = Walk::new(TOOL, SIZE);
        loop {
            match walk.step(&mut self.reader).expect("reads").expect("a tool") {
                Step::More => between(self),
                end => return end,
            }
        }
    }

    fn ledger(&mut self, tool: i32) -> Held {
        let mut sums = Sums::default();
        loop {
            if let Some(held) = sums.step(&mut self.reader).expect("reads") {
                return held[&tool];
            }
        }
    }
}

impl Drop for TestDatabase {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

fn drift(step: Step) -> u64 {
    match step {
        Step::Done(held) => held.drift(),
        other => panic!("{other:?}"),
    }
}

/// What one of the voters 0..20 does on one of the tools.
#[derive(Debug, Clone, Copy)]
struct Act(i32, u8, Option<Choice>);

fn acts() -> impl Strategy<Value = Vec<Act>> {
    let choice = prop_oneof![
        Just(None),
        Just(Some(Choice::Ship)),
        Just(Some(Choice::Skip))
    ];
    prop::collection::vec(
        (1..=2, 0..20_u8, choice).prop_map(|(a, b, c)| Act(a, b, c)),
        0..40,
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(25))]

    /// Whatever is cast, changed and withdrawn between pages, on them or beyond them: no drift; and with a vote too much
    /// in the tally exactly one.
    #[test]
    fn pages_are_right_while_people_vote(before in acts(), during in acts(), each in 1..5_usize) {
        let mut database = TestDatabase::new();
        for Act(tool, voter, choice) in before {
            database.vote(tool, voter, choice);
        }
        for added in [0, 1] {
            database.execute(&format!("UPDATE tallies SET ship = ship + {added} WHERE tool_id = 1"));
            let mut left = during.clone();
            let end = database.walk(|database| {
                for Act(tool, voter, choice) in left.drain(..each.min(left.len())) {
                    database.vote(tool, voter, choice);
                }
            });
            prop_assert_eq!(drift(end), added);
            prop_assert_eq!(database.ledger(TOOL).drift(), added);
            prop_assert_eq!(database.ledger(2).drift(), 0);
        }
    }
}

#[test]
fn what_moves_many_votes_begins_the_walk_again() {
    let mut database = TestDatabase::new();
    for voter in 0..9 {
        database.vote(TOOL, voter, Some(Choice::Ship));
    }
    let removal = "INSERT INTO removals (id, kind, tool_id, state, reason, made_by, made_at) VALUES (7, 1, 1, 1, '', '', 0); \
                   UPDATE votes SET taken_out_by = 7 WHERE voter = (SELECT min(voter) FROM votes); \
                   INSERT INTO bulk_events VALUES (1, 100, 7, -1, 0, 0, 0); \
                   UPDATE tallies SET ship = ship - 1, aside_ship = 1, version = 100 WHERE tool_id = 1;";
    let mut done = false;
    let end = database.walk(|database| {
        if !std::mem::replace(&mut done, true) {
            database.execute(removal);
        }
    });
    assert_eq!(end, Step::Moved);
    // Set aside, it is not counted.
    assert_eq!(drift(database.walk(|_| {})), 0);
    assert_eq!(database.ledger(TOOL).drift(), 0);
    // An erasure may move a vote from a page that was read to one that was not.
    let mut done = false;
    let end = database.walk(|database| {
        if !std::mem::replace(&mut done, true) {
            database.execute("UPDATE tallies SET revision = revision + 1 WHERE tool_id = 1");
        }
    });
    assert_eq!(end, Step::Moved);
}

#[test]
fn a_page_that_is_just_full_is_not_the_last() {
    let mut database = TestDatabase::new();
    for voter in 0..u8::try_from(2 * SIZE).expect("few") {
        database.vote(TOOL, voter, Some(Choice::Skip));
    }
    // Beyond what was read somebody comes and goes.
    let mut done = 0;
    let end = database.walk(|database| {
        database.vote(TOOL, 200, (done == 0).then_some(Choice::Ship));
        done += 1;
    });
    assert!(done >= 2);
    assert_eq!(drift(end), 0);
    // And somebody beyond, whom no page has seen, goes before the last is read.
    database.vote(TOOL, 200, Some(Choice::Ship));
    let mut walk = Walk::new(TOOL, 2 * SIZE + 1);
    assert_eq!(
        walk.step(&mut database.reader).expect("reads"),
        Some(Step::More)
    );
    database.vote(TOOL, 200, None);
    database.vote(TOOL, 201, Some(Choice::Ship));
    database.vote(TOOL, 201, None);
    let end = loop {
        match walk
            .step(&mut database.reader)
            .expect("reads")
            .expect("a tool")
        {
            Step::More => {}
            end => break end,
        }
    };
    assert_eq!(drift(end), 0);
}
