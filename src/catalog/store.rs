//! Tools and reviews in the database. `verdicts` calls it, inside the transactions that also touch the tally.

use std::collections::HashMap;

use diesel::{ExpressionMethods, JoinOnDsl, OptionalExtension, QueryDsl, QueryResult, RunQueryDsl};

use super::{Review, Tool};
use crate::catalog::cache::CatalogEntry;
use crate::domain::{Choice, Slug, Timestamp};
use crate::infra::db::DbConnection;
use crate::infra::db::schema::{reviews, tools};

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
);
type ReviewColumns = (i32, i32, String, i16, String);

fn shelved(
    (_, slug, name, tagline, description, category, entry, url, updated_at): Columns,
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
        slug: Slug::parse(&slug)?,
        tool,
        updated_at: Timestamp(updated_at),
    })
}

/// The whole catalogue.
///
/// # Errors
/// A failed query.
pub fn all(conn: &mut DbConnection) -> QueryResult<Vec<CatalogEntry>> {
    let rows: Vec<Columns> = tools::table.load(conn)?;
    let mut by_tool: HashMap<i32, Vec<ReviewColumns>> = HashMap::new();
    for review in reviews::table
        .order((reviews::tool_id, reviews::position))
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

/// When each tool that changed at or after `since` was last changed.
///
/// # Errors
/// A failed query.
pub fn stamps(conn: &mut DbConnection, since: Timestamp) -> QueryResult<Vec<(String, i64)>> {
    tools::table
        .filter(tools::updated_at.ge(since.0))
        .select((tools::slug, tools::updated_at))
        .load(conn)
}

/// One tool.
///
/// # Errors
/// A failed query.
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
///
/// # Errors
/// A failed query.
pub fn id(conn: &mut DbConnection, slug: &Slug) -> QueryResult<Option<i32>> {
    tools::table
        .filter(tools::slug.eq(slug.as_str()))
        .select(tools::id)
        .first(conn)
        .optional()
}

/// Whether there is no tool at all.
///
/// # Errors
/// A failed query.
pub fn is_empty(conn: &mut DbConnection) -> QueryResult<bool> {
    Ok(tools::table
        .select(tools::id)
        .first::<i32>(conn)
        .optional()?
        .is_none())
}

/// The slug of every tool.
///
/// # Errors
/// A failed query.
pub fn slugs(conn: &mut DbConnection) -> QueryResult<Vec<Slug>> {
    let slugs: Vec<String> = tools::table.select(tools::slug).load(conn)?;
    Ok(slugs.iter().filter_map(|slug| Slug::parse(slug)).collect())
}

/// Inserts a tool; returns its id.
///
/// # Errors
/// A failed statement, such as a slug that is taken.
pub fn insert(
    conn: &mut DbConnection,
    slug: &Slug,
    tool: &Tool,
    now: Timestamp,
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
            tools::updated_at.eq(now.0),
        ))
        .execute(conn)?;
    let new = id(conn, slug)?.ok_or(diesel::result::Error::NotFound)?;
    insert_reviews(conn, new, &tool.reviews)?;
    Ok(new)
}

/// Replaces everything but a tool's slug.
///
/// # Errors
/// A failed statement.
pub fn replace(conn: &mut DbConnection, id: i32, tool: &Tool, now: Timestamp) -> QueryResult<()> {
    diesel::update(tools::table.filter(tools::id.eq(id)))
        .set((
            tools::name.eq(&tool.name),
            tools::tagline.eq(&tool.tagline),
            tools::description.eq(&tool.description),
            tools::category.eq(&tool.category),
            tools::entry.eq(&tool.entry),
            tools::url.eq(&tool.url),
            tools::updated_at.eq(now.0),
        ))
        .execute(conn)?;
    diesel::delete(reviews::table.filter(reviews::tool_id.eq(id))).execute(conn)?;
    insert_reviews(conn, id, &tool.reviews)
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
