//! Where a server lives: its working folder and its database, looked into and changed behind its back.
//!
//! Called by every black-box test. It outlives its servers, and several may share it.
use super::Backend;
use super::postgres::{Database, empty_database, fresh_database};
use super::process::Scratch;
use super::server::Setup;
use diesel::connection::SimpleConnection;
use diesel::{Connection, PgConnection, QueryableByName, RunQueryDsl, SqliteConnection};
use std::path::Path;
use std::sync::Arc;

/// Working folder and database: what survives a server and what several instances share.
pub struct Home {
    folder: Scratch,
    database: Option<Database>,
}

impl Home {
    pub fn new(backend: Backend) -> Arc<Home> {
        match backend {
            Backend::Sqlite => Arc::new(Home {
                folder: Scratch::new("home"),
                database: None,
            }),
            Backend::Postgres => Home::on(fresh_database()),
        }
    }

    /// The same without a schema: what makes its database itself (`restore`) is tried on nothing.
    pub fn empty(backend: Backend) -> Arc<Home> {
        match backend {
            Backend::Sqlite => Home::new(backend),
            Backend::Postgres => Home::on(empty_database()),
        }
    }

    pub fn on(database: Database) -> Arc<Home> {
        Arc::new(Home {
            folder: Scratch::new("home"),
            database: Some(database),
        })
    }

    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    pub fn backend(&self) -> Backend {
        match self.database {
            Some(_) => Backend::Postgres,
            None => Backend::Sqlite,
        }
    }

    pub fn write(&self, name: &str, content: impl AsRef<[u8]>) {
        std::fs::write(self.path().join(name), content).expect("a file of the test");
    }

    /// The first column, named `n`, of the one row of `sql`: `SELECT count(*) AS n FROM votes`.
    pub fn number(&self, sql: &str) -> i64 {
        #[derive(QueryableByName)]
        struct Row {
            #[diesel(sql_type = diesel::sql_types::BigInt)]
            n: i64,
        }
        let query = diesel::sql_query(sql);
        let row: Row = match &self.database {
            Some(database) => {
                query.get_result(&mut PgConnection::establish(&database.url).expect("Postgres"))
            }
            None => {
                let path = self.path().join("data/tallyship.db");
                let mut connection =
                    SqliteConnection::establish(&path.display().to_string()).expect("SQLite");
                diesel::sql_query("PRAGMA busy_timeout = 5000")
                    .execute(&mut connection)
                    .expect("busy_timeout");
                query.get_result(&mut connection)
            }
        }
        .unwrap_or_else(|e| panic!("{sql}: {e}"));
        row.n
    }

    /// The same of a text; none where there is no row.
    pub fn text(&self, sql: &str) -> Option<String> {
        #[derive(QueryableByName)]
        struct Row {
            #[diesel(sql_type = diesel::sql_types::Text)]
            n: String,
        }
        let query = diesel::sql_query(sql);
        let rows: Vec<Row> = match &self.database {
            Some(database) => {
                query.load(&mut PgConnection::establish(&database.url).expect("Postgres"))
            }
            None => {
                let path = self.path().join("data/tallyship.db");
                query.load(
                    &mut SqliteConnection::establish(&path.display().to_string()).expect("SQLite"),
                )
            }
        }
        .unwrap_or_else(|e| panic!("{sql}: {e}"));
        rows.into_iter().next().map(|row| row.n)
    }

    /// As if two days had passed: the keys under which networks were hashed are at their end.
    pub fn two_days_later(&self) {
        self.execute("UPDATE network_keys SET day = day - 2");
        self.execute("UPDATE votes SET cast_at = cast_at - 172800000000");
    }

    /// As if so many days had passed for everything that ends by its age.
    pub fn days_later(&self, days: i64) {
        let by = days * 86_400_000_000;
        for (table, column) in [
            ("bans", "made_at"),
            ("bans", "expires_at"),
            ("bans", "lifted_at"),
            ("removals", "made_at"),
            ("removals", "undone_at"),
            ("tokens", "created_at"),
            ("tokens", "expires_at"),
            ("tokens", "revoked_at"),
            ("sessions", "begun_at"),
            ("sessions", "seen_at"),
            ("erased", "at"),
            ("erased", "ends_at"),
        ] {
            self.execute(&format!("UPDATE {table} SET {column} = {column} - {by}"));
        }
    }

    /// How many votes still bear a network.
    pub fn with_network(&self) -> i64 {
        let none = match self.backend() {
            Backend::Sqlite => "zeroblob(16)",
            Backend::Postgres => "decode(repeat('00', 16), 'hex')",
        };
        self.number(&format!(
            "SELECT COUNT(*) AS n FROM votes WHERE network <> {none}"
        ))
    }

    /// Changes the database behind the server's back.
    pub fn execute(&self, sql: &str) {
        let done = match &self.database {
            // Whatever limit a test has given the database.
            Some(database) => PgConnection::establish(&format!(
                "{}?options=-c%20statement_timeout%3D0",
                database.url
            ))
            .expect("Postgres")
            .batch_execute(sql),
            None => {
                let path = self.path().join("data/tallyship.db");
                let mut connection =
                    SqliteConnection::establish(&path.display().to_string()).expect("SQLite");
                connection
                    .batch_execute("PRAGMA busy_timeout = 5000")
                    .expect("busy_timeout");
                connection.batch_execute(sql)
            }
        };
        done.unwrap_or_else(|e| panic!("{sql}: {e}"));
    }

    /// On Postgres: takes the locks of `sql`, and holds them until [`Home::let_go`], for half a minute at most. It blocks.
    pub fn hold(&self, sql: &str) {
        self.execute(&format!(
            "BEGIN; {sql}; DO $$ BEGIN FOR n IN 1..1500 LOOP \
             EXIT WHEN EXISTS (SELECT FROM pg_class WHERE relname = 'let_go'); PERFORM pg_sleep(0.02); END LOOP; END $$; COMMIT"
        ));
    }

    pub fn let_go(&self) {
        self.execute("CREATE TABLE let_go (n INT)");
    }

    pub fn setup(self: &Arc<Self>) -> Setup {
        Setup::of(self)
    }

    /// The address of its Postgres.
    pub fn database_url(&self) -> Option<&str> {
        self.database.as_ref().map(|database| database.url.as_str())
    }
}
