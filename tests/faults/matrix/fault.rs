//! The faults: how each hurts a site, and how it is healed.
//!
//! `trial` calls it in the midst of a load. What blocks runs beside the clients, never in their way.
use super::site::{Network, ROLE, Site};
use crate::harness::postgres::Cluster;
use crate::harness::proxy::Manner;
use crate::harness::redis::Redis;
use std::io::Write;
use std::sync::Arc;
use std::time::Duration;

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Fault {
    InstanceKilled,
    /// Of the instance and its SQLite file.
    PowerCut,
    DiskFull,
    DatabaseLocked,
    PostgresKilled,
    PostgresPowerCut,
    PostgresHangs,
    PostgresCut,
    PostgresSlow,
    /// A primary that has become a standby, or was set so.
    PostgresReadOnly,
    PrivilegeRevoked,
    RedisKilled,
    RedisHangs,
    RedisCut,
    RedisSlow,
    ScriptsFlushed,
    Flushed,
    OutOfMemory,
    ReadOnly,
    WrongPassword,
    /// Of all instances, and back again.
    HourAhead,
    HourBehind,
    YearAhead,
}

use Fault::*;

/// What each ground is tried with.
pub const ON_SQLITE: &[Fault] = &[
    InstanceKilled,
    DatabaseLocked,
    HourAhead,
    HourBehind,
    YearAhead,
];
pub const ON_A_SMALL_DISK: &[Fault] = &[DiskFull];
pub const ON_ITS_OWN_DISK: &[Fault] = &[PowerCut, PowerCut, PowerCut];
pub const ON_POSTGRES_OWN_DISK: &[Fault] = &[PostgresPowerCut, PostgresPowerCut];
pub const ON_POSTGRES: &[Fault] = &[
    InstanceKilled,
    PostgresKilled,
    PostgresHangs,
    PostgresCut,
    PostgresSlow,
    PostgresReadOnly,
    PrivilegeRevoked,
    RedisKilled,
    RedisHangs,
    RedisCut,
    RedisSlow,
    ScriptsFlushed,
    Flushed,
    OutOfMemory,
    ReadOnly,
    WrongPassword,
    HourAhead,
    HourBehind,
    YearAhead,
];

const SLOW_POSTGRES: Duration = Duration::from_millis(20);
/// More than a decision may take.
const SLOW_REDIS: Duration = Duration::from_millis(60);

/// In seconds.
const HOUR: i64 = 60 * 60;

impl Fault {
    pub fn name(self) -> &'static str {
        match self {
            InstanceKilled => "kill -9 of an instance",
            PowerCut => "a power cut",
            DiskFull => "a full disk",
            DatabaseLocked => "SQLite locked by another",
            PostgresKilled => "kill -9 of Postgres",
            PostgresPowerCut => "a power cut of Postgres",
            PostgresHangs => "Postgres hangs (SIGSTOP)",
            PostgresCut => "connections to Postgres cut",
            PostgresSlow => "Postgres 20 ms away",
            PostgresReadOnly => "Postgres made read-only",
            PrivilegeRevoked => "the right to write votes revoked",
            RedisKilled => "kill -9 of Redis",
            RedisHangs => "Redis hangs (SIGSTOP)",
            RedisCut => "connections to Redis cut",
            RedisSlow => "Redis 60 ms away",
            ScriptsFlushed => "SCRIPT FLUSH",
            Flushed => "FLUSHALL",
            OutOfMemory => "Redis out of memory",
            ReadOnly => "Redis a read-only replica",
            WrongPassword => "Redis with another password",
            HourAhead => "the clock an hour ahead, and back",
            HourBehind => "the clock an hour behind, and back",
            YearAhead => "the clock a year ahead, and back",
        }
    }

    /// Calls that it meets have no answer.
    pub fn kills_the_instance(self) -> bool {
        matches!(self, InstanceKilled | PowerCut)
    }

    /// While it lasts, no vote can be taken.
    pub fn takes_the_database(self) -> bool {
        self.blinds()
            || matches!(
                self,
                DiskFull | DatabaseLocked | PostgresReadOnly | PrivilegeRevoked
            )
    }

    /// While it lasts, tallies cannot be read from the database either.
    pub fn blinds(self) -> bool {
        matches!(
            self,
            PostgresKilled | PostgresPowerCut | PostgresHangs | PostgresCut
        )
    }

    /// While it lasts, instances know that they have no Redis.
    pub fn loses_redis(self) -> bool {
        matches!(
            self,
            RedisKilled
                | RedisHangs
                | RedisCut
                | RedisSlow
                | OutOfMemory
                | ReadOnly
                | WrongPassword
        )
    }

    pub async fn hurt(self, site: &Site) {
        match self {
            InstanceKilled => site.servers.borrow()[site.turn.get()].kill9(),
            PowerCut => site.cut(),
            DiskFull => fill(site),
            DatabaseLocked => site.lock(),
            PostgresKilled => beside(site, |cluster| cluster.kill9()).await,
            PostgresPowerCut => {
                site.cut();
                beside(site, |cluster| cluster.kill9()).await;
            }
            PostgresHangs => beside(site, |cluster| cluster.pause()).await,
            PostgresCut => network(site).to_postgres.set(Manner::Cut),
            PostgresSlow => network(site)
                .to_postgres
                .set(Manner::Delayed(SLOW_POSTGRES)),
            PostgresReadOnly => read_only(site, "on"),
            PrivilegeRevoked => site.execute(&format!(
                "REVOKE INSERT, UPDATE, DELETE ON votes FROM {ROLE}"
            )),
            RedisKilled => beside_redis(site, |redis| redis.kill9()).await,
            RedisHangs => beside_redis(site, |redis| redis.pause()).await,
            RedisCut => network(site).to_redis.set(Manner::Cut),
            RedisSlow => network(site).to_redis.set(Manner::Delayed(SLOW_REDIS)),
            ScriptsFlushed => tell(site, &["SCRIPT", "FLUSH"]),
            Flushed => tell(site, &["FLUSHALL"]),
            OutOfMemory => tell(site, &["CONFIG", "SET", "maxmemory", "1"]),
            ReadOnly => tell(site, &["REPLICAOF", "127.0.0.1", "1"]),
            WrongPassword => {
                tell(site, &["CONFIG", "SET", "requirepass", "another"]);
                // Whoever is in stays in, so all are shown out.
                let redis = &network(site).redis;
                redis.cli(&["-a", "another", "CLIENT", "KILL", "TYPE", "normal"]);
                redis.cli(&["-a", "another", "CLIENT", "KILL", "TYPE", "pubsub"]);
            }
            HourAhead => site.set_clock(HOUR),
            HourBehind => site.set_clock(-HOUR),
            YearAhead => site.set_clock(365 * 24 * HOUR),
        }
    }

    pub async fn heal(self, site: &Site) {
        match self {
            InstanceKilled => {
                let turn = site.turn.get();
                site.turn.set((turn + 1) % site.instances());
                site.restart(turn).await;
            }
            PowerCut => site.restart(0).await,
            DiskFull => std::fs::remove_file(site.balloon()).expect("the balloon"),
            DatabaseLocked => site.unlock(),
            PostgresKilled | PostgresPowerCut => beside(site, |cluster| cluster.launch()).await,
            PostgresHangs => beside(site, |cluster| cluster.resume()).await,
            PostgresCut | PostgresSlow => network(site).to_postgres.set(Manner::Through),
            PostgresReadOnly => read_only(site, "off"),
            PrivilegeRevoked => {
                site.execute(&format!("GRANT INSERT, UPDATE, DELETE ON votes TO {ROLE}"))
            }
            RedisKilled => beside_redis(site, |redis| redis.restart()).await,
            RedisHangs => beside_redis(site, |redis| redis.resume()).await,
            RedisCut | RedisSlow => network(site).to_redis.set(Manner::Through),
            ScriptsFlushed | Flushed => {}
            OutOfMemory => tell(site, &["CONFIG", "SET", "maxmemory", "0"]),
            ReadOnly => tell(site, &["REPLICAOF", "NO", "ONE"]),
            WrongPassword => tell(site, &["-a", "another", "CONFIG", "SET", "requirepass", ""]),
            HourAhead | HourBehind | YearAhead => site.set_clock(0),
        }
    }
}

fn network(site: &Site) -> &Network {
    site.network.as_ref().expect("a network")
}

fn tell(site: &Site, command: &[&str]) {
    let said = network(site).redis.cli(command);
    assert!(said.contains("OK"), "{command:?}: {said}");
}

async fn beside(site: &Site, work: impl FnOnce(&Cluster) + Send + 'static) {
    let cluster = Arc::clone(&network(site).cluster);
    let done = tokio::task::spawn_blocking(move || work(&cluster)).await;
    done.expect("done to Postgres");
}

async fn beside_redis(site: &Site, work: impl FnOnce(&Redis) + Send + 'static) {
    let redis = Arc::clone(&network(site).redis);
    let done = tokio::task::spawn_blocking(move || work(&redis)).await;
    done.expect("done to Redis");
}

/// Sets what new sessions may do, and ends the present ones.
fn read_only(site: &Site, setting: &str) {
    site.execute(&format!(
        "BEGIN READ WRITE; \
         DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET default_transaction_read_only = {setting}', current_database()); END $$; \
         COMMIT; \
         SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
    ));
}

/// Writes until the disk takes no more.
fn fill(site: &Site) {
    let mut balloon = std::fs::File::create(site.balloon()).expect("the balloon");
    for size in [64 * 1024, 1] {
        let piece = vec![0; size];
        while balloon.write_all(&piece).is_ok() {}
    }
}
