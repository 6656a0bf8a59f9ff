//! `tallyship config check` and `config print`: what the settings are, and where each came from; secrets are never shown.

use std::io::Write;
use std::process::ExitCode;

use clap::Subcommand;

use super::Failure;
use crate::auth::secret::SecretError;
use crate::auth::users;
use crate::config::{DatabaseUrl, Layers, Settings};

#[derive(Subcommand)]
pub(super) enum ConfigCommand {
    /// Read every setting, and the files that they name; touch nothing
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
        ConfigCommand::Check => check(&settings),
        ConfigCommand::Print { json } => print(layers, *json),
    }
}

fn check(settings: &Settings) -> Result<ExitCode, Failure> {
    if matches!(settings.database.url, DatabaseUrl::Postgres(_))
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
    if let Some(jwt) = &settings.identity.jwt {
        users::check(jwt)?;
    }
    if let Some(path) = settings.catalog_file.as_ref().filter(|path| path.exists()) {
        crate::catalog::file::read(path)
            .map_err(|cause| Failure::configuration(format!("setting catalog.file: {cause}")))?;
    }
    println!("the configuration is fine");
    Ok(ExitCode::SUCCESS)
}

fn print(layers: &Layers, json: bool) -> Result<ExitCode, Failure> {
    let mut out = std::io::stdout().lock();
    let shown = layers.shown();
    if json {
        serde_json::to_writer_pretty(&mut out, &shown).map_err(Failure::new)?;
        writeln!(out).map_err(Failure::new)?;
    } else {
        for setting in shown {
            let value = toml::Value::String(setting.value);
            writeln!(out, "{} = {value}  # {}", setting.name, setting.source)
                .map_err(Failure::new)?;
        }
    }
    Ok(ExitCode::SUCCESS)
}
