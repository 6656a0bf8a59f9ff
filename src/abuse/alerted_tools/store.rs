//! Open alerts in the database, and the number that grows with each change of them.

use diesel::dsl::max;
use diesel::{ExpressionMethods, QueryDsl, QueryResult, RunQueryDsl};

use crate::domain::Timestamp;
use crate::infra::db::DbConnection;
use crate::infra::db::schema::alerts;
use crate::infra::db::versions::{self, Versioned};

/// What a query gives, where it does not fail.
pub(super) type Found<T> = QueryResult<T>;

/// `alerts.state`.
const OPEN: i16 = 0;

pub(super) fn version(conn: &mut DbConnection) -> Found<i64> {
    versions::current(conn, Versioned::Alerts)
}

/// Says that the alerts have changed, within the transaction that changes them; before anything else in it, so that two
/// changes come one after the other.
pub fn raise_version(conn: &mut DbConnection) -> QueryResult<()> {
    versions::raise(conn, Versioned::Alerts).map(|_| ())
}

/// Tools with open alerts that were raised or grew since a moment, with the newest of it.
pub(super) fn open_since(
    conn: &mut DbConnection,
    since: Timestamp,
) -> Found<Vec<(i32, Timestamp)>> {
    let rows: Vec<(i32, Option<i64>)> = alerts::table
        .filter(alerts::state.eq(OPEN))
        .filter(alerts::updated_at.gt(since.0))
        .group_by(alerts::tool_id)
        .select((alerts::tool_id, max(alerts::updated_at)))
        .load(conn)?;
    Ok(rows
        .into_iter()
        .filter_map(|(tool, at)| Some((tool, Timestamp(at?))))
        .collect())
}

#[cfg(test)]
mod tests {
    use diesel::connection::SimpleConnection;

    use super::super::AlertedTools;
    use super::*;
    use crate::config::{Database, DatabaseUrl};
    use crate::infra::db::{self, Purpose};

    fn execute(conn: &mut DbConnection, sql: &str) {
        match conn {
            DbConnection::Sqlite(conn) => conn.batch_execute(sql),
            DbConnection::Postgres(conn) => conn.batch_execute(sql),
        }
        .expect(sql);
    }

    #[test]
    fn what_was_raised_presses_until_it_is_dismissed() {
        let folder = std::env::temp_dir().join(format!("tallyship-{}", uuid::Uuid::now_v7()));
        let settings = Database {
            url: DatabaseUrl::Sqlite(folder.join("votes.db")),
            ca_file: None,
        };
        let mut conn = db::create(&settings, Purpose::Command).expect("opens");
        db::migrate(&mut conn).expect("migrates");
        let now = Timestamp(1_795_485_605_000_000);
        let alerts = AlertedTools::default();
        alerts.reload(&mut conn, now).expect("reads");
        assert!(!alerts.press(7, now));
        execute(
            &mut conn,
            &format!(
                "INSERT INTO tools (id, slug, name, updated_at) VALUES (7, 'a', 'A', 0); \
                 INSERT INTO alerts (tool_id, kind, score, burst, concentration, freshness, one_sidedness, votes, ship, \
                 networks, fresh, usual, tools, span_from, span_to, network, raised_at, updated_at) \
                 VALUES (7, 1, 60, 0, 0, 0, 0, 20, 20, 1, 1, 1, 1, 0, 1, zeroblob(16), {0}, {0})",
                now.0
            ),
        );
        alerts.reload(&mut conn, now).expect("reads");
        assert!(
            !alerts.press(7, now),
            "without a new version nothing is read"
        );
        raise_version(&mut conn).expect("raised");
        alerts.reload(&mut conn, now).expect("reads");
        assert!(alerts.press(7, now) && !alerts.press(8, now));
        assert!(!alerts.press(7, now.plus_seconds(3_600)), "for an hour");
        execute(&mut conn, "UPDATE alerts SET state = 1");
        raise_version(&mut conn).expect("raised");
        alerts.reload(&mut conn, now).expect("reads");
        assert!(!alerts.press(7, now), "dismissed");
        drop(conn);
        std::fs::remove_dir_all(folder).expect("cleans up");
    }
}
