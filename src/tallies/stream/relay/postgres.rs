//! Notices by `LISTEN` and `NOTIFY`, on a connection of their own and never in a vote's transaction: a `NOTIFY` takes a lock
//! until its transaction is over, and commits would queue behind each other's disks.

use std::time::Duration;

use diesel::connection::SimpleConnection;
use diesel::pg::Pg;
use diesel::query_builder::{AstPass, QueryFragment, QueryId};
use diesel::sql_types::{Array, Text};
use diesel::{PgConnection, QueryResult, RunQueryDsl};
use tokio::time::{Instant, sleep_until};

use crate::config;
use crate::infra::db::{self, DbConnection, Purpose};

/// Between two looks at what has arrived: the connection cannot wake us.
const LOOK_EVERY: Duration = Duration::from_millis(25);

struct Tell<'a>(&'a [String]);

impl QueryId for Tell<'_> {
    type QueryId = Tell<'static>;
    const HAS_STATIC_QUERY_ID: bool = true;
}

impl QueryFragment<Pg> for Tell<'_> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        out.push_sql("SELECT count(pg_notify('tallyship', notice)) FROM unnest(");
        out.push_bind_param::<Array<Text>, _>(self.0)?;
        out.push_sql(") AS notice");
        Ok(())
    }
}

impl RunQueryDsl<PgConnection> for Tell<'_> {}

pub(super) struct Wire {
    conn: PgConnection,
    next_look: Instant,
}

impl Wire {
    pub(super) fn connect(settings: &config::Database) -> Result<Self, String> {
        match db::open(settings, Purpose::Command).map_err(|cause| cause.to_string())? {
            DbConnection::Postgres(mut conn) => {
                // A notice needs no disk: it is lost with the server anyway.
                conn.batch_execute(
                    "SET synchronous_commit = off; SET statement_timeout = '2s'; LISTEN tallyship",
                )
                .map_err(|cause| cause.to_string())?;
                Ok(Self {
                    conn,
                    next_look: Instant::now(),
                })
            }
            DbConnection::Sqlite(_) => Err("SQLite has one server only".to_owned()),
        }
    }

    pub(super) fn send(&mut self, notices: &[String]) -> Result<(), String> {
        match Tell(notices).execute(&mut self.conn) {
            Ok(_) => Ok(()),
            Err(cause) => Err(cause.to_string()),
        }
    }

    pub(super) async fn receive(&mut self) -> Result<Vec<String>, String> {
        loop {
            sleep_until(self.next_look).await;
            self.next_look = Instant::now() + LOOK_EVERY;
            let notices: QueryResult<Vec<String>> = self
                .conn
                .notifications_iter()
                .map(|notice| Ok(notice?.payload))
                .collect();
            let notices = notices.map_err(|cause| cause.to_string())?;
            if !notices.is_empty() {
                return Ok(notices);
            }
        }
    }
}
