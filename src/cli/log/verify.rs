//! `tallyship log verify`: everything that the log promises, checked from outside. A row for each difference, and exit code 1.
//!
//! Entries are read bundle by bundle and hashed again; each tile of each level is compared with what they make. What is kept
//! meanwhile is some 30 bytes a ballot.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::ExitCode;

use sha2::{Digest, Sha256};

use super::source::Source;
use crate::cli::progress::Progress;
use crate::cli::{Failure, console};
use crate::domain::Counts;
use crate::transparency::checkpoint::Checkpoint;
use crate::transparency::entry::{entries_of, parse_list};
use crate::transparency::fold::Fold;
use crate::transparency::merkle::{
    Frontier, Hash, TILE_WIDTH, leaf_hash, level_width, parse_tile, subtree_root, tile_width,
};
use crate::transparency::note::VerifierKey;
use crate::transparency::tile_path::TilePath;

/// Files that are read at the same time.
const AT_ONCE: usize = 16;
/// Tools whose tallies one call names.
const TALLIES: usize = 100;

pub(super) fn run(
    site: &str,
    key: Option<&str>,
    since: Option<&Path>,
) -> Result<ExitCode, Failure> {
    let source = Source::open(site)?;
    let log = newest_log(&source)?;
    let key = match key {
        Some(key) => key.to_owned(),
        None => source.text(&format!("{log}/key"))?,
    };
    let key = VerifierKey::parse(&key)
        .ok_or_else(|| Failure::configuration("--key: expected name+hash+base64"))?;
    let mut check = Check {
        source,
        log,
        differences: Vec::new(),
        fold: Fold::default(),
        frontier: Frontier::default(),
        levels: Vec::new(),
    };
    let checkpoint = check.checkpoint(&key)?;
    let kept = since.map(|file| kept(file, &key)).transpose()?;
    check.entries(&checkpoint, kept.as_ref())?;
    check.tiles(&checkpoint)?;
    let end = check.fold.end_of_epoch();
    check.differences.extend(end);
    let moved = check.tallies()?;
    check.report(&checkpoint, &moved)
}

/// Where the newest log is, as a path of the site: the first has no number.
fn newest_log(source: &Source) -> Result<String, Failure> {
    let mut log = "/log".to_owned();
    for id in 2.. {
        let next = format!("/log/{id}");
        if !source.has(&format!("{next}/checkpoint"))? {
            break;
        }
        log = next;
    }
    Ok(log)
}

/// A checkpoint that was kept in a file.
fn kept(file: &Path, key: &VerifierKey) -> Result<Checkpoint, Failure> {
    let failed = |cause: &dyn std::fmt::Display| {
        Failure::configuration(format!("--since {}: {cause}", file.display()))
    };
    let note = std::fs::read_to_string(file).map_err(|cause| failed(&cause))?;
    let checkpoint = key.open(&note).and_then(Checkpoint::parse);
    checkpoint.ok_or_else(|| failed(&"not a checkpoint that this key signed"))
}

struct Check {
    source: Source,
    /// The log's path.
    log: String,
    differences: Vec<String>,
    fold: Fold,
    frontier: Frontier,
    /// A hash over the hashes of each full tile, by level, in their order.
    levels: Vec<Vec<Hash>>,
}

impl Check {
    fn checkpoint(&mut self, key: &VerifierKey) -> Result<Checkpoint, Failure> {
        let note = self.source.text(&format!("{}/checkpoint", self.log))?;
        let checkpoint = key.open(&note).and_then(Checkpoint::parse);
        let checkpoint = checkpoint
            .ok_or_else(|| Failure::new(format!("the checkpoint is not signed by {}", key.name)))?;
        if checkpoint.origin != key.name {
            self.differences.push(format!(
                "the checkpoint is of {}, the key of {}",
                checkpoint.origin, key.name
            ));
        }
        Ok(checkpoint)
    }

    fn path(&self, level: &str, n: u64, width: u64) -> String {
        format!("{}/tile/{level}/{}", self.log, TilePath { n, width }.text())
    }

    /// Reads every bundle, hashes and folds its entries.
    fn entries(
        &mut self,
        checkpoint: &Checkpoint,
        kept: Option<&Checkpoint>,
    ) -> Result<(), Failure> {
        let mut progress = Progress::new("entries", checkpoint.size);
        let bundles = checkpoint.size.div_ceil(TILE_WIDTH);
        if kept.is_some_and(|kept| kept.size > checkpoint.size) {
            self.differences
                .push("the log is shorter than the checkpoint that was kept".to_owned());
        }
        let mut n = 0;
        while n < bundles {
            let upto = bundles.min(n + AT_ONCE as u64);
            let paths: Vec<String> = (n..upto)
                .map(|n| self.path("entries", n, tile_width(checkpoint.size, 0, n)))
                .collect();
            for (n, bundle) in (n..).zip(self.source.all(&paths)?) {
                self.bundle(n, &bundle, checkpoint, kept)?;
            }
            progress.at(self.frontier.size());
            n = upto;
        }
        if self.frontier.size() != checkpoint.size || self.frontier.root() != checkpoint.root {
            self.differences.push(format!(
                "the entries do not make the checkpoint of {} entries",
                checkpoint.size
            ));
        }
        Ok(())
    }

    fn bundle(
        &mut self,
        n: u64,
        bundle: &[u8],
        checkpoint: &Checkpoint,
        kept: Option<&Checkpoint>,
    ) -> Result<(), Failure> {
        let mut entries = 0;
        for entry in entries_of(bundle) {
            let Some(entry) = entry else {
                self.differences.push(format!("bundle {n} cannot be read"));
                break;
            };
            entries += 1;
            let levels = &mut self.levels;
            self.frontier
                .push(leaf_hash(entry.as_bytes()), |level, _, hashes| {
                    let at = usize::from(level);
                    if levels.len() <= at {
                        levels.resize(at + 1, Vec::new());
                    }
                    if let Some(roots) = levels.get_mut(at) {
                        roots.push(subtree_root(hashes));
                    }
                });
            let (source, log) = (&self.source, &self.log);
            let mut broken = None;
            let wrong = self.fold.apply(entry, |hash| {
                let path = format!("{log}/lists/{}", crate::domain::hex(hash));
                let list = source.text(&path)?;
                let is_whole = Sha256::digest(&list).as_slice() == hash;
                let ballots = parse_list(&list).filter(|_| is_whole);
                if ballots.is_none() {
                    broken = Some(format!(
                        "the list {} is not what its hash says",
                        crate::domain::hex(hash)
                    ));
                }
                Ok::<_, Failure>(ballots.unwrap_or_default())
            })?;
            self.differences.extend(broken);
            self.differences.extend(wrong);
            if let Some(kept) = kept.filter(|kept| kept.size == self.frontier.size())
                && self.frontier.root() != kept.root
            {
                self.differences
                    .push("the log is no continuation of the checkpoint that was kept".to_owned());
            }
        }
        if entries != tile_width(checkpoint.size, 0, n) {
            self.differences
                .push(format!("bundle {n} has {entries} entries"));
        }
        Ok(())
    }

    /// Compares each tile of each level with what the entries make.
    fn tiles(&mut self, checkpoint: &Checkpoint) -> Result<(), Failure> {
        let partial: BTreeMap<(u8, u64), Hash> = self
            .frontier
            .partial_tiles()
            .map(|(level, n, hashes)| ((level, n), subtree_root(hashes)))
            .collect();
        for level in 0..8 {
            let tiles = level_width(checkpoint.size, level).div_ceil(TILE_WIDTH);
            let mut progress = Progress::new("tiles", tiles);
            let mut n = 0;
            while n < tiles {
                let upto = tiles.min(n + AT_ONCE as u64);
                let paths: Vec<String> = (n..upto)
                    .map(|n| {
                        self.path(&level.to_string(), n, tile_width(checkpoint.size, level, n))
                    })
                    .collect();
                for (n, tile) in (n..).zip(self.source.all(&paths)?) {
                    let full = self.levels.get(usize::from(level));
                    let full = full.and_then(|roots| roots.get(usize::try_from(n).ok()?));
                    let expected = full.or_else(|| partial.get(&(level, n)));
                    let width = usize::try_from(tile_width(checkpoint.size, level, n)).ok();
                    let found = parse_tile(&tile).filter(|hashes| Some(hashes.len()) == width);
                    if found.map(|hashes| subtree_root(&hashes)).as_ref() != expected {
                        self.differences
                            .push(format!("tile {level}/{n} is not what the entries make"));
                    }
                }
                progress.at(upto);
                n = upto;
            }
        }
        Ok(())
    }

    /// Compares the tallies that the site shows with those of the log. Returns the tools that moved while they were read.
    fn tallies(&mut self) -> Result<Vec<String>, Failure> {
        #[derive(serde::Deserialize)]
        struct Community {
            ship: i64,
            skip: i64,
        }
        #[derive(serde::Deserialize)]
        struct Tally {
            tool: String,
            community: Community,
            version: i64,
        }
        #[derive(serde::Deserialize)]
        struct Tallies {
            tallies: Vec<Tally>,
        }
        let stated: BTreeMap<String, (Counts, i64)> = self
            .fold
            .tools()
            .map(|(slug, sums)| (slug.to_owned(), (sums.tally, sums.version)))
            .collect();
        let mut slugs: Vec<String> = self.catalogue()?;
        slugs.extend(stated.keys().cloned());
        slugs.sort_unstable();
        slugs.dedup();
        let mut moved = Vec::new();
        for slugs in slugs.chunks(TALLIES) {
            let path = format!("/v1/tallies?tools={}", slugs.join(","));
            let tallies: Tallies =
                serde_json::from_slice(&self.source.bytes(&path)?).map_err(Failure::new)?;
            for tally in tallies.tallies {
                let (counts, version) = stated.get(&tally.tool).copied().unwrap_or_default();
                let shown = Counts {
                    ship: tally.community.ship,
                    skip: tally.community.skip,
                };
                if counts == shown {
                    continue;
                }
                if tally.version > version {
                    moved.push(tally.tool);
                } else {
                    self.differences.push(format!(
                        "{}: the site shows {} ship, {} skip; the log has {} and {}",
                        tally.tool, shown.ship, shown.skip, counts.ship, counts.skip
                    ));
                }
            }
        }
        Ok(moved)
    }

    /// Every tool of the catalogue: one with votes and without an entry would be missed otherwise.
    fn catalogue(&self) -> Result<Vec<String>, Failure> {
        #[derive(serde::Deserialize)]
        struct Tool {
            slug: String,
        }
        #[derive(serde::Deserialize)]
        struct Page {
            items: Vec<Tool>,
            next: Option<String>,
        }
        let (mut slugs, mut cursor) = (Vec::new(), String::new());
        loop {
            let page = self.source.bytes(&format!("/v1/tools?limit=100{cursor}"))?;
            let page: Page = serde_json::from_slice(&page).map_err(Failure::new)?;
            slugs.extend(page.items.into_iter().map(|tool| tool.slug));
            match page.next {
                Some(next) => cursor = format!("&cursor={next}"),
                None => return Ok(slugs),
            }
        }
    }

    fn report(&self, checkpoint: &Checkpoint, moved: &[String]) -> Result<ExitCode, Failure> {
        for difference in &self.differences {
            console::print(difference)?;
        }
        for (slug, sums) in self.fold.tools() {
            if sums.unnamed != Counts::default() || sums.held != Counts::default() {
                console::print(format_args!(
                    "{slug}: by the operator's word {} ship and {} skip without a ballot, {} ship and {} skip held",
                    sums.unnamed.ship, sums.unnamed.skip, sums.held.ship, sums.held.skip
                ))?;
            }
        }
        for slug in moved {
            console::print(format_args!(
                "{slug}: moved while it was read; the log will state it"
            ))?;
        }
        console::print(format_args!(
            "{}: {} entries, {} ballots, {} tools: {} differences",
            checkpoint.origin,
            checkpoint.size,
            self.fold.ballots(),
            self.fold.tools().count(),
            self.differences.len()
        ))?;
        Ok(if self.differences.is_empty() {
            ExitCode::SUCCESS
        } else {
            ExitCode::FAILURE
        })
    }
}
