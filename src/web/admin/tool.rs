//! `GET /moderation/tools/{slug}`: one tool's votes over time, what stands out among them, and what was done about them.

use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;

use super::chart::Chart;
use super::form::Form;
use super::resets::RemovalRow;
use super::state::{AdminState, Frame, page};
use super::votes::{VoteRow, feed};
use crate::catalog::views::history::{HistoryQuery, Point, Step, points};
use crate::domain::ToolState;
use crate::infra::db::read;
use crate::moderation::insights::clusters::{Cluster, Clusters};
use crate::moderation::insights::timeline::Timeline;
use crate::tallies::panel_percent;
use crate::web::admin::auth_guard::show;
use crate::web::admin::format::{self, TallyText};
use crate::web::admin::vote_filter::VoteFilter;
use crate::web::kit::format::{counts, grouped, score, votes};

/// Votes on the page.
const NEWEST: i64 = 15;
const REMOVALS: i64 = 10;
/// A score is drawn by the hour while its chart is at most so long.
const HOURS_SECONDS: i64 = 60 * 24 * 3_600;

struct NetworkRow {
    network: String,
    short: String,
    votes: String,
    counts: String,
    share: i64,
    same: i64,
    fresh: i64,
    span: String,
}

struct BurstRow {
    when: String,
    lasting: String,
    votes: String,
    counts: String,
    times: String,
    usual: String,
    same: i64,
    fresh: i64,
    window: String,
}

struct VoterRow {
    voter: String,
    short: String,
    votes: String,
    choice: &'static str,
}

#[derive(Default)]
struct ToolInsights {
    networks: Vec<NetworkRow>,
    bursts: Vec<BurstRow>,
    voters: Vec<VoterRow>,
    looked_at: String,
    fresh: i64,
}

#[derive(Template)]
#[template(path = "desk/tool.html")]
struct ToolPage {
    frame: Frame,
    slug: String,
    name: String,
    shown: TallyText,
    panel: String,
    aside: String,
    state: &'static str,
    open: bool,
    archived: bool,
    chart: Chart,
    /// The window that is looked at, as the fields hold it.
    from: String,
    to: String,
    windowed: bool,
    found: ToolInsights,
    votes: Vec<VoteRow>,
    resets: Vec<RemovalRow>,
    periods: Vec<RemovalRow>,
}

fn found(clusters: &Clusters) -> ToolInsights {
    let mut found = ToolInsights {
        looked_at: votes(clusters.looked_at),
        fresh: clusters.fresh_share,
        ..ToolInsights::default()
    };
    for cluster in &clusters.items {
        match cluster {
            Cluster::Network {
                network,
                votes: all,
                ship,
                skip,
                share,
                same_choice_share,
                fresh_share,
                first_at,
                last_at,
                ..
            } => found.networks.push(NetworkRow {
                short: format::short(network),
                network: network.clone(),
                votes: grouped(*all),
                counts: counts(*ship, *skip),
                share: *share,
                same: *same_choice_share,
                fresh: *fresh_share,
                span: format!(
                    "{} to {}",
                    format::short_time(*first_at),
                    format::short_time(*last_at)
                ),
            }),
            Cluster::Burst {
                from,
                to,
                votes: all,
                ship,
                skip,
                usual,
                times,
                same_choice_share,
                fresh_share,
                ..
            } => found.bursts.push(BurstRow {
                when: format::time(*from),
                lasting: format::lasting(to.seconds() - from.seconds()),
                votes: grouped(*all),
                counts: counts(*ship, *skip),
                times: grouped(*times),
                usual: grouped(*usual),
                same: *same_choice_share,
                fresh: *fresh_share,
                window: format!("from={}&to={}", format::field(*from), format::field(*to)),
            }),
            Cluster::OneWayVoter {
                voter,
                votes: all,
                choice,
            } => found.voters.push(VoterRow {
                short: format::short(voter),
                voter: voter.clone(),
                votes: grouped(*all),
                choice: choice.as_str(),
            }),
        }
    }
    found
}

/// How the score came to be, within the course; nothing while that cannot be read.
async fn score_of(state: &AdminState, tool: i32, course: &Timeline) -> Vec<Point> {
    let steps = i64::try_from(course.steps.len()).unwrap_or_default();
    let step = if steps * course.width <= HOURS_SECONDS {
        Step::Hour
    } else {
        Step::Day
    };
    let ask = HistoryQuery {
        step,
        from: Some(course.start),
        to: None,
    };
    let min_votes = state.board.min_votes();
    read(&state.readers, move |conn| {
        points(conn, tool, &ask, min_votes)
    })
    .await
    .unwrap_or_default()
}

pub async fn get_tool(
    http: HttpRequest,
    slug: Path<String>,
    state: Data<AdminState>,
) -> HttpResponse {
    show(&http, &state, async |desk| {
        let slot = state.moderation.tool(&slug)?;
        let asked = VoteFilter::read(&Form::of(http.query_string()));
        let (from, to) = asked.window()?;
        let moderation = &state.moderation;
        let course = moderation.course(&slug, from, to, desk.now).await?;
        let points = score_of(&state, slot.id, &course).await;
        let periods = moderation
            .periods(Some(slot.id), false, i64::MAX, 100)
            .await?
            .items;
        let resets = moderation.resets(Some(slot.id), i64::MAX, REMOVALS).await?;
        let clusters = moderation.clusters(&slug).await?;
        let of_tool = VoteFilter {
            tool: slot.slug.to_string(),
            from: asked.from.clone(),
            to: asked.to.clone(),
            ..VoteFilter::default()
        };
        let (newest, _) = feed(&state, &of_tool, None, NEWEST).await?;
        let row = slot.tally().row;
        let name = state.name(&slug);
        page(&ToolPage {
            frame: desk.frame("overview", &name),
            slug: slot.slug.to_string(),
            name,
            shown: TallyText::of(&row, state.board.min_votes()),
            panel: score(panel_percent(&row)),
            aside: votes(row.aside_ship + row.aside_skip),
            state: format::state(row.state),
            open: row.state == ToolState::Open,
            archived: row.state == ToolState::Archived,
            chart: Chart::of(&course, &points, &periods),
            from: from.map(format::field).unwrap_or_default(),
            to: to.map(format::field).unwrap_or_default(),
            windowed: from.is_some() || to.is_some(),
            found: found(&clusters),
            votes: newest,
            resets: resets
                .items
                .iter()
                .map(|removal| RemovalRow::of(&state, removal))
                .collect(),
            periods: periods
                .iter()
                .map(|removal| RemovalRow::of(&state, removal))
                .collect(),
        })
    })
    .await
}
