//! The moderation API.

use serde_json::json;
use utoipa::openapi::path::Parameter;

use super::super::operation::{Operation, Part};
use super::super::parameters::{self, needed, path, query, slug_of, text, time, word};
use crate::auth::audit::EntryView;
use crate::detection::alerts::AlertView;
use crate::http::problem::Code;
use crate::moderation::bans::BanView;
use crate::moderation::bans::routes::{BanBody, BansView};
use crate::moderation::insights::ModeratedVoteView;
use crate::moderation::insights::clusters::Clusters;
use crate::moderation::insights::routes::HeadView;
use crate::moderation::removals::merges::MergeReport;
use crate::moderation::removals::periods::routes::PeriodBody;
use crate::moderation::removals::removal::{PublicView, RemovalView};
use crate::moderation::removals::resets::{ResetReport, Undone};
use crate::moderation::review::ResolveReport as HeldReport;
use crate::moderation::review::routes::HeldBody;
use crate::moderation::routes::{MergeBody, ResetBody, StateBody, WhyBody};
use crate::tallies::Tally;

pub(super) const PART: Part = Part("moderation");

const ROLE: &str = "moderator";
/// Other acts on the same votes came between, or a plan does not hold.
const TOUCHY: [Code; 2] = [Code::Conflict, Code::UnknownTool];

fn id(operation: Operation) -> Operation {
    let number = text().pattern(Some("^-?[0-9]{1,18}$"));
    operation
        .with(path("id", "Its id.", number, "1"))
        .refuses(&[Code::NotFound])
}

fn tool() -> Parameter {
    query("tool", "Of this tool only.", slug_of())
}

fn list(operation: Operation) -> Operation {
    operation
        .staff(ROLE)
        .with_all(parameters::paging(100))
        .refuses(&[Code::Invalid])
}

pub(super) fn operations() -> Vec<Operation> {
    let mut all = resets();
    all.extend(bans_and_periods());
    all.extend(held());
    all.extend(alerts());
    all.extend(sight());
    all
}

fn resets() -> Vec<Operation> {
    let reset =
        json!({"tool": "codestral-2", "reason": "One network, one minute", "dry_run": true});
    vec![
        PART.post("/v1/moderation/resets", "resetVotes")
            .says(
                "Take votes out, or see what that would do",
                "All criteria given must match, and only votes that count now are taken. A dry run gives a `plan`; with it, nothing \
                 is taken out that was not seen. The votes leave the tally at once.",
            )
            .staff(ROLE)
            .takes::<ResetBody>(reset)
            .written()
            .answers::<ResetReport>(200, "A dry run.")
            .answers::<ResetReport>(201, "Carried out.")
            .refuses(&TOUCHY),
        list(PART.get("/v1/moderation/resets", "listResets"))
            .says("Resets and merges, newest first", "")
            .with(tool())
            .answers_page::<RemovalView>()
            .refuses(&[Code::UnknownTool]),
        id(PART.get("/v1/moderation/resets/{id}", "getReset"))
            .says("One reset", "")
            .staff(ROLE)
            .answers::<RemovalView>(200, "The reset."),
        id(PART.post("/v1/moderation/resets/{id}/undo", "undoReset"))
            .says(
                "Put a reset\'s votes back",
                "Each that its voter has not cast again or withdrawn since; bans that came with it are lifted.",
            )
            .staff(ROLE)
            .may_take::<WhyBody>()
            .written()
            .answers::<Undone>(200, "Undone.")
            .refuses(&[Code::Conflict]),
        PART.post("/v1/tools/{slug}/merge", "mergeTool")
            .says(
                "Merge a tool into another, or see what that would do",
                "All votes that count leave the tool, and go to the target: a voter of both keeps the newer vote. The tool is archived, \
                 and its addresses lead to the target. The merge is listed among the resets, and undone as they are.",
            )
            .staff(ROLE)
            .takes::<MergeBody>(
                json!({"into": "cursor-background-agents", "reason": "The same product", "dry_run": true}),
            )
            .written()
            .answers::<MergeReport>(200, "A dry run.")
            .answers::<MergeReport>(201, "Carried out.")
            .refuses(&TOUCHY),
        PART.put("/v1/moderation/tools/{slug}/state", "setState")
            .says("Freeze the votes on a tool, or open them", "")
            .staff(ROLE)
            .takes::<StateBody>(json!({"state": "open", "reason": "The rush is over"}))
            .written()
            .answers::<Tally>(200, "The tally as it now is.")
            .refuses(&[Code::UnknownTool, Code::Archived]),
    ]
}

fn bans_and_periods() -> Vec<Operation> {
    let ban =
        json!({"network": "00000000000000000000000000000000", "reason": "A farm of browsers"});
    let period = json!({"tool": "codestral-2", "from": "2026-11-24T02:00:00Z", "to": "2026-11-24T03:00:00Z",
        "reason": "A raid", "dry_run": true});
    vec![
        PART.post("/v1/moderation/bans", "banVoter")
            .says(
                "Ban a voter, a network, or all of a list",
                "Their votes stay as they are. A list is banned as a whole or not at all.",
            )
            .staff(ROLE)
            .takes::<BanBody>(ban)
            .written()
            .answers_either::<BanView, BansView>(201, "The ban; those of a call with lists."),
        list(PART.get("/v1/moderation/bans", "listBans"))
            .says("The bans in force, newest first", "")
            .answers_page::<BanView>(),
        id(PART.delete("/v1/moderation/bans/{id}", "liftBan"))
            .says("Lift a ban", "")
            .staff(ROLE)
            .may_take::<WhyBody>()
            .written()
            .answers::<BanView>(200, "The ban that was."),
        PART.post("/v1/moderation/periods", "excludePeriod")
            .says(
                "Exclude a span",
                "Its votes leave the tally and stay in the chart. A dry run says what that would do.",
            )
            .staff(ROLE)
            .takes::<PeriodBody>(period)
            .written()
            .answers::<ResetReport>(200, "A dry run.")
            .answers::<RemovalView>(201, "The period.")
            .refuses(&TOUCHY),
        list(PART.get("/v1/moderation/periods", "listPeriods"))
            .says("Periods, newest first", "")
            .with(tool())
            .with(word("all", "Also those that were deleted.", &["true", "false"]))
            .answers_page::<RemovalView>()
            .refuses(&[Code::UnknownTool]),
        id(PART.delete("/v1/moderation/periods/{id}", "includePeriod"))
            .says("Let a period\'s votes count again", "")
            .staff(ROLE)
            .may_take::<WhyBody>()
            .written()
            .answers::<Undone>(200, "They count.")
            .refuses(&[Code::Conflict]),
    ]
}

fn held() -> Vec<Operation> {
    let body = json!({"tool": "codestral-2", "reason": "A school class", "dry_run": true});
    let settles = |operation: Operation| {
        operation
            .staff(ROLE)
            .takes::<HeldBody>(body.clone())
            .written()
            .answers::<HeldReport>(200, "What was done, or would be.")
            .refuses(&[Code::UnknownTool])
    };
    vec![
        list(PART.get("/v1/moderation/held", "listHeld"))
            .says(
                "Held votes, newest first",
                "Votes of many fresh visitors of one network that look like one hand's: kept, in no tally, and their voters are not told.",
            )
            .with(tool())
            .with(query("network", "Of this network, by its hash.", text().pattern(Some("^[0-9a-fA-F]{32}$"))))
            .with(query("voter", "Of this voter, such as `visitor:UUID`.", text()))
            .with(query("from", "Cast at or after this.", time()))
            .with(query("to", "Cast before this.", time()))
            .with(word("choice", "Of this choice.", &["ship", "skip"]))
            .with(word("rejected", "Those that were rejected, instead of those that wait.", &["true", "false"]))
            .answers_page::<ModeratedVoteView>()
            .refuses(&[Code::UnknownTool]),
        settles(PART.post("/v1/moderation/held/release", "releaseHeld")).says(
            "Let held votes count",
            "All criteria given must match. They count as cast when they were cast; with `rejected`, those that were rejected.",
        ),
        settles(PART.post("/v1/moderation/held/reject", "rejectHeld")).says(
            "Reject held votes",
            "They never count, unless they are released. Their voters are not told.",
        ),
    ]
}

fn alerts() -> Vec<Operation> {
    let states = word("state", "Only those in this state.", &["open", "dismissed"]);
    vec![
        list(PART.get("/v1/moderation/alerts", "listAlerts"))
            .says(
                "What the detector raised, newest first",
                "Each with its numbers, and a `filter` to send as a reset, with a reason. No vote is taken out by an alert.",
            )
            .with(tool())
            .with(states)
            .answers_page::<AlertView>()
            .refuses(&[Code::UnknownTool]),
        id(PART.post("/v1/moderation/alerts/{id}/dismiss", "dismissAlert"))
            .says(
                "Say that an alert needs no more looking at",
                "It comes back only if the same thing grows to twice what it was.",
            )
            .staff(ROLE)
            .may_take::<WhyBody>()
            .written()
            .answers::<AlertView>(200, "The alert, dismissed.")
            .refuses(&[Code::Conflict]),
    ]
}

fn sight() -> Vec<Operation> {
    vec![
        list(PART.get("/v1/moderation/votes", "listVotes"))
            .says(
                "Current votes, newest first",
                "Also those that a reset took out. A network has the same hash on every tool.",
            )
            .with(tool())
            .with(query("network", "Of this network, by its hash.", text().pattern(Some("^[0-9a-fA-F]{32}$"))))
            .with(query("voter", "Of this voter, such as `visitor:UUID`.", text()))
            .with(query("from", "Cast at or after this.", time()))
            .with(query("to", "Cast before this.", time()))
            .answers_page::<ModeratedVoteView>()
            .refuses(&[Code::UnknownTool]),
        list(PART.get("/v1/moderation/clusters", "listClusters"))
            .says(
                "What stands out on a tool",
                "Networks and bursts of votes, each with the numbers behind the suspicion.",
            )
            .with(needed("tool", "The tool to look at.", slug_of(), "codestral-2"))
            .answers::<Clusters>(200, "What was found.")
            .refuses(&[Code::Invalid, Code::UnknownTool]),
        list(PART.get("/v1/moderation/audit", "listAudit"))
            .says("Every privileged act, newest first", "Each entry holds the hash of the one before.")
            .answers_page::<EntryView>(),
        PART.get("/v1/moderation/audit/head", "getAuditHead")
            .says(
                "The end of the audit chain",
                "Keep it elsewhere, and `tallyship verify --head HASH` finds what was cut off since.",
            )
            .staff(ROLE)
            .answers::<HeadView>(200, "Its number and its hash."),
        PART.get("/v1/moderation/log", "listPublicLog")
            .says(
                "What was taken out and put back, for everybody",
                "Where the site turned that on; without personal data.",
            )
            .with_all(parameters::paging(100))
            .answers_page::<PublicView>()
            .refuses(&[Code::Invalid, Code::NotFound, Code::Unavailable]),
    ]
}
