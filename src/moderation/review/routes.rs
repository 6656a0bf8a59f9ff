//! `/v1/moderation/held`: votes that are held back, let count or rejected.

use actix_web::http::StatusCode;
use serde::Deserialize;
use utoipa::ToSchema;

use super::{Filter, ResolveRequest};
use crate::domain::{Choice, Timestamp};
use crate::http::problem::Problem;
use crate::http::request;
use crate::moderation::insights::feed::After;
use crate::moderation::routes::{
    Answer, ReadCall, TIME, WriteCall, answer, any_network, any_voter, read, tool, wanted_tool,
};
use crate::moderation::selection::VoteSelection;
use crate::moderation::{paging, reason};
use crate::voting::held::Resolution;

/// Which held votes are meant: all that is given must match.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = HeldRequest)]
pub struct HeldBody {
    tool: String,
    /// May be left out.
    reason: Option<String>,
    #[serde(default)]
    dry_run: bool,
    from: Option<Timestamp>,
    to: Option<Timestamp>,
    voter: Option<String>,
    network: Option<String>,
    /// 1 to 100: any of them.
    voters: Option<Vec<String>>,
    /// 1 to 100: any of them.
    networks: Option<Vec<String>>,
    choice: Option<Choice>,
    /// Those that were rejected, instead of those that wait.
    #[serde(default)]
    rejected: bool,
}

/// Held votes, newest first.
pub async fn get_held(call: ReadCall) -> Answer {
    let query = call.query();
    let text = |name: &str| request::query(query, name);
    let time = |name: &str| read(name, text(name).as_deref(), Timestamp::parse, TIME);
    let limit = paging::limit(query)?;
    let filter = Filter {
        networks: any_network(text("network").as_deref(), None)?,
        voters: any_voter(text("voter").as_deref(), None)?,
        choice: read(
            "choice",
            text("choice").as_deref(),
            Choice::parse,
            "ship or skip",
        )?,
        from: time("from")?,
        to: time("to")?,
        rejected: read(
            "rejected",
            text("rejected").as_deref(),
            |text| text.parse().ok(),
            "true or false",
        )?
        .unwrap_or_default(),
        after: read(
            "cursor",
            text("cursor").as_deref(),
            After::parse,
            "one that this list gave",
        )?,
        tool: wanted_tool(&call.state, query)?,
    };
    let page = call.state.moderation.held(filter, limit).await?;
    Ok(answer(StatusCode::OK, &page))
}

async fn settle(call: WriteCall, verdict: Resolution) -> Answer {
    let body: HeldBody = request::json(&call.body)?;
    let why = body
        .reason
        .as_deref()
        .map_or_else(|| Ok(String::new()), reason)?;
    if body.rejected && verdict == Resolution::Reject {
        return Err(Problem::invalid(
            "rejected: a rejected vote cannot be rejected again.",
        ));
    }
    let wanted = ResolveRequest {
        votes: VoteSelection {
            voters: any_voter(body.voter.as_deref(), body.voters.as_deref())?,
            networks: any_network(body.network.as_deref(), body.networks.as_deref())?,
            tool: tool(&call.state, &body.tool)?,
            from: body.from,
            to: body.to,
            choice: body.choice,
        },
        rejected: body.rejected,
        origin: None,
    };
    let done = (!body.dry_run).then_some((why.as_str(), &call.actor));
    let report = call
        .state
        .moderation
        .settle(&wanted, verdict, done, Timestamp::now())
        .await?;
    Ok(answer(StatusCode::OK, &report))
}

/// Lets held votes count, or says what that would do.
pub async fn post_release(call: WriteCall) -> Answer {
    settle(call, Resolution::Count).await
}

/// Rejects held votes, or says what that would do.
pub async fn post_reject(call: WriteCall) -> Answer {
    settle(call, Resolution::Reject).await
}
