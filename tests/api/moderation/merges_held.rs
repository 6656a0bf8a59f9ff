//! Merges and the holding rule: one hand moves the target by twenty at most by them too.
use super::Moderator;
use super::held::on;
use super::merges::{counts, merged, sound};
use super::one_hand::{Hand, SHIP, SKIP, at_most_twenty, tools};
use crate::harness::{Backend, eventually};
use std::time::Duration;

crate::both!(one_hand_moves_the_target_by_twenty_at_most);

async fn one_hand_moves_the_target_by_twenty_at_most(backend: Backend) {
    let server = on(backend).env("TALLYSHIP_ABUSE__CLEAR_AFTER", "1s");
    let moderator = Moderator::at(server.start().await).await;
    let tools = tools(&moderator).await;
    let half = |nth: usize| if nth.is_multiple_of(2) { SKIP } else { SHIP };

    // Twenty voters on the tool, and twenty others on the target.
    for tool in &tools[..2] {
        let hand = Hand::new(&moderator, 20, "198.51.100.1").await;
        hand.all(tool, |_| SHIP).await;
    }
    let first = merged(&moderator, &tools[0], &tools[1]).await;
    assert_eq!(moderator.client.counts(&tools[1]).await, (20, 0));

    // On the tool they were a crowd, and on the target they turn.
    let hand = Hand::new(&moderator, 120, "198.51.100.2").await;
    hand.all(&tools[2], half).await;
    let second = merged(&moderator, &tools[2], &tools[3]).await;
    assert_eq!(moderator.client.counts(&tools[3]).await, (60, 60));
    hand.all(&tools[3], |_| SHIP).await;
    at_most_twenty(&moderator, &tools[3], "they turned").await;

    // The merge itself turns votes of the target.
    let mut hand = Hand::new(&moderator, 60, "198.51.100.3").await;
    hand.all(&tools[5], half).await;
    let dissent = Hand::new(&moderator, 10, "198.51.100.3").await;
    dissent.all(&tools[4], |_| SKIP).await;
    hand.voters = hand.voters.into_iter().step_by(2).collect();
    hand.all(&tools[4], |_| SHIP).await;
    assert_eq!(moderator.client.counts(&tools[4]).await, (30, 10));
    let third = merged(&moderator, &tools[4], &tools[5]).await;
    assert_eq!(
        (&third["added"], &third["changed"]),
        (&10.into(), &30.into())
    );
    at_most_twenty(&moderator, &tools[5], "the merge turned them").await;
    sound(&moderator).await;

    for report in [&first, &second, &third] {
        moderator.undo(&report["id"]).await.expect(200);
    }
    at_most_twenty(&moderator, &tools[3], "those who turned stay").await;
    for (tool, left) in [(0, (20, 0)), (2, (60, 60)), (4, (30, 10))] {
        assert_eq!(counts(&moderator, &tools[tool]).await, left);
    }
    // Votes of the target that were set aside count again.
    eventually("the all-clear", Duration::from_secs(60), async || {
        counts(&moderator, &tools[1]).await == (20, 0)
            && counts(&moderator, &tools[5]).await == (30, 30)
    })
    .await;
    sound(&moderator).await;
}
