//! `GET /moderation`: what waits for a moderator, the tools by their last change with a search, and the newest acts.

use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;

use super::alerts::AlertRow;
use super::audit::ActRow;
use super::form::Form;
use super::state::{AdminState, Frame, page};
use crate::auth::audit::EntryFilter;
use crate::detection::alerts::AlertState;
use crate::domain::ToolState;
use crate::web::admin::auth_guard::show;
use crate::web::admin::format::{TallyText, Time};
use crate::web::kit::format::{grouped, votes};
use crate::webhooks::store::FailingEndpoint;

/// Tools of one page.
const TOOLS: usize = 40;
const ACTS: i64 = 10;
/// Open alerts that are listed.
const ALERTS: i64 = 5;

struct ToolRow {
    slug: String,
    name: String,
    shown: TallyText,
    aside: String,
    /// Empty for one that is open.
    state: &'static str,
    changed: Time,
}

/// Where the pages of the list are.
struct Paging {
    from: usize,
    to: usize,
    all: usize,
    /// Addresses; empty at either end.
    newer: String,
    older: String,
}

#[derive(Template)]
#[template(path = "admin/overview.html")]
struct OverviewPage {
    frame: Frame,
    search: String,
    tools: Vec<ToolRow>,
    paging: Paging,
    acts: Vec<ActRow>,
    /// The newest open alerts.
    alerts: Vec<AlertRow>,
    /// How many there are, in words; empty if there are none.
    open: String,
    held: String,
    /// How many endpoints of webhooks are disabled, in words; empty if none is.
    webhooks: String,
}

fn paging(search: &str, number: usize, all: usize) -> Paging {
    let address = |number: usize| {
        let mut query = url::form_urlencoded::Serializer::new(String::new());
        if !search.is_empty() {
            query.append_pair("q", search);
        }
        query.append_pair("page", &number.to_string());
        format!("/moderation?{}", query.finish())
    };
    let from = number.saturating_sub(1).saturating_mul(TOOLS);
    Paging {
        from: (from + 1).min(all),
        to: (from + TOOLS).min(all),
        all,
        newer: if number > 1 {
            address(number - 1)
        } else {
            String::new()
        },
        older: if from + TOOLS < all {
            address(number + 1)
        } else {
            String::new()
        },
    }
}

fn disabled_webhooks(failing: &[FailingEndpoint]) -> String {
    let disabled = failing.iter().filter(|each| each.disabled_at.is_some());
    match disabled.count() {
        0 => String::new(),
        1 => "One webhook is disabled".to_owned(),
        some => format!("{some} webhooks are disabled"),
    }
}

pub async fn get_overview(http: HttpRequest, state: Data<AdminState>) -> HttpResponse {
    show(&http, &state, async |session| {
        let form = Form::of(http.query_string());
        let (search, lower) = (form.text("q"), form.text("q").to_lowercase());
        let mut slots = state.board.all();
        slots.sort_by_cached_key(|slot| std::cmp::Reverse(slot.tally().row.updated_at));
        slots.retain(|slot| {
            let name = state.name(slot.slug().as_str());
            name.to_lowercase().contains(&lower) || slot.slug().as_str().contains(&lower)
        });
        let last = slots.len().div_ceil(TOOLS).max(1);
        let number = form.text("page").parse().unwrap_or(1).clamp(1, last);
        let paging = paging(&search, number, slots.len());
        let tools = slots
            .iter()
            .skip((number - 1) * TOOLS)
            .take(TOOLS)
            .map(|slot| {
                let row = slot.tally().row;
                ToolRow {
                    slug: slot.slug().to_string(),
                    name: state.name(slot.slug().as_str()),
                    shown: TallyText::of(&row, state.board.min_votes()),
                    aside: grouped(row.aside_ship + row.aside_skip),
                    state: match row.state {
                        ToolState::Open => "",
                        other => other.as_str(),
                    },
                    changed: Time(row.updated_at),
                }
            })
            .collect();
        let moderation = &state.moderation;
        let acts = moderation
            .audit(EntryFilter::default(), i64::MAX, ACTS)
            .await?;
        let open = moderation
            .alerts(None, Some(AlertState::Open), i64::MAX, ALERTS)
            .await?;
        let inbox = session.inbox;
        page(&OverviewPage {
            frame: session.frame("overview", "Moderation"),
            search,
            tools,
            paging,
            acts: acts.items.iter().map(ActRow::of).collect(),
            alerts: open
                .items
                .iter()
                .map(|alert| AlertRow::of(&state, alert))
                .collect(),
            open: match inbox.alerts {
                0 => String::new(),
                1 => "One alert is open".to_owned(),
                some => format!("{} alerts are open", grouped(some)),
            },
            held: match inbox.held {
                0 => String::new(),
                1 => "1 vote is held".to_owned(),
                some => format!("{} are held", votes(some)),
            },
            webhooks: disabled_webhooks(&moderation.failing_endpoints().await?),
        })
    })
    .await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_lead_to_each_other() {
        let first = paging("a b", 1, TOOLS + 1);
        assert_eq!((first.from, first.to, first.newer.as_str()), (1, TOOLS, ""));
        assert_eq!(first.older, "/moderation?q=a+b&page=2");
        let last = paging("", 2, TOOLS + 1);
        assert_eq!((last.from, last.to), (TOOLS + 1, TOOLS + 1));
        assert_eq!(
            (last.newer.as_str(), last.older.as_str()),
            ("/moderation?page=1", "")
        );
        let none = paging("", 1, 0);
        assert_eq!((none.from, none.to, none.older.as_str()), (0, 0, ""));
    }
}
