//! What a fault is tried on: one instance on SQLite, or three on one Postgres and one Redis, each behind a proxy; the
//! database perhaps on a disk of its own.
//!
//! `trial` builds it and `fault` hurts it. Clients come by the endpoints: the instances themselves, or in a twin the fronts that
//! answer too early. It must never leave anything hurt behind: whatever stands still is a child of the test.
use crate::front::{Front, Manner};
use crate::harness::client::Client;
use crate::harness::clock::Clock;
use crate::harness::disk::{Disk, lying};
use crate::harness::postgres::Cluster;
use crate::harness::process::{Finished, hush};
use crate::harness::proxy::Proxy;
use crate::harness::redis::Redis;
use crate::harness::server::{Home, Server, Setup};
use crate::harness::{Backend, eventually};
use diesel::connection::SimpleConnection;
use diesel::{Connection, SqliteConnection};
use futures_util::future::join_all;
use std::cell::{Cell, RefCell};
use std::path::PathBuf;
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

const INSTANCES: usize = 3;
/// Who the instances are to Postgres: the owner of the database, and nothing more.
pub const ROLE: &str = "voting";
const READY: Duration = Duration::from_secs(30);
/// What a full disk holds.
const DISK: &str = "48m";

/// Where the votes are.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Ground {
    Sqlite,
    /// SQLite on a disk of its own, small enough to be filled.
    SmallDisk,
    /// SQLite on a disk whose power can be cut.
    OwnDisk,
    /// The same, and what the server asks to be flushed is not.
    LyingDisk,
    Postgres,
    PostgresOwnDisk,
    PostgresLyingDisk,
}

impl Ground {
    fn of_postgres(self) -> bool {
        matches!(
            self,
            Ground::Postgres | Ground::PostgresOwnDisk | Ground::PostgresLyingDisk
        )
    }

    fn lies(self) -> bool {
        matches!(self, Ground::LyingDisk | Ground::PostgresLyingDisk)
    }

    /// On a disk whose power can be cut.
    pub fn of_disk(self) -> bool {
        self.lies() || matches!(self, Ground::OwnDisk | Ground::PostgresOwnDisk)
    }
}

pub struct Network {
    pub cluster: Arc<Cluster>,
    pub redis: Arc<Redis>,
    pub to_postgres: Proxy,
    pub to_redis: Proxy,
}

pub struct Site {
    pub ground: Ground,
    manner: Option<Manner>,
    setup: Setup,
    pub servers: RefCell<Vec<Server>>,
    pub endpoints: RefCell<Vec<Client>>,
    fronts: RefCell<Vec<Option<Front>>>,
    pub network: Option<Network>,
    /// Whose turn it is to be killed.
    pub turn: Cell<usize>,
    /// Holds SQLite's lock.
    lock: RefCell<Option<SqliteConnection>>,
    disk: Option<Disk>,
    /// Of all instances.
    clock: Option<Clock>,
}

/// Whether a disk can be mounted here, in a mount namespace that goes with its process.
pub fn may_mount() -> bool {
    let folder = std::env::temp_dir().display().to_string();
    let argv = ["--mount", "mount", "-t", "tmpfs", "none", &folder];
    let tried = Command::new("unshare").args(argv).output();
    tried.is_ok_and(|tried| tried.status.success())
}

impl Site {
    /// With a `manner`, clients meet fronts of that kind instead of the instances.
    pub async fn new(ground: Ground, manner: Option<Manner>) -> Site {
        let disk = ground.of_disk().then(Disk::new);
        let lies = if ground.lies() { lying() } else { Vec::new() };
        let on_sqlite = || Home::new(Backend::Sqlite).setup();
        let (setup, network) = match (ground, &disk) {
            (Ground::SmallDisk, _) => (small_disk(DISK), None),
            (_, Some(disk)) if ground.of_postgres() => networked(Cluster::start_on(disk, &lies)),
            (Ground::Postgres, _) => networked(Cluster::start(&[], &[])),
            (_, Some(disk)) => {
                let through = [disk.owned_by(None), lies].concat();
                let through: Vec<&str> = through.iter().map(String::as_str).collect();
                (on_sqlite().wrapper(&through), None)
            }
            _ => (on_sqlite(), None),
        };
        let on_plain_ground = matches!(ground, Ground::Sqlite | Ground::Postgres);
        let clock = on_plain_ground.then(|| Clock::new(&setup.home, "clock"));
        let setup = match &clock {
            Some(clock) => clock.setup(setup),
            None => setup,
        };
        let setup = setup.generous();
        let count = match &network {
            Some(_) => INSTANCES,
            None => 1,
        };
        let mut servers = Vec::new();
        for _ in 0..count {
            servers.push(setup.start().await);
        }
        let site = Site {
            ground,
            manner,
            setup,
            endpoints: RefCell::new(servers.iter().map(Server::client).collect()),
            fronts: RefCell::new(servers.iter().map(|_| None).collect()),
            servers: RefCell::new(servers),
            network,
            turn: Cell::new(0),
            lock: RefCell::default(),
            disk,
            clock,
        };
        for instance in 0..count {
            site.open_endpoint(instance);
        }
        eventually("all instances are ready", READY, async || {
            site.all_ready().await
        })
        .await;
        if ground.lies() {
            // As if it had been installed before the disk began to lie.
            let (disk, pid, place) = site.powered();
            disk.flush(pid, &place);
        }
        site
    }

    /// The disk whose power can be cut, who runs on it, and where.
    fn powered(&self) -> (&Disk, u32, PathBuf) {
        let disk = self.disk.as_ref().expect("a disk of its own");
        let (pid, place) = match &self.network {
            Some(network) => (network.cluster.pid(), network.cluster.place()),
            None => (self.servers.borrow()[0].pid(), self.setup.home.path()),
        };
        (disk, pid, place.to_owned())
    }

    /// Cuts the power of the disk, and with SQLite that of the instance too. Who has no power answers nobody: so first whoever
    /// runs on it is silenced. (A flush that is under way while ext4 is shut down may be told that it succeeded.)
    pub fn cut(&self) {
        let (disk, pid, place) = self.powered();
        match &self.network {
            Some(network) => network.cluster.hush(),
            None => hush(&[pid]),
        }
        disk.cut(pid, &place);
        if self.network.is_none() {
            self.servers.borrow()[0].kill9();
        }
    }

    pub fn is_hasty(&self) -> bool {
        self.manner == Some(Manner::Hasty)
    }

    /// Takes SQLite's write lock, as a backup that went wrong would.
    pub fn lock(&self) {
        let path = self.setup.home.path().join("data/tallyship.db");
        let path = path.display().to_string();
        let mut lock = SqliteConnection::establish(&path).expect("SQLite");
        lock.batch_execute("PRAGMA busy_timeout = 5000; BEGIN IMMEDIATE")
            .expect("the lock");
        *self.lock.borrow_mut() = Some(lock);
    }

    pub fn unlock(&self) {
        drop(self.lock.take());
    }

    /// Done by whoever owns the machine of the database.
    pub fn execute(&self, sql: &str) {
        self.setup.home.execute(sql);
    }

    /// The clocks of all instances are so many seconds ahead of the machine's.
    pub fn set_clock(&self, seconds: i64) {
        self.clock.as_ref().expect("a clock").set(seconds);
    }

    pub fn instances(&self) -> usize {
        self.servers.borrow().len()
    }

    /// Starts a killed instance again; its endpoint leads to the new one.
    pub async fn restart(&self, instance: usize) {
        let server = self.setup.start().await;
        self.servers.borrow_mut()[instance] = server;
        self.open_endpoint(instance);
    }

    fn open_endpoint(&self, instance: usize) {
        let server = &self.servers.borrow()[instance];
        let front = self.manner.map(|manner| Front::open(manner, &server.url));
        let endpoint = match &front {
            Some(front) => Client::of_another(&front.url),
            None => server.client(),
        };
        self.endpoints.borrow_mut()[instance] = endpoint;
        self.fronts.borrow_mut()[instance] = front;
    }

    pub fn url(&self, instance: usize) -> String {
        self.servers.borrow()[instance].url.clone()
    }

    /// Clients of the instances themselves, past any front.
    pub fn clients(&self) -> Vec<Client> {
        self.servers.borrow().iter().map(Server::client).collect()
    }

    pub async fn all_ready(&self) -> bool {
        let admins: Vec<Client> = self.servers.borrow().iter().map(Server::admin).collect();
        let said = join_all(admins.iter().map(async |admin| {
            let answer = admin.get("/readyz").try_send().await;
            answer.is_ok_and(|answer| {
                let status = &answer.json["status"];
                // A database that has lost commits is behind the log that it signed, which readiness tells.
                status == "ready" || self.ground.lies() && status == "degraded"
            })
        }));
        said.await.into_iter().all(|ready| ready)
    }

    /// A command beside the instances, to its end.
    pub async fn cli(&self, arguments: &[&str]) -> Finished {
        if self.network.is_none() && self.ground != Ground::Sqlite {
            let pid = self.servers.borrow()[0].pid();
            return self.setup.run_cli_inside(pid, arguments).await;
        }
        self.setup.run_cli(arguments).await
    }

    /// The file that takes up the rest of the small disk.
    pub fn balloon(&self) -> PathBuf {
        let server = &self.servers.borrow()[0];
        let folder = server.home().path().display();
        format!("/proc/{}/root{folder}/data/balloon", server.pid()).into()
    }
}

fn networked(cluster: Cluster) -> (Setup, Option<Network>) {
    let (cluster, redis) = (Arc::new(cluster), Arc::new(Redis::start()));
    let database = cluster.fresh_database();
    let (to_postgres, to_redis) = (Proxy::to(cluster.port()), Proxy::to(redis.port()));
    cluster.execute(&format!("CREATE ROLE {ROLE} LOGIN"));
    cluster.execute(&format!(
        "ALTER DATABASE \"{}\" OWNER TO {ROLE}",
        database.name()
    ));
    let url = format!(
        "postgres://{ROLE}@127.0.0.1:{}/{}",
        to_postgres.port,
        database.name()
    );
    let setup = Home::on(database)
        .setup()
        .env("TALLYSHIP_DATABASE__URL", url)
        .redis(format!("redis://127.0.0.1:{}", to_redis.port));
    let network = Network {
        cluster,
        redis,
        to_postgres,
        to_redis,
    };
    (setup, Some(network))
}

/// The mount is in a namespace of its own, so that it is gone with the server, however that ends.
/// SQLite on a disk of this size, which only the server sees.
pub fn small_disk(size: &str) -> Setup {
    let home = Home::new(Backend::Sqlite);
    let data = home.path().join("data");
    std::fs::create_dir_all(&data).expect("the folder of the disk");
    let script = format!(
        "mount -t tmpfs -o size={size} none '{}' && exec \"$@\"",
        data.display()
    );
    let argv = ["unshare", "--mount", "sh", "-c", &script, "sh"];
    home.setup().wrapper(&argv)
}
