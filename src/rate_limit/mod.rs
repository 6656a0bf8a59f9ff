//! Quotas by GCRA: in process always, first; in Redis too when there is one, exact across instances.
//!
//! `permit` is what routes call. A lost, slow or hanging Redis may cost a caller a few milliseconds, never an answer.

pub mod headers;
pub mod local;
pub mod rate_limiter;
pub mod redis;
pub mod redis_worker;
pub mod replay;
mod tat_store;

use smallvec::SmallVec;

use crate::domain::Quota;

/// The quotas there are; each counts its own keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Policy {
    VotesPerVoter,
    VotesPerNetwork,
    VisitorsPerNetwork,
    /// The same for the /48 around an IPv6 network, [`WIDE`] times as many: whoever has one has 65,536 networks.
    VotesPerWide,
    VisitorsPerWide,
    /// Sign-ins of staff that failed.
    SignInsPerNetwork,
    /// Reads of a voter's own votes, which the database answers.
    OwnReadsPerVoter,
}

impl Policy {
    /// The name in the `RateLimit` headers.
    pub fn name(self) -> &'static str {
        match self {
            Self::VotesPerVoter => "voter",
            Self::VotesPerNetwork => "network",
            Self::VisitorsPerNetwork => "visitors",
            Self::VotesPerWide => "network-48",
            Self::VisitorsPerWide => "visitors-48",
            Self::SignInsPerNetwork => "sign-ins",
            Self::OwnReadsPerVoter => "own-reads",
        }
    }

    /// Keeps the keys of one policy apart from another's.
    fn tag(self) -> u8 {
        match self {
            Self::VotesPerVoter => b'v',
            Self::VotesPerNetwork => b'n',
            Self::VisitorsPerNetwork => b'm',
            Self::VotesPerWide => b'w',
            Self::VisitorsPerWide => b'x',
            Self::SignInsPerNetwork => b's',
            Self::OwnReadsPerVoter => b'o',
        }
    }
}

/// How many networks' quotas a /48 has: a home or an office often has a whole one, a carrier gives each customer a /64
/// in it.
const WIDE: u32 = 16;

/// The quota of a /48.
fn wide(quota: Quota) -> Quota {
    times(quota, WIDE)
}

fn times(quota: Quota, factor: u32) -> Quota {
    // No quota has more calls than its period has microseconds.
    let most = u32::try_from(quota.period.as_micros()).unwrap_or(u32::MAX);
    Quota {
        count: quota.count.saturating_mul(factor).min(most),
        ..quota
    }
}

/// One quota to be charged for one key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Charge {
    pub policy: Policy,
    pub quota: Quota,
    pub key: [u8; 16],
}

/// What a quota says of one call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Decision {
    pub policy: Policy,
    pub quota: Quota,
    /// How far the theoretical arrival time lies ahead, in microseconds, after this call was (or was not) charged.
    pub ahead: u64,
    pub allowed: bool,
}

impl Decision {
    /// Whole calls left at this moment.
    pub fn remaining(&self) -> u64 {
        let interval = self.quota.interval_micros();
        (interval * u64::from(self.quota.count)).saturating_sub(self.ahead) / interval
    }

    /// Seconds, rounded up, until one call more is left than now.
    pub fn more_after(&self) -> u64 {
        let interval = self.quota.interval_micros();
        let free = (interval * u64::from(self.quota.count)).saturating_sub(self.ahead);
        (interval - free % interval).div_ceil(1_000_000)
    }

    /// Seconds, rounded up and at least 1, until a refused call would be admitted.
    pub fn retry_after(&self) -> u64 {
        self.ahead
            .saturating_sub(self.quota.tolerance_micros())
            .div_ceil(1_000_000)
            .max(1)
    }
}

/// The decisions of all quotas of one call: admitted only if each allows it, and then charged to each.
pub type Decisions = SmallVec<[Decision; 3]>;

/// What is charged for one call: to its voter, its network and the /48 around that.
pub type Charges = SmallVec<[Charge; 3]>;

/// Whether every quota allows the call.
pub fn admitted(decisions: &[Decision]) -> bool {
    decisions.iter().all(|decision| decision.allowed)
}

/// What a refused caller is told. Joined and not formatted, and without what JSON escapes: of all answers this one has to be
/// cheap.
fn used_up(name: &str, wait: u64) -> String {
    let mut digits = itoa::Buffer::new();
    let wait = digits.format(wait);
    [
        "The quota ‘",
        name,
        "’ is used up; try again in ",
        wait,
        " s.",
    ]
    .concat()
}
