//! Which commands make a database, and which databases are refused.
use crate::harness::pgbouncer::PgBouncer;
use crate::harness::postgres::Cluster;
use crate::harness::server::Home;
use crate::harness::{Backend, run};
use serde_json::json;
use std::time::Duration;

const GUARD: Duration = Duration::from_secs(30);
const TOOL: &str = "codestral-2";

#[test]
fn a_command_in_the_wrong_folder_makes_nothing() {
    run(async {
        for backend in [Backend::Sqlite, Backend::Postgres] {
            let home = Home::empty(backend);
            let setup = home.setup();
            for arguments in [
                &["verify"][..],
                &["verify", "--repair"],
                &["verify", "--repair", "--apply"],
                &["verify", "--head", &"0".repeat(64)],
                &["log", "new", "--reason", "a"],
                &["token", "list"],
                &["token", "create", "--role", "site", "--name", "a"],
                &["token", "revoke", "a"],
                &["visitors", "mint"],
                &["export", "votes"],
                &["catalog", "export"],
                &["backup", "-"],
                &["replay", "--from", "2026-11-01", "--min-votes", "3"],
            ] {
                let ended = setup.run_cli(arguments).await;
                assert_eq!(ended.code(), 2, "{arguments:?}: {}", ended.stderr);
                assert_eq!(
                    ended.stderr.lines().count(),
                    1,
                    "{arguments:?}: {}",
                    ended.stderr
                );
                let name = match backend {
                    Backend::Sqlite => "tallyship.db",
                    Backend::Postgres => "database",
                };
                assert!(
                    ended.stderr.contains(name),
                    "{arguments:?}: {}",
                    ended.stderr
                );
            }
            let files = std::fs::read_dir(home.path()).expect("lists").count();
            assert_eq!(files, 0, "nothing was made");
        }
    });
}

#[test]
fn a_command_that_begins_a_site_makes_its_database() {
    run(async {
        let tools = "[[tools]]\nslug = \"a\"\nname = \"A\"\n";
        let votes = "tool,voter,choice,cast_at\n";
        for (file, content, arguments) in [
            ("", "", &["migrate"][..]),
            ("a.toml", tools, &["catalog", "import", "a.toml"]),
            ("v.csv", votes, &["import", "votes", "v.csv"]),
        ] {
            let home = Home::new(Backend::Sqlite);
            if !file.is_empty() {
                home.write(file, content);
            }
            let setup = home.setup();
            setup.run_cli(arguments).await.success(arguments[0]);
            setup.run_cli(&["verify"]).await.success("verify");
        }
    });
}

#[test]
fn a_database_that_cannot_hold_unicode_is_refused() {
    run(async {
        let home = Home::new(Backend::Postgres);
        let url = home.database_url().expect("a URL").to_owned();
        for encoding in ["LATIN1", "SQL_ASCII"] {
            let name = format!("edges_{}", encoding.to_lowercase());
            home.execute(&format!("DROP DATABASE IF EXISTS {name}"));
            home.execute(&format!(
                "CREATE DATABASE {name} TEMPLATE template0 ENCODING '{encoding}' LC_COLLATE 'C' LC_CTYPE 'C'"
            ));
            let mut other = url::Url::parse(&url).expect("a URL");
            other.set_path(&name);
            let setup = home.setup().env("TALLYSHIP_DATABASE__URL", other.as_str());
            let refused = setup.start_refused(GUARD).await;
            let command = setup.run_cli(&["verify"]).await;
            for ended in [refused, command] {
                assert_eq!(ended.code(), 2, "{}", ended.stderr);
                assert_eq!(ended.stderr.lines().count(), 1, "{}", ended.stderr);
                assert!(ended.stderr.contains(encoding), "{}", ended.stderr);
            }
            home.execute(&format!("DROP DATABASE {name}"));
        }
    });
}

#[test]
fn settings_of_the_database_are_overridden_or_named() {
    run(async {
        let home = Home::new(Backend::Postgres);
        let name = home
            .text("SELECT current_database()::text AS n")
            .expect("a name");
        for (setting, value) in [
            ("standard_conforming_strings", "off"),
            ("client_encoding", "LATIN1"),
            ("default_transaction_isolation", "serializable"),
            ("statement_timeout", "1"),
            ("transform_null_equals", "on"),
            ("array_nulls", "off"),
            ("DateStyle", "SQL, DMY"),
            ("bytea_output", "escape"),
        ] {
            home.execute(&format!(
                "ALTER DATABASE \"{name}\" SET {setting} = '{value}'"
            ));
        }
        let server = home.setup().start().await;
        let voter = server.client().visitor().await;
        server
            .client()
            .put_vote(&voter, "codestral-2", "ship")
            .await
            .expect(201);
        server.verify().await;
        assert_eq!(server.sigterm(GUARD).await, 0);
        home.execute(&format!(
            "ALTER DATABASE \"{name}\" SET default_transaction_read_only = on"
        ));
        let refused = home.setup().start_refused(GUARD).await;
        assert_eq!(refused.code(), 2, "{}", refused.stderr);
        assert_eq!(refused.stderr.lines().count(), 1, "{}", refused.stderr);
        assert!(
            refused.stderr.contains("default_transaction_read_only"),
            "{}",
            refused.stderr
        );
    });
}

#[test]
fn a_command_writes_where_new_transactions_are_read_only_and_names_a_missing_schema() {
    run(async {
        let home = Home::new(Backend::Postgres);
        let name = home
            .text("SELECT current_database()::text AS n")
            .expect("a name");
        home.execute(&format!(
            "ALTER DATABASE \"{name}\" SET default_transaction_read_only = on"
        ));
        let named = ["token", "create", "--role", "site", "--name", "other"];
        home.setup().run_cli(&named).await.success("token create");
        home.execute(&format!(
            "BEGIN READ WRITE; ALTER DATABASE \"{name}\" RESET default_transaction_read_only; \
             ALTER DATABASE \"{name}\" SET search_path = 'nowhere'; COMMIT"
        ));
        let command = home.setup().run_cli(&["migrate"]).await;
        for ended in [home.setup().start_refused(GUARD).await, command] {
            assert_eq!(ended.code(), 2, "{}", ended.stderr);
            assert_eq!(ended.stderr.lines().count(), 1, "{}", ended.stderr);
            assert!(ended.stderr.contains("search_path"), "{}", ended.stderr);
        }
    });
}

#[test]
fn a_postgres_that_is_too_old_is_refused() {
    run(async {
        let home = Home::on(Cluster::of_version(13).fresh_database());
        let command = home.setup().run_cli(&["migrate"]).await;
        for ended in [home.setup().start_refused(GUARD).await, command] {
            assert_eq!(ended.code(), 2, "{}", ended.stderr);
            assert_eq!(ended.stderr.lines().count(), 1, "{}", ended.stderr);
            let told = "this is Postgres 13; versions from 14 are supported";
            assert!(ended.stderr.contains(told), "{}", ended.stderr);
        }
    });
}

/// The other tests run on Debian's Postgres 15.
#[test]
fn the_oldest_postgres_takes_votes_resets_and_backups() {
    takes_votes_resets_and_backups(14);
}

#[test]
fn the_newest_postgres_takes_votes_resets_and_backups() {
    takes_votes_resets_and_backups(18);
}

fn takes_votes_resets_and_backups(postgres: u32) {
    run(async {
        let cluster = Cluster::of_version(postgres);
        let version = cluster.number("SELECT current_setting('server_version_num')::bigint AS n");
        assert_eq!(version / 10_000, i64::from(postgres));
        let home = Home::on(cluster.fresh_database());
        let server = home.setup().generous().start().await;
        let client = server.client();
        let voters = server.setup.mint(30).await;
        for (n, voter) in voters.iter().enumerate() {
            client.put_vote(voter, TOOL, "ship").await.expect(201);
            if n % 3 == 0 {
                client.put_vote(voter, TOOL, "skip").await.expect(200);
            }
        }
        client.delete_vote(&voters[0], TOOL).await.expect(200);
        assert_eq!(client.counts(TOOL).await, (20, 9));

        let moderator = ["token", "create", "--role", "moderator", "--name", "m"];
        let moderator = server.run_cli(&moderator).await.success("token create");
        let moderator = moderator.stdout.trim();
        let resets = "/v1/moderation/resets";
        let reset = json!({"tool": TOOL, "reason": "stuffed", "choice": "skip"});
        let reset = client.post(resets).bearer(moderator).json(&reset);
        let reset = reset.send().await.expect(201);
        assert_eq!(client.counts(TOOL).await, (20, 0));
        let undo = format!("{resets}/{}/undo", reset.json["id"]);
        let undo = client.post(&undo).bearer(moderator).send().await;
        undo.expect(200);
        client
            .delete("/v1/visitors/me")
            .bearer(&voters[1])
            .send()
            .await
            .expect(200);
        assert_eq!(client.counts(TOOL).await, (20, 9));
        server.run_cli(&["backup", "file"]).await.success("backup");
        server.verify().await;
        assert_eq!(server.sigterm(GUARD).await, 0);

        let copy = Home::on(cluster.fresh_database());
        let file = home.path().join("file").display().to_string();
        let restored = copy.setup().run_cli(&["restore", &file]).await;
        restored.success("restore");
        let server = copy.setup().generous().start().await;
        assert_eq!(server.client().counts(TOOL).await, (20, 9));
        server.verify().await;
    });
}

/// Also the first command that a pooler sees; a pool for each session is a connection as any other.
#[test]
fn a_pooler_that_shares_its_connections_is_refused_by_name() {
    run(async {
        let home = Home::new(Backend::Postgres);
        let direct = home.database_url().expect("a URL");
        for arguments in [
            &["migrate"][..],
            &["verify"],
            &["token", "list"],
            &["visitors", "mint"],
            &["export", "votes"],
            &["catalog", "export"],
            &["backup", "-"],
            &["config", "check"],
            &["serve"],
        ] {
            let pooler = PgBouncer::start(direct, "transaction");
            let setup = home.setup().env("TALLYSHIP_DATABASE__URL", &pooler.url);
            let refused = setup.run_cli(arguments).await;
            assert_eq!(refused.code(), 2, "{arguments:?}: {}", refused.stderr);
            assert_eq!(refused.stderr.lines().count(), 1, "{}", refused.stderr);
            assert!(refused.stderr.contains("PgBouncer"), "{}", refused.stderr);
        }
        let pooler = PgBouncer::start(direct, "session");
        let setup = home.setup().env("TALLYSHIP_DATABASE__URL", &pooler.url);
        let server = setup.generous().start().await;
        let voter = server.client().visitor().await;
        let vote = server.client().put_vote(&voter, TOOL, "ship").await;
        vote.expect(201);
        server.verify().await;
    });
}
