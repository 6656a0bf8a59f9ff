//! No address is anywhere once votes were cast: database, log, Redis, backup; and after two days not even a hash of one.
//!
//! `tests/long` runs it with 100,000 votes. It looks at bytes, as whoever finds a disk would.
use crate::harness::Backend;
use crate::harness::eventually;
use crate::harness::postgres::Cluster;
use crate::harness::redis::Redis;
use crate::harness::server::{Home, Server};
use futures_util::future::join_all;
use std::path::{Path, PathBuf};
use std::time::Duration;

const TOOL: &str = "codestral-2";
const NETWORKS: usize = 1_000;

mod no_address_is_anywhere {
    use super::{Backend, nowhere};
    use crate::harness::run;

    #[test]
    fn on_sqlite() {
        run(nowhere(Backend::Sqlite, 2_000));
    }

    #[test]
    fn on_postgres() {
        run(nowhere(Backend::Postgres, 2_000));
    }
}

/// Half IPv4, half IPv6 with a /48 each.
fn address(n: usize) -> String {
    let n = n % NETWORKS;
    if n.is_multiple_of(2) {
        format!("198.18.{}.{}", n / 200, n % 200 + 1)
    } else {
        format!("2001:db8:5c{:02x}:{:x}::9", n / 200, n % 200 + 1)
    }
}

/// What all of them have in common, in every way of writing them: text, bytes, bytes of a mapped address, hexadecimal. And
/// the prefix of an IPv4 one as the server hashes it: its family, the address, zeros.
fn finds(bytes: &[u8]) -> Option<&'static str> {
    let has = |needle: &[u8]| bytes.windows(needle.len()).any(|some| some == needle);
    let prefix = |some: &[u8]| some[..3] == [4, 198, 18] && some[5..] == [0; 4];
    [
        (has(b"198.18."), "IPv4 as text"),
        (has(b"2001:db8:5c"), "IPv6 as text"),
        (has(&[0x20, 0x01, 0x0d, 0xb8, 0x5c]), "IPv6"),
        (has(b"20010db85c"), "IPv6 in hexadecimal"),
        (has(&[0, 0, 0xff, 0xff, 198, 18]), "IPv4, mapped"),
        (bytes.windows(9).any(prefix), "IPv4, cut to a prefix"),
    ]
    .into_iter()
    .find_map(|(found, what)| found.then_some(what))
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        if entry.path().is_dir() {
            found.extend(files(&entry.path()));
        } else {
            found.push(entry.path());
        }
    }
    found
}

/// Which files under `folder` hold these bytes.
fn holding(folder: &Path, needle: &[u8]) -> Vec<PathBuf> {
    let holds = |path: &PathBuf| {
        let bytes = std::fs::read(path).unwrap_or_default();
        bytes.windows(needle.len()).any(|some| some == needle)
    };
    files(folder).into_iter().filter(holds).collect()
}

fn assert_clean(folder: &Path) {
    for path in files(folder) {
        // A file of Postgres may go while it is looked at.
        let bytes = std::fs::read(&path).unwrap_or_default();
        assert_eq!(finds(&bytes), None, "{}", path.display());
    }
}

fn unhex(text: &str) -> Vec<u8> {
    (0..text.len() / 2)
        .map(|n| u8::from_str_radix(&text[2 * n..2 * n + 2], 16).expect("hexadecimal"))
        .collect()
}

/// One column of the first row there.
fn bytes_of(server: &Server, column: &str, from: &str) -> Vec<u8> {
    let hex = match server.home().backend() {
        Backend::Sqlite => format!("hex({column})"),
        Backend::Postgres => format!("encode({column}, 'hex')"),
    };
    let text = server
        .home()
        .text(&format!("SELECT {hex} AS n FROM {from} LIMIT 1"));
    unhex(&text.expect("a row"))
}

pub async fn nowhere(backend: Backend, votes: usize) {
    let cluster = (backend == Backend::Postgres).then(Cluster::private);
    let home = cluster.as_ref().map_or_else(
        || Home::new(backend),
        |cluster| Home::on(cluster.fresh_database()),
    );
    // Where the rows are, and where everything is.
    let (rows, all) = match &cluster {
        Some(cluster) => (cluster.data().join("base"), cluster.data()),
        None => (home.path().join("data"), home.path().to_owned()),
    };
    let redis = Redis::start();
    let setup = home.setup().redis(redis.url());
    // Quotas that leave their keys in Redis.
    let setup = setup
        .env("TALLYSHIP_LIMITS__VOTES_PER_NETWORK", "1000000/24h")
        .env("TALLYSHIP_ABUSE__HOLD", "off")
        .env("TALLYSHIP_HTTP__TRUSTED_PROXIES", "127.0.0.1/32");
    let server = setup.start().await;
    let client = server.client();
    let voters = setup.mint(votes).await;
    for (at, some) in voters.chunks(50).enumerate() {
        let cast = some.iter().enumerate().map(|(n, voter)| {
            let vote = client
                .vote(voter, TOOL, "ship")
                .header("x-forwarded-for", &address(at * 50 + n));
            async { vote.send().await.expect(201) }
        });
        join_all(cast).await;
    }
    assert_eq!(home.with_network(), i64::try_from(votes).expect("votes"));
    let networks = home.number("SELECT COUNT(DISTINCT network) AS n FROM votes");
    assert_eq!(
        networks,
        i64::try_from(NETWORKS.min(votes)).expect("networks")
    );
    let (hash, key) = (
        bytes_of(&server, "network", "votes"),
        // In the last hour of a day that of the next is there as well.
        bytes_of(&server, "wrapped", "network_keys ORDER BY day"),
    );

    // While everything runs, and the log of the database is full.
    let dump = redis.dump();
    assert!(redis.cli(&["DBSIZE"]).trim() != "0", "Redis holds quotas");
    assert_eq!(finds(&dump), None, "Redis");
    assert!(
        !dump.windows(16).any(|some| some == hash),
        "Redis knows networks by other hashes"
    );
    server
        .run_cli(&["backup", "site.backup"])
        .await
        .success("backup");
    let backup = std::fs::read_to_string(home.path().join("site.backup")).expect("a backup");
    let hex = |bytes: &[u8]| {
        bytes
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect::<String>()
    };
    assert!(
        !backup.contains(&hex(&hash))
            && !backup.contains(&hex(&key))
            && !backup.contains("network_keys")
    );
    assert_clean(home.path());
    assert_clean(&all);
    let log = server.stdout() + &server.stderr();
    assert_eq!(finds(log.as_bytes()), None, "the log");

    // The key's end.
    if backend == Backend::Postgres {
        home.execute("CHECKPOINT");
    }
    assert!(
        !holding(&rows, &key).is_empty(),
        "the wrapped key is found while it lives"
    );
    assert_eq!(server.sigterm(Duration::from_secs(20)).await, 0);
    home.two_days_later();
    let began = std::time::Instant::now();
    let server = setup.start().await;
    let guard = Duration::from_secs(20) + Duration::from_millis(votes as u64 * 2);
    eventually("no vote bears a network", guard, async || {
        home.with_network() == 0
    })
    .await;
    println!(
        "{votes} votes were freed of their networks {:?} after the start",
        began.elapsed()
    );
    let same = match backend {
        Backend::Sqlite => format!("wrapped = X'{}'", hex(&key)),
        Backend::Postgres => format!("wrapped = decode('{}', 'hex')", hex(&key)),
    };
    let same = format!("SELECT COUNT(*) AS n FROM network_keys WHERE {same}");
    assert_eq!(home.number(&same), 0, "the key is gone");
    let gone = async || {
        if backend == Backend::Postgres {
            home.execute("CHECKPOINT");
        }
        holding(&rows, &key).is_empty()
    };
    eventually("no file has the key's bytes", Duration::from_secs(30), gone).await;
    server.verify().await;
    assert_eq!(server.sigterm(Duration::from_secs(20)).await, 0);
    assert_clean(&all);
}
