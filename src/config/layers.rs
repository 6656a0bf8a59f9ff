//! [`Layers`]: where each setting's value came from. Later wins: defaults, `config/default.toml`, `--config`, environment, flags.
//!
//! Only [`super::Settings`] reads values out of it. It knows every key; one that it does not know stops the start.

use std::collections::BTreeMap;
use std::fmt::{self, Write};
use std::path::Path;

use super::declare::keys;
use crate::domain::text::{line_at, without_bom};

/// What stopped the start: one line naming key, value and source.
#[derive(Debug)]
pub struct SettingError(String);

impl fmt::Display for SettingError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // One line, whatever a value or a file's name holds.
        self.0.chars().try_for_each(|character| {
            if character.is_control() {
                write!(f, "{}", character.escape_default())
            } else {
                f.write_char(character)
            }
        })
    }
}

impl std::error::Error for SettingError {}

#[derive(Clone)]
pub(super) struct Value {
    pub(super) text: String,
    pub(super) source: String,
}

/// The winning value of each key, with its source.
pub struct Layers {
    pub(super) values: BTreeMap<&'static str, Value>,
}

impl Layers {
    /// The built-in defaults.
    pub fn defaults() -> Self {
        let values = keys()
            .map(|key| {
                (
                    key.name,
                    Value {
                        text: key.default.to_owned(),
                        source: "the built-in default".to_owned(),
                    },
                )
            })
            .collect();
        Self { values }
    }

    /// Puts `text` over what is there.
    ///
    /// # Errors
    /// An unknown key; a secret's file that cannot be read.
    pub fn set(&mut self, name: &str, text: &str, source: &str) -> Result<(), SettingError> {
        if let Some(key) = keys().find(|key| key.name == name) {
            self.values.insert(
                key.name,
                Value {
                    text: text.trim().to_owned(),
                    source: source.to_owned(),
                },
            );
            return Ok(());
        }
        let from_file = name
            .strip_suffix("_file")
            .and_then(|base| keys().find(|key| key.secret && key.name == base));
        if let Some(key) = from_file {
            let read = std::fs::read_to_string(text).map_err(|cause| {
                SettingError(format!(
                    "setting {name} = \"{text}\" (from {source}): {cause}"
                ))
            })?;
            let read = without_bom(&read);
            if read.trim().is_empty() {
                return Err(SettingError(format!(
                    "setting {name} = \"{text}\" (from {source}): the file is empty"
                )));
            }
            let source = format!("the file {text}, named by {source}");
            self.values.insert(
                key.name,
                Value {
                    text: read.trim().to_owned(),
                    source,
                },
            );
            return Ok(());
        }
        // The value of a misspelt key may be a secret: only its length is safe to show when the name speaks of one.
        let shown = if name.contains("secret") || name.contains("key") || name.contains("url") {
            "(hidden)"
        } else {
            text
        };
        Err(SettingError(format!(
            "setting {name} = \"{shown}\" (from {source}): there is no such setting"
        )))
    }

    /// Lays a TOML file over what is there.
    ///
    /// # Errors
    /// A file that cannot be read, is no TOML, or holds an unknown key.
    pub fn add_file(&mut self, path: &Path) -> Result<(), SettingError> {
        let source = path.display().to_string();
        let text = std::fs::read_to_string(path)
            .map_err(|cause| SettingError(format!("cannot read {source}: {cause}")))?;
        self.add_toml(without_bom(&text), &source)
    }

    /// Lays the TOML of a file over what is there; `source` is the file's name.
    ///
    /// # Errors
    /// As [`Layers::add_file`].
    pub fn add_toml(&mut self, text: &str, source: &str) -> Result<(), SettingError> {
        let table: toml::Table = text.parse().map_err(|cause: toml::de::Error| {
            let line = line_at(text, cause.span().unwrap_or_default().start);
            SettingError(format!(
                "{source}, line {line}, is no TOML: {}",
                cause.message().replace('\n', "; ")
            ))
        })?;
        for (section, content) in table {
            let toml::Value::Table(content) = content else {
                return Err(SettingError(format!(
                    "setting {section} = {content} (from {source}): expected a [section]"
                )));
            };
            for (name, value) in content {
                self.set(&format!("{section}.{name}"), &flat(&value), source)?;
            }
        }
        Ok(())
    }

    /// Lays the environment over what is there: `DATABASE_URL`, `REDIS_URL`, then `TALLYSHIP_<SECTION>__<KEY>`.
    /// A name without `__` is ignored (Kubernetes sets `TALLYSHIP_PORT` and its like for a service of our name), unless it is
    /// the name of a setting but for its underscores, case or section.
    ///
    /// # Errors
    /// An unknown `TALLYSHIP_<SECTION>__<KEY>`.
    pub fn add_environment(
        &mut self,
        variables: impl Iterator<Item = (String, String)>,
    ) -> Result<(), SettingError> {
        let variables: BTreeMap<String, String> = variables.collect();
        for (alias, name) in [("DATABASE_URL", "database.url"), ("REDIS_URL", "redis.url")] {
            if let Some(text) = variables.get(alias) {
                self.set(name, text, &format!("environment {alias}"))?;
            }
        }
        for (variable, text) in &variables {
            let Some((section, name)) = variable
                .strip_prefix("TALLYSHIP_")
                .and_then(|rest| rest.split_once("__"))
            else {
                refuse_near_miss(variable)?;
                continue;
            };
            let name = format!("{}.{}", section.to_lowercase(), name.to_lowercase());
            self.set(&name, text, &format!("environment {variable}"))?;
        }
        Ok(())
    }

    pub(super) fn text(&self, name: &str) -> &str {
        self.values
            .get(name)
            .map_or("", |value| value.text.as_str())
    }

    /// Whether nobody gave another value than the built-in default.
    pub fn is_default(&self, name: &str) -> bool {
        let default = keys().find(|key| key.name == name);
        default.is_some_and(|key| self.text(name) == key.default)
    }

    /// Where each setting's value comes from.
    pub(super) fn sources(&self) -> BTreeMap<&'static str, String> {
        let source = |(name, value): (&&'static str, &Value)| (*name, value.source.clone());
        self.values.iter().map(source).collect()
    }

    /// Where a setting's value comes from.
    pub(super) fn source(&self, name: &str) -> &str {
        let value = self.values.get(name);
        value.map_or("", |value| value.source.as_str())
    }

    /// Reads a value; a failure names key, value (unless secret) and source.
    pub(super) fn parse<T>(
        &self,
        name: &str,
        read: impl Fn(&str) -> Result<T, String>,
    ) -> Result<T, SettingError> {
        let text = self.text(name);
        read(text).map_err(|cause| {
            let hidden = keys().any(|key| key.name == name && key.secret);
            let shown = if hidden { "(hidden)" } else { text };
            let source = self.source(name);
            SettingError(format!(
                "setting {name} = \"{shown}\" (from {source}): {cause}"
            ))
        })
    }
}

/// A variable that was surely meant for a setting must not be ignored.
fn refuse_near_miss(variable: &str) -> Result<(), SettingError> {
    let words = |text: &str| -> Vec<String> {
        text.split(|c: char| !c.is_ascii_alphanumeric())
            .filter(|word| !word.is_empty())
            .map(str::to_ascii_uppercase)
            .collect()
    };
    let given = words(variable);
    let names = keys().flat_map(|key| {
        let file = key.secret.then(|| format!("{}_file", key.name));
        std::iter::once(key.name.to_owned()).chain(file)
    });
    for name in names {
        let expected = format!("TALLYSHIP_{}", name.replacen('.', "__", 1)).to_uppercase();
        let without_section = name
            .split_once('.')
            .map(|(_, key)| format!("TALLYSHIP_{key}"));
        if [Some(expected.clone()), without_section]
            .iter()
            .flatten()
            .any(|meant| words(meant) == given)
        {
            return Err(SettingError(format!(
                "setting {variable} (from the environment): there is no such setting; did you mean {expected}?"
            )));
        }
    }
    Ok(())
}

/// A TOML value as the environment would write it.
fn flat(value: &toml::Value) -> String {
    match value {
        toml::Value::String(text) => text.clone(),
        toml::Value::Array(items) => items.iter().map(flat).collect::<Vec<_>>().join(","),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::super::Settings;
    use super::*;

    fn environment(pairs: &[(&str, &str)]) -> Result<Settings, String> {
        let mut layers = Layers::defaults();
        let pairs = pairs
            .iter()
            .map(|(name, text)| ((*name).to_owned(), (*text).to_owned()));
        layers.add_environment(pairs).map_err(|e| e.to_string())?;
        Settings::from_layers(&layers).map_err(|e| e.to_string())
    }

    #[test]
    fn defaults_stand_alone() {
        let settings = environment(&[]).expect("defaults");
        assert_eq!(settings.http.listen.to_string(), "127.0.0.1:8080");
        assert_eq!(settings.tally.min_votes, 5);
        assert!(settings.redis.url.is_empty());
    }

    #[test]
    fn a_bad_value_names_key_value_and_source() {
        let error = environment(&[("TALLYSHIP_TALLY__MIN_VOTES", "many")]).expect_err("bad");
        for part in ["tally.min_votes", "many", "TALLYSHIP_TALLY__MIN_VOTES"] {
            assert!(error.contains(part), "{error}");
        }
        let error = environment(&[("TALLYSHIP_TALLY__MIN_VOTES", "a\nb")]).expect_err("bad");
        assert!(error.contains("a\\nb") && !error.contains('\n'), "{error}");
    }

    #[test]
    fn a_bad_log_filter_names_its_source_too() {
        for level in ["foo=bar=baz", "loud", "info,loud", "tallyship=loud"] {
            let error = environment(&[("TALLYSHIP_LOG__LEVEL", level)]).expect_err("bad");
            for part in ["log.level", level, "TALLYSHIP_LOG__LEVEL"] {
                assert!(error.contains(part), "{error}");
            }
        }
        for level in [
            "",
            "WARN",
            "off",
            "info,tallyship=debug",
            "tallyship::server,error",
        ] {
            environment(&[("TALLYSHIP_LOG__LEVEL", level)]).expect(level);
        }
    }

    #[test]
    fn an_unknown_key_is_refused_and_a_foreign_name_is_not() {
        let error = environment(&[("TALLYSHIP_HTTP__LISTN", "x")]).expect_err("unknown");
        assert!(
            error.contains("http.listn") && error.contains("TALLYSHIP_HTTP__LISTN"),
            "{error}"
        );
        for foreign in [
            "TALLYSHIP_PORT",
            "TALLYSHIP_SERVICE_HOST",
            "TALLYSHIP_PORT_8080_TCP",
        ] {
            environment(&[(foreign, "tcp://10.0.0.1:80")]).expect("not ours");
        }
        for (near, meant) in [
            ("TALLYSHIP_HTTP_LISTEN", "TALLYSHIP_HTTP__LISTEN"),
            ("tallyship_http__listen", "TALLYSHIP_HTTP__LISTEN"),
            ("TALLYSHIP_DATABASE_URL", "TALLYSHIP_DATABASE__URL"),
            ("TALLYSHIP_MIN_VOTES", "TALLYSHIP_TALLY__MIN_VOTES"),
            ("TALLYSHIP_LISTEN", "TALLYSHIP_HTTP__LISTEN"),
            (
                "TALLYSHIP_IDENTITY_SECRET_FILE",
                "TALLYSHIP_IDENTITY__SECRET_FILE",
            ),
            ("TALLYSHIP.HTTP.PUBLIC_URL", "TALLYSHIP_HTTP__PUBLIC_URL"),
        ] {
            let error = environment(&[(near, "x")]).expect_err(near);
            assert!(error.contains(near) && error.contains(meant), "{error}");
        }
    }

    #[test]
    fn our_name_wins_over_the_alias() {
        let both = [
            ("DATABASE_URL", "postgres://a/b"),
            ("TALLYSHIP_DATABASE__URL", "sqlite://x.db"),
        ];
        let settings = environment(&both).expect("both");
        assert!(matches!(
            settings.database.url,
            super::super::DatabaseUrl::Sqlite(_)
        ));
    }

    #[test]
    fn an_empty_file_is_no_secret() {
        let file = std::env::temp_dir().join(format!("tallyship-{}", uuid::Uuid::now_v7()));
        std::fs::write(&file, "\n").expect("written");
        let path = file.to_str().expect("a path");
        let refused = environment(&[("TALLYSHIP_TRANSPARENCY__KEY_FILE", path)]);
        std::fs::remove_file(&file).expect("removed");
        let cause = refused.expect_err("refused");
        for word in ["transparency.key_file", path, "KEY_FILE", "is empty"] {
            assert!(cause.contains(word), "{cause}");
        }
    }

    #[test]
    fn a_secret_is_never_shown() {
        let error = environment(&[("TALLYSHIP_IDENTITY__SECRET", "tooshort")]).expect_err("short");
        assert!(!error.contains("tooshort"), "{error}");
        let error =
            environment(&[("DATABASE_URL", "mysql://root:hunter2@db/x")]).expect_err("scheme");
        assert!(!error.contains("hunter2"), "{error}");
    }

    #[test]
    fn everybody_is_no_trusted_proxy() {
        environment(&[("TALLYSHIP_HTTP__TRUSTED_PROXIES", "10.0.0.0/8, 0.0.0.0/0")])
            .expect_err("catch-all");
    }

    #[test]
    fn thresholds_have_bounds() {
        let usual = environment(&[]).expect("fine").detector;
        assert_eq!(
            (usual.enabled, usual.threshold, usual.min_votes),
            (true, 60, 20)
        );
        for (name, bad) in [
            ("threshold", "0"),
            ("threshold", "101"),
            ("min_votes", "few"),
            ("enabled", "yes"),
        ] {
            let variable = format!("TALLYSHIP_DETECTOR__{}", name.to_uppercase());
            let refused = environment(&[(&variable, bad)]).expect_err(bad);
            assert!(refused.contains(&format!("detector.{name}")), "{refused}");
        }
    }
}
