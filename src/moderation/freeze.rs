//! Freezing a tool's votes, and opening them again. `routes` and the dashboard call it.

use std::sync::Arc;

use serde_json::json;

use super::Moderation;
use crate::auth::audit::{self, AuditAction};
use crate::domain::{Actor, Slug, Timestamp, ToolState};
use crate::http::problem::{Code, Problem};
use crate::infra::db::write_transaction;
use crate::tallies::cache::Published;
use crate::tallies::store as tallies;
use crate::voting::journal::{self, ToolRecord};

impl Moderation {
    /// Sets a tool's state to open or frozen; returns its Tally. The state that it has already is noted too, and changes
    /// nothing.
    ///
    /// # Errors
    /// 404 for an unknown tool, 410 for one that is archived, 503.
    pub async fn set_state(
        &self,
        slug: &Slug,
        state: ToolState,
        reason: &str,
        actor: &Actor,
        now: Timestamp,
    ) -> Result<Arc<Published>, Problem> {
        let slot = self.tool(slug.as_str())?;
        let (tool, name) = (slot.id, slug.to_string());
        let (reason, actor) = (reason.to_owned(), actor.clone());
        let row = self
            .step(move |conn| {
                write_transaction(conn, |conn| {
                    let before = tallies::lock(conn, tool)?;
                    if before.state == ToolState::Archived {
                        return Ok(Err(Problem::new(
                            Code::Archived,
                            "This tool is archived; a PUT of the tool brings it back.",
                        )));
                    }
                    let mut row = before;
                    if row.state != state {
                        row.state = state;
                        row.touch(now);
                        tallies::save(conn, &before, &row, now)?;
                        // The public log takes a version without a record for votes that it was not told of.
                        journal::store::write(conn, &[ToolRecord::of(&row)])?;
                    }
                    let act = AuditAction {
                        act: "tool.state",
                        subject: name,
                        reason,
                        before: json!({ "state": before.state }),
                        after: json!({ "state": row.state }),
                    };
                    audit::append(conn, &actor, &act, now)?;
                    Ok(Ok(row))
                })
            })
            .await?;
        self.board.admit(slug, row);
        Ok(slot.tally())
    }
}
