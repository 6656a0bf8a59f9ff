//! [`settings!`]: a setting is declared once, with name, type, default, parser and documentation.
//!
//! From the declaration in `mod.rs` come the structs, [`Settings::from_layers`](super::Settings::from_layers),
//! `config print`, `config/default.toml`, the tables of `docs/configuration.md` and the man page.

use super::SECTIONS;

/// The settings of a section.
pub struct Section {
    pub name: &'static str,
    pub(super) doc: &'static [&'static str],
    pub keys: &'static [Key],
}

/// A setting's name, default and documentation.
pub struct Key {
    /// `section.key`.
    pub name: &'static str,
    /// As the environment would write it.
    pub default: &'static str,
    /// A secret is never shown. It may also be given as `NAME_file`, a file that holds it.
    pub secret: bool,
    pub(super) doc: &'static [&'static str],
}

/// Every setting, in the order of its declaration.
pub(super) fn keys() -> impl Iterator<Item = &'static Key> {
    SECTIONS.iter().flat_map(|section| section.keys)
}

impl Section {
    /// What its settings are about: one line.
    pub fn doc(&self) -> String {
        one_line(self.doc)
    }
}

impl Key {
    /// What it is for: one line of Markdown.
    pub fn doc(&self) -> String {
        one_line(self.doc)
    }

    /// `TALLYSHIP_<SECTION>__<KEY>`.
    pub fn variable(&self) -> String {
        format!("TALLYSHIP_{}", self.name.replacen('.', "__", 1)).to_uppercase()
    }
}

/// Lines of a doc comment, each of which begins with a space.
fn one_line(doc: &[&str]) -> String {
    let lines: Vec<&str> = doc.iter().map(|line| line.trim()).collect();
    lines.join(" ")
}

/// Declares the sections of the settings: `Struct field = "section" { /// doc  key [secret]: Type = "default" => parser, }`.
macro_rules! settings {
    ($(
        $(#[doc = $about:literal])+
        $Section:ident $field:ident = $section:literal {
            $(
                $(#[doc = $doc:literal])+
                $name:ident $([$secret:ident])? : $type:ty = $default:literal => $parse:expr,
            )+
        }
    )+) => {
        $(
            $(#[doc = $about])+
            #[derive(Debug, Clone)]
            pub struct $Section {
                $( $(#[doc = $doc])+ pub $name: $type, )+
            }
        )+

        /// Every setting, by section.
        #[derive(Debug, Clone)]
        pub struct Settings {
            $( $(#[doc = $about])+ pub $field: $Section, )+
            /// Where each value comes from.
            sources: BTreeMap<&'static str, String>,
        }

        const SECTIONS: &[Section] = &[$(
            Section {
                name: $section,
                doc: &[$($about),+],
                keys: &[$(
                    Key {
                        name: concat!($section, ".", stringify!($name)),
                        default: $default,
                        secret: [$(stringify!($secret),)? ""].len() > 1,
                        doc: &[$($doc),+],
                    },
                )+],
            },
        )+];

        impl Settings {
            fn parse(layers: &Layers) -> Result<Self, SettingError> {
                Ok(Self {$(
                    $field: $Section {
                        $( $name: layers.parse(concat!($section, ".", stringify!($name)), $parse)?, )+
                    },
                )+
                    sources: layers.sources(),
                })
            }

            /// Where the value of a setting comes from, for errors.
            pub fn source(&self, name: &str) -> &str {
                self.sources.get(name).map_or("", String::as_str)
            }
        }
    };
}
pub(super) use settings;

#[cfg(test)]
mod tests {
    use std::fmt::Write;

    use super::*;

    /// The text of `config/default.toml`.
    fn default_toml() -> String {
        let mut text = "# Every setting, with its built-in default. Remove a \"#\" to change one.\n\
             # Later wins: built-in defaults, this file, --config FILE, TALLYSHIP_<SECTION>__<KEY> in the environment, flags.\n\
             # No secrets belong in this file: give them in the environment, or name a file with <key>_file.\n\
             # This file is made from the declarations in src/config/mod.rs.\n"
            .to_owned();
        for section in SECTIONS {
            let _ = write!(text, "\n# {}\n[{}]\n", section.doc(), section.name);
            for key in section.keys {
                let (_, name) = key.name.split_once('.').unwrap_or_default();
                let _ = write!(text, "# {}\n# {name} = {:?}\n", key.doc(), key.default);
            }
        }
        text
    }

    /// The tables of `docs/configuration.md`.
    fn markdown() -> String {
        let mut text = String::new();
        for section in SECTIONS {
            let _ = write!(
                text,
                "\n## {}\n\n{}\n\n| variable | default | meaning |\n| --- | --- | --- |\n",
                section.name,
                section.doc()
            );
            for key in section.keys {
                let default = match key.default {
                    "" => "none".to_owned(),
                    value => format!("`{value}`"),
                };
                let meaning = key.doc().replace('|', "\\|");
                let _ = writeln!(text, "| `{}` | {default} | {meaning} |", key.variable());
            }
        }
        text
    }

    /// `RENEW=1 cargo test --lib config` writes them.
    #[test]
    fn the_committed_files_are_what_the_declarations_make() {
        let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
        let renew = std::env::var_os("RENEW").is_some();
        let check = |file: &str, expected: &str| {
            let path = root.join(file);
            if renew {
                std::fs::write(&path, expected).expect(file);
            }
            let text = std::fs::read_to_string(&path).expect(file);
            assert_eq!(text, expected, "{file}: run with RENEW=1");
        };
        check("config/default.toml", &default_toml());
        let page = std::fs::read_to_string(root.join("docs/configuration.md")).expect("the page");
        let (begin, end) = ("<!-- settings -->\n", "\n<!-- end of settings -->");
        let (head, rest) = page.split_once(begin).expect("a beginning");
        let (_, tail) = rest.split_once(end).expect("an end");
        check(
            "docs/configuration.md",
            &format!("{head}{begin}{}{end}{tail}", markdown()),
        );
    }

    #[test]
    fn the_file_of_defaults_changes_nothing() {
        let mut layers = super::super::Layers::defaults();
        let bare: String = default_toml()
            .lines()
            .map(|line| match line.strip_prefix("# ") {
                Some(value) if value.contains(" = \"") => format!("{value}\n"),
                _ => format!("{line}\n"),
            })
            .collect();
        layers.add_toml(&bare, "a test").expect("TOML");
        for key in keys() {
            assert!(layers.is_default(key.name), "{}", key.name);
        }
    }
}
