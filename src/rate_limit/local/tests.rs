//! The limiter in process against GCRA as the literature has it, and what is given back while others call.

use super::super::admitted;
use super::*;
use governor::clock::FakeRelativeClock;
use proptest::prelude::*;
use std::thread;
use std::time::{Duration, Instant};

fn charge(policy: Policy, quota: &str, key: u8) -> Charge {
    Charge {
        policy,
        quota: Quota::parse(quota).expect("quota"),
        key: [key; 16],
    }
}

fn local(charges: &[Charge]) -> Local {
    Local::new(
        &charges
            .iter()
            .map(|charge| (charge.policy, charge.quota))
            .collect::<Vec<_>>(),
    )
}

#[test]
fn a_burst_of_the_quota_and_no_more() {
    let voter = charge(Policy::VotesPerVoter, "30/1h", 1);
    let local = local(&[voter]);
    for left in (0..30).rev() {
        let decisions = local.check([voter]).1;
        assert!(admitted(&decisions));
        assert_eq!(decisions[0].remaining(), left);
    }
    let refused = local.check([voter]).1;
    assert!(!admitted(&refused));
    assert!(
        (119..=120).contains(&refused[0].retry_after()),
        "{}",
        refused[0].retry_after()
    );
    local.give_back(&[voter]);
    assert!(admitted(&local.check([voter]).1) && !admitted(&local.check([voter]).1));
}

/// Redis refuses what was charged here, and it is given back while others are being refused: they have none left.
#[test]
fn a_refusal_leaves_nothing_whatever_is_given_back_beside_it() {
    let voter = charge(Policy::VotesPerVoter, "2/1h", 1);
    let local = local(&[voter]);
    assert!(admitted(&local.check([voter]).1));
    let refusals: usize = thread::scope(|scope| {
        let callers: Vec<_> = (0..4)
            .map(|_| {
                scope.spawn(|| {
                    let mut refusals = 0;
                    for _ in 0..20_000 {
                        let (charged, decisions) = local.check([voter]);
                        if !admitted(&decisions) {
                            refusals += 1;
                            assert_eq!(decisions[0].remaining(), 0);
                        }
                        local.give_back(&charged);
                    }
                    refusals
                })
            })
            .collect();
        let done = callers.into_iter().map(thread::ScopedJoinHandle::join);
        done.map(|refusals| refusals.expect("none panicked")).sum()
    });
    assert!(refusals > 0, "they met");
}

#[test]
fn what_one_quota_refuses_is_charged_to_none() {
    let (voter, network) = (
        charge(Policy::VotesPerVoter, "2/1h", 1),
        charge(Policy::VotesPerNetwork, "1/1h", 2),
    );
    let local = local(&[voter, network]);
    assert!(admitted(&local.check([voter, network]).1));
    for _ in 0..5 {
        assert!(!admitted(&local.check([voter, network]).1));
    }
    assert_eq!(
        local.check([voter]).1[0].remaining(),
        0,
        "one of the voter's two was left"
    );
}

#[test]
fn keys_at_full_quota_are_forgotten() {
    let quick = charge(Policy::VotesPerVoter, "1000/1s", 1);
    let local = local(&[quick]);
    assert!(admitted(&local.check([quick]).1));
    let start = Instant::now();
    while local.keys() > 0 {
        local.sweep();
        assert!(start.elapsed().as_secs() < 5, "never swept");
    }
}

/// What happens to a limiter: time passes, calls come, a call that failed is given back.
#[derive(Debug, Clone)]
enum Step {
    Pass(u64),
    Call,
    GiveBack,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        3 => (0u64..400_000).prop_map(Step::Pass),
        6 => Just(Step::Call),
        1 => Just(Step::GiveBack),
    ];
    prop::collection::vec(step, 1..200)
}

proptest! {
    /// Against GCRA as the literature writes it, in whole microseconds, and against the quota itself: in any span
    /// of time no more than its count and what was refilled meanwhile.
    #[test]
    fn it_is_gcra_and_never_admits_more_than_the_quota(count in 1u32..8, per_call in 1u64..300, steps in steps()) {
        let period = Duration::from_millis(per_call * u64::from(count));
        let quota = Quota { count, period };
        let charge = Charge { policy: Policy::VotesPerVoter, quota, key: [1; 16] };
        let clock = FakeRelativeClock::default();
        let local = Local::with_clock(&[(charge.policy, quota)], &clock);
        let interval = quota.interval_micros();
        let (mut now, mut arrival) = (0_u64, 0_u64);
        let mut admitted_at: Vec<u64> = Vec::new();
        for step in steps {
            match step {
                Step::Pass(micros) => {
                    now += micros;
                    clock.advance(Duration::from_micros(micros));
                }
                Step::Call => {
                    let decision = local.check([charge]).1[0];
                    let ahead = arrival.max(now) - now;
                    let allowed = ahead <= interval * u64::from(count - 1);
                    prop_assert_eq!(decision.allowed, allowed);
                    if allowed {
                        arrival = now + ahead + interval;
                        admitted_at.push(now);
                    } else {
                        let enough = decision.retry_after() * 1_000_000;
                        prop_assert!(ahead <= interval * u64::from(count - 1) + enough, "waiting as told is enough");
                    }
                    prop_assert!(decision.ahead.abs_diff(arrival.saturating_sub(now)) <= 1);
                }
                Step::GiveBack => {
                    if admitted_at.pop().is_some() {
                        local.give_back(&[charge]);
                        arrival = arrival.saturating_sub(interval);
                    }
                }
            }
        }
        for (n, from) in admitted_at.iter().enumerate() {
            for (m, to) in admitted_at.iter().enumerate().skip(n) {
                prop_assert!(((m - n) as u64) < u64::from(count) + (to - from) / interval);
            }
        }
    }
}
