//! `RateLimit-Policy` and `RateLimit` (draft-ietf-httpapi-ratelimit-headers), on every answer that a quota touched.
//!
//! `permit` leaves both with the call, for whatever the answer turns out to be.

use std::io::{self, Write};

use actix_web::http::header::{HeaderName, HeaderValue};

use super::{Decision, Policy};
use crate::domain::Quota;

pub(super) const POLICY: HeaderName = HeaderName::from_static("ratelimit-policy");
pub(super) const STATE: HeaderName = HeaderName::from_static("ratelimit");
const NONE: HeaderValue = HeaderValue::from_static("");

/// `RateLimit-Policy` for these quotas.
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
pub(super) fn prefixes(quotas: &[(Policy, Quota)]) -> Vec<HeaderValue> {
    (1..=quotas.len())
        .map(|n| text(quotas.get(..n).unwrap_or_default()))
        .map(|text| HeaderValue::from_static(text.leak()))
        .collect()
}

/// `RateLimit` for what a call met. Put together on the stack and copied once, into just as many bytes: of a text with capacity
/// to spare, a header's value would keep a count in memory of its own.
pub(super) fn state(decisions: &[Decision]) -> HeaderValue {
    let mut text = [0; 64 * 3];
    let written = write_state(&mut text, decisions).unwrap_or_default();
    let text = text.get(..written).unwrap_or_default();
    HeaderValue::from_bytes(text).unwrap_or(NONE)
}

/// How many bytes of `text` it took.
fn write_state(text: &mut [u8], decisions: &[Decision]) -> io::Result<usize> {
    let capacity = text.len();
    let mut left = text;
    let mut digits = itoa::Buffer::new();
    for decision in decisions {
        let begun: &[u8] = if left.len() == capacity {
            b"\""
        } else {
            b", \""
        };
        left.write_all(begun)?;
        left.write_all(decision.policy.name().as_bytes())?;
        left.write_all(b"\";r=")?;
        left.write_all(digits.format(decision.remaining()).as_bytes())?;
        left.write_all(b";t=")?;
        left.write_all(digits.format(decision.more_after()).as_bytes())?;
    }
    Ok(capacity - left.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_documented_example() {
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

    #[test]
    fn the_longest_fits() {
        let quota = Quota::parse("4294967295/24h").expect("quota");
        let decision = |policy| Decision {
            policy,
            quota,
            ahead: 0,
            allowed: true,
        };
        let all = [
            Policy::VisitorsPerWide,
            Policy::VisitorsPerWide,
            Policy::VisitorsPerWide,
        ];
        let text = state(&all.map(decision));
        let text = text.to_str().expect("text");
        assert_eq!(text.matches("r=4294967295;t=").count(), 3, "{text}");
    }
}
