//! Backup and restore: everything comes back, whole or not at all, on either database, and no version is given twice.
use crate::harness::Backend;
use crate::harness::server::{Home, Server};
use std::os::unix::fs::PermissionsExt;

crate::both!(
    what_others_made_survives_or_is_named,
    everything_comes_back_and_no_version_twice,
    it_is_restored_whole_or_not_at_all,
    a_backup_moves_to_the_other_database
);

const TOOL: &str = "codestral-2";
const SECRET: &str = "a secret that the backup's sites of this test share";

async fn server(backend: Backend) -> Server {
    let setup = Home::new(backend).setup().generous();
    setup
        .env("TALLYSHIP_IDENTITY__SECRET", SECRET)
        .start()
        .await
}

async fn votes(server: &Server, voters: &[String], choice: &str) {
    for voter in voters {
        assert!(
            server
                .client()
                .put_vote(voter, TOOL, choice)
                .await
                .success()
        );
    }
}

async fn version(server: &Server) -> i64 {
    server.client().tally(TOOL).await["version"]
        .as_i64()
        .expect("a version")
}

async fn everything_comes_back_and_no_version_twice(backend: Backend) {
    let mut server = server(backend).await;
    let voters = server.setup.mint(8).await;
    votes(&server, &voters, "ship").await;
    let token = server
        .run_cli(&["token", "create", "--role", "site", "--name", "x"])
        .await
        .success("token");
    server
        .run_cli(&["backup", "site.backup"])
        .await
        .success("backup, beside a running server");
    let file = server.home().path().join("site.backup");
    let mode = std::fs::metadata(&file)
        .expect("a backup")
        .permissions()
        .mode();
    assert_eq!(mode & 0o777, 0o600);
    let mut published = vec![version(&server).await];
    for (round, keep) in [None, Some("--keep-tokens")].into_iter().enumerate() {
        votes(&server, &voters[..4], "skip").await;
        assert_eq!(server.client().counts(TOOL).await, (4, 4));
        published.push(version(&server).await);
        let busy = server.run_cli(&["restore", "site.backup"]).await;
        assert_ne!(busy.code(), 0, "not while a server runs");
        assert_eq!(server.client().counts(TOOL).await, (4, 4));
        server.sigterm(std::time::Duration::from_secs(20)).await;
        server
            .setup
            .run_cli(&[&["restore", "site.backup"], keep.as_slice()].concat())
            .await
            .success("restore");
        server.setup.verify().await;
        server = server.setup.start().await;
        // Tokens of the backup may have been revoked since.
        let put = server.client().put(&format!("/v1/tools/of-{round}"));
        let put = put.bearer(token.stdout.trim());
        let put = put.json(&serde_json::json!({"name": "A"})).send().await;
        match keep {
            Some(_) => drop(put.expect(201)),
            None => drop(put.problem(401, "bad-token")),
        }
        assert_eq!(server.client().counts(TOOL).await, (8, 0));
        let now = version(&server).await;
        assert!(
            published.iter().all(|old| *old < now),
            "{published:?} {now}"
        );
        published.push(now);
        let own = server.client().get_vote(&voters[0], TOOL).await.expect(200);
        assert_eq!(own.json["vote"]["choice"], "ship", "tokens are known still");
    }
    // What goes on after it: votes, new tools, the site's token.
    let put = server
        .client()
        .put("/v1/tools/after-it")
        .bearer(token.stdout.trim());
    put.json(&serde_json::json!({"name": "After"}))
        .send()
        .await
        .expect(201);
    votes(&server, &voters, "skip").await;
    assert_eq!(server.client().counts(TOOL).await, (0, 8));
    server.verify().await;
}

async fn it_is_restored_whole_or_not_at_all(backend: Backend) {
    let server = server(backend).await;
    let voters = server.setup.mint(5).await;
    votes(&server, &voters, "ship").await;
    server
        .run_cli(&["backup", "site.backup"])
        .await
        .success("backup");
    let path = server.home().path().join("site.backup");
    let whole = std::fs::read_to_string(&path).expect("text");
    votes(&server, &voters, "skip").await;
    server.sigterm(std::time::Duration::from_secs(20)).await;
    let lines: Vec<&str> = whole.lines().collect();
    let without_its_end = lines[..lines.len() - 1].join("\n") + "\n";
    let vote = lines
        .iter()
        .position(|line| line.contains("\"votes\""))
        .expect("votes");
    let mut other = lines.clone();
    other.swap(vote + 1, vote + 2);
    for (name, text) in [
        ("half", whole[..whole.len() / 2].to_owned()),
        ("without its end", without_its_end),
        ("another order", other.join("\n") + "\n"),
        ("one byte", whole.replacen("codestral", "codestra1", 1)),
        ("nothing", String::new()),
        ("something else", "{}\n{}\n".to_owned()),
    ] {
        server.home().write("bad.backup", text);
        let refused = server.setup.run_cli(&["restore", "bad.backup"]).await;
        assert_eq!(refused.code(), 1, "{name}: {}", refused.stderr);
        assert!(
            refused.stderr.contains("bad.backup"),
            "{name}: {}",
            refused.stderr
        );
    }
    // Whole by its checksum, and bad inside: found while it is loaded, and nothing has changed.
    let bad: Vec<String> = lines[..lines.len() - 1]
        .iter()
        .map(|line| {
            if line.contains("\"votes\"") {
                line.replace("choice", "chance")
            } else {
                (*line).to_owned()
            }
        })
        .collect();
    let bad = bad.join("\n") + "\n";
    let sum = sha256(&bad);
    server.home().write(
        "bad.backup",
        format!("{bad}{{\"rows\":1,\"sha256\":\"{sum}\"}}\n"),
    );
    let refused = server.setup.run_cli(&["restore", "bad.backup"]).await;
    assert_eq!(refused.code(), 1);
    assert!(refused.stderr.contains("chance"), "{}", refused.stderr);
    let missing = server.setup.run_cli(&["restore", "missing"]).await;
    assert_eq!(missing.code(), 1);
    let left: Vec<_> = std::fs::read_dir(server.home().path().join("data"))
        .map(|files| {
            files
                .filter_map(|file| file.ok()?.file_name().into_string().ok())
                .collect()
        })
        .unwrap_or_default();
    assert!(
        !left.iter().any(|name: &String| name.contains("restoring")),
        "{left:?}"
    );
    let again = server.setup.start().await;
    assert_eq!(again.client().counts(TOOL).await, (0, 5), "as it was");
    again.verify().await;
}

async fn a_backup_moves_to_the_other_database(backend: Backend) {
    let from = server(backend).await;
    let voters = from.setup.mint(6).await;
    votes(&from, &voters, "ship").await;
    from.home().write(
        "old.csv",
        format!(
            "tool,voter,choice,cast_at\n{TOOL},\"änna's \"\"x\"\"\",skip,2025-01-01T00:00:00Z\n"
        ),
    );
    from.run_cli(&["import", "votes", "old.csv"])
        .await
        .success("import");
    from.run_cli(&["backup", "site.backup"])
        .await
        .success("backup");
    let exported = from
        .run_cli(&["export", "votes"])
        .await
        .success("export")
        .stdout;
    let there = if backend == Backend::Sqlite {
        Backend::Postgres
    } else {
        Backend::Sqlite
    };
    let to = Home::empty(there)
        .setup()
        .generous()
        .env("TALLYSHIP_IDENTITY__SECRET", SECRET);
    to.home.write(
        "site.backup",
        std::fs::read(from.home().path().join("site.backup")).expect("a backup"),
    );
    to.run_cli(&["restore", "site.backup"])
        .await
        .success("restore into an empty place");
    let to = to.start().await;
    assert_eq!(to.client().counts(TOOL).await, (6, 1));
    assert_eq!(
        to.run_cli(&["export", "votes"])
            .await
            .success("export")
            .stdout,
        exported
    );
    votes(&to, &voters, "skip").await;
    assert_eq!(to.client().counts(TOOL).await, (0, 7));
    to.verify().await;
}

fn sha256(text: &str) -> String {
    let digest = openssl::hash::hash(openssl::hash::MessageDigest::sha256(), text.as_bytes());
    digest
        .expect("SHA-256")
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

/// Others' tables in the database, with names that need quotes, and views and keys that hang on ours.
async fn what_others_made_survives_or_is_named(backend: Backend) {
    let server = server(backend).await;
    let voters = server.setup.mint(2).await;
    votes(&server, &voters, "ship").await;
    let home = server.home();
    home.execute("CREATE TABLE \"others' \"\"table\"\"\" (n BIGINT)");
    home.execute("INSERT INTO \"others' \"\"table\"\"\" VALUES (7)");
    let made = server.run_cli(&["backup", "site.backup"]).await;
    made.success("backup beside others' tables");
    votes(&server, &voters, "skip").await;
    server.sigterm(std::time::Duration::from_secs(20)).await;
    let kept = || home.number("SELECT max(n) AS n FROM \"others' \"\"table\"\"\"");
    let restore = || server.setup.run_cli(&["restore", "site.backup"]);
    let skips = || home.number("SELECT count(*) AS n FROM votes WHERE choice = 2");
    let refused = match backend {
        // The file is replaced whole.
        Backend::Sqlite => "others' \"table\"",
        Backend::Postgres => {
            home.execute("CREATE VIEW of_others AS SELECT slug FROM tools");
            "of_others"
        }
    };
    let finished = restore().await;
    assert_eq!(finished.code(), 1, "{}", finished.stdout);
    assert!(finished.stderr.contains(refused), "{}", finished.stderr);
    assert_eq!((kept(), skips()), (7, 2), "nothing was changed");
    match backend {
        Backend::Sqlite => home.execute("DROP TABLE \"others' \"\"table\"\"\""),
        Backend::Postgres => home.execute("DROP VIEW of_others"),
    }
    restore().await.success("restore");
    assert_eq!(skips(), 0);
    if backend == Backend::Postgres {
        assert_eq!(kept(), 7);
    }
    server.setup.verify().await;
}

/// Tables of another program that have our names are not ours.
#[test]
fn anothers_tables_of_our_names_are_left_alone_on_postgres() {
    crate::harness::run(async {
        let server = server(Backend::Postgres).await;
        server
            .run_cli(&["backup", "site.backup"])
            .await
            .success("backup");
        let backup = std::fs::read(server.home().path().join("site.backup")).expect("read");
        let other = Home::new(Backend::Postgres);
        other.write("site.backup", backup);
        // As another program would have it: no steps of ours, and a table of one of our names.
        other.execute("DROP TABLE IF EXISTS __diesel_schema_migrations, votes CASCADE");
        other.execute("CREATE TABLE votes (n BIGINT); INSERT INTO votes VALUES (7)");
        let setup = other.setup().env("TALLYSHIP_IDENTITY__SECRET", SECRET);
        let finished = setup.run_cli(&["restore", "site.backup"]).await;
        assert_eq!(finished.code(), 1, "{}", finished.stdout);
        assert!(finished.stderr.contains("votes"), "{}", finished.stderr);
        assert_eq!(other.number("SELECT max(n) AS n FROM votes"), 7);
    });
}

/// A damaged file is when a backup is needed: it is kept aside.
#[test]
fn a_damaged_file_is_replaced_and_kept_aside_on_sqlite() {
    crate::harness::run(async {
        let server = server(Backend::Sqlite).await;
        let voters = server.setup.mint(3).await;
        votes(&server, &voters, "ship").await;
        server
            .run_cli(&["backup", "site.backup"])
            .await
            .success("backup");
        server.sigterm(std::time::Duration::from_secs(20)).await;
        let file = server.home().path().join("data/tallyship.db");
        std::fs::write(&file, vec![b'x'; 16_384]).expect("damaged");
        let restored = server.setup.run_cli(&["restore", "site.backup"]).await;
        let said = restored.success("restore").stderr;
        assert!(said.contains("tallyship.db.corrupt-"), "{said}");
        assert_eq!(server.home().number("SELECT count(*) AS n FROM votes"), 3);
        let data = std::fs::read_dir(file.parent().expect("a folder")).expect("read");
        let kept = data.map(|entry| entry.expect("one").path()).filter(|path| {
            path.to_string_lossy().contains(".corrupt-")
                && path.metadata().expect("one").len() == 16_384
        });
        assert_eq!(kept.count(), 1);
    });
}

/// The link stays, and leads to what was restored.
#[test]
fn a_link_to_the_file_stays_a_link_on_sqlite() {
    crate::harness::run(async {
        let server = server(Backend::Sqlite).await;
        let voters = server.setup.mint(3).await;
        votes(&server, &voters, "ship").await;
        let backup = server.run_cli(&["backup", "site.backup"]).await;
        backup.success("backup");
        server.sigterm(std::time::Duration::from_secs(20)).await;
        let folder = server.home().path();
        let link = folder.join("data/tallyship.db");
        let file = folder.join("elsewhere.db");
        std::fs::rename(&link, &file).expect("moved");
        std::os::unix::fs::symlink("../elsewhere.db", &link).expect("a link");
        let restored = server.setup.run_cli(&["restore", "site.backup"]).await;
        restored.success("restore");
        assert!(link.is_symlink() && !file.is_symlink());
        assert_eq!(server.home().number("SELECT count(*) AS n FROM votes"), 3);
    });
}

/// A full disk is a reason to make a backup, and not one to refuse it.
#[test]
fn a_database_that_takes_no_writes_is_backed_up() {
    crate::harness::run(async {
        let server = server(Backend::Sqlite).await;
        let voters = server.setup.mint(2).await;
        votes(&server, &voters, "ship").await;
        let full = "CREATE TRIGGER full BEFORE INSERT ON audit BEGIN SELECT RAISE(ABORT, 'disk is full'); END";
        server.home().execute(full);
        let made = server.run_cli(&["backup", "site.backup"]).await;
        let made = made.success("backup");
        assert!(
            made.stderr.contains("warning") && made.stderr.contains("disk is full"),
            "{}",
            made.stderr
        );
        let text = std::fs::read_to_string(server.home().path().join("site.backup"));
        assert!(text.expect("a backup").contains("codestral-2"));
    });
}
