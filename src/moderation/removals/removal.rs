//! [`Removal`]: a reset, an excluded period or a merge, what it takes by, and how it is shown. Pure.

use serde::Serialize;
use serde_json::value::RawValue;
use utoipa::ToSchema;

use crate::domain::{Choice, NetworkHash, Slug, Timestamp, VoterId};
use crate::http::problem::Problem;
use crate::moderation::selection::{AnyOf, VoteSelection};
use crate::voting::exclusions;

/// The end of criteria that have none.
pub(crate) const NO_END: Timestamp = Timestamp(i64::MAX);

/// Which votes are meant: all that is given must match. Only votes that count now are ever taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Criteria {
    pub tool: i32,
    /// Cast at or after this.
    pub from: Option<Timestamp>,
    /// Cast before this.
    pub to: Timestamp,
    pub voters: AnyOf<VoterId>,
    pub networks: AnyOf<NetworkHash>,
    pub choice: Option<Choice>,
}

/// A vote as moderators see it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ModeratedVote {
    pub tool: i32,
    pub voter: VoterId,
    pub choice: Choice,
    pub cast_at: Timestamp,
    pub network: NetworkHash,
    /// Of the visitor token when the vote was cast, in seconds.
    pub token_age: i32,
    /// The removal that it bears the mark of.
    pub mark: Option<i64>,
}

impl Criteria {
    /// Those of a selection of votes on the tool of this number, an open end fixed at `now`.
    ///
    /// # Errors
    /// 422 if the window ends before it begins.
    pub fn of(votes: &VoteSelection, tool: i32, now: Timestamp) -> Result<Self, Problem> {
        let to = votes.to.unwrap_or(now);
        if votes.from.is_some_and(|from| from >= to) {
            return Err(Problem::invalid("from: expected a time before `to`."));
        }
        Ok(Self {
            tool,
            from: votes.from,
            to,
            voters: votes.voters.clone(),
            networks: votes.networks.clone(),
            choice: votes.choice,
        })
    }

    /// Whether a vote is meant, as far as these criteria go.
    pub fn hold(&self, vote: &ModeratedVote) -> bool {
        vote.tool == self.tool
            && self.from.is_none_or(|from| from <= vote.cast_at)
            && vote.cast_at < self.to
            && self.voters.matches(&vote.voter)
            && self.networks.matches(&vote.network)
            && self.choice.is_none_or(|choice| choice == vote.choice)
    }
}

/// What a removal is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
#[schema(as = RemovalKind)]
pub enum RemovalKind {
    Reset,
    Period,
    /// All votes of a tool that was merged into another.
    Merge,
}

impl RemovalKind {
    /// As kept in the database.
    pub fn code(self) -> i16 {
        match self {
            // A merge is a reset of all votes that has a row in `merges`.
            Self::Reset | Self::Merge => exclusions::RESET,
            Self::Period => exclusions::PERIOD,
        }
    }
}

/// The tool that another was merged into.
#[derive(Debug, Clone)]
pub struct MergeTarget {
    pub tool: i32,
    pub slug: Slug,
}

/// A removal that came into force.
#[derive(Debug, Clone)]
pub struct Removal {
    pub id: i64,
    pub kind: RemovalKind,
    pub tool: i32,
    pub slug: Slug,
    /// Of a merge.
    pub into: Option<MergeTarget>,
    /// It was undone, or the period deleted.
    pub undone: bool,
    pub from: Option<Timestamp>,
    pub to: Option<Timestamp>,
    pub of_voters: AnyOf<VoterId>,
    pub of_networks: AnyOf<NetworkHash>,
    pub choice: Option<Choice>,
    pub reason: String,
    pub made_by: String,
    pub made_at: Timestamp,
    /// Votes that it took when it came into force.
    pub ship: i64,
    pub skip: i64,
    pub networks: i64,
    /// Tallies as JSON, around its coming into force.
    pub before: String,
    pub after: String,
    pub undone_at: Option<Timestamp>,
    pub undone_by: Option<String>,
    pub undo_reason: Option<String>,
}

/// What a reset takes by, as a request names it; what is left out matches every vote.
#[derive(Serialize, ToSchema)]
#[schema(as = RemovalCriteria)]
pub struct CriteriaView {
    #[serde(skip_serializing_if = "Option::is_none")]
    from: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    to: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    voters: Option<Vec<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    networks: Option<Vec<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    choice: Option<Choice>,
}

impl From<&Criteria> for CriteriaView {
    fn from(criteria: &Criteria) -> Self {
        Self {
            from: criteria.from,
            to: Some(criteria.to).filter(|to| *to != NO_END),
            voters: criteria.voters.texts(),
            networks: criteria.networks.texts(),
            choice: criteria.choice,
        }
    }
}

/// A removal as the API answers it.
#[derive(Serialize, ToSchema)]
#[schema(as = Removal)]
pub struct RemovalView<'a> {
    id: i64,
    kind: RemovalKind,
    tool: &'a Slug,
    /// The tool that a merge brought the votes to.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(required = false)]
    into: Option<&'a Slug>,
    from: Option<Timestamp>,
    to: Option<Timestamp>,
    /// The only voter or network that was named; `criteria` has all of them.
    voter: Option<String>,
    network: Option<String>,
    choice: Option<Choice>,
    criteria: CriteriaView,
    reason: &'a str,
    made_by: &'a str,
    made_at: Timestamp,
    matched: i64,
    ship: i64,
    skip: i64,
    networks: i64,
    #[schema(value_type = Option<crate::tallies::Tally<'_>>)]
    before: Option<Box<RawValue>>,
    #[schema(value_type = Option<crate::tallies::Tally<'_>>)]
    after: Option<Box<RawValue>>,
    undone: bool,
    undone_at: Option<Timestamp>,
    undone_by: Option<&'a str>,
    undo_reason: Option<&'a str>,
}

/// The same for everybody: nothing of voters, networks, moderators, and no reason, which may name somebody.
#[derive(Serialize, ToSchema)]
#[schema(as = PublicRemoval)]
pub struct PublicView<'a> {
    kind: RemovalKind,
    tool: &'a Slug,
    /// The tool that a merge brought the votes to.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(required = false)]
    into: Option<&'a Slug>,
    from: Option<Timestamp>,
    to: Option<Timestamp>,
    votes: i64,
    at: Timestamp,
    undone_at: Option<Timestamp>,
}

/// JSON text as a part of other JSON.
pub fn raw(text: &str) -> Option<Box<RawValue>> {
    RawValue::from_string(text.to_owned()).ok()
}

impl Removal {
    pub fn view(&self) -> RemovalView<'_> {
        RemovalView {
            id: self.id,
            kind: self.kind,
            tool: &self.slug,
            into: self.into.as_ref().map(|into| &into.slug),
            from: self.from,
            to: self.to,
            voter: self.of_voters.single().map(VoterId::text),
            network: self.of_networks.single().map(NetworkHash::text),
            choice: self.choice,
            criteria: CriteriaView {
                from: self.from,
                to: self.to,
                voters: self.of_voters.texts(),
                networks: self.of_networks.texts(),
                choice: self.choice,
            },
            reason: &self.reason,
            made_by: &self.made_by,
            made_at: self.made_at,
            matched: self.ship + self.skip,
            ship: self.ship,
            skip: self.skip,
            networks: self.networks,
            before: raw(&self.before),
            after: raw(&self.after),
            undone: self.undone,
            undone_at: self.undone_at,
            undone_by: self.undone_by.as_deref(),
            undo_reason: self.undo_reason.as_deref(),
        }
    }

    pub fn public(&self) -> PublicView<'_> {
        PublicView {
            kind: self.kind,
            tool: &self.slug,
            into: self.into.as_ref().map(|into| &into.slug),
            from: self.from,
            to: self.to,
            votes: self.ship + self.skip,
            at: self.made_at,
            undone_at: self.undone_at,
        }
    }
}
