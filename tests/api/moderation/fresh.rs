//! Who is fresh to the holding rule: age alone makes nobody known, a counted vote of an earlier day does.
use super::held::on;
use super::one_hand::{Hand, SHIP, SKIP, at_most_twenty, tools};
use super::{Moderator, OTHER, TOOL};
use crate::harness::{Backend, crowd, eventually};
use std::time::Duration;
use tallyship::domain::Timestamp;

crate::both!(old_tokens_without_history_are_fresh);

/// Tokens of visitors who were made two days ago.
fn aged(count: usize) -> Vec<String> {
    use tallyship::auth::{keys::Keys, visitor_token};
    use tallyship::config::Secret;
    use tallyship::domain::VoterId;
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
    // A voter with a counted vote of an earlier day is not fresh.
    hand.all(&tools[3], |nth| if nth % 2 == 0 { SKIP } else { SHIP })
        .await;
    moderator.server.home().two_days_later();
    hand.all(&tools[4], |_| SHIP).await;
    assert_eq!(moderator.client.counts(&tools[4]).await, (120, 0));
    moderator.server.setup.verify().await;
}

/// Whether a voter has a history is one look, however many votes there are.
#[test]
fn a_history_is_looked_up_by_voter_on_postgres() {
    crate::harness::run(async {
        let server = on(Backend::Postgres).env("TALLYSHIP_IDENTITY__SECRET", SECRET);
        let moderator = Moderator::at(server.start().await).await;
        let home = moderator.server.home();
        // Postgres may read a small table by any of its indexes.
        let yesterday = Timestamp::now().plus_seconds(-24 * 3600);
        crowd::fill(home, OTHER, 20_000, yesterday.0);
        home.execute("ANALYZE votes");
        let mut hand = Hand::new(&moderator, 0, "198.51.100.1").await;
        hand.voters = aged(3);
        hand.all(TOOL, |_| SHIP).await;
        let scans = || {
            home.number(
                "SELECT idx_scan AS n FROM pg_stat_user_indexes WHERE indexrelname = 'votes_by_voter'",
            )
        };
        // Postgres may tell of a connection's scans ten seconds later.
        let guard = Duration::from_secs(60);
        eventually("the index is used", guard, async || scans() >= 3).await;
    });
}
