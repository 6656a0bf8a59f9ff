//! The dashboard: pages behind a session, and their forms. `tests` call each with a session of every role.

mod acts;

use utoipa::openapi::path::Parameter;
use utoipa::openapi::schema::{ObjectBuilder, Type};

use super::super::operation::{HTML, Operation, Part};
use super::super::parameters::{field, needed, query, slug_of, text};
use crate::http::problem::Code;

pub(super) const PART: Part = Part("dashboard");

const ROLE: &str = "moderator";
const OF_ITS_OWN: &str = "Nobody is signed in: to the sign-in, and from there back.";

/// A page behind the sign-in.
fn page(path: &'static str, id: &str, title: &str) -> Operation {
    PART.get(path, id)
        .says(title, "")
        .session(ROLE)
        .shows(200, "The page.", HTML, text())
        .bearing(&["Content-Security-Policy"])
        .replies(303, OF_ITS_OWN)
        .bearing(&["Location"])
}

/// A form behind the sign-in.
fn form(path: &'static str, id: &str, title: &str, takes: Takes) -> Operation {
    let key = ("key", "The session's own, as each page's forms hold it.");
    let mut fields = ObjectBuilder::new().schema_type(Type::Object);
    for (name, says) in [key].iter().chain(takes.fields) {
        fields = fields.property(*name, text().description(Some(*says)));
    }
    for name in ["key"].iter().chain(takes.needed) {
        fields = fields.required(*name);
    }
    PART.post(path, id)
        .says(title, "")
        .session(ROLE)
        .takes_form(fields, &format!("key=KEY{}", takes.example))
        .only_allowed_origins()
        .written()
        .replies(
            303,
            "Done; to what it made. Or nobody is signed in: to the sign-in.",
        )
        .bearing(&["Location"])
}

/// What a form holds besides its key.
#[derive(Clone, Copy, Default)]
struct Takes {
    fields: &'static [(&'static str, &'static str)],
    needed: &'static [&'static str],
    example: &'static str,
}

const REASON: (&str, &str) = ("reason", "Goes into the audit chain.");
fn list(operation: Operation) -> Operation {
    operation
        .with(query("cursor", "Where the list goes on.", text()))
        .refuses(&[Code::Invalid])
}

fn window() -> [Parameter; 2] {
    [
        query(
            "from",
            "Cast at or after this, such as `2026-11-24T02:00:00` (UTC).",
            text(),
        ),
        query("to", "Cast before this.", text()),
    ]
}

fn whom() -> [Parameter; 2] {
    [
        query(
            "voter",
            "A voter's id or the end of it, as pages show it; several with commas between.",
            text(),
        ),
        query(
            "network",
            "A network's hash or the end of it; several with commas between.",
            text(),
        ),
    ]
}

/// Which votes the feed shows.
fn filter() -> Vec<Parameter> {
    let mut all = vec![query(
        "tool",
        "Of this tool only, by slug or by name.",
        text(),
    )];
    all.extend(whom());
    all.extend(window());
    all.push(field("choice", "Only these.", &["ship", "skip"]));
    all.push(field(
        "standing",
        "Only those that stand so.",
        &["counted", "held", "rejected", "set-aside"],
    ));
    all
}

pub(super) fn operations() -> Vec<Operation> {
    let mut all = sign_in();
    all.extend(provider_sign_in());
    all.extend(sight());
    all.extend(merges());
    all.extend(acts::operations());
    all
}

fn sign_in() -> Vec<Operation> {
    let token = text().description(Some("A staff token of role moderator or above."));
    let back = text().description(Some("A path of the dashboard to go to then."));
    let fields = ObjectBuilder::new()
        .schema_type(Type::Object)
        .property("token", token)
        .required("token")
        .property("back", back);
    vec![
        PART.get("/moderation/sign-in", "showSignIn")
            .says("The sign-in", "")
            .with(query(
                "back",
                "A path of the dashboard to go to then.",
                text(),
            ))
            .in_pages()
            .shows(200, "The page.", HTML, text())
            .bearing(&["Content-Security-Policy"]),
        PART.post("/moderation/sign-in", "signIn")
            .says(
                "Begin a session",
                "From our own page only. Tries that fail are counted by network.",
            )
            .in_pages()
            .takes_form(fields, "token=TOKEN")
            .only_allowed_origins()
            .written()
            .replies(303, "Signed in.")
            .bearing(&["Location", "Set-Cookie"])
            .refuses(&[
                Code::BadToken,
                Code::ExpiredToken,
                Code::Forbidden,
                Code::RateLimited,
            ]),
        form(
            "/moderation/sign-out",
            "signOut",
            "End the session",
            Takes::default(),
        )
        .bearing(&["Set-Cookie"])
        .shows(
            200,
            "A page that leads to the identity provider, to end the session there too.",
            HTML,
            text(),
        )
        .bearing(&["Set-Cookie"]),
    ]
}

/// With the identity provider; without one both are 404.
fn provider_sign_in() -> Vec<Operation> {
    let param = |name, description| query(name, description, text());
    vec![
        PART.get("/moderation/sign-in/provider", "beginProviderSignIn")
            .says(
                "Sign in with the site's identity provider",
                "OpenID Connect.",
            )
            .with(param("back", "A path of the dashboard to go to then."))
            .in_pages()
            .replies(303, "To the provider.")
            .bearing(&["Location", "Set-Cookie"])
            .refuses(&[Code::NotFound, Code::Unavailable]),
        PART.get("/moderation/sign-in/callback", "finishProviderSignIn")
            .says(
                "Take what the identity provider answers",
                "Its redirect leads here. Tries that fail are counted by network.",
            )
            .with(param("state", "Of the sign-in that this browser began."))
            .with(param("code", "Is redeemed at the provider."))
            .with(param("error", "The provider's, in place of a code."))
            .with(param("iss", "The provider's issuer."))
            .in_pages()
            .shows(200, "Signed in; the page leads on.", HTML, text())
            .bearing(&["Content-Security-Policy", "Set-Cookie"])
            .refuses(&[
                Code::BadRequest,
                Code::BadToken,
                Code::Forbidden,
                Code::NotFound,
                Code::RateLimited,
            ])
            .written(),
    ]
}

fn sight() -> Vec<Operation> {
    let state = Takes {
        fields: &[REASON, ("state", "`open` or `frozen`.")],
        needed: &["reason", "state"],
        example: "&state=open&reason=The+rush+is+over",
    };
    vec![
        page(
            "/moderation",
            "showOverview",
            "What waits, the tools, and the newest acts",
        )
        .with(query("q", "A search.", text()))
        .with(query("page", "Of the list of tools.", text())),
        page(
            "/moderation/tools/{slug}",
            "showToolToModerators",
            "One tool: its course, and what stands out",
        )
        .with_all(window())
        .refuses(&[Code::UnknownTool, Code::Invalid]),
        page(
            "/moderation/tools/{slug}/state",
            "previewState",
            "Preview a freeze, or its end",
        )
        .refuses(&[Code::UnknownTool, Code::Archived]),
        form(
            "/moderation/tools/{slug}/state",
            "postState",
            "Freeze the votes on a tool, or open them",
            state,
        )
        .refuses(&[Code::UnknownTool, Code::Archived, Code::Invalid]),
        list(page(
            "/moderation/votes",
            "showVotes",
            "Votes, newest first",
        ))
        .with_all(filter())
        .refuses(&[Code::UnknownTool]),
        PART.get("/moderation/votes.csv", "exportVotes")
            .says("The same votes as CSV", "")
            .session(ROLE)
            .with_all(filter())
            .shows(200, "The newest 10,000.", "text/csv", text())
            .bearing(&["Content-Disposition"])
            .replies(303, OF_ITS_OWN)
            .bearing(&["Location"])
            .refuses(&[Code::UnknownTool, Code::Invalid]),
        list(page(
            "/moderation/audit",
            "showAudit",
            "Every privileged act, newest first",
        ))
        .with(query("actor", "Part of the name of who acted.", text()))
        .with(query("act", "Only this act.", text()))
        .with(query("tool", "Of this tool only.", text()))
        .with_all(window())
        .refuses(&[Code::UnknownTool]),
    ]
}

fn merges() -> Vec<Operation> {
    const REFUSALS: [Code; 3] = [Code::UnknownTool, Code::Invalid, Code::Conflict];
    let merge = Takes {
        fields: &[
            REASON,
            ("into", "The other tool."),
            ("plan", "Of the preview."),
        ],
        needed: &["reason", "into", "plan"],
        example: "&into=cursor-background-agents&reason=One+product&plan=1-0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a",
    };
    vec![
        page(
            "/moderation/tools/{slug}/merge",
            "previewMerge",
            "Preview a merge into another tool",
        )
        .with(needed(
            "into",
            "The other tool.",
            slug_of(),
            "cursor-background-agents",
        ))
        .refuses(&REFUSALS),
        form(
            "/moderation/tools/{slug}/merge",
            "postMerge",
            "Merge the tool into another",
            merge,
        )
        .refuses(&REFUSALS),
    ]
}
