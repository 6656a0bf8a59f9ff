//! `RateLimit-Policy` and `RateLimit` (draft-ietf-httpapi-ratelimit-headers), on every answer that a quota touched.
//!
//! `permit` leaves both with the call, for whatever the answer turns out to be.

use std::io::Write;

use actix_web::http::header::{HeaderName, HeaderValue};

use smallvec::SmallVec;

use super::{Decision, Policy};
use crate::vocabulary::Quota;

pub(super) const POLICY: HeaderName = HeaderName::from_static("ratelimit-policy");
pub(super) const STATE: HeaderName = HeaderName::from_static("ratelimit");
const NONE: HeaderValue = HeaderValue::from_static("");

/// `RateLimit-Policy` for these quotas; made once.
#[must_use]
pub(super) fn policies(quotas: &[(Policy, Quota)]) -> HeaderValue {
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
    HeaderValue::from_str(&items.join(", ")).unwrap_or(NONE)
}

/// `RateLimit` for what a call met.
#[must_use]
pub(super) fn state(decisions: &[Decision]) -> HeaderValue {
    let mut text = SmallVec::<[u8; 160]>::new();
    for decision in decisions {
        let separator = if text.is_empty() { "" } else { ", " };
        let (name, left, more) = (
            decision.policy.name(),
            decision.remaining(),
            decision.more_after(),
        );
        let _ = write!(text, "{separator}\"{name}\";r={left};t={more}");
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
