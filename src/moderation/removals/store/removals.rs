//! Removals in the database: noted, given up, found again. What sets their state otherwise is the flip.

use diesel::{ExpressionMethods, JoinOnDsl, OptionalExtension, QueryDsl, RunQueryDsl};

use super::Found;
use crate::domain::{Choice, Slug, Timestamp};
use crate::infra::db::DbConnection;
use crate::infra::db::schema::{merges, removals, tools};
use crate::moderation::removals::removal::{Criteria, MergeTarget, NO_END, Removal, RemovalKind};
use crate::moderation::selection::AnyOf;
use crate::voting::exclusions::{self, ABANDONED, IN_FORCE, PREPARING, UNDONE};

/// Notes a removal that is about to be prepared; returns its number.
pub(crate) fn begin(
    conn: &mut DbConnection,
    kind: RemovalKind,
    criteria: &Criteria,
    reason: &str,
    made_by: &str,
    now: Timestamp,
) -> Found<i64> {
    diesel::insert_into(removals::table)
        .values((
            removals::kind.eq(kind.code()),
            removals::tool_id.eq(criteria.tool),
            removals::state.eq(PREPARING),
            removals::span_from.eq(criteria.from.map(|from| from.0)),
            removals::span_to.eq(Some(criteria.to.0).filter(|to| *to != NO_END.0)),
            removals::voter.eq(criteria.voters.packed()),
            removals::network.eq(criteria.networks.packed()),
            removals::choice.eq(criteria.choice.map(Choice::code)),
            removals::reason.eq(reason),
            removals::made_by.eq(made_by),
            removals::made_at.eq(now.0),
        ))
        .returning(removals::id)
        .get_result(conn)
}

/// Gives up a removal that is being prepared.
pub(crate) fn abandon(conn: &mut DbConnection, removal: i64) -> Found<()> {
    diesel::update(
        removals::table
            .filter(removals::id.eq(removal))
            .filter(removals::state.eq(PREPARING)),
    )
    .set(removals::state.eq(ABANDONED))
    .execute(conn)?;
    exclusions::take_renamed(conn, removal)?;
    Ok(())
}

type Columns = (
    (i64, i16, i32, i16, String),
    (Option<i64>, Option<i64>),
    (Option<Vec<u8>>, Option<Vec<u8>>, Option<i16>),
    (String, String, i64),
    (i64, i64, i64, String, String),
    (Option<i64>, Option<String>, Option<String>),
);

fn removal(columns: Columns) -> Option<Removal> {
    let (
        (id, kind, tool, state, slug),
        (from, to),
        (voter, network, choice),
        (reason, made_by, made_at),
        (ship, skip, networks, before, after),
        (undone_at, undone_by, undo_reason),
    ) = columns;
    let kind = [RemovalKind::Reset, RemovalKind::Period]
        .into_iter()
        .find(|known| known.code() == kind)?;
    Some(Removal {
        id,
        kind,
        tool,
        slug: Slug::parse(&slug)?,
        into: None,
        undone: state == UNDONE,
        from: from.map(Timestamp),
        to: to.map(Timestamp),
        of_voters: AnyOf::unpacked(voter.as_deref()),
        of_networks: AnyOf::unpacked(network.as_deref()),
        choice: choice.and_then(Choice::from_code),
        reason,
        made_by,
        made_at: Timestamp(made_at),
        ship,
        skip,
        networks,
        before,
        after,
        undone_at: undone_at.map(Timestamp),
        undone_by,
        undo_reason,
    })
}

/// Removals that came into force, with their tools.
macro_rules! settled {
    () => {
        removals::table
            .inner_join(tools::table.on(tools::id.eq(removals::tool_id)))
            .filter(removals::state.ge(IN_FORCE))
            .filter(removals::state.le(UNDONE))
            .select((
                (
                    removals::id,
                    removals::kind,
                    removals::tool_id,
                    removals::state,
                    tools::slug,
                ),
                (removals::span_from, removals::span_to),
                (removals::voter, removals::network, removals::choice),
                (removals::reason, removals::made_by, removals::made_at),
                (
                    removals::ship,
                    removals::skip,
                    removals::networks,
                    removals::tally_before,
                    removals::tally_after,
                ),
                (
                    removals::undone_at,
                    removals::undone_by,
                    removals::undo_reason,
                ),
            ))
    };
}

/// Says which resets are merges, and names their targets.
fn with_targets(conn: &mut DbConnection, mut found: Vec<Removal>) -> Found<Vec<Removal>> {
    let ids = found
        .iter()
        .filter(|removal| removal.kind == RemovalKind::Reset)
        .map(|removal| removal.id);
    let ids: Vec<i64> = ids.collect();
    if ids.is_empty() {
        return Ok(found);
    }
    let targets: Vec<(i64, i32, String)> = merges::table
        .inner_join(tools::table.on(tools::id.eq(merges::into_tool)))
        .filter(merges::removal_id.eq_any(ids))
        .select((merges::removal_id, tools::id, tools::slug))
        .load(conn)?;
    for (id, tool, slug) in targets {
        let merge = found.iter_mut().find(|removal| removal.id == id);
        if let (Some(merge), Some(slug)) = (merge, Slug::parse(&slug)) {
            merge.kind = RemovalKind::Merge;
            merge.into = Some(MergeTarget { tool, slug });
        }
    }
    Ok(found)
}

/// A removal that came into force; a merge is found as a reset.
pub(crate) fn find(conn: &mut DbConnection, id: i64, kind: RemovalKind) -> Found<Option<Removal>> {
    let found: Option<Columns> = settled!()
        .filter(removals::id.eq(id))
        .filter(removals::kind.eq(kind.code()))
        .first(conn)
        .optional()?;
    let found = found.and_then(removal).into_iter().collect();
    Ok(with_targets(conn, found)?.pop())
}

/// Which removals a list shows.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Listing {
    pub tool: Option<i32>,
    /// `None`: both. Merges are among the resets.
    pub kind: Option<RemovalKind>,
    /// With those that were undone.
    pub undone: bool,
}

/// The newest removals below number `before`, newest first.
pub(crate) fn newest(
    conn: &mut DbConnection,
    listing: Listing,
    before: i64,
    limit: i64,
) -> Found<Vec<Removal>> {
    let (low, high) = listing.tool.map_or((i32::MIN, i32::MAX), |id| (id, id));
    let (least, most) = listing
        .kind
        .map_or((1, 2), |kind| (kind.code(), kind.code()));
    let worst = if listing.undone { UNDONE } else { IN_FORCE };
    let rows: Vec<Columns> = settled!()
        .filter(removals::id.lt(before))
        .filter(removals::tool_id.ge(low))
        .filter(removals::tool_id.le(high))
        .filter(removals::kind.ge(least))
        .filter(removals::kind.le(most))
        .filter(removals::state.le(worst))
        .order(removals::id.desc())
        .limit(limit)
        .load(conn)?;
    with_targets(conn, rows.into_iter().filter_map(removal).collect())
}
