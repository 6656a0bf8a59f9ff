//! Opening Postgres: verified TLS, deadlines on everything that could hang, commits that wait for the disk.
//!
//! `db::open` calls it. A connection that could lose an acknowledged vote must not leave this file.

use std::path::Path;

use diesel::connection::SimpleConnection;
use diesel::sql_types::{Bool, Integer, Text};
use diesel::{Connection as _, PgConnection, QueryResult, QueryableByName, RunQueryDsl, sql_query};

use super::{OpenError, Purpose, Scalar};

/// The oldest version that the tests run on, as `server_version_num` has it.
const OLDEST_VERSION: i32 = 140_000;

/// What a connection must know of its server.
#[derive(QueryableByName)]
struct Server {
    #[diesel(sql_type = Integer)]
    version: i32,
    #[diesel(sql_type = Text)]
    encoding: String,
    #[diesel(sql_type = Text)]
    fsync: String,
    #[diesel(sql_type = Bool)]
    is_standby: bool,
    #[diesel(sql_type = Bool)]
    is_read_only: bool,
    #[diesel(sql_type = Bool)]
    has_schema: bool,
}

#[derive(QueryableByName)]
struct Made {
    #[diesel(sql_type = Bool)]
    is_made: bool,
    #[diesel(sql_type = Text)]
    name: String,
}

pub(super) fn open(
    url: &str,
    ca_file: Option<&Path>,
    purpose: Purpose,
) -> Result<PgConnection, OpenError> {
    let url = connection_url(url, ca_file);
    if purpose != Purpose::Read {
        // A command has this connection alone, and would meet no mark of another on a pooler's server connection.
        drop(establish(&url)?);
    }
    let mut conn = establish(&url)?;
    // A transaction of ours that hangs half way (a stopped instance) must not hold a tally's row lock for long. The rest are
    // settings that a database or role may have changed.
    let common = "SET client_min_messages = warning; SET idle_in_transaction_session_timeout = '5s'; SET jit = off; \
         SET standard_conforming_strings = on; SET default_transaction_isolation = 'read committed'; \
         SET default_transaction_deferrable = off; SET transform_null_equals = off; SET array_nulls = on; \
         SET idle_session_timeout = 0;";
    let own = match purpose {
        Purpose::Read => "SET default_transaction_read_only = on; SET statement_timeout = '3s';",
        // Plans: the writer's few statements always find rows by key, however small a table's statistics say it is.
        // And memory: once glibc has seen a block that large come and go, it no longer gives what a transaction took back
        // to the system at each commit, only to ask for it anew (mallopt(3), `M_MMAP_THRESHOLD`).
        Purpose::Write => {
            "SET synchronous_commit = on; SET statement_timeout = '3500ms'; SET lock_timeout = '3s'; \
             SET plan_cache_mode = force_generic_plan; SET enable_hashjoin = off; SET enable_mergejoin = off; \
             SET enable_seqscan = off; SELECT length(repeat(' ', 2000000));"
        }
        Purpose::Command => {
            "SET synchronous_commit = on; SET lock_timeout = '30s'; SET default_transaction_read_only = off;"
        }
    };
    check_server(&mut conn, purpose)?;
    conn.batch_execute(&format!("{common} {own}"))?;
    Ok(conn)
}

/// A connection that is this program's own, and has no limits yet.
fn establish(url: &str) -> Result<PgConnection, OpenError> {
    let mut conn = match PgConnection::establish(url) {
        // A database or role may have a limit that even the driver's own statements do not keep. Not always sent: a pooler may refuse it.
        Err(cause) if cause.to_string().contains("statement timeout") => {
            PgConnection::establish(&format!("{url}&options=-c%20statement_timeout%3D0"))?
        }
        other => other?,
    };
    conn.batch_execute("SET statement_timeout = 0; SET lock_timeout = 0")?;
    refuse_pooler(&mut conn)?;
    Ok(conn)
}

/// Statements and settings of a connection must stay with it. A pooler that gives each transaction another server connection
/// gives us one that has our mark from before.
fn refuse_pooler(conn: &mut PgConnection) -> Result<(), OpenError> {
    let marked = conn.batch_execute("PREPARE tallyship_connection AS SELECT 1");
    let is_pooled =
        |cause: &diesel::result::Error| cause.to_string().contains("tallyship_connection");
    match marked {
        Err(cause) if is_pooled(&cause) => Err(OpenError::Unsafe(
            "a connection pooler shares its server connections (PgBouncer with pool_mode = transaction); \
             give a direct connection, or one with pool_mode = session (docs/deploying.md)"
                .to_owned(),
        )),
        marked => Ok(marked?),
    }
}

fn check_server(conn: &mut PgConnection, purpose: Purpose) -> Result<(), OpenError> {
    let server: Server = sql_query(
        "SELECT current_setting('server_version_num')::integer AS version, current_setting('server_encoding') AS encoding, \
         current_setting('fsync') AS fsync, pg_is_in_recovery() AS is_standby, \
         current_setting('default_transaction_read_only')::boolean AS is_read_only, current_schema() IS NOT NULL AS has_schema",
    )
    .get_result(conn)?;
    let refused = if server.version < OLDEST_VERSION {
        format!(
            "this is Postgres {}; versions from {} are supported",
            server.version / 10_000,
            OLDEST_VERSION / 10_000
        )
    } else if server.encoding != "UTF8" {
        format!(
            "its encoding is {}, which cannot hold every name; make the database with ENCODING 'UTF8'",
            server.encoding
        )
    } else if !server.has_schema {
        "search_path names no schema that exists and may be used; set it for this database and role"
            .to_owned()
    } else if purpose != Purpose::Write {
        return Ok(());
    } else if server.fsync != "on" {
        "Postgres runs with fsync=off, so a power cut can lose votes that were answered; set fsync=on there".to_owned()
    } else if server.is_standby {
        "this is a standby, which takes no votes; give the address of the primary".to_owned()
    } else if server.is_read_only {
        "default_transaction_read_only is on, so no vote can be written; turn it off for this database and role".to_owned()
    } else {
        return Ok(());
    };
    Err(OpenError::Unsafe(refused))
}

/// Whether the role may write what a vote writes.
pub(super) fn may_write_votes(conn: &mut PgConnection) -> QueryResult<bool> {
    let may: Scalar<Bool, bool> = sql_query(
        "SELECT bool_and(has_table_privilege(need.relation, need.privilege)) FROM (VALUES \
         ('votes', 'INSERT'), ('votes', 'UPDATE'), ('votes', 'SELECT'), ('tallies', 'UPDATE'), ('tallies', 'SELECT'), \
         ('ledger_entries', 'INSERT'), ('tally_hours', 'INSERT'), ('tally_hours', 'UPDATE'), ('origin_sums', 'SELECT'), \
         ('origin_sums', 'INSERT'), ('origin_sums', 'UPDATE'), ('log_journal', 'INSERT'), ('seen_changes', 'INSERT'), \
         ('withdrawn_ballots', 'SELECT'), ('withdrawn_ballots', 'INSERT'), ('withdrawn_ballots', 'DELETE')) AS need (relation, privilege)",
    )
    .get_result(conn)?;
    Ok(may.0)
}

/// Refuses a database without our tables.
pub(super) fn require_made(conn: &mut PgConnection) -> Result<(), OpenError> {
    let made: Made = sql_query(
        "SELECT to_regclass('__diesel_schema_migrations') IS NOT NULL AS is_made, current_database()::text AS name",
    )
    .get_result(conn)?;
    if made.is_made {
        Ok(())
    } else {
        Err(OpenError::Missing(format!(
            "the Postgres database {:?}",
            made.name
        )))
    }
}

/// The given URL with deadlines and, where TLS is asked for, certificates to verify against.
///
/// `sslmode=require` is raised to `verify-full`: encryption to whoever answers protects nobody. The bundled OpenSSL does
/// not know the system's certificate folder, so `sslrootcert=system` is replaced by the file that a probe finds.
fn connection_url(url: &str, ca_file: Option<&Path>) -> String {
    let (base, query) = url.split_once('?').unwrap_or((url, ""));
    let mut pairs: Vec<(String, String)> = query
        .split('&')
        .filter(|pair| !pair.is_empty())
        .map(|pair| pair.split_once('=').unwrap_or((pair, "")))
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect();
    let get = |pairs: &[(String, String)], name: &str| {
        pairs
            .iter()
            .find(|(n, _)| n == name)
            .map(|(_, v)| v.clone())
    };
    let set = |pairs: &mut Vec<(String, String)>, name: &str, value: String| {
        pairs.retain(|(n, _)| n != name);
        pairs.push((name.to_owned(), value));
    };

    let mode = get(&pairs, "sslmode");
    let verified = match mode.as_deref() {
        Some("require" | "verify-ca" | "verify-full") => true,
        Some(_) => false,
        None => ca_file.is_some(),
    };
    if verified {
        if mode.as_deref() != Some("verify-ca") {
            set(&mut pairs, "sslmode", "verify-full".to_owned());
        }
        let given = get(&pairs, "sslrootcert").filter(|file| file != "system");
        let system = || openssl_probe::probe().cert_file;
        if let (None, Some(file)) = (given, ca_file.map(Path::to_path_buf).or_else(system)) {
            set(
                &mut pairs,
                "sslrootcert",
                percent_encoded(&file.to_string_lossy()),
            );
        }
    }
    for (name, value) in [
        ("application_name", "tallyship"),
        ("connect_timeout", "3"),
        ("tcp_user_timeout", "5000"),
        ("keepalives_idle", "5"),
        ("keepalives_interval", "2"),
        ("keepalives_count", "3"),
    ] {
        if get(&pairs, name).is_none() {
            pairs.push((name.to_owned(), value.to_owned()));
        }
    }
    let query: Vec<String> = pairs
        .into_iter()
        .map(|(name, value)| format!("{name}={value}"))
        .collect();
    format!("{base}?{}", query.join("&"))
}

fn percent_encoded(text: &str) -> String {
    url::form_urlencoded::byte_serialize(text.as_bytes())
        .collect::<String>()
        .replace('+', "%20")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tls_that_is_asked_for_is_verified() {
        let url = connection_url(
            "postgres://u:p@db/x?sslmode=require",
            Some(Path::new("/etc/my ca.pem")),
        );
        assert!(
            url.contains("sslmode=verify-full") && url.contains("sslrootcert=%2Fetc%2Fmy%20ca.pem"),
            "{url}"
        );
        let url = connection_url(
            "postgres://db/x?sslmode=verify-full&sslrootcert=/own.pem",
            None,
        );
        assert!(url.contains("sslrootcert=/own.pem"), "{url}");
        let url = connection_url(
            "postgres://db/x?sslrootcert=system&sslmode=verify-full",
            None,
        );
        assert!(!url.contains("=system"), "{url}");
        let url = connection_url("postgres://db/x", Some(Path::new("/ca.pem")));
        assert!(url.contains("sslmode=verify-full"), "{url}");
    }

    #[test]
    fn plain_stays_plain_and_every_connection_has_deadlines() {
        let url = connection_url("postgres:///x?host=/run/pg&connect_timeout=9", None);
        assert!(
            !url.contains("sslmode")
                && url.contains("connect_timeout=9")
                && url.contains("tcp_user_timeout"),
            "{url}"
        );
    }
}
