//! `GET /moderation/audit`: every privileged act, newest first, and the hash at the end of the chain.

use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;

use super::state::{AdminState, Frame, page};
use crate::auth::audit::Entry;
use crate::domain::hex;
use crate::moderation::paging;
use crate::web::admin::auth_guard::show;
use crate::web::admin::format;

const PAGE: i64 = 50;

/// An entry as a page shows it.
pub struct ActRow {
    pub id: i64,
    pub at: String,
    pub actor: String,
    pub actor_id: String,
    pub act: String,
    pub subject: String,
    pub reason: String,
    /// JSON; empty where there is none.
    pub before: String,
    pub after: String,
    pub hash: String,
}

impl ActRow {
    #[must_use]
    pub fn of(entry: &Entry) -> Self {
        let told = |json: &str| match json {
            "null" | "{}" => String::new(),
            json => json.to_owned(),
        };
        Self {
            id: entry.id,
            at: format::time(entry.at),
            actor: format!("{} ({})", entry.actor, entry.role),
            actor_id: entry.actor_id.clone(),
            act: format::act(&entry.act).to_owned(),
            subject: entry.subject.clone(),
            reason: entry.reason.clone(),
            before: told(&entry.before),
            after: told(&entry.after),
            hash: hex(&entry.hash),
        }
    }
}

#[derive(Template)]
#[template(path = "desk/audit.html")]
struct AuditPage {
    frame: Frame,
    head_id: i64,
    head: String,
    acts: Vec<ActRow>,
    next: Option<String>,
}

pub async fn get_audit(http: HttpRequest, state: Data<AdminState>) -> HttpResponse {
    show(&http, &state, async |desk| {
        let before = paging::before(http.query_string())?;
        let head = state.moderation.audit_head().await?;
        let entries = state.moderation.audit(before, PAGE).await?;
        page(&AuditPage {
            frame: desk.frame("audit", "Audit"),
            head_id: head.id,
            head: head.hash,
            acts: entries.items.iter().map(ActRow::of).collect(),
            next: entries.next,
        })
    })
    .await
}
