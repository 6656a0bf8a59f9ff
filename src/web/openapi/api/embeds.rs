//! What other sites carry.

use utoipa::openapi::schema::{ObjectBuilder, Type};

use super::super::operation::{HTML, Operation, Part};
use super::super::parameters::{address, needed, path, query, text, tools_to_compare, word};
use super::pages::form;
use crate::http::problem::Code;
use crate::web::embed::badge::Shield;
use crate::web::embed::oembed::Rich;

const JSON_LD: &str = "application/ld+json";
const ATOM: &str = "application/atom+xml";

pub(super) const PART: Part = Part("embeds");

pub(super) fn operations() -> Vec<Operation> {
    let mut all = carried();
    all.extend(previews());
    all.extend(for_own_pages());
    all
}

/// What networks show beside a link.
fn previews() -> Vec<Operation> {
    vec![
        PART.get("/preview/tools/{slug}.png", "showToolPreview")
            .says(
                "A picture for link previews",
                "1200 × 630 pixels: name, panel, community and its margin. What the font lacks of a name (it has Latin, Greek and \
                 Cyrillic) is left out; a name of nothing else is drawn as the slug.",
            )
            .shows(200, "The picture.", "image/png", text())
            .cached()
            .refuses(&[Code::UnknownTool]),
        PART.get("/preview/compare/{pair}.png", "showComparePreview")
            .says("The same of two tools", "And who leads.")
            .with(path(
                "pair",
                "`a-vs-b`, two slugs.",
                text(),
                "codestral-2-vs-cursor-background-agents",
            ))
            .shows(200, "The picture.", "image/png", text())
            .cached()
            .refuses(&[Code::NotFound]),
    ]
}

/// What the site's server puts into its own pages, and what feed readers poll.
fn for_own_pages() -> Vec<Operation> {
    let object = || ObjectBuilder::new().schema_type(Type::Object);
    vec![
        PART.get("/v1/tools/{slug}/jsonld", "getToolData")
            .says(
                "A tool as schema.org's structured data",
                "A `SoftwareApplication` with the panel's reviews, and with an `aggregateRating` once there are enough votes. The text can \
                 stand in a `script` element as it is.",
            )
            .shows(200, "JSON-LD.", JSON_LD, object())
            .cached()
            .refuses(&[Code::UnknownTool]),
        PART.get("/v1/compare/jsonld", "getComparisonData")
            .says("Two to four tools as schema.org's structured data", "An `ItemList` of them.")
            .with(tools_to_compare())
            .shows(200, "JSON-LD.", JSON_LD, object())
            .cached()
            .refuses(&[Code::Invalid, Code::UnknownTool]),
        PART.get("/fragment/{slug}.html", "getFragment")
            .says(
                "The numbers as a piece of HTML",
                "For a page that a server puts together: no script, no style; addresses are whole, names are escaped.",
            )
            .with(query("compare", "Another tool beside it; an unknown tool is ignored.", text()))
            .with(query("lang", "The language of the words: `en` or `de`; any other gets English. `lang` of the piece says which.", text()))
            .shows(200, "The piece.", HTML, text())
            .bearing(&["Content-Security-Policy"])
            .cached()
            .refuses(&[Code::UnknownTool]),
        PART.get("/feeds/movers.atom", "getMovers")
            .says(
                "A feed of the tools that move",
                "The tools whose percentage moved most on each of the last eight days (UTC), ten a day at most; a first percentage counts too.",
            )
            .shows(200, "Atom 1.0.", ATOM, text())
            .cached()
            .refuses(&[Code::Unavailable]),
        PART.get("/feeds/{slug}.atom", "getToolFeed")
            .says(
                "A feed of one tool",
                "The last 30 days on which its counts changed. A tool whose slug is `movers` has none: that address is the feed of all.",
            )
            .shows(200, "Atom 1.0.", ATOM, text())
            .cached()
            .refuses(&[Code::UnknownTool, Code::Unavailable]),
    ]
}

fn carried() -> Vec<Operation> {
    let pixels = || {
        ObjectBuilder::new()
            .schema_type(Type::Integer)
            .minimum(Some(1))
    };
    vec![
        PART.get("/badge/{slug}.svg", "showBadge")
            .says("A picture of panel and community", "")
            .shows(200, "The picture.", "image/svg+xml", text())
            .bearing(&["Content-Security-Policy"])
            .cached()
            .refuses(&[Code::UnknownTool]),
        PART.get("/v1/tools/{slug}/badge.json", "getShield")
            .says("The same for shields.io", "Its endpoint schema.")
            .answers_cached::<Shield>("The badge.")
            .refuses(&[Code::UnknownTool]),
        PART.get("/oembed", "getOembed")
            .says("oEmbed 1.0", "An address of ours becomes an iframe that another site may paste.")
            .with(needed(
                "url",
                "A tool, a comparison or an embed of this site.",
                address(),
                "http://127.0.0.1:8080/tools/codestral-2",
            ))
            .with(query("maxwidth", "In CSS pixels.", pixels()))
            .with(query("maxheight", "In CSS pixels.", pixels()))
            .with(word("format", "Where nobody says: `json`.", &["json", "xml"]))
            .answers::<Rich>(200, "What to paste.")
            .also_shows("text/xml", text())
            .cached()
            .refuses(&[Code::Invalid, Code::NotFound]),
        PART.get("/embed/tallyship.js", "getWidget")
            .says(
                "The widget's script",
                "`<ship-vote tool=\"codestral-2\">`. Beside it stand the widget's and the iframe page's style sheets, \
                 `resize.js`, which gives iframes their height, and each file under an address that holds a stamp of its bytes \
                 and so never changes.",
            )
            .shows(200, "The file.", "text/javascript", text())
            .also_shows("text/css", text())
            .cached()
            .refuses(&[Code::NotFound]),
        PART.get("/embed/{slug}", "showEmbed")
            .says("The page inside an iframe", "Works without JavaScript.")
            .perhaps_voter()
            .for_people()
            .with(query("compare", "Another tool beside it; an unknown tool is ignored.", text()))
            .with(query("theme", "`light` or `dark`; else the browser's.", text()))
            .with(query("lang", "The page's language.", text()))
            .shows(200, "The page.", HTML, text())
            .bearing(&["Content-Security-Policy", "Set-Cookie"])
            .refuses(&[Code::UnknownTool]),
        form(PART.post("/embed/{slug}", "postEmbedVote"), "choice=ship").says(
            "A vote by the iframe page's form",
            "A visitor without a token gets one on the way.",
        ),
    ]
}
