//! Settings, a line each, `section.key=value`, and the same bytes as a TOML file. A refusal is one line, and shows no secret.

use tallyship::config::{Layers, SettingError, Settings};

use super::text;

/// Stands in every secret value that is tried.
const SECRET: &str = "hunter2";
const SECRETS: [&str; 5] = [
    "database.url",
    "redis.url",
    "identity.secret",
    "identity.secret_previous",
    "identity.jwt_keys",
];

fn refused(outcome: Result<(), SettingError>) {
    if let Err(error) = outcome {
        let said = error.to_string();
        assert!(!said.contains(SECRET), "{said}");
        assert!(!said.contains('\n') && !said.contains('\r'), "{said:?}");
    }
}

pub fn run(data: &[u8]) {
    let Some(text) = text(data).map(|text| text.replace(SECRET, "")) else {
        return;
    };
    let mut layers = Layers::defaults();
    let mut environment = Vec::new();
    for line in text.split('\n') {
        let Some((name, value)) = line.split_once('=') else {
            continue;
        };
        // Names a file, which would be read.
        if name.to_lowercase().ends_with("_file") {
            continue;
        }
        let hidden = SECRETS.contains(&name);
        // Of the keys' names, which are shown, no secret is part.
        let inside = if hidden && name != "identity.jwt_keys" { SECRET } else { "\n" };
        let mut value = value.replace('\x1f', inside);
        if hidden {
            value.push_str(SECRET);
        }
        let outcome = layers.set(name, &value, "a test");
        if outcome.is_ok() {
            let variable = format!("TALLYSHIP_{}", name.to_uppercase().replace('.', "__"));
            environment.push((variable, value));
        }
        refused(outcome);
    }
    let by_name = Settings::from_layers(&layers);
    let mut others = Layers::defaults();
    let outcome = others.add_environment(environment.into_iter());
    if outcome.is_ok() && let Ok(settings) = &by_name {
        assert!(Settings::from_layers(&others).is_ok(), "the environment says the same");
        check(settings);
    }
    refused(outcome);
    refused(by_name.map(drop));
    let mut file = Layers::defaults();
    if !text.to_lowercase().contains("_file") {
        refused(file.add_toml(&text, "a.toml"));
        refused(Settings::from_layers(&file).map(drop));
    }
}

fn check(settings: &Settings) {
    assert!((1..=1024).contains(&settings.http.workers));
    assert!(settings.http.trusted_proxies.networks.iter().all(|net| net.prefix_len() > 0));
    assert!(settings.limits.known_networks.iter().all(|(_, factor)| (1..=1_000).contains(factor)));
    assert!((1..=1_000_000).contains(&settings.tally.min_votes));
    for quota in [settings.limits.votes_per_voter, settings.limits.votes_per_network].into_iter().flatten() {
        assert!(quota.count > 0 && quota.interval_micros() > 0);
    }
}
