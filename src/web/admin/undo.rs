//! Undoing a removal: what that would do, for the undo of a reset and for the deletion of a period.

use super::confirm::ConfirmPage;
use super::resets::RemovalRow;
use crate::http::problem::Problem;
use crate::moderation::removals::removal::{Removal, RemovalKind};
use crate::moderation::removals::undo_preview::Outlook;
use crate::web::admin::auth_guard::{ModeratorSession, PageResult};
use crate::web::admin::format::TallyText;
use crate::web::kit::format::{counts, votes};

/// What an undo does besides, one sentence each.
fn notes(outlook: &Outlook, kind: RemovalKind) -> Vec<String> {
    let mut notes = vec![format!("{}.", counts(outlook.ship, outlook.skip))];
    if outlook.gone > 0 {
        notes.push(format!(
            "{} of it stay as they are: cast again, withdrawn, or covered by a period since.",
            votes(outlook.gone)
        ));
    }
    if outlook.covered > 0 {
        notes.push(format!(
            "{} stay out: an excluded period covers them.",
            votes(outlook.covered)
        ));
    }
    if outlook.bans > 0 {
        notes.push(format!(
            "{} bans that came with it are lifted.",
            outlook.bans
        ));
    }
    notes.push(
        match kind {
            RemovalKind::Period => "Votes cast inside the period from now on count.",
            RemovalKind::Reset => "A reset can be undone once; the same votes can be reset anew.",
            RemovalKind::Merge => {
                "The target loses the votes that it got, but for what their voters did there since. The tool takes votes again."
            }
        }
        .to_owned(),
    );
    notes
}

/// What undoing `removal` would do; `refused` says why what was posted was not done.
pub async fn preview(
    session: &ModeratorSession,
    removal: &Removal,
    reason: &str,
    refused: Option<&Problem>,
) -> PageResult {
    let moderation = &session.state.moderation;
    let outlook = moderation.outlook(removal, session.now).await?;
    let row = RemovalRow::of(&session.state, removal);
    let min_votes = session.state.board.min_votes();
    let is_period = removal.kind == RemovalKind::Period;
    let matched = votes(outlook.ship + outlook.skip);
    let id = removal.id;
    let (part, heading, back, action) = if is_period {
        (
            "periods",
            format!("Preview of deleting period {id}"),
            ("/moderation/periods".to_owned(), "Periods".to_owned()),
            format!("/moderation/periods/{id}/delete"),
        )
    } else {
        let page = format!("/moderation/resets/{id}");
        (
            "resets",
            "Preview of an undo".to_owned(),
            (page.clone(), format!("{} {id}", row.word)),
            format!("{page}/undo"),
        )
    };
    let notes = notes(&outlook, removal.kind);
    ConfirmPage {
        frame: session.frame(part, &heading),
        back,
        heading,
        lead: format!(
            "Nothing has been changed. This is what it would do on {}.",
            row.name
        ),
        errors: refused.into(),
        button: format!("Let {matched} count again"),
        matched,
        effect: "would count again".to_owned(),
        notes,
        facts: row.criteria,
        change: Some((
            TallyText::of(&outlook.before, min_votes),
            TallyText::of(&outlook.after, min_votes),
        )),
        action,
        hidden: Vec::new(),
        reason: reason.to_owned(),
    }
    .show()
}
