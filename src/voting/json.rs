//! A vote as its own voter sends it and sees it, in JSON.
//!
//! `routes` reads and writes it; `docs` shows its shape.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::VoteRecord;
use crate::domain::{Ballot, BallotName, Choice, Salt, Seal, Slug, Timestamp};

/// What casts a vote.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Cast {
    pub choice: Choice,
    /// 32 bytes of the client's choice in base64url: they go into the name of the ballot that this makes.
    #[serde(default, deserialize_with = "some_seal")]
    #[schema(value_type = Option<String>, required = false)]
    pub seal: Option<Seal>,
}

/// A seal that is given is one: null is none.
fn some_seal<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<Seal>, D::Error> {
    Seal::deserialize(deserializer).map(Some)
}

/// What opens a ballot of the public log; only its voter is told.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
pub struct Receipt<'a> {
    /// The ballot's name, as the log states it.
    #[schema(value_type = String)]
    pub ballot: BallotName,
    #[schema(value_type = String)]
    pub salt: Salt,
    /// The origin of the log.
    pub log: &'a str,
}

impl<'a> Receipt<'a> {
    /// `None` of a ballot whose voter was erased.
    pub fn new(ballot: Ballot, log: &'a str) -> Option<Self> {
        Some(Self {
            ballot: ballot.name,
            salt: ballot.salt?,
            log,
        })
    }
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
