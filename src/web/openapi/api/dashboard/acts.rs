//! The dashboard's acts: for each a page that says what it would do, and the form that does it.

use utoipa::openapi::path::Parameter;

use super::super::super::operation::Operation;
use super::super::super::parameters::{field, needed, path, slug_of, text};
use super::{PART, REASON, ROLE, Takes, form, list, page, whom, window};
use crate::http::problem::Code;

const FROM: &str = "2026-11-24T02:00:00";
const TO: &str = "2026-11-24T03:00:00";

/// Of a form that says nothing but why.
const WHY: Takes = Takes {
    fields: &[REASON],
    needed: &["reason"],
    example: "&reason=It+was+a+mistake",
};

fn id(operation: Operation) -> Operation {
    let number = text().pattern(Some("^-?[0-9]{1,18}$"));
    operation
        .with(path("id", "Its number.", number, "1"))
        .refuses(&[Code::NotFound])
}

/// The preview of what `id` undoes, and then its form.
fn undoing(path: &'static str, ids: [&str; 2], titles: [&str; 2]) -> [Operation; 2] {
    [
        id(page(path, ids[0], titles[0])).refuses(&[Code::Conflict]),
        id(form(path, ids[1], titles[1], WHY)).refuses(&[Code::Conflict, Code::Invalid]),
    ]
}

fn of_tool() -> Parameter {
    needed("tool", "The tool.", slug_of(), "codestral-2")
}

/// Resets, periods, bans, and what becomes of held votes.
pub(super) fn operations() -> Vec<Operation> {
    let mut all = resets();
    all.extend(periods());
    all.extend(bans());
    all.extend(held());
    all.extend(alerts());
    all.extend(webhooks());
    all
}

fn held() -> Vec<Operation> {
    let settle = Takes {
        fields: &[
            REASON,
            ("verdict", "`release` or `reject`."),
            (
                "rejected",
                "Anything: those that were rejected, instead of those that wait.",
            ),
            ("tool", "The tool."),
            ("from", "Cast at or after this."),
            ("to", "Cast before this."),
            ("voter", "By this voter."),
            ("network", "From this network."),
            ("choice", "`ship` or `skip`."),
        ],
        needed: &["reason", "verdict", "tool"],
        example: "&tool=codestral-2&verdict=release&reason=A+school+class",
    };
    vec![
        page("/moderation/held", "showHeld", "Held votes, by network"),
        page(
            "/moderation/held/settle",
            "previewSettle",
            "Preview what becomes of held votes",
        )
        .with(of_tool())
        .with(needed(
            "verdict",
            "`release` or `reject`.",
            text(),
            "release",
        ))
        .with_all(window())
        .with_all(whom())
        .with(field("choice", "Only these.", &["ship", "skip"]))
        .with(field("rejected", "Those that were rejected.", &["1"]))
        .refuses(&[Code::UnknownTool, Code::Invalid]),
        form(
            "/moderation/held/settle",
            "postSettle",
            "Release or reject the held votes that were previewed",
            settle,
        )
        .refuses(&[Code::UnknownTool, Code::Invalid]),
    ]
}

fn resets() -> Vec<Operation> {
    let reset = Takes {
        fields: &[
            REASON,
            (
                "plan",
                "What the preview gave: nothing is taken out that was not seen.",
            ),
            ("tool", "The tool."),
            ("from", "Cast at or after this."),
            ("to", "Cast before this."),
            ("voter", "By this voter."),
            ("network", "From this network."),
            ("choice", "`ship` or `skip`."),
            ("ban", "Anything: ban these voters too."),
            ("ban_until", "Until then."),
        ],
        needed: &["reason", "plan", "tool"],
        example: "&tool=codestral-2&reason=One+network,+one+minute&plan=1-0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a",
    };
    let mut all = vec![
        page("/moderation/reset", "previewReset", "Preview a reset")
            .with(of_tool())
            .with_all(window())
            .with_all(whom())
            .with(field("choice", "Only these.", &["ship", "skip"]))
            .refuses(&[Code::UnknownTool, Code::Invalid]),
        list(page(
            "/moderation/resets",
            "showResets",
            "Resets, newest first",
        )),
        form(
            "/moderation/resets",
            "postReset",
            "Carry out the reset that was previewed",
            reset,
        )
        .refuses(&[Code::UnknownTool, Code::Conflict, Code::Invalid]),
        id(page("/moderation/resets/{id}", "showReset", "One reset")),
    ];
    all.extend(undoing(
        "/moderation/resets/{id}/undo",
        ["previewUndo", "postUndo"],
        ["Preview an undo", "Put a reset's votes back"],
    ));
    all
}

fn periods() -> Vec<Operation> {
    let period = Takes {
        fields: &[
            REASON,
            ("tool", "The tool."),
            ("from", "Its begin."),
            ("to", "Its end."),
        ],
        needed: &["reason", "tool", "from", "to"],
        example: "&tool=codestral-2&from=2026-11-24T02:00:00&to=2026-11-24T03:00:00&reason=A+raid",
    };
    let mut all = vec![
        list(page(
            "/moderation/periods",
            "showPeriods",
            "Excluded periods, newest first",
        )),
        form(
            "/moderation/periods",
            "postPeriod",
            "Exclude a period",
            period,
        )
        .refuses(&[Code::UnknownTool, Code::Conflict, Code::Invalid]),
        page(
            "/moderation/periods/new",
            "previewPeriod",
            "Preview excluding a period",
        )
        .with(of_tool())
        .with(needed("from", "Its begin.", text(), FROM))
        .with(needed("to", "Its end.", text(), TO))
        .refuses(&[Code::UnknownTool, Code::Invalid]),
    ];
    all.extend(undoing(
        "/moderation/periods/{id}/delete",
        ["previewDeletion", "postDeletion"],
        [
            "Preview a period's deletion",
            "Let a period's votes count again",
        ],
    ));
    all
}

fn bans() -> Vec<Operation> {
    let ban = Takes {
        fields: &[
            REASON,
            ("voter", "Either a voter's id."),
            ("network", "Or a network's hash."),
            (
                "until",
                "Its end; without one it is in force until it is lifted.",
            ),
        ],
        needed: &["reason"],
        example: "&network=00000000000000000000000000000000&reason=A+farm+of+browsers",
    };
    vec![
        list(page(
            "/moderation/bans",
            "showBans",
            "The bans in force, newest first",
        )),
        form(
            "/moderation/bans",
            "postBan",
            "Ban a voter or a network",
            ban,
        )
        .refuses(&[Code::Invalid]),
        page("/moderation/bans/new", "previewBan", "Preview a ban")
            .with_all(whom())
            .refuses(&[Code::Invalid]),
        id(page(
            "/moderation/bans/{id}/lift",
            "previewLift",
            "Preview lifting a ban",
        ))
        .refuses(&[Code::Invalid]),
        id(form(
            "/moderation/bans/{id}/lift",
            "postLift",
            "Lift a ban",
            WHY,
        ))
        .refuses(&[Code::Invalid]),
    ]
}

fn alerts() -> Vec<Operation> {
    let mut all = vec![
        list(page(
            "/moderation/alerts",
            "showAlerts",
            "What the detector raised, newest first",
        ))
        .with(field(
            "state",
            "Only those in this state; open ones without it.",
            &["open", "dismissed"],
        )),
    ];
    let [preview, act] = undoing(
        "/moderation/alerts/{id}/dismiss",
        ["previewDismissal", "postDismissal"],
        ["Look at an alert", "Dismiss an alert"],
    );
    all.extend([preview.refuses(&[Code::Invalid]), act]);
    all.push(
        PART.get("/moderation/alerts/reset", "previewResetOfAlerts")
            .says("One reset of several alerts", "")
            .session(ROLE)
            .replies(
                303,
                "To its preview. Or nobody is signed in: to the sign-in.",
            )
            .bearing(&["Location"])
            .with(needed("id", "Their numbers, each by itself.", text(), "1"))
            .refuses(&[Code::Invalid, Code::NotFound]),
    );
    all
}

fn webhooks() -> Vec<Operation> {
    let path = "/moderation/webhooks/{id}/send";
    vec![
        list(page(
            "/moderation/webhooks",
            "showWebhooks",
            "What was posted to other servers, newest first",
        )),
        id(page(path, "previewSendAgain", "Look at a delivery")),
        id(form(path, "postSendAgain", "Send a delivery again", WHY)).refuses(&[Code::Invalid]),
    ]
}
