//! The settings as they may be shown: each with its source, secrets hidden. `config print` calls it.

use super::declare::keys;
use super::layers::Layers;

#[derive(Debug, serde::Serialize)]
pub struct ShownSetting {
    pub name: &'static str,
    /// As it would be written; of a secret never more than that it is there.
    pub value: String,
    pub source: String,
}

impl Layers {
    /// Every setting there is, in the order of [`keys()`].
    pub fn shown(&self) -> Vec<ShownSetting> {
        keys()
            .filter_map(|key| {
                let value = self.values.get(key.name)?;
                let text = value.text.as_str();
                // The path of a SQLite file is the one value of a secret key that holds none.
                let hidden = key.secret && !text.is_empty() && !text.starts_with("sqlite:");
                Some(ShownSetting {
                    name: key.name,
                    value: if hidden { "(hidden)" } else { text }.to_owned(),
                    source: value.source.clone(),
                })
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_secret_is_shown_wherever_it_came_from() {
        let mut layers = Layers::defaults();
        let folder = std::env::temp_dir().join(format!("tallyship-{}", uuid::Uuid::now_v7()));
        std::fs::write(&folder, "hunter2-in-a-file\n").expect("a file");
        for key in keys().filter(|key| key.secret) {
            layers
                .set(
                    key.name,
                    "postgres://u:hunter2@db/x?password=hunter2",
                    "a test",
                )
                .expect("known");
            let shown = format!("{:?}", layers.shown());
            assert!(!shown.contains("hunter2"), "{}: {shown}", key.name);
            // Each secret can be a file, and the file's name is its source.
            let path = folder.display().to_string();
            layers
                .set(&format!("{}_file", key.name), &path, "a test")
                .expect("read from its file");
            assert_eq!(layers.text(key.name), "hunter2-in-a-file");
            let shown = format!("{:?}", layers.shown());
            assert!(
                !shown.contains("hunter2") && shown.contains(&path),
                "{shown}"
            );
        }
        std::fs::remove_file(folder).expect("cleans up");
        let plain = Layers::defaults().shown();
        assert_eq!(plain.len(), keys().count());
        assert!(
            plain
                .iter()
                .any(|setting| setting.value == "sqlite://data/tallyship.db")
        );
    }
}
