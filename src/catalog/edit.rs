//! Edits of the catalogue that also touch the tally: put, patch, archive, import.
//!
//! The site API runs them on the writer's connection, commands on their own. Panel and state belong to the tally row, so
//! each edit takes that row's lock first, as a vote does, and raises the version where the Tally changes.

use std::collections::HashMap;

use diesel::{ExpressionMethods, QueryResult, RunQueryDsl};

use serde_json::Value;

use crate::auth::audit::{self, AuditAction};
use crate::catalog::cache::CatalogEntry;
use crate::catalog::store::{self as catalog, CatalogEdit};
use crate::catalog::{NamedTool, Tool, ToolPatch};
use crate::domain::{Actor, Slug, Timestamp, ToolState};
use crate::infra::db::schema::tallies;
use crate::infra::db::{DbConnection, write_transaction};
use crate::tallies::{TallyRow, store};
use crate::voting::journal::{self, ToolRecord};

/// A tool after an edit, as the database has it.
pub struct Edited {
    pub created: bool,
    pub shelved: CatalogEntry,
    pub row: TallyRow,
}

/// What an edit by slug came to.
pub enum EditOutcome {
    Done(Box<Edited>),
    Unknown,
    /// The patched tool would be out of bounds; the sentence names the field.
    Invalid(String),
    /// The slug is taken; the sentence says by what.
    Conflict(String),
}

/// Puts a tool: new, or in the place of what was there. An archived one is as it was before: open or frozen. No new tool takes
/// a slug that leads to a renamed one.
pub fn put(
    conn: &mut DbConnection,
    slug: &Slug,
    tool: &Tool,
    actor: &Actor,
    now: Timestamp,
) -> QueryResult<EditOutcome> {
    write_transaction(conn, |conn| {
        let edit = catalog::begin_edit(conn, now)?;
        if let Some(taken) = catalog::refusal(conn, &[slug.as_str()])? {
            return Ok(EditOutcome::Conflict(taken));
        }
        let before = as_is(conn, slug)?;
        let edited = put_within(conn, slug, tool, edit)?;
        note(conn, "tool.put", before, &edited, actor, now)?;
        Ok(EditOutcome::Done(Box::new(edited)))
    })
}

/// Tools that one transaction of an import puts: while it runs, votes on them wait.
pub const IMPORT_STEP_TOOLS: usize = 200;

/// Puts all of them, or none; returns them as they now are, by slug. One audit entry for the whole. More than
/// [`IMPORT_STEP_TOOLS`] that are in use should come in steps. A sentence if a slug leads to a renamed tool: then nothing is put.
pub fn import(
    conn: &mut DbConnection,
    tools: &[NamedTool],
    actor: &Actor,
    now: Timestamp,
) -> QueryResult<Result<Vec<Edited>, String>> {
    write_transaction(conn, |conn| {
        let edit = catalog::begin_edit(conn, now)?;
        let slugs: Vec<&str> = tools.iter().map(|named| named.slug.as_str()).collect();
        if let Some(taken) = catalog::refusal(conn, &slugs)? {
            return Ok(Err(taken));
        }
        // Those that are there by their ids, as everybody locks tallies; new ones after them, whose tallies nobody else can lock.
        let mut ids = HashMap::new();
        for some in slugs.chunks(IMPORT_STEP_TOOLS) {
            ids.extend(catalog::ids(conn, some)?);
        }
        let mut sorted: Vec<&NamedTool> = tools.iter().collect();
        sorted.sort_by_key(|named| {
            let slug = named.slug.as_str();
            (ids.get(slug).copied().unwrap_or(i32::MAX), slug)
        });
        let mut done: Vec<Edited> = sorted
            .into_iter()
            .map(|listed| put_within(conn, &listed.slug, &listed.tool, edit))
            .collect::<QueryResult<_>>()?;
        done.sort_by(|a, b| a.shelved.slug.cmp(&b.shelved.slug));
        let slugs = |created: bool| -> Vec<&Slug> {
            let those = done.iter().filter(|edited| edited.created == created);
            those.map(|edited| &edited.shelved.slug).collect()
        };
        let act = AuditAction {
            act: "catalog.import",
            subject: format!("{} tools", tools.len()),
            after: serde_json::json!({"created": slugs(true), "replaced": slugs(false)}),
            ..AuditAction::default()
        };
        audit::append(conn, actor, &act, now)?;
        Ok(Ok(done))
    })
}

/// A tool as the audit chain shows it; null where there is none.
fn as_is(conn: &mut DbConnection, slug: &Slug) -> QueryResult<Value> {
    let Some(found) = catalog::find(conn, slug.as_str())? else {
        return Ok(Value::Null);
    };
    let state = match catalog::id(conn, slug)? {
        Some(id) => store::find(conn, id)?.map(|row| row.state),
        None => None,
    };
    Ok(serde_json::json!({"tool": found.tool, "state": state}))
}

fn note(
    conn: &mut DbConnection,
    act: &'static str,
    before: Value,
    edited: &Edited,
    actor: &Actor,
    now: Timestamp,
) -> QueryResult<()> {
    let act = AuditAction {
        act,
        subject: edited.shelved.slug.to_string(),
        before,
        after: serde_json::json!({"tool": edited.shelved.tool, "state": edited.row.state}),
        ..AuditAction::default()
    };
    audit::append(conn, actor, &act, now)?;
    Ok(())
}

fn put_within(
    conn: &mut DbConnection,
    slug: &Slug,
    tool: &Tool,
    edit: CatalogEdit,
) -> QueryResult<Edited> {
    let Some(id) = catalog::id(conn, slug)? else {
        let id = catalog::insert(conn, slug, tool, edit)?;
        let row = first_tally(conn, id, tool, edit.now)?;
        let shelved = CatalogEntry {
            id,
            slug: slug.clone(),
            tool: tool.clone(),
            updated_at: edit.now,
            version: edit.version,
        };
        return Ok(Edited {
            created: true,
            shelved,
            row,
        });
    };
    let before = store::lock(conn, id)?;
    let state = match before.state {
        ToolState::Archived if store::take_freeze(conn, id)? => ToolState::Frozen,
        ToolState::Archived => ToolState::Open,
        state => state,
    };
    replaced(conn, slug, tool, before, state, edit)
}

/// Lays a patch over a tool.
pub fn patch(
    conn: &mut DbConnection,
    slug: &Slug,
    patch: ToolPatch,
    actor: &Actor,
    now: Timestamp,
) -> QueryResult<EditOutcome> {
    write_transaction(conn, |conn| {
        let edit = catalog::begin_edit(conn, now)?;
        let Some(id) = catalog::id(conn, slug)? else {
            return Ok(EditOutcome::Unknown);
        };
        let before = store::lock(conn, id)?;
        let was = as_is(conn, slug)?;
        let Some(found) = catalog::find(conn, slug.as_str())? else {
            return Ok(EditOutcome::Unknown);
        };
        let mut tool = found.tool;
        tool.patch(patch);
        let tool = match tool.checked() {
            Ok(tool) => tool,
            Err(cause) => return Ok(EditOutcome::Invalid(cause)),
        };
        let edited = replaced(conn, slug, &tool, before, before.state, edit)?;
        note(conn, "tool.patch", was, &edited, actor, now)?;
        Ok(EditOutcome::Done(Box::new(edited)))
    })
}

/// Archives a tool; one that is archived stays as it is.
pub fn archive(
    conn: &mut DbConnection,
    slug: &Slug,
    actor: &Actor,
    now: Timestamp,
) -> QueryResult<EditOutcome> {
    write_transaction(conn, |conn| {
        catalog::begin_edit(conn, now)?;
        let Some(id) = catalog::id(conn, slug)? else {
            return Ok(EditOutcome::Unknown);
        };
        let before = store::lock(conn, id)?;
        let was = as_is(conn, slug)?;
        let Some(shelved) = catalog::find(conn, slug.as_str())? else {
            return Ok(EditOutcome::Unknown);
        };
        if before.state == ToolState::Frozen {
            store::keep_freeze(conn, id)?;
        }
        let row = changed(conn, before, |row| row.state = ToolState::Archived, now)?;
        let edited = Edited {
            created: false,
            shelved,
            row,
        };
        note(conn, "tool.archive", was, &edited, actor, now)?;
        Ok(EditOutcome::Done(Box::new(edited)))
    })
}

fn replaced(
    conn: &mut DbConnection,
    slug: &Slug,
    tool: &Tool,
    before: TallyRow,
    state: ToolState,
    edit: CatalogEdit,
) -> QueryResult<Edited> {
    catalog::replace(conn, before.tool, tool, edit)?;
    let row = changed(
        conn,
        before,
        |row| {
            (row.panel_ship, row.panel_skip) = tool.panel();
            row.state = state;
        },
        edit.now,
    )?;
    let shelved = CatalogEntry {
        id: before.tool,
        slug: slug.clone(),
        tool: tool.clone(),
        updated_at: edit.now,
        version: edit.version,
    };
    Ok(Edited {
        created: false,
        shelved,
        row,
    })
}

/// Writes the row as `edit` leaves it; one version more if that is another Tally.
fn changed(
    conn: &mut DbConnection,
    before: TallyRow,
    edit: impl FnOnce(&mut TallyRow),
    now: Timestamp,
) -> QueryResult<TallyRow> {
    let mut row = before;
    edit(&mut row);
    if row == before {
        return Ok(row);
    }
    row.touch(now);
    store::save(conn, &before, &row, now)?;
    // The public log takes a version without a record for votes that it was not told of.
    journal::store::write(conn, &[ToolRecord::of(&row)])?;
    Ok(row)
}

fn first_tally(
    conn: &mut DbConnection,
    id: i32,
    tool: &Tool,
    now: Timestamp,
) -> QueryResult<TallyRow> {
    let (panel_ship, panel_skip) = tool.panel();
    diesel::insert_into(tallies::table)
        .values((
            tallies::tool_id.eq(id),
            tallies::panel_ship.eq(panel_ship),
            tallies::panel_skip.eq(panel_skip),
            tallies::version.eq(1_i64),
            tallies::updated_at.eq(now.0),
        ))
        .execute(conn)?;
    Ok(TallyRow {
        tool: id,
        panel_ship,
        panel_skip,
        version: 1,
        updated_at: now,
        ..TallyRow::default()
    })
}
