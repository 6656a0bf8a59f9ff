//! Backup and restore: everything comes back, whole or not at all, on either database, and no version is given twice.
use crate::harness::Backend;
use crate::harness::server::{Home, Server};
use std::os::unix::fs::PermissionsExt;

crate::both!(
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
    for _ in 0..2 {
        votes(&server, &voters[..4], "skip").await;
        assert_eq!(server.client().counts(TOOL).await, (4, 4));
        published.push(version(&server).await);
        let busy = server.run_cli(&["restore", "site.backup"]).await;
        assert_ne!(busy.code(), 0, "not while a server runs");
        assert_eq!(server.client().counts(TOOL).await, (4, 4));
        server.sigterm(std::time::Duration::from_secs(20)).await;
        server
            .setup
            .run_cli(&["restore", "site.backup"])
            .await
            .success("restore");
        server.setup.verify().await;
        server = server.setup.start().await;
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
