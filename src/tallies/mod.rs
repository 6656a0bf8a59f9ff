//! Tallies: the counted votes on a tool beside its panel, as the public sees them.
//!
//! `votes` changes them through its ledger; `board` keeps all of them in memory, ready as bytes, for everything that reads.

pub mod batch_cache;
pub mod cache;
pub mod percent;
mod render;
pub mod routes;
pub mod store;
pub mod stream;

use std::cmp::Ordering;

use serde::Serialize;
use utoipa::ToSchema;

use crate::domain::{Choice, Slug, Timestamp, ToolState};
use percent::{interval, percent};

/// A tool's row in `tallies`. What a Tally shows is a function of this row, so two that differ never share a version.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct TallyRow {
    pub tool: i32,
    pub ship: i64,
    pub skip: i64,
    pub panel_ship: i32,
    pub panel_skip: i32,
    pub state: ToolState,
    pub version: i64,
    pub updated_at: Timestamp,
    /// Votes that removals in force (resets, excluded periods) set aside: on disk, and not counted.
    pub aside_ship: i64,
    pub aside_skip: i64,
    /// Where the last of the tool's excluded periods in force ends; before it a vote may be cast inside one.
    pub period_end: Timestamp,
    /// Grows if voters or marks of the tool's votes change and `version` does not; the two together name its votes.
    pub revision: i64,
}

/// What a vote adds to its tally: its choice, counted or set aside.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Contribution {
    pub choice: Choice,
    pub aside: bool,
}

/// What an hour left behind, written when the first change of a later hour comes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HourSnapshot {
    pub tool: i32,
    /// The start of the hour.
    pub hour: Timestamp,
    pub ship: i64,
    pub skip: i64,
    pub aside_ship: i64,
    pub aside_skip: i64,
}

/// What a change does to the hours before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HourChange {
    /// It is the first of its hour.
    Close(HourSnapshot),
    /// The change before was made by a clock that was ahead: what was closed from this hour on is not over.
    Reopen { tool: i32, from: Timestamp },
}

impl TallyRow {
    /// Whether a removal in force keeps votes from counting.
    pub fn has_excluded(&self) -> bool {
        self.aside_ship + self.aside_skip > 0
    }

    /// Moves one voter's contribution from `old` to `new`; where that changes a count the version grows by one.
    /// Returns whether it did.
    pub fn shift(
        &mut self,
        old: Option<Contribution>,
        new: Option<Contribution>,
        now: Timestamp,
    ) -> bool {
        if old == new {
            return false;
        }
        for (weight, delta) in [(old, -1), (new, 1)] {
            if let Some(weight) = weight {
                *self.count(weight) += delta;
            }
        }
        self.touch(now);
        true
    }

    fn count(&mut self, weight: Contribution) -> &mut i64 {
        match (weight.choice, weight.aside) {
            (Choice::Ship, false) => &mut self.ship,
            (Choice::Skip, false) => &mut self.skip,
            (Choice::Ship, true) => &mut self.aside_ship,
            (Choice::Skip, true) => &mut self.aside_skip,
        }
    }

    /// One change more. Its time is only shown: a clock that was ahead once must not stop the tally's time.
    pub fn touch(&mut self, now: Timestamp) {
        self.version += 1;
        self.updated_at = now;
    }

    /// Sets `ship` and `skip` votes aside, as one change; negative numbers bring them back.
    pub fn set_aside(&mut self, ship: i64, skip: i64, now: Timestamp) {
        if (ship, skip) == (0, 0) {
            return;
        }
        self.ship -= ship;
        self.skip -= skip;
        self.aside_ship += ship;
        self.aside_skip += skip;
        self.touch(now);
    }

    /// What a change at `now` does to the tally's hours before it.
    pub fn hour_change(&self, now: Timestamp) -> Option<HourChange> {
        let hour = self.updated_at.hour();
        match hour.cmp(&now.hour()) {
            Ordering::Less => Some(HourChange::Close(HourSnapshot {
                tool: self.tool,
                hour,
                ship: self.ship,
                skip: self.skip,
                aside_ship: self.aside_ship,
                aside_skip: self.aside_skip,
            })),
            Ordering::Equal => None,
            Ordering::Greater => Some(HourChange::Reopen {
                tool: self.tool,
                from: now.hour(),
            }),
        }
    }
}

/// What the panel says.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = PanelTally)]
struct PanelView {
    ship: i32,
    skip: i32,
    #[schema(required)]
    percent: Option<i64>,
}

/// What the counted votes say.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = CommunityTally)]
struct CommunityView {
    ship: i64,
    skip: i64,
    votes: i64,
    /// Of 100; null below the least number of votes.
    #[schema(required)]
    percent: Option<i64>,
    display: String,
    /// Wilson's, at 95 %, in percent.
    #[schema(required)]
    interval: Option<[i64; 2]>,
    #[serde(skip_serializing_if = "Option::is_none")]
    set_aside: Option<i64>,
}

impl CommunityView {
    fn new(ship: i64, skip: i64, min_votes: i64) -> Self {
        let votes = ship + skip;
        let enough = votes >= min_votes;
        let percent = percent(ship, skip).filter(|_| enough);
        Self {
            ship,
            skip,
            votes,
            percent,
            display: percent.map_or_else(|| DASH.to_owned(), |percent| format!("{percent}%")),
            interval: interval(ship, skip).filter(|_| enough),
            set_aside: None,
        }
    }
}

/// The votes on a tool beside its panel's.
#[derive(Debug, Serialize, ToSchema)]
pub struct Tally<'a> {
    tool: &'a Slug,
    state: ToolState,
    #[schema(required)]
    panel: Option<PanelView>,
    community: CommunityView,
    /// Community less panel, in points.
    #[schema(required)]
    gap: Option<i64>,
    version: i64,
    updated_at: Timestamp,
    /// The community with the votes that are set aside.
    #[serde(skip_serializing_if = "Option::is_none")]
    raw: Option<CommunityView>,
}

/// What stands where there are too few votes for a percentage.
pub const DASH: &str = "—";

impl<'a> Tally<'a> {
    /// The public face of a row; below `min_votes` there is no percentage, no interval and no gap.
    pub fn of(slug: &'a Slug, row: &TallyRow, min_votes: i64) -> Self {
        let community = CommunityView::new(row.ship, row.skip, min_votes);
        let panel = panel_percent(row);
        Self {
            tool: slug,
            state: row.state,
            panel: panel.map(|percent| PanelView {
                ship: row.panel_ship,
                skip: row.panel_skip,
                percent: Some(percent),
            }),
            gap: community
                .percent
                .zip(panel)
                .map(|(community, panel)| community - panel),
            community,
            version: row.version,
            updated_at: row.updated_at,
            raw: None,
        }
    }

    /// Says how many votes are set aside, where the site shows that.
    #[must_use]
    pub fn with_set_aside(mut self, row: &TallyRow) -> Self {
        self.community.set_aside = Some(row.aside_ship + row.aside_skip);
        self
    }

    /// Adds the counts with the votes that are set aside.
    #[must_use]
    pub fn with_raw(mut self, row: &TallyRow, min_votes: i64) -> Self {
        let (ship, skip) = (row.ship + row.aside_ship, row.skip + row.aside_skip);
        self.raw = Some(CommunityView::new(ship, skip, min_votes));
        self
    }

    /// What the community says, if it is enough to say anything: percentage and interval.
    pub fn community(&self) -> Option<(i64, [i64; 2])> {
        self.community.percent.zip(self.community.interval)
    }

    pub fn display(&self) -> &str {
        &self.community.display
    }

    pub fn gap(&self) -> Option<i64> {
        self.gap
    }
}

/// The panel's ship score; `None` where no reviewer gave a verdict.
pub fn panel_percent(row: &TallyRow) -> Option<i64> {
    percent(i64::from(row.panel_ship), i64::from(row.panel_skip))
}

#[cfg(test)]
mod tests;
