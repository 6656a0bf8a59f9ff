//! Opening Postgres: verified TLS, deadlines on everything that could hang, commits that wait for the disk.
//!
//! `db::open` calls it. A connection that could lose an acknowledged vote must not leave this file.

use std::path::Path;

use diesel::connection::SimpleConnection;
use diesel::sql_types::Text;
use diesel::{Connection as _, PgConnection, QueryableByName, RunQueryDsl, sql_query};

use super::{OpenError, Purpose};

#[derive(QueryableByName)]
struct Setting {
    #[diesel(sql_type = Text)]
    setting: String,
}

pub(super) fn open(
    url: &str,
    ca_file: Option<&Path>,
    purpose: Purpose,
) -> Result<PgConnection, OpenError> {
    let mut conn = PgConnection::establish(&connection_url(url, ca_file))?;
    // A transaction of ours that hangs half way (a stopped instance) must not hold a tally's row lock for long.
    let common = "SET client_min_messages = warning; SET idle_in_transaction_session_timeout = '5s'; SET jit = off;";
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
        Purpose::Command => "SET synchronous_commit = on; SET lock_timeout = '30s';",
    };
    conn.batch_execute(&format!("{common} {own}"))?;
    if purpose == Purpose::Write {
        let fsync: Setting =
            sql_query("SELECT current_setting('fsync') AS setting").get_result(&mut conn)?;
        if fsync.setting != "on" {
            return Err(OpenError::Unsafe(
                "Postgres runs with fsync=off, so a power cut can lose votes that were answered; set fsync=on there"
                    .to_owned(),
            ));
        }
    }
    Ok(conn)
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
