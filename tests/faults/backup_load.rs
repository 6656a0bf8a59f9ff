//! A backup beside a server that takes votes: what was answered before it began is in it, and it agrees with itself.
//!
//! The twin asks a backup for votes that came after it, and has to be caught by the same look.
use crate::harness::Backend;
use crate::harness::server::{Home, Server};
use futures_util::future::join_all;
use std::collections::BTreeSet;
use std::time::{Duration, Instant};

crate::both!(a_backup_under_load_is_whole, the_twin_is_caught);

/// Of the site and of its copy.
const SECRET: &str = "a secret for both, the site and its copy, long enough";
const TOOL: &str = "codestral-2";
/// Votes that are there before, so that the backup takes a while.
const BEFORE: usize = 30_000;
const VOTERS: usize = 400;
/// A vote's answer, whatever runs beside it: five times what the slowest may take.
const GUARD: Duration = Duration::from_secs(5);

async fn filled(backend: Backend) -> Server {
    let setup = Home::new(backend).setup().generous();
    let server = setup
        .env("TALLYSHIP_IDENTITY__SECRET", SECRET)
        .start()
        .await;
    let mut file = "tool,voter,choice,cast_at\n".to_owned();
    for n in 0..BEFORE {
        file.push_str(&format!("{TOOL},voter {n},ship,2026-11-01T00:00:00Z\n"));
    }
    server.home().write("votes.csv", file);
    let imported = server.run_cli(&["import", "votes", "votes.csv"]).await;
    imported.success("import");
    server
}

/// The votes that a restored copy shows to their voters.
async fn held(copy: &Server, voters: &[String]) -> BTreeSet<usize> {
    let client = copy.client();
    let mut found = BTreeSet::new();
    for (n, voter) in voters.iter().enumerate() {
        let own = client.get_vote(voter, TOOL).await.expect(200).json;
        if own["vote"]["choice"] == "skip" {
            found.insert(n);
        }
    }
    found
}

/// Another home with the same database secret, restored from `file`.
async fn restored(from: &Server, backend: Backend, file: &str) -> Server {
    let home = Home::new(backend);
    let bytes = std::fs::read(from.home().path().join(file)).expect("a backup");
    home.write("site.backup", bytes);
    let setup = home
        .setup()
        .generous()
        .env("TALLYSHIP_IDENTITY__SECRET", SECRET);
    let done = setup.run_cli(&["restore", "site.backup"]).await;
    done.success("restore");
    setup.verify().await;
    setup.start().await
}

async fn a_backup_under_load_is_whole(backend: Backend) {
    let server = filled(backend).await;
    let voters = server.setup.mint(VOTERS).await;
    let client = server.client();
    // Half is answered before it begins; the other half comes while it runs.
    let (first, second) = voters.split_at(VOTERS / 2);
    for voter in first {
        client.put_vote(voter, TOOL, "skip").await.expect(201);
    }
    let backup = server.setup.spawn_cli(&["backup", "site.backup"]);
    let lanes = second.chunks(second.len() / 8).map(async |lane| {
        let mut slowest = Duration::ZERO;
        for voter in lane {
            let began = Instant::now();
            client.put_vote(voter, TOOL, "skip").await.expect(201);
            slowest = slowest.max(began.elapsed());
        }
        slowest
    });
    let slowest = join_all(lanes).await.into_iter().max().unwrap_or_default();
    backup
        .wait(Duration::from_secs(120))
        .await
        .success("backup");
    println!("{backend:?}: slowest vote beside the backup {slowest:?}");
    assert!(slowest < GUARD, "{slowest:?}");

    let copy = restored(&server, backend, "site.backup").await;
    let there = held(&copy, &voters).await;
    let answered: BTreeSet<usize> = (0..VOTERS / 2).collect();
    assert!(
        there.is_superset(&answered),
        "{} of {}",
        there.len(),
        answered.len()
    );
    let (ship, skip) = copy.client().counts(TOOL).await;
    assert_eq!(ship, i64::try_from(BEFORE).expect("small"));
    assert_eq!(skip, i64::try_from(there.len()).expect("small"));
    server.verify().await;
}

async fn the_twin_is_caught(backend: Backend) {
    let server = filled(backend).await;
    let voters = server.setup.mint(20).await;
    let client = server.client();
    for voter in &voters[..10] {
        client.put_vote(voter, TOOL, "skip").await.expect(201);
    }
    let done = server.run_cli(&["backup", "site.backup"]).await;
    done.success("backup");
    for voter in &voters[10..] {
        client.put_vote(voter, TOOL, "skip").await.expect(201);
    }
    let copy = restored(&server, backend, "site.backup").await;
    let answered: BTreeSet<usize> = (0..20).collect();
    assert!(!held(&copy, &voters).await.is_superset(&answered));
}
