//! `GET /moderation`: the tools by their last change, a search, how many alerts are open, and the newest acts.

use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;

use super::audit::ActRow;
use super::form::Form;
use super::state::{AdminState, Frame, page};
use crate::detection::alerts::AlertState;
use crate::domain::ToolState;
use crate::web::admin::auth_guard::show;
use crate::web::admin::format::{self, TallyText};
use crate::web::kit::format::grouped;

/// Tools on the page.
const TOOLS: usize = 40;
const ACTS: i64 = 10;
/// Open alerts that are counted.
const ALERTS: i64 = 20;

struct ToolRow {
    slug: String,
    name: String,
    shown: TallyText,
    aside: String,
    /// Empty for one that is open.
    state: &'static str,
    changed: String,
}

#[derive(Template)]
#[template(path = "desk/overview.html")]
struct OverviewPage {
    frame: Frame,
    search: String,
    tools: Vec<ToolRow>,
    /// How many there are besides.
    more: usize,
    acts: Vec<ActRow>,
    /// How many alerts are open; empty where there are none.
    alerts: String,
}

pub async fn get_overview(http: HttpRequest, state: Data<AdminState>) -> HttpResponse {
    show(&http, &state, async |desk| {
        let search = Form::of(http.query_string()).text("q");
        let lower = search.to_lowercase();
        let mut slots = state.board.all();
        slots.sort_by_cached_key(|slot| std::cmp::Reverse(slot.tally().row.updated_at));
        let mut found: Vec<ToolRow> = slots
            .iter()
            .map(|slot| (slot, state.name(slot.slug.as_str())))
            .filter(|(slot, name)| {
                name.to_lowercase().contains(&lower) || slot.slug.as_str().contains(&lower)
            })
            .map(|(slot, name)| {
                let row = slot.tally().row;
                ToolRow {
                    slug: slot.slug.to_string(),
                    name,
                    shown: TallyText::of(&row, state.board.min_votes()),
                    aside: grouped(row.aside_ship + row.aside_skip),
                    state: match row.state {
                        ToolState::Open => "",
                        other => other.as_str(),
                    },
                    changed: format::time(row.updated_at),
                }
            })
            .collect();
        let more = found.len().saturating_sub(TOOLS);
        found.truncate(TOOLS);
        let acts = state.moderation.audit(i64::MAX, ACTS).await?;
        let open = state
            .moderation
            .alerts(None, Some(AlertState::Open), i64::MAX, ALERTS)
            .await?;
        let alerts = match (open.items.len(), open.next) {
            (0, _) => String::new(),
            (1, _) => "One alert is open".to_owned(),
            (some, None) => format!("{some} alerts are open"),
            (some, Some(_)) => format!("More than {some} alerts are open"),
        };
        page(&OverviewPage {
            frame: desk.frame("overview", "Moderation"),
            search,
            tools: found,
            more,
            acts: acts.items.iter().map(ActRow::of).collect(),
            alerts,
        })
    })
    .await
}
