//! Visitors and their votes.

use serde_json::json;

use super::super::operation::{Operation, Part};
use super::super::parameters;
use super::super::shapes::VoteAnswer;
use crate::http::problem::Code;
use crate::maintenance::subject_requests::routes::{Erasure, Me};
use crate::voting::json::{Cast, OwnVotes};
use crate::voting::visitor_routes::{Minted, NoFields};

pub(super) const PART: Part = Part("votes");

pub(super) fn operations() -> Vec<Operation> {
    vec![
        PART.post("/v1/visitors", "createVisitor")
            .says(
                "Get or renew a visitor token",
                "The token comes back as JSON and as a cookie. It lasts 400 days; one that expired within a year still renews to \
                 the same voter. A cookie that is no use any more is replaced, a bad bearer token is refused. Beside a user's \
                 token only the cookie counts.",
            )
            .perhaps_voter_by_any_token()
            .may_take::<NoFields>()
            .only_allowed_origins()
            .challenged()
            .quota()
            .refuses(&[Code::Unavailable])
            .answers::<Minted>(201, "A new visitor.")
            .bearing(&["Set-Cookie"])
            .answers::<Minted>(200, "The same voter, with a new token.")
            .bearing(&["Set-Cookie"]),
        PART.get("/v1/visitors/me", "exportMe")
            .says(
                "Everything that is held of the caller",
                "Votes as they stand, and every change that the ledger keeps; of a user, without the visitor whose cookie \
                 comes along.",
            )
            .voter()
            .quota()
            .written()
            .answers::<Me>(200, "What is held.")
            .bearing(&["Visitor-Token", "Set-Cookie"]),
        PART.delete("/v1/visitors/me", "eraseMe")
            .says(
                "Erase the caller",
                "The votes stay counted without a name; the token is no longer believed. A user who was erased is refused for ever, \
                 or could vote again beside the votes that stay.",
            )
            .voter()
            .may_take_json()
            .only_allowed_origins()
            .quota()
            .written()
            .answers::<Erasure>(200, "Erased.")
            .bearing(&["Set-Cookie"]),
        PART.put("/v1/tools/{slug}/vote", "castVote")
            .says(
                "Cast or change a vote",
                "Answered only once the vote is on disk. The same choice again keeps `cast_at` and the tally's `version`. A \
                 visitor who came as a signed-in user on this tool votes there no more without: `conflict`.",
            )
            .voter()
            .takes::<Cast>(json!({"choice": "ship"}))
            .only_allowed_origins()
            .refuses(&[Code::VoterBanned])
            .challenged()
            .quota()
            .written()
            .answers::<VoteAnswer>(201, "The voter's first vote on this tool.")
            .bearing(&["Visitor-Token", "Set-Cookie"])
            .answers::<VoteAnswer>(200, "Changed, or the same again.")
            .bearing(&["Visitor-Token", "Set-Cookie"])
            .refuses(&[Code::UnknownTool, Code::Conflict, Code::Archived, Code::Frozen]),
        PART.get("/v1/tools/{slug}/vote", "getVote")
            .says(
                "The caller's own vote",
                "Of a user who brings a visitor's cookie: that visitor's vote becomes theirs, if a vote could be cast now.",
            )
            .voter()
            .quota()
            .answers::<VoteAnswer>(200, "The vote; nulls where there is none.")
            .bearing(&["Visitor-Token", "Set-Cookie"])
            .refuses(&[Code::UnknownTool, Code::Unavailable, Code::Overloaded]),
        PART.delete("/v1/tools/{slug}/vote", "withdrawVote")
            .says("Withdraw a vote", "Without one there is nothing to do, and that is fine.")
            .voter()
            .may_take_json()
            .only_allowed_origins()
            .refuses(&[Code::VoterBanned])
            .challenged()
            .quota()
            .written()
            .answers::<VoteAnswer>(200, "There is none any more.")
            .bearing(&["Visitor-Token", "Set-Cookie"])
            .refuses(&[Code::UnknownTool, Code::Archived, Code::Frozen]),
        PART.get("/v1/votes", "listOwnVotes")
            .says(
                "The caller's own votes on several tools",
                "Of a user who brings a visitor's cookie: also that visitor's, where the user has none.",
            )
            .with(parameters::tools(100))
            .with_all(parameters::paging(100))
            .voter()
            .quota()
            .answers::<OwnVotes>(200, "In the order asked; `missing` lists what is no tool.")
            .bearing(&["Visitor-Token", "Set-Cookie"])
            .refuses(&[Code::Invalid, Code::Unavailable, Code::Overloaded]),
    ]
}
