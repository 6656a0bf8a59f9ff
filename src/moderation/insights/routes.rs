//! What moderators read: `/v1/moderation/votes`, `clusters`, `audit`; and `log`, which everybody may where the site says so.

use actix_web::HttpRequest;
use actix_web::http::StatusCode;
use actix_web::web::Data;
use serde::Serialize;
use utoipa::ToSchema;

use super::feed::{After, Filter};
use crate::auth::audit::{Entry, EntryFilter};
use crate::domain::Timestamp;
use crate::http::problem::Problem;
use crate::http::request;
use crate::moderation::paging;
use crate::moderation::removals::removal::Removal;
use crate::moderation::routes::{
    Answer, ModerationState, ReadCall, TIME, answer, any_network, any_voter, read, wanted_tool,
};

/// Current votes, newest first.
pub async fn get_votes(call: ReadCall) -> Answer {
    let query = call.query();
    let text = |name: &str| request::query(query, name);
    let time = |name: &str| read(name, text(name).as_deref(), Timestamp::parse, TIME);
    let limit = paging::limit(query)?;
    let filter = Filter {
        networks: any_network(text("network").as_deref(), None)?,
        voters: any_voter(text("voter").as_deref(), None)?,
        choice: None,
        standing: None,
        from: time("from")?,
        to: time("to")?,
        after: read(
            "cursor",
            text("cursor").as_deref(),
            After::parse,
            "one that this list gave",
        )?,
        tool: wanted_tool(&call.state, query)?,
    };
    let page = call.state.moderation.feed(filter, limit).await?;
    Ok(answer(StatusCode::OK, &page))
}

/// What stands out on a tool.
pub async fn get_clusters(call: ReadCall) -> Answer {
    let query = call.query();
    let slug = request::query(query, "tool")
        .ok_or_else(|| Problem::invalid("tool: this parameter is missing."))?;
    let section = request::Section::read(query, 100)?;
    let mut clusters = call.state.moderation.clusters(&slug).await?;
    (clusters.items, clusters.next) = section.of(clusters.items);
    Ok(answer(StatusCode::OK, &clusters))
}

/// The audit chain, newest first.
pub async fn get_audit(call: ReadCall) -> Answer {
    let query = call.query();
    let (before, limit) = (paging::before(query)?, paging::limit(query)?);
    let page = call
        .state
        .moderation
        .audit(EntryFilter::default(), before, limit)
        .await?;
    let views = paging::Page {
        items: page.items.iter().map(Entry::view).collect(),
        next: page.next,
    };
    Ok(answer(StatusCode::OK, &views))
}

/// The end of the audit chain.
#[derive(Serialize, ToSchema)]
#[schema(as = AuditHead)]
pub struct HeadView {
    id: i64,
    hash: String,
}

/// The end of the audit chain: keep it elsewhere, and `tallyship verify --head HASH` finds what was cut off since.
pub async fn get_audit_head(call: ReadCall) -> Answer {
    let head = call.state.moderation.audit_head().await?;
    let view = HeadView {
        id: head.id,
        hash: head.hash,
    };
    Ok(answer(StatusCode::OK, &view))
}

/// What was taken out and put back, for everybody, where the site turned that on.
pub async fn get_log(http: HttpRequest, state: Data<ModerationState>) -> Answer {
    if !state.public_log {
        return Err(Problem::not_found("This site shows no public log."));
    }
    let query = http.query_string();
    let (before, limit) = (paging::before(query)?, paging::limit(query)?);
    let page = state.moderation.log(before, limit).await?;
    let views = paging::Page {
        items: page.items.iter().map(Removal::public).collect(),
        next: page.next.clone(),
    };
    Ok(answer(StatusCode::OK, &views))
}
