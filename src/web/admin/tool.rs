//! `GET /moderation/tools/{slug}`: one tool's votes over time, what stands out among them, and what was done about them.

use std::collections::HashSet;

use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;

use super::alerts::AlertRow;
use super::bans::banned;
use super::chart::Chart;
use super::field_errors::FieldErrors;
use super::form::Form;
use super::merges::{TargetOption, targets};
use super::resets::RemovalRow;
use super::state::{AdminState, Frame, page_with};
use super::votes::{VoteRow, rows};
use crate::detection::alerts::AlertState;
use crate::domain::{Timestamp, ToolState};
use crate::http::problem::Problem;
use crate::moderation::insights::clusters::{Cluster, Clusters};
use crate::moderation::insights::feed::Filter;
use crate::moderation::removals::removal::Removal;
use crate::tallies::panel_percent;
use crate::web::admin::auth_guard::show;
use crate::web::admin::format::{self, TallyText, Time};
use crate::web::admin::vote_filter::VoteFilter;
use crate::web::kit::format::{counts, grouped, score, votes};

/// Votes on the page.
const NEWEST: i64 = 15;
const RESETS: i64 = 10;
const PERIODS: i64 = 100;
const ALERTS: i64 = 20;

struct NetworkRow {
    banned: bool,
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
    when: Time,
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
    banned: bool,
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
#[template(path = "admin/tool.html")]
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
    /// Open ones.
    alerts: Vec<AlertRow>,
    /// Every row of the tables of networks and voters is ticked at first.
    ticked: String,
    errors: FieldErrors,
    votes: Vec<VoteRow>,
    resets: Vec<RemovalRow>,
    periods: Vec<RemovalRow>,
    /// What it can be merged into.
    targets: Vec<TargetOption>,
}

impl ToolInsights {
    fn of(clusters: &Clusters) -> Self {
        Self {
            looked_at: votes(clusters.looked_at),
            fresh: clusters.fresh_share,
            ..Self::default()
        }
    }
}

fn found(clusters: &Clusters, banned: &HashSet<String>) -> ToolInsights {
    let mut found = ToolInsights::of(clusters);
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
                banned: banned.contains(network),
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
                when: Time(*from),
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
                banned: banned.contains(voter),
                short: format::short(voter),
                voter: voter.clone(),
                votes: grouped(*all),
                choice: choice.as_str(),
            }),
        }
    }
    found
}

pub async fn get_tool(
    http: HttpRequest,
    slug: Path<String>,
    state: Data<AdminState>,
) -> HttpResponse {
    show(&http, &state, async |session| {
        let slot = state.moderation.tool(&slug)?;
        let form = Form::of(http.query_string());
        let filter = VoteFilter::read(&form);
        // A window that cannot be understood is none: the page shows all, with what was typed and why it was refused.
        let (from, to, errors) = match filter.window() {
            Ok((from, to)) => (from, to, FieldErrors::default()),
            Err(problem) => (None, None, FieldErrors::from(&problem)),
        };
        let moderation = &state.moderation;
        let course = moderation.course(&slug, from, to, session.now).await?;
        let removals = Removals::of(&state, slot.id).await?;
        let clusters = moderation.clusters(&slug).await?;
        let alerts = moderation
            .alerts(Some(slot.id), Some(AlertState::Open), i64::MAX, ALERTS)
            .await?;
        let wanted = Filter {
            tool: Some(slot.id),
            from,
            to,
            ..Filter::default()
        };
        let newest = rows(&state, wanted, NEWEST).await?;
        let row = slot.tally().row;
        let name = state.name(&slug);
        let typed =
            |at: Option<Timestamp>, text: &str| at.map_or_else(|| text.to_owned(), format::field);
        page_with(
            errors.status(),
            &ToolPage {
                frame: session.frame("overview", &name),
                slug: slot.slug().to_string(),
                name,
                shown: TallyText::of(&row, state.board.min_votes()),
                panel: score(panel_percent(&row)),
                aside: votes(row.aside_ship + row.aside_skip),
                state: format::state(row.state),
                open: row.state == ToolState::Open,
                archived: row.state == ToolState::Archived,
                chart: Chart::of(&course, state.board.min_votes(), &removals.in_force),
                from: typed(from, &filter.from),
                to: typed(to, &filter.to),
                windowed: from.is_some() || to.is_some(),
                found: found(&clusters, &banned(&state, session.now).await?),
                alerts: alerts
                    .items
                    .iter()
                    .map(|alert| AlertRow::of(&state, alert))
                    .collect(),
                ticked: form.text("ticked"),
                errors,
                votes: newest.items,
                resets: removals.resets,
                periods: removals.periods,
                targets: targets(&state, slot.id),
            },
        )
    })
    .await
}

/// What was done about a tool.
struct Removals {
    resets: Vec<RemovalRow>,
    periods: Vec<RemovalRow>,
    /// The periods in force.
    in_force: Vec<Removal>,
}

impl Removals {
    async fn of(state: &AdminState, tool: i32) -> Result<Self, Problem> {
        let moderation = &state.moderation;
        let periods = moderation
            .periods(Some(tool), false, i64::MAX, PERIODS)
            .await?
            .items;
        let resets = moderation.resets(Some(tool), i64::MAX, RESETS).await?;
        let rows = |removals: &[Removal]| {
            let of = |removal| RemovalRow::of(state, removal);
            removals.iter().map(of).collect()
        };
        Ok(Self {
            resets: rows(&resets.items),
            periods: rows(&periods),
            in_force: periods,
        })
    }
}
