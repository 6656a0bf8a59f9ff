//! The chain in the database: rows that are only ever added, and the head beside them in `site_facts`.

use diesel::sql_types::{Bool, Text};
use diesel::{
    BoolExpressionMethods, BoxableExpression, Connection, EscapeExpressionMethods,
    ExpressionMethods, IntoSql, OptionalExtension, QueryDsl, QueryResult, RunQueryDsl,
    TextExpressionMethods,
};

use super::{Entry, EntryFilter, Head};
use crate::domain::Timestamp;
use crate::infra::db::DbConnection;
use crate::infra::db::lock_order::{Lock, taking};
use crate::infra::db::schema::{audit, site_facts};

const HEAD: &str = "audit.head";
/// Entries that are read at once.
const PAGE: i64 = 1_000;

type Columns = (
    i64,
    i64,
    String,
    String,
    String,
    String,
    String,
    String,
    String,
    String,
    Vec<u8>,
    Vec<u8>,
);

fn entry(columns: Columns) -> Entry {
    let (id, at, actor, actor_id, role, act, subject, reason, before, after, previous, hash) =
        columns;
    Entry {
        id,
        at: Timestamp(at),
        actor,
        actor_id,
        role,
        act,
        subject,
        reason,
        before,
        after,
        previous,
        hash,
    }
}

pub(super) fn head(conn: &mut DbConnection) -> QueryResult<Head> {
    let text: String = site_facts::table
        .filter(site_facts::name.eq(HEAD))
        .select(site_facts::value)
        .first(conn)?;
    let (id, hash) = text.split_once(':').unwrap_or(("0", ""));
    Ok(Head {
        id: id.parse().unwrap_or_default(),
        hash: hash.to_owned(),
    })
}

/// Takes the head's lock by writing what is there: the same on both databases.
pub(super) fn lock_head(conn: &mut DbConnection) -> QueryResult<Head> {
    taking(Lock::Audit);
    diesel::update(site_facts::table.filter(site_facts::name.eq(HEAD)))
        .set(site_facts::value.eq(site_facts::value))
        .execute(conn)?;
    head(conn)
}

pub(super) fn set_head(conn: &mut DbConnection, id: i64, hash: &str) -> QueryResult<()> {
    diesel::update(site_facts::table.filter(site_facts::name.eq(HEAD)))
        .set(site_facts::value.eq(format!("{id}:{hash}")))
        .execute(conn)?;
    Ok(())
}

pub(super) fn insert(conn: &mut DbConnection, entry: &Entry) -> QueryResult<()> {
    diesel::insert_into(audit::table)
        .values((
            audit::id.eq(entry.id),
            audit::at.eq(entry.at.0),
            audit::actor.eq(&entry.actor),
            audit::actor_id.eq(&entry.actor_id),
            audit::role.eq(&entry.role),
            audit::act.eq(&entry.act),
            audit::subject.eq(&entry.subject),
            audit::reason.eq(&entry.reason),
            audit::before.eq(&entry.before),
            audit::after.eq(&entry.after),
            audit::previous.eq(&entry.previous),
            audit::hash.eq(&entry.hash),
        ))
        .execute(conn)?;
    Ok(())
}

/// The entries after number `id`, in order.
pub fn after(conn: &mut DbConnection, id: i64) -> QueryResult<Vec<Entry>> {
    let rows: Vec<Columns> = audit::table
        .filter(audit::id.gt(id))
        .order(audit::id)
        .limit(PAGE)
        .load(conn)?;
    Ok(rows.into_iter().map(entry).collect())
}

diesel::define_sql_function! {
    fn lower(text: Text) -> Text;
}

/// A pattern of `LIKE` that finds `text` anywhere; any text if it is empty.
fn containing(text: &str) -> String {
    let escaped = text
        .replace('\\', "\\\\")
        .replace('%', "\\%")
        .replace('_', "\\_");
    format!("%{escaped}%")
}

type AuditCondition =
    Box<dyn BoxableExpression<audit::table, <DbConnection as Connection>::Backend, SqlType = Bool>>;

/// Whether an entry is about one of `tools`, or there are none: in its subject, or as the tallies and filters in it name a tool.
fn about(tools: &[String]) -> AuditCondition {
    let mut about: AuditCondition = Box::new(tools.is_empty().into_sql::<Bool>());
    for slug in tools {
        let named = containing(&format!("\"tool\":\"{slug}\""));
        let one = (audit::subject.eq(slug.clone()))
            .or(audit::before.like(named.clone()).escape('\\'))
            .or(audit::after.like(named).escape('\\'));
        about = Box::new(about.or(one));
    }
    about
}

/// The newest entries before number `before` that pass `filter`, newest first.
pub fn newest(
    conn: &mut DbConnection,
    filter: &EntryFilter,
    before: i64,
    limit: i64,
) -> QueryResult<Vec<Entry>> {
    let any_act = filter.act.is_empty();
    let rows: Vec<Columns> = audit::table
        .filter(audit::id.lt(before))
        .filter(
            lower(audit::actor)
                .like(containing(&filter.actor.to_lowercase()))
                .escape('\\'),
        )
        .filter(any_act.into_sql::<Bool>().or(audit::act.eq(&filter.act)))
        .filter(about(&filter.tools))
        .filter(audit::at.ge(filter.from.map_or(i64::MIN, |from| from.0)))
        .filter(audit::at.lt(filter.to.map_or(i64::MAX, |to| to.0)))
        .order(audit::id.desc())
        .limit(limit)
        .load(conn)?;
    Ok(rows.into_iter().map(entry).collect())
}

pub fn by_id(conn: &mut DbConnection, id: i64) -> QueryResult<Option<Entry>> {
    Ok(audit::table
        .filter(audit::id.eq(id))
        .first::<Columns>(conn)
        .optional()?
        .map(entry))
}
