//! Holds what all other tests have seen against the API's document: each documented status of each operation was seen, and
//! no other; the same for the codes of problems.
//!
//! Run by `tests/all` after them (`cargo test --test seen`); the notes are `tests/harness/seen.rs`'s. To begin anew, remove
//! the folder `seen` below cargo's `tmp`.

#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a test may fail loudly"
)]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use serde_json::Value;

/// One kind of answer: status, and code where it is a problem.
type Kind = (u16, String);
/// Kinds of answers by operation: method and path.
type Kinds = BTreeMap<(String, String), BTreeSet<Kind>>;

fn documented() -> Kinds {
    let document = serde_json::to_value(tallyship::web::openapi::document()).expect("JSON");
    let mut kinds = Kinds::new();
    for (path, item) in document["paths"].as_object().expect("paths") {
        for (method, operation) in item.as_object().expect("a path item") {
            let answers = operation["responses"].as_object().expect("responses");
            let of_operation = answers
                .iter()
                .flat_map(|(status, answer)| {
                    let status: u16 = status.parse().expect("a status");
                    codes(&document, answer)
                        .into_iter()
                        .map(move |code| (status, code))
                })
                .collect();
            kinds.insert((method.to_uppercase(), path.clone()), of_operation);
        }
    }
    kinds
}

/// The codes that a response names: for one that comes as a page only `page`, for one that is no problem the empty one.
fn codes(document: &Value, response: &Value) -> Vec<String> {
    let Some(target) = response["$ref"].as_str() else {
        return vec![String::new()];
    };
    let response = document
        .pointer(target.trim_start_matches('#'))
        .expect("the response");
    if response["x-codes"].is_array() {
        return vec!["page".to_owned()];
    }
    let schema = &response["content"]["application/problem+json"]["schema"];
    let codes = schema["allOf"][1]["properties"]["code"]["enum"].as_array();
    let codes = codes.expect("codes").iter();
    let page = response["content"]["text/html"].is_object();
    codes
        .map(|code| code.as_str().expect("text").to_owned())
        .chain(page.then(|| "page".to_owned()))
        .collect()
}

/// The document's path that a concrete one is an instance of: where several fit, the one with the most literal parts.
fn template<'a>(paths: &BTreeSet<&'a str>, concrete: &str) -> Option<&'a str> {
    // A slug has no ending: with one it is a file, and of those the document names the one that sites load.
    let file = concrete.strip_prefix("/embed/").map(Path::new);
    if file.is_some_and(|file| file.extension().is_some()) {
        return paths.get("/embed/tallyship.js").copied();
    }
    // A partial tile has one part more than its template.
    let concrete = concrete.split(".p/").next().unwrap_or(concrete);
    let parts: Vec<&str> = concrete.split('/').collect();
    let fits = |path: &&&str| {
        let wanted: Vec<&str> = path.split('/').collect();
        wanted.len() == parts.len()
            && wanted
                .iter()
                .zip(&parts)
                .all(|(w, part)| part_fits(w, part))
    };
    let literal = |path: &&&str| path.split('/').filter(|part| !part.contains('{')).count();
    paths.iter().filter(fits).max_by_key(literal).copied()
}

fn part_fits(wanted: &str, part: &str) -> bool {
    match (wanted.split_once('{'), wanted.split_once('}')) {
        (Some((before, _)), Some((_, after))) => part
            .strip_prefix(before)
            .and_then(|rest| rest.strip_suffix(after))
            .is_some_and(|inner| !inner.is_empty()),
        _ => wanted == part,
    }
}

/// What is wrong with these notes (lines of method, path, status and code).
fn faults<'a>(documented: &Kinds, notes: impl Iterator<Item = &'a str>) -> BTreeSet<String> {
    let paths: BTreeSet<&str> = documented.keys().map(|(_, path)| path.as_str()).collect();
    let (mut seen, mut faults) = (Kinds::new(), BTreeSet::new());
    for line in notes {
        let fields: Vec<&str> = line.split('\t').collect();
        let [method, concrete, status, code] = fields.as_slice() else {
            faults.insert(format!("a note that cannot be read: {line:?}"));
            continue;
        };
        let kind: Kind = (status.parse().unwrap_or_default(), (*code).to_owned());
        let path = template(&paths, concrete);
        // HEAD is answered as GET is, but without the body: of a refusal its status alone can be seen.
        let (method, blind) = match *method {
            "HEAD" => ("GET", true),
            method => (method, false),
        };
        let operation = path
            .map(|path| (method.to_owned(), path.to_owned()))
            .filter(|operation| documented.contains_key(operation));
        let expected = match &operation {
            Some(operation) if blind => documented[operation].iter().any(|known| known.0 == kind.0),
            Some(operation) => documented[operation].contains(&kind),
            None if method == "OPTIONS" && kind.0 == 204 => true,
            None if path.is_some() => kind.0 == 405,
            None => kind.0 == 404,
        };
        if !expected {
            faults.insert(format!("not in the document: {line}"));
        }
        if let Some(operation) = operation {
            seen.entry(operation).or_default().insert(kind);
        }
    }
    for (operation, kinds) in documented {
        let nothing = BTreeSet::new();
        for kind in kinds.difference(seen.get(operation).unwrap_or(&nothing)) {
            let ((method, path), (status, code)) = (operation, kind);
            if !is_excused(kinds, kind) && !is_a_race(method, path, *status) {
                faults.insert(format!("never seen: {method} {path} {status} {code}"));
            }
        }
    }
    faults
}

/// A refusal that a browser alone sees as a page is the same refusal. And the writer's queue does not fill from outside within
/// the time in which its votes are answered: `overloaded` has a unit test, beside the `unavailable` that is seen.
fn is_excused(kinds: &BTreeSet<Kind>, (status, code): &Kind) -> bool {
    let another = |kind: &Kind| kind.0 == *status && kind.1 != *code;
    (code == "page" && kinds.iter().any(another))
        || (code == "overloaded" && kinds.contains(&(503, "unavailable".to_owned())))
}

/// A period is excluded whatever else goes on: only other acts in between, in each of several tries, make it a conflict.
fn is_a_race(method: &str, path: &str, status: u16) -> bool {
    let excludes = ["/v1/moderation/periods", "/moderation/periods"].contains(&path);
    excludes && (method, status) == ("POST", 409)
}

#[test]
fn each_documented_answer_was_seen_and_no_other() {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("seen");
    let files = fs::read_dir(&folder).expect("the notes of other tests; run them first");
    let notes: String = files
        .map(|entry| fs::read_to_string(entry.expect("an entry").path()).expect("notes"))
        .collect();
    let faults = faults(&documented(), notes.lines());
    let list: Vec<String> = faults.into_iter().collect();
    assert!(list.is_empty(), "\n{}", list.join("\n"));
}

/// The twin: what is missing is found, and what is too much.
#[test]
fn what_differs_is_found() {
    let path = "/v1/tools/{slug}/tally".to_owned();
    let kinds = [(200, String::new()), (404, "unknown-tool".to_owned())];
    let documented = Kinds::from([(("GET".to_owned(), path), kinds.into_iter().collect())]);
    let found = |lines: &[&str]| faults(&documented, lines.iter().copied()).len();
    let (good, unknown) = (
        "GET\t/v1/tools/a/tally\t200\t",
        "GET\t/v1/tools/b/tally\t404\tunknown-tool",
    );
    assert_eq!(found(&[good, unknown]), 0);
    assert_eq!(
        found(&[
            good,
            unknown,
            "PUT\t/v1/tools/a/tally\t405\tmethod-not-allowed",
            "GET\t/x\t404\tnot-found"
        ]),
        0
    );
    assert_eq!(found(&[good]), 1, "one was never seen");
    assert_eq!(
        found(&[good, unknown, "GET\t/v1/tools/a/tally\t503\tunavailable"]),
        1,
        "a status too much"
    );
    assert_eq!(
        found(&[good, unknown, "GET\t/v1/tools/a/tally\t404\tnot-found"]),
        1,
        "a code too much"
    );
    assert_eq!(
        found(&[
            good,
            unknown,
            "PUT\t/v1/tools/a/tally\t200\t",
            "GET\t/x\t200\t"
        ]),
        2,
        "answers from nowhere"
    );
}
