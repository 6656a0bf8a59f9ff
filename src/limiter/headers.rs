//! `RateLimit-Policy` and `RateLimit` (draft-ietf-httpapi-ratelimit-headers), on every answer that a quota touched.
//!
//! `permit` leaves a [`Touched`] on the request; `server` writes it, whatever the answer turned out to be.

use std::fmt::Write;

use actix_web::http::header::{HeaderMap, HeaderName, HeaderValue};

use super::{Decisions, Policy};
use crate::vocabulary::Quota;

const POLICY: HeaderName = HeaderName::from_static("ratelimit-policy");
const STATE: HeaderName = HeaderName::from_static("ratelimit");

/// The decisions that a call met, with the policies behind them.
pub struct Touched {
    pub decisions: Decisions,
    pub policies: HeaderValue,
}

/// `RateLimit-Policy` for these quotas; made once.
#[must_use]
pub fn policies(quotas: &[(Policy, Quota)]) -> HeaderValue {
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
    HeaderValue::from_str(&items.join(", ")).unwrap_or(HeaderValue::from_static(""))
}

impl Touched {
    /// Writes both headers.
    pub fn write(&self, headers: &mut HeaderMap) {
        let mut state = String::with_capacity(64);
        for decision in &self.decisions {
            let separator = if state.is_empty() { "" } else { ", " };
            let (name, left, more) = (
                decision.policy.name(),
                decision.remaining(),
                decision.more_after(),
            );
            let _ = write!(state, "{separator}\"{name}\";r={left};t={more}");
        }
        headers.insert(POLICY, self.policies.clone());
        if let Ok(state) = HeaderValue::from_maybe_shared(bytes::Bytes::from(state)) {
            headers.insert(STATE, state);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::Decision;
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
        let mut headers = HeaderMap::new();
        Touched {
            decisions: vec![decision],
            policies: policies(&[(Policy::VotesPerVoter, quota)]),
        }
        .write(&mut headers);
        assert_eq!(
            headers.get("ratelimit-policy").expect("there"),
            "\"voter\";q=30;w=60"
        );
        assert_eq!(
            headers.get("ratelimit").expect("there"),
            "\"voter\";r=29;t=2"
        );
    }
}
