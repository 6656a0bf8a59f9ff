//! TLS to Postgres and Redis is verified: an untrusted authority, another host's certificate and an expired one are each
//! refused; the twin, a good certificate, is accepted by the same test.
use crate::certificates::{Authority, Flaw};
use crate::harness::postgres::Cluster;
use crate::harness::redis::{Redis, Tls};
use crate::harness::server::Home;
use crate::harness::{Backend, eventually, run};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

/// How `tallyship migrate` fares against a Postgres with that flaw, trusting `trusted`.
async fn migrate_over_tls(
    authority: &Authority,
    flaw: Flaw,
    trusted: &Path,
    by_setting: bool,
) -> (i32, String) {
    let issued = authority.issue(flaw);
    let options = [
        "ssl=on",
        "ssl_cert_file=server.crt",
        "ssl_key_file=server.key",
    ];
    let files: [(&str, &[u8]); 2] = [
        ("server.crt", &issued.certificate_pem),
        ("server.key", &issued.key_pem),
    ];
    let cluster = Arc::new(Cluster::start(&options, &files));
    let database = cluster.fresh_database();
    let url = database.url.clone();
    let setup = Home::on(database).setup();
    let setup = if by_setting {
        setup.env("TALLYSHIP_DATABASE__CA_FILE", trusted.display().to_string())
    } else {
        let secure = format!(
            "{url}?sslmode=verify-full&sslrootcert={}",
            trusted.display()
        );
        setup.env("TALLYSHIP_DATABASE__URL", secure)
    };
    let done = setup.run_cli(&["migrate"]).await;
    (done.code(), done.stderr)
}

#[test]
fn postgres_with_a_good_certificate_is_accepted() {
    run(async {
        let authority = Authority::new("ours");
        for by_setting in [false, true] {
            let (code, stderr) =
                migrate_over_tls(&authority, Flaw::None, &authority.file(), by_setting).await;
            assert_eq!(code, 0, "{stderr}");
        }
    });
}

#[test]
fn postgres_with_a_bad_certificate_is_refused() {
    run(async {
        let (authority, stranger) = (Authority::new("ours"), Authority::new("stranger"));
        for (flaw, trusted, word) in [
            (Flaw::None, stranger.file(), "certificate"),
            (Flaw::WrongHost, authority.file(), "127.0.0.1"),
            (Flaw::Expired, authority.file(), "certificate verify failed"),
        ] {
            let (code, stderr) = migrate_over_tls(&authority, flaw, &trusted, false).await;
            assert_ne!(code, 0, "{flaw:?}");
            assert!(stderr.contains(word), "{flaw:?}: {stderr}");
        }
    });
}

/// A server beside a Redis with that flaw: what `readyz` says, and how many commands Redis ever ran.
async fn beside_redis(authority: &Authority, flaw: Flaw, trusted: &Path, expected: &str) {
    let issued = authority.issue(flaw);
    let ca = authority.file();
    let redis = Redis::start_tls(Tls {
        certificate: &issued.certificate,
        key: &issued.key,
        ca: &ca,
    });
    let setup = Home::new(Backend::Sqlite).setup().redis(redis.url());
    let server = setup
        .env("TALLYSHIP_REDIS__CA_FILE", trusted.display().to_string())
        .start()
        .await;
    let admin = server.admin();
    eventually(
        &format!("readyz says {expected} ({flaw:?})"),
        Duration::from_secs(25),
        async || admin.get("/readyz").send().await.expect(200).json["status"] == expected,
    )
    .await;
    let client = server.client();
    let voter = client.visitor().await;
    client
        .put_vote(&voter, "codestral-2", "ship")
        .await
        .expect(201);
    let scripts = redis.cli(&["INFO", "commandstats"]);
    assert_eq!(
        scripts.contains("cmdstat_evalsha"),
        expected == "ready",
        "{flaw:?}: {scripts}"
    );
}

#[test]
fn redis_with_a_good_certificate_decides() {
    run(async {
        let authority = Authority::new("ours");
        beside_redis(&authority, Flaw::None, &authority.file(), "ready").await;
    });
}

#[test]
fn redis_with_a_bad_certificate_is_never_asked() {
    run(async {
        let (authority, stranger) = (Authority::new("ours"), Authority::new("stranger"));
        beside_redis(&authority, Flaw::None, &stranger.file(), "degraded").await;
        beside_redis(&authority, Flaw::WrongHost, &authority.file(), "degraded").await;
        beside_redis(&authority, Flaw::Expired, &authority.file(), "degraded").await;
    });
}
