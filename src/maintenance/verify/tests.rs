//! The daily recount on a real SQLite: people vote between its snapshot and the ledger, and it is right to the vote.

use diesel::connection::SimpleConnection;
use proptest::prelude::*;

use super::ledger_sums::LedgerSums;
use super::stream;
use super::{Accounts, Difference, Fault};
use crate::auth::denylist::Denylist;
use crate::config::{Database, DatabaseUrl};
use crate::domain::{Choice, NetworkHash, Timestamp, VoterId};
use crate::infra::db::{self, DbConnection, Purpose, migrate};
use crate::voting::VoteCommand;
use crate::voting::batch::{self, Batch};
use crate::voting::postgres::TallyRowCache;

const TOOL: i32 = 1;

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

    /// One pass of the daily recount; `between` the snapshot and the ledger something may happen.
    fn pass(&mut self, mut between: impl FnMut(&mut Self)) -> Vec<Difference> {
        let read = |conn: &mut DbConnection| Accounts::read(conn, |_| Ok(()));
        let mut accounts = stream::in_snapshot(&mut self.reader, read).expect("reads");
        between(self);
        let versions = accounts.tallies.iter();
        let mut ledger =
            LedgerSums::until(versions.map(|(_, row)| (row.tool, row.version)).collect());
        let now = loop {
            let at_end = |conn: &mut DbConnection| stream::tallies(conn);
            let step = ledger.step(&mut self.reader, at_end);
            if let Some(now) = step.expect("reads") {
                break now;
            }
        };
        accounts.add_ledger(ledger, now.into_iter().map(|(_, row)| row));
        accounts.differences()
    }
}

impl Drop for TestDatabase {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.folder);
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

    /// Whatever is cast, changed and withdrawn between snapshot and ledger: no difference; and with a vote too much in the tally that.
    #[test]
    fn a_pass_is_right_while_people_vote(before in acts(), during in acts(), each in 1..20_usize) {
        let mut database = TestDatabase::new();
        for Act(tool, voter, choice) in before {
            database.vote(tool, voter, choice);
        }
        for added in [0, 1] {
            database.execute(&format!("UPDATE tallies SET ship = ship + {added} WHERE tool_id = 1"));
            let mut left = during.clone();
            let found = database.pass(|database| {
                for Act(tool, voter, choice) in left.drain(..each.min(left.len())) {
                    database.vote(tool, voter, choice);
                }
            });
            let faults: Vec<_> = found.iter().map(|found| (found.id, &found.faults, found.drift())).collect();
            let expected = vec![Fault::Votes, Fault::Ledger];
            prop_assert_eq!(faults, if added == 0 { vec![] } else { vec![(TOOL, &expected, 1)] });
        }
    }
}

#[test]
fn what_moves_many_votes_between_snapshots_is_no_difference() {
    let mut database = TestDatabase::new();
    for voter in 0..9 {
        database.vote(TOOL, voter, Some(Choice::Ship));
    }
    let removal = "INSERT INTO removals (id, kind, tool_id, state, reason, made_by, made_at) VALUES (7, 1, 1, 1, '', '', 0); \
                   UPDATE votes SET taken_out_by = 7 WHERE voter = (SELECT min(voter) FROM votes); \
                   INSERT INTO bulk_events VALUES (1, 100, 7, -1, 0, 0, 0); \
                   UPDATE tallies SET ship = ship - 1, aside_ship = 1, version = 100, revision = revision + 1 WHERE tool_id = 1;";
    let mut done = false;
    let found = database.pass(|database| {
        if !std::mem::replace(&mut done, true) {
            database.execute(removal);
        }
    });
    assert_eq!(found, Vec::new());
    // Its entry has no checksum of the vote that it moved.
    let found = database.pass(|_| {});
    assert_eq!(found[0].faults, [Fault::Voters]);
    // An erasure renames a voter in votes and ledger, and says so by the revision.
    let rename = "UPDATE votes SET voter = zeroblob(15) || x'77' WHERE voter = (SELECT max(voter) FROM votes); \
                  UPDATE bulk_events SET sketch = 1; UPDATE tallies SET revision = revision + 1 WHERE tool_id = 1;";
    let mut done = false;
    let found = database.pass(|database| {
        if !std::mem::replace(&mut done, true) {
            database.execute(rename);
        }
    });
    assert_eq!(found, Vec::new());
}

#[test]
fn a_tool_that_is_created_meanwhile_is_not_unknown() {
    let mut database = TestDatabase::new();
    let tool = "INSERT INTO tools (id, slug, name, updated_at) VALUES (3, 'c', 'C', 0); \
                INSERT INTO tallies (tool_id, updated_at) VALUES (3, 0);";
    let mut done = false;
    let found = database.pass(|database| {
        if !std::mem::replace(&mut done, true) {
            database.execute(tool);
            database.vote(3, 1, Some(Choice::Skip));
        }
    });
    assert_eq!(found, Vec::new());
}
