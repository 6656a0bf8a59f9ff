//! The table of operations, a file for each part of the API: what `server::routes` serves, in the document's words.

mod agents;
mod dashboard;
mod documents;
mod embeds;
mod log;
mod moderation;
mod pages;
mod site;
mod tallies;
mod votes;

use super::operation::{Operation, Part};

/// Every part with what it is for, in reading order.
pub(super) fn parts() -> Vec<(Part, &'static str, Vec<Operation>)> {
    vec![
        (
            votes::PART,
            "Visitors and their votes.",
            votes::operations(),
        ),
        (
            tallies::PART,
            "What everybody may read, from memory.",
            tallies::operations(),
        ),
        (
            log::PART,
            "The public log: anybody can check each tally.",
            log::operations(),
        ),
        (
            site::PART,
            "The catalogue, edited by the site's token.",
            site::operations(),
        ),
        (
            moderation::PART,
            "For moderators: see abuse, take it out, put it back.",
            moderation::operations(),
        ),
        (
            dashboard::PART,
            "The same for moderators, in a browser; it works without JavaScript.",
            dashboard::operations(),
        ),
        (
            pages::PART,
            "The demo pages of a verdict site; they work without JavaScript.",
            pages::operations(),
        ),
        (
            embeds::PART,
            "What other sites carry: widget, iframe, badge, oEmbed.",
            embeds::operations(),
        ),
        (
            agents::PART,
            "The public reads by the Model Context Protocol.",
            agents::operations(),
        ),
        (
            documents::PART,
            "The API's own documents.",
            documents::operations(),
        ),
    ]
}
