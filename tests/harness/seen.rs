//! A note of every kind of answer that tests have seen: method, path, status, and of a refusal its `code`, or `page` where
//! it is one.
//!
//! `client` writes it, a file for each test process below cargo's folder for such things; `tests/seen.rs` holds the notes
//! of all against the API's document.
use super::client::Answer;
use reqwest::Method;
use std::collections::BTreeSet;
use std::fs::{File, OpenOptions};
use std::io::Write;
use std::path::Path;
use std::sync::{LazyLock, Mutex, PoisonError};

struct Notes {
    known: BTreeSet<String>,
    file: File,
}

static NOTES: LazyLock<Mutex<Notes>> = LazyLock::new(|| {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("seen");
    std::fs::create_dir_all(&folder).expect("the folder of the notes");
    let name = format!("{}-{}", env!("CARGO_CRATE_NAME"), std::process::id());
    let file = OpenOptions::new()
        .create(true)
        .append(true)
        .open(folder.join(name))
        .expect("the notes of this process");
    Mutex::new(Notes {
        known: BTreeSet::new(),
        file,
    })
});

/// Notes an answer; `path` may have a query.
pub fn note(method: &Method, path: &str, answer: &Answer) {
    let path = path.split('?').next().unwrap_or(path);
    let (status, code) = answer.kind();
    let line = format!("{method}\t{path}\t{status}\t{code}\n");
    let mut notes = NOTES.lock().unwrap_or_else(PoisonError::into_inner);
    if !notes.known.contains(&line) {
        // One write a line: tests run side by side.
        notes.file.write_all(line.as_bytes()).expect("a note");
        notes.known.insert(line);
    }
}
