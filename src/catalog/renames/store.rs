//! Renaming a tool, and freeing the slugs that it had before.

use diesel::{ExpressionMethods, OptionalExtension, QueryDsl, QueryResult, RunQueryDsl};

use crate::auth::audit::{self, AuditAction};
use crate::catalog::edit::{EditOutcome, Edited};
use crate::catalog::store as catalog;
use crate::domain::{Actor, Slug, Timestamp};
use crate::infra::db::schema::{tool_redirects, tools};
use crate::infra::db::{DbConnection, write_transaction};
use crate::tallies::store as tallies;
use crate::voting::journal::{self, ToolRecord};

/// Gives a tool another slug; the one that it had leads to it from then on. Its own former slugs are free for it.
pub fn rename(
    conn: &mut DbConnection,
    slug: &Slug,
    new: &Slug,
    actor: &Actor,
    now: Timestamp,
) -> QueryResult<EditOutcome> {
    write_transaction(conn, |conn| {
        let edit = catalog::begin_edit(conn, now)?;
        let Some(id) = catalog::id(conn, slug)? else {
            return Ok(EditOutcome::Unknown);
        };
        if let Some(merged) = catalog::refusal(conn, &[slug.as_str()])? {
            return Ok(EditOutcome::Conflict(merged));
        }
        let before = tallies::lock(conn, id)?;
        let mut row = before;
        if slug != new {
            if catalog::id(conn, new)?.is_some() {
                let taken = format!("slug: {new} is another tool.");
                return Ok(EditOutcome::Conflict(taken));
            }
            let own = tool_redirects::table.find(new.as_str());
            diesel::delete(own.filter(tool_redirects::tool_id.eq(id))).execute(conn)?;
            if let Some(taken) = catalog::refusal(conn, &[new.as_str()])? {
                return Ok(EditOutcome::Conflict(taken));
            }
            diesel::insert_into(tool_redirects::table)
                .values((
                    tool_redirects::slug.eq(slug.as_str()),
                    tool_redirects::tool_id.eq(id),
                ))
                .execute(conn)?;
            catalog::set_slug(conn, id, new, edit)?;
            row.touch(now);
            tallies::save(conn, &before, &row, now)?;
            journal::store::write(conn, &[ToolRecord::of(&row)])?;
            let act = AuditAction {
                act: "tool.rename",
                subject: new.to_string(),
                before: serde_json::json!({ "slug": slug }),
                after: serde_json::json!({ "slug": new }),
                ..AuditAction::default()
            };
            audit::append(conn, actor, &act, now)?;
        }
        let shelved = catalog::find(conn, new.as_str())?;
        Ok(EditOutcome::Done(Box::new(Edited {
            created: false,
            shelved: shelved.ok_or(diesel::result::Error::NotFound)?,
            row,
        })))
    })
}

/// Frees a former slug; returns the tool that had it, `None` if no tool had.
pub fn free(
    conn: &mut DbConnection,
    slug: &Slug,
    actor: &Actor,
    now: Timestamp,
) -> QueryResult<Option<String>> {
    write_transaction(conn, |conn| {
        catalog::begin_edit(conn, now)?;
        let former: Option<String> = tool_redirects::table
            .inner_join(tools::table)
            .filter(tool_redirects::slug.eq(slug.as_str()))
            .select(tools::slug)
            .first(conn)
            .optional()?;
        if let Some(tool) = &former {
            diesel::delete(tool_redirects::table.find(slug.as_str())).execute(conn)?;
            let act = AuditAction {
                act: "redirect.delete",
                subject: slug.to_string(),
                before: serde_json::json!({ "tool": tool }),
                ..AuditAction::default()
            };
            audit::append(conn, actor, &act, now)?;
        }
        Ok(former)
    })
}
