//! TLS to Postgres and to Redis: a good certificate works; an untrusted authority, a wrong host and an expired one are refused.
//!
//! That nothing passed is asked of the databases themselves, over a connection that the server has no part in.
use crate::SLACK;
use crate::book::TOOLS;
use crate::certificates::{Authority, Identity};
use crate::harness::postgres::Cluster;
use crate::harness::process::Scratch;
use crate::harness::redis::{Redis, Tls};
use crate::harness::server::{Home, Setup};
use crate::harness::{Backend, eventually, run};
use crate::quotas::readiness;
use std::sync::Arc;
use std::time::{Duration, Instant};

const REFUSED_WITHIN: Duration = Duration::from_secs(5);
const TABLES: &str = "SELECT count(*) AS n FROM pg_tables WHERE schemaname = 'public'";

/// A cluster with this certificate, and a server's setup that has to verify it by `authority`.
fn postgres(identity: &Identity, authority: &Authority) -> (Arc<Cluster>, Setup) {
    let files = [
        ("server.crt", identity.certificate.as_slice()),
        ("server.key", identity.key.as_slice()),
    ];
    let cluster = Arc::new(Cluster::start(&["ssl=on"], &files));
    let database = cluster.fresh_database();
    let url = database.url.clone();
    let home = Home::on(database);
    home.write("ca.pem", authority.pem());
    let ca = home.path().join("ca.pem").display().to_string();
    let setup = home.setup().generous();
    let setup = setup.env(
        "TALLYSHIP_DATABASE__URL",
        format!("{url}?sslmode=verify-full&sslrootcert={ca}"),
    );
    (cluster, setup)
}

async fn postgres_refuses(case: &str, setup: &Setup) {
    for command in ["migrate", "serve"] {
        let start = Instant::now();
        let refused = setup.run_cli(&[command]).await;
        let took = start.elapsed();
        println!(
            "Postgres, {case}, {command}: exit {} after {took:?}: {}",
            refused.code(),
            refused.stderr.trim()
        );
        assert_ne!(
            refused.code(),
            0,
            "{case}: `tallyship {command}` went through"
        );
        assert!(
            took < REFUSED_WITHIN * SLACK,
            "{case}: {command} took {took:?}"
        );
        assert!(
            refused.stderr.contains("certificate") || refused.stderr.contains("SSL"),
            "{case}: {}",
            refused.stderr
        );
    }
    assert_eq!(
        setup.home.number(TABLES),
        0,
        "{case}: something was written"
    );
}

#[test]
fn a_good_certificate_of_postgres_is_taken() {
    run(async {
        let authority = Authority::new("authority of the tests");
        let (_cluster, setup) = postgres(&authority.good(), &authority);
        let server = setup.start().await;
        let client = server.client();
        let token = client.visitor().await;
        client.put_vote(&token, TOOLS[0], "ship").await.expect(201);
        let encrypted = "SELECT count(*) AS n FROM pg_stat_ssl JOIN pg_stat_activity USING (pid)
            WHERE ssl AND pid <> pg_backend_pid()";
        let plain = "SELECT count(*) AS n FROM pg_stat_ssl JOIN pg_stat_activity USING (pid)
            WHERE NOT ssl AND pid <> pg_backend_pid() AND backend_type = 'client backend'";
        assert!(server.home().number(encrypted) > 0);
        assert_eq!(server.home().number(plain), 0, "connections without TLS");
    });
}

#[test]
fn an_untrusted_authority_of_postgres_is_refused() {
    run(async {
        let (_cluster, setup) = postgres(&Authority::new("one").good(), &Authority::new("another"));
        postgres_refuses("untrusted authority", &setup).await;
    });
}

#[test]
fn a_certificate_of_another_host_of_postgres_is_refused() {
    run(async {
        let authority = Authority::new("authority of the tests");
        let (_cluster, setup) = postgres(&authority.for_another_host(), &authority);
        postgres_refuses("another host", &setup).await;
    });
}

#[test]
fn an_expired_certificate_of_postgres_is_refused() {
    run(async {
        let authority = Authority::new("authority of the tests");
        let (_cluster, setup) = postgres(&authority.expired(), &authority);
        postgres_refuses("expired", &setup).await;
    });
}

/// A TLS Redis with this certificate, and a server's setup that has to verify it by `authority`.
fn redis(identity: &Identity, authority: &Authority) -> (Scratch, Redis, Setup) {
    let files = Scratch::new("redis-tls");
    let put = |name: &str, content: &[u8]| {
        let path = files.path().join(name);
        std::fs::write(&path, content).expect("a file of the test");
        path
    };
    let (certificate, key) = (
        put("redis.crt", &identity.certificate),
        put("redis.key", &identity.key),
    );
    let ca = put("ca.pem", &authority.pem());
    let redis = Redis::start_tls(Tls {
        certificate: &certificate,
        key: &key,
        ca: &ca,
    });
    let setup = Home::new(Backend::Sqlite)
        .setup()
        .generous()
        .redis(redis.url());
    let setup = setup.env("TALLYSHIP_REDIS__CA_FILE", ca.display().to_string());
    (files, redis, setup)
}

async fn redis_is_refused(case: &str, identity: &Identity, authority: &Authority) {
    let (_files, redis, setup) = redis(identity, authority);
    let server = setup.start().await;
    let (client, admin) = (server.client(), server.admin());
    let token = client.visitor().await;
    client.put_vote(&token, TOOLS[0], "ship").await.expect(201);
    let took = eventually(
        "it says that it is degraded",
        Duration::from_secs(5) * SLACK,
        async || readiness(&admin).await == "degraded",
    )
    .await;
    client.put_vote(&token, TOOLS[1], "skip").await.expect(201);
    println!("Redis, {case}: degraded after {took:?}");
    assert_eq!(readiness(&admin).await, "degraded", "{case}");
    let stats = redis.cli(&["INFO", "commandstats"]);
    let own = ["ping", "info", "command", "command|docs"]; // what the harness's own redis-cli sent
    let sent: Vec<&str> = stats
        .lines()
        .filter_map(|line| line.strip_prefix("cmdstat_")?.split(':').next())
        .filter(|command| !own.contains(command))
        .collect();
    assert_eq!(sent, [""; 0], "{case}: commands went through");
}

#[test]
fn a_good_certificate_of_redis_is_taken_on_sqlite() {
    run(async {
        let authority = Authority::new("authority of the tests");
        let (_files, redis, setup) = redis(&authority.good(), &authority);
        let server = setup.start().await;
        let (client, admin) = (server.client(), server.admin());
        eventually("it is ready", Duration::from_secs(30), async || {
            readiness(&admin).await == "ready"
        })
        .await;
        let token = client.visitor().await;
        client.put_vote(&token, TOOLS[0], "ship").await.expect(201);
        let stats = redis.cli(&["INFO", "commandstats"]);
        assert!(
            stats.contains("cmdstat_eval"),
            "the limiter asked no Redis:\n{stats}"
        );
    });
}

#[test]
fn an_untrusted_authority_of_redis_is_refused_on_sqlite() {
    run(async {
        redis_is_refused(
            "untrusted authority",
            &Authority::new("one").good(),
            &Authority::new("another"),
        )
        .await;
    });
}

#[test]
fn a_certificate_of_another_host_of_redis_is_refused_on_sqlite() {
    run(async {
        let authority = Authority::new("authority of the tests");
        redis_is_refused("another host", &authority.for_another_host(), &authority).await;
    });
}

#[test]
fn an_expired_certificate_of_redis_is_refused_on_sqlite() {
    run(async {
        let authority = Authority::new("authority of the tests");
        redis_is_refused("expired", &authority.expired(), &authority).await;
    });
}
