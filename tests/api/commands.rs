//! Commands about the catalogue and the settings: what is exported comes back the same, what is printed hides secrets.
use crate::harness::server::Home;
use crate::harness::{Backend, eventually};
use serde_json::Value;
use std::time::Duration;

crate::both!(
    a_catalogue_comes_back_as_it_was,
    files_are_imported_whole,
    settings_are_shown_without_secrets
);

async fn a_catalogue_comes_back_as_it_was(backend: Backend) {
    let server = Home::new(backend).setup().start().await;
    let site = server
        .run_cli(&["token", "create", "--role", "site", "--name", "test"])
        .await
        .success("token create");
    let client = server.client();
    let put = client.put("/v1/tools/odd-one").bearer(site.stdout.trim());
    put.json(&serde_json::json!({
        "name": "Ödd, \"one\"", "tagline": "and = [signs] # '''", "url": "https://example.org/?a=b",
        "reviews": [{"reviewer": "R", "verdict": "skip", "summary": "a, \"b\"\ntwo\n\nlines"}],
    }))
    .send()
    .await
    .expect(201);
    let export = async |setup: &crate::harness::server::Setup, arguments: &[&str]| {
        let all = [&["catalog", "export"], arguments].concat();
        setup.run_cli(&all).await.success("catalog export").stdout
    };
    let first = export(&server.setup, &[]).await;
    for (file, format) in [
        ("out.toml", "toml"),
        ("out.json", "json"),
        ("out.csv", "csv"),
    ] {
        assert_eq!(
            export(&server.setup, &[file]).await,
            "",
            "{file}: nothing beside the file"
        );
        let text = std::fs::read_to_string(server.home().path().join(file)).expect(file);
        assert_eq!(
            text,
            export(&server.setup, &["--format", format, "-"]).await
        );
        let other = Home::new(Backend::Sqlite);
        other.write(file, &text);
        let setup = other.setup();
        setup
            .run_cli(&["catalog", "import", file])
            .await
            .success("import");
        assert_eq!(export(&setup, &[]).await, first, "{format}");
    }
    // An archived tool is out of lists, and would be open again after an import.
    let gone = client
        .delete("/v1/tools/odd-one")
        .bearer(site.stdout.trim());
    gone.send().await.expect(200);
    assert!(!export(&server.setup, &[]).await.contains("odd-one"));
    let nowhere = server
        .run_cli(&["catalog", "export", "no/such/folder.toml"])
        .await;
    assert_eq!(nowhere.code(), 1);
    assert!(nowhere.stderr.contains("no/such"), "{}", nowhere.stderr);
}

async fn files_are_imported_whole(backend: Backend) {
    let server = Home::new(backend).setup().generous().start().await;
    let client = server.client();
    let shows = async |slug: &str| client.get(&format!("/v1/tools/{slug}")).send().await;
    let csv = "slug,name,entry,reviews\nfrom-csv,\"From, CSV\",Free,\"[{\"\"reviewer\"\":\"\"R\"\",\"\"verdict\"\":\"\"ship\"\"}]\"\n";
    for (file, content) in [
        (
            "a.toml",
            "[[tools]]\nslug = \"from-toml\"\nname = \"T\"\n[[tools.reviews]]\nreviewer = \"R\"\nverdict = \"ship\"\n",
        ),
        (
            "a.json",
            "[{\"slug\":\"from-json\",\"name\":\"J\",\"reviews\":[{\"reviewer\":\"R\",\"verdict\":\"ship\"}]}]",
        ),
        ("a.csv", csv),
    ] {
        server.home().write(file, content);
        server
            .run_cli(&["catalog", "import", file])
            .await
            .success(file);
        let slug = format!("from-{}", &file[2..]);
        let took = eventually("the import is shown", Duration::from_secs(25), async || {
            shows(&slug).await.success()
        })
        .await;
        println!("{file}: shown after {took:?}");
        assert_eq!(shows(&slug).await.json["tally"]["panel"]["percent"], 100);
        let voter = client.visitor().await;
        client.put_vote(&voter, &slug, "ship").await.expect(201);
        server
            .run_cli(&["catalog", "import", file])
            .await
            .success("the same again");
    }
    let before = server.home().number("SELECT count(*) AS n FROM tools");
    server.home().write(
        "bad.json",
        "[{\"slug\":\"fine\",\"name\":\"F\"},{\"slug\":\"not fine\",\"name\":\"N\"}]",
    );
    let refused = server.run_cli(&["catalog", "import", "bad.json"]).await;
    assert_eq!(refused.code(), 1);
    assert!(refused.stderr.contains("not fine"), "{}", refused.stderr);
    let after = server.home().number("SELECT count(*) AS n FROM tools");
    assert_eq!(after, before, "all, or none");
    assert_eq!(
        server
            .run_cli(&["catalog", "import", "missing.toml"])
            .await
            .code(),
        1
    );
    server.verify().await;
}

async fn settings_are_shown_without_secrets(backend: Backend) {
    let home = Home::new(backend);
    home.write("secret", "a secret out of a file, long enough for all\n");
    home.write("own.toml", "[tally]\nmin_votes = 7\n");
    let setup = home
        .setup()
        .without("TALLYSHIP_IDENTITY__SECRET")
        .env("TALLYSHIP_IDENTITY__SECRET_FILE", "secret")
        .env("TALLYSHIP_REDIS__URL", "redis://user:hunter2@127.0.0.1:1");
    let check = ["config", "check", "--config", "own.toml"];
    setup.run_cli(&check).await.success("config check");
    let print = ["config", "print", "--json", "--config", "own.toml"];
    let printed = setup.run_cli(&print).await.success("config print").stdout;
    let settings: Value = serde_json::from_str(&printed).expect("JSON");
    let find = |name: &str| {
        let all = settings.as_array().expect("a list");
        let found = all.iter().find(|setting| setting["name"] == name);
        found.unwrap_or_else(|| panic!("{name}: {printed}")).clone()
    };
    assert_eq!(find("tally.min_votes")["value"], "7");
    assert_eq!(find("tally.min_votes")["source"], "own.toml");
    assert_eq!(find("identity.secret")["value"], "(hidden)");
    let source = find("identity.secret")["source"].clone();
    assert!(
        source
            .as_str()
            .is_some_and(|text| text.contains("the file secret"))
    );
    assert_eq!(find("log.format")["source"], "the built-in default");
    let lines = setup
        .run_cli(&["config", "print"])
        .await
        .success("config print")
        .stdout;
    for text in [&printed, &lines] {
        assert!(
            !text.contains("hunter2") && !text.contains("out of a file"),
            "{text}"
        );
    }
    assert!(
        lines.contains("tally.min_votes = \"5\"  # the built-in default"),
        "{lines}"
    );
    assert!(
        !home.path().join("data").exists(),
        "a check touches nothing"
    );

    for (name, value) in [
        ("TALLYSHIP_TALLY__MIN_VOTES", "x"),
        ("TALLYSHIP_HTTP__PUBLIC_URL", "example.org"),
        ("TALLYSHIP_HTTP__PUBLIC_URL", "https://*.example.org"),
        ("TALLYSHIP_HTTP__PUBLIC_URL", "http://example.org:0"),
        ("TALLYSHIP_IDENTITY__SECRET_FILE", "missing"),
    ] {
        let refused = setup
            .clone()
            .env(name, value)
            .run_cli(&["config", "check"])
            .await;
        assert_eq!(refused.code(), 2, "{name}");
        assert!(refused.stderr.contains(name), "{}", refused.stderr);
        // What needs no settings works without them.
        let script = setup
            .clone()
            .env(name, value)
            .run_cli(&["completions", "bash"])
            .await;
        assert!(script.success("completions").stdout.contains("tallyship"));
    }
    for shell in ["zsh", "fish"] {
        setup.run_cli(&["completions", shell]).await.success(shell);
    }
    let page = setup.run_cli(&["man"]).await.success("man").stdout;
    assert!(page.starts_with(".ie") || page.contains(".TH"), "{page}");
    setup
        .run_cli(&["man", "--dir", "pages"])
        .await
        .success("man --dir");
    assert!(
        home.path()
            .join("pages/tallyship-catalog-export.1")
            .exists()
    );
}
