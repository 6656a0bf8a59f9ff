//! `tallyship log verify`: everything that the log promises, checked from outside. A row for each difference, and exit code 1.
//!
//! Entries are read bundle by bundle and hashed again; each tile of each level is compared with what they make; `tallies`
//! compares what the site shows. What is kept meanwhile is some 30 bytes a ballot: the site is not trusted to bound it.

mod tallies;

use std::collections::BTreeMap;
use std::path::Path;
use std::process::ExitCode;

use openssl::sha::sha256;

use super::source::{MAX_NOTE_BYTES, Source};
use crate::cli::progress::Progress;
use crate::cli::{Failure, console};
use crate::domain::{BallotName, Counts};
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
/// A bundle holds 256 entries, each with its length in two bytes.
const MAX_BUNDLE_BYTES: usize = 256 * (2 + 65_535);
const MAX_TILE_BYTES: usize = 256 * 32;
/// A ballot's name and a newline.
const LIST_LINE_BYTES: usize = 33;
/// Differences that are shown; the others are counted.
const MAX_ROWS: usize = 1_000;
/// Numbers of logs that may be missing before the next: one that was begun and never signed anything.
const MAX_GAP: u32 = 8;
/// Logs of a site.
const MAX_LOGS: u32 = 1_000;

pub(super) fn run(
    site: &str,
    key: Option<&str>,
    since: Option<&Path>,
) -> Result<ExitCode, Failure> {
    let source = Source::open(site)?;
    let log = newest_log(&source)?;
    let key = match key {
        Some(key) => VerifierKey::parse(key)
            .ok_or_else(|| Failure::configuration("--key: expected name+hash+base64"))?,
        None => VerifierKey::parse(&source.text(&format!("{log}/key"), MAX_NOTE_BYTES)?)
            .ok_or_else(|| Failure::new(format!("{site}{log}/key: not name+hash+base64")))?,
    };
    let kept = since.map(|file| kept(file, &key)).transpose()?;
    let mut check = Check {
        source,
        log,
        key,
        kept,
        rows: Vec::new(),
        differences: 0,
        fold: Fold::default(),
        frontier: Frontier::default(),
        levels: Vec::new(),
    };
    let checkpoint = check.checkpoint()?;
    if !check.entries(&checkpoint) {
        return check.report(&checkpoint, &[]);
    }
    let (checkpoint, moved) = check.tallies(checkpoint)?;
    check.tiles(&checkpoint);
    check.report(&checkpoint, &moved)
}

/// Where the newest log is, as a path of the site: the first has no number.
pub(super) fn newest_log(source: &Source) -> Result<String, Failure> {
    let (mut newest, mut id) = (1, 1);
    while id < (newest + MAX_GAP).min(MAX_LOGS) {
        id += 1;
        if source.has(&format!("/log/{id}/checkpoint"))? {
            newest = id;
        }
    }
    Ok(match newest {
        1 => "/log".to_owned(),
        id => format!("/log/{id}"),
    })
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
    key: VerifierKey,
    /// Of `--since`.
    kept: Option<Checkpoint>,
    /// The first differences, each a row.
    rows: Vec<String>,
    differences: usize,
    fold: Fold,
    frontier: Frontier,
    /// A hash over the hashes of each full tile, by level, in their order.
    levels: Vec<Vec<Hash>>,
}

impl Check {
    fn differs(&mut self, row: impl Into<String>) {
        self.differences += 1;
        if self.rows.len() < MAX_ROWS {
            self.rows.push(row.into());
        }
    }

    fn checkpoint(&mut self) -> Result<Checkpoint, Failure> {
        let path = format!("{}/checkpoint", self.log);
        let note = self.source.text(&path, MAX_NOTE_BYTES)?;
        let checkpoint = self.key.open(&note).and_then(Checkpoint::parse);
        let checkpoint = checkpoint.ok_or_else(|| {
            Failure::new(format!("the checkpoint is not signed by {}", self.key.name))
        })?;
        if checkpoint.origin != self.key.name {
            self.differs(format!(
                "the checkpoint is of {}, the key of {}",
                checkpoint.origin, self.key.name
            ));
        }
        Ok(checkpoint)
    }

    fn path(&self, level: &str, n: u64, width: u64) -> String {
        format!("{}/tile/{level}/{}", self.log, TilePath { n, width }.text())
    }

    /// Reads the bundles behind the entries that are known, hashes and folds their entries. Returns whether all could be read.
    fn entries(&mut self, checkpoint: &Checkpoint) -> bool {
        let mut progress = Progress::new("entries", checkpoint.size);
        let bundles = checkpoint.size.div_ceil(TILE_WIDTH);
        if (self.kept.as_ref()).is_some_and(|kept| kept.size > checkpoint.size) {
            self.differs("the log is shorter than the checkpoint that was kept");
        }
        let mut n = self.frontier.size() / TILE_WIDTH;
        while n < bundles {
            let upto = bundles.min(n + AT_ONCE as u64);
            let paths: Vec<String> = (n..upto)
                .map(|n| self.path("entries", n, tile_width(checkpoint.size, 0, n)))
                .collect();
            for (n, bundle) in (n..).zip(self.source.all(&paths, MAX_BUNDLE_BYTES)) {
                match bundle {
                    Ok(bundle) => self.bundle(n, &bundle, checkpoint),
                    Err(cause) => {
                        self.differs(cause);
                        return false;
                    }
                }
            }
            progress.at(self.frontier.size());
            n = upto;
        }
        if self.frontier.size() != checkpoint.size || self.frontier.root() != checkpoint.root {
            self.differs(format!(
                "the entries do not make the checkpoint of {} entries",
                checkpoint.size
            ));
            return false;
        }
        for open in self.fold.end_of_epoch() {
            self.differs(open);
        }
        true
    }

    fn bundle(&mut self, n: u64, bundle: &[u8], checkpoint: &Checkpoint) {
        let mut index = n * TILE_WIDTH;
        for entry in entries_of(bundle) {
            let Some(entry) = entry else {
                self.differs(format!("bundle {n} cannot be read"));
                break;
            };
            // Of a bundle that was partial before, the first entries are known.
            if index >= self.frontier.size() {
                self.entry(entry);
            }
            index += 1;
        }
        let entries = index - n * TILE_WIDTH;
        if entries != tile_width(checkpoint.size, 0, n) {
            self.differs(format!("bundle {n} has {entries} entries"));
        }
    }

    fn entry(&mut self, entry: &str) {
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
        // No list names more ballots than there are.
        let max = self.fold.ballots().saturating_add(1) * LIST_LINE_BYTES;
        let (source, log) = (&self.source, &self.log);
        let mut broken = None;
        let wrong = self.fold.apply(entry, |hash| {
            list(source, log, hash, max).unwrap_or_else(|cause| {
                broken = Some(cause);
                Vec::new()
            })
        });
        for row in broken.into_iter().chain(wrong) {
            self.differs(row);
        }
        let is_kept = |kept: &&Checkpoint| kept.size == self.frontier.size();
        if let Some(kept) = self.kept.as_ref().filter(is_kept)
            && self.frontier.root() != kept.root
        {
            self.differs("the log is no continuation of the checkpoint that was kept");
        }
    }

    /// Compares each tile of each level with what the entries make.
    fn tiles(&mut self, checkpoint: &Checkpoint) {
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
                for (n, tile) in (n..).zip(self.source.all(&paths, MAX_TILE_BYTES)) {
                    let tile = match tile {
                        Ok(tile) => tile,
                        Err(cause) => {
                            self.differs(cause);
                            continue;
                        }
                    };
                    let full = self.levels.get(usize::from(level));
                    let full = full.and_then(|roots| roots.get(usize::try_from(n).ok()?));
                    let expected = full.or_else(|| partial.get(&(level, n)));
                    let width = usize::try_from(tile_width(checkpoint.size, level, n)).ok();
                    let found = parse_tile(&tile).filter(|hashes| Some(hashes.len()) == width);
                    if found.map(|hashes| subtree_root(&hashes)).as_ref() != expected {
                        self.differs(format!("tile {level}/{n} is not what the entries make"));
                    }
                }
                progress.at(upto);
                n = upto;
            }
        }
    }

    fn report(&self, checkpoint: &Checkpoint, moved: &[String]) -> Result<ExitCode, Failure> {
        for row in &self.rows {
            console::print(row)?;
        }
        let more = self.differences - self.rows.len();
        if more > 0 {
            console::print(format_args!("and {more} more"))?;
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
            self.differences
        ))?;
        Ok(if self.differences == 0 {
            ExitCode::SUCCESS
        } else {
            ExitCode::FAILURE
        })
    }
}

/// The ballots that a line names by their hash; or why they are not known.
fn list(source: &Source, log: &str, hash: &Hash, max: usize) -> Result<Vec<BallotName>, String> {
    let name = hex::encode(hash);
    let bytes = source.get(&format!("{log}/lists/{name}"), max)?;
    let is_whole = sha256(&bytes) == *hash;
    std::str::from_utf8(&bytes)
        .ok()
        .filter(|_| is_whole)
        .and_then(parse_list)
        .ok_or_else(|| format!("the list {name} is not what its hash says"))
}
