//! [`Finding`]: something that stands out, with the filter of a reset that would take it out. Pure.
//!
//! `memory` makes them, `alerts` keeps them.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::rule::ScorePartsView;
use crate::domain::{Choice, DAY_MICROS, NetworkHash};

/// What shape it has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
#[schema(as = AlertKind)]
pub enum FindingKind {
    /// Many votes within minutes or a few hours.
    Burst,
    /// Some votes every hour, for a day.
    Drip,
    /// One network, within a day.
    Network,
    /// One network on several tools.
    AcrossTools,
}

impl FindingKind {
    /// As kept in the database.
    pub fn code(self) -> i16 {
        match self {
            Self::Burst => 1,
            Self::Drip => 2,
            Self::Network => 3,
            Self::AcrossTools => 4,
        }
    }

    /// The reverse of [`FindingKind::code`].
    pub fn from_code(code: i16) -> Option<Self> {
        [Self::Burst, Self::Drip, Self::Network, Self::AcrossTools]
            .into_iter()
            .find(|kind| kind.code() == code)
    }

    /// Something of this kind goes on as long as it does not pause for so long, in microseconds.
    pub fn pause(self) -> i64 {
        match self {
            Self::Burst => 1_800_000_000,
            Self::Drip | Self::Network | Self::AcrossTools => DAY_MICROS,
        }
    }
}

/// Which votes an alert means, as a reset takes them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Filter {
    /// Cast at or after this, microseconds since 1970.
    pub from: i64,
    /// Cast before this.
    pub to: i64,
    pub choice: Option<Choice>,
    /// Of this network only.
    pub network: Option<NetworkHash>,
}

impl Filter {
    pub fn holds(&self, at: i64, choice: Choice, network: NetworkHash) -> bool {
        (self.from..self.to).contains(&at)
            && self.choice.is_none_or(|wanted| wanted == choice)
            && self.network.is_none_or(|wanted| wanted == network)
    }

    /// Whether this is the same thing as an earlier one, going on.
    pub fn goes_on(&self, earlier: &Self, kind: FindingKind) -> bool {
        earlier.network == self.network
            && (earlier.choice.is_none() || earlier.choice == self.choice)
            && self.from <= earlier.to.saturating_add(kind.pause())
    }
}

/// The numbers behind a suspicion; of the votes that the filter means, as far as the detector saw them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Numbers {
    pub votes: u32,
    pub ship: u32,
    pub networks: u32,
    pub fresh: u32,
    /// Votes that the tool usually has in the same time.
    pub usual: u32,
    /// Tools on which the same is seen.
    pub tools: u32,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Finding {
    pub kind: FindingKind,
    pub tool: i32,
    pub filter: Filter,
    /// 0 to 100.
    pub score: i32,
    pub parts: ScorePartsView,
    pub numbers: Numbers,
}
