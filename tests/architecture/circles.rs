//! No circles: the children of a module import each other in one direction.

use std::collections::{BTreeMap, BTreeSet};

use crate::{Paths, module_of, sources};

/// Circles of imports that are left inside modules. This list only gets shorter.
const CIRCLES: &[&str] = &[
    "auth: authenticate -> users -> name -> store -> staff -> authenticate",
    "auth: keys -> network -> keys",
    "auth: staff -> store -> staff",
    "detection: memory -> window_scan -> memory",
    "moderation: insights -> removals -> insights",
    "moderation::insights: clusters -> store -> clusters",
    "moderation::insights: feed -> store -> feed",
    "moderation::removals: commit -> resets -> prepare -> commit",
    "moderation::removals: prepare -> resets -> prepare",
    "server: app_state -> wiring -> routes -> app_state",
    "tallies: batch_cache -> routes -> batch_cache",
    "tallies: cache -> render -> cache",
    "tallies::stream: broadcaster -> fanout -> broadcaster",
    "tallies::stream: fanout_pass -> subscriber -> fanout_pass",
    "voting: batch -> postgres -> batch",
    "web::admin: resets -> undo -> resets",
    "web::openapi: operation -> problems -> operation",
];

/// Circles of imports between the children of one module, such as `a -> b -> a`. A child may use its parent, which names it.
fn cycles(files: &[(String, String)]) -> Vec<String> {
    let mut edges: BTreeMap<Vec<String>, BTreeMap<String, BTreeSet<String>>> = BTreeMap::new();
    let modules: BTreeSet<Vec<String>> = files.iter().map(|(file, _)| module_of(file)).collect();
    for (file, text) in files {
        let module = module_of(file);
        let Ok(parsed) = syn::parse_file(text) else {
            continue;
        };
        for path in Paths::of(module.clone(), &parsed).own {
            let shared = module
                .iter()
                .zip(&path)
                .take_while(|(mine, theirs)| mine == theirs)
                .count();
            let (Some(from), Some(to)) = (module.get(shared), path.get(shared)) else {
                continue;
            };
            let parent: Vec<String> = module.iter().take(shared).cloned().collect();
            if shared > 0
                && modules.contains(&[parent.as_slice(), std::slice::from_ref(to)].concat())
            {
                let siblings = edges.entry(parent).or_default();
                siblings.entry(from.clone()).or_default().insert(to.clone());
            }
        }
    }
    let mut found = BTreeSet::new();
    for (parent, siblings) in &edges {
        for start in siblings.keys() {
            if let Some(circle) = path_back(siblings, start) {
                found.insert(format!("{}: {}", parent.join("::"), circle.join(" -> ")));
            }
        }
    }
    found.into_iter().collect()
}

/// The shortest way from `start` back to itself, if `start` is its first name by the alphabet.
fn path_back(edges: &BTreeMap<String, BTreeSet<String>>, start: &str) -> Option<Vec<String>> {
    let mut ways = vec![vec![start.to_owned()]];
    let mut seen = BTreeSet::new();
    while !ways.is_empty() {
        let mut next = Vec::new();
        for way in ways {
            let last = way.last()?;
            for to in edges.get(last).into_iter().flatten() {
                let longer = [way.as_slice(), std::slice::from_ref(to)].concat();
                if to == start {
                    let first = way.iter().min().is_some_and(|first| first == start);
                    return first.then_some(longer);
                }
                if seen.insert(to.clone()) {
                    next.push(longer);
                }
            }
        }
        ways = next;
    }
    None
}

#[test]
fn no_module_imports_in_a_circle() {
    let found = cycles(&sources());
    let new: Vec<&String> = found
        .iter()
        .filter(|circle| !CIRCLES.contains(&circle.as_str()))
        .collect();
    assert!(new.is_empty(), "new circles: {new:#?}");
    let ended: Vec<&&str> = CIRCLES
        .iter()
        .filter(|circle| !found.iter().any(|found| found == *circle))
        .collect();
    assert!(ended.is_empty(), "take these off the list: {ended:#?}");
}

#[test]
fn a_circle_is_found() {
    let file = |name: &str, text: &str| (name.to_owned(), text.to_owned());
    let one_way = [
        file("tallies/a.rs", "use super::b::B;"),
        file("tallies/b/mod.rs", "fn f() { super::f(); }"),
    ];
    assert_eq!(cycles(&one_way), Vec::<String>::new());
    let circle = [
        file("tallies/a.rs", "use super::b::B;"),
        file("tallies/b/mod.rs", "use crate::tallies::a::A;"),
    ];
    assert_eq!(cycles(&circle), ["tallies: a -> b -> a"]);
    let in_tests = [
        file("tallies/a.rs", "use super::b::B;"),
        file(
            "tallies/b.rs",
            "#[cfg(test)] mod tests { use crate::tallies::a::A; }",
        ),
    ];
    assert_eq!(cycles(&in_tests), Vec::<String>::new());
}
