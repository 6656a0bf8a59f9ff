//! Both databases have the same migrations, each with its way back.

#![expect(clippy::expect_used, reason = "a test may fail loudly")]

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

fn names(database: &str) -> BTreeSet<String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("migrations")
        .join(database);
    fs::read_dir(folder)
        .expect("a folder of migrations")
        .map(|entry| entry.expect("an entry").path())
        .inspect(|path| {
            for file in ["up.sql", "down.sql"] {
                assert!(path.join(file).exists(), "{} lacks {file}", path.display());
            }
        })
        .map(|path| {
            path.file_name()
                .expect("a name")
                .to_string_lossy()
                .into_owned()
        })
        .collect()
}

#[test]
fn both_databases_have_the_same_steps() {
    let sqlite = names("sqlite");
    assert!(!sqlite.is_empty());
    assert_eq!(sqlite, names("postgres"));
}
