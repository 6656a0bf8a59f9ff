//! `RateLimit-Policy` and `RateLimit` (draft-ietf-httpapi-ratelimit-headers), on every answer that a quota touched.
//!
//! `permit` leaves both with the call, for whatever the answer turns out to be.

use actix_web::http::header::{HeaderName, HeaderValue};

use smallvec::SmallVec;

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
    let mut text = SmallVec::<[u8; 160]>::new();
    let mut digits = itoa::Buffer::new();
    for decision in decisions {
        let before: &[u8] = if text.is_empty() { b"\"" } else { b", \"" };
        text.extend_from_slice(before);
        text.extend_from_slice(decision.policy.name().as_bytes());
        text.extend_from_slice(b"\";r=");
        text.extend_from_slice(digits.format(decision.remaining()).as_bytes());
        text.extend_from_slice(b";t=");
        text.extend_from_slice(digits.format(decision.more_after()).as_bytes());
    }
    HeaderValue::from_bytes(&text).unwrap_or(NONE)
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
