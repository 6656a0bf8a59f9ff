//! Where output goes: a reader that is gone, full or hanging costs lines, and no answer; files and links are left as they are.
use crate::harness::process::{Finished, Process};
use crate::harness::server::{Home, Setup};
use crate::harness::{Backend, run};
use std::os::unix::fs::{FileTypeExt, PermissionsExt, symlink};
use std::path::Path;
use std::time::Duration;

const GUARD: Duration = Duration::from_secs(30);

/// Runs the server's binary through `script`, which starts it as `"$@"`.
async fn through(setup: &Setup, script: &str, arguments: &[&str]) -> Finished {
    let mut argv: Vec<String> = ["bash", "-c", script, "bash"].map(String::from).to_vec();
    argv.push(env!("CARGO_BIN_EXE_tallyship").into());
    argv.extend(arguments.iter().map(|argument| (*argument).to_owned()));
    let environment = setup.environment();
    Process::start("bash", "KILL", &argv, &environment, setup.home.path())
        .wait(GUARD)
        .await
}

#[test]
fn a_log_that_nobody_reads_costs_no_answer() {
    run(async {
        for log in [
            "exec \"$@\" 2>/dev/full",
            "exec \"$@\" 2> >(true)",
            "mkfifo log && exec 3<>log && exec \"$@\" 2>&3",
        ] {
            let setup = Home::new(Backend::Sqlite).setup().generous();
            let setup = setup.env("TALLYSHIP_LOG__LEVEL", "debug");
            let server = setup.wrapper(&["bash", "-c", log, "bash"]).start().await;
            let client = server.client();
            let voter = client.visitor().await;
            // More than a pipe holds.
            for n in 0..600 {
                client
                    .get("/v1/tools/unknown/tally")
                    .send()
                    .await
                    .expect(404);
                if n % 100 == 0 {
                    client
                        .put_vote(&voter, "codestral-2", "ship")
                        .await
                        .success();
                }
            }
            assert_eq!(server.sigterm(GUARD).await, 0, "{log}");
        }
    });
}

#[test]
fn a_command_that_cannot_print_says_so_and_leaves_no_token() {
    run(async {
        let home = Home::new(Backend::Sqlite);
        let setup = home.setup();
        setup.run_cli(&["migrate"]).await.success("migrate");
        let create = ["token", "create", "--role", "admin", "--name", "lost"];
        for (arguments, is_there) in [
            (&create[..], "tokens"),
            (&["token", "list", "--json"], ""),
            (&["visitors", "mint", "--count", "20000"], ""),
            (&["export", "votes"], ""),
            (&["catalog", "export"], ""),
            (&["backup", "-"], ""),
            (&["config", "print"], ""),
            (&["config", "check"], ""),
            (&["verify"], ""),
            (&["man"], ""),
            (&["completions", "bash"], ""),
            (&["--help"], ""),
            (&["--version"], ""),
        ] {
            let full = through(&setup, "\"$@\" >/dev/full", arguments).await;
            assert_eq!(full.code(), 1, "{arguments:?}: {}", full.stderr);
            assert_eq!(
                full.stderr.lines().count(),
                1,
                "{arguments:?}: {}",
                full.stderr
            );
            let closed = "mkfifo gone; { exec 3>gone; rm gone; sleep 0; \"$@\" >&3; } & exec 4<gone; exec 4<&-; wait $!";
            let closed = through(&setup, closed, arguments).await;
            assert_eq!(closed.code(), 1, "{arguments:?}: {}", closed.stderr);
            assert_eq!(closed.stderr, "", "{arguments:?}");
            if !is_there.is_empty() {
                assert_eq!(home.number("SELECT count(*) AS n FROM tokens"), 0);
            }
        }
        let audit = "SELECT count(*) AS n FROM audit";
        let audited = home.number(audit);
        for arguments in [
            &create[..],
            &["visitors", "mint", "--count", "2"],
            &["backup", "-"],
            &["export", "votes"],
            &["catalog", "export"],
        ] {
            let closed = through(&setup, "\"$@\" >&-", arguments).await;
            assert_eq!(closed.code(), 1, "{arguments:?}: {}", closed.stderr);
            assert_eq!(closed.stderr.lines().count(), 1, "{}", closed.stderr);
        }
        assert_eq!(home.number(audit), audited, "nothing was begun");
    });
}

async fn refused(setup: &Setup, arguments: &[&str], part: &str) {
    let ended = setup.run_cli(arguments).await;
    assert_eq!(ended.code(), 1, "{arguments:?}: {}", ended.stderr);
    assert_eq!(
        ended.stderr.lines().count(),
        1,
        "{arguments:?}: {}",
        ended.stderr
    );
    assert!(
        ended.stderr.contains(part),
        "{arguments:?}: {}",
        ended.stderr
    );
}

#[test]
fn files_are_overwritten_by_force_and_links_are_followed() {
    run(async {
        let home = Home::new(Backend::Sqlite);
        let setup = home.setup();
        setup.run_cli(&["migrate"]).await.success("migrate");
        let path = |name: &str| home.path().join(name);
        for command in [
            &["backup"][..],
            &["export", "votes"],
            &["catalog", "export"],
        ] {
            let with = |rest: &[&'static str]| [command, rest].concat();
            home.write("there", "as it was");
            refused(&setup, &with(&["there"]), "--force").await;
            assert_eq!(
                std::fs::read_to_string(path("there")).expect("reads"),
                "as it was"
            );
            symlink("there", path("link")).expect("a link");
            refused(&setup, &with(&["link"]), "--force").await;
            let forced = setup.run_cli(&with(&["link", "--force"])).await;
            forced.success("through the link");
            assert!(path("link").is_symlink() && !path("there").is_symlink());
            assert_ne!(
                std::fs::read_to_string(path("there")).expect("reads"),
                "as it was"
            );
            std::fs::remove_file(path("there")).expect("removes");
            refused(&setup, &with(&["link", "--force"]), "link").await;
            std::fs::remove_file(path("link")).expect("removes");
            let piped = "mkfifo pipe && { cat pipe >read & } && \"$@\" pipe && wait && test -p pipe && rm pipe".to_owned();
            through(&setup, &piped, command)
                .await
                .success("into a pipe");
            assert!(
                std::fs::metadata(path("read")).expect("is there").len() > 0,
                "{command:?}"
            );
            symlink("/dev/null", path("null")).expect("a link");
            setup
                .run_cli(&with(&["null"]))
                .await
                .success("into a device");
            assert!(path("null").is_symlink());
            let kind = std::fs::metadata("/dev/null")
                .expect("is there")
                .file_type();
            assert!(kind.is_char_device());
            std::fs::remove_file(path("null")).expect("removes");
        }
    });
}

#[test]
fn what_tallyship_makes_is_its_owners_whatever_the_umask() {
    run(async {
        for umask in ["000", "022", "777"] {
            let home = Home::new(Backend::Sqlite);
            let setup = home
                .setup()
                .env("TALLYSHIP_DATABASE__URL", "sqlite://made/here/votes.db")
                .without("TALLYSHIP_IDENTITY__SECRET");
            let script = format!("umask {umask}; exec \"$@\"");
            let server = setup
                .clone()
                .wrapper(&["bash", "-c", &script, "bash"])
                .start()
                .await;
            let voter = server.client().visitor().await;
            server
                .client()
                .put_vote(&voter, "codestral-2", "ship")
                .await
                .expect(201);
            let mode =
                |path: &Path| path.metadata().expect("is there").permissions().mode() & 0o777;
            for folder in ["made", "made/here"] {
                assert_eq!(mode(&home.path().join(folder)), 0o700, "{umask} {folder}");
            }
            for entry in std::fs::read_dir(home.path().join("made/here")).expect("lists") {
                let path = entry.expect("an entry").path();
                assert_eq!(mode(&path), 0o600, "{umask}: {}", path.display());
            }
            for arguments in [
                &["backup", "a-backup"][..],
                &["export", "votes", "an-export"],
            ] {
                through(&setup, &script, arguments)
                    .await
                    .success(arguments[0]);
                let made = home.path().join(arguments.last().expect("a file"));
                assert_eq!(mode(&made), 0o600, "{umask}: {}", made.display());
            }
        }
    });
}

#[test]
fn too_few_open_files_are_named() {
    run(async {
        let setup = Home::new(Backend::Sqlite).setup();
        let script = "ulimit -n 64; exec \"$@\"";
        let ended = through(&setup, script, &["serve"]).await;
        assert_eq!(ended.code(), 2, "{}", ended.stderr);
        let line = ended.stderr.lines().last().expect("a line");
        assert!(line.contains("limit of open files is 64"), "{line}");
    });
}
