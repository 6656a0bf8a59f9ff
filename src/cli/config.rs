//! `tallyship config check` and `config print`: what the settings are, and where each came from; secrets are never shown.

use std::fmt::Write;
use std::io::ErrorKind;
use std::process::ExitCode;

use clap::Subcommand;

use super::{Failure, console};
use crate::auth::identity_provider;
use crate::auth::secret::{self, SecretError};
use crate::auth::users;
use crate::catalog::{file, store};
use crate::config::{DatabaseUrl, Layers, Settings};
use crate::domain::Slug;
use crate::infra::db::{self, DbConnection, OpenError, Purpose};
use crate::infra::stderr;
use crate::transparency;

#[derive(Subcommand)]
pub(super) enum ConfigCommand {
    /// Read every setting, the files that they name, and an existing database; change nothing
    Check,
    /// Print every setting with its source; secrets are hidden
    Print {
        /// As JSON
        #[arg(long)]
        json: bool,
    },
}

pub(super) fn run(command: &ConfigCommand, layers: &Layers) -> Result<ExitCode, Failure> {
    let settings = Settings::from_layers(layers)?;
    match command {
        ConfigCommand::Check => check(layers, &settings),
        ConfigCommand::Print { json } => print(layers, *json),
    }
}

/// Everything by which a setting, or a file that it names, stops `serve`.
fn check(layers: &Layers, settings: &Settings) -> Result<ExitCode, Failure> {
    if let DatabaseUrl::Postgres(_) = &settings.database.url
        && settings.identity.secret.is_none()
    {
        return Err(SecretError::Missing.into());
    }
    for (name, path) in [
        ("database.ca_file", &settings.database.ca_file),
        ("redis.ca_file", &settings.redis.ca_file),
    ] {
        if let Some(path) = path {
            std::fs::read(path).map_err(|cause| {
                Failure::configuration(format!("setting {name} = \"{}\": {cause}", path.display()))
            })?;
        }
    }
    if let Some(jwt) = settings.identity.jwt() {
        users::check(&jwt)?;
    }
    identity_provider::check(&settings.oidc).map_err(Failure::configuration)?;
    let mut catalog = Vec::new();
    if let Some(path) = &settings.catalog.file {
        let tools = file::initial(path)
            .map_err(|cause| Failure::configuration(format!("setting catalog.file: {cause}")))?;
        catalog.extend(tools.into_iter().map(|tool| tool.slug));
    }
    let mut database = existing_database(settings)?;
    transparency::keys::check(database.as_mut(), settings).map_err(Failure::configuration)?;
    let keys = match secret::load(&settings.identity, &settings.database) {
        // The first start makes it.
        Err(SecretError::File(_, cause))
            if database.is_none() && cause.kind() == ErrorKind::NotFound =>
        {
            None
        }
        keys => Some(keys?),
    };
    if let (Some(mut conn), Some(keys)) = (database, keys) {
        secret::is_known(&mut conn, &keys)?;
        let stored = store::slugs(&mut conn).unwrap_or_default();
        if !stored.is_empty() {
            catalog = stored;
            catalog.extend(store::redirects(&mut conn).unwrap_or_default().into_keys());
        }
    }
    check_featured(layers, settings, &catalog)?;
    console::print("the configuration is fine")?;
    Ok(ExitCode::SUCCESS)
}

/// The database, if there is one that can be reached: `serve` waits for one that cannot.
fn existing_database(settings: &Settings) -> Result<Option<DbConnection>, Failure> {
    match db::open_existing(&settings.database, Purpose::Write) {
        Ok(conn) => Ok(Some(conn)),
        Err(OpenError::Missing(_)) => Ok(None),
        Err(cause @ OpenError::Unsafe(_)) => Err(Failure::configuration(format!(
            "setting database.url: {cause}"
        ))),
        Err(cause) => {
            stderr::line(format_args!("the database was not checked: {cause}"));
            Ok(None)
        }
    }
}

/// Without a catalogue nothing can be said; and nobody is held to the default.
fn check_featured(layers: &Layers, settings: &Settings, catalog: &[Slug]) -> Result<(), Failure> {
    let (Some(featured), false) = (&settings.pages.featured, catalog.is_empty()) else {
        return Ok(());
    };
    let missing = featured.iter().find(|slug| !catalog.contains(slug));
    match missing {
        Some(slug) if !layers.is_default("pages.featured") => Err(Failure::configuration(format!(
            "setting pages.featured: the catalogue has no tool {slug}"
        ))),
        _ => Ok(()),
    }
}

fn print(layers: &Layers, json: bool) -> Result<ExitCode, Failure> {
    let shown = layers.shown();
    if json {
        console::print(serde_json::to_string_pretty(&shown).map_err(Failure::new)?)?;
    } else {
        let mut lines = String::new();
        for setting in shown {
            let value = toml::Value::String(setting.value);
            let _ = writeln!(lines, "{} = {value}  # {}", setting.name, setting.source);
        }
        console::write(lines.as_bytes())?;
    }
    Ok(ExitCode::SUCCESS)
}
