//! Every link within the documents leads somewhere: to a file that is there, and to a heading that it has.

#![expect(clippy::expect_used, reason = "a test may fail loudly")]

use std::fs;
use std::path::{Path, PathBuf};

/// Folders that hold documents of ours.
const FOLDERS: &[&str] = &[
    "docs",
    "examples",
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

#[test]
fn what_is_no_link_or_heading_is_not_taken_for_one() {
    let text = "# A: b, c\n[x](y.md#z) `a`\n```sh\n# no heading\n[n](o)\n```\n## Two words\n";
    assert_eq!(targets(text), ["y.md#z"]);
    assert_eq!(anchors(text), ["a-b-c", "two-words"]);
}
