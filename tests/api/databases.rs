//! Which commands make a database, and which databases are refused.
use crate::harness::server::Home;
use crate::harness::{Backend, run};
use std::time::Duration;

const GUARD: Duration = Duration::from_secs(30);

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
