//! What operators watch by: every metric that a running server shows is documented, everything that dashboard and alerts
//! ask for exists, and every alert leads to what to do about it.
use crate::harness::redis::Redis;
use crate::harness::server::Home;
use crate::harness::{Backend, eventually, run};
use std::collections::BTreeSet;
use std::path::Path;
use std::time::Duration;

fn text(path: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
    std::fs::read_to_string(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
}

/// What the server shows once it has done a little of everything that is measured.
async fn shown() -> String {
    let redis = Redis::start();
    let setup = Home::new(Backend::Sqlite).setup().redis(redis.url());
    let endpoint =
        "[site]\nurl = \"https://site.invalid/\"\nsecret = \"12345678901234567890123456789012\"";
    let setup = setup
        .env("TALLYSHIP_TALLY__RECOUNT_EVERY", "1s")
        .env("TALLYSHIP_WEBHOOKS__ENDPOINTS", endpoint);
    let server = setup.start().await;
    let (client, admin) = (server.client(), server.admin());
    let voter = client.visitor().await;
    let (_, stream) = client.get("/v1/stream?tools=codestral-2").open().await;
    let vote = client.put_vote(&voter, "codestral-2", "ship").await;
    vote.expect(201);
    let mut last = String::new();
    eventually("gauges are set", Duration::from_secs(75), async || {
        last = admin.get("/metrics").send().await.expect(200).text;
        [
            "tallyship_database_readable 1",
            "tallyship_streams 1",
            "tallyship_redis_up 1",
            "tallyship_tally_drift 0",
            "tallyship_detector_leads 1",
            r#"tallyship_upkeep_timestamp_seconds{task="forgetting"}"#,
            r#"tallyship_upkeep_timestamp_seconds{task="retention"}"#,
        ]
        .iter()
        .all(|gauge| last.contains(gauge))
    })
    .await;
    drop(stream);
    last
}

/// Where no Redis is set nothing is said of one, nothing of a drift that nobody looked for, nor of a detector that is off:
/// an alert would stand for ever.
#[test]
fn what_nobody_knows_is_not_told() {
    run(async {
        let setup = Home::new(Backend::Sqlite).setup();
        let setup = setup.env("TALLYSHIP_DETECTOR__ENABLED", "off");
        let server = setup.start().await;
        let admin = server.admin();
        let mut last = String::new();
        eventually("gauges are set", Duration::from_secs(15), async || {
            last = admin.get("/metrics").send().await.expect(200).text;
            last.contains("tallyship_database_readable 1")
        })
        .await;
        for gauge in [
            "tallyship_redis_up",
            "tallyship_tally_drift",
            "tallyship_detector",
            "tallyship_webhook",
        ] {
            assert!(!last.contains(gauge), "{last}");
        }
    });
}

/// The metrics of an answer, by the lines that tell their kind.
fn metrics(shown: &str) -> BTreeSet<String> {
    let kinds = shown
        .lines()
        .filter_map(|line| line.strip_prefix("# TYPE "));
    kinds
        .map(|line| line.split(' ').next().expect("a name").to_owned())
        .collect()
}

/// Every name of ours in a text; a histogram's series count as the histogram.
fn named(text: &str, known: &BTreeSet<String>) -> BTreeSet<String> {
    let words = text.split(|c: char| !(c.is_ascii_alphanumeric() || c == '_'));
    let ours = words.filter(|word| word.starts_with("tallyship_"));
    ours.map(|word| {
        let ending = ["_bucket", "_sum", "_count"]
            .iter()
            .find_map(|ending| word.strip_suffix(ending));
        let whole = ending.filter(|base| known.contains(*base));
        whole.unwrap_or(word).to_owned()
    })
    .collect()
}

/// The values that a label is compared with, in an expression: `route="vote"`.
fn compared(text: &str, label: &str) -> BTreeSet<String> {
    let text = text.replace('\\', "");
    let marks = text.match_indices(label);
    marks
        .filter_map(|(at, _)| {
            let rest = text[at + label.len()..].strip_prefix("=\"")?;
            rest.split('"').next().map(str::to_owned)
        })
        .collect()
}

#[test]
fn every_metric_is_documented_and_what_is_watched_exists() {
    let shown = run(shown());
    let there = metrics(&shown);
    let page = text("docs/metrics.md");
    let rows = page.lines().filter_map(|line| line.strip_prefix("| `"));
    let documented: BTreeSet<String> = rows
        .filter_map(|row| row.split('`').next().map(str::to_owned))
        .collect();
    assert_eq!(documented, there, "docs/metrics.md beside /metrics");
    for file in [
        "deploy/prometheus/alerts.yml",
        "deploy/prometheus/alerts.test.yml",
        "deploy/grafana/dashboard.json",
        "docs/metrics.md",
        "docs/runbook.md",
    ] {
        let text = text(file);
        let named = named(&text, &there);
        let unknown: Vec<_> = named.difference(&there).collect();
        assert!(unknown.is_empty(), "{file}: there is no {unknown:?}");
        for label in ["route", "status", "task", "outcome"] {
            for value in compared(&text, label) {
                assert!(
                    shown.contains(&format!("{label}=\"{value}\"")),
                    "{file}: {label}={value} is never shown"
                );
            }
        }
    }
    let watched = named(&text("deploy/grafana/dashboard.json"), &there);
    assert_eq!(watched, there, "the dashboard shows every metric");
}

/// Alerts and the sections of the runbook are the same, and each alert names its own.
#[test]
fn every_alert_leads_to_its_section() {
    let (alerts, runbook) = (
        text("deploy/prometheus/alerts.yml"),
        text("docs/runbook.md"),
    );
    let find = |text: &str, mark: &str| -> Vec<String> {
        let lines = text.lines().map(str::trim);
        lines
            .filter_map(|line| line.strip_prefix(mark).map(str::to_owned))
            .collect()
    };
    let names = find(&alerts, "- alert: ");
    assert!(names.len() > 5, "{names:?}");
    assert_eq!(names, find(&runbook, "## "), "the runbook's sections");
    // A heading of one word is its own anchor, in lower case.
    let links: Vec<String> = names
        .iter()
        .map(|name| format!("docs/runbook.md#{}", name.to_lowercase()))
        .collect();
    assert_eq!(links, find(&alerts, "runbook: "));
}

#[test]
fn health_is_told_by_a_command() {
    run(async {
        let server = Home::new(Backend::Sqlite).setup().start().await;
        let address = server.admin.strip_prefix("http://").expect("http");
        let port = address.rsplit(':').next().expect("a port");
        // As an image asks: the settings name all addresses.
        let everywhere = format!("0.0.0.0:{port}");
        let asked = |listen: &str| {
            let setup = server.setup.clone();
            setup.env("TALLYSHIP_HTTP__ADMIN_LISTEN", listen)
        };
        for listen in [address, everywhere.as_str()] {
            let told = asked(listen).run_cli(&["health"]).await.success("health");
            assert!(
                told.stdout.contains(r#""status":"ready""#),
                "{}",
                told.stdout
            );
        }
        let closed = asked("off").run_cli(&["health"]).await;
        assert_eq!(closed.code(), 2, "{}", closed.stderr);
        assert_eq!(server.sigterm(Duration::from_secs(30)).await, 0);
        let gone = asked(address).run_cli(&["health"]).await;
        assert_eq!(gone.code(), 1);
        assert!(gone.stderr.contains("/readyz"), "{}", gone.stderr);
    });
}
