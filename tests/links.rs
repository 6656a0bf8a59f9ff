//! Every link within the documents leads somewhere: to a file that is there, and to a heading that it has.

#![expect(clippy::expect_used, reason = "a test may fail loudly")]

use std::fs;
use std::path::{Path, PathBuf};

/// Folders that hold documents of ours.
const FOLDERS: &[&str] = &[
    "docs",
    "docs/decisions",
    "examples",
    "clients/react",
    "clients/typescript",
    "clients/widget",
    "deploy",
];

fn documents(root: &Path) -> Vec<PathBuf> {
    let of = |folder: &Path| -> Vec<PathBuf> {
        let entries = fs::read_dir(folder).expect("a folder of documents");
        let paths = entries.map(|entry| entry.expect("an entry").path());
        paths
            .filter(|path| path.extension().is_some_and(|ending| ending == "md"))
            .collect()
    };
    let mut found = of(root);
    for folder in FOLDERS {
        found.extend(of(&root.join(folder)));
    }
    found
}

/// A document without its examples of code.
fn prose(text: &str) -> String {
    text.split("```").step_by(2).collect()
}

/// What `[…](TARGET)` names in a document.
fn targets(text: &str) -> Vec<String> {
    let prose = prose(text);
    let ends = prose.split("](").skip(1);
    ends.filter_map(|rest| rest.split(')').next().map(str::to_owned))
        .collect()
}

/// A heading's anchor, as the usual renderers make it.
fn anchor(heading: &str) -> String {
    heading
        .trim()
        .to_lowercase()
        .chars()
        .filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_'))
        .map(|c| if c == ' ' { '-' } else { c })
        .collect()
}

fn anchors(text: &str) -> Vec<String> {
    let prose = prose(text);
    let headings = prose.lines().filter(|line| line.starts_with('#'));
    headings
        .map(|line| anchor(line.trim_start_matches('#')))
        .collect()
}

#[test]
fn every_link_leads_somewhere() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut seen = 0;
    for document in documents(root) {
        let text = fs::read_to_string(&document).expect("a document");
        for target in targets(&text) {
            if target.contains("://") {
                continue;
            }
            seen += 1;
            let (file, heading) = target.split_once('#').unwrap_or((&target, ""));
            let place = if file.is_empty() {
                document.clone()
            } else {
                document.with_file_name(file)
            };
            let from = document.display();
            assert!(place.exists(), "{from}: {target} is not there");
            if !heading.is_empty() {
                let there = anchors(&fs::read_to_string(&place).expect("a document"));
                let found = there.iter().any(|anchor| anchor == heading);
                assert!(found, "{from}: {target} is none of {there:?}");
            }
        }
    }
    assert!(seen > 30, "only {seen} links were found");
}

/// Paths of the project that a document names in backticks: `src/lib.rs`, `votes/answers.rs` below `src`.
fn paths(text: &str) -> Vec<String> {
    let prose = prose(text);
    let quoted = prose.split('`').skip(1).step_by(2);
    let is_path = |word: &&str| {
        let plain = |c: char| c.is_ascii_alphanumeric() || "._-/".contains(c);
        let ours = ["src/", "tests/", "docs/", "deploy/", "benches/", "config/"];
        word.contains('/')
            && word.chars().all(plain)
            && (ours.iter().any(|folder| word.starts_with(folder)) || is_source(word))
    };
    quoted.filter(is_path).map(str::to_owned).collect()
}

fn is_source(word: &str) -> bool {
    Path::new(word).extension().is_some_and(|end| end == "rs")
}

/// What a walkthrough makes up, and what a release makes.
const EXAMPLES: &[&str] = &["src/mutes/mod.rs", "src/web/embed/released"];

#[test]
fn every_path_that_is_named_is_there() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let (mut seen, mut missing) = (0, Vec::new());
    for document in documents(root) {
        let text = fs::read_to_string(&document).expect("a document");
        for path in paths(&text) {
            seen += 1;
            let beside = document.with_file_name(&path);
            let there = [root.join(&path), root.join("src").join(&path), beside];
            let there = there.iter().any(|place| place.exists());
            if !there && !EXAMPLES.contains(&path.as_str()) {
                missing.push(format!("{}: {path}", document.display()));
            }
        }
    }
    assert!(missing.is_empty(), "there is no {missing:#?}");
    assert!(seen > 60, "only {seen} paths were found");
}

#[test]
fn what_is_no_path_is_not_taken_for_one() {
    let text = "`src/a.rs` `b/c.rs` `d.rs` src/e.rs `/v1/tools` `tests/f g`\n```sh\n`src/h.rs`\n```\n`benches/run`";
    assert_eq!(paths(text), ["src/a.rs", "b/c.rs", "benches/run"]);
}

#[test]
fn what_is_no_link_or_heading_is_not_taken_for_one() {
    let text = "# A: b, c\n[x](y.md#z) `a`\n```sh\n# no heading\n[n](o)\n```\n## Two words\n";
    assert_eq!(targets(text), ["y.md#z"]);
    assert_eq!(anchors(text), ["a-b-c", "two-words"]);
}
