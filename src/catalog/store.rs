//! Tools and reviews in the database. `verdicts` calls it, inside the transactions that also touch the tally.

use std::collections::HashMap;

use diesel::{ExpressionMethods, JoinOnDsl, OptionalExtension, QueryDsl, QueryResult, RunQueryDsl};

use super::{Review, Tool};
use crate::catalog::cache::CatalogEntry;
use crate::domain::{Choice, Slug, Timestamp};
use crate::infra::db::DbConnection;
use crate::infra::db::schema::{merges, reviews, tool_redirects, tools};
use crate::infra::db::versions::{self, Versioned};
use crate::tallies::cache::{Redirects, TallyCache};
use crate::voting::exclusions::merges::MERGED;

/// Slugs that one statement names.
const MAX_SLUGS: usize = 500;

type Columns = (
    i32,
    String,
    String,
    String,
    Option<String>,
    String,
    String,
    String,
    i64,
    i64,
);
type ReviewColumns = (i32, i32, String, i16, String);

fn shelved(
    (id, slug, name, tagline, description, category, entry, url, updated_at, version): Columns,
    found: Vec<ReviewColumns>,
) -> Option<CatalogEntry> {
    let reviews = found
        .into_iter()
        .filter_map(|(_, _, reviewer, verdict, summary)| {
            Some(Review {
                reviewer,
                verdict: Choice::from_code(verdict)?,
                summary,
            })
        })
        .collect();
    let tool = Tool {
        name,
        tagline,
        description,
        category,
        entry,
        url,
        reviews,
    };
    Some(CatalogEntry {
        id,
        slug: Slug::parse(&slug)?,
        tool,
        updated_at: Timestamp(updated_at),
        version,
    })
}

/// The whole catalogue.
pub fn all(conn: &mut DbConnection) -> QueryResult<Vec<CatalogEntry>> {
    changed_after(conn, -1)
}

/// The tools that edits after `version` of the catalogue wrote.
pub fn changed_after(conn: &mut DbConnection, version: i64) -> QueryResult<Vec<CatalogEntry>> {
    let rows: Vec<Columns> = tools::table.filter(tools::version.gt(version)).load(conn)?;
    let mut by_tool: HashMap<i32, Vec<ReviewColumns>> = HashMap::new();
    for review in reviews::table
        .inner_join(tools::table.on(tools::id.eq(reviews::tool_id)))
        .filter(tools::version.gt(version))
        .order((reviews::tool_id, reviews::position))
        .select(reviews::all_columns)
        .load::<ReviewColumns>(conn)?
    {
        by_tool.entry(review.0).or_default().push(review);
    }
    Ok(rows
        .into_iter()
        .filter_map(|row| {
            let found = by_tool.remove(&row.0).unwrap_or_default();
            shelved(row, found)
        })
        .collect())
}

/// One tool.
pub fn find(conn: &mut DbConnection, slug: &str) -> QueryResult<Option<CatalogEntry>> {
    let Some(row) = tools::table
        .filter(tools::slug.eq(slug))
        .first::<Columns>(conn)
        .optional()?
    else {
        return Ok(None);
    };
    let found = reviews::table
        .inner_join(tools::table.on(tools::id.eq(reviews::tool_id)))
        .filter(tools::slug.eq(slug))
        .order(reviews::position)
        .select(reviews::all_columns)
        .load(conn)?;
    Ok(shelved(row, found))
}

/// A tool's id.
pub fn id(conn: &mut DbConnection, slug: &Slug) -> QueryResult<Option<i32>> {
    tools::table
        .filter(tools::slug.eq(slug.as_str()))
        .select(tools::id)
        .first(conn)
        .optional()
}

/// The ids of those of `slugs` that there are.
pub fn ids(conn: &mut DbConnection, slugs: &[&str]) -> QueryResult<HashMap<String, i32>> {
    let rows: Vec<(String, i32)> = tools::table
        .filter(tools::slug.eq_any(slugs.iter().copied()))
        .select((tools::slug, tools::id))
        .load(conn)?;
    Ok(rows.into_iter().collect())
}

/// Whether there is no tool at all.
pub fn is_empty(conn: &mut DbConnection) -> QueryResult<bool> {
    Ok(tools::table
        .select(tools::id)
        .first::<i32>(conn)
        .optional()?
        .is_none())
}

/// The slug of every tool.
pub fn slugs(conn: &mut DbConnection) -> QueryResult<Vec<Slug>> {
    let slugs: Vec<String> = tools::table.select(tools::slug).load(conn)?;
    Ok(slugs.iter().filter_map(|slug| Slug::parse(slug)).collect())
}

/// An edit of the catalogue, which holds its lock.
#[derive(Debug, Clone, Copy)]
pub struct CatalogEdit {
    /// The catalogue's version that it makes.
    pub version: i64,
    pub now: Timestamp,
}

/// Takes the lock of the catalogue, before those of tallies: edits come one after the other, so no two make the same slug.
pub fn begin_edit(conn: &mut DbConnection, now: Timestamp) -> QueryResult<CatalogEdit> {
    let version = versions::raise(conn, Versioned::Catalog)?;
    Ok(CatalogEdit { version, now })
}

/// Inserts a tool; returns its id.
///
/// # Errors
/// A failed statement, such as a slug that is taken.
pub fn insert(
    conn: &mut DbConnection,
    slug: &Slug,
    tool: &Tool,
    edit: CatalogEdit,
) -> QueryResult<i32> {
    diesel::insert_into(tools::table)
        .values((
            tools::slug.eq(slug.as_str()),
            tools::name.eq(&tool.name),
            tools::tagline.eq(&tool.tagline),
            tools::description.eq(&tool.description),
            tools::category.eq(&tool.category),
            tools::entry.eq(&tool.entry),
            tools::url.eq(&tool.url),
            tools::updated_at.eq(edit.now.0),
            tools::version.eq(edit.version),
        ))
        .execute(conn)?;
    let new = id(conn, slug)?.ok_or(diesel::result::Error::NotFound)?;
    insert_reviews(conn, new, &tool.reviews)?;
    Ok(new)
}

/// Replaces everything but a tool's slug.
pub fn replace(
    conn: &mut DbConnection,
    id: i32,
    tool: &Tool,
    edit: CatalogEdit,
) -> QueryResult<()> {
    diesel::update(tools::table.filter(tools::id.eq(id)))
        .set((
            tools::name.eq(&tool.name),
            tools::tagline.eq(&tool.tagline),
            tools::description.eq(&tool.description),
            tools::category.eq(&tool.category),
            tools::entry.eq(&tool.entry),
            tools::url.eq(&tool.url),
            tools::updated_at.eq(edit.now.0),
            tools::version.eq(edit.version),
        ))
        .execute(conn)?;
    diesel::delete(reviews::table.filter(reviews::tool_id.eq(id))).execute(conn)?;
    insert_reviews(conn, id, &tool.reviews)
}

/// Gives a tool another slug.
pub fn set_slug(
    conn: &mut DbConnection,
    id: i32,
    slug: &Slug,
    edit: CatalogEdit,
) -> QueryResult<()> {
    diesel::update(tools::table.filter(tools::id.eq(id)))
        .set((
            tools::slug.eq(slug.as_str()),
            tools::updated_at.eq(edit.now.0),
            tools::version.eq(edit.version),
        ))
        .execute(conn)?;
    Ok(())
}

/// Every former slug, with the tool that had it.
pub fn redirects(conn: &mut DbConnection) -> QueryResult<Redirects> {
    let rows: Vec<(String, i32)> = tool_redirects::table.load(conn)?;
    let parsed = |(slug, tool): (String, i32)| Some((Slug::parse(&slug)?, tool));
    Ok(rows.into_iter().filter_map(parsed).collect())
}

/// The slugs that the tool at `slug` had before.
pub fn former_slugs(conn: &mut DbConnection, slug: &str) -> QueryResult<Vec<String>> {
    tool_redirects::table
        .inner_join(tools::table)
        .filter(tools::slug.eq(slug))
        .select(tool_redirects::slug)
        .load(conn)
}

/// Tools that were merged, each with the one that it was merged into.
pub fn merged(conn: &mut DbConnection) -> QueryResult<HashMap<i32, i32>> {
    let rows: Vec<(i32, i32)> = merges::table
        .filter(merges::state.le(MERGED))
        .select((merges::tool_id, merges::into_tool))
        .load(conn)?;
    Ok(rows.into_iter().collect())
}

/// Shows on the board where the addresses of renamed and of merged tools lead.
pub fn show_redirects(conn: &mut DbConnection, board: &TallyCache) -> QueryResult<()> {
    board.set_redirects(redirects(conn)?);
    board.set_merged(merged(conn)?);
    Ok(())
}

/// Why a tool cannot be made or changed under one of `slugs`; `None` if none of them is a former slug, or of a merged tool.
pub fn refusal(conn: &mut DbConnection, slugs: &[&str]) -> QueryResult<Option<String>> {
    for slugs in slugs.chunks(MAX_SLUGS) {
        let merged: Option<(String, i64)> = merges::table
            .inner_join(tools::table.on(tools::id.eq(merges::tool_id)))
            .filter(merges::state.le(MERGED))
            .filter(tools::slug.eq_any(slugs.iter().copied()))
            .order(tools::slug)
            .select((tools::slug, merges::removal_id))
            .first(conn)
            .optional()?;
        if let Some((slug, merge)) = merged {
            return Ok(Some(format!(
                "slug: {slug} was merged into another tool. POST /v1/moderation/resets/{merge}/undo gives it back."
            )));
        }
        let former: Option<(String, String)> = tool_redirects::table
            .inner_join(tools::table)
            .filter(tool_redirects::slug.eq_any(slugs.iter().copied()))
            .order(tool_redirects::slug)
            .select((tool_redirects::slug, tools::slug))
            .first(conn)
            .optional()?;
        if let Some((former, now)) = former {
            return Ok(Some(format!(
                "slug: {former} leads to {now}, which had it before. DELETE /v1/redirects/{former} frees it."
            )));
        }
    }
    Ok(None)
}

fn insert_reviews(conn: &mut DbConnection, tool: i32, list: &[Review]) -> QueryResult<()> {
    for (position, review) in (0_i32..).zip(list) {
        diesel::insert_into(reviews::table)
            .values((
                reviews::tool_id.eq(tool),
                reviews::position.eq(position),
                reviews::reviewer.eq(&review.reviewer),
                reviews::verdict.eq(review.verdict.code()),
                reviews::summary.eq(&review.summary),
            ))
            .execute(conn)?;
    }
    Ok(())
}
