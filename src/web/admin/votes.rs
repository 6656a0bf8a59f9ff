//! `GET /moderation/votes`: the feed of votes with its filters; and [`VoteRow`], a vote as every page shows it.

use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;

use super::form::Form;
use super::state::{AdminState, Frame, page};
use crate::auth::users::AGE_SECONDS;
use crate::http::problem::Problem;
use crate::moderation::insights::ModeratedVoteView;
use crate::moderation::insights::feed::{After, Filter};
use crate::web::admin::auth_guard::show;
use crate::web::admin::format;
use crate::web::admin::vote_filter::VoteFilter;

const PAGE: i64 = 100;

/// A vote in a table.
pub struct VoteRow {
    pub tool: String,
    pub voter: String,
    pub voter_short: String,
    /// Empty where it is no longer known.
    pub network: String,
    pub network_short: String,
    pub choice: &'static str,
    pub when: String,
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
            when: format::time(seen.cast_at),
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
#[template(path = "desk/votes.html")]
struct VotesPage {
    frame: Frame,
    asked: VoteFilter,
    votes: Vec<VoteRow>,
    /// The address of the next page.
    next: Option<String>,
    /// Where these criteria are previewed as a reset; empty without a tool.
    reset: String,
}

/// A page of the feed by these criteria. The feed knows no choice.
pub(super) async fn feed(
    state: &AdminState,
    asked: &VoteFilter,
    cursor: Option<&str>,
    limit: i64,
) -> Result<(Vec<VoteRow>, Option<String>), Problem> {
    let (from, to) = asked.window()?;
    let after = cursor.map(|text| {
        After::parse(text).ok_or_else(|| Problem::invalid("cursor: not one that this list gave."))
    });
    let tool = match asked.tool.as_str() {
        "" => None,
        slug => Some(state.moderation.tool(slug)?.id),
    };
    let filter = Filter {
        tool,
        network: asked.network()?,
        voter: asked.voter()?,
        from,
        to,
        after: after.transpose()?,
    };
    let found = state.moderation.feed(filter, limit).await?;
    Ok((found.items.iter().map(VoteRow::from).collect(), found.next))
}

pub async fn get_votes(http: HttpRequest, state: Data<AdminState>) -> HttpResponse {
    show(&http, &state, async |desk| {
        let form = Form::of(http.query_string());
        let mut asked = VoteFilter::read(&form);
        asked.choice.clear();
        let (votes, next) = feed(&state, &asked, form.get("cursor"), PAGE).await?;
        let query = asked.query();
        page(&VotesPage {
            frame: desk.frame("votes", "Votes"),
            next: next.map(|cursor| format!("/moderation/votes?{query}&cursor={cursor}")),
            reset: if asked.tool.is_empty() {
                String::new()
            } else {
                format!("/moderation/reset?{query}")
            },
            votes,
            asked,
        })
    })
    .await
}
