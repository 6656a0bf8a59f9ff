//! `GET /moderation/votes`: the feed of votes with its filters, on a page and as CSV; and [`VoteRow`], a vote as every page
//! shows it.

use actix_web::http::header::{CACHE_CONTROL, CONTENT_DISPOSITION};
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;

use super::field_errors::{FieldErrors, is_correctable};
use super::form::Form;
use super::state::{AdminState, Frame, page_with, secured};
use crate::auth::users::AGE_SECONDS;
use crate::domain::Timestamp;
use crate::http::problem::Problem;
use crate::moderation::insights::ModeratedVoteView;
use crate::moderation::insights::feed::{After, Filter, Standing};
use crate::moderation::paging::Page;
use crate::web::admin::auth_guard::show;
use crate::web::admin::format::{self, Time};
use crate::web::admin::vote_filter::VoteFilter;

const PAGE: i64 = 100;
/// Votes of one CSV file.
const MAX_CSV_VOTES: i64 = 10_000;
/// How the form calls each standing.
const STANDINGS: [(&str, &str, Standing); 4] = [
    ("counted", "counted", Standing::Counted),
    ("held", "held", Standing::Held),
    ("rejected", "rejected", Standing::Rejected),
    ("set-aside", "set aside", Standing::SetAside),
];

/// A vote in a table.
pub struct VoteRow {
    pub tool: String,
    pub voter: String,
    pub voter_short: String,
    /// Empty where it is no longer known.
    pub network: String,
    pub network_short: String,
    pub choice: &'static str,
    pub when: Time,
    /// Of the visitor's token when the vote was cast.
    pub age: String,
    pub counted: bool,
    /// It waits for a moderator.
    pub held: bool,
}

impl From<&ModeratedVoteView> for VoteRow {
    fn from(seen: &ModeratedVoteView) -> Self {
        Self {
            tool: seen.tool.to_string(),
            voter_short: format::short(&seen.voter),
            voter: seen.voter.clone(),
            network_short: format::short(seen.network.as_deref().unwrap_or_default()),
            network: seen.network.clone().unwrap_or_default(),
            choice: seen.choice.as_str(),
            when: Time(seen.cast_at),
            age: match seen.token_age {
                AGE_SECONDS => "signed in".to_owned(),
                seconds => format::lasting(i64::from(seconds)),
            },
            counted: seen.counted,
            held: seen.held,
        }
    }
}

#[derive(Template)]
#[template(path = "admin/votes.html")]
struct VotesPage {
    frame: Frame,
    filter: VoteFilter,
    standing: String,
    standings: [(&'static str, &'static str, Standing); 4],
    errors: FieldErrors,
    votes: Vec<VoteRow>,
    /// The address of the next page.
    next: Option<String>,
    /// The query of these criteria, to be previewed as a reset or taken along as CSV.
    query: String,
    /// Whether a tool is named, so that a reset can be previewed.
    of_tool: bool,
}

/// What of the feed a form means.
pub(super) async fn wanted(
    state: &AdminState,
    filter: &VoteFilter,
    form: &Form,
) -> Result<Filter, Problem> {
    let tool = match filter.tool(state)? {
        Some(slug) => Some(state.moderation.tool(slug.as_str())?.id),
        None => None,
    };
    let (from, to) = filter.window()?;
    let standing = match form.get("standing") {
        None => None,
        Some(text) => {
            let known = STANDINGS.into_iter().find(|(name, ..)| *name == text);
            let known = known.ok_or_else(|| {
                Problem::invalid("standing: expected counted, held, rejected or set-aside.")
            })?;
            Some(known.2)
        }
    };
    let after = form.get("cursor").map(|text| {
        After::parse(text).ok_or_else(|| {
            Problem::invalid("cursor: expected a cursor of this list. Start again without one.")
        })
    });
    let after = after.transpose()?;
    Ok(Filter {
        tool,
        networks: filter.networks(state, tool).await?,
        voters: filter.voters(state, tool).await?,
        choice: filter.choice()?,
        standing,
        from,
        to,
        after,
    })
}

/// A page of the feed as rows.
pub(super) async fn rows(
    state: &AdminState,
    wanted: Filter,
    limit: i64,
) -> Result<Page<VoteRow>, Problem> {
    let found = state.moderation.feed(wanted, limit).await?;
    Ok(found.map(|vote| VoteRow::from(&vote)))
}

/// The feed.
pub async fn get_votes(http: HttpRequest, state: Data<AdminState>) -> HttpResponse {
    show(&http, &state, async |session| {
        let form = Form::of(http.query_string());
        let filter = VoteFilter::read(&form);
        let found = async { rows(&state, wanted(&state, &filter, &form).await?, PAGE).await };
        let (found, errors) = match found.await {
            Ok(found) => (found, FieldErrors::default()),
            Err(problem) if is_correctable(&problem) => (
                Page {
                    items: Vec::new(),
                    next: None,
                },
                FieldErrors::from(&problem),
            ),
            Err(problem) => return Err(problem),
        };
        let standing = form.text("standing");
        let mut query = filter.query();
        if !standing.is_empty() {
            query = format!("{query}&standing={standing}");
        }
        page_with(
            errors.status(),
            &VotesPage {
                frame: session.frame("votes", "Votes"),
                next: found
                    .next
                    .map(|cursor| format!("/moderation/votes?{query}&cursor={cursor}")),
                of_tool: !filter.tool.is_empty(),
                votes: found.items,
                standings: STANDINGS,
                standing,
                errors,
                query,
                filter,
            },
        )
    })
    .await
}

/// The same votes as CSV: the newest of them.
pub async fn get_csv(http: HttpRequest, state: Data<AdminState>) -> HttpResponse {
    show(&http, &state, async |_session| {
        let form = Form::of(http.query_string());
        let wanted = wanted(&state, &VoteFilter::read(&form), &form).await?;
        let found = state.moderation.feed(wanted, MAX_CSV_VOTES).await?;
        let csv = csv_of(&found.items).map_err(|cause| {
            tracing::error!(%cause, "votes could not be written as CSV");
            Problem::internal()
        })?;
        let name = format!(
            "attachment; filename=\"votes-{}.csv\"",
            format::file_time(Timestamp::now())
        );
        let answer = HttpResponse::Ok()
            .content_type("text/csv; charset=utf-8")
            .insert_header((CACHE_CONTROL, "no-store"))
            .insert_header((CONTENT_DISPOSITION, name))
            .body(csv);
        Ok(secured(answer))
    })
    .await
}

fn csv_of(votes: &[ModeratedVoteView]) -> Result<Vec<u8>, csv::Error> {
    let mut csv = csv::Writer::from_writer(Vec::new());
    csv.write_record([
        "tool",
        "voter",
        "network",
        "choice",
        "cast_at",
        "token_age",
        "counted",
        "held",
    ])?;
    for vote in votes {
        csv.write_record([
            vote.tool.as_str(),
            &vote.voter,
            vote.network.as_deref().unwrap_or_default(),
            vote.choice.as_str(),
            &vote.cast_at.to_string(),
            &vote.token_age.to_string(),
            &vote.counted.to_string(),
            &vote.held.to_string(),
        ])?;
    }
    csv.into_inner().map_err(|cause| cause.into_error().into())
}
