//! Holds the architecture of `src/lib.rs`: imports run downward only and never in a circle, each crate is used only where
//! it belongs, and every file says what it is and stays short. It reads the code's paths (`syn`), not its text.

#![expect(clippy::expect_used, reason = "a test may fail loudly")]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use syn::visit::{self, Visit};

mod circles;
mod locks;

/// The modules, lowest first. A module imports only from those before it.
const LAYERS: &[&str] = &[
    "domain",
    "config",
    "http",
    "infra",
    "auth",
    "tallies",
    "rate_limit",
    "abuse",
    "voting",
    "catalog",
    "moderation",
    "detection",
    "webhooks",
    "maintenance",
    "transparency",
    "web",
    "server",
    "cli",
];

/// Which files, by their ending, or folders may use a crate.
const CRATE_USERS: &[(&str, &[&str])] = &[
    (
        "actix_web",
        &[
            "/routes.rs",
            "_routes.rs",
            "auth/authenticate.rs",
            "auth/staff.rs",
            "rate_limit/rate_limiter.rs",
            "rate_limit/headers.rs",
            "http/",
            "infra/db/pool.rs",
            "server/",
            "web/",
            "cli/",
        ],
    ),
    (
        "diesel",
        &[
            "/store.rs",
            "/sqlite.rs",
            "/postgres.rs",
            "voting/writer/",
            "maintenance/import/lock_fairness.rs",
            "maintenance/import/rollup.rs",
            "voting/ledger/",
            "voting/batch.rs",
            "voting/postgres/",
            "voting/sqlite/",
            "auth/audit/",
            "moderation/removals/commit/",
            "moderation/removals/store/",
            "moderation/bans/ended.rs",
            "cli/simulate/mod.rs",
            "maintenance/retention.rs",
            "detection/worker/",
            "abuse/mod.rs",
            "voting/exclusions/",
            "maintenance/network_expiry/",
            "auth/network/daily_keys/",
            "maintenance/verify/",
            "infra/db/",
            "maintenance/backup/",
            "catalog/edit.rs",
            "maintenance/db_sync.rs",
            "catalog/views/history/mod.rs",
            "maintenance/export/mod.rs",
            "maintenance/import/mod.rs",
            "auth/denylist.rs",
            "auth/secret.rs",
            "auth/staff.rs",
            "transparency/keys.rs",
            "transparency/store/",
            "transparency/worker/",
            "server/mod.rs",
            "cli/mod.rs",
        ],
    ),
    (
        "redis",
        &[
            "infra/redis/",
            "rate_limit/redis.rs",
            "tallies/stream/relay/redis.rs",
        ],
    ),
];

const MAX_FILE_LINES: usize = 500;
const MAX_FUNCTION_LINES: usize = 70;

/// Functions that are longer still. This list only gets shorter.
const LONG_FUNCTIONS: &[&str] = &[
    "auth/network/mod.rs: fn the_walk_is_from_the_right_and_stops_at_the_first_untrusted",
    "detection/store.rs: fn keep",
    "infra/telemetry/describe.rs: fn describe",
    "moderation/removals/commit/mod.rs: fn bring",
    "moderation/removals/commit/revert.rs: fn take_back",
    "server/app_state.rs: fn new",
    "server/mod.rs: fn run",
    "server/moderation_routes.rs: fn configure",
    "server/wiring.rs: fn new",
    "voting/apply/claims.rs: fn claims_end_where_one_by_one_would",
    "voting/apply/mod.rs: fn fold",
    "web/openapi/api/votes.rs: fn operations",
];

fn layer(module: &str) -> Option<usize> {
    LAYERS.iter().position(|name| *name == module)
}

/// The module that a file below `src/` is: `voting/apply/mod.rs` is `voting::apply`.
fn module_of(file: &str) -> Vec<String> {
    let mut path: Vec<String> = file
        .trim_end_matches(".rs")
        .split('/')
        .map(str::to_owned)
        .collect();
    if matches!(
        path.last().map(String::as_str),
        Some("mod" | "lib" | "main")
    ) {
        path.pop();
    }
    path
}

/// The absolute paths of a file that begin at `crate` or `super`, and the first segment of every other path. Code for
/// tests is left out.
struct Paths {
    module: Vec<String>,
    own: BTreeSet<Vec<String>>,
    foreign: BTreeSet<String>,
}

impl Paths {
    fn of(module: Vec<String>, file: &syn::File) -> Self {
        let mut paths = Self {
            module,
            own: BTreeSet::new(),
            foreign: BTreeSet::new(),
        };
        paths.visit_file(file);
        paths
    }

    fn add(&mut self, segments: &[String]) {
        let supers = segments.iter().take_while(|name| *name == "super").count();
        match segments {
            [first, rest @ ..] if first == "crate" => {
                self.own.insert(rest.to_vec());
            }
            [first, ..] if first == "super" => {
                let above = self.module.len().saturating_sub(supers);
                let base = self.module.iter().take(above);
                let rest = segments.iter().skip(supers);
                self.own.insert(base.chain(rest).cloned().collect());
            }
            [first, ..] => {
                self.foreign.insert(first.clone());
            }
            [] => {}
        }
    }

    fn add_tree(&mut self, before: &[String], tree: &syn::UseTree) {
        let with = |name: &syn::Ident| [before, &[name.to_string()]].concat();
        match tree {
            syn::UseTree::Path(path) => self.add_tree(&with(&path.ident), &path.tree),
            syn::UseTree::Name(name) => self.add(&with(&name.ident)),
            syn::UseTree::Rename(rename) => self.add(&with(&rename.ident)),
            syn::UseTree::Glob(_) => self.add(before),
            syn::UseTree::Group(group) => {
                for item in &group.items {
                    self.add_tree(before, item);
                }
            }
        }
    }
}

fn is_for_tests(attributes: &[syn::Attribute]) -> bool {
    attributes.iter().any(|attribute| {
        attribute.path().is_ident("cfg")
            && attribute
                .parse_args::<syn::Ident>()
                .is_ok_and(|name| name == "test")
    })
}

impl<'ast> Visit<'ast> for Paths {
    fn visit_item_mod(&mut self, item: &'ast syn::ItemMod) {
        if is_for_tests(&item.attrs) {
            return;
        }
        self.module.push(item.ident.to_string());
        visit::visit_item_mod(self, item);
        self.module.pop();
    }

    fn visit_item_use(&mut self, item: &'ast syn::ItemUse) {
        self.add_tree(&[], &item.tree);
    }

    fn visit_path(&mut self, path: &'ast syn::Path) {
        if path.segments.len() > 1 {
            let segments: Vec<String> = path
                .segments
                .iter()
                .map(|segment| segment.ident.to_string())
                .collect();
            self.add(&segments);
        }
        visit::visit_path(self, path);
    }
}

/// Functions of more than [`MAX_FUNCTION_LINES`] lines. It relies on the indentation that rustfmt gives.
fn long_functions(text: &str) -> Vec<String> {
    let lines: Vec<&str> = text.lines().collect();
    let mut found = Vec::new();
    for (start, line) in lines.iter().enumerate() {
        let code = line.trim_start();
        let indent = line.len() - code.len();
        let Some(name) = function_name(code) else {
            continue;
        };
        let end = format!("{}}}", " ".repeat(indent));
        let length = lines
            .iter()
            .skip(start)
            .position(|line| **line == end)
            .map_or(1, |last| last + 1);
        if !code.ends_with(';') && !code.ends_with('}') && length > MAX_FUNCTION_LINES {
            found.push(format!("fn {name}: {length} lines"));
        }
    }
    found
}

fn function_name(code: &str) -> Option<&str> {
    let at = if code.starts_with("fn ") {
        0
    } else {
        code.find(" fn ")? + 1
    };
    let before = code.get(..at)?;
    let qualifiers = before.split_whitespace().all(|word| {
        word.starts_with("pub") || matches!(word, "const" | "async" | "in" | "super)" | "crate)")
    });
    if !qualifiers {
        return None;
    }
    code.get(at + 3..)?.split(['(', '<']).next()
}

/// What is wrong with one file, given its path below `src/`.
fn faults(file: &str, text: &str) -> Vec<String> {
    let mut faults = Vec::new();
    if !text.starts_with("//!") {
        faults.push(format!("{file}: does not begin with //!"));
    }
    let lines = text.lines().count();
    if lines > MAX_FILE_LINES {
        faults.push(format!(
            "{file}: {lines} lines; is there a second subject in it?"
        ));
    }
    faults.extend(
        long_functions(text)
            .iter()
            .map(|long| format!("{file}: {long}"))
            .filter(|long| !LONG_FUNCTIONS.iter().any(|known| long.starts_with(known))),
    );
    let Ok(parsed) = syn::parse_file(text) else {
        return vec![format!("{file}: cannot be parsed")];
    };
    let module = module_of(file);
    let Some(top) = module.first() else {
        return faults;
    };
    let Some(own) = layer(top) else {
        faults.push(format!("{file}: the module {top} is not in LAYERS"));
        return faults;
    };
    let paths = Paths::of(module.clone(), &parsed);
    for path in &paths.own {
        let Some(target) = path.first().filter(|target| *target != top) else {
            continue;
        };
        if layer(target).is_none_or(|theirs| theirs >= own) {
            faults.push(format!(
                "{file}: imports upward, crate::{}",
                path.join("::")
            ));
        }
    }
    for (name, users) in CRATE_USERS {
        let may = users
            .iter()
            .any(|user| file.ends_with(user) || (user.ends_with('/') && file.starts_with(user)));
        if paths.foreign.contains(*name) && !may {
            faults.push(format!("{file}: may not use the crate {name}"));
        }
    }
    faults
}

fn collect_sources(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder)
        .expect("a folder of src")
        .map(|entry| entry.expect("an entry").path())
    {
        if entry.is_dir() {
            collect_sources(&entry, found);
        } else if entry.extension().is_some_and(|ending| ending == "rs") {
            found.push(entry);
        }
    }
}

/// Every file of `src`: its path below it, and its text.
fn sources() -> Vec<(String, String)> {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut paths = Vec::new();
    collect_sources(&src, &mut paths);
    assert!(paths.len() > 30, "only {} files were found", paths.len());
    paths
        .iter()
        .map(|path| {
            let name = path.strip_prefix(&src).expect("below src");
            let text = fs::read_to_string(path).expect("readable");
            (name.display().to_string(), text)
        })
        .collect()
}

#[test]
fn every_file_keeps_the_architecture() {
    let faults: Vec<String> = sources()
        .iter()
        .flat_map(|(file, text)| faults(file, text))
        .collect();
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

/// The twin: what is forbidden is found, and what is allowed is not.
#[test]
fn a_broken_architecture_is_found() {
    let found = |file: &str, text: &str| faults(file, &format!("//! A file.\n{text}")).len();
    assert_eq!(
        found("tallies/x.rs", "use crate::voting::VoteCommand;"),
        1,
        "upward"
    );
    assert_eq!(
        found("tallies/x.rs", "use crate::{infra, rate_limit::Policy};"),
        1,
        "upward, in a group"
    );
    assert_eq!(
        found("tallies/x.rs", "fn f() { crate::server::run(); }"),
        1,
        "inline"
    );
    assert_eq!(
        found("voting/x.rs", "use crate::tallies::Tally;"),
        0,
        "downward"
    );
    assert_eq!(
        found("tallies/x.rs", "use diesel::prelude::*;"),
        1,
        "a crate of other modules"
    );
    assert_eq!(found("attic/x.rs", ""), 1, "a module that is in no layer");
    assert_eq!(faults("tallies/x.rs", "use std::fmt;").len(), 1, "no //!");
    let long = format!(
        "pub fn f() {{\n{}}}\n",
        "    g();\n".repeat(MAX_FUNCTION_LINES)
    );
    assert_eq!(found("tallies/x.rs", &long), 1, "a long function");
}
