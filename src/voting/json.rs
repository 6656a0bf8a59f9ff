//! A vote as its own voter sends it and sees it, in JSON.
//!
//! `routes` reads and writes it; `docs` shows its shape.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::VoteRecord;
use crate::domain::{Choice, Slug, Timestamp};

/// What casts a vote.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Cast {
    pub choice: Choice,
}

/// A vote as its voter sees it; nulls where there is none.
#[derive(Serialize, ToSchema)]
pub struct OwnVote<'a> {
    pub tool: &'a Slug,
    #[schema(required)]
    pub choice: Option<Choice>,
    #[schema(required)]
    pub cast_at: Option<Timestamp>,
}

impl<'a> OwnVote<'a> {
    pub(super) fn new(tool: &'a Slug, vote: Option<VoteRecord>) -> Self {
        Self {
            tool,
            choice: vote.map(|vote| vote.choice),
            cast_at: vote.map(|vote| vote.cast_at),
        }
    }
}

/// The votes on the tools that a call names.
#[derive(Serialize, ToSchema)]
pub struct OwnVotes<'a> {
    pub items: Vec<OwnVote<'a>>,
    #[schema(required)]
    pub next: Option<&'a str>,
    /// What is no tool; left out where there is none.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(required = false)]
    pub missing: Vec<String>,
}
