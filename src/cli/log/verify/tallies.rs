//! Compares the tallies that the site shows with those of its log.
//!
//! A tool may move while it is read. Then the log is read on: it must state what the site showed, or a later version of it.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use serde::Deserialize;

use super::Check;
use crate::cli::Failure;
use crate::domain::{Counts, Slug};
use crate::transparency::checkpoint::Checkpoint;

/// Tools whose tallies one call names.
const TOOLS_A_CALL: usize = 100;
/// Tallies and tools as the site answers them, a hundred at most.
const MAX_PAGE_BYTES: usize = 16 << 20;
/// Pages of the catalogue, of a hundred tools.
const MAX_PAGES: usize = 1_000;
/// How long a vote may be in the tally before it is under a checkpoint is 5 s.
const SETTLE_TIME: Duration = Duration::from_secs(7);
/// A tool that moves still is named.
const ROUNDS: usize = 3;

/// A tally with the version under which it was shown.
type Shown = (Counts, i64);

#[derive(Deserialize)]
struct Tallies {
    tallies: Vec<Tally>,
}

#[derive(Deserialize)]
struct Tally {
    tool: String,
    community: Community,
    version: i64,
}

#[derive(Deserialize)]
struct Community {
    ship: i64,
    skip: i64,
}

#[derive(Deserialize)]
struct Page {
    items: Vec<Tool>,
    next: Option<String>,
}

#[derive(Deserialize)]
struct Tool {
    slug: String,
}

impl Check {
    /// Compares the tallies. Returns the checkpoint that was read last, and the tools that moved until the end.
    pub(super) fn tallies(
        &mut self,
        mut checkpoint: Checkpoint,
    ) -> Result<(Checkpoint, Vec<String>), Failure> {
        let mut tools = self.catalogue()?;
        tools.extend(self.fold.tools().map(|(slug, _)| slug.to_owned()));
        for round in 1.. {
            let shown = self.shown(&tools)?;
            let ahead = self.compare(&tools, &shown);
            if ahead.is_empty() || round == ROUNDS {
                return Ok((checkpoint, ahead.into_iter().collect()));
            }
            std::thread::sleep(SETTLE_TIME);
            let next = self.checkpoint()?;
            if next.size < checkpoint.size {
                self.differs("the log became shorter while it was read");
                break;
            }
            checkpoint = next;
            if !self.entries(&checkpoint) {
                break;
            }
            self.settled(&ahead, &shown);
            tools = ahead;
        }
        Ok((checkpoint, Vec::new()))
    }

    /// Compares what is shown with the log. Returns the tools whose shown version the log does not have yet.
    fn compare(
        &mut self,
        tools: &BTreeSet<String>,
        shown: &BTreeMap<String, Shown>,
    ) -> BTreeSet<String> {
        let mut ahead = BTreeSet::new();
        for tool in tools {
            let (counts, version) = self.stated(tool);
            match shown.get(tool) {
                None => self.differs(format!("{tool}: the site shows no tally")),
                Some((seen, _)) if *seen == counts => {}
                Some((_, at)) if *at > version => {
                    ahead.insert(tool.clone());
                }
                Some((seen, _)) => self.differs(format!(
                    "{tool}: the site shows {} ship, {} skip; the log has {} and {}",
                    seen.ship, seen.skip, counts.ship, counts.skip
                )),
            }
        }
        ahead
    }

    /// After the log had its time, it must have come to the versions that were shown.
    fn settled(&mut self, tools: &BTreeSet<String>, shown: &BTreeMap<String, Shown>) {
        for tool in tools {
            let (counts, version) = self.stated(tool);
            let Some((seen, at)) = shown.get(tool) else {
                continue;
            };
            if version < *at || (version == *at && counts != *seen) {
                self.differs(format!(
                    "{tool}: the site showed {} ship, {} skip as version {at}; the log has {} and {} as version {version}",
                    seen.ship, seen.skip, counts.ship, counts.skip
                ));
            }
        }
    }

    /// The tally of a tool by the log.
    fn stated(&self, tool: &str) -> Shown {
        self.fold
            .tool(tool)
            .map(|sums| (sums.tally, sums.version))
            .unwrap_or_default()
    }

    /// The tallies of `tools` as the site shows them.
    fn shown(&mut self, tools: &BTreeSet<String>) -> Result<BTreeMap<String, Shown>, Failure> {
        let tools: Vec<&str> = tools.iter().map(String::as_str).collect();
        let mut shown = BTreeMap::new();
        for some in tools.chunks(TOOLS_A_CALL) {
            let path = format!("/v1/tallies?tools={}", some.join(","));
            let page = self.source.get(&path, MAX_PAGE_BYTES);
            let page = page.map_err(Failure::new)?;
            let page: Tallies = serde_json::from_slice(&page)
                .map_err(|cause| Failure::new(format!("{path}: {cause}")))?;
            shown.extend(page.tallies.into_iter().map(|tally| {
                let Community { ship, skip } = tally.community;
                (tally.tool, (Counts { ship, skip }, tally.version))
            }));
        }
        Ok(shown)
    }

    /// Every tool of the catalogue: one with votes and without an entry would be missed otherwise.
    fn catalogue(&self) -> Result<BTreeSet<String>, Failure> {
        let (mut slugs, mut cursor) = (BTreeSet::new(), String::new());
        for _ in 0..MAX_PAGES {
            let path = format!("/v1/tools?limit=100{cursor}");
            let page = self.source.get(&path, MAX_PAGE_BYTES);
            let page = page.map_err(Failure::new)?;
            let page: Page = serde_json::from_slice(&page)
                .map_err(|cause| Failure::new(format!("{path}: {cause}")))?;
            for Tool { slug } in page.items {
                if Slug::parse(&slug).is_none() {
                    return Err(Failure::new(format!("{path}: {slug:?} is not a slug")));
                }
                slugs.insert(slug);
            }
            match page.next {
                Some(next) => cursor = format!("&cursor={next}"),
                None => return Ok(slugs),
            }
        }
        Err(Failure::new("the list of tools has no end"))
    }
}
