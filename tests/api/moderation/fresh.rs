//! Who is fresh to the holding rule: age alone makes nobody known, a counted vote of an earlier day does.
use super::held::on;
use super::one_hand::{Hand, SHIP, SKIP, at_most_twenty, tools};
use super::{Moderator, TOOL};
use crate::harness::{Backend, eventually};
use std::time::Duration;

crate::both!(old_tokens_without_history_are_fresh);

/// Tokens of visitors who were made two days ago.
fn aged(count: usize) -> Vec<String> {
    use tallyship::auth::{keys::Keys, visitor_token};
    use tallyship::config::Secret;
    use tallyship::domain::{Timestamp, VoterId};
    let keys = Keys::new(&Secret::new(SECRET.to_owned()), None);
    let now = Timestamp::now();
    let made = now.plus_seconds(-2 * 24 * 3600);
    let millis = u64::try_from(made.0 / 1_000).expect("after 1970");
    let tokens = (0..count).map(|n| {
        let id = uuid::Builder::from_unix_timestamp_millis(millis, &[n as u8; 10]).into_uuid();
        visitor_token::sign(&keys, VoterId(id.into_bytes()), now)
    });
    tokens.collect()
}

const SECRET: &str = "a secret of these tests alone, long enough";

async fn old_tokens_without_history_are_fresh(backend: Backend) {
    let server = on(backend).env("TALLYSHIP_IDENTITY__SECRET", SECRET);
    let moderator = Moderator::at(server.start().await).await;
    let tools = tools(&moderator).await;
    let mut hand = Hand::new(&moderator, 0, "198.51.100.1").await;
    hand.voters = aged(120);
    // Three shapes: at once, after a vote of the same day elsewhere, and balanced at first.
    hand.all(&tools[0], |_| SHIP).await;
    hand.all(&tools[1], |nth| if nth % 2 == 0 { SKIP } else { SHIP })
        .await;
    hand.all(&tools[2], |_| SHIP).await;
    hand.all(&tools[1], |_| SHIP).await;
    for tool in &tools[..3] {
        at_most_twenty(&moderator, tool, tool).await;
    }
    // Whoever has a vote that counts, of an earlier day, is not fresh.
    hand.all(&tools[3], |nth| if nth % 2 == 0 { SKIP } else { SHIP })
        .await;
    moderator.server.home().two_days_later();
    hand.all(&tools[4], |_| SHIP).await;
    assert_eq!(moderator.client.counts(&tools[4]).await, (120, 0));
    moderator.server.setup.verify().await;
}

/// Whether a voter has a history is one look, however many tools there are.
#[test]
fn a_history_is_looked_up_by_voter_on_postgres() {
    crate::harness::run(async {
        let server = on(Backend::Postgres).env("TALLYSHIP_IDENTITY__SECRET", SECRET);
        // A table of three rows is read whole, if it may be.
        server.home.execute(
            "DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET enable_seqscan = off', current_database()); END $$",
        );
        let moderator = Moderator::at(server.start().await).await;
        let home = moderator.server.home();
        let tools: String = (0..1_000).map(|n| format!("many-{n},Many\n")).collect();
        home.write("many.csv", format!("slug,name\n{tools}"));
        let imported = moderator
            .server
            .run_cli(&["catalog", "import", "many.csv"])
            .await;
        imported.success("catalog import");
        let scans = |index: &str| {
            home.number(&format!(
                "SELECT coalesce(max(idx_scan), 0)::bigint AS n FROM pg_stat_user_indexes WHERE indexrelname = '{index}'"
            ))
        };
        let before = scans("votes_pkey");
        let mut hand = Hand::new(&moderator, 0, "198.51.100.1").await;
        hand.voters = aged(3);
        hand.all(TOOL, |_| SHIP).await;
        // Postgres tells of its scans once a second at most: of these votes' with their rows.
        let written = || {
            home.number("SELECT n_tup_ins AS n FROM pg_stat_user_tables WHERE relname = 'votes'")
        };
        let guard = Duration::from_secs(30);
        eventually("the scans are counted", guard, async || written() >= 3).await;
        assert!(scans("votes_by_voter") > 0, "the index is used");
        let more = scans("votes_pkey") - before;
        assert!(more < 100, "{more} looks down the primary key");
    });
}
