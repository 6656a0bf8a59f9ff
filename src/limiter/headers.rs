//! `RateLimit-Policy` and `RateLimit` (draft-ietf-httpapi-ratelimit-headers), on every answer that a quota touched.
//!
//! `permit` leaves both with the call, for whatever the answer turns out to be.

use actix_web::http::header::{HeaderName, HeaderValue};

use super::{Decision, Policy};
use crate::vocabulary::Quota;

pub(super) const POLICY: HeaderName = HeaderName::from_static("ratelimit-policy");
pub(super) const STATE: HeaderName = HeaderName::from_static("ratelimit");
const NONE: HeaderValue = HeaderValue::from_static("");

/// `RateLimit-Policy` for these quotas.
#[must_use]
pub(super) fn policies(quotas: &[(Policy, Quota)]) -> HeaderValue {
    HeaderValue::from_str(&text(quotas)).unwrap_or(NONE)
}

fn text(quotas: &[(Policy, Quota)]) -> String {
    let items: Vec<String> = quotas
        .iter()
        .map(|(policy, quota)| {
            format!(
                "\"{}\";q={};w={}",
                policy.name(),
                quota.count,
                quota.period.as_secs()
            )
        })
        .collect();
    items.join(", ")
}

/// The header for the first quota, the first two, and so on: quotas are asked in order, up to the one that refuses. Made once
/// a start, as text that stays: copies that are counted would be counted by all workers in one place.
#[must_use]
pub(super) fn prefixes(quotas: &[(Policy, Quota)]) -> Vec<HeaderValue> {
    (1..=quotas.len())
        .map(|n| text(quotas.get(..n).unwrap_or_default()))
        .map(|text| HeaderValue::from_static(text.leak()))
        .collect()
}

/// `RateLimit` for what a call met.
#[must_use]
pub(super) fn state(decisions: &[Decision]) -> HeaderValue {
    let mut text = String::with_capacity(128);
    let mut digits = itoa::Buffer::new();
    for decision in decisions {
        text.push_str(if text.is_empty() { "\"" } else { ", \"" });
        text.push_str(decision.policy.name());
        text.push_str("\";r=");
        text.push_str(digits.format(decision.remaining()));
        text.push_str(";t=");
        text.push_str(digits.format(decision.more_after()));
    }
    HeaderValue::try_from(text).unwrap_or(NONE)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_contracts_example() {
        let quota = Quota::parse("30/1m").expect("quota");
        let decision = Decision {
            policy: Policy::VotesPerVoter,
            quota,
            ahead: quota.interval_micros(),
            allowed: true,
        };
        assert_eq!(
            policies(&[(Policy::VotesPerVoter, quota)]),
            "\"voter\";q=30;w=60"
        );
        assert_eq!(state(&[decision]), "\"voter\";r=29;t=2");
    }
}
