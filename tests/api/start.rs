//! Starting, configuring and watching the server: exit codes, layers, health, logs without anything personal.
use crate::harness::process::program;
use crate::harness::server::{Home, Server, Setup};
use crate::harness::{Backend, eventually, run};
use std::time::Duration;

const GUARD: Duration = Duration::from_secs(30);

crate::both!(
    health_and_metrics,
    request_ids,
    nothing_personal_is_written_down,
    sigterm_exits_0
);

async fn server(backend: Backend) -> Server {
    Home::new(backend).setup().generous().start().await
}

#[test]
fn a_bad_setting_stops_the_start_with_one_line() {
    run(async {
        let home = Home::new(Backend::Sqlite);
        home.write("typo.toml", "[tally]\nmin_vote = 3\n");
        home.write("value.toml", "[tally]\nmin_votes = \"few\"\n");
        home.write("broken.toml", "[tally\n");
        for (arguments, environment, parts) in [
            (
                vec!["--config", "typo.toml"],
                None,
                vec!["tally.min_vote", "3", "typo.toml"],
            ),
            (
                vec!["--config", "value.toml"],
                None,
                vec!["tally.min_votes", "few", "value.toml"],
            ),
            (vec!["--config", "broken.toml"], None, vec!["broken.toml"]),
            (vec!["--config", "missing.toml"], None, vec!["missing.toml"]),
            (
                vec![],
                Some(("TALLYSHIP_TALY__MIN_VOTES", "3")),
                vec!["taly.min_votes", "3", "TALLYSHIP_TALY__MIN_VOTES"],
            ),
            (
                vec![],
                Some(("TALLYSHIP_LIMITS__VOTES_PER_VOTER", "lots")),
                vec![
                    "limits.votes_per_voter",
                    "lots",
                    "TALLYSHIP_LIMITS__VOTES_PER_VOTER",
                ],
            ),
            (
                vec![],
                Some(("TALLYSHIP_RETENTION__ENDED_BANS", "long")),
                vec!["retention.ended_bans", "long", "or off"],
            ),
            (
                vec![],
                Some(("TALLYSHIP_TALLY__RECOUNT_EVERY", "0s")),
                vec!["tally.recount_every", "0s", "or off"],
            ),
            (
                vec![],
                Some(("TALLYSHIP_REDIS__PATIENCE", "2s")),
                vec!["redis.patience", "2s", "1ms to 1000ms"],
            ),
            (
                vec![],
                Some(("TALLYSHIP_ABUSE__CHALLENGE_AFTER", "-1")),
                vec!["abuse.challenge_after", "-1", "0 (always)"],
            ),
            (
                vec![],
                Some(("TALLYSHIP_HTTP__LISTEN", "here")),
                vec!["http.listen", "here"],
            ),
            (
                vec![],
                Some(("TALLYSHIP_IDENTITY__SECRET", "short")),
                vec!["identity.secret", "TALLYSHIP_IDENTITY__SECRET"],
            ),
            (
                vec![],
                Some(("DATABASE_URL", "mysql://x")),
                vec!["database.url", "DATABASE_URL"],
            ),
            (
                vec![],
                Some(("TALLYSHIP_MODERATION__WEBHOOK_URL", "https://a.example/")),
                vec!["moderation.webhook_secret", "needs this"],
            ),
            (
                vec![],
                Some(("TALLYSHIP_OIDC__ISSUER", "http://id.example")),
                vec!["oidc.issuer", "http://id.example", "https://HOST"],
            ),
            (
                vec![],
                Some(("TALLYSHIP_OIDC__ISSUER", "https://id.example")),
                vec!["oidc.client_id", "needs this"],
            ),
            (
                vec![],
                Some(("TALLYSHIP_OIDC__SESSION", "13h")),
                vec!["oidc.session", "13h", "at most 12h"],
            ),
            (
                vec![],
                Some(("TALLYSHIP_DETECTOR__THRESHOLD", "101")),
                vec!["detector.threshold", "101", "1 to 100"],
            ),
            (
                vec!["--listen", "nowhere"],
                None,
                vec!["http.listen", "nowhere", "--listen"],
            ),
        ] {
            let setup = environment
                .iter()
                .fold(home.setup(), |setup, (name, value)| setup.env(name, *value));
            let mut line = vec!["serve"];
            line.extend(arguments);
            let ended = setup.run_cli(&line).await;
            assert_eq!(
                ended.code(),
                2,
                "{line:?} {environment:?}: {}",
                ended.stderr
            );
            assert_eq!(
                ended.stderr.lines().count(),
                1,
                "one line: {}",
                ended.stderr
            );
            for part in parts {
                assert!(ended.stderr.contains(part), "{part}: {}", ended.stderr);
            }
        }
    });
}

/// Links and origins that nobody can reach are warned of, and only they.
#[test]
fn a_listener_for_others_wants_a_public_url() {
    run(async {
        let warned = async |listen: &str, public: Option<&str>| {
            let setup = Home::new(Backend::Sqlite).setup();
            let setup = setup.env("TALLYSHIP_HTTP__LISTEN", listen);
            let setup = match public {
                Some(url) => setup.env("TALLYSHIP_HTTP__PUBLIC_URL", url),
                None => setup,
            };
            let server = setup.start().await;
            assert_eq!(server.sigterm(GUARD).await, 0);
            server.stderr().contains("http.public_url is not set")
        };
        assert!(warned("0.0.0.0:0", None).await);
        assert!(!warned("0.0.0.0:0", Some("https://votes.example")).await);
        assert!(!warned("127.0.0.1:0", None).await);
    });
}

/// On a terminal people read: the log is text, and the first lines say where everything is.
#[test]
fn a_terminal_reads_text_and_learns_where_everything_is() {
    run(async {
        let script = program("script", "bsdutils");
        let on_a_terminal = |setup: Setup| {
            let line = format!(
                "exec {} -qec \"exec setpriv --pdeathsig KILL -- $*\" /dev/null",
                script.display()
            );
            setup.wrapper(&["sh", "-c", &line, "sh"])
        };
        let setup = Home::new(Backend::Sqlite).setup();
        let server = on_a_terminal(setup.clone()).start().await;
        let log_line = async |server: &Server| {
            let call = server.client().get("/nothing");
            call.header("x-request-id", "a-newcomer")
                .send()
                .await
                .expect(404);
            // A terminal shows both streams.
            let printed = || server.stdout() + &server.stderr();
            let is_logged = async || printed().contains("a-newcomer");
            eventually("the call is logged", GUARD, is_logged).await;
            let lines = printed();
            let found = lines.lines().find(|line| line.contains("a-newcomer"));
            found.expect("was seen").trim().to_owned()
        };
        let line = log_line(&server).await;
        assert!(line.contains("INFO") && !line.contains('{'), "{line}");
        assert!(line.contains("\u{1b}["), "colours: {line}");
        let printed = server.stdout();
        let said: Vec<&str> = printed
            .lines()
            .filter_map(|line| line.split_once(" http"))
            .map(|(name, _)| name.trim())
            .collect();
        for name in ["compare", "all tools", "a tally", "docs", "moderation"] {
            assert!(said.contains(&name), "{name}: {printed}");
        }
        for path in ["/docs", "/moderation/sign-in"] {
            server.client().get(path).send().await.expect(200);
        }
        let (_, command) = printed.split_once("its token  ").expect("a command");
        let command = command.lines().next().expect("a line").trim();
        let (program, rest) = command.split_once(' ').expect("arguments");
        assert_eq!(program, env!("CARGO_BIN_EXE_tallyship"));
        let arguments: Vec<&str> = rest.split(' ').collect();
        let made = setup.run_cli(&arguments).await.success(command).stdout;
        assert!(made.starts_with("tss_"), "{made}");

        let with_format = |format: &str| {
            let setup = Home::new(Backend::Sqlite).setup();
            setup.env("TALLYSHIP_LOG__FORMAT", format)
        };
        let json = with_format("json");
        let line = log_line(&on_a_terminal(json).start().await).await;
        serde_json::from_str::<serde_json::Value>(&line).expect("JSON, if it is asked for");
        let line = log_line(&with_format("text").start().await).await;
        assert!(line.contains("INFO") && !line.contains('\u{1b}'), "{line}");
    });
}

#[test]
fn layers_win_in_the_documented_order() {
    run(async {
        let home = Home::new(Backend::Sqlite);
        home.write(
            "own.toml",
            "[tally]\nmin_votes = 2\n[database]\nurl = \"sqlite://own/votes.db\"\n",
        );
        let setup = home
            .setup()
            .generous()
            .env("DATABASE_URL", "sqlite://alias/votes.db");
        let ended = setup
            .run_cli(&["migrate", "--config", "own.toml"])
            .await
            .success("migrate");
        assert!(
            home.path().join("alias/votes.db").exists(),
            "the environment wins over the file: {}",
            ended.stdout
        );
        let named = setup
            .clone()
            .env("TALLYSHIP_DATABASE__URL", "sqlite://named/votes.db");
        named.run_cli(&["migrate"]).await.success("migrate");
        assert!(
            home.path().join("named/votes.db").exists(),
            "our own name wins over the alias"
        );
        named
            .run_cli(&["migrate", "--database-url", "sqlite://flag/votes.db"])
            .await
            .success("migrate");
        assert!(
            home.path().join("flag/votes.db").exists(),
            "a flag wins over all"
        );
    });
}

#[test]
fn postgres_needs_a_secret() {
    run(async {
        let setup = Home::new(Backend::Postgres)
            .setup()
            .without("TALLYSHIP_IDENTITY__SECRET");
        let ended = setup.start_refused(GUARD).await;
        assert_eq!(ended.code(), 2);
        assert!(ended.stderr.contains("identity.secret"), "{}", ended.stderr);
    });
}

#[test]
fn the_version_is_printed() {
    run(async {
        let printed = Home::new(Backend::Sqlite)
            .setup()
            .run_cli(&["--version"])
            .await
            .success("--version");
        assert_eq!(
            printed.stdout.trim(),
            format!("tallyship {}", env!("CARGO_PKG_VERSION"))
        );
    });
}

#[test]
fn the_admin_listener_can_be_closed() {
    run(async {
        let server = Home::new(Backend::Sqlite)
            .setup()
            .env("TALLYSHIP_HTTP__ADMIN_LISTEN", "off")
            .start()
            .await;
        assert!(!server.stdout().contains("admin on"));
        for path in ["/metrics", "/readyz", "/healthz"] {
            server
                .client()
                .get(path)
                .send()
                .await
                .problem(404, "not-found");
        }
    });
}

async fn health_and_metrics(backend: Backend) {
    let server = server(backend).await;
    let admin = server.admin();
    admin.get("/healthz").send().await.expect(200);
    let ready = admin.get("/readyz").send().await.expect(200);
    assert_eq!(ready.json["status"], "ready");
    assert!(ready.json["parts"].is_object());
    let voter = server.client().visitor().await;
    server
        .client()
        .put_vote(&voter, "codestral-2", "ship")
        .await
        .expect(201);
    let metrics = admin.get("/metrics").send().await.expect(200);
    assert!(
        metrics
            .header("content-type")
            .is_some_and(|kind| kind.starts_with("text/plain"))
    );
    for line in [
        "tallyship_commits_total 1",
        "tallyship_http_requests_total{route=\"vote\",status=\"2xx\"} 1",
    ] {
        assert!(
            metrics.text.lines().any(|found| found == line),
            "{line}\n{}",
            metrics.text
        );
    }
    admin
        .get("/v1/tallies")
        .send()
        .await
        .problem(404, "not-found");
}

async fn request_ids(backend: Backend) {
    let server = server(backend).await;
    let client = server.client();
    let made = client.get("/nothing").send().await.expect(404);
    let id = made.header("x-request-id").expect("an id").to_owned();
    assert!(id.len() >= 16);
    let own = client
        .get("/nothing")
        .header("x-request-id", "my-own_id.7")
        .send()
        .await
        .expect(404);
    assert_eq!(own.header("x-request-id"), Some("my-own_id.7"));
    let bad = client
        .get("/nothing")
        .header("x-request-id", "spaces and \"quotes\"")
        .send()
        .await
        .expect(404);
    assert_ne!(bad.header("x-request-id"), Some("spaces and \"quotes\""));
    eventually("both ids are in the log", GUARD, async || {
        let log = server.stderr();
        log.contains(&id) && log.contains("my-own_id.7")
    })
    .await;
    for line in server.stderr().lines() {
        serde_json::from_str::<serde_json::Value>(line).unwrap_or_else(|e| panic!("{e}: {line}"));
    }
}

async fn nothing_personal_is_written_down(backend: Backend) {
    let setup = Home::new(backend)
        .setup()
        .generous()
        .env("TALLYSHIP_LOG__LEVEL", "trace");
    let server = setup
        .env("TALLYSHIP_HTTP__TRUSTED_PROXIES", "127.0.0.1")
        .start()
        .await;
    let client = server.client();
    let voter = client.visitor().await;
    for address in ["203.0.113.77", "2001:db8:77::7"] {
        client
            .vote(&voter, "codestral-2", "ship")
            .header("x-forwarded-for", address)
            .send()
            .await;
        client
            .vote("bad-token-77", "codestral-2", "ship")
            .header("x-forwarded-for", address)
            .send()
            .await
            .expect(401);
    }
    assert_eq!(server.sigterm(GUARD).await, 0);
    let mut seen: Vec<(String, Vec<u8>)> = vec![
        ("stderr".into(), server.stderr().into_bytes()),
        ("stdout".into(), server.stdout().into_bytes()),
    ];
    if backend == Backend::Sqlite {
        for entry in std::fs::read_dir(server.home().path().join("data"))
            .expect("data")
            .flatten()
        {
            seen.push((
                entry.path().display().to_string(),
                std::fs::read(entry.path()).expect("a file"),
            ));
        }
        assert!(seen.len() >= 4, "database, secret and lock were read");
    }
    let (v4, v6) = ([203, 0, 113, 77], "20010db8007700000000000000000007");
    for (place, bytes) in &seen {
        let text = String::from_utf8_lossy(bytes);
        for secret in [
            voter.as_str(),
            "bad-token-77",
            "203.0.113.77",
            "2001:db8:77",
            v6,
        ] {
            assert!(!text.contains(secret), "{secret} is in {place}");
        }
        assert!(
            !bytes.windows(4).any(|window| window == v4),
            "the address is in {place}, as bytes"
        );
    }
}

async fn sigterm_exits_0(backend: Backend) {
    let server = server(backend).await;
    assert_eq!(server.sigterm(GUARD).await, 0, "{}", server.stderr());
    let again = server.setup.start().await;
    again.signal("INT");
    assert_eq!(again.exit_code(GUARD).await, 0);
}

/// SIGHUP comes when a terminal goes, SIGUSR1 and SIGUSR2 from who is used to other servers: each kills what has no handler.
#[test]
fn other_signals_leave_it_running_and_sigquit_ends_it() {
    run(async {
        let server = server(Backend::Sqlite).await;
        for signal in ["HUP", "USR1", "USR2"] {
            server.signal(signal);
        }
        server.client().get("/v1/tools").send().await.expect(200);
        server.signal("QUIT");
        assert_eq!(server.exit_code(GUARD).await, 0, "{}", server.stderr());
    });
}

/// Where people look before they copy files: at the log, and at the command that does it.
#[test]
fn the_log_and_the_help_say_how_to_copy_the_votes() {
    run(async {
        let server = server(Backend::Sqlite).await;
        let first = server.stderr();
        let first = first.lines().next().unwrap_or_default();
        assert!(first.contains("tallyship backup"), "{first}");
        let help = server.run_cli(&["backup", "--help"]).await.success("help");
        assert!(help.stdout.contains("cp"), "{}", help.stdout);
    });
}
