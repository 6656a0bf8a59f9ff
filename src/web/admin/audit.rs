//! `GET /moderation/audit`: every privileged act, newest first, with filters, and the hash at the end of the chain.

use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;

use super::field_errors::{FieldErrors, is_correctable};
use super::form::Form;
use super::state::{AdminState, Frame, page_with};
use crate::auth::audit::{Entry, EntryFilter};
use crate::http::problem::Problem;
use crate::moderation::paging::{self, Page};
use crate::web::admin::auth_guard::show;
use crate::web::admin::format::{self, Time};
use crate::web::admin::vote_filter::VoteFilter;

const PAGE: i64 = 50;

/// An entry as a page shows it.
pub struct ActRow {
    pub id: i64,
    pub at: Time,
    pub actor: String,
    pub actor_id: String,
    pub act: String,
    pub subject: String,
    /// What the subject's number means.
    pub about: String,
    pub reason: String,
    /// JSON; empty where there is none.
    pub before: String,
    pub after: String,
    pub hash: String,
}

impl ActRow {
    pub fn of(entry: &Entry) -> Self {
        let told = |json: &str| match json {
            "null" | "{}" => String::new(),
            json => json.to_owned(),
        };
        Self {
            id: entry.id,
            at: Time(entry.at),
            actor: format!("{} ({})", entry.actor, entry.role),
            actor_id: entry.actor_id.clone(),
            act: format::act(&entry.act, &entry.after).to_owned(),
            subject: entry.subject.clone(),
            about: format::about(&entry.before, &entry.after),
            reason: entry.reason.clone(),
            before: told(&entry.before),
            after: told(&entry.after),
            hash: hex::encode(&entry.hash),
        }
    }
}

#[derive(Template)]
#[template(path = "admin/audit.html")]
struct AuditPage {
    frame: Frame,
    head_id: i64,
    head: String,
    acts: Vec<ActRow>,
    next: Option<String>,
    /// As typed.
    filter: VoteFilter,
    actor: String,
    act: String,
    known_acts: &'static [(&'static str, &'static str)],
    errors: FieldErrors,
}

/// What a form asks for.
fn wanted(state: &AdminState, filter: &VoteFilter, form: &Form) -> Result<EntryFilter, Problem> {
    let (from, to) = filter.window()?;
    Ok(EntryFilter {
        actor: form.text("actor"),
        act: form.text("act"),
        tools: (filter.tool(state)?.iter().map(ToString::to_string)).collect(),
        from,
        to,
    })
}

pub async fn get_audit(http: HttpRequest, state: Data<AdminState>) -> HttpResponse {
    show(&http, &state, async |session| {
        let form = Form::of(http.query_string());
        let filter = VoteFilter::read(&form);
        let before = paging::before(http.query_string())?;
        let head = state.moderation.audit_head().await?;
        let (entries, errors) = match wanted(&state, &filter, &form) {
            Ok(wanted) => (
                state.moderation.audit(wanted, before, PAGE).await?,
                FieldErrors::default(),
            ),
            Err(problem) if is_correctable(&problem) => (
                Page {
                    items: Vec::new(),
                    next: None,
                },
                FieldErrors::from(&problem),
            ),
            Err(problem) => return Err(problem),
        };
        let (actor, act) = (form.text("actor"), form.text("act"));
        let mut query = url::form_urlencoded::Serializer::new(String::new());
        query.extend_pairs(filter.fields());
        for (name, value) in [("actor", &actor), ("act", &act)] {
            if !value.is_empty() {
                query.append_pair(name, value);
            }
        }
        let query = query.finish();
        let next = entries.next.map(|cursor| {
            let sign = if query.is_empty() { "" } else { "&" };
            format!("/moderation/audit?{query}{sign}cursor={cursor}")
        });
        page_with(
            errors.status(),
            &AuditPage {
                frame: session.frame("audit", "Audit"),
                head_id: head.id,
                head: head.hash,
                acts: entries.items.iter().map(ActRow::of).collect(),
                next,
                filter,
                actor,
                act,
                known_acts: &format::ACTS,
                errors,
            },
        )
    })
    .await
}
