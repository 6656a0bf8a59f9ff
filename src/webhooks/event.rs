//! [`Event`]: what happened, as endpoints are told it. Pure.

use serde::Serialize;
use serde_json::value::RawValue;

use crate::auth::audit::Entry;
use crate::config::WebhookEvent;
use crate::detection::alerts::{Alert, AlertView};
use crate::domain::{Choice, Slug, Timestamp};
use crate::moderation::removals::removal::{PublicView, Removal};
use crate::tallies::TallyRow;
use crate::tallies::cache::TallyEntry;
use crate::tallies::percent::percent;
use crate::webhooks::message;

/// An event, ready to be kept.
#[derive(Debug, Clone)]
pub(super) struct Event {
    /// The header `webhook-id`.
    pub id: String,
    pub kind: WebhookEvent,
    pub tool: Slug,
    pub content: EventContent,
    /// One sentence.
    pub summary: String,
}

/// Where the message of an event comes from.
#[derive(Debug, Clone)]
pub(super) enum EventContent {
    Payload(String),
    /// Made from the alert when it is sent: it names a network, which is forgotten with the day.
    Alert(i64),
}

/// The body that the Standard Webhooks specification recommends, and where to look.
#[derive(Serialize)]
struct Payload<'a, T> {
    r#type: &'static str,
    timestamp: Timestamp,
    url: &'a str,
    data: T,
}

fn payload<T: Serialize>(
    event: WebhookEvent,
    timestamp: Timestamp,
    url: &str,
    data: T,
) -> serde_json::Result<String> {
    serde_json::to_string(&Payload {
        r#type: event.as_str(),
        timestamp,
        url,
        data,
    })
}

/// The counts of a tool in the event before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct SentTally {
    pub row: TallyRow,
    pub sent_at: Timestamp,
}

/// What most say.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
enum Majority {
    Ship,
    Skip,
    Split,
}

/// `None` if fewer than `min_votes` say anything.
fn majority(ship: i64, skip: i64, min_votes: i64) -> Option<Majority> {
    let majority = match ship.cmp(&skip) {
        std::cmp::Ordering::Greater => Majority::Ship,
        std::cmp::Ordering::Less => Majority::Skip,
        std::cmp::Ordering::Equal => Majority::Split,
    };
    Some(majority).filter(|_| ship + skip >= min_votes.max(1))
}

#[derive(Serialize)]
struct PreviousCounts {
    ship: i64,
    skip: i64,
    percent: Option<i64>,
}

#[derive(Serialize)]
struct TallyMoved<'a> {
    tool: &'a Slug,
    previous: PreviousCounts,
    tally: &'a RawValue,
}

#[derive(Serialize, PartialEq, Eq)]
struct Verdicts {
    community: Option<Majority>,
    panel: Option<Majority>,
    panel_ship: i32,
    panel_skip: i32,
}

impl Verdicts {
    fn of(row: &TallyRow, min_votes: i64) -> Self {
        let panel = (i64::from(row.panel_ship), i64::from(row.panel_skip));
        Self {
            community: majority(row.ship, row.skip, min_votes),
            panel: majority(panel.0, panel.1, 1),
            panel_ship: row.panel_ship,
            panel_skip: row.panel_skip,
        }
    }

    fn words(&self) -> String {
        let community = match self.community {
            None => "the community says too little",
            Some(Majority::Ship) => "the community says ship",
            Some(Majority::Skip) => "the community says skip",
            Some(Majority::Split) => "the community is split",
        };
        let (ship, skip) = (self.panel_ship, self.panel_skip);
        format!("{community} (panel: {ship} ship, {skip} skip)")
    }
}

#[derive(Serialize)]
struct VerdictChanged<'a> {
    tool: &'a Slug,
    verdict: &'a Verdicts,
    previous: &'a Verdicts,
    tally: &'a RawValue,
}

/// What the events of a tally are made with.
pub(super) struct TallyRules<'a> {
    /// Where browsers reach the site, without a slash at its end.
    pub site: &'a str,
    pub min_votes: i64,
    pub moved_points: i64,
}

impl TallyRules<'_> {
    fn percent(&self, row: &TallyRow) -> Option<i64> {
        percent(row.ship, row.skip).filter(|_| row.ship + row.skip >= self.min_votes)
    }

    fn has_moved(&self, before: &TallyRow, row: &TallyRow) -> bool {
        if self.moved_points == 0 {
            return (before.ship, before.skip) != (row.ship, row.skip);
        }
        match (self.percent(before), self.percent(row)) {
            (Some(before), Some(after)) => (after - before).abs() >= self.moved_points,
            (before, after) => before != after,
        }
    }

    /// The events of a tool since the event before; none if it moved too little.
    pub(super) fn events(
        &self,
        sent: &TallyRow,
        entry: &TallyEntry,
    ) -> serde_json::Result<Vec<Event>> {
        let published = entry.tally();
        let tally: &RawValue = serde_json::from_slice(&published.body)?;
        let mut events = Vec::new();
        if self.has_moved(sent, &published.row) {
            events.push(self.moved(sent, entry, &published.row, tally)?);
        }
        let verdicts = |row| Verdicts::of(row, self.min_votes);
        let (verdict, previous) = (verdicts(&published.row), verdicts(sent));
        if verdict != previous {
            events.push(self.changed((&previous, &verdict), entry, &published.row, tally)?);
        }
        Ok(events)
    }

    fn moved(
        &self,
        sent: &TallyRow,
        entry: &TallyEntry,
        row: &TallyRow,
        tally: &RawValue,
    ) -> serde_json::Result<Event> {
        let slug = entry.slug();
        let data = TallyMoved {
            tool: &slug,
            previous: PreviousCounts {
                ship: sent.ship,
                skip: sent.skip,
                percent: self.percent(sent),
            },
            tally,
        };
        let score = |row| match self.percent(row) {
            Some(percent) => format!("{percent}% ship"),
            None => "no percentage".to_owned(),
        };
        let summary = format!(
            "{}: {} of {} votes, before that {}.",
            slug,
            score(row),
            row.ship + row.skip,
            score(sent)
        );
        let event = WebhookEvent::TallyMoved;
        let payload = payload(event, row.updated_at, &self.url(entry), data)?;
        Ok(Event {
            id: format!("tally_{}_{}", entry.id, row.version),
            kind: event,
            tool: slug,
            content: EventContent::Payload(payload),
            summary,
        })
    }

    fn changed(
        &self,
        (previous, verdict): (&Verdicts, &Verdicts),
        entry: &TallyEntry,
        row: &TallyRow,
        tally: &RawValue,
    ) -> serde_json::Result<Event> {
        let slug = entry.slug();
        let data = VerdictChanged {
            tool: &slug,
            verdict,
            previous,
            tally,
        };
        let summary = format!(
            "{}: {}, before that {}.",
            slug,
            verdict.words(),
            previous.words()
        );
        let event = WebhookEvent::VerdictChanged;
        let payload = payload(event, row.updated_at, &self.url(entry), data)?;
        Ok(Event {
            id: format!("verdict_{}_{}", entry.id, row.version),
            kind: event,
            tool: slug,
            content: EventContent::Payload(payload),
            summary,
        })
    }

    fn url(&self, entry: &TallyEntry) -> String {
        format!("{}/tools/{}", self.site, entry.slug())
    }
}

#[derive(Serialize)]
struct ToolFrozen<'a> {
    tool: &'a Slug,
    state: &'static str,
}

/// The event of a moderator's act that froze a tool.
pub(super) fn frozen(entry: &Entry, site: &str) -> serde_json::Result<Option<Event>> {
    #[derive(serde::Deserialize)]
    struct State {
        state: String,
    }
    let state = |text: &str| serde_json::from_str(text).map(|state: State| state.state);
    let (before, after) = (state(&entry.before)?, state(&entry.after)?);
    let Some(tool) = Slug::parse(&entry.subject).filter(|_| after == "frozen" && before != after)
    else {
        return Ok(None);
    };
    let event = WebhookEvent::ToolFrozen;
    let data = ToolFrozen {
        tool: &tool,
        state: "frozen",
    };
    let url = format!("{site}/tools/{tool}");
    Ok(Some(Event {
        id: format!("audit_{}", entry.id),
        kind: event,
        content: EventContent::Payload(payload(event, entry.at, &url, data)?),
        summary: format!("Voting on {tool} is frozen."),
        tool,
    }))
}

#[derive(Serialize)]
struct ResetData<'a> {
    id: i64,
    #[serde(flatten)]
    removal: PublicView<'a>,
    /// Tallies before and after the act.
    before: Option<&'a RawValue>,
    after: Option<&'a RawValue>,
}

/// The event of a moderator's act that made or undid a reset.
pub(super) fn reset(
    event: WebhookEvent,
    entry: &Entry,
    removal: &Removal,
    site: &str,
) -> serde_json::Result<Event> {
    #[derive(serde::Deserialize)]
    struct WithTally {
        tally: Option<Box<RawValue>>,
    }
    let tally = |text: &str| serde_json::from_str(text).map(|with: WithTally| with.tally);
    let (before, after) = (tally(&entry.before)?, tally(&entry.after)?);
    let data = ResetData {
        id: removal.id,
        removal: removal.public(),
        before: before.as_deref(),
        after: after.as_deref(),
    };
    let url = format!("{site}/moderation/resets/{}", removal.id);
    let (tool, votes) = (removal.slug.clone(), removal.ship + removal.skip);
    let what = match event {
        WebhookEvent::ResetUndone => "is undone",
        _ => "is made",
    };
    Ok(Event {
        id: format!("audit_{}", entry.id),
        kind: event,
        content: EventContent::Payload(payload(event, entry.at, &url, data)?),
        summary: format!("A reset of {votes} votes on {tool} {what}."),
        tool,
    })
}

/// The event of an alert. Raised anew it is another message.
pub(super) fn alert(alert: &Alert) -> Event {
    Event {
        id: format!("alert_{}_{}", alert.id, alert.raised_at.0),
        kind: WebhookEvent::AlertRaised,
        tool: alert.slug.clone(),
        content: EventContent::Alert(alert.id),
        summary: message::sentence(&alert.clone().into()),
    }
}

/// The message of an alert, which leads to the preview of the reset that it proposes.
pub(super) fn alert_payload(alert: Alert, site: &str) -> serde_json::Result<String> {
    let alert = AlertView::from(alert);
    let url = preview(&alert, site);
    payload(WebhookEvent::AlertRaised, alert.raised_at, &url, &alert)
}

fn preview(alert: &AlertView, site: &str) -> String {
    let filter = &alert.filter;
    let mut query = url::form_urlencoded::Serializer::new(String::new());
    query
        .append_pair("tool", filter.tool.as_str())
        .append_pair("from", &filter.from.to_string())
        .append_pair("to", &filter.to.to_string());
    if let Some(network) = &filter.network {
        query.append_pair("network", network);
    }
    if let Some(choice) = filter.choice {
        query.append_pair("choice", Choice::as_str(choice));
    }
    format!("{site}/moderation/reset?{}", query.finish())
}
