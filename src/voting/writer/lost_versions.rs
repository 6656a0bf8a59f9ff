//! After a failover that lost commits: versions that were shown are not given a second time.
//!
//! The writer calls it on each new connection, and when `db_sync` sees a tally that is behind what is shown. A standby that was promoted
//! before it had everything has older tallies; their versions would grow again to numbers that stood for other counts. So all versions
//! are raised above any that could have been shown, and what is shown here becomes what the database has.

use std::collections::BTreeSet;

use diesel::sql_types::BigInt;
use diesel::{QueryResult, RunQueryDsl, sql_query};

use crate::auth::denylist;
use crate::infra::db::versions::{self, Versioned};
use crate::infra::db::{DbConnection, write_transaction};
use crate::tallies::{TallyRow, store};
use crate::voting::after_commit::OnCommit;
use crate::voting::batch;

/// Versions are raised by more than this: other instances may have shown newer ones than this one.
pub const LOST_VERSIONS_MAX: i64 = 1 << 20;

/// By how much the tallies are behind what is shown, if one is.
fn behind(conn: &mut DbConnection, shown: impl Fn(i32) -> i64) -> QueryResult<Option<i64>> {
    let versions = store::versions(conn)?.into_iter();
    let behind = versions.map(|(tool, version)| shown(tool) - version).max();
    Ok(behind.filter(|behind| *behind > 0))
}

/// Raises all versions if the database has lost one that is shown; returns whether it had.
pub(super) fn raise_lost(conn: &mut DbConnection, on_commit: &OnCommit) -> QueryResult<bool> {
    let tools: BTreeSet<i32> = store::versions(conn)?
        .into_iter()
        .map(|(tool, _)| tool)
        .collect();
    // Before the database is asked: whatever was shown by now is committed.
    let shown: std::collections::HashMap<i32, i64> = tools
        .iter()
        .filter_map(|tool| Some((*tool, on_commit(older_than_any(*tool))?.row.version)))
        .collect();
    let shown = |tool| shown.get(&tool).copied().unwrap_or_default();
    if behind(conn, shown)?.is_none() {
        return Ok(false);
    }
    let raised = write_transaction(conn, |conn| {
        denylist::lock(conn)?;
        versions::raise_by(conn, Versioned::Erasures, LOST_VERSIONS_MAX)?;
        versions::raise_by(conn, Versioned::Catalog, LOST_VERSIONS_MAX)?;
        batch::lock(conn, &tools)?;
        // Another instance may have been first.
        let Some(behind) = behind(conn, shown)? else {
            return Ok(None);
        };
        sql_query("UPDATE tallies SET version = version + $1, revision = revision + 1")
            .bind::<BigInt, _>(behind + LOST_VERSIONS_MAX)
            .execute(conn)?;
        versions::raise_by(conn, Versioned::Bans, LOST_VERSIONS_MAX)?;
        versions::raise_by(conn, Versioned::Alerts, LOST_VERSIONS_MAX)?;
        Ok::<_, diesel::result::Error>(Some(behind))
    })?;
    if let Some(behind) = raised {
        tracing::error!(
            behind,
            "database lost published changes; raised all versions"
        );
    }
    for (_, row) in store::all(conn)? {
        on_commit(row);
    }
    Ok(true)
}

/// Replaces nothing that is published.
fn older_than_any(tool: i32) -> TallyRow {
    TallyRow {
        tool,
        ..TallyRow::default()
    }
}
