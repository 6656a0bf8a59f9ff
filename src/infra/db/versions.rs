//! Versions in the database of what other processes follow: each change raises one, so that nobody has to ask a clock what is new.

use diesel::{ExpressionMethods, OptionalExtension, QueryDsl, QueryResult, RunQueryDsl};

use super::DbConnection;
use super::lock_order::{Lock, taking};
use super::schema::site_facts;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Versioned {
    Alerts,
    Bans,
    Catalog,
    Erasures,
}

impl Versioned {
    fn name(self) -> &'static str {
        match self {
            Self::Alerts => "alerts.version",
            Self::Bans => "bans.version",
            Self::Catalog => "catalog.version",
            Self::Erasures => "erasures.version",
        }
    }

    fn lock(self) -> Lock {
        match self {
            Self::Alerts | Self::Bans => Lock::Bans,
            Self::Catalog => Lock::Catalog,
            Self::Erasures => Lock::Erasures,
        }
    }
}

/// The version of `what`; 0 if it never changed.
pub fn current(conn: &mut DbConnection, what: Versioned) -> QueryResult<i64> {
    let text: Option<String> = site_facts::table
        .filter(site_facts::name.eq(what.name()))
        .select(site_facts::value)
        // Not `first`: SQLite compiles a statement anew each time that a limit is bound, and every batch of votes asks this.
        .get_result(conn)
        .optional()?;
    Ok(text.and_then(|text| text.parse().ok()).unwrap_or_default())
}

/// Raises the version of `what` within the transaction of the change, and returns it. Until that transaction ends nobody else can, so
/// versions show in the order in which they were made.
pub fn raise(conn: &mut DbConnection, what: Versioned) -> QueryResult<i64> {
    raise_by(conn, what, 1)
}

/// The same by more than one.
pub fn raise_by(conn: &mut DbConnection, what: Versioned, by: i64) -> QueryResult<i64> {
    taking(what.lock());
    let fact = || site_facts::table.filter(site_facts::name.eq(what.name()));
    // The lock first, so that two changes are two versions.
    diesel::update(fact())
        .set(site_facts::value.eq(site_facts::value))
        .execute(conn)?;
    let next = current(conn, what)? + by;
    diesel::update(fact())
        .set(site_facts::value.eq(next.to_string()))
        .execute(conn)?;
    Ok(next)
}
