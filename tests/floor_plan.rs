//! Holds the floor plan of `src/lib.rs`: imports run down only, each crate is spoken to from its own rooms, every file
//! says what it is and stays short. It reads the code's paths (`syn`), not its text.

#![expect(clippy::expect_used, reason = "a test may fail loudly")]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use syn::visit::{self, Visit};

const GROUND: u8 = 0;
const ROOF: u8 = 9;

/// Each room's floor. Rooms on one floor do not know each other, except on the ground and the roof.
const ROOMS: &[(&str, u8)] = &[
    ("callers", GROUND),
    ("db", GROUND),
    ("front", GROUND),
    ("problem", GROUND),
    ("redis", GROUND),
    ("request", GROUND),
    ("settings", GROUND),
    ("telemetry", GROUND),
    ("vocabulary", GROUND),
    ("audit", 1),
    ("catalog", 1),
    ("identity", 1),
    ("limiter", 2),
    ("tallies", 2),
    ("standing", 3),
    ("live", 3),
    ("votes", 4),
    ("moderation", 5),
    ("replay", 6),
    ("verdicts", 6),
    ("commands", ROOF),
    ("dashboard", ROOF),
    ("docs", ROOF),
    ("embed", ROOF),
    ("pages", ROOF),
    ("server", ROOF),
];

/// Who may speak to which crate: file endings or whole rooms.
const SPEAKERS: &[(&str, &[&str])] = &[
    (
        "actix_web",
        &[
            "/routes.rs",
            "identity/caller.rs",
            "identity/staff.rs",
            "limiter/permit.rs",
            "limiter/headers.rs",
            "problem/mod.rs",
            "request/",
            "db/pool.rs",
            "server/",
            "dashboard/",
            "pages/",
            "commands/",
        ],
    ),
    (
        "diesel",
        &[
            "/store.rs",
            "/sqlite.rs",
            "/postgres.rs",
            "votes/writer/",
            "votes/import/turns.rs",
            "votes/import/hours.rs",
            "votes/entries/stream.rs",
            "votes/ledger.rs",
            "votes/postgres/",
            "votes/sqlite/",
            "audit/",
            "moderation/flip/",
            "moderation/store/",
            "moderation/bans/ended.rs",
            "replay/mod.rs",
            "server/retention.rs",
            "moderation/detector/run/",
            "standing/mod.rs",
            "votes/marks/",
            "votes/forget/",
            "identity/days/",
            "votes/recount/",
            "db/",
            "verdicts/edit.rs",
            "verdicts/follow.rs",
            "verdicts/history/mod.rs",
            "votes/export/mod.rs",
            "votes/import/mod.rs",
            "identity/erased.rs",
            "identity/secret.rs",
            "identity/staff.rs",
            "server/mod.rs",
            "commands/mod.rs",
        ],
    ),
    (
        "redis",
        &["redis/", "limiter/redis.rs", "live/relay/redis.rs"],
    ),
];

const MOST_LINES: usize = 300;

fn floor(room: &str) -> Option<u8> {
    ROOMS
        .iter()
        .find(|(name, _)| *name == room)
        .map(|(_, floor)| *floor)
}

/// The first two segments of every path that begins at `crate`, and the first of every other.
#[derive(Default)]
struct Paths {
    ours: BTreeSet<Vec<String>>,
    theirs: BTreeSet<String>,
}

impl Paths {
    fn take(&mut self, segments: &[String]) {
        match segments {
            [first, rest @ ..] if first == "crate" => {
                self.ours.insert(rest.iter().take(3).cloned().collect());
            }
            [first, ..] => {
                self.theirs.insert(first.clone());
            }
            [] => {}
        }
    }

    fn tree(&mut self, before: &[String], tree: &syn::UseTree) {
        let with = |name: &syn::Ident| [before, &[name.to_string()]].concat();
        match tree {
            syn::UseTree::Path(path) => self.tree(&with(&path.ident), &path.tree),
            syn::UseTree::Name(name) => self.take(&with(&name.ident)),
            syn::UseTree::Rename(rename) => self.take(&with(&rename.ident)),
            syn::UseTree::Glob(_) => self.take(before),
            syn::UseTree::Group(group) => {
                group.items.iter().for_each(|item| self.tree(before, item));
            }
        }
    }
}

impl<'ast> Visit<'ast> for Paths {
    fn visit_item_use(&mut self, item: &'ast syn::ItemUse) {
        self.tree(&[], &item.tree);
    }

    fn visit_path(&mut self, path: &'ast syn::Path) {
        if path.segments.len() > 1 {
            let segments: Vec<String> = path
                .segments
                .iter()
                .map(|segment| segment.ident.to_string())
                .collect();
            self.take(&segments);
        }
        visit::visit_path(self, path);
    }
}

/// What is wrong with one file, given its path below `src/`.
fn faults(file: &str, text: &str) -> Vec<String> {
    let mut faults = Vec::new();
    if !text.starts_with("//!") {
        faults.push(format!("{file}: does not open with //!"));
    }
    let lines = text.lines().count();
    if lines > MOST_LINES {
        faults.push(format!(
            "{file}: {lines} lines; what second thing moved in?"
        ));
    }
    let Ok(parsed) = syn::parse_file(text) else {
        return vec![format!("{file}: cannot be parsed")];
    };
    let room = file
        .split('/')
        .next()
        .unwrap_or(file)
        .trim_end_matches(".rs");
    if matches!(room, "lib" | "main") {
        return faults;
    }
    let Some(own) = floor(room) else {
        faults.push(format!("{file}: the room {room} is not on the plan"));
        return faults;
    };
    let mut paths = Paths::default();
    paths.visit_file(&parsed);
    for path in &paths.ours {
        let Some(target) = path.first().filter(|target| *target != room) else {
            continue;
        };
        let extractor = matches!(path.as_slice(), [a, b, ..] if a == "limiter" && b == "permit")
            || matches!(path.as_slice(), [a, b, ..] if a == "standing" && b == "challenge")
            || target == "identity";
        let excused = file.ends_with("/routes.rs") && extractor;
        let down = match floor(target) {
            Some(theirs) => theirs < own || (theirs == own && (own == GROUND || own == ROOF)),
            None => false,
        };
        if !down && !excused {
            faults.push(format!(
                "{file}: looks up or sideways to crate::{}",
                path.join("::")
            ));
        }
    }
    for (name, speakers) in SPEAKERS {
        let may = speakers.iter().any(|speaker| {
            file.ends_with(speaker) || (speaker.ends_with('/') && file.starts_with(speaker))
        });
        if paths.theirs.contains(*name) && !may {
            faults.push(format!(
                "{file}: speaks to {name}, which is not for this room"
            ));
        }
    }
    faults
}

fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder)
        .expect("a folder of src")
        .map(|entry| entry.expect("an entry").path())
    {
        if entry.is_dir() {
            sources(&entry, found);
        } else if entry.extension().is_some_and(|ending| ending == "rs") {
            found.push(entry);
        }
    }
}

#[test]
fn imports_run_down_only() {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = Vec::new();
    sources(&src, &mut files);
    assert!(files.len() > 30, "only {} files were found", files.len());
    let faults: Vec<String> = files
        .iter()
        .flat_map(|path| {
            let name = path
                .strip_prefix(&src)
                .expect("below src")
                .display()
                .to_string();
            faults(&name, &fs::read_to_string(path).expect("readable"))
        })
        .collect();
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

/// The twin: what is forbidden is found, and what is allowed is not.
#[test]
fn a_broken_plan_is_found() {
    let found = |file: &str, text: &str| faults(file, &format!("//! A file.\n{text}")).len();
    assert_eq!(
        found("tallies/x.rs", "use crate::votes::Wish;"),
        1,
        "upward"
    );
    assert_eq!(
        found("tallies/x.rs", "use crate::{db, limiter::Policy};"),
        1,
        "sideways, in a group"
    );
    assert_eq!(
        found("tallies/x.rs", "fn f() { crate::server::run(); }"),
        1,
        "inline"
    );
    assert_eq!(
        found("votes/x.rs", "use crate::tallies::Tally;"),
        0,
        "downward"
    );
    assert_eq!(
        found("identity/routes.rs", "use crate::limiter::permit::Doors;"),
        0,
        "the one exception"
    );
    assert_eq!(
        found("identity/routes.rs", "use crate::standing::Bans;"),
        1,
        "which is for what a call must pass"
    );
    assert_eq!(
        found("identity/x.rs", "use crate::limiter::permit::Doors;"),
        1,
        "which is for routes only"
    );
    assert_eq!(
        found("tallies/x.rs", "use diesel::prelude::*;"),
        1,
        "a crate of another room"
    );
    assert_eq!(found("attic/x.rs", ""), 1, "a room that is not on the plan");
    assert_eq!(faults("tallies/x.rs", "use std::fmt;").len(), 1, "no //!");
}
