//! Answers that the code puts together as bytes: their shapes, for the document alone.

#![expect(dead_code, reason = "read by the derive only")]

use std::collections::BTreeMap;

use utoipa::ToSchema;
use utoipa::openapi::schema::{ObjectBuilder, Type};
use utoipa::openapi::{RefOr, Schema};

use crate::catalog::file::Item;
use crate::tallies::Tally;
use crate::voting::json::{OwnVote, Receipt};

/// A vote beside the tally that holds it.
#[derive(ToSchema)]
pub(super) struct VoteAnswer<'a> {
    vote: OwnVote<'a>,
    tally: Tally<'a>,
    /// Of the vote's ballot, while there is a public log; else left out.
    #[schema(required = false)]
    receipt: Receipt<'a>,
}

/// Many tools in one call.
#[derive(ToSchema)]
#[schema(rename_all = "lowercase")]
pub(super) struct ToolList {
    #[schema(min_items = 1, max_items = 500)]
    tools: Vec<Item>,
}

/// The tallies that were asked for.
#[derive(ToSchema)]
pub(super) struct TallyList<'a> {
    tallies: Vec<Tally<'a>>,
    /// What is no tool; left out where there is none.
    #[schema(required = false)]
    missing: Vec<String>,
}

/// A challenge of ALTCHA's proof of work v2: find the `counter` from 0 on for which the derived key begins with `keyPrefix`.
#[derive(ToSchema)]
pub(super) struct Challenge {
    parameters: ChallengeParameters,
    /// Of the parameters; hexadecimal.
    signature: String,
}

/// The key is PBKDF2 (RFC 8018) with HMAC-SHA256 of `nonce` and the counter (4 bytes, the greatest first).
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
pub(super) struct ChallengeParameters {
    #[schema(example = "PBKDF2/SHA-256")]
    algorithm: String,
    /// Rounds of each derivation.
    cost: u32,
    /// Whom and what it is for, in our words.
    data: BTreeMap<String, String>,
    /// Seconds since 1970.
    expires_at: i64,
    /// In bytes.
    key_length: u32,
    /// Hexadecimal, as all that follows.
    key_prefix: String,
    key_signature: String,
    nonce: String,
    salt: String,
}

/// Adds what is written into bytes that are ready: a tally that may be old says so.
pub(super) fn complete(schemas: &mut BTreeMap<String, RefOr<Schema>>) {
    if let Some(RefOr::T(Schema::Object(tally))) = schemas.get_mut("Tally") {
        let stale = ObjectBuilder::new()
            .schema_type(Type::Boolean)
            .description(Some(
                "True while the database cannot be read; else left out.",
            ));
        tally.properties.insert("stale".to_owned(), stale.into());
    }
}
