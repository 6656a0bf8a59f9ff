//! In which order renames are stated: each when the new slug is free, because a tool may take a slug that another one gave up.
//!
//! `epoch` asks. The database has only the slugs as they are now, not how they came about.

use std::collections::{BTreeMap, BTreeSet};

/// Slugs by tools.
type Slugs<'a> = BTreeMap<i32, &'a str>;

/// The renames that lead from the slugs that are stated to those of now. Tools whose slugs went round in a circle come twice.
pub fn renames(mut stated: Slugs<'_>, now: &Slugs<'_>) -> Vec<(i32, String)> {
    stated.retain(|id, slug| now.get(id).is_some_and(|new| new != slug));
    let mut used: BTreeSet<String> = now.values().map(|slug| (*slug).to_owned()).collect();
    used.extend(stated.values().map(|slug| (*slug).to_owned()));
    let mut waiting: BTreeMap<i32, String> = stated
        .into_iter()
        .map(|(id, slug)| (id, slug.to_owned()))
        .collect();
    let mut renames = Vec::new();
    while let Some((&first, _)) = waiting.first_key_value() {
        let is_free = |slug: &&str| waiting.values().all(|taken| taken != slug);
        let new = |id: &i32| now.get(id).copied().filter(is_free);
        let free = waiting.keys().find_map(|id| Some((*id, new(id)?)));
        if let Some((id, slug)) = free {
            waiting.remove(&id);
            renames.push((id, slug.to_owned()));
        } else if let Some(unused) = (0..=used.len())
            .map(between)
            .find(|slug| !used.contains(slug))
        {
            // Each of them waits for another: one waits under a slug that no tool has.
            used.insert(unused.clone());
            waiting.insert(first, unused.clone());
            renames.push((first, unused));
        }
    }
    renames
}

fn between(n: usize) -> String {
    format!("renamed-{n}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn slugs<'a>(slugs: &[&'a str]) -> Slugs<'a> {
        (1..).zip(slugs.iter().copied()).collect()
    }

    #[test]
    fn each_new_slug_is_free_when_its_rename_is_stated() {
        for (stated, now, count) in [
            (["a", "b", "c", "d"], ["a", "b", "c", "d"], 0),
            (["a", "b", "c", "d"], ["b", "c", "d", "e"], 4),
            (["a", "b", "c", "d"], ["a", "c", "b", "d"], 3),
            (["a", "b", "c", "d"], ["b", "c", "a", "d"], 4),
            (["a", "b", "c", "d"], ["b", "a", "d", "c"], 6),
            (
                ["a", "renamed-0", "c", "d"],
                ["c", "renamed-0", "a", "e"],
                4,
            ),
        ] {
            let mut names: BTreeMap<i32, String> = slugs(&stated)
                .into_iter()
                .map(|(id, slug)| (id, slug.to_owned()))
                .collect();
            let renames = renames(slugs(&stated), &slugs(&now));
            assert_eq!(renames.len(), count, "{renames:?}");
            for (id, slug) in renames {
                assert!(!names.values().any(|taken| *taken == slug), "{slug}");
                names.insert(id, slug);
            }
            assert!(names.values().eq(now), "{names:?}");
        }
        // A tool that is there no more keeps its slug for itself.
        let gone = renames(slugs(&["a", "b"]), &slugs(&["b"]));
        assert_eq!(gone, [(1, "b".to_owned())]);
    }
}
