//! Bans of a voter or a network: list, preview and making of one, preview and lifting.

use std::collections::HashSet;

use actix_web::web::{Data, Path, Payload};
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;

use super::confirm::{ConfirmPage, hidden, numbers};
use super::field_errors::{FieldErrors, is_correctable};
use super::form::Form;
use super::state::{AdminState, Frame, page_with};
use super::votes::{VoteRow, rows};
use crate::domain::Timestamp;
use crate::http::problem::Problem;
use crate::moderation::bans::{BanView, Banned};
use crate::moderation::insights::feed::Filter;
use crate::moderation::selection::{AnyOf, Id};
use crate::moderation::{paging, reason};
use crate::web::admin::auth_guard::{ModeratorSession, PageResult, act, show, to};
use crate::web::admin::format::{self, Time};
use crate::web::admin::vote_filter::{self, VoteFilter};

const PAGE: i64 = 50;
/// Bans that are looked through for those that a page lists.
const BANS: i64 = 10_000;
/// Votes that a preview shows.
const SAMPLE: i64 = 20;

/// Voters and networks with a ban in force, as pages name them.
pub(super) async fn banned(state: &AdminState, now: Timestamp) -> Result<HashSet<String>, Problem> {
    let bans = state.moderation.bans(i64::MAX, BANS, now).await?;
    let whom = bans.items.into_iter().filter(|ban| ban.holds);
    Ok(whom.filter_map(|ban| ban.voter.or(ban.network)).collect())
}

/// A ban in a list.
pub struct BanRow {
    pub id: i64,
    /// `voter` or `network`.
    pub kind: &'static str,
    pub whom: String,
    pub short: String,
    pub reason: String,
    pub made_by: String,
    pub made_at: Time,
    /// Empty for one without an end.
    pub until: String,
    /// Whether whoever it names is known when they come again.
    pub holds: bool,
    pub reset: Option<i64>,
}

impl From<&BanView> for BanRow {
    fn from(ban: &BanView) -> Self {
        let kind = if ban.voter.is_some() {
            "voter"
        } else {
            "network"
        };
        let whom = ban.voter.clone().or_else(|| ban.network.clone());
        let whom = whom.unwrap_or_default();
        Self {
            id: ban.id,
            kind,
            short: format::short(&whom),
            whom,
            reason: ban.reason.clone(),
            made_by: ban.made_by.clone(),
            made_at: Time(ban.made_at),
            until: ban.expires_at.map(format::time).unwrap_or_default(),
            holds: ban.holds,
            reset: ban.reset,
        }
    }
}

#[derive(Template)]
#[template(path = "admin/bans.html")]
struct BansPage {
    frame: Frame,
    /// What was typed, and why it was refused.
    filter: VoteFilter,
    errors: FieldErrors,
    ticked: bool,
    bans: Vec<BanRow>,
    next: Option<String>,
}

async fn list(
    session: &ModeratorSession,
    query: &str,
    filter: VoteFilter,
    refused: Option<&Problem>,
) -> PageResult {
    let before = if refused.is_some() {
        i64::MAX
    } else {
        paging::before(query)?
    };
    let moderation = &session.state.moderation;
    let found = moderation.bans(before, PAGE, session.now).await?;
    let errors = FieldErrors::from(refused);
    page_with(
        errors.status(),
        &BansPage {
            frame: session.frame("bans", "Bans"),
            filter,
            errors,
            ticked: Form::of(query).get("ticked").is_some(),
            bans: found.items.iter().map(BanRow::from).collect(),
            next: found.next,
        },
    )
}

/// The bans in force.
pub async fn get_bans(http: HttpRequest, state: Data<AdminState>) -> HttpResponse {
    show(&http, &state, async |session| {
        list(session, http.query_string(), VoteFilter::default(), None).await
    })
    .await
}

#[derive(Template)]
#[template(path = "admin/ban.html")]
struct BanPage {
    frame: Frame,
    /// `voter` or `network`.
    kind: &'static str,
    is_network: bool,
    /// Their ids in full.
    whom: Vec<String>,
    until: String,
    votes: Vec<VoteRow>,
    /// The query of all their votes, if there are more than those.
    more: Option<String>,
    reason: String,
    errors: FieldErrors,
}

/// Who a form names: voters or networks.
struct Whom {
    voters: AnyOf<crate::domain::VoterId>,
    networks: AnyOf<crate::domain::NetworkHash>,
}

impl Whom {
    async fn read(session: &ModeratorSession, filter: &VoteFilter) -> Result<Self, Problem> {
        let whom = Self {
            voters: filter.voters(&session.state, None).await?,
            networks: filter.networks(&session.state, None).await?,
        };
        match (whom.voters.ids(), whom.networks.ids()) {
            (Some([_, ..]), None) | (None, Some([_, ..])) => Ok(whom),
            _ => Err(Problem::invalid("voter: name either voters or networks.")),
        }
    }

    fn banned(&self) -> Vec<Banned> {
        let voters = self.voters.ids().unwrap_or_default().iter();
        let networks = self.networks.ids().unwrap_or_default().iter();
        voters
            .map(|id| Banned::Voter(*id))
            .chain(networks.map(|id| Banned::Network(*id)))
            .collect()
    }

    fn texts(&self) -> (&'static str, Vec<String>) {
        fn texts<T: Id>(ids: &AnyOf<T>) -> Vec<String> {
            ids.texts().unwrap_or_default()
        }
        if self.voters.ids().is_some() {
            ("voter", texts(&self.voters))
        } else {
            ("network", texts(&self.networks))
        }
    }
}

async fn preview(session: &ModeratorSession, form: &Form, refused: Option<&Problem>) -> PageResult {
    let filter = VoteFilter::read(form);
    let whom = match Whom::read(session, &filter).await {
        Ok(whom) => whom,
        Err(problem) if is_correctable(&problem) => {
            return list(session, "", filter, Some(&problem)).await;
        }
        Err(problem) => return Err(problem),
    };
    let (kind, ids) = whom.texts();
    let wanted = Filter {
        voters: whom.voters.clone(),
        networks: whom.networks.clone(),
        ..Filter::default()
    };
    let found = rows(&session.state, wanted, SAMPLE).await?;
    let errors = FieldErrors::from(refused);
    page_with(
        errors.status(),
        &BanPage {
            frame: session.frame("bans", "Preview of a ban"),
            kind,
            is_network: kind == "network",
            until: form.text("until"),
            votes: found.items,
            more: found.next.map(|_| format!("{kind}={}", ids.join(","))),
            whom: ids,
            reason: form.text("reason"),
            errors,
        },
    )
}

/// Whom a ban would hit, and what it would do.
pub async fn get_preview(http: HttpRequest, state: Data<AdminState>) -> HttpResponse {
    show(&http, &state, async |session| {
        preview(session, &Form::of(http.query_string()), None).await
    })
    .await
}

pub async fn post_ban(
    http: HttpRequest,
    payload: Payload,
    state: Data<AdminState>,
) -> HttpResponse {
    act(&http, payload, &state, async |session, form| {
        let done = async {
            let whom = Whom::read(session, &VoteFilter::read(form)).await?;
            let why = reason(&form.text("reason"))?;
            let until = vote_filter::end("until", &form.text("until"), session.now)?;
            state
                .moderation
                .ban(&whom.banned(), until, &why, &session.actor(), session.now)
                .await
        };
        match done.await {
            Ok(_) => Ok(to("/moderation/bans")),
            Err(problem) if is_correctable(&problem) => {
                preview(session, form, Some(&problem)).await
            }
            Err(problem) => Err(problem),
        }
    })
    .await
}

async fn preview_lift(
    session: &ModeratorSession,
    place: &str,
    form: &Form,
    refused: Option<&Problem>,
) -> PageResult {
    let ids = numbers(place, form)?;
    let mut facts = Vec::new();
    for id in &ids {
        let ban = session.state.moderation.find_ban(*id, session.now).await?;
        let row = BanRow::from(&ban);
        let until = if row.until.is_empty() {
            "it is lifted"
        } else {
            &row.until
        };
        facts.push((row.kind, row.whom.clone()));
        facts.push((
            "Why",
            format!(
                "{}. Made {} by {}, until {until}.",
                row.reason,
                row.made_at.text(),
                row.made_by
            ),
        ));
    }
    let (heading, button) = match ids.len() {
        1 => ("Lift a ban".to_owned(), "Lift the ban".to_owned()),
        some => (format!("Lift {some} bans"), format!("Lift {some} bans")),
    };
    ConfirmPage {
        frame: session.frame("bans", &heading),
        back: ("/moderation/bans".to_owned(), "Bans".to_owned()),
        heading,
        lead: "Nothing has been changed.".to_owned(),
        errors: refused.into(),
        matched: String::new(),
        effect: "From then on they may vote again".to_owned(),
        notes: Vec::new(),
        facts,
        change: None,
        action: format!("/moderation/bans/{place}/lift"),
        hidden: hidden(place, &ids),
        reason: form.text("reason"),
        button,
    }
    .show()
}

/// What lifting bans would do.
pub async fn get_lift(
    http: HttpRequest,
    id: Path<String>,
    state: Data<AdminState>,
) -> HttpResponse {
    show(&http, &state, async |session| {
        preview_lift(session, &id, &Form::of(http.query_string()), None).await
    })
    .await
}

/// Lifts bans.
pub async fn post_lift(
    http: HttpRequest,
    payload: Payload,
    id: Path<String>,
    state: Data<AdminState>,
) -> HttpResponse {
    act(&http, payload, &state, async |session, form| {
        let ids = numbers(&id, form)?;
        let why = match reason(&form.text("reason")) {
            Ok(why) => why,
            Err(problem) => return preview_lift(session, &id, form, Some(&problem)).await,
        };
        state
            .moderation
            .lift(&ids, &why, &session.actor(), session.now)
            .await?;
        Ok(to("/moderation/bans"))
    })
    .await
}
