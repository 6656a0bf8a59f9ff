//! First votes that are written before they are looked for leave what reading all of it first leaves, and what was answered.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use diesel::connection::SimpleConnection;
use diesel::sql_types::Text;
use diesel::{RunQueryDsl, sql_query};
use proptest::prelude::*;

use crate::auth::denylist::Denylist;
use crate::config::{Database, DatabaseUrl};
use crate::domain::{Choice, NetworkHash, OriginHash, Timestamp, VoterId, VoterOrigins};
use crate::infra::db::{self, DbConnection, Purpose, migrate};
use crate::voting::apply::{Barred, CommandOutcome, Key, fold};
use crate::voting::batch::Batch;
use crate::voting::fresh::book::OriginBook;
use crate::voting::fresh::store as origins;
use crate::voting::postgres::TallyRowCache;
use crate::voting::{VoteAction, VoteCommand, VoteError, VoteRecord, batch, exclusions};

/// One is open, two has an excluded period from 5 to 15 and one that is undone, three is frozen, and there is no four. On two
/// stand votes with the marks of both.
const TOOLS: &str = "
    INSERT INTO tools (id, slug, name, updated_at) VALUES (1, 'a', 'A', 0), (2, 'b', 'B', 0), (3, 'c', 'C', 0);
    INSERT INTO tallies (tool_id, updated_at, state, period_end) VALUES (1, 0, 0, 0), (2, 0, 0, 15), (3, 0, 1, 0);
    INSERT INTO removals (kind, tool_id, state, span_from, span_to, reason, made_by, made_at)
        VALUES (2, 2, 1, 5, 15, 'r', 'm', 0), (2, 2, 2, 0, 30, 'r', 'm', 0);
    INSERT INTO votes (tool_id, voter, choice, cast_at, network, token_age, taken_out_by)
        VALUES (2, unhex('00000000000000000000000000000000'), 1, 1, zeroblob(16), 0, 2),
               (2, unhex('01010101010101010101010101010101'), 2, 2, zeroblob(16), 0, 1);
    UPDATE tallies SET ship = 1, aside_skip = 1 WHERE tool_id = 2;";

/// All that a batch writes, as text and in one order.
const DUMP: &str = "
    SELECT 'vote ' || tool_id || ' ' || hex(voter) || ' ' || choice || ' ' || cast_at || ' ' || hex(network) || ' '
        || token_age || ' ' || coalesce(taken_out_by, '') || ' ' || coalesce(origin, '') || ' ' || coalesce(first_choice, '')
        AS line FROM votes
    UNION ALL SELECT 'origin ' || origin || ' ' || tool_id || ' ' || first_ship || ' ' || first_skip || ' ' || now_ship || ' '
        || now_skip || ' ' || counted_ship || ' ' || counted_skip || ' ' || changed || ' ' || hex(sample) FROM origin_sums
    UNION ALL SELECT 'tally ' || tool_id || ' ' || ship || ' ' || skip || ' ' || version || ' ' || updated_at || ' '
        || aside_ship || ' ' || aside_skip FROM tallies
    UNION ALL SELECT 'entry ' || tool_id || ' ' || version || ' ' || at || ' ' || hex(changes) FROM ledger_entries
    ORDER BY line";

struct TestDatabase {
    folder: PathBuf,
    conn: DbConnection,
}

impl TestDatabase {
    fn new() -> Self {
        let folder = std::env::temp_dir().join(format!("tallyship-{}", uuid::Uuid::now_v7()));
        let settings = Database {
            url: DatabaseUrl::Sqlite(folder.join("votes.db")),
            ca_file: None,
        };
        let mut conn = db::create(&settings, Purpose::Write).expect("opens");
        migrate(&mut conn).expect("migrates");
        conn.batch_execute(TOOLS).expect("tools");
        Self { folder, conn }
    }

    /// As the writer does.
    fn record(
        &mut self,
        batch: &[VoteCommand],
        now: Timestamp,
    ) -> Vec<Result<CommandOutcome, VoteError>> {
        let known = &mut TallyRowCache::default();
        let batch = Batch {
            commands: batch,
            names: None,
            denylist: &Denylist::default(),
            erasures: 0,
            now,
        };
        let folded = batch::record(&mut self.conn, known, batch, || false);
        folded.expect("records").outcomes
    }

    /// Step by step, and all is read before anything is written.
    fn read_first(
        &mut self,
        batch: &[VoteCommand],
        now: Timestamp,
    ) -> Vec<Result<CommandOutcome, VoteError>> {
        let tools: BTreeSet<i32> = batch.iter().map(|command| command.tool).collect();
        let keys: BTreeSet<Key> = batch
            .iter()
            .flat_map(|command| {
                [Some(command.voter), command.visitor].map(|voter| (command.tool, voter))
            })
            .filter_map(|(tool, voter)| Some((tool, voter?)))
            .collect();
        let folded = db::write_transaction(&mut self.conn, |conn| {
            let tallies = batch::lock(conn, &tools)?;
            let mut votes = batch::present(conn, &keys)?;
            batch::resolve(conn, &mut votes)?;
            let mut periods = Vec::new();
            for tool in &tools {
                periods.extend(exclusions::periods(conn, *tool)?);
            }
            let mut book = OriginBook::default();
            batch::read_origins(conn, &mut book, batch, now)?;
            origins::read(conn, &mut book, origins::bound(votes.values()))?;
            origins::read_excluded(conn, &mut book, tallies.values())?;
            let barred = Barred::default();
            let mut folded = fold(batch, &tallies, &votes, &barred, &periods, &mut book, now);
            batch::write(conn, &folded, now)?;
            batch::bound_hands(conn, &mut book, batch, &mut folded, now)?;
            Ok::<_, diesel::result::Error>(folded)
        });
        folded.expect("records").outcomes
    }

    fn dump(&mut self) -> Vec<String> {
        let lines: Vec<db::Scalar<Text, String>> =
            sql_query(DUMP).load(&mut self.conn).expect("reads");
        lines.into_iter().map(|line| line.0).collect()
    }
}

impl Drop for TestDatabase {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

fn commands() -> impl Strategy<Value = VoteCommand> {
    let act = prop_oneof![
        3 => Just(VoteAction::Cast(Choice::Ship)),
        3 => Just(VoteAction::Cast(Choice::Skip)),
        1 => Just(VoteAction::Withdraw),
        1 => Just(VoteAction::Claim),
    ];
    let visitor = prop::option::weighted(0.2, 0u8..6);
    (1i32..5, 0u8..6, act, visitor, prop::bool::weighted(0.7)).prop_map(
        |(tool, voter, act, visitor, fresh)| VoteCommand {
            tool,
            voter: VoterId([voter; 16]),
            act,
            visitor: visitor.map(|visitor| VoterId([visitor; 16])),
            network: NetworkHash([voter + 1; 16]),
            token_age: i32::from(voter) * 7,
            origins: fresh.then_some(VoterOrigins {
                network: OriginHash(i64::from(voter % 2)),
                wide: None,
            }),
            ballot: None,
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn written_first_is_what_read_first_is(
        batches in prop::collection::vec(prop::collection::vec(commands(), 1..12), 1..8),
    ) {
        let (mut written, mut read) = (TestDatabase::new(), TestDatabase::new());
        let mut answered: BTreeMap<Key, Option<VoteRecord>> = BTreeMap::new();
        for (n, batch) in (1..).zip(&batches) {
            let now = Timestamp(n * 3);
            let outcomes = written.record(batch, now);
            prop_assert_eq!(&outcomes, &read.read_first(batch, now));
            prop_assert_eq!(written.dump(), read.dump());
            for (command, outcome) in batch.iter().zip(outcomes) {
                let Ok(outcome) = outcome else { continue };
                answered.extend(command.visitor.map(|visitor| ((command.tool, visitor), None)));
                answered.insert((command.tool, command.voter), outcome.vote);
            }
        }
        // Each vote as its voter was told, its mark with it.
        let mut stand = batch::present(&mut written.conn, &answered.keys().copied().collect()).expect("reads");
        batch::resolve(&mut written.conn, &mut stand).expect("reads");
        for (key, vote) in answered {
            prop_assert_eq!(stand.get(&key).copied().filter(VoteRecord::stands), vote);
        }
    }
}
