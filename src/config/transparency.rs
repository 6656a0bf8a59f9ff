//! The settings of the public log.

use std::path::PathBuf;

use super::values::on_off;
use super::{Layers, Secret, SettingError};

#[derive(Debug, Clone)]
pub struct Transparency {
    pub enabled: bool,
    /// The Ed25519 seed in base64, or PKCS#8 in PEM. `None`: made on the first start (SQLite), or no log (Postgres).
    pub key: Option<Secret>,
    /// Where that key comes from, for errors.
    pub key_source: String,
    /// `None`: host and port of the public URL, then `/log`.
    pub origin: Option<String>,
    pub origin_source: String,
    /// Where the last checkpoint is kept outside the database. `None`: beside a SQLite file, or nowhere.
    pub state: Option<PathBuf>,
}

pub(super) fn read(layers: &Layers) -> Result<Transparency, SettingError> {
    Ok(Transparency {
        enabled: layers.parse("transparency.enabled", on_off)?,
        key: layers.parse("transparency.key", |text| match text {
            "" => Ok(None),
            _ => Ok(Some(Secret::new(text.to_owned()))),
        })?,
        key_source: layers.source("transparency.key").to_owned(),
        origin: layers.parse("transparency.origin", origin)?,
        origin_source: layers.source("transparency.origin").to_owned(),
        state: layers.path("transparency.state"),
    })
}

fn origin(text: &str) -> Result<Option<String>, String> {
    let is_name = !text.contains(|c: char| c.is_whitespace() || c.is_control() || c == '+');
    match text {
        "" => Ok(None),
        _ if is_name && !text.contains("://") && !text.ends_with('/') => Ok(Some(text.to_owned())),
        _ => Err("expected a name such as votes.example.org/log, without a scheme".to_owned()),
    }
}
