//! Held votes: the networks they came from, the preview of a release or a rejection, and either; of one network or of all
//! that were ticked, on several tools at once.

use std::collections::HashSet;

use actix_web::web::{Data, Payload};
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;

use super::bans::banned;
use super::field_errors::{FieldErrors, is_correctable};
use super::form::Form;
use super::state::{AdminState, Frame, page, page_with};
use super::votes::VoteRow;
use crate::domain::{NetworkHash, Slug};
use crate::http::problem::Problem;
use crate::moderation::reason;
use crate::moderation::review::{Filter, HeldGroup, ResolveReport, ResolveRequest};
use crate::moderation::selection::{AnyOf, MAX_LIST, VoteSelection};
use crate::voting::held::Resolution;
use crate::web::admin::auth_guard::{ModeratorSession, PageResult, act, show, to};
use crate::web::admin::format::{self, TallyText, Time};
use crate::web::admin::vote_filter::{VoteFilter, described};
use crate::web::kit::format::{counts, grouped, votes};

/// Networks on the page.
const GROUPS: i64 = 100;
/// Votes that a preview shows.
const SAMPLE: i64 = 20;

/// A network's held votes on a tool, in a list.
struct GroupRow {
    tool: String,
    name: String,
    network: String,
    short: String,
    banned: bool,
    counts: String,
    first_at: Time,
    last_at: Time,
}

impl GroupRow {
    fn of(state: &AdminState, group: &HeldGroup, banned: &HashSet<String>) -> Self {
        let network = group.network.shown().unwrap_or_default();
        Self {
            tool: group.tool.to_string(),
            name: state.name(group.tool.as_str()),
            short: format::short(&network),
            banned: banned.contains(&network),
            network,
            counts: counts(group.ship, group.skip),
            first_at: Time(group.first_at),
            last_at: Time(group.last_at),
        }
    }
}

/// What was rejected just now, whose votes that count can be reset as well.
struct Rejected {
    name: String,
    reset: String,
}

#[derive(Template)]
#[template(path = "admin/held.html")]
struct HeldPage {
    frame: Frame,
    waiting: Vec<GroupRow>,
    rejected: Vec<GroupRow>,
    /// Every row of the list is ticked at first.
    ticked: bool,
    done: Vec<Rejected>,
}

/// The networks of which votes are held, and those of which they were rejected.
pub async fn get_held(http: HttpRequest, state: Data<AdminState>) -> HttpResponse {
    show(&http, &state, async |session| {
        let form = Form::of(http.query_string());
        let banned = banned(&state, session.now).await?;
        let of = async |rejected| {
            let found = state.moderation.held_groups(rejected, GROUPS).await?;
            let rows = found
                .iter()
                .map(|group| GroupRow::of(&state, group, &banned));
            Ok::<_, Problem>(rows.collect())
        };
        let done = selections(&state, &form).await.unwrap_or_default();
        page(&HeldPage {
            frame: session.frame("held", "Held votes"),
            waiting: of(false).await?,
            rejected: of(true).await?,
            ticked: form.get("ticked").is_some(),
            done: done
                .iter()
                .map(|votes| Rejected {
                    name: state.name(votes.tool.as_str()),
                    reset: VoteFilter::of(votes).query(),
                })
                .collect(),
        })
    })
    .await
}

/// What would happen to the held votes of one tool.
struct ToolChange {
    name: String,
    votes: String,
    criteria: Vec<(&'static str, String)>,
    before: TallyText,
    after: TallyText,
    /// Empty where there are none.
    set_aside: String,
}

#[derive(Template)]
#[template(path = "admin/settle.html")]
struct SettlePage {
    frame: Frame,
    /// The criteria that the form carries on.
    hidden: Vec<(&'static str, String)>,
    /// Whether they are to count.
    release: bool,
    /// Whether those are meant that were rejected.
    rejected: bool,
    matched: i64,
    votes: String,
    counts: String,
    networks: String,
    changes: Vec<ToolChange>,
    sample: Vec<VoteRow>,
    reason: String,
    errors: FieldErrors,
}

fn verdict(form: &Form) -> Result<Resolution, Problem> {
    match form.required("verdict")? {
        "release" => Ok(Resolution::Count),
        "reject" => Ok(Resolution::Reject),
        _ => Err(Problem::invalid("verdict: expected release or reject.")),
    }
}

/// Which held votes a form means, one selection a tool: the rows that were ticked, each `SLUG:HASH`, or the criteria that
/// its fields name. What one preview of several tools shows has one end.
async fn selections(state: &AdminState, form: &Form) -> Result<Vec<VoteSelection>, Problem> {
    let filter = VoteFilter::read(form);
    let rows: Vec<&str> = form.all("row").collect();
    if rows.is_empty() && filter.tool.is_empty() {
        return Err(Problem::invalid("row: tick at least one row."));
    }
    if rows.is_empty() {
        return Ok(vec![filter.selection(state).await?]);
    }
    if rows.len() > MAX_LIST {
        return Err(Problem::invalid(format!(
            "row: expected at most {MAX_LIST} rows at once."
        )));
    }
    let (from, to) = filter.window()?;
    let mut of_tools: Vec<(Slug, Vec<NetworkHash>)> = Vec::new();
    for row in rows {
        let read = row
            .split_once(':')
            .and_then(|(slug, hash)| Some((Slug::parse(slug)?, NetworkHash::parse(hash)?)));
        let (slug, network) =
            read.ok_or_else(|| Problem::invalid("row: expected a tool and a network's hash."))?;
        match of_tools.iter_mut().find(|(known, _)| *known == slug) {
            Some((_, networks)) => networks.push(network),
            None => of_tools.push((slug, vec![network])),
        }
    }
    let selections = of_tools.into_iter().map(|(tool, networks)| VoteSelection {
        tool,
        from,
        to,
        voters: AnyOf::default(),
        networks: AnyOf::of(networks),
        choice: None,
    });
    Ok(selections.collect())
}

/// As the form that follows carries them on, up to `to`.
fn carried(form: &Form, selections: &[VoteSelection], to: &str) -> Vec<(&'static str, String)> {
    let mut fields: Vec<(&'static str, String)> =
        form.all("row").map(|row| ("row", row.to_owned())).collect();
    if fields.is_empty()
        && let [only] = selections
    {
        let filter = VoteFilter::of(only);
        let of = filter.fields().into_iter();
        fields.extend(of.map(|(name, value)| (name, value.to_owned())));
        fields.retain(|(name, _)| *name != "to");
    }
    // What comes after this preview is not meant by it.
    fields.push(("to", to.to_owned()));
    fields
}

fn change(
    session: &ModeratorSession,
    request: &ResolveRequest,
    report: &ResolveReport,
) -> ToolChange {
    let read = |tally: &Option<Box<serde_json::value::RawValue>>| {
        TallyText::read(tally.as_ref().map_or("", |json| json.get()))
    };
    ToolChange {
        name: session.state.name(request.votes.tool.as_str()),
        votes: votes(report.matched),
        criteria: described(
            (request.votes.from, Some(report.to)),
            &request.votes.voters,
            &request.votes.networks,
            request.votes.choice,
        ),
        before: read(&report.before),
        after: read(&report.after),
        set_aside: match report.set_aside {
            0 => String::new(),
            some => votes(some),
        },
    }
}

async fn preview(session: &ModeratorSession, form: &Form, refused: Option<&Problem>) -> PageResult {
    let (verdict, rejected) = (verdict(form)?, form.get("rejected").is_some());
    let moderation = &session.state.moderation;
    let mut selections = selections(&session.state, form).await?;
    let (mut ship, mut skip, mut networks) = (0, 0, 0);
    let (mut changes, mut sample, mut end) = (Vec::new(), Vec::new(), String::new());
    for votes in &mut selections {
        votes.to = votes.to.or(Some(session.now));
        let request = ResolveRequest {
            votes: votes.clone(),
            rejected,
            origin: None,
        };
        let report = moderation
            .settle(&request, verdict, None, session.now)
            .await?;
        let filter = Filter {
            tool: Some(moderation.tool(votes.tool.as_str())?.id),
            from: votes.from,
            to: votes.to,
            voters: votes.voters.clone(),
            networks: votes.networks.clone(),
            choice: votes.choice,
            rejected,
            after: None,
        };
        let newest = moderation.held(filter, SAMPLE).await?;
        sample.extend(newest.items.iter().map(VoteRow::from));
        (ship, skip) = (ship + report.ship, skip + report.skip);
        networks += i64::try_from(report.networks).unwrap_or(i64::MAX);
        end = report.to.to_string();
        changes.push(change(session, &request, &report));
    }
    let errors = FieldErrors::from(refused);
    page_with(
        errors.status(),
        &SettlePage {
            frame: session.frame("held", "Preview"),
            hidden: carried(form, &selections, &end),
            release: verdict == Resolution::Count,
            rejected,
            matched: ship + skip,
            votes: votes(ship + skip),
            counts: counts(ship, skip),
            networks: grouped(networks),
            changes,
            sample,
            reason: form.text("reason"),
            errors,
        },
    )
}

/// What a release or a rejection would do; nothing is changed.
pub async fn get_preview(http: HttpRequest, state: Data<AdminState>) -> HttpResponse {
    show(&http, &state, async |session| {
        preview(session, &Form::of(http.query_string()), None).await
    })
    .await
}

/// Releases or rejects what was previewed.
pub async fn post_settle(
    http: HttpRequest,
    payload: Payload,
    state: Data<AdminState>,
) -> HttpResponse {
    act(
        &http,
        payload,
        &state,
        async |session, form| match settle(session, form).await {
            Ok(address) => Ok(to(&address)),
            Err(problem) if is_correctable(&problem) => {
                preview(session, form, Some(&problem)).await
            }
            Err(problem) => Err(problem),
        },
    )
    .await
}

/// Gives where to go then: after a rejection that page offers to reset what counts of the same networks.
async fn settle(session: &ModeratorSession, form: &Form) -> Result<String, Problem> {
    let (verdict, why) = (verdict(form)?, reason(&form.text("reason"))?);
    let actor = session.actor();
    let rejected = form.get("rejected").is_some();
    let selections = selections(&session.state, form).await?;
    let mut address = "/moderation/held".to_owned();
    for votes in selections {
        let networks = votes.networks.texts().unwrap_or_default();
        for network in networks.iter().filter(|_| verdict == Resolution::Reject) {
            let sign = if address.contains('?') { '&' } else { '?' };
            address = format!("{address}{sign}row={}:{network}", votes.tool);
        }
        let request = ResolveRequest {
            votes,
            rejected,
            origin: None,
        };
        let why = Some((why.as_str(), &actor));
        session
            .state
            .moderation
            .settle(&request, verdict, why, session.now)
            .await?;
    }
    Ok(address)
}
