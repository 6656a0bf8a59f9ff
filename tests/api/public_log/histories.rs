//! The public log beside what goes wrong with it: servers without it, copies of databases, state files, names and keys.
use super::{GUARD, lines, receipt, text, until, verified};
use crate::harness::server::{Home, Server, Setup};
use crate::harness::{Backend, eventually};
use crate::moderation::{OTHER, TOOL};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;
use sha2::{Digest, Sha256};

crate::both!(
    nothing_is_signed_beside_what_is_remembered,
    a_new_log_follows_the_old_one,
    what_happened_without_the_log_is_stated_later,
    a_vote_of_a_server_without_a_key_is_stated,
    servers_with_one_state_file_write_one_history,
    a_database_that_was_put_back_serves_nothing_of_another_history,
    a_new_log_takes_no_name_and_no_key_that_was_used,
    a_bad_setting_of_the_log_is_found_before_the_start,
);

const KEY: &str = "TALLYSHIP_TRANSPARENCY__KEY";
const ORIGIN: &str = "TALLYSHIP_TRANSPARENCY__ORIGIN";
const STATE: &str = "TALLYSHIP_TRANSPARENCY__STATE";

fn key(byte: u8) -> String {
    STANDARD.encode([byte; 32])
}

async fn log_part(server: &Server) -> String {
    let ready = server.admin().get("/readyz").send().await.expect(200).json;
    ready["parts"]["log"].as_str().expect("a part").to_owned()
}

async fn refused(server: &Server) {
    eventually("the log is refused", GUARD, async || {
        log_part(server).await == "degraded"
    })
    .await;
}

/// Two ballots change places while the log is off, so that the tally is the same; a third is withdrawn.
async fn what_happened_without_the_log_is_stated_later(backend: Backend) {
    let home = Home::new(backend);
    let setup = home.setup().generous();
    let server = setup.start().await;
    let client = server.client();
    let (one, two, three) = (
        client.visitor().await,
        client.visitor().await,
        client.visitor().await,
    );
    let mine = client.put_vote(&one, TOOL, "ship").await.expect(201);
    let theirs = client.put_vote(&two, TOOL, "skip").await.expect(201);
    let gone = client.put_vote(&three, OTHER, "ship").await.expect(201);
    until(&server, receipt(&gone), json!("ship")).await;
    until(&server, receipt(&theirs), json!("skip")).await;
    server.sigterm(GUARD).await;
    let off = setup.env("TALLYSHIP_TRANSPARENCY__ENABLED", "off");
    let server = off.start().await;
    let client = server.client();
    client.put_vote(&one, TOOL, "skip").await.expect(200);
    client.put_vote(&two, TOOL, "ship").await.expect(200);
    client.delete_vote(&three, OTHER).await.expect(200);
    let new = client.visitor().await;
    client.put_vote(&new, OTHER, "skip").await.expect(201);
    server.sigterm(GUARD).await;
    let server = home.setup().generous().start().await;
    until(&server, receipt(&mine), json!("skip")).await;
    until(&server, receipt(&theirs), json!("ship")).await;
    until(&server, receipt(&gone), json!(null)).await;
    eventually("the vote without a ballot is stated", GUARD, async || {
        lines(&server)
            .await
            .contains(&format!("unnamed {OTHER} 0 1"))
    })
    .await;
    verified(&server).await;
}

/// On Postgres beside one with a key; one SQLite file takes one server, so there the two take turns.
async fn a_vote_of_a_server_without_a_key_is_stated(backend: Backend) {
    let home = Home::new(backend);
    let setup = home.setup().generous();
    let mut server = setup.start().await;
    let voter = server.client().visitor().await;
    let made = server
        .client()
        .put_vote(&voter, TOOL, "ship")
        .await
        .expect(201);
    until(&server, receipt(&made), json!("ship")).await;
    match backend {
        Backend::Postgres => {
            let beside = home.setup().generous().without(KEY).start().await;
            let new = beside.client().visitor().await;
            beside
                .client()
                .put_vote(&new, TOOL, "ship")
                .await
                .expect(201);
        }
        Backend::Sqlite => {
            server.sigterm(GUARD).await;
            let off = home.setup().generous();
            let alone = off
                .env("TALLYSHIP_TRANSPARENCY__ENABLED", "off")
                .start()
                .await;
            let new = alone.client().visitor().await;
            alone
                .client()
                .put_vote(&new, TOOL, "ship")
                .await
                .expect(201);
            alone.sigterm(GUARD).await;
            server = setup.start().await;
        }
    }
    eventually("the vote without a ballot is stated", GUARD, async || {
        lines(&server)
            .await
            .contains(&format!("unnamed {TOOL} 1 0"))
    })
    .await;
    verified(&server).await;
}

async fn servers_with_one_state_file_write_one_history(backend: Backend) {
    let (home, copy) = (Home::new(backend), Home::empty(backend));
    // The file is reached by a link, which stays one.
    let link = home.path().join("state");
    std::os::unix::fs::symlink(home.path().join("kept"), &link).expect("a link");
    let state = link.display().to_string();
    let with = |setup: Setup| {
        let setup = setup.generous().env(STATE, &state).env(KEY, key(7));
        let setup = setup.env(
            "TALLYSHIP_IDENTITY__SECRET",
            "a secret of at least thirty-two bytes",
        );
        setup.env(ORIGIN, "votes.example/log")
    };
    let first = with(home.setup()).start().await;
    let voter = first.client().visitor().await;
    let made = first
        .client()
        .put_vote(&voter, TOOL, "ship")
        .await
        .expect(201);
    until(&first, receipt(&made), json!("ship")).await;
    let file = copy.path().join("a.backup").display().to_string();
    first.run_cli(&["backup", &file]).await.success("backup");
    let copied = with(copy.setup());
    copied.run_cli(&["restore", &file]).await.success("restore");
    let second = copied.start().await;
    eventually("both show the same", GUARD, async || {
        let answer = second.client().get("/log/checkpoint").send().await;
        answer.status == 200 && answer.text == text(&first, "/log/checkpoint").await
    })
    .await;
    let old = text(&second, "/log/checkpoint").await;
    let made = first
        .client()
        .put_vote(&voter, OTHER, "ship")
        .await
        .expect(201);
    until(&first, receipt(&made), json!("ship")).await;
    let newest = text(&first, "/log/checkpoint").await;
    let other = second.client().visitor().await;
    second
        .client()
        .put_vote(&other, TOOL, "skip")
        .await
        .expect(201);
    refused(&second).await;
    assert_eq!(text(&second, "/log/checkpoint").await, old);
    assert_eq!(std::fs::read_to_string(&link).expect("the state"), newest);
    assert!(link.is_symlink());
    // An empty file remembers nothing.
    first.sigterm(GUARD).await;
    second.sigterm(GUARD).await;
    std::fs::write(&link, "").expect("emptied");
    let first = with(home.setup()).start().await;
    eventually("the file is written again", GUARD, async || {
        std::fs::read_to_string(&link).expect("the state") == newest
    })
    .await;
    assert_eq!(log_part(&first).await, "ready");
}

/// Rows go back under a running server, as after a failover that lost commits, and another history grows.
async fn a_database_that_was_put_back_serves_nothing_of_another_history(backend: Backend) {
    let server = Home::new(backend).setup().generous().start().await;
    let client = server.client();
    let voter = client.visitor().await;
    let made = client.put_vote(&voter, TOOL, "ship").await.expect(201);
    until(&server, receipt(&made), json!("ship")).await;
    let tables = ["logs", "log_bundles", "log_tools"];
    let kept = tables.map(|table| format!("CREATE TABLE kept_{table} AS SELECT * FROM {table};"));
    server.home().execute(&kept.concat());
    let later = client.put_vote(&voter, OTHER, "ship").await.expect(201);
    until(&server, receipt(&later), json!("ship")).await;
    let shown = text(&server, "/log/checkpoint").await;
    let size: u64 = shown
        .lines()
        .nth(1)
        .and_then(|size| size.parse().ok())
        .expect("a size");
    let back = tables.map(|table| {
        format!("DELETE FROM {table}; INSERT INTO {table} SELECT * FROM kept_{table};")
    });
    server
        .home()
        .execute(&format!("BEGIN; {} COMMIT;", back.concat()));
    refused(&server).await;
    assert_eq!(text(&server, "/log/checkpoint").await, shown);
    for path in [
        "/log/tile/0/000.p/1".to_owned(),
        "/log/tile/entries/000.p/1".to_owned(),
        format!("/log/tile/entries/000.p/{size}"),
        "/v1/log/proofs/0".to_owned(),
    ] {
        let answer = client.get(&path).send().await;
        let problem = answer.problem(503, "unavailable");
        assert_eq!(problem.header("cache-control"), Some("no-store"));
        assert!(!problem.text.contains("cannot be reached"));
    }
    let stderr = server.stderr();
    let said = |words: [&str; 2]| {
        let mut lines = stderr.lines();
        lines.any(|line| words.iter().all(|word| line.contains(word)))
    };
    assert!(said(["ERROR", "the public log does not move"]), "{stderr}");
    assert!(!said(["ERROR", "answered"]), "{stderr}");
}

async fn a_new_log_takes_no_name_and_no_key_that_was_used(backend: Backend) {
    let home = Home::new(backend);
    let state = home.path().join("log.state").display().to_string();
    let with = |byte| {
        let setup = home.setup().generous().env(STATE, &state);
        match backend {
            Backend::Sqlite => setup,
            Backend::Postgres => setup.env(KEY, key(byte)),
        }
    };
    let server = with(1).start().await;
    let voter = server.client().visitor().await;
    let first = server
        .client()
        .put_vote(&voter, TOOL, "ship")
        .await
        .expect(201);
    until(&server, receipt(&first), json!("ship")).await;
    let old = text(&server, "/log/checkpoint").await;
    server.run_cli(&["backup", "early"]).await.success("backup");
    server.sigterm(GUARD).await;
    for reason in [" ", "\u{200b}", "a\nb"] {
        let refused = with(2).run_cli(&["log", "new", "--reason", reason]).await;
        assert_eq!(refused.code(), 2, "{reason:?}: {}", refused.stderr);
    }
    let new = ["log", "new", "--reason", "a test"];
    // The second of them was never read by anybody.
    with(2).run_cli(&new).await.success("log new");
    with(3).run_cli(&new).await.success("log new");
    let server = with(3).start().await;
    let third = |server: &Server| {
        let client = server.client();
        async move { client.get("/log/3/checkpoint").send().await }
    };
    eventually("the third log has a checkpoint", GUARD, async || {
        third(&server).await.status == 200
    })
    .await;
    let size_and_root = old.lines().skip(1).take(2).collect::<Vec<_>>().join(" ");
    let entry = text(&server, "/log/3/tile/entries/000.p/1").await;
    assert!(entry.ends_with(&size_and_root), "{entry} after {old}");
    let logs = server.client().get("/v1/log").send().await.expect(200).json;
    assert_eq!(logs["items"].as_array().expect("logs").len(), 2, "{logs}");
    for missing in ["/log/1/checkpoint", "/log/1/key", "/log/2/checkpoint"] {
        let answer = server.client().get(missing).send().await;
        answer.problem(404, "not-found");
    }
    let wrong = server
        .client()
        .post("/log/3/checkpoint")
        .header("origin", "https://elsewhere.example");
    let wrong = wrong.send().await;
    assert_eq!(wrong.status, 405);
    assert_eq!(wrong.header("access-control-allow-origin"), Some("*"));
    server.sigterm(GUARD).await;
    // A database that was put back does not know the third; the state file does.
    with(1)
        .run_cli(&["restore", "early"])
        .await
        .success("restore");
    if backend == Backend::Postgres {
        let reused = with(3).run_cli(&new).await;
        assert_eq!(reused.code(), 2, "{}", reused.stdout);
        assert!(reused.stderr.contains("transparency.key"));
    }
    let made = with(4).run_cli(&new).await.success("log new");
    assert!(made.stdout.contains("/log/4+"), "{}", made.stdout);
}

async fn a_bad_setting_of_the_log_is_found_before_the_start(backend: Backend) {
    let home = Home::new(backend);
    let check = ["config", "check"];
    let found = async |setup: &Setup, words: &[&str]| {
        let checked = setup.run_cli(&check).await;
        let started = setup.start_refused(GUARD).await;
        for done in [checked, started] {
            assert_eq!(done.code(), 2, "{words:?}: {}", done.stderr);
            for word in words {
                assert!(done.stderr.contains(word), "{word}: {}", done.stderr);
            }
        }
    };
    let setup = home.setup().generous().env(KEY, "x");
    found(&setup, &["transparency.key", KEY]).await;
    home.write(
        "log.key",
        "-----BEGIN ENCRYPTED PRIVATE KEY-----\nMA==\n-----END ENCRYPTED PRIVATE KEY-----\n",
    );
    let by_file = home.setup().generous().without(KEY);
    let by_file = by_file.env("TALLYSHIP_TRANSPARENCY__KEY_FILE", "log.key");
    found(&by_file, &["transparency.key", "log.key"]).await;
    home.write("log.key", "\n");
    found(&by_file, &["transparency.key", "log.key", "empty"]).await;
    for (setting, value) in [
        ("witnesses", "https://w.example"),
        ("witnesses", "https://w.example w.example+01234567+AAAA"),
        ("quorum", "-1"),
        ("quorum", "1"),
    ] {
        let variable = format!("TALLYSHIP_TRANSPARENCY__{}", setting.to_uppercase());
        let setup = home.setup().generous().env(&variable, value);
        found(&setup, &[&format!("transparency.{setting}")]).await;
    }
    let server = home.setup().generous().start().await;
    eventually("the log has begun", GUARD, async || {
        server.client().get("/log/checkpoint").send().await.status == 200
    })
    .await;
    server.sigterm(GUARD).await;
    let other = home.setup().generous().env(ORIGIN, "other.example/log");
    found(&other, &["transparency.origin", ORIGIN]).await;
    if backend == Backend::Postgres {
        return;
    }
    let file = home.path().join("data/transparency.key");
    std::fs::write(&file, "").expect("written");
    found(&home.setup().generous(), &["data/transparency.key"]).await;
    // A new key would be another log's.
    std::fs::remove_file(&file).expect("removed");
    let server = home.setup().generous().start().await;
    refused(&server).await;
    let voter = server.client().visitor().await;
    server
        .client()
        .put_vote(&voter, TOOL, "ship")
        .await
        .expect(201);
    assert!(!file.exists());
    assert!(server.stderr().contains("data/transparency.key is missing"));
}

/// A server whose state file remembers more than its database signs nothing, says so, and votes go on.
async fn nothing_is_signed_beside_what_is_remembered(backend: Backend) {
    let home = Home::new(backend);
    let state = home.path().join("log.state").display().to_string();
    let setup = home
        .setup()
        .generous()
        .env("TALLYSHIP_TRANSPARENCY__STATE", &state);
    let server = setup.start().await;
    let client = server.client();
    let voter = client.visitor().await;
    let first = client.put_vote(&voter, TOOL, "ship").await.expect(201);
    until(&server, &first.json["receipt"], json!("ship")).await;
    server.run_cli(&["backup", "early"]).await.success("backup");
    let second = client.put_vote(&voter, OTHER, "ship").await.expect(201);
    until(&server, &second.json["receipt"], json!("ship")).await;
    let last = text(&server, "/log/checkpoint").await;
    server.sigterm(GUARD).await;
    setup
        .run_cli(&["restore", "early"])
        .await
        .success("restore");
    let server = setup.start().await;
    let client = server.client();
    eventually("the log is refused", GUARD, async || {
        let ready = server.admin().get("/readyz").send().await.expect(200).json;
        ready["status"] == "degraded" && ready["parts"]["log"] == "degraded"
    })
    .await;
    client.put_vote(&voter, OTHER, "skip").await.expect(201);
    client
        .get("/log/checkpoint")
        .send()
        .await
        .problem(503, "unavailable");
    client
        .get("/v1/log/proofs/0")
        .send()
        .await
        .problem(503, "unavailable");
    let path = format!("/v1/log/ballots/{}", "A".repeat(32));
    client.get(&path).send().await.problem(503, "unavailable");
    assert_eq!(std::fs::read_to_string(&state).expect("the state"), last);
    server.verify().await;
}

async fn a_new_log_follows_the_old_one(backend: Backend) {
    let home = Home::new(backend);
    let server = home.setup().generous().start().await;
    let voter = server.client().visitor().await;
    let first = server
        .client()
        .put_vote(&voter, TOOL, "ship")
        .await
        .expect(201);
    until(&server, &first.json["receipt"], json!("ship")).await;
    let old = text(&server, "/log/checkpoint").await;
    server.sigterm(GUARD).await;
    let key = base64::engine::general_purpose::STANDARD.encode([9; 32]);
    let setup = match backend {
        Backend::Sqlite => home.setup(),
        Backend::Postgres => home.setup().env("TALLYSHIP_TRANSPARENCY__KEY", key),
    };
    let setup = setup.generous();
    setup
        .run_cli(&["log", "new", "--reason", "a test"])
        .await
        .success("log new");
    let server = setup.start().await;
    let client = server.client();
    eventually("the new log has a checkpoint", GUARD, async || {
        client.get("/log/2/checkpoint").send().await.status == 200
    })
    .await;
    let found = until(&server, &first.json["receipt"], json!("ship")).await;
    let second = client.put_vote(&voter, OTHER, "skip").await.expect(201);
    let logs = client.get("/v1/log").send().await.expect(200).json;
    assert_eq!(second.json["receipt"]["log"], logs["items"][1]["origin"]);
    until(&server, &second.json["receipt"], json!("skip")).await;
    assert_ne!(
        found["entries"][0]["index"], 0,
        "the first entry says what it follows"
    );
    let bundle = client
        .get("/log/2/tile/entries/000.p/1")
        .send()
        .await
        .expect(200)
        .text;
    let mut old_lines = old.lines();
    let (origin, size, root) = (old_lines.next(), old_lines.next(), old_lines.next());
    let follows = format!(
        "follows {} {} {}",
        origin.expect("one"),
        size.expect("one"),
        root.expect("one")
    );
    assert_eq!(&bundle[2..], follows);
    assert_eq!(
        text(&server, "/log/checkpoint").await,
        old,
        "the old log stays as it is"
    );
    text(&server, "/log/2/key").await;
    for missing in [
        "/log/3/checkpoint",
        "/log/3/key",
        "/log/2/tile/0/999",
        "/log/3/lists/0",
    ] {
        client.get(missing).send().await.problem(404, "not-found");
    }
    // Its lists stand at its own address. This one names one ballot.
    let made = ["token", "create", "--role", "moderator", "--name", "a test"];
    let token = server.run_cli(&made).await.success("token create").stdout;
    let reset = client.post("/v1/moderation/resets").bearer(token.trim());
    let reset = reset.json(&json!({"tool": TOOL, "reason": "a test", "dry_run": false}));
    reset.send().await.expect(201);
    let list = format!(
        "{}\n",
        first.json["receipt"]["ballot"].as_str().expect("a ballot")
    );
    let hash: String = Sha256::digest(&list)
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    eventually("the list is there", GUARD, async || {
        let answer = client.get(&format!("/log/2/lists/{hash}")).send().await;
        answer.status == 200 && answer.text == list
    })
    .await;
    verified(&server).await;
}
