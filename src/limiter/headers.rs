//! `RateLimit-Policy` and `RateLimit` (draft-ietf-httpapi-ratelimit-headers), on every answer that a quota touched.
//!
//! `permit` leaves a [`Touched`] on the request; `server` writes it, whatever the answer turned out to be.

use std::fmt::Write;

use actix_web::http::header::{HeaderMap, HeaderName, HeaderValue};

use super::Decisions;

/// The decisions that a call met.
pub struct Touched(pub Decisions);

impl Touched {
    /// Writes both headers.
    pub fn write(&self, headers: &mut HeaderMap) {
        let (mut policy, mut state) = (String::with_capacity(64), String::with_capacity(64));
        for decision in &self.0 {
            let separator = if policy.is_empty() { "" } else { ", " };
            let (name, quota) = (decision.policy.name(), decision.quota);
            let _ = write!(
                policy,
                "{separator}\"{name}\";q={};w={}",
                quota.count,
                quota.period.as_secs()
            );
            let _ = write!(
                state,
                "{separator}\"{name}\";r={};t={}",
                decision.remaining(),
                decision.more_after()
            );
        }
        for (name, text) in [("ratelimit-policy", policy), ("ratelimit", state)] {
            if let (false, Ok(value)) = (text.is_empty(), HeaderValue::from_str(&text)) {
                headers.insert(HeaderName::from_static(name), value);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Decision, Policy};
    use super::*;
    use crate::vocabulary::Quota;

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
        Touched(vec![decision]).write(&mut headers);
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
