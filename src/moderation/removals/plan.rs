//! [`Plan`]: what a preview gives, and a reset can name, so that nothing is taken out that nobody has seen.

use crate::domain::Timestamp;

/// Names what a preview showed: the window's end in microseconds, and a hash over tool, criteria and every matched vote.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan {
    pub to: Timestamp,
    pub hash: String,
}

impl Plan {
    /// Reads what a preview gave.
    pub fn parse(text: &str) -> Option<Self> {
        let (to, hash) = text.split_once('-')?;
        let digits = hash.len() == 64 && hash.bytes().all(|byte| byte.is_ascii_hexdigit());
        let to = i64::from_str_radix(to, 16).ok().filter(|_| digits)?;
        Some(Self {
            to: Timestamp(to),
            hash: hash.to_ascii_lowercase(),
        })
    }

    /// As a preview gives it.
    pub fn text(to: Timestamp, hash: &str) -> String {
        format!("{:x}-{hash}", to.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plan_reads_as_it_was_written() {
        let text = Plan::text(Timestamp(1_795_485_600_000_000), &"0a".repeat(32));
        let plan = Plan::parse(&text).expect("a plan");
        assert_eq!(plan.to, Timestamp(1_795_485_600_000_000));
        assert_eq!(Plan::text(plan.to, &plan.hash), text);
        for bad in ["", "x", "1-", "1-0a", &format!("g-{}", "0a".repeat(32))] {
            assert_eq!(Plan::parse(bad), None, "{bad}");
        }
    }
}
